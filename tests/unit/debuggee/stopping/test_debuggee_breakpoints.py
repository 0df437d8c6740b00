"""The parts of the rules that need no debugger: valid Python, hit counts, reports."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_debug_tool import debuggee
from mcp_debug_tool.debuggee import events
from mcp_debug_tool.debuggee.stopping import breakpoints

check: Callable[[dict[str, Any]], str | None] = breakpoints.check
log_expression: Callable[[str], str] = breakpoints.log_expression
hit: Callable[[str], bool] = debuggee.hit
reports: Callable[[], dict[str, dict[str, Any]]] = breakpoints.reports
count_matches: Callable[[tuple[str, int], int], bool] = breakpoints._count_matches


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "b1"},
        {"id": "b1", "condition": "x > 1 and y"},
        {"id": "b1", "condition": "  x  "},
        {"id": "b1", "condition": "[i for i in range(3) if i]"},
        {"id": "b1", "condition": "(n := 1)"},
        {"id": "b1", "log_message": "plain"},
        {"id": "b1", "log_message": ""},
        {"id": "b1", "log_message": "x={x!r:>8} {{braces}} {d['key']} {d[\"key\"]}"},
    ],
)
def test_valid_python_has_no_error(entry: dict[str, str]) -> None:
    assert check(entry) is None


@pytest.mark.parametrize(
    ("field", "source"),
    [
        ("condition", "x ="),
        ("condition", "x = 1"),
        ("condition", "import os"),
        ("condition", "x\ny"),
        ("condition", "'\0'"),
        ("condition", "await x"),
        ("log_message", "{x"),
        ("log_message", "x}"),
        ("log_message", "{}"),
        ("log_message", "{x!z}"),
    ],
)
def test_an_error_names_its_field_and_the_source(field: str, source: str) -> None:
    error = check({"id": "b1", field: source})
    assert error is not None
    assert error.startswith(f"{field} is not valid Python")
    assert error.endswith(f"({source!r})")


@pytest.mark.parametrize(
    ("message", "logged"),
    [
        ("total={total}", "total=5"),
        ("{total:>4}|", "   5|"),
        ("{name!r}", "'pen'"),
        ("it's {total}", "it's 5"),
        ('say "hi" {total}', 'say "hi" 5'),
        ("{data['a']}", "1"),
        ('{data["a"]}', "1"),
        ("{{not}} {total}", "{not} 5"),
        ("two\nlines {total}", "two\nlines 5"),
        ('ends in a quote "', 'ends in a quote "'),
        ("ends in a quote '", "ends in a quote '"),
        ('three """ inside', 'three """ inside'),
        ("three ''' inside", "three ''' inside"),
        ("é €", "é €"),
    ],
)
def test_a_log_message_means_what_it_means_in_python(message: str, logged: str) -> None:
    names = {"total": 5, "name": "pen", "data": {"a": 1}}
    assert check({"log_message": message}) is None
    assert eval(log_expression(message), names) == logged


@pytest.mark.parametrize("message", ["""both \"\"\" and '''""", '""" and \'', "back\\"])
def test_a_log_message_may_hold_any_quotes(message: str) -> None:
    assert eval(log_expression(message), {}) == message


@settings(deadline=None)
@given(st.text(st.characters(blacklist_characters="\\\"'{}\r\0", blacklist_categories=["Cs"]), max_size=60))
def test_any_text_without_braces_is_logged_as_it_is(message: str) -> None:
    assert check({"log_message": message}) is None
    assert eval(log_expression(message), {}) == message


def matching(hit_condition: tuple[str, int]) -> list[int]:
    """Which of the first ten hits stop."""
    return [count for count in range(1, 11) if count_matches(hit_condition, count)]


@pytest.mark.parametrize(
    ("hit_condition", "hits"),
    [
        (("==", 3), [3]),
        ((">=", 8), [8, 9, 10]),
        ((">", 8), [9, 10]),
        (("<=", 2), [1, 2]),
        (("<", 2), [1]),
        (("%", 3), [3, 6, 9]),
        (("%", 1), list(range(1, 11))),
    ],
)
def test_a_hit_condition_stops_at_these_hits(hit_condition: tuple[str, int], hits: list[int]) -> None:
    assert matching(hit_condition) == hits
    # It comes as JSON, in which a tuple is a list.
    assert matching(json.loads(json.dumps(hit_condition))) == hits


# --- how breakpoints have fared -------------------------------------------------------------------------------

