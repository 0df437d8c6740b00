"""The one seam to MCP: how a function of ours becomes a tool, and an error of ours an answer the model can read.

The SDK hides the text of foreign exceptions from the model, drops unknown arguments without a word, and writes
schemas with a title for each field; all three are mended here and nowhere else.
"""

from __future__ import annotations

import inspect
import keyword
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, get_type_hints

import anyio
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, ContentBlock, InputRequiredResult, ResourceLink, TextContent, ToolAnnotations
from pydantic import ValidationError

from ..calls import Call, Outcome
from ..errors import AdapterError, DebugError, NotResponding, ProtocolError, StartFailed
from ..malformed import MALFORMED
from ..masking import DEFAULT, Masks
from ..session_manager import SessionManager
from ..views import ALL_OUTPUT, WHOLE_VALUE, Answer, cut, masked, visible
from ..views.answer import Field
from .asking import Question
from .beside import beside
from .callers import hung_up, masks, may_hang_up, principal

_log = logging.getLogger(__name__)
_ODD = "The session is as it was: look at sessions, retry, or stop it; tell of it if the program does nothing odd."

ToolContext = Context[SessionManager, Any]
ToolFunction = Callable[..., Awaitable[Answer]]

READ_ONLY = ToolAnnotations(read_only_hint=True, open_world_hint=False)
CHANGES = ToolAnnotations(destructive_hint=False, open_world_hint=False)
# Not read-only and destructive are the defaults of the specification.
RUNS_CODE = ToolAnnotations(open_world_hint=False)
# The version of the protocol that brought links to resources; a client of an older one would refuse the answer.
LINKS_SINCE = "2025-06-18"


class Departed(ToolError):
    """A call whose client has hung up."""


class DebugTool(Tool):
    """A tool that names the arguments it refuses. Python keywords among them carry a trailing underscore here."""

    async def run(self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False) -> Any:
        """See Tool.run."""
        began, outcome, session = time.monotonic(), Outcome.CANCELLED, str(arguments.get("session") or "")
        try:
            result = await self._while_wanted(arguments, context, convert_result)
            outcome = Outcome.OK
            # What is no result is a question to who calls (2026-07-28), and no error.
            if isinstance(result, CallToolResult):
                outcome = Outcome.ERROR if result.is_error else Outcome.OK
                session = str((result.structured_content or {}).get("session", session))
            return result
        except Exception as error:
            outcome = Outcome.CANCELLED if isinstance(error, Departed) else Outcome.ERROR
            raise
        finally:
            call = Call(principal(context), self.name, session, outcome, time.monotonic() - began)
            context.request_context.lifespan_context.note(call)

    async def _while_wanted(self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool) -> Any:
        """The answer. When its client hangs up the call is broken off; what it has begun in the program goes on."""
        if not may_hang_up(context):
            return await self._answer(arguments, context, convert_result)

        async def break_off(call: anyio.CancelScope) -> None:
            await hung_up(context)
            call.cancel()

        departed = Departed("nobody waits for the answer any more")
        return await beside(break_off, lambda: self._answer(arguments, context, convert_result), departed)

    async def _answer(self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool) -> Any:
        renamed = {f"{name}_" if keyword.iskeyword(name) else name: value for name, value in arguments.items()}
        try:
            return await super().run(renamed, context, convert_result)
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError(_refusal(self, error.__cause__)) from error.__cause__
            raise


def tool(function: ToolFunction, annotations: ToolAnnotations) -> DebugTool:
    """A function as a tool: its name (without a trailing underscore), its docstring, its parameters' schema."""

    async def run(*args: Any, **kwargs: Any) -> CallToolResult | InputRequiredResult:
        try:
            answer = await function(*args, **kwargs)
            return _result(masked(answer, _masks(kwargs)), _version(kwargs))
        except Question as question:
            return question.result
        except DebugError as error:
            return _error(error, _masks(kwargs))
        except MALFORMED as problem:
            _log.exception("%s could not be answered", function.__name__)
            reason = f"an answer of the program's debugger cannot be read: {problem!r:.200}"
            return _error(AdapterError(reason, hint=_ODD), _masks(kwargs))

    # The SDK reads parameters and result from the function; the result is ours to build, so it sees no schema for it.
    hints = {**get_type_hints(function, include_extras=True), "return": CallToolResult}
    signature = inspect.signature(function)
    parameters = [p.replace(annotation=hints[p.name]) for p in signature.parameters.values()]
    run.__signature__ = signature.replace(parameters=parameters, return_annotation=CallToolResult)  # type: ignore[attr-defined]
    run.__annotations__ = hints
    description = " ".join((function.__doc__ or "").split())
    made = DebugTool.from_function(
        run, name=function.__name__.rstrip("_"), description=description, annotations=annotations
    )
    model = made.fn_metadata.arg_model
    model.model_config["extra"] = "forbid"
    model.model_rebuild(force=True)
    made.parameters = plain_schema(model.model_json_schema(by_alias=True))
    return made  # type: ignore[return-value]


