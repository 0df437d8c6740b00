"""Programs of greenlets on each Python that has gevent: whole runs, steps, crashes, ends, children and attaching."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import apps
import pytest
import pythons
from agent import Agent, Reply, line_of
from test_servers import TASKS, answers_and_ends, ends, free_port, request_to
from test_transparency import run_debugged, run_plainly

from conftest import TAG, Program
from mcp_debug_tool.targets.injection import DORMANT

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.interpreters,
    pytest.mark.skipif(os.name != "posix", reason="gevent's own loop, forks and signals are those of POSIX"),
]

PATCHED = "from gevent import monkey; monkey.patch_all()\n"
WORKERS = """
    {first}
    import gevent, threading, time
    def worker(name, n):
        total = 0
        for i in range(n):
            time.sleep(0.005)
            total += i  # @here
        return total
    jobs = [gevent.spawn(worker, name, 3) for name in ("a", "b")]
    gevent.joinall(jobs)
    thread = threading.Thread(target=worker, args=("thread", 1))
    thread.start()
    thread.join()
    print([job.value for job in jobs], thread.name)
"""
IN_TURN = [("'a'", "0"), ("'b'", "0"), ("'a'", "1"), ("'b'", "1"), ("'a'", "2"), ("'b'", "2"), ("'thread'", "0")]


@pytest.fixture(params=pythons.GEVENT)
def launch(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """How to start a program on a Python that has gevent."""
    python, folder = pythons.find(request.param), apps.gevent(request.param)
    if python is None or folder is None:
        pytest.skip(f"no CPython {request.param} with gevent: scripts/setup looks for it")
    return {"python": python, "env": {"PYTHONPATH": folder}, "cwd": str(tmp_path)}


async def stops(agent: Agent, reply: Reply) -> list[Reply]:
    """All stops until the end, which must be a good one."""
    found = []
    while reply.state == "stopped":
        found.append(reply)
        reply = await agent.ok("continue")
    assert (reply.state, reply.data.get("exit_code")) == ("exited", 0), reply
    return found


def seen(found: list[Reply]) -> list[tuple[str, str]]:
    return [tuple(stop.locals[name].partition(" (was")[0] for name in ("name", "i")) for stop in found]  # type: ignore[misc]


# --- breakpoints ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["in the script", "in a module", "gevent.monkey", "not at all"])
async def test_a_breakpoint_is_hit_in_every_greenlet_with_its_own_locals(
    agent: Agent, program: Program, launch: dict[str, Any], how: str
) -> None:
    first = {"in the script": PATCHED.strip(), "in a module": "import patches_all"}.get(how, "")
    program(PATCHED, "patches_all.py")
    source = WORKERS.format(first=first)
    if how == "not at all":
        source = source.replace("            time.sleep(", "            gevent.sleep(")
    file = program(source)
    command = f"python -m gevent.monkey {file}" if how == "gevent.monkey" else f"python {file}"
    reply = await agent.ok("start", command=command, breakpoints=[f"{file}:{line_of(file, 'here')}"], **launch)
    found = await stops(agent, reply)
    assert seen(found) == IN_TURN
    assert [stop.reason.partition(",")[0] for stop in found] == [f"breakpoint b1 (hit {n})" for n in range(1, 8)]
    output = await agent.ok("get_output", since=0)
    assert output.data["output"].startswith("[3, 3] Thread-1")


async def test_plain_greenlets_are_stopped_in_without_gevent(
    agent: Agent, program: Program, launch: dict[str, Any]
) -> None:
    file = program("""
        import greenlet
        def worker(name):
            for i in range(2):
                main.switch()
                done = name, i  # @here
        main = greenlet.getcurrent()
        both = [greenlet.greenlet(worker) for _ in range(2)]
        for one, name in zip(both, "ab"):
            one.switch(name)
        for _ in range(2):
            for one in both:
                one.switch()
        print(greenlet.gettrace())
    """)
    reply = await agent.ok("start", program=str(file), breakpoints=[f"{file}:{line_of(file, 'here')}"], **launch)
    assert seen(await stops(agent, reply)) == [("'a'", "0"), ("'b'", "0"), ("'a'", "1"), ("'b'", "1")]
    assert (await agent.ok("get_output", since=0)).data["output"] == "None\n"


async def test_a_hundred_users_at_once_are_all_counted(agent: Agent, program: Program, launch: dict[str, Any]) -> None:
    file = program(
        PATCHED
        + """
