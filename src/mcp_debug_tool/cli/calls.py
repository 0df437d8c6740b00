"""One call of a tool, over HTTP, by the standard library alone: a verb is over before MCP's library is even imported.

As the protocol's revision 2026-07-28 has it, which needs no session: one POST, answered by JSON or by events.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from .. import __version__
from ..known_server import KnownServer

REVISION = "2026-07-28"
# A tool waits for 50 s at most, and starting or attaching comes before that.
CALL_SECONDS = 90.0
ALIVE_SECONDS = 5.0


class Failure(Exception):
    """No tool was reached; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Gone(Failure):
    """There is no such server any more."""


@dataclass(frozen=True)
class Result:
    """What a tool has answered: the same facts as text and as data; an error is text alone."""

    text: str
    data: dict[str, Any]
    is_error: bool


def call(known: KnownServer, tool: str, arguments: dict[str, Any], told: Callable[[str], None] | None = None) -> Result:
    """What the tool answers. `told` hears, every few seconds, how a wait stands.

    Raises:
        Gone: nobody is there, or somebody else.
        Failure: the answer did not come, or is none.
    """
    with closing(http.client.HTTPConnection("127.0.0.1", known.port, timeout=CALL_SECONDS)) as connection:
        response = _answered(connection, known, "POST", "/mcp", _request(tool, arguments, telling=told is not None))
        try:
            for message in _messages(response):
                if "method" in message:
                    if told is not None and message["method"] == "notifications/progress":
                        told(str(message["params"].get("message", "")))
                else:
                    return _result(message)
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            raise Failure(f"the background server's answer did not come: {error!r}") from None
    raise Failure("the background server closed the connection", "mcp-debug sessions")


def lives(known: KnownServer) -> bool:
    """Whether this very server is there."""
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", known.port, timeout=ALIVE_SECONDS)) as connection:
            _answered(connection, known, "GET", "/metrics").read()
        return True
    except Failure:
        return False


def _answered(
    connection: http.client.HTTPConnection,
    known: KnownServer,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
) -> http.client.HTTPResponse:
    headers = {"Authorization": f"Bearer {known.token}"}
    if body is not None:
        headers |= {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": REVISION,
            "Mcp-Method": body["method"],
            "Mcp-Name": body["params"]["name"],
        }
    try:
        connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
        response = connection.getresponse()
    except ConnectionRefusedError as error:
        raise Gone(str(error)) from None
    except (OSError, http.client.HTTPException) as error:
        raise Failure(f"the background server does not answer: {error!r}", "mcp-debug background --stop") from None
    if response.status in (401, 421):
        raise Gone("another server is there")
    if response.status == 413:
        raise Failure("the call is larger than the server takes")
    return response


def _request(tool: str, arguments: dict[str, Any], *, telling: bool) -> dict[str, Any]:
    meta = {
        "io.modelcontextprotocol/protocolVersion": REVISION,
        "io.modelcontextprotocol/clientInfo": {"name": "mcp-debug command line", "version": __version__},
        "io.modelcontextprotocol/clientCapabilities": {},
        **({"progressToken": 1} if telling else {}),
    }
    params = {"name": tool, "arguments": arguments, "_meta": meta}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


def _messages(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    """Of a body that is one, or of events (HTML's server-sent events: a `data:` line for each of ours)."""
    if response.headers.get_content_type() != "text/event-stream":
        yield json.loads(response.read())
        return
    for line in response:
        if line.startswith(b"data:") and line[5:].strip():
            yield json.loads(line[5:])


def _result(message: dict[str, Any]) -> Result:
    if "error" in message:
        return Result(str(message["error"]["message"]), {}, is_error=True)
    result = message["result"]
    text = "\n".join(block["text"] for block in result["content"] if block["type"] == "text")
    return Result(text, result.get("structuredContent") or {}, is_error=bool(result.get("isError")))
