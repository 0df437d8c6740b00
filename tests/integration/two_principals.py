"""A server for two principals over HTTP, for tests: who asks is told by a header, and each has sessions of its own."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

import anyio
import uvicorn
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from mcp_debug_tool.server import build
from mcp_debug_tool.sessions import SessionManager
from mcp_debug_tool.settings import Settings

HEADER = "x-principal"


async def main() -> None:
    """Serve until a signal comes; the port is printed once it is known."""
    settings = Settings()
    server = build(settings)
    async with SessionManager(settings).run() as of_ann, SessionManager(settings).run() as of_ben:
        managers = {"ann": of_ann, "ben": of_ben}

        async def by_principal(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
            assert ctx.request is not None
            return await call_next(replace(ctx, lifespan_context=managers[ctx.request.headers[HEADER]]))

        server.middleware.append(by_principal)
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        print(listener.getsockname()[1], flush=True)
        await uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_level="error", ws="none")).serve(
            [listener]
        )


if __name__ == "__main__":
    anyio.run(main)