import gevent, gevent.pool, socket
def serve(listener):
    while True:
        connection, _ = listener.accept()
        connection.sendall(b"hi")
        connection.close()
def user(number):
    with socket.create_connection(address) as connection:
        answer = connection.recv(10)
        return answer  # @here
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(200)
address = listener.getsockname()
gevent.spawn(serve, listener)
print(len(gevent.pool.Pool(50).map(user, range(100))))
"""
    )
    at = {"file": str(file), "line": line_of(file, "here"), "hit_condition": ">=100"}
    stop = await agent.ok("start", program=str(file), breakpoints=[at], timeout_s=25, **launch)
    assert stop.reason.startswith("breakpoint b1 (hit 100"), stop
    assert stop.locals["answer"] == "b'hi'"
    assert len(await stops(agent, stop)) == 1


TICKING = (
    PATCHED
    + """
import os, time, gevent
def tick(name):
    while not os.path.exists("stop"):
        time.sleep(0.01)
        beat = name  # @beat
def idle():
    jobs = [gevent.spawn(tick, name) for name in ("a", "b")]
    print("ready", os.getpid(), flush=True)
    gevent.joinall(jobs)  # @waits
    print("ended well", time.sleep.__module__)
idle()
"""
)


async def test_a_breakpoint_set_later_is_met_by_greenlets_that_have_long_been_waiting(
    agent: Agent, program: Program, launch: dict[str, Any]
) -> None:
    file = program(TICKING)
    await agent.ok("start", program=str(file), timeout_s=0, **launch)
    await agent.ok("wait", **{"for": "ready", "timeout_s": 20})
    await agent.ok("set_breakpoint", file=str(file), line=line_of(file, "beat"))
    stop = await agent.ok("wait")
    assert (stop.state, stop.line) == ("stopped", line_of(file, "beat")), stop
    other = await agent.ok("continue")
    assert {stop.locals["name"], other.locals["name"][:3]} == {"'a'", "'b'"}


# --- steps, pauses, evaluation --------------------------------------------------------------------------------


STEPPED = (
    PATCHED
    + """
import gevent, socket, time
def others():
    for i in range(200):
        x = i * 2
        gevent.sleep(0.001)
        y = x + 1
def echo(listener):
    connection, _ = listener.accept()
    time.sleep(0.02)
    connection.sendall(connection.recv(10))
def helper(a):
    b = a + 1  # @helper
    gevent.sleep(0.01)
    return b  # @back
