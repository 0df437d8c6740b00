"""The real server over HTTP, in a process of its own, and agents that reach it with a token."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
from agent import Agent
from mcp import Client
from mcp.client.session import ElicitationFnT, MessageHandlerFnT
from mcp.client.streamable_http import streamable_http_client

from conftest import TAG, Era

ANN = "ann-" + "a" * 28
BOB = "bob-" + "b" * 28
ERAS: tuple[Era, ...] = ("auto", "legacy")
SERVE = ("-m", "mcp_debug_tool", "serve", "--http")
# What the first request of each era looks like on the wire.
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
ACCEPT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


class Web:
    """A server that listens; `url` is that of /mcp."""

    def __init__(self, process: subprocess.Popen[str], url: str, said: str, verify: Any) -> None:
        self.process = process
        self.url = url
        self.said = said
        self.verify = verify

    @property
    def base(self) -> str:
        return self.url.removesuffix("/mcp")

    @property
    def port(self) -> int:
        return int(self.base.rpartition(":")[2])

    def client(self, token: str | None = None, **headers: str) -> httpx2.AsyncClient:
        """Plain HTTP, for what no MCP client would send."""
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return httpx2.AsyncClient(headers=headers, timeout=60, verify=self.verify)

    async def post(self, token: str | None = None, body: Any = INITIALIZE, **headers: str) -> httpx2.Response:
        """One request to /mcp."""
        async with self.client(token, **{**ACCEPT, **headers}) as client:
            return await client.post(self.url, json=body)

    async def get(self, path: str, token: str | None = None, **headers: str) -> httpx2.Response:
        """A GET beside /mcp."""
        async with self.client(token, **headers) as client:
            return await client.get(self.base + path)

    @asynccontextmanager
    async def agent(
        self,
        token: str | None = ANN,
        mode: Era = "auto",
        told: MessageHandlerFnT | None = None,
        person: ElicitationFnT | None = None,
    ) -> AsyncIterator[Agent]:
        """An agent as a host connects it; `told` is what takes notifications, `person` what answers questions."""
        async with self.client(token) as http:
            transport = streamable_http_client(self.url, http_client=http)
            async with Client(transport, mode=mode, message_handler=told, elicitation_callback=person) as client:
                yield Agent(client)

    def end(self, number: int = signal.SIGTERM, seconds: float = 3.5) -> tuple[int, str]:
        """Signal it, and wait for its end: exit status and what stands in its log."""
        self.process.send_signal(number)
        _, log = self.process.communicate(timeout=seconds)
        return self.process.returncode, log


@contextmanager
def web(
    folder: Path,
    *options: str,
    tokens: str | None = f"ann: {ANN}\nbob: {BOB}\n",
    verify: Any = True,
    command: Sequence[str] = SERVE,
    **env: str,
) -> Iterator[Web]:
    """`mcp-debug serve --http` on a free port; with a file of `tokens` unless that is None."""
    arguments = ["--port", "0", *options]
    if tokens is not None:
        path = folder / "tokens"
        path.write_text(tokens, encoding="utf-8")
        path.chmod(0o600)
        arguments += ["--token-file", str(path)]
    with started(folder, *arguments, command=command, **env) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("mcp-debug serves "), process.communicate(timeout=5)[1]
        yield Web(process, first.split()[-1], process.stdout.readline().strip(), verify)


@contextmanager
def started(
    folder: Path, *arguments: str, command: Sequence[str] = SERVE, **env: str
) -> Iterator[subprocess.Popen[str]]:
    """The command as it is; ended with the block."""
    with subprocess.Popen(
        [sys.executable, *command, *arguments],
        cwd=folder,
        env={**os.environ, TAG: "1", "XDG_STATE_HOME": str(folder / "state"), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(5)
                finally:
                    process.kill()
