"""What an agent reads: bounded, visible, and the same facts as text and as data."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_debug_tool import views
from mcp_debug_tool.breakpoints import Breakpoint, BreakpointSpec, Place, Report
from mcp_debug_tool.journal import Excerpt
from mcp_debug_tool.stops import Exit, Frame, FrameView, Link, Stop, TestFailure
from mcp_debug_tool.subjects import Stack
from mcp_debug_tool.views import PAGE_BYTES, Answer, Scene
from mcp_debug_tool.whereabouts import Group, Whereabouts

CWD = "/home/u/project"
NOTHING = Excerpt("", 0)
# Of each width in UTF-8, and one that is written as an escape.
ALPHABETS = ["x", "é", "漢", "😀", "\x1b"]


def frames(count: int, *, file: str = f"{CWD}/app.py", function: str = "function") -> tuple[Frame, ...]:
    """A stack of the user's frames."""
    return tuple(Frame(number, f"{function}_{number}", file, number + 1) for number in range(count))


def group(name: str, state: str = "running") -> Group:
    """One thread at the second of the user's lines."""
    return Group("thread", (name,), 1, state, tuple(enumerate(frames(2))))


def stop(**fields: Any) -> Stop:
    """A stop; by default at line 3 of `total` with two locals."""
    frame = Frame(1, "total", f"{CWD}/app.py", 3)
    view = FrameView(
        frame,
        (("a", "1"), ("b", "'x'")),
        first_line=1,
        source=("def total():", "    a = 1", "    b = 'x'", "    return a"),
    )
    usual: dict[str, Any] = {
        "reason": "step",
        "thread_id": 1,
        "frames": (frame,),
        "views": (view,),
        "thread_name": "MainThread",
    }
    return Stop(**{**usual, **fields})


def scene(output: str | Excerpt = "", **fields: Any) -> Scene:
    """What stands beside a stop."""
    excerpt = Excerpt(output, len(output.encode())) if isinstance(output, str) else output
    return Scene("s1", CWD, excerpt, **fields)


def hostile(letter: str, **fields: Any) -> Stop:
    """A stop in a program that does all it can to fill the page."""
    stack = frames(100)
    view = FrameView(
        stack[0],
        tuple((f"name_{number}", letter * 200) for number in range(80)),
        more=7,
        first_line=1,
        source=tuple(letter * 200 for _ in range(6)),
    )
    return stop(frames=stack, views=(view,), **fields)


def wire_size(answer: Answer) -> int:
    """The larger of the two forms, in bytes as they are sent."""
    data = json.dumps(answer.data(), ensure_ascii=False, separators=(",", ":"))
    return max(len(data.encode()), len(answer.text().encode()))


# --- characters -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢 😀", "plain é 漢 😀"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("dos\r\nlines", "dos\nlines"),
        ("over\rwritten", "over\\rwritten"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("nul\0", "nul\\x00"),
        ("right\u202eleft", "right\\u202eleft"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("line\u2028end\x85", "line\\u2028end\\x85"),
        ("half \ud83d", "half \\ud83d"),
        ("\U000e0041", "\\U000e0041"),
        ("", ""),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert views.visible(text) == shown


@settings(deadline=None)
@given(st.text(st.characters(blacklist_categories=[]), max_size=60))
def test_nothing_invisible_but_line_ends_and_tabs_is_ever_shown(text: str) -> None:
    shown = views.visible(text)
    assert all(character.isprintable() or character in "\n\t" for character in shown)
    assert views.visible(shown) == shown


@settings(deadline=None)
@given(st.text(st.characters(blacklist_categories=[]), max_size=60), st.integers(min_value=1, max_value=40))
def test_a_cut_text_is_one_visible_line_within_its_limit(text: str, limit: int) -> None:
    line = views.cut(text, limit)
    assert len(line) <= limit
    assert line.isprintable()


def test_a_cut_text_ends_in_a_mark_and_a_short_one_does_not() -> None:
    assert views.cut("abcdef", 6) == "abcdef"
    assert views.cut("abcdefg", 6) == "abcde…"
    assert views.cut("a\n\tb", 9) == "a\\n\\tb"


@settings(deadline=None)
@given(st.text("ab…\n😀", max_size=120), st.integers(min_value=41, max_value=80))
def test_a_cut_value_is_one_visible_line_within_its_limit(text: str, limit: int) -> None:
    line = views.cut_value(text, limit)
    assert len(line) <= limit
    assert "\n" not in line


def test_a_cut_value_keeps_the_note_on_how_much_there_is_of_it() -> None:
    value = "[" + "0, " * 30 + "… 1,000,000 in all]"
    shown = views.cut_value(value, 60)
    assert shown.startswith("[0, 0, ")
    assert shown.endswith("… 1,000,000 in all]")
    assert 57 <= len(shown) <= 60


def test_a_cut_value_is_not_cut_within_one_of_its_parts() -> None:
    assert views.cut_value("[" + "12345, " * 20 + "…]", 30) == "[12345, 12345, 12345, …]"
    text = "'" + "a, b" * 30 + "… (5,000 chars)"
    assert len(views.cut_value(text, 61)) == 61


@pytest.mark.parametrize(
    ("file", "cwd", "shown"),
    [
        (f"{CWD}/pkg/app.py", CWD, "pkg/app.py"),
        (f"{CWD}/app.py", f"{CWD}/", "app.py"),
        (f"{CWD}-other/app.py", CWD, f"{CWD}-other/app.py"),
        ("/app.py", "/", "app.py"),
        ("<string>", CWD, "<string>"),
        (f"{CWD}/\x1b.py", CWD, "\\x1b.py"),
    ],
)
def test_a_path_is_relative_below_the_folder_and_absolute_elsewhere(file: str, cwd: str, shown: str) -> None:
    assert views.path(file, cwd) == shown


# --- a stop ---------------------------------------------------------------------------------------------------


def test_a_stop_page_tells_why_where_and_with_what() -> None:
    answer = views.stop_page(stop(breakpoints=(("b1", 2), ("b2", 1))), scene("hello\n"))
    assert answer.headline == "s1 stopped: breakpoint b1 (hit 2), b2 (hit 1) at app.py:3 in total"
    assert answer.data() == {
        "session": "s1",
        "state": "stopped",
        "reason": "breakpoint b1 (hit 2), b2 (hit 1)",
        "at": "app.py:3 in total",
        "source": "  1 def total():\n  2     a = 1\n> 3     b = 'x'\n  4     return a",
        "locals": {"a": "1", "b": "'x'"},
        "output": "hello\n",
        "next": views.NEXT_AT_STOP,
    }


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "step"),
        ({"reason": "entry"}, "entry"),
        ({"reason": "exception", "exception": (Link("E", ""),)}, "raised exception"),
        ({"reason": "exception", "exception": (Link("E", ""),), "uncaught": True}, "uncaught exception"),
        ({"reason": "exception", "exception": (Link("E", ""),), "unhandled": True}, "user-unhandled exception"),
        (
            {"reason": "pdb.post_mortem() in the program", "exception": (Link("E", ""),), "uncaught": True},
            "pdb.post_mortem() in the program",
        ),
        ({"exception": (Link("E", ""),), "breakpoints": (("b1", 1),)}, "raised exception, breakpoint b1 (hit 1)"),
        ({"breakpoints": (("b1", 1),), "reason": "step"}, "breakpoint b1 (hit 1)"),
        ({"breakpoints": (("b1", 1),), "reason": "goto"}, "goto"),
    ],
)
def test_the_reason_of_a_stop_is_a_few_words(fields: dict[str, Any], reason: str) -> None:
    assert views.stop_reason(stop(**fields)) == reason


