"""What is known of a stop, made from DAP and from what the program tells; which variables have changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcp_debug_tool.stops import (
    Changes,
    Frame,
    FrameView,
    Link,
    Stop,
    frame_from_dap,
    link_from_program,
    view_from_program,
)

FRAME = Frame(1, "total", "/app/bill.py", 12)


def stop_with(frame: Frame = FRAME, depth: int = 1, **variables: str) -> Stop:
    """A stop in `frame`, `depth` frames deep, with these locals."""
    frames = (frame, *(replace(frame, id=number, function="caller") for number in range(2, depth + 1)))
    return Stop("step", 1, frames, (FrameView(frame, tuple(variables.items())),))


def test_a_dap_frame_becomes_ours() -> None:
    body = {"id": 5, "name": "main", "line": 3, "source": {"path": "/app/main.py", "name": "main.py"}}
    assert frame_from_dap(body) == Frame(5, "main", "/app/main.py", 3, user=True)


def test_a_subtle_frame_is_library_code() -> None:
    assert not frame_from_dap({"id": 5, "name": "loads", "line": 3, "presentationHint": "subtle"}).user


def test_pydevds_mark_on_the_current_frame_is_taken_off_its_name() -> None:
    assert frame_from_dap({"id": 5, "name": "main (Current frame)", "line": 3}).function == "main"


@pytest.mark.parametrize("source", [None, {}, {"path": None}, {"path": ""}])
def test_a_frame_without_a_source_is_shown_as_unknown(source: object) -> None:
    assert frame_from_dap({"id": 5, "source": source}) == Frame(5, "?", "?", 0)


def test_a_frame_with_only_a_source_name_is_shown_by_it() -> None:
    assert frame_from_dap({"id": 5, "name": "f", "line": 1, "source": {"name": "<string>"}}).file == "<string>"


def test_an_exception_link_says_where_it_was_raised_and_how_it_led_here() -> None:
    entry = {"type": "ValueError", "message": "bad", "at": ["/a.py", 4, "f"], "because": "caused by"}
    assert link_from_program(entry) == Link("ValueError", "bad", "/a.py", 4, "f", "caused by")


def test_an_exception_link_holds_its_notes() -> None:
    assert link_from_program({"type": "E", "message": "", "notes": ["one", "two"]}).notes == ("one", "two")


def test_an_exception_link_need_not_have_a_place() -> None:
    assert link_from_program({"type": "ValueError", "message": ""}) == Link("ValueError", "")


def test_a_view_holds_what_the_program_told_of_a_frame() -> None:
    entry = {"locals": [["a", "1"], ["b", "'x'"]], "more": 3, "hidden": 2, "source": [10, ["a = 1", "b = 'x'"]]}
    assert view_from_program(FRAME, entry) == FrameView(
        FRAME, (("a", "1"), ("b", "'x'")), more=3, hidden=2, first_line=10, source=("a = 1", "b = 'x'")
    )


@pytest.mark.parametrize("entry", [{}, {"locals": [], "source": []}])
def test_a_view_of_a_frame_without_locals_or_source_is_empty(entry: dict[str, object]) -> None:
    assert view_from_program(FRAME, entry) == FrameView(FRAME)


def test_a_stop_stands_in_its_innermost_frame_or_in_none() -> None:
    assert stop_with(depth=3).frame is FRAME
    assert Stop("pause", 1, ()).frame is None


def test_a_changed_variable_comes_with_its_old_value() -> None:
    changes = Changes()
    assert changes.since_last(stop_with(a="1", b="2")) == {}
    assert changes.since_last(stop_with(a="1", b="3")) == {"b": "2"}
    assert changes.since_last(stop_with(a="1", b="3")) == {}


def test_a_new_variable_and_one_that_is_gone_are_no_changes() -> None:
    changes = Changes()
    changes.since_last(stop_with(a="1", gone="0"))
    assert changes.since_last(stop_with(a="1", new="9")) == {}


def test_frames_of_other_functions_files_and_depths_are_not_compared() -> None:
    changes = Changes()
    changes.since_last(stop_with(a="1"))
    assert changes.since_last(stop_with(replace(FRAME, function="other"), a="2")) == {}
    assert changes.since_last(stop_with(replace(FRAME, file="/app/other.py"), a="2")) == {}
    assert changes.since_last(stop_with(depth=2, a="2")) == {}
    assert changes.since_last(stop_with(replace(FRAME, line=99, id=7), a="2")) == {"a": "1"}


def test_processes_are_not_compared_with_each_other() -> None:
    changes = Changes()
    changes.since_last(replace(stop_with(a="1"), process="p1"))
    assert changes.since_last(replace(stop_with(a="2"), process="p1.1")) == {}
    assert changes.since_last(replace(stop_with(a="3"), process="p1")) == {"a": "1"}


def test_a_function_is_compared_with_its_own_last_stop_after_a_stop_elsewhere() -> None:
    changes = Changes()
    changes.since_last(stop_with(a="1"))
    changes.since_last(stop_with(replace(FRAME, function="other"), a="5"))
    assert changes.since_last(stop_with(a="2")) == {"a": "1"}


def test_nothing_is_compared_after_forgetting() -> None:
    changes = Changes()
    changes.since_last(stop_with(a="1"))
    changes.forget()
    assert changes.since_last(stop_with(a="2")) == {}


def test_a_stop_without_frames_or_views_changes_nothing_and_is_not_remembered() -> None:
    changes = Changes()
    changes.since_last(stop_with(a="1"))
    assert changes.since_last(Stop("pause", 1, ())) == {}
    assert changes.since_last(Stop("pause", 1, (FRAME,))) == {}
    assert changes.since_last(stop_with(a="2")) == {"a": "1"}
