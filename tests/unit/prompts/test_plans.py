"""The plans: short, and every call in them is one that the tools take."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Callable
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from mcp_debug_tool.prompts import plans
from mcp_debug_tool.prompts.registration import MAX_ARGUMENT, explain_crash, prompts, why_hang
from mcp_debug_tool.server import tools

MAX_CHARS = 1200
NODE = "tests/test_orders.py::TestOrder::test_total[two items]"
PLANS = {
    "failing_test": plans.failing_test(NODE),
    "crash": plans.crash("shop/till.py"),
    "hang_of_program": plans.hang_of_program("shop/till.py"),
    "hang_of_process": plans.hang_of_process(4321),
    "state_change": plans.state_change("shop/till.py", "order.total"),
}
PARAMETERS: dict[str, dict[str, Any]] = {made.name: made.parameters for made in tools("core")}


def calls_in(plan: str) -> list[tuple[str, dict[str, Any]]]:
    """Every call between backticks: the tool and its arguments."""
    found = []
    for text in re.findall(r"`([^`]*)`", plan):
        name, parenthesis, rest = text.partition("(")
        assert parenthesis, f"{text!r} is no call"
        safe = f"{name}_" if keyword.iskeyword(name) else name
        call = ast.parse(f"{safe}({rest}", mode="eval").body
        assert isinstance(call, ast.Call)
        assert not call.args, text
        found.append((name, {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}))
    return found


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value is of the type that the parameter's schema names."""
    if "anyOf" in schema:
        return any(fits(value, choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    types: dict[str, type | tuple[type, ...]] = {
        "string": str, "integer": int, "number": (int, float), "array": list, "boolean": bool, "object": dict,
    }  # fmt: skip
    return isinstance(value, types[schema["type"]])


@pytest.mark.parametrize("name", PLANS)
def test_every_call_of_a_plan_is_one_that_the_tools_take(name: str) -> None:
    calls = calls_in(PLANS[name])
    assert len(calls) >= 6
    for tool, arguments in calls:
        assert tool in PARAMETERS, tool
        properties = PARAMETERS[tool]["properties"]
        assert set(PARAMETERS[tool].get("required", ())) <= set(arguments), tool
        for key, value in arguments.items():
            assert key in properties, (tool, key)
            assert fits(value, properties[key]), (tool, key, value)


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_is_short_and_ends_with_what_ends_the_session(name: str) -> None:
    plan = PLANS[name]
    assert len(plan) <= MAX_CHARS, len(plan)
    assert "`stop()`" in plan.splitlines()[-1]
    assert [line[:2] for line in plan.splitlines()[1:]] == [f"{n}." for n in range(1, len(plan.splitlines()))]


@pytest.mark.parametrize(
    ("plan", "call"),
    [
        ("failing_test", ("start", {"pytest": [NODE]})),
        ("crash", ("start", {"program": "shop/till.py"})),
        ("hang_of_program", ("start", {"program": "shop/till.py", "timeout_s": 10})),
        ("hang_of_process", ("attach", {"pid": 4321})),
        ("state_change", ("evaluate", {"expression": "order.total"})),
    ],
)
def test_what_was_given_stands_in_the_calls(plan: str, call: tuple[str, dict[str, Any]]) -> None:
    assert call in calls_in(PLANS[plan])


@pytest.mark.parametrize("value", ['tests/a "b".py', "tests/a\\b.py", "tests/été.py", "{x}", "'"])
@pytest.mark.parametrize("plan", [plans.failing_test, plans.crash, plans.hang_of_program])
def test_odd_characters_stay_inside_the_argument(plan: Callable[[str], str], value: str) -> None:
    arguments = [arguments for name, arguments in calls_in(plan(value)) if name == "start"]
    assert arguments[0].get("program", arguments[0].get("pytest")) in (value, [value])


def test_each_prompt_describes_itself_and_its_arguments() -> None:
    made = {prompt.name: prompt for prompt in prompts()}
    assert list(made) == ["debug_failing_test", "explain_crash", "why_hang", "find_state_change"]
    for prompt in made.values():
        assert prompt.description
        assert all(argument.description for argument in prompt.arguments or [])
    required = {name: [a.name for a in prompt.arguments or [] if a.required] for name, prompt in made.items()}
    assert required == {
        "debug_failing_test": ["test"],
        "explain_crash": ["program"],
        "why_hang": [],
        "find_state_change": ["program", "expression"],
    }


@pytest.mark.anyio
@pytest.mark.parametrize("value", ["", "  ", "a\nb", "a`b", "a\x1b[31m", "x" * (MAX_ARGUMENT + 1)])
async def test_what_is_no_line_of_plain_text_is_refused_by_name(value: str) -> None:
    with pytest.raises(MCPError, match=r"^program: "):
        await explain_crash(value)


@pytest.mark.anyio
@pytest.mark.parametrize(("program", "pid"), [("", ""), ("a.py", "1"), ("", "-1"), ("", "x"), ("", "1" * 11)])
async def test_a_hang_is_of_one_program_or_one_process(program: str, pid: str) -> None:
    with pytest.raises(MCPError):
        await why_hang(program, pid)
