"""Where breakpoints in templates come to once an engine can tell, and what counts as coming to a line anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mcp_debug_tool.debuggee import events
from mcp_debug_tool.debuggee.stopping import breakpoints
from mcp_debug_tool.debuggee.stopping.template_stops import TemplateStops

PAGE = "/app/page.html"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the agent is told; the rules are set without pydevd."""
    notes: list[str] = []
    monkeypatch.setattr(breakpoints, "count_library_as_user_code", lambda _: {})
    monkeypatch.setattr(events, "send", lambda name, body: notes.append(body["text"]))
    breakpoints.forget()
    yield notes
    breakpoints.forget()


def placed(stops: TemplateStops, wanted: dict[int, list[str]], lines: set[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = stops._placed(PAGE, wanted, lines)
    return found


def test_breakpoints_come_to_the_next_line_that_can_be_stopped_at_and_that_is_told_once(told: list[str]) -> None:
    keys = {line: [f"{PAGE}:{line}"] for line in (1, 2, 9)}
    breakpoints.set_table({key: [{"id": f"b{line}"}] for line, (key,) in keys.items()}, [])
    stops = TemplateStops()
    for _ in range(2):
        assert placed(stops, keys, {2, 5}) == {2: [f"{PAGE}:1", f"{PAGE}:2"]}
    assert told == [
        "b1 in page.html: moved from line 1 to 2",
        f"b9 in page.html: nothing at or after line 9 of {PAGE} is rendered as code; "
        "the last line that can be stopped at is 5",
    ]
    assert stops.movements() == {
        f"{PAGE}:1": {"moved": 2, "text": ""},
        f"{PAGE}:9": {"moved": 0, "text": ""},
    }
    stops.forget()
    assert stops.movements() == {}


def test_a_breakpoint_of_our_own_moves_in_silence(told: list[str]) -> None:
    breakpoints.set_table({f"{PAGE}:1": [{"id": "u1"}]}, [])
    assert placed(TemplateStops(), {1: [f"{PAGE}:1"]}, {2}) == {2: [f"{PAGE}:1"]}
    assert told == []


def test_where_an_engine_cannot_tell_breakpoints_stay(told: list[str]) -> None:
    assert placed(TemplateStops(), {1: [f"{PAGE}:1"]}, set()) == {1: [f"{PAGE}:1"]}
    assert told == []


def test_several_tags_of_a_line_are_one_pass_and_the_first_again_begins_the_next() -> None:
    stops = TemplateStops()
    comes: Any = stops._comes_anew
    line, other = (PAGE, 3), (PAGE, 4)
    assert [comes(line, part) for part in ("a", "b", "c")] == [True, False, False]
    assert [comes(line, part) for part in ("a", "b")] == [True, False]
    assert comes(other, "d")
    assert comes(line, "b")


def test_an_engine_that_knows_lines_only_comes_anew_each_time() -> None:
    comes: Any = TemplateStops()._comes_anew
    assert comes((PAGE, 3), None)
    assert comes((PAGE, 3), None)
