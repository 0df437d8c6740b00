"""The seam to MCP: functions as tools, refusals that name the argument, errors as answers, plain schemas."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Annotated, Any, Literal, cast

import pytest
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, TextContent
from pydantic import BaseModel, Field

from mcp_debug_tool.calls import Call, Note, Outcome, note_nothing
from mcp_debug_tool.errors import (
    AdapterError,
    DebugError,
    InvalidArgument,
    NotResponding,
    ProtocolError,
    StartFailed,
    TargetError,
    UnknownSession,
    UsageError,
    WrongState,
)
from mcp_debug_tool.session_manager import LOCAL, SessionManager
from mcp_debug_tool.settings import Settings
from mcp_debug_tool.tools.registration import (
    CHANGES,
    READ_ONLY,
    RUNS_CODE,
    DebugTool,
    ToolContext,
    error_text,
    plain_schema,
    tool,
)
from mcp_debug_tool.views import ALL_OUTPUT, Answer

pytestmark = pytest.mark.anyio


async def greet(
    context: Context[SessionManager, Any],
    name: Annotated[str, Field(min_length=2, description="Whom.")],
    times: Annotated[int, Field(ge=1, le=3)] = 1,
    for_: Annotated[str, Field(description="Why.")] = "fun",
    kind: Literal["a", "b"] | None = None,
) -> Answer:
    """Greet somebody,
    in two lines."""
    return Answer(f"{name} x{times} for {for_}", {"name": name, "empty": ""})


async def continue_(context: Context[SessionManager, Any]) -> Answer:
    """Go on."""
    return Answer("went on")


def context(note: Note = note_nothing, version: str = "2026-07-28") -> ToolContext:
    """What a tool is called with, over stdin; these look at nothing in it."""
    manager = SessionManager(Settings(), note=note)
    asked = SimpleNamespace(lifespan_context=manager, request=None, protocol_version=version)
    return Context(request_context=cast(Any, asked))


async def called(made: DebugTool, **arguments: Any) -> CallToolResult:
    """The result of a call."""
    result = await made.run(arguments, context())
    assert isinstance(result, CallToolResult)
    return result


def text_of(result: CallToolResult) -> str:
    """The one piece of text in a result."""
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def test_a_tool_is_named_and_described_by_its_function() -> None:
    made = tool(greet, READ_ONLY)
    assert made.name == "greet"
    assert made.description == "Greet somebody, in two lines."
    assert made.annotations is READ_ONLY
    assert tool(continue_, CHANGES).name == "continue"


def test_a_schema_has_the_functions_parameters_and_not_the_context() -> None:
    assert tool(greet, READ_ONLY).parameters == {
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 2, "description": "Whom."},
            "times": {"type": "integer", "default": 1},
            "for": {"type": "string", "default": "fun", "description": "Why."},
            "kind": {"type": "string", "enum": ["a", "b"]},
        },
        "required": ["name"],
    }
    assert tool(continue_, READ_ONLY).parameters == {"type": "object", "properties": {}}


async def test_an_answer_comes_as_text_and_as_data() -> None:
    result = await called(tool(greet, READ_ONLY), name="Ann", times=2, **{"for": "joy"})
    assert text_of(result) == "Ann x2 for joy\nname: Ann"
    assert result.structured_content == {"name": "Ann"}
    assert not result.is_error


async def much(context: Context[SessionManager, Any]) -> Answer:
    """Print a lot."""
    return Answer("printed", {"output": "…", ALL_OUTPUT: "debug://sessions/s1/output"})


@pytest.mark.parametrize(("version", "linked"), [("2025-03-26", False), ("2025-06-18", True), ("2026-07-28", True)])
async def test_output_that_was_cut_is_linked_for_clients_that_know_links(version: str, linked: bool) -> None:
    result = await tool(much, READ_ONLY).run({}, context(version=version))
    text, *links = result.content
    assert "all output: debug://sessions/s1/output" in text.text
    assert [(link.type, link.uri) for link in links] == [("resource_link", "debug://sessions/s1/output")] * linked


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({}, ["name"]),
        ({"name": "A"}, ["name", "'A'"]),
        ({"name": None}, ["name", "None"]),
        ({"name": "Ann", "times": 4}, ["times", "4"]),
        ({"name": "Ann", "times": "often"}, ["times", "'often'"]),
        ({"name": "Ann", "kind": "c"}, ["kind", "'c'"]),
        ({"name": "Ann", "for": 3}, ["for: ", "3"]),
        ({"name": "Ann", "nmae": 1}, ["nmae: unknown argument"]),
        ({"name": "Ann", "class": 1}, ["class: unknown argument"]),
        ({"times": 9, "more": 1}, ["name", "times", "more: unknown argument"]),
    ],
)
async def test_a_wrong_argument_is_refused_by_its_name_with_those_that_are_known(
    arguments: dict[str, Any], named: list[str]
) -> None:
    with pytest.raises(ToolError) as refused:
        await called(tool(greet, READ_ONLY), **arguments)
    first, last = str(refused.value).splitlines()
    assert all(name in first for name in named)
    assert "for_" not in first
    assert "nothing was done" in last
    assert last.endswith("greet takes: name, times, for, kind")


async def test_a_refusal_is_bounded_whatever_was_sent() -> None:
    with pytest.raises(ToolError) as refused:
        await called(tool(greet, READ_ONLY), name="Ann", times="9" * 100_000 + "\x1b")
    assert len(str(refused.value)) < 400
    assert "\x1b" not in str(refused.value)


ERRORS: list[tuple[Callable[[], DebugError], str]] = [
    (lambda: UsageError("what", hint="do"), "what\nnext: do"),
    (lambda: InvalidArgument("line", "is 0", hint="Give 1."), "line: is 0\nnext: Give 1."),
    (lambda: UnknownSession("no s9"), "no s9"),
    (lambda: WrongState("it runs\x1b", hint="Call pause."), "it runs\\x1b\nnext: Call pause."),
    (lambda: TargetError("gone"), "gone"),
    (lambda: StartFailed("died", output="one\ntwo\x1b\n", hint="h"), "died\noutput:\n  one\n  two\\x1b\nnext: h"),
    (lambda: StartFailed("died"), "died"),
    (lambda: AdapterError("refused"), "refused"),
    (lambda: NotResponding("late", hint="own hint"), "late\nnext: own hint"),
]


@pytest.mark.parametrize(("make", "text"), ERRORS)
async def test_each_of_our_errors_is_an_answer_the_model_can_read(make: Callable[[], DebugError], text: str) -> None:
    async def fail(context: Context[SessionManager, Any]) -> Answer:
        """Fail."""
        raise make()

    result = await called(tool(fail, READ_ONLY))
    assert result.is_error
    assert text_of(result) == text == error_text(make())


@pytest.mark.parametrize("error", [NotResponding("late"), ProtocolError("gone")])
def test_errors_that_come_without_a_hint_still_say_what_to_do(error: DebugError) -> None:
    assert "\nnext: " in error_text(error)


def test_only_the_last_lines_of_a_failed_starts_output_are_shown() -> None:
    text = error_text(StartFailed("died", output="\n".join(f"line {number}" for number in range(500))))
    assert "line 499" in text
    assert "line 479" not in text
    assert len(text.splitlines()) == 22


async def test_a_bug_of_ours_is_hidden_from_the_model() -> None:
    async def fail(context: Context[SessionManager, Any]) -> Answer:
        """Fail."""
        raise RuntimeError("secret detail")

    with pytest.raises(ToolError) as error:
        await called(tool(fail, READ_ONLY))
    assert "secret" not in str(error.value)
    assert isinstance(error.value.__cause__, RuntimeError)


async def test_a_cancelled_call_is_no_answer() -> None:
    async def fail(context: Context[SessionManager, Any]) -> Answer:
        """Fail."""
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await called(tool(fail, READ_ONLY))


def test_annotations_say_what_a_tool_may_do() -> None:
    # By MCP's defaults a tool is destructive and reaches out, unless it says otherwise.
    assert READ_ONLY.read_only_hint is True
    assert not CHANGES.read_only_hint
    assert CHANGES.destructive_hint is False
    assert not RUNS_CODE.read_only_hint
    assert RUNS_CODE.destructive_hint is not False
    assert [a.open_world_hint for a in (READ_ONLY, CHANGES, RUNS_CODE)] == [False] * 3


# --- schemas --------------------------------------------------------------------------------------------------


class Inner(BaseModel):
    """An inner object."""

    title: str = "a parameter, not a heading"
    size: int | None = None
    either: int | str | None = None


class Outer(BaseModel):
    inner: Inner
    many: list[Inner] = []
    table: dict[str, int | None] = {}
    from_: str


def test_a_schema_loses_titles_references_and_nulls_and_nothing_else() -> None:
    plain = plain_schema(Outer.model_json_schema())
    inner = {
        "description": "An inner object.",
        "type": "object",
        "properties": {
            "title": {"type": "string", "default": "a parameter, not a heading"},
            "size": {"type": "integer"},
            "either": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        },
    }
    assert plain["properties"]["inner"] == inner
    assert plain["properties"]["many"] == {"type": "array", "items": inner}
    assert plain["properties"]["table"] == {"type": "object"}
    assert plain["properties"]["from"] == {"type": "string"}
    assert set(plain) == {"type", "properties", "required"}


def test_required_parameters_are_named_as_the_properties_are() -> None:
    plain = plain_schema(Outer.model_json_schema())
    assert set(plain["required"]) <= set(plain["properties"])


# --- what is noted of a call ------------------------------------------------------------------------------------------


async def refuses(context: Context[SessionManager, Any], session: str | None = None) -> Answer:
    """Refuse."""
    raise WrongState("no")


async def answers(context: Context[SessionManager, Any], session: str | None = None) -> Answer:
    """Answer."""
    return Answer("yes", {"session": "s7"})


async def waits(context: Context[SessionManager, Any], session: str | None = None) -> Answer:
    """Wait."""
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("function", "arguments", "session", "outcome"),
    [
        (answers, {}, "s7", Outcome.OK),
        (refuses, {"session": "s3"}, "s3", Outcome.ERROR),
        (refuses, {}, "", Outcome.ERROR),
        (answers, {"nonsense": 1}, "", Outcome.ERROR),
        (waits, {"session": "s3"}, "s3", Outcome.CANCELLED),
    ],
)
async def test_each_call_is_noted_once_it_is_over(
    function: Callable[..., Any], arguments: dict[str, Any], session: str, outcome: Outcome
) -> None:
    noted: list[Call] = []
    with suppress(ToolError, asyncio.CancelledError):
        await tool(function, CHANGES).run(arguments, context(noted.append))
    (call,) = noted
    assert (call.principal, call.tool, call.session, call.outcome) == (LOCAL, function.__name__, session, outcome)
    assert 0 <= call.seconds < 10