def test_a_stop_without_python_frames_is_still_a_page() -> None:
    answer = views.stop_page(stop(frames=(), views=(), reason="pause", note="in C code"), scene())
    assert answer.data()["at"] == "no Python frame"
    assert answer.data()["notes"] == ["in C code"]


def test_a_crash_says_what_can_be_done_after_it() -> None:
    page = views.stop_page(stop(exception=(Link("E", "bad"),), uncaught=True), scene())
    assert page.data()["next"] == views.NEXT_AT_CRASH


def test_another_thread_than_the_main_one_is_named() -> None:
    assert "thread" not in views.stop_page(stop(), scene()).data()
    assert views.stop_page(stop(thread_name="worker\n1"), scene()).data()["thread"] == "worker\\n1"


def test_the_process_is_named_where_there_are_several() -> None:
    assert "process" not in views.stop_page(stop(), scene()).data()
    answer = views.stop_page(stop(), replace(scene(), process="p1.2 -m worker\x1b"))
    assert answer.data()["process"] == "p1.2 -m worker\\x1b"
    assert "p1.2" in answer.text()


@pytest.mark.parametrize(
    ("link", "line"),
    [
        (Link("ValueError", "bad\nthing"), "ValueError: bad\\nthing"),
        (Link("ValueError", ""), "ValueError"),
        (Link("E", "m", f"{CWD}/a.py", 4, "f"), "E: m, raised at a.py:4 in f"),
        (Link("E", "m", "/lib/a.py", 4, "f", "caused by"), "caused by E: m, raised at /lib/a.py:4 in f"),
    ],
)
def test_an_exception_is_one_line(link: Link, line: str) -> None:
    assert views.exception_line(link, CWD, 300) == line


def test_notes_stand_below_their_exception() -> None:
    links = (Link("E", "m", notes=("one\nline", "two")), Link("F", "", because="caused by"))
    data = views.stop_page(stop(exception=links), scene()).data()
    assert data["exception"] == ["E: m", "note: one\\nline", "note: two", "caused by F"]


def test_lines_of_exceptions_are_as_many_as_there_is_room_for() -> None:
    links = tuple(Link("E", str(number), notes=("n",) * 4) for number in range(12))
    data = views.stop_page(stop(exception=links), scene()).data()
    assert len(data["exception"]) == 20
    assert data["exception"][-1] == "… 41 more lines"
    assert len(views.stop_page(stop(exception=links), scene(), full=True).data()["exception"]) == 40


def test_a_deep_stack_says_how_deep_it_is() -> None:
    data = views.stop_page(stop(frames=frames(100), depth=3000), scene()).data()
    assert data["stack"][-1] == "2995 more: get_stack"


def test_a_changed_variable_shows_what_it_was() -> None:
    answer = views.stop_page(stop(), scene(changed={"b": "'old'", "gone": "1"}))
    assert answer.data()["locals"] == {"a": "1", "b": "'x' (was 'old')"}


def test_what_came_back_stands_behind_the_variables() -> None:
    answer = views.stop_page(stop(returned=(("discount", "12.5"), ("Order.total", "99"))), scene("printed"))
    names = list(answer.data())
    assert names.index("returned") == names.index("locals") + 1
    assert answer.data()["returned"] == {"discount": "12.5", "Order.total": "99"}
    assert "returned:\n  discount = 12.5\n  Order.total = 99\noutput" in answer.text()


def test_a_stop_at_which_nothing_came_back_does_not_speak_of_it() -> None:
    assert "returned" not in views.stop_page(stop(), scene()).data()


def test_what_came_back_last_is_kept_where_there_is_no_room_for_all() -> None:
    returned = tuple((f"{number}{'漢' * 200}", "漢" * 200) for number in range(8))
    shown = views.stop_page(hostile("漢", returned=returned), scene("漢" * 500)).data()["returned"]
    assert [name[0] for name in shown] == ["…", *"01234567"[-(len(shown) - 1) :]]
    assert shown["…"] == f"{8 - (len(shown) - 1)} before"


def test_changed_variables_come_first_when_there_is_no_room_for_all() -> None:
    view = FrameView(frames(1)[0], tuple((f"v{number}", "1") for number in range(60)))
    answer = views.stop_page(stop(frames=(view.frame,), views=(view,)), scene(changed={"v59": "0"}))
    names = list(answer.data()["locals"])
    assert names[:2] == ["v59", "v0"]
    assert names[-1] == "…"
    assert answer.data()["locals"]["…"] == f"{60 - (len(names) - 1)} more: get_variables"


