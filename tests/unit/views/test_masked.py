"""Answers masked in all that is the program's, and in nothing else."""

from __future__ import annotations

import re

import pytest

from mcp_debug_tool.journal import Excerpt
from mcp_debug_tool.masking import DEFAULT, Masks
from mcp_debug_tool.views import Answer, assigned_page, evaluation_page, masked, variables_page

MASK = "'<masked: 7 chars>'"


def test_an_answer_without_a_secret_is_the_same_answer() -> None:
    answer = Answer("s1 stopped", {"locals": {"author": "'bob'", "password": "None"}, "next": "step"})
    assert masked(answer, DEFAULT) is answer
    assert masked(plain := Answer("s1 stopped", {"locals": {"name": "'bob'"}}), DEFAULT) is plain


def test_what_is_masked_is_said_once_before_the_next_step() -> None:
    answer = masked(Answer("s1 stopped", {"locals": {"password": "'hunter2'"}, "next": "step"}), DEFAULT)
    assert answer.fields["locals"] == {"password": MASK}
    assert list(answer.fields) == ["locals", "masked", "next"]
    assert answer.text().count("--show-secrets") == 1


def test_source_conditions_and_what_is_ours_stay_but_for_patterns() -> None:
    fields = {
        "session": "s1",
        "source": "> 3 password = 'hunter2'",
        "breakpoints": ["b1 a.py:3 | if log_in(password='hunter2')"],
        "next": "evaluate(password='hunter2')",
    }
    answer = Answer("s1 stopped", {**fields, "output": "password='hunter2'"})
    assert dict(masked(answer, DEFAULT).fields) | {"output": ""} == {**fields, "output": "", "masked": _note(answer)}
    by_pattern = masked(answer, Masks([re.compile("hunter2")])).fields
    assert "hunter2" not in str(by_pattern["source"]) + str(by_pattern["breakpoints"])
    assert by_pattern["next"] == fields["next"]


def _note(answer: Answer) -> str:
    return str(masked(answer, DEFAULT).fields["masked"])


@pytest.mark.parametrize("expression", ["password", "x" * 100 + ".password", "repr(password)"])
def test_a_result_is_masked_for_its_expression_however_long_that_is(expression: str) -> None:
    result = {"value": "'hunter2'", "type": "str"}
    other = {"value": "'hello'", "type": "str"}
    one = masked(evaluation_page("s1", [expression], {"results": [result]}, Excerpt("", 0)), DEFAULT)
    assert one.fields["value"] == f"{MASK}  (str)"
    page = evaluation_page("s1", [expression, "name"], {"results": [result, other]}, Excerpt("", 0))
    first, second = masked(page, DEFAULT).data()["results"]
    assert first.endswith(f" = {MASK}  (str)")
    assert second == "name = 'hello'  (str)"


def test_what_was_assigned_is_masked_in_both_places_it_stands_in() -> None:
    page = assigned_page("s1", "config['password']", {"value": "'hunter2'", "type": "str"}, Excerpt("", 0))
    answer = masked(page, DEFAULT)
    assert answer.headline == f"s1 set config['password'] = {MASK}  (str)"
    assert answer.fields["assigned"] == f"config['password'] = {MASK}  (str)"


def test_the_parts_of_a_secret_are_masked_as_deep_as_they_are_shown() -> None:
    part = {"name": "['key']", "type": "str", "value": "'hunter2'"}
    items = [
        {"name": "credentials", "type": "dict", "value": "{'key': 'hunter2'}", "items": [part]},
        {"name": "name", "type": "dict", "value": "{'key': 'hunter2'}", "items": [part]},
    ]
    answer = masked(variables_page("s1", "locals of f", {"items": items, "total": 2, "start": 0}), DEFAULT)
    assert answer.fields["items"] == [
        f"credentials: dict = {{'key': {MASK}}}",
        f"  ['key']: str = {MASK}",
        "name: dict = {'key': 'hunter2'}",
        "  ['key']: str = 'hunter2'",
    ]


def test_the_second_of_a_pair_is_masked_where_the_first_names_it() -> None:
    parts = [{"name": "[0]", "type": "str", "value": "'x'"}, {"name": "[1]", "type": "str", "value": "'hunter2'"}]
    page = {"items": parts, "total": 2, "start": 0, "value": "('cookie', 'hunter2')", "type": "tuple"}
    answer = masked(variables_page("s1", "pairs[0]", page), DEFAULT)
    assert "hunter2" not in answer.text()


def test_a_bearer_alone_is_seen() -> None:
    assert "eyJ" not in masked(Answer("s1", {"output": "Bearer eyJhbGciOiJIUzI1NiJ9.e30"}), DEFAULT).text()