def client(address):
    a = 1  # @here
    gevent.sleep(0.01)
    connection = socket.create_connection(address)
    connection.sendall(b"x")
    data = connection.recv(10)
    b = helper(a)  # @call
    return data, b  # @last
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
jobs = [gevent.spawn(others), gevent.spawn(others), gevent.spawn(echo, listener)]
print(gevent.spawn(client, listener.getsockname()).get())
gevent.killall(jobs)
"""
)


async def test_steps_stay_in_their_greenlet_over_a_sleep_and_a_socket(
    agent: Agent, program: Program, launch: dict[str, Any]
) -> None:
    file = program(STEPPED)
    first, call = line_of(file, "here"), line_of(file, "call")
    stop = await agent.ok("start", program=str(file), breakpoints=[f"{file}:{first}"], timeout_s=25, **launch)
    for line in range(first + 1, call + 1):
        stop = await agent.ok("step")
        assert (stop.state, stop.line) == ("stopped", line), stop
    assert stop.locals["data"] == "b'x'"
    stop = await agent.ok("step", kind="into")
    assert stop.line == line_of(file, "helper")
    await agent.ok("step")
    stop = await agent.ok("step")
    assert stop.line == line_of(file, "back"), stop
    stop = await agent.ok("step", kind="out")
    assert stop.line in (call, line_of(file, "last")), stop
    assert (await agent.ok("continue")).data["exit_code"] == 0


async def test_a_step_beyond_the_end_of_a_greenlet_runs_on(
    agent: Agent, program: Program, launch: dict[str, Any]
) -> None:
    file = program(STEPPED)
    last = f"{file}:{line_of(file, 'last')}"
    await agent.ok("start", program=str(file), breakpoints=[last], timeout_s=25, **launch)
    ended = await agent.ok("step")
    assert ended.state == "exited", ended


async def test_a_pause_while_all_greenlets_wait_shows_where_the_program_waits(
    agent: Agent, program: Program, launch: dict[str, Any]
) -> None:
    file = program(TICKING)
    await agent.ok("start", program=str(file), timeout_s=0, **launch)
    await agent.ok("wait", **{"for": "ready", "timeout_s": 20})
    stop = await agent.pause_at(line_of(file, "waits"))
    assert stop.locals["jobs"] == "[<Greenlet: tick('a')>, <Greenlet: tick('b')>]"
    (Path(launch["cwd"]) / "stop").touch()
    assert (await agent.ok("continue")).data["exit_code"] == 0


async def test_expressions_may_switch_greenlets_and_their_time_limit_harms_nobody(
    agent: Agent, program: Program, launch: dict[str, Any]
) -> None:
    file = program(WORKERS.format(first=PATCHED.strip()))
    await agent.ok("start", program=str(file), breakpoints=[f"{file}:{line_of(file, 'here')}"], **launch)
    asked = ["gevent.sleep(0.01)", "gevent.spawn(len, 'abc').get()", "time.sleep(0.01) or 'slept'"]
    answer = await agent.ok("evaluate", expression=asked)
    assert [line.partition(" = ")[2].partition("  ")[0] for line in answer.data["results"]] == ["None", "3", "'slept'"]
    late = await agent.call("evaluate", expression="gevent.sleep(30)", timeout_s=1)
    assert "TimeoutError" in late.text
    assert (await agent.ok("evaluate", expression="name, total")).data["value"].startswith("('a', 0)")
    await agent.ok("remove_breakpoint", all=True)
    assert (await agent.ok("continue")).data["exit_code"] == 0
    assert not (await agent.ok("get_output", since=0, stream="stderr")).data.get("output")


# --- exceptions -----------------------------------------------------------------------------------------------


CRASHES = """
    {first}
    import gevent, greenlet, sys, threading
    def crash(n):
        gevent.sleep(0.001)
        raise ValueError(n)  # @crash
    def caught():
        try:
            crash(2)
        except ValueError:
            return "caught"
    def forever():
        while True:
            gevent.sleep(0.001)
    def plain():
        raise KeyError("to the greenlet that switched here")
    def thread():
        raise RuntimeError("in a thread")  # @thread
    jobs = [gevent.spawn(crash, 1), gevent.spawn(caught), gevent.spawn(forever)]
    gevent.joinall(jobs[:2])
    jobs[2].kill()
    try:
        greenlet.greenlet(plain).switch()
    except KeyError:
        pass
    one = threading.Thread(target=thread)
    one.start()
    one.join()
    print("done")
"""


@pytest.mark.parametrize("first", [PATCHED.strip(), ""], ids=["patched", "plain"])
async def test_what_ends_a_greenlet_is_uncaught_and_nothing_else_in_one(
    agent: Agent, program: Program, launch: dict[str, Any], first: str
) -> None:
    file = program(CRASHES.format(first=first))
    found = await stops(agent, await agent.ok("start", program=str(file), timeout_s=25, **launch))
    assert [(stop.reason, stop.line) for stop in found] == [
        ("uncaught exception", line_of(file, "crash")),
        ("uncaught exception", line_of(file, "thread")),
    ]
    assert found[0].locals["n"] == "1"


async def test_a_killed_greenlet_raises_nothing_worth_a_stop(
    agent: Agent, program: Program, launch: dict[str, Any]
) -> None:
    file = program(CRASHES.format(first=PATCHED.strip()))
    reply = await agent.ok("start", program=str(file), break_on=["raised"], timeout_s=25, **launch)
    reasons = " ".join(str(stop.data) for stop in await stops(agent, reply))
    assert reasons.count("ValueError") >= 2
    assert "GreenletExit" not in reasons


# --- the program notices nothing ------------------------------------------------------------------------------


STATE = (
    PATCHED
    + """
