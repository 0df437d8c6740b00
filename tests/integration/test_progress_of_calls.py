"""Progress while a call waits: what the caller hears, in both eras, over stdio and in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from agent import Agent, Reply, line_of
from mcp import Client

from conftest import Program
from mcp_debug_tool.server import build

pytestmark = pytest.mark.anyio

CHATTY = """
    import time
    here = 1  # @here
    for n in range(1000):
        print(f"\\x1b[1mdone {n}\\x07", flush=True)
        time.sleep(0.05)
"""


class Heard:
    """What a caller has heard of one call: (progress, total, message)."""

    def __init__(self) -> None:
        self.news: list[tuple[float, float, str]] = []
        self.came = anyio.Event()

    async def hear(self, progress: float, total: float | None, message: str | None) -> None:
        assert total is not None
        assert message is not None
        self.news.append((progress, total, message))
        self.came.set()


async def call(agent: Agent, name: str, heard: Heard, **arguments: Any) -> Reply:
    """Call a tool and ask to be told."""
    result = await agent.client.call_tool(name, arguments, progress_callback=heard.hear)
    assert not result.is_error, result
    return Reply("", result.structured_content or {}, False)


def assert_goes_up(heard: Heard, limit: float) -> None:
    """Every piece of news is newer than the one before, and none says that the limit has passed."""
    times = [progress for progress, _, _ in heard.news]
    assert len(times) >= 2
    assert times == sorted(set(times))
    assert times[0] >= 1.0
    assert all(progress <= total and total >= limit for progress, total, _ in heard.news)


async def test_a_call_that_waits_tells_the_state_the_time_and_the_last_output(both: Agent, program: Program) -> None:
    path, heard = program(CHATTY), Heard()
    await both.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'here')}"])
    assert (await call(both, "continue", heard, timeout_s=3.5)).state == "running"
    assert_goes_up(heard, 3.5)
    (session,) = (await both.ok("sessions")).data["sessions"]
    first, last = heard.news[0][2], heard.news[-1][2]
    assert first.startswith(f"{session.split()[0]} running, waited 1 s; last output: done ")
    assert first.endswith("\\x07")
    assert "\x1b" not in first
    assert first != last
    waiting = Heard()
    assert (await call(both, "wait", waiting, **{"for": "no such line"}, timeout_s=3.5)).state == "running"
    assert_goes_up(waiting, 3.5)


async def test_start_tells_from_its_beginning_to_the_end_of_its_wait(both: Agent, program: Program) -> None:
    heard = Heard()
    await call(both, "start", heard, program=str(program(CHATTY)), timeout_s=3.5)
    assert_goes_up(heard, 3.5)
    again = Heard()
    await call(both, "restart", again, timeout_s=3.5)
    assert_goes_up(again, 3.5)


async def test_a_start_that_waits_for_its_program_to_come_tells_that(both: Agent, program: Program) -> None:
    # An interpreter that takes its time before ours is loaded; the call is given up when it has been heard of.
    slow = program("#!/bin/sh\nsleep 30\n", "slow-python")
    slow.chmod(0o755)
    heard = Heard()
    async with anyio.create_task_group() as tasks:

        async def start() -> None:
            await both.client.call_tool(
                "start", {"code": "print(1)", "python": str(slow)}, progress_callback=heard.hear
            )

        tasks.start_soon(start)
        with anyio.fail_after(20):
            await heard.came.wait()
        tasks.cancel_scope.cancel()
    assert heard.news[0][2].startswith("starting, waited ")


async def test_a_call_that_is_soon_over_tells_nothing(both: Agent, program: Program) -> None:
    heard = Heard()
    path = program("here = 1  # @here\n")
    await call(both, "start", heard, program=str(path), breakpoints=[f"{path}:{line_of(path, 'here')}"])
    assert all(message.startswith("starting") for _, _, message in heard.news)


@pytest.fixture
async def in_memory(anyio_backend: str) -> AsyncIterator[Agent]:
    """The server without a wire, in the era whose calls carry a progress token even there."""
    async with Client(build(), mode="legacy") as client:
        agent = Agent(client)
        yield agent
        await agent.end_all()


async def test_it_is_told_without_a_wire_too(in_memory: Agent, program: Program) -> None:
    heard = Heard()
    await call(in_memory, "start", heard, program=str(program(CHATTY)), timeout_s=3.5)
    assert_goes_up(heard, 3.5)


async def test_a_listener_that_fails_does_not_make_the_call_fail(in_memory: Agent, program: Program) -> None:
    asked = 0

    async def fail(progress: float, total: float | None, message: str | None) -> None:
        nonlocal asked
        asked += 1
        raise RuntimeError("the host has no room for it")

    result = await in_memory.client.call_tool(
        "start", {"program": str(program(CHATTY)), "timeout_s": 2}, progress_callback=fail
    )
    assert asked
    assert not result.is_error
    assert (await in_memory.ok("pause")).state == "stopped"
