"""Nothing that a program has started outlives its session, however program, session or server end (Linux).

`nursery.py` is a small process beside the server. For each program it forks a keeper, which starts the program, takes
in what the program leaves behind (a subreaper, prctl(2)), and ends all of it when told to or when the server is gone.
`keeper.py` is the server's side. Elsewhere programs are started by the server itself; see `processes.py`.
"""
