"""Ask the person at the host which program to attach to, where the agent names none and the host can ask.

Up to 2025-11-25 the client is sent a request, and the call waits for the answer. Since 2026-07-28 the call is over with
the question, and the client calls again with the answer; nothing is kept here in between, so the answer is looked for
among the programs that run then. No tool may need this: many hosts cannot ask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import anyio
import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from mcp.types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from pydantic import ValidationError

from ..errors import InvalidArgument
from ..session_manager import SessionManager
from ..targets.candidates import Candidate, candidates
from ..views import cut
from .callers import masks

# The first version in which a server asks by its answer.
ANSWERS_ASK_SINCE = "2026-07-28"
# As many as a person looks through.
MAX_OFFERED = 20
COMMAND_CHARS = 100
_FIELD = "process"
_HINT = "Call attach(pid=...) once you know the process id, or give port or listen."


class Question(Exception):
    """Ends a call that its client repeats with the answer (2026-07-28); `result` is what the call comes back with."""

    def __init__(self, result: InputRequiredResult) -> None:
        super().__init__(_FIELD)
        self.result = result


async def process_to_attach(context: Context[SessionManager, Any]) -> int | None:
    """The pid that the person has chosen; None where nobody can be asked, or there is nothing to choose from.

    Raises:
        InvalidArgument: the person was asked, and has chosen none.
        Question: the client is to ask.
    """
    if not _can_ask(context):
        return None
    found = await anyio.to_thread.run_sync(candidates, context.request_context.lifespan_context.pids)
    offered = {masks(context).text(_label(candidate)): candidate.pid for candidate in found}
    answer = (context.input_responses or {}).get(_FIELD)
    if answer is None and offered:
        answer = await _asked(context, form(list(offered)[:MAX_OFFERED]))
    return _chosen(answer, offered) if isinstance(answer, ElicitResult) else None


def _can_ask(context: Context[SessionManager, Any]) -> bool:
    """Whether the client has said that it can show a form; before there were others, it said so without a word."""
    elicitation = getattr(context.client_capabilities, "elicitation", None)
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def _label(candidate: Candidate) -> str:
    return f"{candidate.pid}: {cut(candidate.command, COMMAND_CHARS)}"


def form(labels: Sequence[str]) -> ElicitRequestFormParams:
    """The question, with a closed list of answers."""
    field = {"type": "string", "title": "Process", "description": "Process id and command line.", "enum": list(labels)}
    return ElicitRequestFormParams(
        message="Which running Python program is the debugger to be attached to? Newest first.",
        requested_schema={"type": "object", "properties": {_FIELD: field}, "required": [_FIELD]},
    )


async def _asked(context: Context[SessionManager, Any], params: ElicitRequestFormParams) -> ElicitResult:
    if (context.protocol_version or "") >= ANSWERS_ASK_SINCE:
        raise Question(InputRequiredResult(input_requests={_FIELD: ElicitRequest(params=params)}))
    limit = context.request_context.lifespan_context.settings.answer_limit
    session = context.request_context.session
    try:
        with anyio.fail_after(limit):
            return await session.elicit_form(params.message, params.requested_schema, context.request_id)
    except TimeoutError:
        raise _without(f"did not answer within {limit:g} s") from None
    except (MCPError, ValidationError) as error:
        raise _without(f"could not be asked: {cut(str(error), COMMAND_CHARS)}") from error


def _chosen(answer: ElicitResult, offered: Mapping[str, int]) -> int:
    if answer.action != "accept":
        raise _without("has declined" if answer.action == "decline" else "has closed the question without an answer")
    label = str((answer.content or {}).get(_FIELD))
    if label not in offered:
        raise _without(f"has chosen {cut(label, COMMAND_CHARS)!r}, which is not (or no longer) one of them")
    return offered[label]


def _without(why: str) -> InvalidArgument:
    return InvalidArgument("pid", f"the person who was asked which process to attach to {why}", hint=_HINT)
