"""`serve --read-only`: what is left of the tools, and that nothing of it runs or changes code of a program."""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path
from typing import Any

import pytest
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from test_registration import context
from test_schemas import DEFINITIONS, definition

from mcp_debug_tool.errors import WrongState
from mcp_debug_tool.server import tools
from mcp_debug_tool.session_manager import SessionManager
from mcp_debug_tool.settings import Settings
from mcp_debug_tool.tools import lifecycle, read_only
from mcp_debug_tool.tools.parameters import PlainBreakpoint
from mcp_debug_tool.tools.read_only import narrowed, possible
from mcp_debug_tool.views import Answer

SNAPSHOTS = Path(__file__).parent.parent / "snapshots_read_only"
UPDATE = "UPDATE_SNAPSHOTS"
LEFT = {made.name: made for made in tools("full", without_code=True)}
READ_ONLY = {name: definition(made) for name, made in LEFT.items()}
DIFFERENT = sorted(name for name in READ_ONLY if READ_ONLY[name] != DEFINITIONS[name])
# Every tool and parameter there is that runs code in a program, or sends it something, or begins one.
DANGEROUS = {
    "start": None,
    "restart": None,
    "evaluate": None,
    "set_variable": None,
    "goto": None,
    "set_breakpoint": {"condition", "log_message"},
    "continue": {"trigger"},
    "get_output": {"send"},
}
# Those that were thought about, and only look, or choose when the program stands and runs.
HARMLESS = {
    "attach": "pid port host listen token path_map breakpoints break_on just_my_code timeout_s",
    "set_breakpoint": "file line text function exception hit_condition temporary session",
    "list_breakpoints": "session",
    "remove_breakpoint": "breakpoint file all session",
    "continue": "until thread timeout_s session detail",
    "step": "kind count target thread timeout_s session detail",
    "pause": "thread timeout_s session",
    "wait": "for timeout_s session",
    "get_stack": "thread start count session",
    "get_variables": "path frame thread scope filter depth start count session",
    "get_output": "since stream pattern limit session",
    "stop": "session",
    "sessions": "",
    "modules": "filter start count thread session",
    "complete": "text column frame thread session",
}


def properties(name: str) -> set[str]:
    return set(READ_ONLY[name]["inputSchema"]["properties"])


def test_what_is_left_was_thought_about_parameter_by_parameter() -> None:
    assert {name: properties(name) for name in READ_ONLY} == {
        name: set(known.split()) for name, known in HARMLESS.items()
    }


def test_every_parameter_there_is_counts_as_harmless_or_as_dangerous() -> None:
    for name, known in DEFINITIONS.items():
        every = set(known["inputSchema"]["properties"])
        gone = DANGEROUS.get(name, set())
        assert every == (every if gone is None else gone | set(HARMLESS[name].split())), name


def test_no_tool_and_no_parameter_that_runs_code_is_left() -> None:
    for name, gone in DANGEROUS.items():
        if gone is None:
            assert name not in READ_ONLY
        else:
            assert not gone & properties(name)


def test_no_name_of_something_dangerous_is_left_anywhere_in_a_schema() -> None:
    names = {"condition", "log_message", "send", "trigger", "expression", "value", "code", "command"}
    text = json.dumps([READ_ONLY[name]["inputSchema"] for name in READ_ONLY])
    assert not [name for name in names if f'"{name}"' in text]


def test_a_breakpoint_of_attach_has_no_code_either() -> None:
    assert set(PlainBreakpoint.model_fields) == properties("set_breakpoint") - {"session"}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("set_breakpoint", {"file": "a.py", "line": 1, "condition": "stop()"}),
        ("set_breakpoint", {"file": "a.py", "line": 1, "log_message": "{stop()}"}),
        ("continue", {"trigger": {"url": "http://127.0.0.1:1/"}}),
        ("get_output", {"send": "y\n"}),
        ("attach", {"port": 1, "breakpoints": [{"file": "a.py", "line": 1, "condition": "stop()"}]}),
        ("attach", {"port": 1, "breakpoints": [{"file": "a.py", "line": 1, "log_message": "{stop()}"}]}),
    ],
)
async def test_what_is_left_out_is_refused_as_unknown(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ToolError, match="unknown argument\nnothing was done"):
        await LEFT[name].run(arguments, context())