def test_variables_the_program_itself_left_out_are_counted() -> None:
    view = FrameView(frames(1)[0], (("a", "1"),), more=5)
    assert views.stop_page(stop(frames=(view.frame,), views=(view,)), scene()).data()["locals"] == {
        "a": "1",
        "…": "5 more: get_variables",
    }


def test_the_frames_of_a_crash_are_shown_with_their_place_in_the_stack() -> None:
    stack = frames(3)
    seen = tuple(FrameView(frame, (("x", str(frame.id)),)) for frame in (stack[0], stack[2]))
    data = views.stop_page(stop(frames=stack, views=seen), scene()).data()
    assert (data["locals"], data["locals of #2"]) == ({"x": "0"}, {"x": "2"})


def test_source_shows_the_lines_around_and_marks_the_current_one() -> None:
    frame = Frame(1, "f", "/a.py", 10)
    view = FrameView(frame, first_line=8, source=("eight", "nine\t", "ten", "", "twelve"))
    assert views.source(view, 1) == "   9 nine\n> 10 ten"
    assert views.source(view, 2).splitlines() == ["   8 eight", "   9 nine", "> 10 ten", "  11", "  12 twelve"]
    assert views.source(FrameView(frame), 3) == ""


def test_a_source_line_keeps_its_tabs_and_is_cut() -> None:
    assert views.cut_source("\tif x:\x0c") == "\tif x:\\x0c"
    assert views.cut_source("x" * 140) == "x" * 140
    assert views.cut_source("x" * 141) == "x" * 139 + "…"


def test_a_stack_shows_the_users_frames_and_counts_the_others() -> None:
    library = Frame(9, "loads", "/lib/json.py", 1, user=False)
    mine = frames(2)
    assert views.stack_lines((library, mine[0], library, library, mine[1]), CWD, 5) == [
        "#0 loads /lib/json.py:1",
        "#1 function_0 app.py:1",
        "#4 function_1 app.py:2",
        "2 more: get_stack",
    ]
    assert views.stack_lines(mine, CWD, 5) == ["#0 function_0 app.py:1", "#1 function_1 app.py:2"]
    assert views.stack_lines(mine, CWD, 1) == ["#0 function_0 app.py:1", "1 more: get_stack"]
    assert views.stack_lines((), CWD, 5) == []


def test_the_last_of_the_output_is_shown_with_how_much_is_before_it() -> None:
    assert views.tail(Excerpt("abc", 3), 3) == "abc"
    assert views.tail(Excerpt("abcdef", 6), 3) == "(… 3 bytes before this: get_output)\ndef"
    assert views.tail(Excerpt("abc", 2003, dropped=2000), 3) == "(… 2,000 bytes before this: get_output)\nabc"
    assert views.tail(Excerpt("abcdef", 106, dropped=100), 3).startswith("(… 103 bytes")
    assert views.tail(NOTHING, 3) == ""


def test_output_that_was_cut_names_the_resource_that_has_all_of_it() -> None:
    uri = "debug://sessions/s1/output"
    for cut in (Excerpt("x" * 5000, 5000), Excerpt("abc", 2003, dropped=2000)):
        pages = [views.running_page(scene(output=cut), 1.0), views.exit_page(Exit(0), scene(output=cut))]
        for answer in pages:
            assert answer.data()["all output"] == uri
            assert f"all output: {uri}" in answer.text()
    assert "all output" not in views.running_page(scene(output=Excerpt("abc", 3)), 1.0).data()
    assert views.output_page("s1", "running", Excerpt("abc", 3, left=7)).data()["all output"] == uri
    assert "all output" not in views.output_page("s1", "running", Excerpt("abc", 3)).data()


def test_a_look_at_a_running_program_has_not_waited() -> None:
    answer = views.running_page(scene(), None)
    assert answer.headline == "s1 running"
    assert "waited" not in answer.data()


@pytest.mark.parametrize("code", ["\x1b[0m", "\x1b[m", "\x1b[31;1m", "\x1b[38;5;208m"])
def test_colours_of_the_output_are_left_out(code: str) -> None:
    assert views.answer.uncoloured(f"{code}red{code}") == "red"
    coloured = Excerpt(f"{code}FAILED{code}\n", 20)
    assert views.tail(coloured, 7) == "FAILED\n"
    assert views.output_page("s1", "running", coloured).data()["output"] == "FAILED\n"


@pytest.mark.parametrize("code", ["\x1b[2J", "\x1b]0;title\x07", "\x1b[1;1H", "\x1b"])
def test_other_codes_for_a_terminal_are_shown(code: str) -> None:
    assert views.answer.uncoloured(code) == code
    assert views.tail(Excerpt(code, 5), 40) == views.visible(code)


def test_bytes_before_the_shown_output_are_counted_in_bytes() -> None:
    assert views.tail(Excerpt("é" * 5, 10), 3).startswith("(… 4 bytes before this")


# --- a failed test --------------------------------------------------------------------------------------------

TEST_ID = "tests/test_cart.py::test_total[2]"
EXPLANATION = ("assert 3 == 4", " +  where 3 = total([1, 2])", " +    where total = cart.total")
FAILED = TestFailure(TEST_ID, "call", EXPLANATION, (("cart", "<Cart of 2>"), ("price", "'€ 3'")))


def failed_test(test: TestFailure = FAILED, **fields: Any) -> Stop:
    """A stop at the assertion that made a test fail."""
    error = Link("AssertionError", "\n".join(test.explanation) or "bad", f"{CWD}/app.py", 3, "total")
    return stop(**{"reason": "exception", "exception": (error,), "uncaught": True, "test": test, **fields})


def hostile_test(letter: str) -> TestFailure:
    """A test that does all it can to fill the page."""
    explanation = tuple(letter * 500 for _ in range(200))
    return TestFailure(
        "t.py::" + letter * 3000, "teardown", explanation, tuple((f"f{n}", letter * 2000) for n in range(60))
    )


