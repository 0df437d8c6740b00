"""Serve on a free port of the loopback until a signal comes; the first line on stdout ends with the URL."""

from __future__ import annotations

import json
import sys
from functools import partial
from typing import Any

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver.resources import FunctionResource
from mcp.types import EmptyResult, RequestParams

from mcp_debug_tool.calls import note_nothing
from mcp_debug_tool.server import build
from mcp_debug_tool.serving.http import serve_http
from mcp_debug_tool.serving.logs import log_to_stderr
from mcp_debug_tool.session_manager import SessionManager
from mcp_debug_tool.settings import HttpSettings, Settings

from .content import PNG
from .prompts import all_prompts
from .tools import all_tools


def made(settings: Settings, **wiring: Any) -> MCPServer[SessionManager]:
    """Our server, and what the suite calls beside our tools."""
    server = build(settings, further=all_tools(), **wiring)
    for prompt in all_prompts():
        server.add_prompt(prompt)
    _add_resources(server)
    _add_older_requests(server)
    return server


def _add_resources(server: MCPServer[SessionManager]) -> None:
    texts: dict[str, tuple[str, Any]] = {
        "static-text": ("text/plain", "This is the content of the static text resource."),
        "static-binary": ("image/png", PNG),
        "watched-resource": ("text/plain", "It never changes."),
    }
    for name, (mime_type, value) in texts.items():
        server.add_resource(
            FunctionResource.from_function(
                lambda value=value: value, f"test://{name}", name=name, description=name, mime_type=mime_type
            )
        )

    @server.resource("test://template/{id}/data", mime_type="application/json")
    def data(id: str) -> str:
        """Data by id."""
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


def _add_older_requests(server: MCPServer[SessionManager]) -> None:
    """What MCPServer has no way in for."""
    inner = server._lowlevel_server

    async def taken(context: Any, params: RequestParams) -> EmptyResult:
        return EmptyResult()

    for method in ("resources/subscribe", "resources/unsubscribe", "logging/setLevel"):
        inner.add_request_handler(method, RequestParams, taken)


if __name__ == "__main__":
    log_to_stderr("text")
    http = HttpSettings(port=0, authentication=False)
    sys.exit(anyio.run(partial(serve_http, Settings(), http, note_nothing, make=made)))