import _thread, concurrent.futures.thread, gc, gevent, greenlet, os, socket, sys, threading, time
from gevent.hub import Hub
def f(): gevent.sleep(0)
job = gevent.spawn(f)
job.join()
thread = threading.Thread(target=f)
thread.start()
thread.join()
print({name: sorted(items) for name, items in sorted(monkey.saved.items())})
print(threading.enumerate() == [threading.main_thread()], len(threading._active), len(threading._limbo))
shutdown_lock = getattr(concurrent.futures.thread, "_global_shutdown_lock", None)  # from 3.9 on
print(type(threading._active_limbo_lock), type(shutdown_lock))
print(greenlet.gettrace(), len([o for o in gc.get_objects() if type(o) is Hub]), thread.name, job.name)
print(threading.Event, threading.local, time.sleep, socket.socket, threading.get_ident, _thread.start_new_thread)
print(threading.main_thread().ident == threading.get_ident(), os.environ.get("GEVENT_SUPPORT"))
"""
)
ENDS: Mapping[str, str] = {
    "what it sees": STATE,
    "an exit in a greenlet": PATCHED + "import gevent, sys\ngevent.spawn(sys.exit, 7).join()\nprint('no')\n",
    "threads that outlive main": PATCHED
    + """
import atexit, threading, time
atexit.register(lambda: print("atexit"))
def work(n):
    time.sleep(0.02 * n)
    print(n, threading.current_thread().name)
for n in range(3):
    threading.Thread(target=work, args=(n,)).start()
threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
print("main ends")
""",
    "pools": PATCHED
    + """
import concurrent.futures, gevent, gevent.pool, gevent.threadpool, socket
with concurrent.futures.ThreadPoolExecutor(3) as pool:
    print(list(pool.map(abs, range(4))))
print(gevent.pool.Pool(2).map(abs, range(4)), gevent.threadpool.ThreadPool(2).map(len, ["a", "bb"]))
print(bool(socket.getaddrinfo("localhost", 80)))
""",
    "a signal": PATCHED
    + "import gevent, os, signal\ngevent.spawn_later(0.02, os.kill, os.getpid(), signal.SIGTERM)\ngevent.sleep(9)\n",
    "threads left alone": """
from gevent import monkey; monkey.patch_all(thread=False)
import threading, time
def work():
    time.sleep(0.01)
    print(threading.current_thread().name)
for _ in range(2):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
print(threading.active_count())
""",
    "subprocesses": PATCHED
    + """
import os, subprocess, sys
print(subprocess.run([sys.executable, "-c", "print(5)"], stdout=-1).stdout, subprocess.getoutput("echo a"))
pid = os.fork()
if not pid:
    os._exit(4)
print(os.waitpid(pid, 0)[1])
""",
}


@pytest.mark.parametrize("case", ENDS)
async def test_a_program_of_greenlets_runs_and_ends_as_it_does_without_us(
    agent: Agent, program: Program, launch: dict[str, Any], case: str
) -> None:
    file = program(ENDS[case])
    env = {**launch["env"], "GEVENT_SUPPORT": "True"}
    plain = run_plainly([launch["python"], str(file)], cwd=file.parent, env=env, stdin="")
    debugged = await run_debugged(agent, {**launch, "env": env, "program": str(file)})
    assert debugged == plain


# --- processes ------------------------------------------------------------------------------------------------


KIDS = (
    PATCHED
    + """
import gevent, multiprocessing, os, subprocess, sys
def work(n):
    result = n * 2
    return result  # @kid
def child():
    print("kid has", work(21), flush=True)
def forks():
    pid = os.fork()
    if not pid:
        gevent.sleep(0.01)
        child()
        os._exit(0)
    os.waitpid(pid, 0)
WAYS = {
    "fork": forks,
    "fork in a greenlet": lambda: gevent.spawn(forks).join(),
    "multiprocessing": lambda: multiprocessing.get_context("fork").Process(target=child).start(),
    "subprocess": lambda: subprocess.run([sys.executable, __file__, "child"]),
    "child": child,
}
if __name__ == "__main__":
    WAYS[sys.argv[1]]()
"""
)


@pytest.mark.parametrize("way", ["fork", "fork in a greenlet", "multiprocessing", "subprocess"])
async def test_children_of_a_program_of_greenlets_are_followed(
    agent: Agent, program: Program, launch: dict[str, Any], way: str
) -> None:
    file = program(KIDS)
    at = f"{file}:{line_of(file, 'kid')}"
    reply = await agent.ok("start", program=str(file), args=[way], breakpoints=[at], timeout_s=25, **launch)
    found = await stops(agent, reply)
    assert [(stop.locals["result"], stop.data["process"].partition(" ")[0]) for stop in found] == [("42", "p1.1")]


WSGI = """
    import time
    def app(environ, start_response):
        greeting = "hi " + environ["PATH_INFO"].rpartition("/")[2]
        time.sleep(0.01)
        start_response("200 OK", [("Content-Type", "text/plain")])  # @here
        return [greeting.encode()]
