"""A call that its host has cancelled: the wait is over, the program is as it was, the next call sees what happened."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO, Any

import anyio
import pytest
from agent import Agent, Reply, line_of
from test_attach_by_pid_tool import COUNTER, running
from test_lifecycle import RawServer

from conftest import Program, tagged

pytestmark = pytest.mark.anyio
needs_gdb = pytest.mark.skipif(
    shutil.which("gdb") is None or not sys.platform.startswith("linux"), reason="gdb is not installed"
)

LOOP = """
    import pathlib, sys, time
    here = 1  # @here
    go = pathlib.Path(sys.argv[1])
    while not go.exists():
        time.sleep(0.01)  # @loop
    after = 2  # @after
    time.sleep(60)  # @sleep
"""


async def cancelled(agent: Agent, name: str, when: Callable[[], Awaitable[object]], /, **arguments: Any) -> None:
    """Call a tool, and cancel the call as soon as `when` is over."""
    async with anyio.create_task_group() as tasks:

        async def call() -> None:
            result = await agent.client.call_tool(name, arguments)
            raise AssertionError(f"it was not cancelled: {result}")

        tasks.start_soon(call)
        with anyio.fail_after(20):
            await when()
        tasks.cancel_scope.cancel()


async def accepted(agent: Agent, name: str, /, **arguments: Any) -> Reply:
    """The answer, once what a cancelled call has begun is undone: ending a program or a tool takes its time."""
    with anyio.fail_after(20):
        while (reply := await agent.call(name, **arguments)).error:
            assert any(word in reply.text for word in ("is busy with", "is already traced by", "is under way")), reply
    return reply


def is_running(agent: Agent) -> Callable[[], Awaitable[None]]:
    """Until the only session runs."""

    async def until() -> None:
        while [line.split()[1] for line in (await agent.ok("sessions")).data["sessions"] or []] != ["running,"]:
            pass

    return until


async def at_once() -> None:
    """As a host does whose user is quicker than the call."""
    await anyio.lowlevel.checkpoint()


async def assert_its_state_is_known(agent: Agent) -> None:
    """What runs for us runs: a thread of it that stands would have been told of."""
    before = (await agent.ok("sessions")).data["sessions"]
    (thread,) = (await agent.ok("get_stack", thread="all")).data["threads"]
    after = (await agent.ok("sessions")).data["sessions"]
    if before[0].split()[1] == after[0].split()[1] == "running,":
        assert thread.startswith("MainThread, running: "), (after, thread)


async def loop(agent: Agent, program: Program) -> tuple[Path, Path]:
    """A program that stands at `here` and will run until a file is there: itself, and that file."""
    path = program(LOOP)
    go = path.with_name("go")
    there = [f"{path}:{line_of(path, mark)}" for mark in ("here", "after")]
    await agent.ok("start", program=str(path), args=[str(go)], breakpoints=there)
    return path, go


async def test_a_cancelled_continue_leaves_the_program_running_and_loses_nothing(both: Agent, program: Program) -> None:
    path, go = await loop(both, program)
    await cancelled(both, "continue", is_running(both))
    assert (await both.ok("wait", timeout_s=0)).state == "running"
    go.touch()
    stop = await both.ok("wait")
    assert (stop.reason, stop.line) == ("breakpoint b2 (hit 1)", line_of(path, "after"))


async def test_after_a_cancelled_command_the_session_is_not_busy(both: Agent, program: Program) -> None:
    path, _ = await loop(both, program)
    for _ in range(10):
        await cancelled(both, "continue", is_running(both))
        # `step` would be refused as busy; that the program runs is another refusal.
        assert "is running" in await both.error("step")
        assert (await both.ok("pause")).line <= line_of(path, "loop")


@pytest.mark.parametrize(
    ("name", "arguments"), [("continue", {}), ("continue", {"until": "program.py:7"}), ("step", {"count": 1000})]
)
async def test_a_command_cancelled_on_its_way_leaves_a_program_that_stands_or_runs_and_is_known_to(
    both: Agent, program: Program, name: str, arguments: dict[str, Any]
) -> None:
    path, go = await loop(both, program)
    for moment in range(40):
        with anyio.move_on_after(moment / 5000):  # the command itself is over within these
            await both.call(name, **arguments)
        await assert_its_state_is_known(both)
        now = await both.ok("pause")
        assert now.state == "stopped", now
        assert now.line <= line_of(path, "loop"), now
    go.touch()
    stop = await both.ok("continue")
    assert stop.line == line_of(path, "after"), stop


@pytest.mark.parametrize(
    ("name", "arguments"), [("continue", {}), ("continue", {"until": "program.py:7"}), ("step", {"count": 1000})]
)
def test_a_command_that_comes_together_with_its_cancellation_is_done_whole_or_not_at_all(
    program: Program, name: str, arguments: dict[str, Any]
) -> None:
    path = program(LOOP)
    go = path.with_name("go")
    server = RawServer()
    try:
        server.call("start", program=str(path), args=[str(go)], breakpoints=[f"{path}:{line_of(path, 'here')}"])
        for number in range(1000, 1020):
            _send_and_cancel(server, number, name, arguments)
            now = server.call("pause", timeout_s=2)
            assert now["state"] == "stopped", now
        go.touch()
        assert server.call("continue", timeout_s=0.5)["state"] == "running"
    finally:
        server.call("stop")
        server.close()


def _send_and_cancel(server: RawServer, number: int, name: str, arguments: dict[str, Any]) -> None:
    """In one write, so that the server reads both before it works on the first."""
    call = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}}
    stdin: IO[bytes] = server.process.stdin  # type: ignore[assignment]
    stdin.write(json.dumps(call).encode() + b"\n" + json.dumps(cancel).encode() + b"\n")
    stdin.flush()


async def test_a_cancelled_step_goes_on_and_its_end_is_seen_later(both: Agent, program: Program) -> None:
    path = program("""
        import pathlib, sys, time
        def work(go):
            while not go.exists():
                time.sleep(0.01)
        go = pathlib.Path(sys.argv[1])
        work(go)  # @work
        after = 2  # @after
    """)
    go = path.with_name("go")
    await both.ok("start", program=str(path), args=[str(go)], breakpoints=[f"{path}:{line_of(path, 'work')}"])
    await cancelled(both, "step", is_running(both))
    go.touch()
    stop = await both.ok("wait")
    assert (stop.reason, stop.line) == ("step", line_of(path, "after"))


async def test_a_cancelled_wait_and_a_cancelled_pause_leave_the_program_as_it_is(both: Agent, program: Program) -> None:
    path, go = await loop(both, program)
    await both.ok("continue", timeout_s=0)
    await cancelled(both, "wait", at_once)
    await cancelled(both, "wait", is_running(both), **{"for": "exit"})
    assert (await both.ok("wait", timeout_s=0)).state == "running"
    await cancelled(both, "pause", at_once)
    await both.ok("pause")
    go.touch()
    assert (await both.ok("continue")).line == line_of(path, "after")


async def test_a_start_cancelled_while_it_waits_leaves_its_session(both: Agent, program: Program) -> None:
    path = program(LOOP)
    go = path.with_name("go")
    there = [f"{path}:{line_of(path, 'after')}"]
    await cancelled(both, "start", is_running(both), program=str(path), args=[str(go)], breakpoints=there)
    go.touch()
    assert (await both.ok("wait")).line == line_of(path, "after")


async def test_a_start_cancelled_while_it_launches_leaves_no_program(both: Agent, program: Program) -> None:
    slow = program("#!/bin/sh\nsleep 300\n", "slow-python")
    slow.chmod(0o755)
    before = {process.pid for process in tagged()}

    async def launched() -> None:
        assert await within(10, lambda: not {process.pid for process in tagged()} <= before)

    await cancelled(both, "start", launched, code="print(1)", python=str(slow))
    assert (await both.ok("sessions")).data["sessions"] in (0, None, [])
    assert await within(5, lambda: {process.pid for process in tagged()} <= before)


async def test_a_start_cancelled_at_any_moment_leaves_a_session_that_is_listed_or_no_program(
    both: Agent, program: Program
) -> None:
    path = program("import time\ntime.sleep(60)\n")
    before = {process.pid for process in tagged()}
    for tenth in range(12):
        with anyio.move_on_after(tenth / 20):
            await both.call("start", program=str(path))
        # What was being launched is ended before the next call is answered, or soon after.
        listed = (await both.ok("sessions")).data["sessions"] or []
        assert len(listed) <= 1, listed
        if listed:
            assert (await both.ok("stop")).state == "ended"
        assert await within(5, lambda: {process.pid for process in tagged()} <= before), tenth


async def test_a_breakpoint_that_waits_for_a_start_waits_on_when_that_is_cancelled(
    both: Agent, program: Program
) -> None:
    path = program("import time\nhere = 1  # @here\n")
    await both.ok("set_breakpoint", file=str(path), line=line_of(path, "here"))
    await cancelled(both, "start", at_once, program=str(path))
    assert (await both.ok("start", program=str(path))).line == line_of(path, "here")


async def test_a_cancelled_restart_can_be_asked_for_again(both: Agent, program: Program) -> None:
    path, _ = await loop(both, program)
    for tenth in range(8):
        with anyio.move_on_after(tenth / 20):
            await both.call("restart")
        assert (await accepted(both, "restart")).line == line_of(path, "here")
    assert len((await both.ok("list_breakpoints")).data["breakpoints"]) == 2


@needs_gdb
async def test_an_attach_cancelled_at_any_moment_leaves_the_program_running(both: Agent, program: Program) -> None:
    path = program(COUNTER)
    with running(sys.executable, path) as process:
        for tenth in range(10):
            with anyio.move_on_after(tenth / 20):
                await both.call("attach", pid=process.pid)
            for line in (await both.ok("sessions")).data["sessions"] or []:
                await both.ok("stop", session=line.split()[0])
            stop = await accepted(both, "attach", pid=process.pid, breakpoints=[f"{path}:{line_of(path, 'tick')}"])
            assert stop.line == line_of(path, "tick"), (tenth, process.poll())
            await both.ok("stop")


async def test_a_cancelled_evaluate_leaves_a_session_that_can_be_used(both: Agent, program: Program) -> None:
    await loop(both, program)
    await cancelled(both, "evaluate", at_once, expression="__import__('time').sleep(0.5)")
    assert "43" in (await both.ok("evaluate", expression="40 + 3")).text


async def within(seconds: float, happened: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not (come := happened()) and time.monotonic() < deadline:  # noqa: ASYNC110 - /proc tells nobody of changes
        await anyio.sleep(0.02)
    return come
