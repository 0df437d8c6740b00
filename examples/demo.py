"""Watch an agent's calls find a bug: `python examples/demo.py`, where mcp-debug-tool is installed.

It starts the real server, connects to it as any agent does, and debugs `shop.py` with it.
"""

from __future__ import annotations

import json
import os
import sys
import textwrap
from pathlib import Path
from typing import Any, NamedTuple

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

ROOT = Path(__file__).resolve().parent.parent
CALL_SECONDS = 30.0


class Step(NamedTuple):
    """One call: why an agent makes it, the call, and what its answer has to contain."""

    why: str
    tool: str
    arguments: dict[str, Any]
    shows: str


CUP_LINE = {"file": "examples/shop.py", "text": "total -= total", "condition": "item.name == 'cup'"}
BOTH_DISCOUNTS = ["item.cents * item.count * item.percent_off // 100", "total * item.percent_off // 100"]
STEPS = [
    Step("The program crashes. Where, and with which values?", "start", {"program": "examples/shop.py"}, "due = 3750"),
    Step(
        "3750 is too little. What was ordered, and at which discount?",
        "evaluate",
        {"expression": "[(item.name, item.cents * item.count, item.percent_off) for item in order.items]"},
        "('cup', 1800, 25)",
    ),
    Step("Stop where the cups' discount is taken off ...", "set_breakpoint", CUP_LINE, "b1 examples/shop.py"),
    Step("... and run again to that line.", "restart", {}, "total = 5000"),
    Step("The discount due, and the one taken:", "evaluate", {"expression": BOTH_DISCOUNTS}, "= 1250"),
    Step("1250 instead of 450 is taken off: 25 % of teapot and cups together.", "step", {}, "total = 3750 (was 5000)"),
    Step("Would the right total be booked?", "set_variable", {"path": "total", "value": "5000 - 450"}, "4550"),
    Step("Run on to the end.", "continue", {}, "Cleo: 45.50 booked"),
    Step("Done.", "stop", {}, "exit code 0"),
]
CAUSE = "The bug: Order.total takes a discount off all items so far, not off the one it belongs to (shop.py, line 26)."


class DemoFailed(Exception):
    """An answer is not what it should be; the text says which."""


async def show(client: Client, step: Step) -> None:
    """Make one call and print it with its answer."""
    call = ", ".join(f"{name}={json.dumps(value)}" for name, value in step.arguments.items())
    print(f"# {step.why}\n→ {step.tool}({call})", flush=True)
    with anyio.fail_after(CALL_SECONDS):
        result = await client.call_tool(step.tool, step.arguments)
    text = "\n".join(block.text for block in result.content if block.type == "text").replace(f"{ROOT}{os.sep}", "")
    print(textwrap.indent(text, "    "), end="\n\n", flush=True)
    if result.is_error or step.shows not in text:
        raise DemoFailed(f"the answer to {step.tool} does not contain {step.shows!r}")


async def main() -> None:
    """Start the server, make the calls, name the cause."""
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "mcp_debug_tool", "serve"], cwd=ROOT, env=dict(os.environ)
    )
    async with Client(stdio_client(server)) as client:
        for step in STEPS:
            await show(client, step)
    print(CAUSE)


def reason(error: BaseException) -> BaseException:
    """The first error inside what task groups have wrapped."""
    while isinstance(inner := getattr(error, "exceptions", None), tuple):
        error = inner[0]
    return error


if __name__ == "__main__":
    try:
        anyio.run(main)
    except Exception as error:
        found = reason(error)
        sys.exit(f"The demo failed: {type(found).__name__}: {found}")
