"""Changes of sessions: found by comparing, gathered between rounds, told to each listener."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
import pytest

from mcp_debug_tool import updates as module
from mcp_debug_tool.updates import Change, Glance, Updates

pytestmark = pytest.mark.anyio

STOPPED = Glance("stopped", "a.py:1", 10)


class Heard:
    """A listener that keeps each round it is told of."""

    def __init__(self) -> None:
        self.rounds: list[list[Change]] = []
        self._more = anyio.Event()

    async def __call__(self, changes: Sequence[Change]) -> None:
        self.rounds.append(list(changes))
        more, self._more = self._more, anyio.Event()
        more.set()

    async def next(self) -> list[Change]:
        """The next round, or the last where it has come already."""
        with anyio.fail_after(5):
            await self._more.wait()
        return self.rounds[-1]


@asynccontextmanager
async def running(now: dict[str, Glance], *, interval: float = 0.0) -> AsyncIterator[tuple[Updates, Heard]]:
    """Updates of the sessions in `now`, told to a listener."""
    updates, heard = Updates(now.get, interval=interval), Heard()
    updates.subscribe(heard)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(updates.run)
        yield updates, heard
        tasks.cancel_scope.cancel()


async def settled() -> None:
    """Let every task come to where it waits."""
    await anyio.wait_all_tasks_blocked()


async def test_a_session_comes_changes_in_parts_and_goes() -> None:
    now = {"s1": STOPPED}
    async with running(now) as (updates, heard):
        for glance, expected in (
            (STOPPED, Change("s1", came_or_went=True, state=True, place=True, output=True)),
            (Glance("stopped", "a.py:2", 10), Change("s1", place=True)),
            (Glance("stopped", "a.py:2", 20), Change("s1", output=True)),
            (Glance("running", None, 20), Change("s1", state=True, place=True)),
            (None, Change("s1", came_or_went=True, state=True, place=True, output=True)),
        ):
            now.clear()
            now.update({"s1": glance} if glance is not None else {})
            updates.touch("s1")
            assert await heard.next() == [expected]


async def test_what_is_as_it_was_and_what_never_was_is_not_told() -> None:
    now = {"s1": STOPPED}
    async with running(now) as (updates, heard):
        updates.touch("s1")
        await heard.next()
        updates.touch("s1")
        updates.touch("s9")
        await settled()
        assert len(heard.rounds) == 1


async def test_however_often_a_session_changes_between_two_rounds_it_is_told_once() -> None:
    now = {"s1": STOPPED, "s2": STOPPED}
    async with running(now, interval=3600) as (updates, heard):
        updates.touch("s1")
        await heard.next()
        for printed in range(10_000):
            now["s1"] = Glance("stopped", "a.py:1", printed + 100)
            updates.touch("s1")
            updates.touch("s2")
        await settled()
        assert len(heard.rounds) == 1, "the next round is an hour away"


async def test_the_last_change_before_a_quiet_time_is_told_too() -> None:
    now = {"s1": STOPPED}
    async with running(now, interval=0.01) as (updates, heard):
        for printed in (1, 2, 3):
            now["s1"] = Glance("stopped", "a.py:1", printed)
            updates.touch("s1")
            await heard.next()
        assert heard.rounds[-1] == [Change("s1", output=True)]


async def test_who_has_left_hears_no_more_and_may_leave_twice() -> None:
    now = {"s1": STOPPED}
    async with running(now) as (updates, heard):
        gone = Heard()
        leave = updates.subscribe(gone)
        leave()
        leave()
        updates.touch("s1")
        await heard.next()
        assert gone.rounds == []


async def test_a_listener_that_fails_or_hangs_is_told_nothing_more_and_the_others_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LISTENER_SECONDS", 0.01)
    calls = []

    async def fails(changes: Sequence[Change]) -> None:
        calls.append("fails")
        raise RuntimeError("no")

    async def hangs(changes: Sequence[Change]) -> None:
        calls.append("hangs")
        await anyio.sleep_forever()

    now = {"s1": STOPPED}
    async with running(now) as (updates, _):
        last = Heard()
        for listener in (fails, hangs, last):
            updates.subscribe(listener)
        updates.touch("s1")
        await last.next()
        now["s1"] = Glance("exited", None, 10)
        updates.touch("s1")
        await last.next()
    assert calls == ["fails", "hangs"]