def test_the_page_of_a_failed_test_tells_assertion_and_fixtures() -> None:
    answer = views.stop_page(failed_test(), scene())
    data = answer.data()
    assert data["reason"] == f"test failed: {TEST_ID}"
    assert answer.headline == f"s1 stopped: test failed: {TEST_ID} at app.py:3 in total"
    assert data["assertion"] == list(EXPLANATION)
    assert data["fixtures"] == {"cart": "<Cart of 2>", "price": "'€ 3'"}
    assert data["next"] == views.state.NEXT_AT_TEST


@pytest.mark.parametrize(
    ("when", "end"), [("call", TEST_ID), ("setup", f"{TEST_ID}, in setup"), ("teardown", f"{TEST_ID}, in teardown")]
)
def test_the_reason_says_in_which_phase_a_test_failed_unless_in_its_call(when: str, end: str) -> None:
    assert views.stop_reason(failed_test(replace(FAILED, when=when))) == f"test failed: {end}"


def test_a_breakpoint_that_stopped_it_is_told_rather_than_the_test() -> None:
    assert views.stop_reason(failed_test(breakpoints=(("b1", 1),))) == "raised exception, breakpoint b1 (hit 1)"


def test_an_assertion_that_is_explained_is_one_line_among_the_exceptions() -> None:
    data = views.stop_page(failed_test(), scene()).data()
    assert data["exception"] == ["AssertionError: assert 3 == 4, raised at app.py:3 in total"]


def test_the_exceptions_behind_an_explained_assertion_keep_their_messages() -> None:
    cause = Link("KeyError", "'a\nb'", because="caused by")
    stopped = failed_test()
    data = views.stop_page(replace(stopped, exception=(*stopped.exception, cause)), scene()).data()
    assert data["exception"][1] == "caused by KeyError: 'a\\nb'"


def test_an_exception_without_an_explanation_keeps_its_message() -> None:
    error = Link("ValueError", "bad\nvalue")
    data = views.stop_page(failed_test(TestFailure(TEST_ID), exception=(error,)), scene()).data()
    assert data["exception"] == ["ValueError: bad\\nvalue"]
    assert "assertion" not in data
    assert "fixtures" not in data


def test_explained_lines_without_an_exception_are_still_a_page() -> None:
    data = views.stop_page(failed_test(exception=()), scene()).data()
    assert "exception" not in data
    assert data["assertion"] == list(EXPLANATION)


def test_lines_of_an_assertion_and_fixtures_for_which_there_is_no_room_are_counted() -> None:
    lines = tuple(f"line {number}" for number in range(40))
    fixtures = tuple((f"f{number}", "1") for number in range(50))
    data = views.stop_page(failed_test(TestFailure(TEST_ID, "call", lines, fixtures)), scene()).data()
    shown = data["assertion"][:-1]
    assert shown == list(lines[: len(shown)])
    assert data["assertion"][-1] == f"… {40 - len(shown)} more lines"
    assert next(iter(data["fixtures"])) == "f0"
    assert data["fixtures"]["…"] == f"{50 - (len(data['fixtures']) - 1)} more"


@pytest.mark.parametrize("letter", ALPHABETS)
def test_the_page_of_a_hostile_test_fits_and_says_what_it_cut(letter: str) -> None:
    stopped = hostile(letter, reason="exception", exception=(Link("AssertionError", letter * 3000),), uncaught=True)
    answer = views.stop_page(replace(stopped, test=hostile_test(letter)), scene(letter * 5000))
    assert wire_size(answer) <= PAGE_BYTES
    data = answer.data()
    assert data["reason"].startswith("test failed: t.py::")
    assert data["reason"].endswith("…")
    assert data["assertion"][-1] == f"… {200 - (len(data['assertion']) - 1)} more lines"
    assert data["fixtures"]["…"] == f"{60 - (len(data['fixtures']) - 1)} more"
    assert data["next"] == views.state.NEXT_AT_TEST


def test_a_full_page_of_a_failed_test_shows_more_of_its_assertion_and_fixtures() -> None:
    stopped = failed_test(hostile_test("x"))
    page, full = (views.stop_page(stopped, scene(), full=full).data() for full in (False, True))
    assert len(full["assertion"]) > len(page["assertion"])
    assert len(full["fixtures"]) > len(page["fixtures"])


# --- the size of a page ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", ALPHABETS)
def test_a_page_of_a_hostile_program_fits_and_says_what_it_cut(letter: str) -> None:
    returned = tuple((f"{number}{letter * 200}", letter * 200) for number in range(8))
    answer = views.stop_page(hostile(letter, returned=returned), scene(letter * 5000))
    assert wire_size(answer) <= PAGE_BYTES
    data = answer.data()
    shown = {name: value for name, value in data["locals"].items() if name != "…"}
    assert data["locals"]["…"] == f"{80 - len(shown) + 7} more: get_variables"
    assert all(value.endswith("…") for value in shown.values())
    assert data["stack"][-1].startswith(f"{100 - (len(data['stack']) - 1)} more")
    assert data["output"].startswith("(… ")
    assert "bytes before this: get_output)" in data["output"]
    assert all(line.endswith("…") for line in data["source"].splitlines())
    assert data["next"] == views.NEXT_AT_STOP


@pytest.mark.parametrize(
    "fields",
    [
        {"exception": tuple(Link("ValueError", "漢" * 600, because="caused by") for _ in range(6))},
        {"errors": tuple("漢" * 500 for _ in range(4))},
        {"frames": frames(100, function="漢" * 100)},
        {"frames": frames(100, file="/" + "long" * 250 + ".py")},
        {"exception": (Link("T" * 9000, ""),)},
        {"exception": tuple(Link("漢" * 900, "漢" * 900, notes=("漢" * 900,) * 5) for _ in range(16))},
        {"process": "漢" * 3000},
    ],
    ids=["exceptions", "errors", "functions", "paths", "type name", "notes", "process"],
)
def test_a_page_fits_whatever_part_of_it_is_large(fields: dict[str, Any]) -> None:
    full = hostile("漢")
    if "frames" in fields:
        fields = {**fields, "views": (replace(full.views[0], frame=fields["frames"][0]),)}
    assert wire_size(views.stop_page(replace(full, **fields), scene("漢" * 5000))) <= PAGE_BYTES


