"""The parts of the rules that need no debugger: what is valid Python, which hit counts, which names a class has."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_debug_tool.debuggee import breakpoints

check: Callable[[dict[str, Any]], str | None] = breakpoints.check
log_expression: Callable[[str], str] = breakpoints.log_expression
class_names: Callable[[type[BaseException]], set[str]] = breakpoints.class_names
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


def test_a_class_answers_to_its_own_and_its_bases_names_plain_and_dotted() -> None:
    class Bad(KeyError):
        pass

    names = class_names(Bad)
    assert {"Bad", "KeyError", "LookupError", "Exception", "BaseException", "builtins.KeyError"} <= names
    assert f"{__name__}.{Bad.__qualname__}" in names
    assert "ValueError" not in names


def test_a_class_is_found_by_the_dotted_name_it_is_documented_under() -> None:
    assert "json.decoder.JSONDecodeError" in class_names(json.JSONDecodeError)
