"""A server without sessions and calls leaves; one that is needed stays."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from mcp_debug_tool.calls import Call, Outcome
from mcp_debug_tool.serving.idleness import Idleness

pytestmark = pytest.mark.anyio
CALL = Call(principal="user", tool="step", session="s1", outcome=Outcome.OK, seconds=0.1)


def watching(alive: int) -> tuple[Idleness, Any]:
    manager: Any = SimpleNamespace(alive=alive)
    idleness = Idleness()
    idleness.watch(manager)
    return idleness, manager


async def test_without_anything_it_is_left() -> None:
    left = anyio.Event()
    with anyio.fail_after(5):
        await watching(0)[0].leave_after(0.01, left.set)
    assert left.is_set()


async def test_a_session_that_lives_keeps_it() -> None:
    idleness, manager = watching(1)
    with anyio.move_on_after(0.05) as scope:
        await idleness.leave_after(0.01, lambda: None)
    assert scope.cancelled_caught
    manager.alive = 0
    with anyio.fail_after(5):
        await idleness.leave_after(0.01, lambda: None)


async def test_a_call_begins_the_time_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("mcp_debug_tool.serving.idleness.time.monotonic", lambda: now)
    idleness, _ = watching(0)
    now = 105.0
    idleness.note(CALL)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds

    monkeypatch.setattr("mcp_debug_tool.serving.idleness.anyio.sleep", sleep)
    now = 108.0
    await idleness.leave_after(10, lambda: None)
    assert math.isclose(sum(slept), 7.0)
