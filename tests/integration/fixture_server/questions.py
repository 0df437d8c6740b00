"""Tools and a prompt that first answer with a question (2026-07-28): the client calls again with what was asked for."""

from __future__ import annotations

from typing import Any

from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from mcp.types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CallToolResult,
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
    ListRootsRequest,
    ListRootsResult,
    SamplingMessage,
    TextContent,
)

from mcp_debug_tool.session_manager import SessionManager

Ctx = Context[SessionManager, Any]
Round = CallToolResult | InputRequiredResult


def answer(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)])


def form(message: str, name: str, kind: str = "string") -> ElicitRequest:
    """A question to the user with one field."""
    schema = {"type": "object", "properties": {name: {"type": kind}}, "required": [name]}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def sample(text: str, max_tokens: int = 100) -> CreateMessageRequest:
    """A question to the client's model."""
    message = SamplingMessage(role="user", content=TextContent(type="text", text=text))
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=[message], max_tokens=max_tokens))


def given(context: Ctx, key: str) -> Any:
    """What came back for a question, or None."""
    return (context.input_responses or {}).get(key)


def field(context: Ctx, key: str, name: str) -> Any:
    """A field that the user has filled in, or None."""
    response = given(context, key)
    return (response.content or {}).get(name) if isinstance(response, ElicitResult) else None


async def test_input_required_result_elicitation(context: Ctx) -> Round:
    """Asks the user."""
    name = field(context, "user_name", "name")
    if name is None:
        return InputRequiredResult(input_requests={"user_name": form("What is your name?", "name")})
    return answer(f"Hello, {name}!")


async def test_input_required_result_sampling(context: Ctx) -> Round:
    """Asks the model."""
    response = given(context, "capital_question")
    if response is None:
        return InputRequiredResult(input_requests={"capital_question": sample("What is the capital of France?")})
    return answer(f"The model says: {getattr(response.content, 'text', '')}")


async def test_input_required_result_list_roots(context: Ctx) -> Round:
    """Asks for the roots."""
    response = given(context, "client_roots")
    if not isinstance(response, ListRootsResult):
        return InputRequiredResult(input_requests={"client_roots": ListRootsRequest()})
    return answer(" ".join(str(root.uri) for root in response.roots))


async def test_input_required_result_request_state(context: Ctx) -> Round:
    """Asks, and knows its own state again."""
    if context.request_state != "asked" or field(context, "confirm", "ok") is None:
        question = form("Please confirm", "ok", "boolean")
        return InputRequiredResult(input_requests={"confirm": question}, request_state="asked")
    return answer("state-ok")


async def test_input_required_result_tampered_state(context: Ctx) -> Round:
    """As before; a state that was changed on the way never comes here."""
    return await test_input_required_result_request_state(context)


async def test_input_required_result_multiple_inputs(context: Ctx) -> Round:
    """Asks three things at once."""
    questions: dict[str, Any] = {
        "user_name": form("What is your name?", "name"),
        "greeting": sample("Generate a greeting", 50),
        "client_roots": ListRootsRequest(),
    }
    if any(given(context, key) is None for key in questions):
        return InputRequiredResult(input_requests=questions, request_state="asked")
    return answer("all given")


async def test_input_required_result_multi_round(context: Ctx) -> Round:
    """Asks one thing after the other."""
    name, colour = field(context, "step1", "name"), field(context, "step2", "color")
    if context.request_state is None or (context.request_state == "1" and name is None):
        return InputRequiredResult(
            input_requests={"step1": form("Step 1: What is your name?", "name")}, request_state="1"
        )
    if colour is None:
        question = form("Step 2: What is your favorite color?", "color")
        return InputRequiredResult(input_requests={"step2": question}, request_state=f"2 {name}")
    return answer(f"{context.request_state.removeprefix('2 ')} likes {colour}")


async def test_input_required_result_capabilities(context: Ctx) -> Round:
    """Asks only what the client said that it can be asked."""
    can = context.client_capabilities
    questions: dict[str, Any] = {}
    if can is not None and can.sampling is not None:
        questions["model"] = sample("Which?")
    if can is not None and can.elicitation is not None:
        questions["user"] = form("Which?", "choice")
    return InputRequiredResult(input_requests=questions, request_state="asked")


async def test_streaming_elicitation(context: Ctx) -> Round:
    """Asks the user; nothing but the question stands on the stream."""
    return await test_input_required_result_elicitation(context)


async def test_missing_capability(context: Ctx) -> Round:
    """Refuses a client that cannot be asked for samples."""
    can = context.client_capabilities
    if can is None or can.sampling is None:
        raise MCPError(
            MISSING_REQUIRED_CLIENT_CAPABILITY, "sampling is needed", {"requiredCapabilities": {"sampling": {}}}
        )
    return answer("can")


ASKING = (
    test_input_required_result_elicitation,
    test_input_required_result_sampling,
    test_input_required_result_list_roots,
    test_input_required_result_request_state,
    test_input_required_result_tampered_state,
    test_input_required_result_multiple_inputs,
    test_input_required_result_multi_round,
    test_input_required_result_capabilities,
    test_streaming_elicitation,
    test_missing_capability,
)


async def test_input_required_result_prompt(context: Ctx) -> InputRequiredResult | str:
    """A prompt that asks first."""
    text = field(context, "user_context", "context")
    if text is None:
        question = form("What context should the prompt use?", "context")
        return InputRequiredResult(input_requests={"user_context": question})
    return f"Use this context: {text}"
