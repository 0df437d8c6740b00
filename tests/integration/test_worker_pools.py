"""Pools of workers: multiprocessing's and concurrent.futures', pytest-xdist's, programs that asyncio runs."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import apps
import pytest
from agent import Agent, Reply, line_of
from pythons import python_of

from conftest import Program

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(os.name != "posix", reason="children are followed on POSIX only"),
]
# Where pydevd traces, where it does so in C, and where it is told by sys.monitoring.
VERSIONS = ("3.8", "3.11", "3.13")

# Two workers, each of which is prepared, does one piece of work and is replaced, as far as this Python can do it.
POOLS = """
    import concurrent.futures, multiprocessing, os, sys

    def prepare(word):
        ready = f"{word} {os.getpid()}"
        with open("prepared", "a") as oracle:
            oracle.write(ready + "\\n")  # @prepare

    def work(n):
        double = n * 2
        return double  # @work

    def pool(context):
        with context.Pool(2, prepare, ("yes",), maxtasksperchild=1) as workers:
            return workers.map(work, range(4), chunksize=1)

    def executor(context):
        can_replace = sys.version_info >= (3, 11) and context.get_start_method() != "fork"
        more = {"max_tasks_per_child": 1} if can_replace else {}
        executors = concurrent.futures.ProcessPoolExecutor
        with executors(2, context, prepare, ("yes",), **more) as workers:
            return list(workers.map(work, range(4)))

    if __name__ == "__main__":
        print(globals()[sys.argv[1]](multiprocessing.get_context(sys.argv[2])), flush=True)
"""


async def begin(agent: Agent, path: Path, *marks: str, **arguments: Any) -> Reply:
    """Start the program in its folder with a breakpoint at each mark."""
    breakpoints = [f"{path}:{line_of(path, mark)}" for mark in marks]
    arguments = {"program": str(path), **arguments}
    return await agent.ok("start", cwd=str(path.parent), breakpoints=breakpoints, **arguments)


async def go_on(agent: Agent) -> Reply:
    """Continue a worker; its pool may have ended it where it stood, for there was nothing left to do."""
    reply = await agent.call("continue")
    return reply if not reply.error else await agent.ok("wait")


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("kind", ["pool", "executor"])
async def test_workers_stop_where_they_are_prepared_and_where_they_work(
    agent: Agent, program: Program, kind: str, method: str, version: str
) -> None:
    path = program(POOLS, "pools.py")
    stop = await begin(agent, path, "prepare", "work", args=[kind, method], python=python_of(version))
    prepared, worked, workers, pages = Counter[str](), Counter[str](), set(), [stop.text]
    while stop.state == "stopped":
        workers.add(re.sub(r"\d+ \(pid \d+\)$", "", stop.data["process"].partition(" ")[2]))
        if stop.line == line_of(path, "prepare"):
            prepared[stop.locals["ready"].strip("'")] += 1
        else:
            assert stop.line == line_of(path, "work")
            worked[stop.locals["n"].partition(" ")[0]] += 1
        pages.append((await agent.ok("get_stack", thread="all")).text + (await agent.ok("sessions")).text)
        stop = await go_on(agent)
    assert (stop.state, stop.data["exit_code"]) == ("exited", 0), stop
    assert "[0, 2, 4, 6]" in (await agent.ok("get_output", since=0)).data["output"]
    assert worked == Counter("0123")
    # A worker that was just begun when the pool was ended may have come to this line and no further.
    oracle = (path.parent / "prepared").read_text().splitlines()
    assert set(prepared.values()) == {1}
    assert set(oracle) <= set(prepared)
    assert len(prepared) >= 2
    begins = {"fork": "Fork", "spawn": "Spawn", "forkserver": "ForkServer"}[method]
    assert workers == {f"{begins}{'PoolWorker' if kind == 'pool' else 'Process'}-"}
    assert not re.search(r"multiprocessing (forkserver|\w+_tracker)|helper", "\n".join(pages))
    assert not re.search(r"could not|has ended with|by SIG(?!TERM)", stop.text)


async def test_workers_are_left_alone_when_the_agent_says_so(agent: Agent, program: Program) -> None:
    path = program(POOLS, "pools.py")
    for kind in ("pool", "executor"):
        gone = await begin(agent, path, "prepare", "work", args=[kind, "spawn"], follow_children=False)
        assert (gone.state, gone.data["exit_code"]) == ("exited", 0), gone
        assert gone.data["output"] == "[0, 2, 4, 6]\n"
        (session,) = [line for line in (await agent.ok("sessions")).data["sessions"] if "exited" in line][-1:]
        assert "processes:" not in session


# --- pytest-xdist ---------------------------------------------------------------------------------------------

TESTS = """
    import pytest

    @pytest.mark.parametrize("n", range(6))
    def test_squares(n, worker_id):
        square = n * n  # @here
        assert square != 16, worker_id  # @fails