def test_a_page_in_another_script_has_the_room_that_one_in_english_has() -> None:
    def shown(letter: str) -> int:
        view = FrameView(frames(1)[0], tuple((f"v{number}", letter * 40) for number in range(20)))
        answer = views.stop_page(stop(frames=(view.frame,), views=(view,)), scene())
        assert wire_size(answer) <= PAGE_BYTES
        return len([name for name in answer.data()["locals"] if name != "…"])

    assert shown("é") == shown("x")


def test_a_full_page_is_not_held_to_the_limit() -> None:
    page, full = (views.stop_page(hostile("x"), scene("x" * 5000), full=full) for full in (False, True))
    assert wire_size(full) > PAGE_BYTES >= wire_size(page)
    assert len(full.data()["locals"]) > len(page.data()["locals"])
    assert len(full.data()["output"]) > len(page.data()["output"])


words = st.text(st.characters(blacklist_categories=[]), max_size=220)


@settings(deadline=None, max_examples=60)
@given(
    locals_=st.lists(st.tuples(st.text(min_size=1, max_size=20), words), max_size=80),
    output=words,
    depth=st.integers(min_value=1, max_value=100),
)
def test_a_page_of_any_locals_output_and_depth_fits(locals_: list[tuple[str, str]], output: str, depth: int) -> None:
    stack = frames(depth)
    view = FrameView(stack[0], tuple(locals_))
    answer = views.stop_page(stop(frames=stack, views=(view,)), scene(Excerpt(output, 220)))
    assert wire_size(answer) <= PAGE_BYTES


# --- pages of programs that do not stop -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exit_", "words"),
    [
        (Exit(0), "exit code 0"),
        (Exit(3), "exit code 3"),
        (Exit(-9), "killed by SIGKILL"),
        (Exit(-15, by_us=True), "SIGTERM"),
        (Exit(-11), "crashed with SIGSEGV"),
        (Exit(-6), "crashed with SIGABRT"),
        (Exit(-99), "killed by signal 99"),
        (Exit(None), "has ended"),
    ],
)
def test_an_exit_says_how_it_came_to_be(exit_: Exit, words: str) -> None:
    answer = views.exit_page(exit_, scene())
    assert words in answer.data()["reason"]
    assert words in answer.text()
    code = exit_.returncode
    assert answer.data().get("exit_code") == (code if code is not None and code >= 0 else None)


def test_a_signal_of_ours_and_one_of_somebody_else_are_told_apart() -> None:
    assert views.exit_reason(Exit(-15, by_us=True)) != views.exit_reason(Exit(-15))
    assert "killed" not in views.exit_reason(Exit(-9, by_us=True))


def test_an_exit_nobody_could_see_has_no_code() -> None:
    answer = views.exit_page(Exit(None), scene())
    assert "exit_code" not in answer.data()
    assert "exit code 0" not in answer.text()


def test_a_run_that_never_began_says_why_and_may_be_started_again() -> None:
    answer = views.exit_page(Exit(None, reason="no test is named so\x1b"), scene())
    assert answer.headline == "s1 exited: no test is named so\\x1b"
    assert "exit_code" not in answer.data()
    assert answer.data()["next"] == views.NEXT_EXITED


def test_the_reason_of_an_exit_is_told_rather_than_its_code() -> None:
    answer = views.exit_page(Exit(4, reason="no tests"), scene())
    assert answer.data()["reason"] == "no tests"
    assert answer.data()["exit_code"] == 4


def test_a_program_that_was_attached_to_is_attached_to_again() -> None:
    data = views.exit_page(Exit(None), scene()).data()
    assert "attach" in data["next"]
    assert "restart" not in data["next"]
    assert "attach" not in views.exit_page(Exit(0), scene()).data()["next"]


def test_a_running_program_says_how_long_was_waited_or_what_was_found() -> None:
    waiting = views.running_page(scene(), 2.04)
    assert waiting.headline == "s1 still running after 2.0 s"
    assert waiting.data()["waited"] == "2.0 s"
    found = views.running_page(scene(), 2.0, matched="ready\x1b")
    assert found.data()["matched"] == "ready\\x1b"
    assert "waited" not in found.data()


def test_what_makes_a_server_ready_and_what_was_asked_for_are_told_apart() -> None:
    ready = views.running_page(scene(), 2.0, matched="Running on :8000\n", ready=True)
    assert ready.headline == "s1 running; ready: Running on :8000\\n"
    assert ready.data()["ready"] == "Running on :8000\\n"
    assert "matched" not in ready.data()
    matched = views.running_page(scene(), 2.0, matched="Running on :8000")
    assert matched.headline == "s1 running; output matched: Running on :8000"
    assert matched.data()["matched"] == "Running on :8000"
    assert "ready" not in matched.data()


def test_a_page_without_a_program_says_what_one_has_to_do_to_come() -> None:
    answer = views.running_page(scene(awaited="debugpy.connect(5678)"), 2.0)
    assert answer.headline == "s1 running; waits for a program to connect"
    assert answer.data()["waits for"] == "debugpy.connect(5678)"
    assert "waits for: debugpy.connect(5678)" in answer.text()
    assert "waited" not in answer.data()


@pytest.mark.parametrize("end", ["is answered", "has failed"])
def test_a_request_that_is_over_is_the_headline_of_a_program_that_runs_on(end: str) -> None:
    answer = views.running_page(scene(request_over=end), 2.0)
    assert answer.headline == f"s1 running; the request {end}"
    assert answer.data()["state"] == "running"
    assert "waited" not in answer.data()


def test_of_a_running_program_what_was_asked_for_is_told_before_the_request() -> None:
    found = views.running_page(scene(request_over="is answered", awaited="x"), 2.0, matched="up")
    assert found.headline == "s1 running; output matched: up"
    nobody = views.running_page(scene(request_over="has failed", awaited="x"), 2.0)
    assert nobody.headline == "s1 running; waits for a program to connect"


def test_a_running_program_can_be_waited_for_whatever_was_found() -> None:
    scenes = scene(), scene(awaited="x"), scene(request_over="is answered")
    assert [views.running_page(each, 1.0).data()["next"] for each in scenes] == [views.NEXT_RUNNING] * 3


# --- requests that were sent ----------------------------------------------------------------------------------

