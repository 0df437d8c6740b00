"""What an agent is told of each tool: committed as snapshots, so that a change shows in review, and kept small."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp.types import Tool

from mcp_debug_tool.cli.definitions import FILE
from mcp_debug_tool.server import INSTRUCTIONS, tools
from mcp_debug_tool.settings import Settings
from mcp_debug_tool.tools.parameters import BreakpointArgument
from mcp_debug_tool.tools.registration import DebugTool

SNAPSHOTS = Path(__file__).parent.parent / "snapshots"
UPDATE = "UPDATE_SNAPSHOTS"
# 3,000 tokens at four bytes each: what a host sends with every request of its model.
MAX_BYTES = 12_000
# What `--tools full` adds to it.
MAX_FURTHER_BYTES = 2_500
# Parameters whose names say all there is to say.
SPEAKING = {"args", "stop_on_entry", "env_file", "follow_children", "stream"}
# Some hosts cut a description there.
MAX_DESCRIPTION = 1024


def definition(made: DebugTool) -> dict[str, Any]:
    """A tool as it goes over the wire."""
    listed = Tool(
        name=made.name,
        title=made.title,
        description=made.description,
        input_schema=made.parameters,
        output_schema=made.output_schema,
        annotations=made.annotations,
    )
    return listed.model_dump(mode="json", by_alias=True, exclude_none=True)


CORE = [made.name for made in tools("core")]
TOOLS = tools("full")
NAMES = [made.name for made in TOOLS]
DEFINITIONS = {made.name: definition(made) for made in TOOLS}


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object of a schema that is one itself; the names of properties are no part of it."""
    if isinstance(schema, list):
        for item in schema:
            yield from nodes(item)
    elif isinstance(schema, dict):
        yield schema
        for key, value in schema.items():
            yield from nodes(list(value.values()) if key == "properties" else value)


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_is_as_its_snapshot_says(name: str) -> None:
    path = SNAPSHOTS / f"{name}.json"
    text = json.dumps(DEFINITIONS[name], indent=2, ensure_ascii=False) + "\n"
    if os.environ.get(UPDATE) == "1":
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"{path} is missing; {UPDATE}=1 writes it"
    assert text == path.read_text(encoding="utf-8"), f"{name} has changed; if that is meant, {UPDATE}=1 rewrites {path}"


def test_the_command_line_knows_each_tool_as_it_is() -> None:
    profiles = {"core": CORE, "further": [name for name in NAMES if name not in CORE]}
    found = {profile: [DEFINITIONS[name] for name in names] for profile, names in profiles.items()}
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n"
    if os.environ.get(UPDATE) == "1":
        FILE.write_text(text, encoding="utf-8")
    assert text == FILE.read_text(encoding="utf-8"), f"a tool has changed; if that is meant, {UPDATE}=1 rewrites {FILE}"


def test_there_is_a_snapshot_of_each_tool_and_of_nothing_else() -> None:
    if os.environ.get(UPDATE) == "1":
        for path in SNAPSHOTS.glob("*.json"):
            if path.stem not in NAMES:
                path.unlink()
    found = sorted(path.stem for path in SNAPSHOTS.iterdir())
    assert found == sorted(NAMES), f"{UPDATE}=1 puts {SNAPSHOTS} right"


def sizes(names: Iterable[str]) -> dict[str, int]:
    """The bytes of each definition."""
    return {n: len(json.dumps(DEFINITIONS[n], ensure_ascii=False, separators=(",", ":")).encode()) for n in names}


def test_all_tools_together_are_small() -> None:
    listed = json.dumps([DEFINITIONS[name] for name in CORE], ensure_ascii=False, separators=(",", ":"))
    assert len(listed.encode()) <= MAX_BYTES, sizes(CORE)


def test_the_further_tools_of_the_full_profile_are_small_too() -> None:
    further = [name for name in NAMES if name not in CORE]
    assert sum(sizes(further).values()) <= MAX_FURTHER_BYTES, sizes(further)


def test_the_core_is_what_is_offered_unless_more_is_asked_for() -> None:
    assert [made.name for made in tools()] == CORE
    assert Settings().tools == "core"


def test_the_full_profile_is_the_core_and_the_further_tools_behind_it() -> None:
    assert [*CORE, "goto", "modules", "complete"] == NAMES


def test_no_two_tools_have_one_name() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_is_described_in_a_few_sentences(name: str) -> None:
    description = DEFINITIONS[name]["description"]
    assert 0 < len(description) < MAX_DESCRIPTION
    assert description.isprintable()
    assert description.endswith(".")


def test_tools_that_only_read_say_so_and_no_others() -> None:
    reading = {name for name, tool in DEFINITIONS.items() if tool["annotations"].get("readOnlyHint", False)}
    assert reading == {"list_breakpoints", "wait", "get_stack", "get_variables", "sessions", "modules", "complete"}


def test_tools_that_run_code_of_the_program_or_the_agent_are_not_called_harmless() -> None:
    # What is not said is so by default: it is destructive.
    harmless = {name for name, tool in DEFINITIONS.items() if not tool["annotations"].get("destructiveHint", True)}
    assert not harmless & {"start", "restart", "continue", "step", "evaluate", "set_variable", "set_breakpoint", "stop"}
    assert "goto" not in harmless


@pytest.mark.parametrize("name", NAMES)
def test_no_tool_reaches_out_of_this_machine(name: str) -> None:
    assert DEFINITIONS[name]["annotations"]["openWorldHint"] is False


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_flat_and_plain(name: str) -> None:
    schema = DEFINITIONS[name]["inputSchema"]
    assert schema["type"] == "object"
    for node in nodes(schema):
        assert not {"$ref", "$defs", "title"} & set(node), node
        assert {"type": "null"} not in node.get("anyOf", []), node
        assert node.get("type") != "null", node


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_has_a_description_but_for_those_that_the_instructions_describe(name: str) -> None:
    properties = DEFINITIONS[name]["inputSchema"]["properties"]
    silent = {key for key, schema in properties.items() if not schema.get("description")}
    assert silent <= {"session", "timeout_s", "frame", "thread", "detail"} | SPEAKING
    assert all(key in INSTRUCTIONS for key in silent - SPEAKING)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_named_without_underscores_at_the_end_and_required_ones_exist(name: str) -> None:
    schema = DEFINITIONS[name]["inputSchema"]
    assert not [key for key in schema["properties"] if key.endswith("_")]
    assert set(schema.get("required", [])) <= set(schema["properties"])


def test_the_parts_of_a_breakpoint_are_those_of_set_breakpoint() -> None:
    of_tool = DEFINITIONS["set_breakpoint"]["inputSchema"]["properties"]
    assert set(BreakpointArgument.model_fields) == set(of_tool) - {"session"}
    assert "set_breakpoint" in DEFINITIONS["start"]["inputSchema"]["properties"]["breakpoints"]["description"]


def test_a_snapshot_walk_sees_what_is_nested() -> None:
    schema = {"properties": {"title": {"items": {"anyOf": [{"type": "null"}]}}}}
    assert [sorted(node) for node in nodes(schema)] == [["properties"], ["items"], ["anyOf"], ["type"]]
