"""attach(pid=...) as an agent uses it: a program that runs already, and runs on when it is let go."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from agent import Agent, line_of
from pythons import find, python_of

from conftest import TAG, Program

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc"),
]
needs_gdb = pytest.mark.skipif(shutil.which("gdb") is None, reason="gdb is not installed")
COUNTER = """
    import sys, time
    def tick(i):
        doubled = i * 2  # @tick
        return doubled  # @after
    i = 0
    print("up", flush=True)
    while i < 3000:
        i += 1
        tick(i)
        time.sleep(0.02)
"""


@contextmanager
def running(python: str, path: Path, **env: str) -> Iterator[subprocess.Popen[str]]:
    """A program that was started without us, and has begun."""
    with subprocess.Popen(
        [python, str(path)], env={**os.environ, TAG: "1", **env}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        try:
            yield process
        finally:
            process.kill()


def hook_folder() -> str:
    """What a person puts into PYTHONPATH."""
    return subprocess.run(
        [sys.executable, "-m", "mcp_debug_tool", "hook"], capture_output=True, text=True, check=True
    ).stdout.strip()


@contextmanager
def sleeping() -> Iterator[int]:
    """The id of a process that is not Python."""
    with subprocess.Popen(["sleep", "60"], env={**os.environ, TAG: "1"}) as process:
        try:
            yield process.pid
            assert process.poll() is None
        finally:
            process.kill()


@needs_gdb
@pytest.mark.parametrize("version", ["3.8", "3.11", "3.12", "3.13"])
async def test_a_running_program_is_debugged_let_go_and_debugged_again(
    agent: Agent, program: Program, version: str
) -> None:
    python = find(version)
    if python is None:
        pytest.skip(f"there is no Python {version}")
    path = program(COUNTER)
    at, after = ({"file": str(path), "line": line_of(path, mark)} for mark in ("tick", "after"))
    with running(python, path) as process:
        stop = await agent.ok("attach", pid=process.pid, breakpoints=[at])
        assert stop.reason == "breakpoint b1 (hit 1)"
        assert (await agent.ok("evaluate", expression="i * 10")).data["value"].endswith("(int)")
        assert (await agent.ok("step")).line == line_of(path, "after")
        await agent.ok("remove_breakpoint", all=True)
        assert (await agent.ok("continue", timeout_s=0.2)).state == "running"
        assert (await agent.ok("pause")).state == "stopped"
        assert "let go" in (await agent.ok("stop")).text
        again = await agent.ok("attach", pid=process.pid, breakpoints=[after])
        assert again.reason == "breakpoint b1 (hit 1)", "an earlier debugger's knowledge is forgotten"
        assert int(again.locals["i"]) > int(stop.locals["i"])
        await agent.ok("stop")
        assert process.poll() is None


@needs_gdb
async def test_without_breakpoints_the_state_is_answered_at_once_and_pause_reaches_it(
    agent: Agent, program: Program
) -> None:
    with running(sys.executable, program(COUNTER)) as process:
        assert (await agent.ok("attach", pid=process.pid)).state == "running"
        assert (await agent.ok("pause")).state == "stopped"
        assert "not started here" in await agent.error("restart")
        assert "stdin" in await agent.error("get_output", send="x\n")


async def test_a_program_with_our_hook_needs_no_gdb(agent: Agent, program: Program) -> None:
    path = program(COUNTER)
    with running(sys.executable, path, PYTHONPATH=hook_folder()) as process:
        stop = await agent.ok("attach", pid=process.pid, breakpoints=[f"{path}:{line_of(path, 'tick')}"])
        assert stop.line == line_of(path, "tick")


@pytest.mark.parametrize("version", ["3.11", "3.12"])
@pytest.mark.parametrize("call", ["breakpoint()", "import pdb; pdb.set_trace()"])
async def test_the_programs_own_calls_stop_in_the_debugger_while_it_is_there(
    agent: Agent, program: Program, version: str, call: str
) -> None:
    python = find(version)
    if python is None:
        pytest.skip(f"there is no Python {version}")
    path = program(f"""
        import sys, time
        asked = False
        def tick(n):
            if asked:
                {call}
            return n  # @after
        n = 0
        print("up", flush=True)
        while n < 3000:
            n += 1
            tick(n)
            time.sleep(0.02)
    """)
    with running(python, path, PYTHONPATH=hook_folder()) as process:
        await agent.ok("attach", pid=process.pid, break_on=["KeyError"])
        await agent.ok("pause")
        await agent.ok("set_variable", path="asked", value="True")
        stop = await agent.ok("continue")
        assert stop.reason == f"{call.rpartition('; ')[2]} in the program"
        assert stop.line == line_of(path, "after")
        await agent.ok("set_variable", path="asked", value="False")
        assert (await agent.ok("list_breakpoints")).data["breakpoints"][0].startswith("b1 exception KeyError")
        await agent.ok("stop")
        assert process.poll() is None


@needs_gdb
async def test_a_program_that_ends_while_attached_is_told(agent: Agent, program: Program) -> None:
    path = program("""
        import time
        print("up", flush=True)
        until = time.monotonic() + 2
        while time.monotonic() < until:
            time.sleep(0.02)
    """)
    with running(sys.executable, path) as process:
        await agent.ok("attach", pid=process.pid)
        gone = await agent.ok("wait")
        assert gone.state == "exited"
        assert "only its parent knows" in gone.text


async def test_a_process_that_is_gone_is_refused_at_once(agent: Agent) -> None:
    error = await agent.error("attach", pid=2**22 + 1)
    assert "no process" in error
    assert "next: " in error


async def test_a_process_that_is_not_python_is_refused_by_its_name(agent: Agent) -> None:
    with sleeping() as pid:
        error = await agent.error("attach", pid=pid)
    assert "sleep" in error
    assert "next: " in error
    assert (await agent.ok("sessions")).data.get("sessions") in (0, None)


NAMED = """
    import sys, threading, time
    go = False
    print("up", flush=True)
    while not go:
        time.sleep(0.02)  # @wait
    thread = threading.Thread(target=lambda: print(threading.current_thread().name, flush=True))
    thread.start()
    thread.join()
"""


@pytest.mark.interpreters
@pytest.mark.parametrize("version", ["3.8", "3.11", "3.13"])
async def test_the_first_thread_of_an_attached_program_is_its_first(
    agent: Agent, program: Program, version: str
) -> None:
    path = program(NAMED)
    with running(python_of(version), path, PYTHONPATH=hook_folder()) as process:
        await agent.ok("attach", pid=process.pid, breakpoints=[f"{path}:{line_of(path, 'wait')}"])
        await agent.ok("set_variable", path="go", value="True")
        await agent.ok("remove_breakpoint", all=True)
        await agent.ok("continue", timeout_s=0)
        assert process.stdout is not None
        assert process.stdout.readline().split()[0] == "Thread-1"
        await agent.ok("wait", **{"for": "exit"})