ANSWERED = "GET /a: 200 OK in 0.12 s, 7 bytes text/plain\nhello\x1b\n"
WAITING = "GET /b: waiting for its response since 1.0 s"


@pytest.mark.parametrize(
    "page",
    [
        lambda shown: views.stop_page(stop(), shown),
        lambda shown: views.exit_page(Exit(0), shown),
        lambda shown: views.running_page(shown, 1.0),
    ],
    ids=["stop", "exit", "running"],
)
def test_each_page_tells_how_the_requests_stand(page: Callable[[Scene], Answer]) -> None:
    answer = page(scene(triggers=[WAITING, ANSWERED]))
    assert answer.data()["trigger"].splitlines() == [
        WAITING,
        "GET /a: 200 OK in 0.12 s, 7 bytes text/plain",
        "hello\\x1b",
    ]
    assert "\n  GET /b: waiting" in answer.text()
    assert "trigger" not in page(scene()).data()


@pytest.mark.parametrize("letter", ALPHABETS)
def test_a_stop_page_with_a_long_response_fits_and_says_that_it_was_cut(letter: str) -> None:
    answer = views.stop_page(hostile(letter), scene(letter * 5000, triggers=[f"GET /: 200 OK\n{letter * 64_000}"]))
    assert wire_size(answer) <= PAGE_BYTES
    assert answer.data()["trigger"].startswith("GET /: 200 OK\n")
    assert answer.data()["trigger"].endswith("…")


def test_a_long_response_is_cut_on_the_pages_of_programs_that_do_not_stop() -> None:
    long = scene(triggers=["GET /: 200 OK\n" + "x" * 64_000])
    for answer in (views.exit_page(Exit(0), long), views.running_page(long, 1.0)):
        assert len(answer.data()["trigger"]) < 1500
        assert answer.data()["trigger"].endswith("x…")


# --- looking --------------------------------------------------------------------------------------------------


def test_a_page_of_a_stack_is_numbered_from_its_start_and_says_where_to_go_on() -> None:
    data = views.stack_page("s1", "Main", Stack(frames(2), 43), CWD, 40).data()
    assert data["stack"] == ["#40 function_0 app.py:1", "#41 function_1 app.py:2"]
    assert data["next"] == "start=42 for more"
    assert "next" not in views.stack_page("s1", "Main", Stack(frames(2), 2), CWD, 0).data()


def test_a_page_of_a_stack_says_which_tasks_wait_for_it() -> None:
    stack = Stack(frames(1), 1, (("Task-1", Frame(0, "main", f"{CWD}/app.py", 30)),))
    assert views.stack_page("s1", "job", stack, CWD, 0).data()["awaited by"] == ["Task-1: main app.py:30"]


def test_library_frames_are_marked_in_a_stack() -> None:
    library = Frame(1, "loads", "/lib/json.py", 1, user=False)
    page = views.stack_page("s1", "Main", Stack((library,), 1), CWD, 0).data()
    assert page["stack"] == ["#0 loads /lib/json.py:1 (library)"]


def test_variables_are_lines_with_what_is_in_them_indented() -> None:
    page = {
        "items": [
            {"name": "a", "type": "int", "value": "1"},
            {"name": "b", "type": "list", "value": "[…]", "n": 1200},
            {
                "name": "c",
                "type": "list",
                "value": "[2]",
                "n": 1,
                "items": [{"name": "[0]", "type": "int", "value": "2"}],
            },
        ],
        "total": 50,
        "start": 3,
        "hidden": 4,
    }
    data = views.variables_page("s1", "locals of f", page).data()
    assert data["items"] == ["a: int = 1", "b: list = […] (1,200 parts)", "c: list = [2]", "  [0]: int = 2"]
    assert data["shown"] == "3 of 50 from 3"
    assert data["next"] == "start=6 for more"
    assert data["hidden"].startswith("4 ")


def test_the_last_page_of_variables_says_nothing_of_more() -> None:
    page = {"items": [{"name": "a", "type": "int", "value": "1"}], "total": 5, "start": 4}
    data = views.variables_page("s1", "x", page).data()
    assert "next" not in data
    assert data["shown"] == "1 of 5 from 4"


def test_an_evaluation_gives_value_and_type_or_the_error() -> None:
    def shown(**result: Any) -> dict[str, Any]:
        return views.evaluation_page("s1", ["x"], {"results": [result]}, NOTHING).data()

    assert shown(value="[1, 2]", type="list", n=2) == {"session": "s1", "value": "[1, 2]  (list, 2 parts)"}
    assert shown(done=True) == {"session": "s1", "value": "done (a statement)"}
    assert shown(error="ValueError: \x1b") == {"session": "s1", "error": "ValueError: \\x1b"}


def test_each_of_several_expressions_has_its_result() -> None:
    page = {"results": [{"value": "1", "type": "int"}, {"error": "NameError: y"}]}
    results = views.evaluation_page("s1", ["x", "y"], page, NOTHING).data()["results"]
    assert results == ["x = 1  (int)", "y = NameError: y"]


def test_the_same_expression_twice_has_two_results() -> None:
    page = {"results": [{"value": "1", "type": "int"}, {"value": "2", "type": "int"}]}
    text = views.evaluation_page("s1", ["next(it)", "next(it)"], page, NOTHING).text()
    assert "1  (int)" in text
    assert "2  (int)" in text


def test_a_value_that_was_cut_says_how_the_rest_comes() -> None:
    def told(value: str) -> str | None:
        page = {"results": [{"value": value, "type": "str"}]}
        return views.evaluation_page("s1", ["x"], page, NOTHING).data().get("next")

    for cut in ("'xxx… (5,000 chars)", "b'x… (70 bytes)", "[0, 1, … 1,000,000 in all]"):
        assert "max_chars" in str(told(cut))
    for whole in ("'a … b'", "[1, […]]", "'…'"):
        assert told(whole) is None


def test_a_piece_of_output_says_where_to_read_on() -> None:
    data = views.output_page("s1", "running", Excerpt("a\x1b\n", 103, dropped=2000, left=50)).data()
    assert data["output"] == "a\\x1b\n"
    assert data["cursor"] == 103
    assert data["dropped"].startswith("2,000 bytes")
    assert "since=103" in data["next"]


