"""Nothing that a program has started outlives its session or the server, whatever it did to get away (Linux)."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from agent import Agent, line_of
from raw_server import RawServer

from conftest import Program, programs, served, tagged
from mcp_debug_tool.keeping.keeper import NURSERY

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="keepers are Linux's"),
]

# A child in a session of its own, a daemon with nothing of ours in its environment or descriptors, and a side effect
# that comes later.
GETS_AWAY = """
    import os, subprocess, sys, time
    marks = sys.argv[1]
    later = "import time; time.sleep(8); open(%r, 'w').close()"
    subprocess.Popen([sys.executable, "-S", "-c", later % (marks + "/child")], start_new_session=True)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            null = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(null, number)
            os.execve(sys.executable, [sys.executable, "-S", "-c", later % (marks + "/daemon")], {"KEPT_TAG": "1"})
        os._exit(0)
    os.wait()
    print("ready", flush=True)
    here = 1  # @here
    STATE
    open(marks + "/itself", "w").close()
"""
STATES = {
    "stopped": "pass",
    "running": "time.sleep(8)",
    "in C": "sum(range(10 ** 10))",
    "over": "os._exit(0)",
}


@pytest.fixture
def marks(tmp_path: Path) -> Iterator[Path]:
    """A folder in which nothing may have been written by the end: whoever would do so is gone before it is time."""
    folder = tmp_path / "marks"
    folder.mkdir()
    yield folder
    assert os.listdir(folder) == []


def below(pid: int) -> list[psutil.Process]:
    """All that descends from a process."""
    return psutil.Process(pid).children(recursive=True)


def assert_gone(family: list[psutil.Process], seconds: float = 2.0) -> None:
    assert family
    assert psutil.wait_procs(family, timeout=seconds)[1] == []


def begin(server: RawServer, path: Path, marks: Path, state: str) -> list[psutil.Process]:
    """Bring the program into this state; answers it and all that it has started, keeper and nursery too."""
    stop_at = f"{path}:{line_of(path, 'here')}"
    server.call("start", program=str(path), args=[str(marks)], breakpoints=[stop_at], follow_children=False)
    if state != "stopped":
        server.call("continue", timeout_s=0 if state != "over" else 20)
    family = below(server.process.pid)
    named = [process for process in family if str(NURSERY) not in process.cmdline()]
    assert len(named) >= (2 if state == "over" else 3), family
    return family


@pytest.mark.parametrize(
    ("state", "number"),
    [
        *((state, signal.SIGKILL) for state in STATES),
        *(("running", number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, None)),
        ("in C", signal.SIGTERM),
    ],
)
def test_whatever_ends_the_server_nothing_is_left(
    program: Program, marks: Path, state: str, number: signal.Signals | None
) -> None:
    path = program(GETS_AWAY.replace("STATE", STATES[state]))
    server = RawServer()
    try:
        family = begin(server, path, marks, state)
        if number is None:
            assert server.process.stdin is not None
            server.process.stdin.close()
        else:
            server.process.send_signal(number)
        assert_gone([*family, psutil.Process(server.process.pid)], 5.0)
    finally:
        server.close()


@pytest.mark.parametrize("state", STATES)
async def test_a_session_that_is_stopped_leaves_nothing(
    agent: Agent, program: Program, marks: Path, state: str
) -> None:
    path = program(GETS_AWAY.replace("STATE", STATES[state]))
    place = f"{path}:{line_of(path, 'here')}"
    stop = await agent.ok("start", program=str(path), args=[str(marks)], breakpoints=[place], follow_children=False)
    if state != "stopped":
        await agent.ok("continue", timeout_s=0 if state != "over" else 20)
    family = [process for keeper in keepers() for process in keeper.children(recursive=True)]
    assert family
    await agent.ok("stop", session=stop.data["session"])
    assert_gone(family)


async def test_another_session_is_none_of_its_business(agent: Agent, program: Program) -> None:
    path = program("import subprocess\nchild = subprocess.Popen(['sleep', '1000'])\nhere = 1  # @here\n")
    stops = [
        await agent.ok("start", program=str(path), breakpoints=[f"{path}:3"], follow_children=False) for _ in range(2)
    ]
    assert len(programs()) == 4
    await agent.ok("stop", session=stops[0].data["session"])
    assert len(programs()) == 2
    assert (await agent.ok("evaluate", expression="child.poll()")).data["value"] == "None  (NoneType)"


async def test_a_keeper_that_is_killed_takes_everything_with_it(program: Program, marks: Path) -> None:
    path = program(GETS_AWAY.replace("STATE", "pass"))
    place = f"{path}:{line_of(path, 'here')}"
    async with served() as agent:
        await agent.ok("start", program=str(path), args=[str(marks)], breakpoints=[place], follow_children=False)
        (keeper,) = keepers()
        family = keeper.children(recursive=True)
        keeper.kill()
        assert_gone(family)
        assert (await agent.ok("wait", **{"for": "exit"})).reason == "killed by SIGKILL"
        # And the next one has a keeper again.
        again = await agent.ok("start", code="print('again')")
        assert again.reason == "exit code 0"


async def test_a_nursery_that_is_killed_is_begun_again(program: Program) -> None:
    path = program("here = 1  # @here\n")
    async with served() as agent:
        await agent.ok("start", program=str(path), breakpoints=[f"{path}:1"])
        (keeper,) = keepers()
        psutil.Process(keeper.ppid()).kill()
        await agent.ok("start", program=str(path), breakpoints=[f"{path}:1"])
        assert (await agent.ok("step", session="s1")).state == "exited"
        await agent.ok("stop", session="s2")


def keepers() -> list[psutil.Process]:
    """Those that have a program: forks of the nursery."""
    all_of_them = [p for p in tagged() if str(NURSERY) in (p.info["cmdline"] or [])]
    pids = {p.pid for p in all_of_them}
    return [p for p in all_of_them if p.ppid() in pids]
