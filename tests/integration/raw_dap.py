"""A raw DAP client over a plain blocking socket: what anybody could write in an afternoon.

Tests and benchmarks use it as the outside view of an adapter or a debuggee. It is kept apart on purpose:
standard library only, nothing of `mcp_debug_tool`, so it cannot share a mistake with what it is held against.
It does no more than frame, match and wait: it starts no process and keeps no breakpoints.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

Message: TypeAlias = dict[str, Any]

LIMIT = 10.0  # seconds for one answer; a busy two-core machine needs about one
RETRY_EVERY = 0.002  # seconds between connects: well under the 300 ms an adapter takes to start
TCP_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux only


class RequestFailed(RuntimeError):
    """The other side answered a request with `success: false`."""


class RawClient:
    """One DAP byte stream: requests go out numbered, answers and events are kept until asked for.

    Waits raise `TimeoutError` past their limit, `EOFError` when the other side ended the stream and
    `ConnectionError` when it was cut. The client owns the socket from here on.

    `limit` is in seconds and holds for every wait that names none of its own.
    `quickack` acknowledges each piece at once. pydevd writes header and body apart and without TCP_NODELAY, so
    otherwise every message waits about 40 ms for the delayed acknowledgement. Ignored where the platform lacks it.
    """

    def __init__(self, sock: socket.socket, *, quickack: bool = False, limit: float = LIMIT) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._limit = limit
        self._quickack = TCP_QUICKACK if quickack else None
        self._seq = 0
        self._buffer = bytearray()
        self._responses: dict[int, Message] = {}
        self._events: list[Message] = []

    def request(self, command: str, /, **arguments: Any) -> int:
        """The number of the request just sent; pass it to `response`."""
        self._seq += 1
        message = {"seq": self._seq, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._sock.settimeout(self._limit)
        self._sock.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return self._seq

    def response(self, seq: int, timeout: float | None = None) -> Message:
        """The answer to request `seq`, successful or not, within `timeout` seconds."""
        deadline = self._deadline(timeout)
        while seq not in self._responses:
            self._receive(deadline, f"the answer to request {seq}")
        return self._responses.pop(seq)

    def event(self, name: str, timeout: float | None = None) -> Message:
        """The oldest event of that name not handed out yet, within `timeout` seconds."""
        deadline = self._deadline(timeout)
        while True:
            for index, message in enumerate(self._events):
                if message["event"] == name:
                    return self._events.pop(index)
            self._receive(deadline, f"the event {name!r}")

    def call(self, command: str, /, **arguments: Any) -> Message:
        """The body of a successful answer; raises `RequestFailed` for any other."""
        return body_of(self.response(self.request(command, **arguments)))

    def close(self) -> None:
        """End the stream; a second call does nothing."""
        self._sock.close()

    def _deadline(self, timeout: float | None) -> float:
        return time.monotonic() + (self._limit if timeout is None else timeout)

    def _receive(self, deadline: float, awaited: str) -> None:
        """Wait for one piece of the stream and sort the messages it completes."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"no sign of {awaited} in time")
        self._sock.settimeout(left)
        piece = self._sock.recv(65536)
        if not piece:
            raise EOFError(f"the stream ended before {awaited}")
        if self._quickack is not None:
            self._sock.setsockopt(socket.IPPROTO_TCP, self._quickack, 1)
        self._buffer += piece
        while (message := _take_message(self._buffer)) is not None:
            if message["type"] == "response":
                self._responses[message["request_seq"]] = message
            elif message["type"] == "event":
                self._events.append(message)


def _take_message(buffer: bytearray) -> Message | None:
    """The first whole message, removed from `buffer`; None while it is still incomplete."""
    header_end = buffer.find(b"\r\n\r\n")
    if header_end < 0:
        return None
    fields = dict(line.split(b": ", 1) for line in bytes(buffer[:header_end]).split(b"\r\n"))
    body_start = header_end + 4
    body_end = body_start + int(fields[b"Content-Length"])
    if len(buffer) < body_end:
        return None
    message: Message = json.loads(buffer[body_start:body_end])
    del buffer[:body_end]
    return message


def body_of(response: Message) -> Message:
    """The body of a successful answer; raises `RequestFailed` for any other."""
    if not response["success"]:
        raise RequestFailed(f"{response['command']}: {response.get('message')}")
    return response.get("body") or {}


def dial(address: tuple[str, int], timeout: float = LIMIT) -> socket.socket:
    """A connected socket: the connect itself is retried, so the first one accepted is the one that is used."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            sock = socket.create_connection(address, timeout=max(deadline - time.monotonic(), RETRY_EVERY))
        except ConnectionRefusedError:
            if time.monotonic() >= deadline:
                raise
        else:
            if sock.getsockname() != sock.getpeername():
                return sock
            # While nobody listens, the kernel may pick the wanted port as ours: TCP then connects to itself.
            sock.close()
        time.sleep(RETRY_EVERY)


def handshake(
    client: RawClient,
    breakpoints: Mapping[str | Path, Sequence[int]],
    exception_filters: Sequence[str] = (),
) -> None:
    """Set everything up and let the program run; right for an adapter and for pydevd itself.

    The adapter answers `attach` only after `configurationDone`, and sends `initialized` only after `attach`.
    So `attach` goes out without waiting, and its answer is looked at last.
    """
    client.call("initialize", adapterID="raw", linesStartAt1=True, columnsStartAt1=True, pathFormat="path")
    attach = client.request("attach", justMyCode=False)
    client.event("initialized")
    for path, lines in breakpoints.items():
        client.call("setBreakpoints", source={"path": str(path)}, breakpoints=[{"line": line} for line in lines])
    client.call("setExceptionBreakpoints", filters=list(exception_filters))
    client.call("configurationDone")
    body_of(client.response(attach))