# --- breakpoints and sessions ---------------------------------------------------------------------------------

PLACE = Place(f"{CWD}/app.py", 5, "x = 1", "f", moved_from=4)


@pytest.mark.parametrize(
    ("breakpoint", "line"),
    [
        (Breakpoint("b1", BreakpointSpec(file="a.py", line=3)), "b1 a.py:3"),
        (
            Breakpoint("b1", BreakpointSpec(file="a.py", line=4), PLACE, reports={"p1": Report(hits=2)}),
            "b1 app.py:5 in f: x = 1 | moved from line 4, which has no code | hits 2",
        ),
        (
            Breakpoint(
                "b1",
                BreakpointSpec(file="a.py", line=4),
                replace(PLACE, moved_from=None, remote="/srv/app.py"),
                reports={"p1": Report(hits=2), "p1.1": Report(hits=3)},
            ),
            "b1 app.py:5 in f: x = 1 | hits 5",
        ),
        (
            Breakpoint("b1", BreakpointSpec(file="<gen>", line=4), Place("<gen>", 4, "", "", unverified="no source")),
            "b1 <gen>:4 | NOT VERIFIED: no source",
        ),
        (
            Breakpoint(
                "b1",
                BreakpointSpec(
                    exception="E", condition="x\n> 1", hit_condition=">2", log_message="{x}", temporary=True
                ),
            ),
            "b1 exception E | if x\\n> 1 | hit >2 | log {x} | temporary",
        ),
        (Breakpoint("b1", BreakpointSpec(function="f"), problem="gone\x1b"), "b1 function f | NOT SET: gone\\x1b"),
    ],
)
def test_a_breakpoint_is_one_line(breakpoint: Breakpoint, line: str) -> None:
    assert views.breakpoint_line(breakpoint, CWD) == line


def test_a_breakpoint_that_was_not_hit_says_why() -> None:
    breakpoint = Breakpoint("b1", BreakpointSpec(file="a.py", line=3))
    assert views.breakpoint_line(breakpoint, CWD, "a\x1b\n") == "b1 a.py:3 | not hit: a\\x1b\\n"
    assert views.breakpoint_line(breakpoint, CWD, "x" * 5000).endswith("x…")
    assert len(views.breakpoint_line(breakpoint, CWD, "x" * 5000)) < 400


def test_a_breakpoint_that_is_not_set_says_that_alone() -> None:
    breakpoint = Breakpoint("b1", BreakpointSpec(function="f"), problem="gone")
    assert views.breakpoint_line(breakpoint, CWD, "never imported") == "b1 function f | NOT SET: gone"


def test_each_breakpoint_of_a_page_has_its_own_reason() -> None:
    breakpoints = [Breakpoint(name, BreakpointSpec(function=name)) for name in ("b1", "b2")]
    page = views.breakpoints_page("s1", breakpoints, CWD, "s1 has 2", {"b2": "never imported", "b9": "gone"})
    assert page.data()["breakpoints"] == ["b1 function b1", "b2 function b2 | not hit: never imported"]


def test_sessions_are_lines_and_none_is_said_so() -> None:
    assert views.sessions_page(["s1 running"]).text() == "1 session\nsessions:\n  s1 running"
    assert views.sessions_page([]).data() == {"sessions": 0, "next": "start"}


# --- both forms -----------------------------------------------------------------------------------------------

CRASH = stop(
    frames=frames(9),
    views=tuple(FrameView(frame, (("a", "1"),), more=1) for frame in frames(9)[:3]),
    exception=(Link("KeyError", "'k'", "/a.py", 1, "f"), Link("ValueError", "v", because="caused by")),
    uncaught=True,
    thread_name="worker",
    errors=("b1: the condition raised",),
    note="a note",
)
VARIABLES = {
    "items": [{"name": "a", "type": "int", "value": "1"}],
    "total": 9,
    "start": 0,
    "value": "[1]",
    "type": "list",
}
PAGES = {
    "stop": views.stop_page(stop(), scene("one\ntwo\n", notes=["moved"], start="/bin/python (as given)")),
    "crash": views.stop_page(CRASH, scene(Excerpt("x" * 9000, 9000), changed={"a": "0"})),
    "hostile": views.stop_page(hostile("é"), scene("é\n" * 4000)),
    "full": views.stop_page(hostile("漢"), scene("é\n" * 4000), full=True),
    "no frame": views.stop_page(stop(frames=(), views=()), scene()),
    "exit": views.exit_page(Exit(0), scene("bye\n", notes=["n"], start="p")),
    "killed": views.exit_page(Exit(-9), scene()),
    "running": views.running_page(scene("a\nb", notes=["n"], start="p"), 1.0),
    "matched": views.running_page(scene("up"), 1.0, matched="up"),
    "failed test": views.stop_page(failed_test(), scene("F", triggers=[WAITING, ANSWERED])),
    "hostile test": views.stop_page(failed_test(hostile_test("é")), scene("é\n" * 4000)),
    "never began": views.exit_page(Exit(None, reason="no tests"), scene(triggers=[ANSWERED])),
    "ready": views.running_page(scene("up"), 1.0, matched="up", ready=True),
    "awaited": views.running_page(scene(awaited="debugpy.connect(5678)"), 1.0),
    "answered": views.running_page(scene(request_over="is answered", triggers=[ANSWERED]), 1.0),
    "unhit": views.breakpoints_page(
        "s1", [Breakpoint("b1", BreakpointSpec(function="f"))], CWD, "s1 has 1", {"b1": "never imported"}
    ),
    "lost": views.lost_page(scene("x"), "no answer"),
    "stack": views.stack_page("s1", "Main", Stack(frames(3), 4), CWD, 0),
    "threads": views.overview_page("s1", [Whereabouts("p1", "app.py", 7, None, 2, 0, (group("Main"),))], CWD),
    "variables": views.variables_page("s1", "order", VARIABLES),
    "evaluation": views.evaluation_page("s1", ["x"], {"results": [{"value": "1", "type": "int"}]}, NOTHING),
    "evaluations": views.evaluation_page(
        "s1", ["x", "y"], {"results": [{"value": "1\n2", "type": "T"}, {"error": "E"}]}, Excerpt("out", 3)
    ),
    "output": views.output_page("s1", "running", Excerpt("a\nb\n", 9, dropped=3, left=2)),
    "breakpoints": views.breakpoints_page("s1", [Breakpoint("b1", BreakpointSpec(function="f"))], CWD, "s1 has 1"),
    "sessions": views.sessions_page(["s1 running", "s2 stopped"]),
    "no session": views.sessions_page([]),
}


