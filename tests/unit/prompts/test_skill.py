"""The skill of the Claude Code plugin: short, and each call in it is one that the tools take."""

from __future__ import annotations

import ast
import keyword
import re
from pathlib import Path
from typing import Any

import pytest

from mcp_debug_tool.server import tools

SKILL = Path(__file__).parents[3] / "plugin" / "skills" / "debugging-python" / "SKILL.md"
TEXT = SKILL.read_text(encoding="utf-8")
MODELS = {made.name: made.fn_metadata.arg_model for made in tools("core")}
# A call begins with its tool's name and a parenthesis; other pieces of code are names, words and commands.
CALLS = re.findall(r"`(\w+\([^`]*\))`", TEXT)


def parsed(text: str) -> tuple[str, dict[str, Any]]:
    """The tool and the arguments of a call, which are all named."""
    name, _, rest = text.partition("(")
    call = ast.parse(f"{name}_({rest}" if keyword.iskeyword(name) else text, mode="eval").body
    assert isinstance(call, ast.Call)
    assert not call.args, text
    return name, {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}


@pytest.mark.parametrize("text", CALLS)
def test_every_call_is_one_that_the_tools_take(text: str) -> None:
    name, arguments = parsed(text)
    MODELS[name].model_validate(arguments)


def test_a_call_that_the_tools_do_not_take_would_be_seen() -> None:
    for wrong in ("start(file='app.py')", "start(program='app.py', breakpoints=[{'lines': 3}])", "step(kind='back')"):
        name, arguments = parsed(wrong)
        with pytest.raises(ValueError, match="validation error"):
            MODELS[name].model_validate(arguments)


def test_it_shows_every_tool_in_a_call() -> None:
    shown = {parsed(text)[0] for text in CALLS}
    assert shown == set(MODELS) - {"remove_breakpoint"}


def test_it_is_short_and_says_when_to_take_it() -> None:
    assert len(TEXT.splitlines()) < 100
    head = TEXT.split("---")[1]
    assert f"name: {SKILL.parent.name}\n" in head
    (description,) = re.findall(r"^description: (.+)$", head, re.MULTILINE)
    assert len(description) <= 1024
    assert "Use when" in description
