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
    Place,
    Report,
    placed,
    rule,
    wanted_place,
)
from mcp_debug_tool.errors import InvalidArgument
from mcp_debug_tool.path_map import PathMap

LINE = BreakpointSpec(file="/app/a.py", line=3)
# The program has the same names for its files as we have.
SAME = PathMap()
MAPPED = PathMap((("/app", "/srv/app"),))


def found_at(line: int, *, file: str = "/app/a.py", text: str = "x = 1", **more: Any) -> dict[str, Any]:
    """What `debuggee/stopping/lines.py` answers for a place it has found."""
    return {"file": file, "line": line, "text": text, "function": "f", **more}


def table_of(*specs: tuple[BreakpointSpec, dict[str, Any]]) -> BreakpointTable:
    """A table with these breakpoints, placed."""
    table = BreakpointTable()
    for spec, answer in specs:
        table.add(placed(table.new(spec), answer, SAME))
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
    table.add(placed(table.new(LINE), found_at(3), SAME))
    table.add(placed(table.new(LINE, internal=True), found_at(3), SAME))
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
    gone = placed(Breakpoint("b1", LINE), {"error": "gone"}, SAME)
    assert (gone.place, gone.problem) == (None, "gone")
    back = placed(gone, found_at(5, moved_from=3), SAME)
    assert back.problem is None
    assert back.place is not None
    assert (back.place.line, back.place.moved_from, back.place.key) == (5, 3, "/app/a.py:5")
    assert placed(back, {"error": "gone again"}, SAME).place is None


# --- what the processes tell ----------------------------------------------------------------------------------


def test_hits_are_the_latest_number_of_each_process_and_summed_over_them() -> None:
    table = table_of((LINE, found_at(3)))
    (breakpoint,) = table.all()
    assert breakpoint.hits == 0
    table.note_hit("b1", "p1", 1)
    table.note_hit("b1", "p1", 2)
    assert breakpoint.hits == 2
    table.note_hit("b1", "p1.1", 5)
    assert breakpoint.hits == 7


def test_a_hit_means_that_the_file_is_loaded_and_leaves_the_rest_of_a_report() -> None:
    table = table_of((LINE, found_at(3)))
    (breakpoint,) = table.all()
    table.note_hit("b1", "p1", 1)
    assert breakpoint.reports == {"p1": Report(hits=1, loaded=True)}
    table.note_reports("p1", {"b1": {"hits": 2, "passed": 6, "loaded": True}})
    table.note_hit("b1", "p1", 3)
    assert breakpoint.reports == {"p1": Report(hits=3, passed=6, loaded=True)}


def test_a_report_replaces_the_last_one_of_its_process_only() -> None:
    table = table_of((LINE, found_at(3)), (LINE, found_at(4)))
    first, second = table.all()
    table.note_reports("p1", {"b1": {"hits": 0, "passed": 0, "loaded": False, "same_name": ["/x/a.py", "/y/a.py"]}})
    assert first.reports == {"p1": Report(same_name=("/x/a.py", "/y/a.py"))}
    table.note_reports("p1.1", {"b1": {"hits": 4, "passed": 1, "loaded": True}})
    table.note_reports("p1", {"b1": {"hits": 2, "passed": 0, "loaded": True}})
    assert first.reports == {"p1": Report(hits=2, loaded=True), "p1.1": Report(hits=4, passed=1, loaded=True)}
    assert second.reports == {}


def test_what_is_told_of_a_breakpoint_that_is_gone_is_passed_over() -> None:
    table = table_of((LINE, found_at(3)))
    table.remove(["b1"])
    table.note_hit("b1", "p1", 1)
    table.note_reports("p1", {"b1": {"hits": 1, "passed": 0, "loaded": True}})
    assert table.all() == []


def test_reports_of_a_breakpoint_stay_when_it_is_placed_again() -> None:
    table = table_of((LINE, found_at(3)))
    table.note_hit("b1", "p1", 2)
    (breakpoint,) = table.all()
    assert placed(breakpoint, found_at(4), SAME).hits == 2


def test_two_breakpoints_do_not_share_their_reports() -> None:
    table = table_of((LINE, found_at(3)), (LINE, found_at(3)))
    table.note_hit("b1", "p1", 2)
    assert [b.hits for b in table.all()] == [2, 0]


@pytest.mark.parametrize(
    ("breakpoint", "waits"),
    [
        (Breakpoint("b1", LINE), True),
        (Breakpoint("b1", BreakpointSpec(function="f")), True),
        (Breakpoint("u1", LINE, internal=True), True),
        (Breakpoint("b1", BreakpointSpec(exception="E")), False),
        (Breakpoint("b1", LINE, problem="no such line"), False),
        (Breakpoint("b1", LINE, Place("/app/a.py", 3, "x = 1", "f")), False),
    ],
    ids=["line", "function", "ours", "exception", "problem", "placed"],
)
def test_a_breakpoint_waits_while_no_program_has_been_there_to_place_it(breakpoint: Breakpoint, waits: bool) -> None:
    assert breakpoint.waits == waits
    table = BreakpointTable()
    table.add(breakpoint)
    assert table.waiting() == ([breakpoint] if waits else [])


def test_a_waiting_breakpoint_has_no_rule_until_a_program_has_placed_it() -> None:
    table = BreakpointTable()
    table.add(table.new(LINE))
    assert (table.rules(), table.files()) == ({}, [])
    (waiting,) = table.waiting()
    table.add(placed(waiting, found_at(3), SAME))
    assert table.waiting() == []
    assert list(table.rules()) == ["/app/a.py:3"]
    assert [b.id for b in table.all()] == ["b1"]


