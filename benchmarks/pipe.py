"""A plain MCP client: one JSON line out, one JSON line in, over blocking pipes.

It is to MCP what the raw client is to DAP, so a comparison of both sees the servers and not the clients.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from programs import Programs
from shared import Reply

# Longer than the whole benchmark may take.
LIFE_SECONDS = 120.0
END_SECONDS = 5.0
_HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "benchmark", "version": "0"}}


class PipeAgent:
    """Calls tools of a server that is our child. It blocks: nothing else runs in the benchmark meanwhile."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._to_server = process.stdin
        self._from_server = process.stdout
        self._id = 0
        self.pid = process.pid
        self._request("initialize", _HELLO)
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def ok(self, name: str, /, **arguments: Any) -> Reply:
        """The answer to a tool call that must succeed."""
        result = self._request("tools/call", {"name": name, "arguments": arguments})
        assert not result.get("isError"), result
        text = "\n".join(block["text"] for block in result["content"])
        return Reply(text, result.get("structuredContent") or {}, False)

    def _request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._id += 1
        self._send({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params})
        while line := self._from_server.readline():
            message = json.loads(line)
            if message.get("id") == self._id:
                result: dict[str, Any] = message["result"]
                return result
        raise EOFError("the server has ended")

    def _send(self, message: dict[str, Any]) -> None:
        self._to_server.write(json.dumps(message).encode() + b"\n")
        self._to_server.flush()


@contextmanager
def piped(programs: Programs, arguments: tuple[str, ...]) -> Iterator[PipeAgent]:
    """A fresh server, initialized; it has ended when the block has, and at the latest after LIFE_SECONDS."""
    with subprocess.Popen(
        [sys.executable, *arguments], cwd=programs.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        watchdog = threading.Timer(LIFE_SECONDS, process.kill)
        watchdog.start()
        try:
            yield PipeAgent(process)
            assert process.stdin is not None
            process.stdin.close()
            process.wait(END_SECONDS)
        finally:
            watchdog.cancel()
            process.kill()