KEY = "/app/a.py:3"
Run = Callable[[object], None]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Makes a file one that has been imported; rules are set without pydevd, and gone after the test."""

    def imported(file: object) -> None:
        module = ModuleType("module")
        monkeypatch.setattr(module, "__file__", file, raising=False)
        monkeypatch.setitem(sys.modules, f"a module of the program {file}", module)

    monkeypatch.setattr(breakpoints, "count_library_as_user_code", lambda _: {})
    breakpoints.forget()
    yield imported
    breakpoints.forget()


def set_rules(*entries: dict[str, Any]) -> None:
    """Set breakpoints on KEY."""
    breakpoints.set_table({KEY: list(entries)}, [])


@pytest.mark.usefixtures("run")
def test_hits_and_what_was_passed_over_are_counted_apart() -> None:
    set_rules({"id": "b1", "condition": "number % 3 == 0"}, {"id": "b2"})
    stops = [hit(KEY) for number in range(7)]
    assert stops == [True] * 7
    told = reports()
    assert told["b1"] == {"hits": 3, "passed": 4, "loaded": True}
    assert told["b2"] == {"hits": 7, "passed": 0, "loaded": True}


@pytest.mark.usefixtures("run")
def test_a_line_whose_condition_was_never_true_is_loaded_and_was_passed() -> None:
    set_rules({"id": "b1", "condition": "False"})
    assert [hit(KEY) for _ in range(3)] == [False] * 3
    assert reports() == {"b1": {"hits": 0, "passed": 3, "loaded": True}}


@pytest.mark.usefixtures("run")
def test_a_hit_that_its_count_lets_go_on_is_a_hit() -> None:
    set_rules({"id": "b1", "condition": "True", "hit_condition": ["==", 2]})
    assert [hit(KEY) for _ in range(3)] == [False, True, False]
    assert reports()["b1"] == {"hits": 3, "passed": 0, "loaded": True}


@pytest.mark.usefixtures("run")
def test_a_log_point_counts_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[object] = []
    monkeypatch.setattr(events, "send", lambda name, body: sent.append((name, body)))
    set_rules({"id": "b1", "condition": "number", "log_message": "n={number}"})
    assert [hit(KEY) for number in range(3)] == [False] * 3
    assert sent == [("mcpDebugLog", {"breakpoint": "b1", "text": f"n={number}"}) for number in (1, 2)]
    assert reports()["b1"] == {"hits": 2, "passed": 1, "loaded": True}


def test_a_condition_that_raises_is_neither_a_hit_nor_passed_but_stops(run: Run) -> None:
    run("/app/a.py")
    set_rules({"id": "b1", "condition": "no_such_name"})
    assert hit(KEY)
    assert reports()["b1"] == {"hits": 0, "passed": 0, "loaded": True}


@pytest.mark.usefixtures("run")
def test_counts_outlive_new_rules() -> None:
    set_rules({"id": "b1"})
    hit(KEY)
    set_rules({"id": "b1"}, {"id": "b2"})
    hit(KEY)
    assert [reports()[name]["hits"] for name in ("b1", "b2")] == [2, 1]


@pytest.mark.usefixtures("run")
def test_only_the_breakpoints_that_are_set_are_told_of() -> None:
    set_rules({"id": "b1"})
    hit(KEY)
    set_rules({"id": "b2"})
    assert set(reports()) == {"b2"}
    breakpoints.set_table({}, [])
    assert reports() == {}


def test_a_file_nobody_has_run_is_told_with_those_of_its_name(run: Run) -> None:
    set_rules({"id": "b1"})
    assert reports()["b1"] == {"hits": 0, "passed": 0, "loaded": False, "same_name": []}
    for file in [f"/copy{number}/a.py" for number in range(5)] + ["/app/b.py", "/app/aa.py"]:
        run(file)
    assert reports()["b1"]["same_name"] == ["/copy0/a.py", "/copy1/a.py", "/copy2/a.py"]
    run("/app/a.py")
    assert reports()["b1"] == {"hits": 0, "passed": 0, "loaded": True}


@pytest.mark.parametrize("file", [5, None, b"/app/a.py"])
def test_a_module_with_an_odd_name_for_its_file_disturbs_nobody(run: Run, file: object) -> None:
    run(file)
    set_rules({"id": "b1"})
    assert not reports()["b1"]["loaded"]


def test_a_script_that_was_named_from_its_folder_is_loaded(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("a.py")
    breakpoints.set_table({f"{tmp_path}/a.py:1": [{"id": "b1"}]}, [])
    assert reports()["b1"]["loaded"]


def test_a_file_that_ran_under_another_name_is_loaded(run: Run, tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    (real / "a.py").write_text("x = 1\n")
    link.symlink_to(real)
    breakpoints.set_table({f"{real}/a.py:1": [{"id": "b1"}], f"{link}/a.py:1": [{"id": "b2"}]}, [])
    run(f"{link}/a.py")
    assert {name: told["loaded"] for name, told in reports().items()} == {"b1": True, "b2": True}


def test_a_file_name_may_hold_colons(run: Run) -> None:
    breakpoints.set_table({"/app/a:3:b.py:3": [{"id": "b1"}]}, [])
    run("/app/a:3:b.py")
    assert reports()["b1"]["loaded"]


@pytest.mark.usefixtures("run")
def test_reports_can_be_sent_as_json() -> None:
    set_rules({"id": "b1", "condition": "True"}, {"id": "b2", "condition": "False"})
    hit(KEY)
    assert json.loads(json.dumps(reports())) == reports()


@pytest.mark.usefixtures("run")
def test_forgetting_takes_all_rules_counts_and_stops_away() -> None:
    rules = [{"id": "b1"}, {"id": "b2", "condition": "False"}]
    set_rules(*rules)
    assert hit(KEY)
    breakpoints.forget()
    assert reports() == {}
    assert not hit(KEY)
    assert breakpoints._stops == {}
    set_rules(*rules)
    assert [(told["hits"], told["passed"]) for told in reports().values()] == [(0, 0), (0, 0)]


@pytest.mark.usefixtures("run")
def test_a_fork_stops_nowhere_until_it_has_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    set_rules({"id": "b1"})
    monkeypatch.setattr(breakpoints, "_pid", -1)
    assert not hit(KEY)
    assert reports()["b1"]["hits"] == 0
    breakpoints.forget()
    set_rules({"id": "b1"})
    assert hit(KEY)


@pytest.mark.usefixtures("run")
def test_forgetting_frees_a_lock_that_another_thread_held_at_the_fork() -> None:
    set_rules({"id": "b1"})
    breakpoints._lock.acquire()
    breakpoints.forget()
    set_rules({"id": "b1"})
    assert hit(KEY)
