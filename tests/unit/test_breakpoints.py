"""The book of breakpoints: what may be asked for, where they are, and what DAP and the program are told."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_debug_tool.breakpoints import (
    MAX_CONDITION,
    Breakpoint,
    BreakpointSpec,
    BreakpointTable,
    placed,
    rule,
    wanted_place,
)
from mcp_debug_tool.errors import InvalidArgument

LINE = BreakpointSpec(file="/app/a.py", line=3)


def found_at(line: int, *, file: str = "/app/a.py", text: str = "x = 1", **more: Any) -> dict[str, Any]:
    """What `debuggee/lines.py` answers for a place it has found."""
    return {"file": file, "line": line, "text": text, "function": "f", **more}


def table_of(*specs: tuple[BreakpointSpec, dict[str, Any]]) -> BreakpointTable:
    """A table with these breakpoints, placed."""
    table = BreakpointTable()
    for spec, answer in specs:
        table.add(placed(table.new(spec), answer))
    return table


def asked_key(condition: str) -> object:
    """The key that the condition of a DAP breakpoint hands to `hit`, as Python reads it."""
    call = ast.parse(condition, mode="eval").body
    assert isinstance(call, ast.Call)
    return ast.literal_eval(call.args[0])


# --- what may be asked for ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spec",
    [
        LINE,
        BreakpointSpec(file="a.py", text="x ="),
        BreakpointSpec(file="a.py", text="x =", line=9),
        BreakpointSpec(function="f"),
        BreakpointSpec(file="a.py", function="K.method"),
        BreakpointSpec(exception="ValueError"),
        BreakpointSpec(exception="pkg.errors.Bäd_1"),
        BreakpointSpec(file="a.py", line=1, condition="x > 1", hit_condition=">=5", log_message="x={x}"),
        BreakpointSpec(file="a.py", line=1, condition="c" * MAX_CONDITION),
        BreakpointSpec(file="a.py", line=1, log_message="c" * MAX_CONDITION),
        BreakpointSpec(file="a.py", line=1, log_message=""),
    ],
)
def test_a_place_and_its_rules_are_accepted(spec: BreakpointSpec) -> None:
    spec.check()


@pytest.mark.parametrize(
    ("spec", "parameter"),
    [
        (BreakpointSpec(), "breakpoint"),
        (BreakpointSpec(file="a.py"), "breakpoint"),
        (BreakpointSpec(file="a.py", line=1, function="f"), "breakpoint"),
        (BreakpointSpec(function="f", exception="E"), "breakpoint"),
        (BreakpointSpec(file="a.py", text="x", exception="E"), "breakpoint"),
        (BreakpointSpec(line=1), "file"),
        (BreakpointSpec(text="x"), "file"),
        (BreakpointSpec(file="a.py", text=" \t"), "text"),
        (BreakpointSpec(exception=""), "exception"),
        (BreakpointSpec(exception="not a name"), "exception"),
        (BreakpointSpec(exception="a..b"), "exception"),
        (BreakpointSpec(exception="3E"), "exception"),
        (BreakpointSpec(exception="E", log_message="x"), "log_message"),
        (BreakpointSpec(file="a.py", line=1, condition=" "), "condition"),
        (BreakpointSpec(file="a.py", line=1, condition="c" * (MAX_CONDITION + 1)), "condition"),
        (BreakpointSpec(file="a.py", line=1, log_message="c" * (MAX_CONDITION + 1)), "log_message"),
        (BreakpointSpec(file="a.py", line=1, hit_condition="often"), "hit_condition"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_parameter(spec: BreakpointSpec, parameter: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        spec.check()
    assert refused.value.parameter == parameter


def test_an_empty_function_name_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        BreakpointSpec(function="").check()


def test_a_hit_condition_on_an_exception_is_refused() -> None:
    spec = BreakpointSpec(exception="ValueError", hit_condition="5")
    with pytest.raises(InvalidArgument):
        spec.check()


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("5", ("==", 5)),
        ("==5", ("==", 5)),
        (">=5", (">=", 5)),
        ("> 5", (">", 5)),
        (" <= 5 ", ("<=", 5)),
        ("<5", ("<", 5)),
        ("%5", ("%", 5)),
        ("999999999", ("==", 999_999_999)),
        (None, None),
    ],
)
def test_a_hit_condition_is_an_operator_and_a_number(text: str | None, parsed: tuple[str, int] | None) -> None:
    assert BreakpointSpec(hit_condition=text).parsed_hit_condition() == parsed


@pytest.mark.parametrize("text", ["", "0", "%0", "-1", "5.0", "=5", "!=5", "5>", "1000000000", "5; import os", "x"])
def test_a_hit_condition_that_can_never_be_meant_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        BreakpointSpec(hit_condition=text).parsed_hit_condition()


@pytest.mark.parametrize(
    ("spec", "what"),
    [
        (LINE, "/app/a.py:3"),
        (BreakpointSpec(file="a.py", text="x ="), "a.py 'x ='"),
        (BreakpointSpec(file="a.py", function="f"), "function f"),
        (BreakpointSpec(exception="E"), "exception E"),
    ],
)
def test_a_place_is_named_as_it_was_asked_for(spec: BreakpointSpec, what: str) -> None:
    assert spec.what() == what


# --- the table ------------------------------------------------------------------------------------------------


def test_ids_have_no_gaps_are_never_used_again_and_ours_are_told_apart() -> None:
    table = table_of((LINE, found_at(3)), (LINE, found_at(4)))
    assert [b.id for b in table.all()] == ["b1", "b2"]
    assert table.new(LINE, internal=True).id == "u1"
    table.new(LINE)
    table.remove(["b2"])
    assert table.new(LINE).id == "b3"
    # A new run puts the old ones in again.
    table.add(table.all()[0])
    assert table.new(LINE).id == "b3"


def test_our_own_breakpoints_are_never_listed_but_set_like_the_others() -> None:
    table = BreakpointTable()
    table.add(placed(table.new(LINE), found_at(3)))
    table.add(placed(table.new(LINE, internal=True), found_at(3)))
    assert [b.id for b in table.all()] == ["b1"]
    assert table.internal_ids() == ["u1"]
    assert [entry["id"] for entry in table.rules()["/app/a.py:3"]] == ["b1", "u1"]


def test_a_breakpoint_is_found_by_its_id_until_it_is_removed() -> None:
    table = table_of((LINE, found_at(3)), (LINE, found_at(4)))
    first = table.get("b1")
    assert first is not None
    assert table.remove(["b1", "b9", "b1"]) == [first]
    assert table.get("b1") is None
    assert [b.id for b in table.all()] == ["b2"]


def test_breakpoints_are_kept_by_file_and_exceptions_apart() -> None:
    table = table_of((LINE, found_at(3, file="/z.py")), (LINE, found_at(4, file="/a.py")))
    table.add(table.new(BreakpointSpec(exception="ValueError")))
    assert table.files() == ["/a.py", "/z.py"]
    assert [b.id for b in table.in_file("/a.py")] == ["b2"]
    assert table.in_file("/none.py") == []
    assert [b.id for b in table.exceptions()] == ["b3"]


def test_dap_is_told_one_breakpoint_a_line_and_the_program_all_of_them() -> None:
    table = table_of((LINE, found_at(3)), (LINE, found_at(3)), (LINE, found_at(7)))
    assert [b["line"] for b in table.dap_breakpoints("/app/a.py")] == [3, 7]
    assert {key: [entry["id"] for entry in entries] for key, entries in table.rules().items()} == {
        "/app/a.py:3": ["b1", "b2"],
        "/app/a.py:7": ["b3"],
    }
    assert table.dap_breakpoints("/other.py") == []


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=0xFFFF), min_size=1))
def test_the_condition_on_a_line_asks_for_that_lines_key_whatever_the_path(file: str) -> None:
    table = table_of((LINE, found_at(3, file=file)))
    (told,) = table.dap_breakpoints(file)
    assert [asked_key(told["condition"])] == list(table.rules())


def test_the_condition_asks_for_the_right_key_in_a_path_with_an_emoji() -> None:
    table = table_of((LINE, found_at(3, file="/app/😀/a.py")))
    (told,) = table.dap_breakpoints("/app/😀/a.py")
    assert [asked_key(told["condition"])] == list(table.rules())


def test_a_rule_says_only_what_was_asked_for() -> None:
    assert rule(Breakpoint("b1", LINE)) == {"id": "b1"}
    spec = BreakpointSpec(file="a.py", line=1, condition="x", hit_condition="%2", log_message="{x}")
    assert rule(Breakpoint("b2", spec)) == {
        "id": "b2",
        "condition": "x",
        "hit_condition": ("%", 2),
        "log_message": "{x}",
    }


def test_a_breakpoint_that_is_not_placed_has_no_rule_and_is_in_no_file() -> None:
    table = table_of((LINE, {"error": "no such line"}))
    assert table.rules() == {}
    assert table.files() == []
    assert [b.problem for b in table.all()] == ["no such line"]


def test_a_place_that_was_found_takes_the_problem_away() -> None:
    gone = placed(Breakpoint("b1", LINE), {"error": "gone"})
    assert (gone.place, gone.problem) == (None, "gone")
    back = placed(gone, found_at(5, moved_from=3))
    assert back.problem is None
    assert back.place is not None
    assert (back.place.line, back.place.moved_from, back.place.key) == (5, 3, "/app/a.py:5")
    assert placed(back, {"error": "gone again"}).place is None


# --- a second run ---------------------------------------------------------------------------------------------


def test_a_new_run_begins_with_the_agents_breakpoints_and_no_hits() -> None:
    table = table_of((LINE, found_at(3)))
    table.all()[0].hits = 4
    table.add(placed(table.new(LINE, internal=True), found_at(9)))
    table.forget_places()
    (again,) = table.all()
    assert (again.id, again.hits, again.spec) == ("b1", 0, LINE)
    assert table.internal_ids() == []
    assert table.new(LINE).id == "b2"


@pytest.mark.parametrize(
    ("spec", "answer", "wanted"),
    [
        (LINE, None, {"file": "/app/a.py", "line": 3}),
        (LINE, found_at(3), {"file": "/app/a.py", "line": 3, "anchor": "x = 1"}),
        (LINE, found_at(5, moved_from=3), {"file": "/app/a.py", "line": 3}),
        (LINE, {"error": "gone"}, {"file": "/app/a.py", "line": 3}),
        (BreakpointSpec(file="a.py", text="x"), None, {"file": "a.py", "find": "x", "line": None}),
        (BreakpointSpec(file="a.py", text="x", line=9), None, {"file": "a.py", "find": "x", "line": 9}),
        (BreakpointSpec(file="a.py", text="x", line=9), found_at(7), {"file": "a.py", "find": "x", "line": 7}),
        (BreakpointSpec(function="K.f"), None, {"file": None, "function": "K.f"}),
        (BreakpointSpec(function="K.f"), found_at(7), {"file": None, "function": "K.f"}),
    ],
)
def test_a_place_is_looked_for_by_what_identifies_it_best(
    spec: BreakpointSpec, answer: dict[str, Any] | None, wanted: dict[str, Any]
) -> None:
    breakpoint = Breakpoint("b1", spec)
    assert wanted_place(placed(breakpoint, answer) if answer else breakpoint) == wanted