"""
PYWSGI = """
    import sys
    from gevent.pywsgi import WSGIServer
    from app import app
    WSGIServer(("127.0.0.1", int(sys.argv[1])), app).serve_forever()
"""


@pytest.mark.parametrize(
    "command",
    ["python -m gunicorn -k gevent app:app -w 2 -b 127.0.0.1:{port}", "python -m gevent.monkey server.py {port}"],
    ids=["gunicorn", "pywsgi"],
)
async def test_a_server_of_greenlets_stops_in_its_handler(
    agent: Agent, program: Program, launch: dict[str, Any], command: str
) -> None:
    file, port = program(WSGI, "app.py"), free_port()
    program(PYWSGI, "server.py")
    launch["env"]["PYTHONPATH"] += os.pathsep + apps.ANY_PYTHON
    stop = await agent.ok(
        "start",
        command=command.format(port=port),
        ready=port,
        trigger=request_to(port),
        breakpoints=[f"{file}:{line_of(file, 'here')}"],
        timeout_s=25,
        **launch,
    )
    assert (stop.state, stop.line, stop.locals["greeting"]) == ("stopped", line_of(file, "here"), "'hi bob'"), stop
    if "gunicorn" in command:
        assert stop.data["process"].startswith(("p1.1 ", "p1.2 "))
    await answers_and_ends(agent, port)


@apps.needed
async def test_celery_with_a_pool_of_greenlets_stops_in_a_task(agent: Agent, program: Program) -> None:
    file = program(TASKS, "tasks.py")
    stop = await agent.ok(
        "start",
        command="celery -A tasks worker -l info -P gevent -c 4",
        python=apps.PYTHON,
        cwd=str(file.parent),
        breakpoints=[f"{file}:{line_of(file, 'here')}"],
        timeout_s=25,
    )
    assert (stop.state, stop.locals["total"]) == ("stopped", "3"), stop
    await agent.ok("continue", timeout_s=0)
    done = await agent.ok("wait", **{"for": r"tasks\.add\[.*succeeded in .*: 3", "timeout_s": 20})
    assert "matched" in done.data, done
    await ends(agent)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="attaching by process id needs Linux")
@pytest.mark.parametrize("way", ["signal", "gdb"])
async def test_a_program_of_greenlets_is_attached_to_and_let_go_twice(
    agent: Agent, program: Program, launch: dict[str, Any], way: str
) -> None:
    if way == "gdb" and shutil.which("gdb") is None:
        pytest.skip("gdb is not installed: apt-get install gdb")
    file = program(TICKING)
    path = launch["env"]["PYTHONPATH"] + (os.pathsep + DORMANT if way == "signal" else "")
    with subprocess.Popen(  # noqa: ASYNC220 - a program that was there before us
        [launch["python"], str(file)],
        env={**os.environ, TAG: "1", "PYTHONPATH": path},
        cwd=launch["cwd"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            await attach_twice(agent, file, running)
            (file.parent / "stop").touch()
            assert running.communicate(timeout=20) == ("ended well gevent.hub\n", "")
            assert running.returncode == 0
        finally:
            running.kill()


async def attach_twice(agent: Agent, file: Path, running: subprocess.Popen[str]) -> None:
    """Two sessions, one after the other; each stops in both greenlets that wait."""
    assert running.stdout is not None
    assert running.stdout.readline().startswith("ready")
    for _ in range(2):
        await agent.ok("attach", pid=running.pid, timeout_s=10)
        await agent.ok("set_breakpoint", file=str(file), line=line_of(file, "beat"))
        stop = await agent.ok("wait")
        assert (stop.state, stop.line) == ("stopped", line_of(file, "beat")), stop
        again = await agent.ok("continue")
        assert again.locals["name"][:3] != stop.locals["name"][:3]
        await agent.ok("stop")
        await agent.call("remove_breakpoint", all=True)