def facts(value: Any) -> Iterator[str]:
    """Every single fact in an answer's data, as a line; what the headline tells needs no name there."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name not in views.answer._IN_HEADLINE:
                yield str(name)
            yield from facts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from facts(item)
    else:
        yield from str(value).splitlines()


@pytest.mark.parametrize("name", PAGES)
def test_every_fact_of_the_data_stands_in_the_text(name: str) -> None:
    text = PAGES[name].text()
    missing = [fact for fact in facts(PAGES[name].data()) if fact not in text]
    assert missing == []


@pytest.mark.parametrize("name", PAGES)
def test_every_line_of_the_text_below_the_first_stands_in_the_data(name: str) -> None:
    answer = PAGES[name]
    known = set(facts(answer.data()))

    def is_known(line: str) -> bool:
        key, equals, value = line.partition(" = ")
        field, colon, rest = line.partition(": ")
        return (
            line in known
            or line.removesuffix(":") in known
            or (bool(equals) and key in known and value in known)
            or (bool(colon) and field in known and rest in known)
        )

    lines = [line.removeprefix("  ") for line in answer.text().splitlines()[1:]]
    assert [line for line in lines if not is_known(line)] == []


@pytest.mark.parametrize(
    "answer",
    [
        views.variables_page("s1", "locals of f", {"items": [], "total": 0, "start": 0}),
        views.breakpoints_page("s1", [], CWD, "s1 removed b1; 0 left"),
    ],
    ids=["variables", "breakpoints"],
)
def test_the_data_of_an_empty_page_says_that_there_is_nothing(answer: Answer) -> None:
    assert set(answer.data()) != {"session"}


def test_empty_fields_are_in_neither_form() -> None:
    answer = Answer("head", {"session": "s1", "a": "", "b": [], "c": {}, "d": (), "e": 0, "f": "x"})
    assert answer.data() == {"session": "s1", "e": 0, "f": "x"}
    assert answer.text() == "head\ne: 0\nf: x"


def test_text_of_several_lines_is_indented_under_its_name() -> None:
    assert Answer("head", {"output": "a\nb"}).text() == "head\noutput:\n  a\n  b"
    assert Answer("head", {"locals": {"a": "1"}}).text() == "head\nlocals:\n  a = 1"
    assert Answer("head", {"stack": ["#0", "#1"]}).text() == "head\nstack:\n  #0\n  #1"


@pytest.mark.parametrize("name", PAGES)
def test_data_is_plain_json(name: str) -> None:
    assert json.loads(json.dumps(PAGES[name].data())) == PAGES[name].data()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_invisible_is_in_either_form(name: str) -> None:
    shown = PAGES[name].text() + "\n".join(facts(PAGES[name].data()))
    assert all(character.isprintable() or character in "\n\t" for character in shown)


def test_terminal_codes_of_the_program_are_shown_and_never_sent() -> None:
    code = "\x1b]0;title\x07"
    frame = Frame(1, code, f"{CWD}/{code}.py", 1)
    view = FrameView(frame, ((code, code),), first_line=1, source=(code,))
    link = Link(code, code, code, 1, code, "caused by")
    page = views.stop_page(
        stop(frames=(frame, frame), views=(view,), exception=(link,), thread_name=code, errors=(code,), note=code),
        scene(code, changed={code: code}, notes=[code]),
    )
    pages = [
        page,
        views.exit_page(Exit(0), scene(code, notes=[code], start=code, triggers=[code])),
        views.running_page(scene(code, notes=[code], start=code), 1.0, matched=code),
        views.running_page(scene(code, awaited=code), 1.0),
        views.lost_page(scene(code, notes=[code]), code),
        views.stack_page("s1", code, Stack((frame,), 1, ((code, frame),)), CWD, 0),
        views.overview_page(
            "s1", [Whereabouts(code, code, 7, None, 1, 0, (group(code, code),), problem=code)] * 2, CWD
        ),
        views.variables_page(
            "s1",
            code,
            {
                "items": [{"name": code, "type": code, "value": code}],
                "total": 1,
                "start": 0,
                "value": code,
                "type": code,
            },
        ),
        views.evaluation_page(
            "s1", [code, code], {"results": [{"value": code, "type": code}, {"error": code}]}, NOTHING
        ),
        views.output_page("s1", "running", Excerpt(code, 1)),
    ]
    for answer in pages:
        assert "\x1b" not in answer.text()
        assert "\x1b" not in "".join(facts(answer.data()))


def test_a_source_that_is_not_what_runs_is_told_of() -> None:
    frame = Frame(1, "f", f"{CWD}/app.py", 2)
    view = FrameView(frame, first_line=1, source=("# new", "x = 1"), is_rewritten=True)
    page = views.stop_page(stop(frames=(frame,), views=(view,)), scene())
    (note,) = page.data()["notes"]
    assert note.startswith("app.py was written after the program started: the source shown is not what runs")
    calm = views.stop_page(stop(frames=(frame,), views=(replace(view, is_rewritten=False),)), scene())
    assert "notes" not in calm.data()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "s1 running, waited 3 s"),
        ("  12 of 40 done ", "s1 running, waited 3 s; last output: 12 of 40 done"),
        ("\x1b[31mred\x1b[0m\x07", "s1 running, waited 3 s; last output: red\\x07"),
        ("x" * 500, f"s1 running, waited 3 s; last output: {'x' * 119}…"),
    ],
)
def test_a_call_that_waits_is_told_of_in_one_bounded_visible_line(line: str, told: str) -> None:
    assert views.progress_line("s1 running", 3.2, line) == told
