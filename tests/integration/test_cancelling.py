"""A call that its host has cancelled: the wait is over, the program is as it was, the next call sees what happened."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from agent import Agent, Reply, line_of
from test_attach_by_pid_tool import COUNTER, running

from conftest import Program, programs
from mcp_debug_tool.breakpoints import BreakpointSpec
from mcp_debug_tool.preparing.launching import Launch
from mcp_debug_tool.protocol.state import State
from mcp_debug_tool.session import Session
from mcp_debug_tool.session_manager import SessionManager
from mcp_debug_tool.settings import Settings
from mcp_debug_tool.tools import execution, lifecycle

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
            assert any(
                word in reply.text
                for word in ("is busy with", "is already traced by", "is under way", "is just attaching")
            ), reply
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


@pytest.mark.parametrize("arguments", [{}, {"until": "program.py:7"}])
async def test_a_continue_cancelled_on_its_way_leaves_a_program_that_stands_or_runs_and_is_known_to(
    both: Agent, program: Program, arguments: dict[str, Any]
) -> None:
    path, go = await loop(both, program)
    for moment in range(40):
        with anyio.move_on_after(moment / 5000):  # the command itself is over within these
            await both.call("continue", **arguments)
        await assert_its_state_is_known(both)
        now = await both.ok("pause")
        assert (now.state, now.line <= line_of(path, "loop")) == ("stopped", True), now
    go.touch()
    assert (await both.ok("continue")).line == line_of(path, "after")


async def test_a_step_cancelled_on_its_way_comes_to_its_end(both: Agent, program: Program) -> None:
    path, go = await loop(both, program)
    for moment in range(40):
        with anyio.move_on_after(moment / 5000):
            await both.call("step", count=1000)
        now = await both.ok("wait")
        assert (now.state, now.line <= line_of(path, "loop")) == ("stopped", True), now
    go.touch()
    assert (await both.ok("continue")).line == line_of(path, "after")


@asynccontextmanager
async def standing(program: Program, source: str) -> AsyncIterator[tuple[Any, Session]]:
    """A session without a server, at `here`, and what its tools are called with."""
    path = program(source)
    async with SessionManager(Settings()).run() as manager:
        spec = BreakpointSpec(file=str(path), line=line_of(path, "here"))
        session = await manager.of().start(Launch(program=str(path)), [spec])
        with anyio.fail_after(20):
            await session.wait(lambda: session.state is State.STOPPED)
        request = SimpleNamespace(lifespan_context=manager, request=None, meta=None)
        yield SimpleNamespace(request_context=request, report_progress=None), session


@asynccontextmanager
async def cancelled_before() -> AsyncIterator[None]:
    """The block's first wait is the one in which it learns that it was cancelled."""
    with anyio.CancelScope() as scope:
        scope.cancel()
        yield
    assert scope.cancelled_caught


async def test_a_continue_is_done_whole_however_early_it_is_cancelled(program: Program) -> None:
    async with standing(program, "here = 1  # @here\n") as (context, session):
        async with cancelled_before():
            await execution.continue_(context)
        with anyio.fail_after(20):
            await session.wait(lambda: session.state is State.EXITED)


async def test_a_continue_that_was_cancelled_leaves_no_breakpoint_of_its_until_behind(program: Program) -> None:
    async with standing(program, "here = 1  # @here\nthere = 2  # @there\nlast = 3\n") as (context, session):
        async with cancelled_before():
            await execution.continue_(context, until="program.py:2")
        assert session.wrapper.breakpoints.table.internal_ids() == []
        assert session.wrapper.stop is not None
        await execution.continue_(context)
        assert session.state is State.EXITED


async def test_a_restart_that_was_cancelled_leaves_a_program_that_has_ended_and_can_be_restarted(
    program: Program,
) -> None:
    async with standing(program, "here = 1  # @here\n") as (context, session):
        async with cancelled_before():
            await lifecycle.restart(context)
        assert session.state is State.EXITED
        assert session.wrapper.exit is not None
        assert session.wrapper.exit.reason == "it was not started again: the call was cancelled"
        assert (await lifecycle.restart(context)).fields["reason"] == "breakpoint b1 (hit 1)"


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
    before = {process.pid for process in programs()}

    async def launched() -> None:
        assert await within(10, lambda: not {process.pid for process in programs()} <= before)

    await cancelled(both, "start", launched, code="print(1)", python=str(slow))
    assert (await both.ok("sessions")).data["sessions"] in (0, None, [])
    assert await within(5, lambda: {process.pid for process in programs()} <= before)


async def test_a_start_cancelled_at_any_moment_leaves_a_session_that_is_listed_or_no_program(
    both: Agent, program: Program
) -> None:
    path = program("import time\ntime.sleep(60)\n")
    before = {process.pid for process in programs()}
    for tenth in range(12):
        with anyio.move_on_after(tenth / 20):
            await both.call("start", program=str(path))
        # What was being launched is ended before the next call is answered, or soon after.
        listed = (await both.ok("sessions")).data["sessions"] or []
        assert len(listed) <= 1, listed
        if listed:
            assert (await both.ok("stop")).state == "ended"
        assert await within(5, lambda: {process.pid for process in programs()} <= before), tenth


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