@pytest.mark.parametrize("name", DIFFERENT)
def test_a_tool_that_differs_is_as_its_snapshot_says(name: str) -> None:
    path = SNAPSHOTS / f"{name}.json"
    text = json.dumps(READ_ONLY[name], indent=2, ensure_ascii=False) + "\n"
    if os.environ.get(UPDATE) == "1":
        SNAPSHOTS.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"if that is meant, {UPDATE}=1 rewrites {path}"


def test_there_is_a_snapshot_of_each_that_differs_and_of_nothing_else() -> None:
    assert sorted(path.stem for path in SNAPSHOTS.iterdir()) == DIFFERENT


def test_the_core_profile_leaves_the_further_tools_out_here_too() -> None:
    assert [made.name for made in tools("core", without_code=True)] == [
        made.name for made in tools("core") if made.name in READ_ONLY
    ]
    assert Settings().read_only is False


def test_descriptions_and_instructions_name_no_tool_that_is_gone() -> None:
    gone = [name for name, parameters in DANGEROUS.items() if parameters is None and name != "start"]
    texts = [read_only.INSTRUCTIONS, *(tool["description"] for tool in READ_ONLY.values())]
    assert not [(name, text) for text in texts for name in gone if name in text.split()]
    assert not [text for text in texts if "start(" in text]
    assert len(read_only.INSTRUCTIONS.encode()) <= 1500


@pytest.mark.parametrize(
    ("advice", "left"),
    [
        ("step, continue, get_variables, evaluate, get_stack", "step, continue, get_variables, get_stack"),
        ("evaluate, get_variables, get_stack; restart after an edit", "get_variables, get_stack"),
        ("restart, or get_output since=0 for all output", "get_output since=0 for all output"),
        ("start=30 for more", "start=30 for more"),
        ("1,234 bytes more: since=99", "1,234 bytes more: since=99"),
        ("Call restart or start.", "attach to a program that runs"),
        ("", ""),
    ],
)
def test_advice_names_what_there_is(advice: str, left: str) -> None:
    assert possible(advice) == left


@pytest.mark.anyio
async def test_answers_and_errors_advise_what_there_is() -> None:
    async def stop(context: Context[SessionManager, Any], session: str | None = None) -> Answer:
        """Stop."""
        if session is None:
            raise WrongState("it has ended", hint="Call restart or start.")
        return Answer("stopped", {"session": session, "next": "evaluate, wait"})

    made = narrowed(stop)
    assert (await made(context=Context(), session="s1")).data() == {"session": "s1", "next": "wait"}
    with pytest.raises(WrongState) as refused:
        await made(context=Context())
    assert refused.value.hint == "attach to a program that runs"


def test_a_parameter_that_is_new_is_not_offered_before_it_is_named() -> None:
    async def stop(context: Context[SessionManager, Any], session: str | None = None, harm: str = "") -> Answer:
        """Stop."""
        return Answer(harm)

    assert list(inspect.signature(narrowed(stop)).parameters) == ["context", "session"]
    assert not read_only.is_offered(lifecycle.start)


@pytest.mark.anyio
async def test_nothing_is_started_even_by_a_way_around_the_tools() -> None:
    from mcp_debug_tool.errors import UsageError
    from mcp_debug_tool.preparing.launching import Launch

    async with SessionManager(Settings(read_only=True)).run() as manager:
        with pytest.raises(UsageError, match="read-only"):
            await manager.of().start(Launch(code="print(1)"), [])
        assert manager.of().all() == []
