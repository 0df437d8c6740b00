"""What a caller hears while its call waits: in time, in order, and never at the cost of the call."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from mcp_debug_tool.errors import TargetError
from mcp_debug_tool.journal import Journal
from mcp_debug_tool.masking import DEFAULT
from mcp_debug_tool.protocol.state import State
from mcp_debug_tool.tools import progress
from mcp_debug_tool.tools.progress import Progress

pytestmark = pytest.mark.anyio


class Caller:
    """Has asked for progress; a context as far as Progress looks at it."""

    def __init__(self, **meta: Any) -> None:
        self.request_context = SimpleNamespace(
            meta=meta or {"progress_token": 1}, lifespan_context=SimpleNamespace(masks=DEFAULT)
        )
        self.told: list[tuple[float, float, str]] = []
        self._news = anyio.Event()

    async def report_progress(self, value: float, total: float, message: str) -> None:
        self.told.append((value, total, message))
        news, self._news = self._news, anyio.Event()
        news.set()

    async def hears(self, times: int) -> str:
        while len(self.told) < times:
            await self._news.wait()
        return "came back"


class Deaf(Caller):
    async def report_progress(self, value: float, total: float, message: str) -> None:
        await anyio.sleep_forever()


class Gone(Caller):
    def __init__(self) -> None:
        super().__init__()
        self.asked = anyio.Event()

    async def report_progress(self, value: float, total: float, message: str) -> None:
        self.asked.set()
        raise anyio.BrokenResourceError


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for seconds here."""
    monkeypatch.setattr(progress, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0.002)


def of(caller: Any) -> Progress:
    return Progress(caller)


def session(output: str = "", **more: Any) -> Any:
    """What is told of one."""
    journal = Journal()
    journal.add("stdout", output.encode())
    return SimpleNamespace(**{"id": "s1", "state": State.RUNNING, "repeat": None, "journal": journal, **more})


@pytest.mark.usefixtures("at_once")
async def test_who_has_not_asked_is_told_nothing() -> None:
    caller = Caller(other="key")

    async def wait() -> str:
        await anyio.wait_all_tasks_blocked()
        return "came back"

    assert await of(caller).of_beginning("starting", 20, wait) == "came back"
    assert caller.told == []


@pytest.mark.usefixtures("at_once")
async def test_it_goes_up_towards_what_the_call_may_take() -> None:
    caller = Caller()
    with anyio.fail_after(5):
        assert await of(caller).of_beginning("starting", 20, lambda: caller.hears(4)) == "came back"
    values = [value for value, _, _ in caller.told]
    assert values == sorted(set(values))
    assert all(value <= total and 20 <= total < 26 for value, total, _ in caller.told)
    assert caller.told[0][2] == "starting, waited 0 s"


@pytest.mark.usefixtures("at_once")
async def test_it_goes_on_from_one_wait_of_a_call_to_the_next() -> None:
    caller = Caller()
    waits = of(caller)
    with anyio.fail_after(5):
        await waits.of_beginning("starting", 1, lambda: caller.hears(2))
        before = len(caller.told)
        await waits.of_session(session(), 2, lambda: caller.hears(before + 2))
    values = [value for value, _, _ in caller.told]
    assert values == sorted(set(values))
    assert {message.partition(",")[0] for _, _, message in caller.told} == {"starting", "s1 running"}


@pytest.mark.usefixtures("at_once")
async def test_it_tells_the_state_the_time_and_the_last_line_of_output() -> None:
    caller = Caller()
    with anyio.fail_after(5):
        await of(caller).of_session(session("one\n 12 of 40\x07 \n\n"), 20, lambda: caller.hears(1))
    assert caller.told[0][2] == "s1 running, waited 0 s; last output: 12 of 40\\x07"


@pytest.mark.usefixtures("at_once")
async def test_of_a_repeated_run_it_tells_which_it_is() -> None:
    caller, repeated = Caller(), session(repeat=SimpleNamespace(describe=lambda: "run 3 of 100"))
    with anyio.fail_after(5):
        await of(caller).of_session(repeated, 20, lambda: caller.hears(1))
    assert caller.told[0][2] == "s1 run 3 of 100, waited 0 s"


async def test_a_call_that_is_soon_over_tells_nothing() -> None:
    caller = Caller()
    await of(caller).of_session(session("out"), 20, anyio.lowlevel.checkpoint)
    assert caller.told == []


@pytest.mark.usefixtures("at_once")
async def test_a_caller_that_does_not_read_holds_nothing_up() -> None:
    with anyio.fail_after(5):
        await of(Deaf()).of_beginning("starting", 20, lambda: anyio.sleep(0.01))


@pytest.mark.usefixtures("at_once")
async def test_news_that_cannot_be_sent_leave_the_call_as_it_is() -> None:
    caller = Gone()

    async def wait() -> str:
        await caller.asked.wait()
        await anyio.sleep(0.01)
        return "came back"

    with anyio.fail_after(5):
        assert await of(caller).of_beginning("starting", 20, wait) == "came back"


async def test_an_error_of_ours_comes_out_as_it_is() -> None:
    async def fail() -> None:
        raise TargetError("no such program")

    with pytest.raises(TargetError, match="no such program"):
        await of(Caller()).of_beginning("starting", 20, fail)


@pytest.mark.usefixtures("at_once")
async def test_nothing_is_told_of_a_call_that_was_cancelled() -> None:
    caller = Caller()
    with anyio.CancelScope() as scope:

        async def until_cancelled() -> None:
            await caller.hears(1)
            scope.cancel()
            await anyio.sleep_forever()

        with anyio.fail_after(5):
            await of(caller).of_beginning("starting", 20, until_cancelled)
    assert scope.cancelled_caught
    told = len(caller.told)
    await anyio.sleep(0.02)
    assert len(caller.told) == told
