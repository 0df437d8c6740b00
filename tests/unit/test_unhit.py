"""The reason that is given for a breakpoint that was never hit."""

from __future__ import annotations

import pytest

from mcp_debug_tool.breakpoints import Breakpoint, BreakpointSpec, Place, Report
from mcp_debug_tool.unhit import why_not_hit

LINE = BreakpointSpec(file="/app/a.py", line=3)
PLACE = Place("/app/a.py", 3, "x = 1", "f")
# The same line in a program whose files stand elsewhere.
MAPPED = Place("/app/a.py", 3, "x = 1", "f", remote="/srv/a.py")
CRASHED = "the program ended without telling more (os._exit, a signal or a lost connection)"


def reason(
    *reports: Report, spec: BreakpointSpec = LINE, place: Place | None = PLACE, problem: str | None = None
) -> str:
    """Why a breakpoint was not hit of which each process told one of the reports."""
    told = {f"process {number}": report for number, report in enumerate(reports)}
    return why_not_hit(Breakpoint("b1", spec, place, problem, reports=told))


def test_a_breakpoint_that_could_not_be_placed_says_why_before_all_else() -> None:
    assert reason(Report(passed=2), place=None, problem="line 3 is gone") == "line 3 is gone"
    assert reason(problem="line 3 is gone") == "line 3 is gone"


def test_a_breakpoint_that_still_waits_has_met_no_program() -> None:
    assert reason(place=None) == "no program has connected"


def test_an_exception_was_not_raised() -> None:
    for reports in ((), (Report(loaded=True),)):
        text = reason(*reports, spec=BreakpointSpec(exception="KeyError"), place=None)
        assert text == "no such exception was raised where it could be seen"


def test_an_exception_was_raised_and_let_pass() -> None:
    text = reason(Report(passed=2, loaded=True), spec=BreakpointSpec(exception="KeyError"), place=None)
    assert text == "its condition was false 2 times"


def test_a_program_that_told_nothing_ended_too_fast_to_tell() -> None:
    assert reason() == CRASHED


@pytest.mark.parametrize(
    ("passed", "expected"),
    [
        ((1,), "its condition was false 1 time"),
        ((2,), "its condition was false 2 times"),
        ((0, 1), "its condition was false 1 time"),
        ((3, 0, 4), "its condition was false 7 times"),
    ],
)
def test_a_false_condition_is_counted_over_all_processes(passed: tuple[int, ...], expected: str) -> None:
    assert reason(*(Report(passed=times, loaded=True) for times in passed)) == expected


def test_a_condition_that_was_false_says_more_than_files_of_the_same_name() -> None:
    assert "condition" in reason(Report(passed=1, same_name=("/other/a.py",)), Report())


@pytest.mark.parametrize("place", [PLACE, MAPPED])
def test_a_file_that_one_process_imported_has_a_line_that_was_never_reached(place: Place) -> None:
    expected = "its line was never reached; the file was imported"
    assert reason(Report(), Report(loaded=True), place=place) == expected
    assert reason(Report(loaded=True, same_name=("/other/a.py",)), place=place) == expected


def test_a_file_that_no_process_imported_is_named_as_the_program_knows_it() -> None:
    assert reason(Report(), Report()) == "/app/a.py was never imported"
    assert reason(Report(), place=MAPPED) == "/srv/a.py was never imported"


def test_other_files_of_that_name_are_named_once_each_with_path_map_as_the_cure() -> None:
    text = reason(Report(same_name=("/z/a.py", "/b/a.py")), Report(same_name=("/b/a.py",)))
    assert text.startswith("/app/a.py was never imported; the program ran /b/a.py, /z/a.py of the same name")
    assert "map it with path_map" in text


def test_where_a_path_map_moved_the_file_it_is_the_map_that_is_wrong() -> None:
    text = reason(Report(same_name=("/code/a.py",)), place=MAPPED)
    assert text.startswith("/srv/a.py was never imported; the program ran /code/a.py")
    assert "the path_map leads elsewhere" in text
    assert "map it" not in text


def test_a_program_that_has_the_same_name_for_the_file_is_not_said_to_be_mapped() -> None:
    same = Place("/app/a.py", 3, "x = 1", "f", remote="/app/a.py")
    assert "map it with path_map" in reason(Report(same_name=("/code/a.py",)), place=same)


TEMPLATE = Place("/app/page.html", 3, "{{ x }}", "template", is_template=True)
MADE_UP = Place("<gen>", 3, "", "")


def test_a_template_is_rendered_or_not() -> None:
    assert reason(Report(), place=TEMPLATE) == "/app/page.html was never rendered by Django or Jinja2"
    assert reason(Report(loaded=True), place=TEMPLATE) == "its line was never reached; the template was rendered"
    nothing = Report(loaded=True, nothing_there=True)
    assert reason(nothing, place=TEMPLATE).endswith("nothing from this line on can be stopped at")
    other = Report(same_name=("/srv/page.html",))
    assert "the program ran /srv/page.html of the same name" in reason(other, place=TEMPLATE)


def test_a_made_up_name_is_that_of_code_that_has_run_or_not() -> None:
    assert reason(Report(), place=MADE_UP) == "no code that was compiled as <gen> has run"
    assert reason(Report(loaded=True), place=MADE_UP) == "its line was never reached; code of that name has run"


def test_a_linked_file_is_named_as_it_was_asked_for() -> None:
    place = Place("/app/link.py", 3, "x = 1", "f", real="/real/file.py", remote="/app/link.py")
    assert reason(Report(), place=place) == "/app/link.py was never imported"
