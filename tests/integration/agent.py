"""An agent for tests: calls tools through the official client and offers what came back in each form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
from mcp import Client
from mcp.types import Tool

# A host cuts calls at 60 s; nothing here may come near it.
CALL_SECONDS = 30.0


class Reply:
    """One answer: `text` and `data` as an agent sees them, and whether it is an error."""

    def __init__(self, text: str, data: dict[str, Any], error: bool) -> None:
        self.text = text
        self.data = data
        self.error = error

    def __repr__(self) -> str:
        return f"<{'error' if self.error else 'answer'}: {self.text}>"

    @property
    def state(self) -> str:
        return str(self.data.get("state"))

    @property
    def reason(self) -> str:
        return str(self.data.get("reason"))

    @property
    def line(self) -> int:
        """Line of the stop."""
        return int(str(self.data["at"]).split(" in ")[0].rpartition(":")[2])

    @property
    def locals(self) -> dict[str, str]:
        return dict(self.data.get("locals", {}))

    @property
    def tokens(self) -> int:
        """The larger of both forms, at four bytes a token."""
        return max(len(self.text.encode()), len(json.dumps(self.data, ensure_ascii=False).encode())) // 4


class Agent:
    """Calls tools. `ok` expects an answer, `error` an error, `call` takes either."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def call(self, name: str, /, **arguments: Any) -> Reply:
        with anyio.fail_after(CALL_SECONDS):
            result = await self.client.call_tool(name, arguments)
        text = "\n".join(block.text for block in result.content if block.type == "text")
        return Reply(text, result.structured_content or {}, bool(result.is_error))

    async def ok(self, name: str, /, **arguments: Any) -> Reply:
        reply = await self.call(name, **arguments)
        assert not reply.error, reply.text
        return reply

    async def error(self, name: str, /, **arguments: Any) -> str:
        """The text of the error this call must be answered with."""
        reply = await self.call(name, **arguments)
        assert reply.error, reply.text
        assert not reply.data, "an error carries no structured content: some hosts would show only that"
        return reply.text

    async def pause_at(self, line: int) -> Reply:
        """Pause until the program has come to `line`: it may still be on its way there from what it printed."""
        for _ in range(100):
            stop = await self.ok("pause")
            assert stop.state == "stopped", stop
            if stop.line == line:
                return stop
            await self.ok("continue", timeout_s=0)
        raise AssertionError(f"never came to line {line}")

    async def tools(self) -> list[Tool]:
        return list((await self.client.list_tools()).tools)

    async def end_all(self) -> None:
        listed = await self.ok("sessions")
        for line in listed.data["sessions"] or []:
            await self.ok("stop", session=line.split()[0])
        await self.call("remove_breakpoint", all=True)


def line_of(path: Path, mark: str) -> int:
    """1-based number of the line that ends in `# @mark`."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.rstrip().endswith(f"# @{mark}"):
            return number
    raise LookupError(mark)
