"""The three kinds of DAP message as frozen data (DAP, "Base protocol"), and their JSON form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import ProtocolError

# Commas and brackets of a body: each may become an object of some 60 bytes, so few bytes could ask for much memory.
MAX_PARTS = 200_000


@dataclass(frozen=True)
class Request:
    """A request; adapters send few of their own (`runInTerminal`), and we grant none."""

    seq: int
    command: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Response:
    """The answer to the request numbered `request_seq`."""

    request_seq: int
    command: str
    success: bool
    message: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """Something that happened; unknown names are kept, for adapters differ."""

    name: str
    body: Mapping[str, Any] = field(default_factory=dict)


Message = Request | Response | Event


def to_json(request: Request) -> bytes:
    """A request as the body of a DAP message."""
    message = {"seq": request.seq, "type": "request", "command": request.command, "arguments": request.arguments}
    return json.dumps(message, separators=(",", ":")).encode()


def refusal(seq: int, request: Request) -> bytes:
    """The answer to a request of the adapter, as the body of a DAP message: no."""
    message = {"seq": seq, "type": "response", "request_seq": request.seq, "success": False}
    return json.dumps({**message, "command": request.command[:100], "message": "refused"}).encode()


def from_json(body: bytes) -> Message:
    """The message in `body`.

    Raises:
        ProtocolError: it is not a JSON object of one of the three kinds, or has too many parts.
    """
    if sum(map(body.count, (b",", b"[", b"{"))) > MAX_PARTS:
        raise ProtocolError(f"a DAP message has more than {MAX_PARTS} parts")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a DAP message is not JSON") from error
    if not isinstance(data, dict):
        raise ProtocolError("a DAP message is not an object")
    try:
        return _from_object(data)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ProtocolError("a DAP message lacks a field it must have") from error


def _from_object(data: dict[str, Any]) -> Message:
    kind = data["type"]
    if kind == "response":
        return Response(
            request_seq=int(data["request_seq"]),
            command=str(data.get("command", "")),
            success=bool(data["success"]),
            message=str(data.get("message") or ""),
            body=_object(data.get("body")),
        )
    if kind == "event":
        return Event(name=str(data["event"]), body=_object(data.get("body")))
    if kind == "request":
        return Request(int(data["seq"]), str(data["command"]), _object(data.get("arguments")))
    raise ValueError(kind)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