# --- a program that has other names for its files -------------------------------------------------------------


def test_the_program_is_asked_and_told_in_its_own_names_and_the_agent_in_ours() -> None:
    table = BreakpointTable()
    breakpoint = table.new(LINE)
    assert wanted_place(breakpoint, MAPPED)["file"] == "/srv/app/a.py"
    table.add(placed(breakpoint, found_at(3, file="/srv/app/a.py"), MAPPED))
    (here,) = table.all()
    assert here.place is not None
    assert (here.place.file, here.place.in_program) == ("/app/a.py", "/srv/app/a.py")
    assert here.place.key == "/srv/app/a.py:3"
    assert table.files() == ["/srv/app/a.py"]
    assert table.in_file("/srv/app/a.py") == [here]
    assert table.in_file("/app/a.py") == []
    (told,) = table.dap_breakpoints("/srv/app/a.py")
    assert [asked_key(told["condition"])] == list(table.rules()) == ["/srv/app/a.py:3"]


def test_a_file_outside_the_map_has_one_name() -> None:
    outside = placed(Breakpoint("b1", BreakpointSpec(function="f")), found_at(3, file="/usr/lib/x.py"), MAPPED)
    assert outside.place is not None
    assert outside.place.file == outside.place.in_program == "/usr/lib/x.py"


def test_a_place_without_a_name_in_the_program_has_ours() -> None:
    assert Place("/app/a.py", 3, "x = 1", "f").in_program == "/app/a.py"


def test_a_function_without_a_file_is_looked_for_without_one_in_any_map() -> None:
    assert wanted_place(Breakpoint("b1", BreakpointSpec(function="f")), MAPPED) == {"file": None, "function": "f"}


# --- a second run ---------------------------------------------------------------------------------------------


def test_a_new_run_places_anew_what_had_a_problem_and_forgets_what_processes_told() -> None:
    table = table_of((LINE, {"error": "gone"}), (LINE, found_at(3)))
    table.note_reports("p1", {"b2": {"hits": 1, "passed": 3, "loaded": True}})
    table.forget_places()
    assert [b.id for b in table.waiting()] == ["b1"]
    assert [b.reports for b in table.all()] == [{}, {}]


def test_a_new_run_begins_with_the_agents_breakpoints_and_no_hits() -> None:
    table = table_of((LINE, found_at(3)))
    table.note_hit("b1", "p1", 4)
    assert table.all()[0].hits == 4
    table.add(placed(table.new(LINE, internal=True), found_at(9), SAME))
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
    assert wanted_place(placed(breakpoint, answer, SAME) if answer else breakpoint, SAME) == wanted


# --- links and templates ----------------------------------------------------------------------------------------


def test_two_names_of_one_file_are_one_in_the_program() -> None:
    link = BreakpointSpec(file="/app/link.py", line=3)
    table = table_of((LINE, found_at(3)), (link, {**found_at(3), "file": "/app/link.py", "real": "/app/a.py"}))
    assert table.files() == ["/app/a.py"]
    assert [entry["id"] for entry in table.rules()["/app/a.py:3"]] == ["b1", "b2"]
    assert len(table.dap_breakpoints("/app/a.py")) == 1
    assert [b.place.file for b in table.all() if b.place is not None] == ["/app/a.py", "/app/link.py"]


def test_a_template_has_rules_and_no_breakpoint_of_python() -> None:
    table = table_of((LINE, {**found_at(3), "template": True, "unverified": "not rendered"}))
    assert (table.files(), table.templates()) == ([], ["/app/a.py"])
    assert list(table.rules()) == ["/app/a.py:3"]
    assert table.dap_breakpoints("/app/a.py") == []


def test_a_template_line_that_its_engine_has_moved_is_placed_there() -> None:
    table = table_of((LINE, {**found_at(3), "template": True, "unverified": "not rendered"}))
    (breakpoint,) = table.all()
    for _ in range(2):
        told = {"hits": 0, "passed": 0, "loaded": True, "moved": 5, "text": "{{ x }}"}
        table.note_reports("p1", {"b1": told})
        assert breakpoint.place is not None
        assert (breakpoint.place.line, breakpoint.place.moved_from, breakpoint.place.text) == (5, 3, "{{ x }}")
        assert breakpoint.place.unverified == ""


def test_a_template_without_any_line_left_says_so() -> None:
    table = table_of((LINE, {**found_at(3), "template": True, "unverified": "not rendered"}))
    (breakpoint,) = table.all()
    table.note_reports("p1", {"b1": {"hits": 0, "passed": 0, "loaded": True, "moved": 0}})
    assert breakpoint.reports["p1"].nothing_there
    assert breakpoint.place is not None
    assert (breakpoint.place.line, breakpoint.place.unverified) == (3, "")


def test_a_line_is_verified_by_its_first_hit() -> None:
    table = table_of((LINE, {**found_at(3), "unverified": "no source"}))
    (breakpoint,) = table.all()
    table.note_reports("p1", {"b1": {"hits": 0, "passed": 0, "loaded": False}})
    assert breakpoint.place is not None
    assert breakpoint.place.unverified == "no source"
    table.note_reports("p1", {"b1": {"hits": 1, "passed": 0, "loaded": True}})
    assert breakpoint.place.unverified == ""
