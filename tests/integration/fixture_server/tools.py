"""Tools that answer with all kinds of content, and tools that tell and ask while they run."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import anyio
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, ContentBlock, SamplingMessage, TextContent
from pydantic import Field

from mcp_debug_tool.errors import UsageError
from mcp_debug_tool.session_manager import SessionManager
from mcp_debug_tool.tools.registration import READ_ONLY, DebugTool, tool
from mcp_debug_tool.views import Answer

from . import content, questions

Ctx = Context[SessionManager, Any]

PAUSE_SECONDS = 0.05


async def test_simple_text() -> Answer:
    """One line."""
    return Answer("This is a simple text response for testing.")


async def test_error_handling() -> Answer:
    """An error."""
    raise UsageError("This tool intentionally returns an error for testing")


async def test_tool_with_logging(context: Ctx) -> Answer:
    """Three lines of a log, then an answer."""
    for line in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await context.info(line)
        await anyio.sleep(PAUSE_SECONDS)
    return Answer("logged")


async def test_logging_tool(context: Ctx) -> Answer:
    """A line of a log that only a client that asked for it may see."""
    await context.info("not asked for")
    return Answer("logged")


async def test_tool_with_progress(context: Ctx) -> Answer:
    """Three steps of progress, then an answer."""
    for done in (0, 50, 100):
        await context.report_progress(done, 100)
        await anyio.sleep(PAUSE_SECONDS)
    return Answer("done")


async def test_sampling(context: Ctx, prompt: str) -> Answer:
    """Asks the client's model, on the connection (2025-11-25)."""
    message = SamplingMessage(role="user", content=TextContent(type="text", text=prompt))
    result = await context.session.create_message([message], max_tokens=100, related_request_id=context.request_id)
    return Answer(f"LLM response: {getattr(result.content, 'text', '')}")


async def _asked(context: Ctx, message: str, properties: dict[str, Any]) -> Answer:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    result = await context.session.elicit_form(message, schema, related_request_id=context.request_id)
    return Answer(f"User response: action={result.action}, content={json.dumps(result.content)}")


async def test_elicitation(context: Ctx, message: str) -> Answer:
    """Asks the user, on the connection (2025-11-25)."""
    return await _asked(context, message, {"username": {"type": "string"}, "email": {"type": "string"}})


async def test_elicitation_sep1034_defaults(context: Ctx) -> Answer:
    """Asks with a default for each type."""
    properties = {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": True},
    }
    return await _asked(context, "Who are you?", properties)


async def test_elicitation_sep1330_enums(context: Ctx) -> Answer:
    """Asks for a choice, in each of the five ways."""
    plain = ["option1", "option2", "option3"]
    titled = [{"const": f"value{n}", "title": title} for n, title in enumerate(("First", "Second", "Third"), 1)]
    properties = {
        "untitledSingle": {"type": "string", "enum": plain},
        "titledSingle": {"type": "string", "oneOf": titled},
        "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["One", "Two", "Three"]},
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": plain}},
        "titledMulti": {"type": "array", "items": {"anyOf": titled}},
    }
    return await _asked(context, "Which?", properties)


async def test_trigger_tool_change(context: Ctx) -> Answer:
    """Says that the list of tools has changed."""
    await context.notify_tools_changed()
    return Answer("told")


async def test_trigger_prompt_change(context: Ctx) -> Answer:
    """Says that the list of prompts has changed."""
    await context.notify_prompts_changed()
    return Answer("told")


async def test_reconnection() -> Answer:
    """Answers on the stream it was called on: ours are not taken up again."""
    return Answer("answered")


async def test_headers(region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]) -> Answer:
    """An argument that stands in a header too."""
    return Answer(region)


_ANSWERING = (
    test_simple_text,
    test_error_handling,
    test_tool_with_logging,
    test_logging_tool,
    test_tool_with_progress,
    test_sampling,
    test_elicitation,
    test_elicitation_sep1034_defaults,
    test_elicitation_sep1330_enums,
    test_trigger_tool_change,
    test_trigger_prompt_change,
    test_reconnection,
    test_headers,
)

_MIXED = '{"test":"data","value":123}'
_CONTENT: dict[str, Callable[[], list[ContentBlock]]] = {
    "test_image_content": lambda: [content.image()],
    "test_audio_content": lambda: [content.audio()],
    "test_embedded_resource": lambda: [
        content.embedded("test://embedded-resource", "This is an embedded resource content.")
    ],
    "test_multiple_content_types": lambda: [
        TextContent(type="text", text="Multiple content types test:"),
        content.image(),
        content.embedded("test://mixed-content-resource", _MIXED, "application/json"),
    ],
}

# A schema as it is written, which no function of Python has.
WHOLE_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


def _content_tool(name: str, made: Callable[[], list[ContentBlock]]) -> Tool:
    async def run() -> CallToolResult:
        return CallToolResult(content=made())

    return DebugTool.from_function(run, name=name, description="Content.")


def _schema_tool() -> Tool:
    async def run() -> CallToolResult:
        return CallToolResult(content=[])

    made = DebugTool.from_function(run, name="json_schema_2020_12_tool", description="A schema.")
    made.parameters = WHOLE_SCHEMA
    return made


def _asking_tool(function: Callable[..., Awaitable[Any]]) -> Tool:
    return DebugTool.from_function(function)


def all_tools() -> list[Tool]:
    """Those that answer as ours do, through the same seam, and those that cannot."""
    return [
        *(tool(function, READ_ONLY) for function in _ANSWERING),
        *(_content_tool(name, made) for name, made in _CONTENT.items()),
        *map(_asking_tool, questions.ASKING),
        _schema_tool(),
    ]