def _error(error: DebugError, masks: Masks) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=error_text(error, masks))], is_error=True)


def _result(answer: Answer, version: str | None) -> CallToolResult:
    content: list[ContentBlock] = [TextContent(type="text", text=answer.text())]
    if version is None or version >= LINKS_SINCE:
        content += [
            ResourceLink(type="resource_link", uri=uri, name=name, mime_type="text/plain")
            for name in (ALL_OUTPUT, WHOLE_VALUE)
            for uri in _texts(answer.fields.get(name))
        ]
    return CallToolResult(content=content, structured_content=answer.data())


def _texts(field: Field | None) -> list[str]:
    """The URIs in a field: one, several or none."""
    if isinstance(field, str):
        return [field]
    return [str(uri) for uri in field] if isinstance(field, list) else []


def _version(arguments: Mapping[str, Any]) -> str | None:
    context = arguments.get("context")
    return context.protocol_version if isinstance(context, Context) else None


def _masks(arguments: Mapping[str, Any]) -> Masks:
    context = arguments.get("context")
    return masks(context) if isinstance(context, Context) else DEFAULT


def error_text(error: DebugError, masks: Masks = DEFAULT) -> str:
    """What happened, where we are, and the call that mends it."""
    lines = [masks.text(visible(str(error)))]
    if isinstance(error, StartFailed) and error.output:
        shown = masks.text(visible(error.output))
        lines.append("output:\n" + "\n".join(f"  {line}" for line in shown.splitlines()[-20:]))
    hint = error.hint
    if not hint and isinstance(error, NotResponding):
        hint = "It may be inside C code that holds the interpreter: wait and retry, or stop the session."
    if not hint and isinstance(error, ProtocolError):
        hint = "The program has just ended: call wait to see how."
    return "\n".join(lines + ([f"next: {hint}"] if hint else []))


def _refusal(made: Tool, error: ValidationError) -> str:
    known = list(made.parameters.get("properties", {}))
    parts = []
    for problem in error.errors(include_url=False):
        where = ".".join(str(part) for part in problem["loc"] if not str(part).startswith("function-")).rstrip("_")
        if problem["type"] == "extra_forbidden":
            parts.append(f"{where}: unknown argument")
        else:
            parts.append(f"{where}: {problem['msg']}, not {cut(repr(problem['input']), 80)}")
    return f"{'; '.join(parts)}\nnothing was done; {made.name} takes: {', '.join(known) or 'no arguments'}"


def plain_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema without titles, references and nulls: what a model needs, in half the bytes.

    That other arguments, and values out of bounds, are refused is not said in it: the refusal says so.
    """
    definitions = schema.pop("$defs", {})
    plain: dict[str, Any] = _plain(schema, definitions)
    return plain


# Empty, these say nothing: what is not required may be left out.
_OPTIONAL = ("default", "description")
# A call outside of its bounds is refused with their names; to every model that never does it they are only bytes.
_UNSAID = ("title", "additionalProperties", "minimum", "maximum", "exclusiveMinimum")


def _says_nothing(value: Any) -> bool:
    return value is None or value is False or value in ("", [], {})


def _plain(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_plain(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        named = definitions[node["$ref"].rsplit("/", 1)[1]]
        return _plain({**named, **{k: v for k, v in node.items() if k != "$ref"}}, definitions)
    result: dict[str, Any] = {}
    for name, value in node.items():
        if name == "properties":
            result[name] = {
                key.rstrip("_"): _plain({k: v for k, v in item.items() if k != "title"}, definitions)
                for key, item in value.items()
            }
        elif name == "required":
            result["required"] = [key.rstrip("_") for key in value]
        elif name not in _UNSAID and not (name in _OPTIONAL and _says_nothing(value)):
            result[name] = _plain(value, definitions)
    return _without_null(result)


def _without_null(node: dict[str, Any]) -> dict[str, Any]:
    """An optional field is one that may be left out: its null says nothing more."""
    choices = [choice for choice in node.get("anyOf", ()) if choice != {"type": "null"}]
    if "anyOf" not in node or len(choices) == len(node["anyOf"]):
        return node
    rest = {name: value for name, value in node.items() if name != "anyOf"}
    return {**choices[0], **rest} if len(choices) == 1 else {**rest, "anyOf": choices}