"""


@apps.needed
async def test_tests_that_xdist_distributes_stop_in_each_worker_and_where_one_fails(
    agent: Agent, program: Program
) -> None:
    path = program(TESTS, "test_squares.py")
    command = "pytest -q -n 2 -p no:randomly -p no:cacheprovider test_squares.py"
    stop = await begin(agent, path, "here", program=None, command=command, python=apps.PYTHON)
    hits: Counter[str] = Counter()
    failed = []
    while stop.state == "stopped":
        worker = stop.locals["worker_id"].strip("'").partition("'")[0]
        assert re.fullmatch(rf"p1\.\d pytest {worker} \(pid \d+\)", stop.data["process"]), stop
        if stop.line == line_of(path, "here"):
            hits[stop.locals["n"].partition(" ")[0]] += 1
        else:
            failed.append(stop.reason)
            assert stop.line == line_of(path, "fails")
            answer = await agent.ok("evaluate", expression="square - 1")
            assert answer.data["value"].startswith("15")
            page = await agent.ok("get_stack", thread="all")
            assert re.search(r"p1\.1 pytest gw[01] .*[\s\S]*p1\.2 pytest gw[01] ", page.text), page
        stop = await agent.ok("continue")
        if stop.state == "running":
            stop = await agent.ok("wait")
    assert hits == Counter("012345")
    assert failed == ["test failed: test_squares.py::test_squares[4]"]
    assert stop.data["exit_code"] == 1
    assert "1 failed, 5 passed" in stop.data["output"]
    assert "2 children, all ended with code 0" in stop.data["notes"]


# --- asyncio --------------------------------------------------------------------------------------------------

GATHERED = """
    import asyncio, sys

    def work(n):
        double = n * 2
        print(double, flush=True)  # @work

    async def run(n):
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(sys.executable, __file__, str(n), stdout=pipe)
        out, _ = await child.communicate()
        return int(out), child.returncode

    async def main():
        print(await asyncio.gather(*map(run, range(3))), flush=True)
        shell = await asyncio.create_subprocess_shell(f"{sys.executable} {__file__} 7")
        print(await shell.wait(), flush=True)

    if __name__ == "__main__":
        if len(sys.argv) > 1:
            work(int(sys.argv[1]))
        else:
            asyncio.run(main())
"""


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_programs_that_asyncio_runs_stop_and_one_behind_a_shell_is_named(
    agent: Agent, program: Program, version: str
) -> None:
    path = program(GATHERED, "gathered.py")
    stop = await begin(agent, path, "work", python=python_of(version))
    seen = Counter[str]()
    while stop.state == "stopped":
        assert re.fullmatch(r"p1\.[123] gathered\.py \(pid \d+\)", stop.data["process"]), stop
        seen[stop.locals["n"]] += 1
        stop = await agent.ok("continue")
    assert seen == Counter("012")
    assert stop.data["exit_code"] == 0
    assert (await agent.ok("get_output", since=0)).data["output"] == "[(0, 0), (2, 0), (4, 0)]\n14\n0\n"
    assert stop.data["notes"] == ["3 children, all ended with code 0"]
    (line,) = (await agent.ok("sessions")).data["sessions"]
    assert re.search(r"not followed: \S+ \S+gathered\.py 7 \(started through a shell\)", line)
