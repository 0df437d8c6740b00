"""The seam to MCP for prompts: the plans under the names that a host shows."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver.prompts import Prompt
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS
from pydantic import Field

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
