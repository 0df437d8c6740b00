"""The seam to MCP for prompts: the plans under the names that a host shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver.prompts import Prompt
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, GetPromptRequestParams
from mcp.types import Prompt as OfferedPrompt
from pydantic import Field

from ..views import cut
from . import plans

# A plan repeats its arguments in its calls.
MAX_ARGUMENT = 200


async def debug_failing_test(test: Annotated[str, Field(description="Node id: tests/test_x.py::test_y.")]) -> str:
    """Find out why a test fails: stop at its assertion, look, go to where the value is made."""
    return plans.failing_test(_checked("test", test))


async def explain_crash(program: Annotated[str, Field(description="Python script that ends in an exception.")]) -> str:
    """Explain a crash: stop where the exception is raised and follow the bad value back."""
    return plans.crash(_checked("program", program))


async def why_hang(
    program: Annotated[str, Field(description="Python script that hangs; or give pid.")] = "",
    pid: Annotated[str, Field(description="Process id of a Python program that hangs.")] = "",
) -> str:
    """Find out why a program or a running process hangs: pause it and see who waits for whom."""
    if bool(program.strip()) == bool(pid.strip()):
        raise _invalid("give program or pid, one of them")
    if program.strip():
        return plans.hang_of_program(_checked("program", program))
    if not (pid.strip().isascii() and pid.strip().isdigit() and len(pid.strip()) <= 10):
        raise _invalid("pid: must be the number of a process")
    return plans.hang_of_process(int(pid))


async def find_state_change(
    program: Annotated[str, Field(description="Python script.")],
    expression: Annotated[str, Field(description="What gets a wrong value: order.total.")],
) -> str:
    """Find the line at which a value turns wrong: log it, stop where it is wrong, step."""
    return plans.state_change(_checked("program", program), _checked("expression", expression))


def prompts() -> list[Prompt]:
    """Every prompt of the server."""
    functions = (debug_failing_test, explain_crash, why_hang, find_state_change)
    return [Prompt.from_function(function) for function in functions]


def install(server: MCPServer[Any]) -> None:
    """Offer the prompts, and refuse what is none of them by its name: for the SDK that is a failure of the server."""
    for prompt in prompts():
        server.add_prompt(prompt)
    inner = server._lowlevel_server
    entry = inner.get_request_handler("prompts/get")
    assert entry is not None
    render = entry.handler

    async def get(context: ServerRequestContext[Any, Any], params: GetPromptRequestParams) -> Any:
        _check_call(await server.list_prompts(), params)
        return await render(context, params)

    inner.add_request_handler("prompts/get", GetPromptRequestParams, get)


def _check_call(offered: Sequence[OfferedPrompt], params: GetPromptRequestParams) -> None:
    """Refuse a prompt that is not offered, and arguments that it lacks or does not know.

    Raises:
        MCPError: naming what is wrong and what there is.
    """
    known = {prompt.name: prompt.arguments or [] for prompt in offered}
    if params.name not in known:
        raise _invalid(f"there is no prompt {cut(repr(params.name), 80)}; known: {', '.join(known)}")
    arguments = known[params.name]
    given = set(params.arguments or {})
    takes = f"; {params.name} takes: {', '.join(argument.name for argument in arguments) or 'no arguments'}"
    for argument in arguments:
        if argument.required and argument.name not in given:
            raise _invalid(f"{argument.name}: is missing{takes}")
    for name in sorted(given - {argument.name for argument in arguments}):
        raise _invalid(f"{cut(name, 80)}: unknown argument{takes}")


def _checked(name: str, value: str) -> str:
    """An argument in one visible line, as it stands in a plan.

    Raises:
        MCPError: it is empty, too long, or no line of text.
    """
    stripped = value.strip()
    if not stripped:
        raise _invalid(f"{name}: is empty")
    if len(stripped) > MAX_ARGUMENT:
        raise _invalid(f"{name}: is longer than {MAX_ARGUMENT} characters")
    if not stripped.isprintable() or "`" in stripped:
        raise _invalid(f"{name}: must be one line of plain text")
    return stripped


def _invalid(text: str) -> MCPError:
    return MCPError(INVALID_PARAMS, text)
