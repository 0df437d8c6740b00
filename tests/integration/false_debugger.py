"""A debugger's port that lies: it speaks DAP well enough to be attached to, then does what a test tells it to."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

HOST = "127.0.0.1"
CALL = re.compile(r"\.call\('(\w+)'")
FRAME = {"id": 2, "name": "work", "line": 3, "source": {"path": "/nowhere/program.py"}}
# What an honest program answers to our own calls into it.
HONEST: dict[str, Any] = {
    "introduce": {"pid": 4242, "ppid": 1, "title": "program.py", "cwd": "/", "replaced": False, "helper": False},
    "stop_page": {"frames": [{"locals": [["n", "1"]], "source": [3, ["work()"]]}], "stop": {"reason": "pause"}},
    "stands": {"stands": True},
}
BODIES: dict[str, Any] = {
    "threads": {"threads": [{"id": 1, "name": "MainThread"}]},
    "stackTrace": {"stackFrames": [FRAME], "totalFrames": 1},
}


def wire(body: bytes) -> bytes:
    """A body as it goes over the wire."""
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def message(**fields: Any) -> bytes:
    """A message as it goes over the wire."""
    return wire(json.dumps(fields).encode())


def event(name: str, **body: Any) -> bytes:
    """An event as it goes over the wire."""
    return message(seq=0, type="event", event=name, body=body)


class FalseDebugger:
    """Serves one connection. `lies` has what is sent in place of an answer, by the command or the call of ours.

    A lie is bytes, which are sent as they are, or the answer's content. `afterwards` is sent once we let it run.
    """

    def __init__(self, listener: socket.socket, lies: Mapping[str, Any], afterwards: Iterable[bytes]) -> None:
        self._listener = listener
        self._lies = lies
        self._afterwards = afterwards
        self.received: list[dict[str, Any]] = []
        """All that came, requests and responses."""

    def serve(self) -> None:
        """Speak until we hang up."""
        with contextlib.suppress(OSError):
            self._socket, _ = self._listener.accept()
            with self._socket, self._socket.makefile("rb") as stream:
                while line := stream.readline():
                    length = int(line.split(b":")[1])
                    stream.readline()
                    received = json.loads(stream.read(length))
                    self.received.append(received)
                    if received["type"] == "request":
                        self._answer(received)

    def _answer(self, request: dict[str, Any]) -> None:
        command = request["command"]
        if command == "attach":
            self._attach = request
            self._socket.sendall(event("initialized"))
            return
        called = CALL.search(str(request["arguments"].get("expression", "")))
        name = called[1] if called else command
        lie = self._lies.get(name)
        if isinstance(lie, bytes):
            self._socket.sendall(lie)
        elif called:
            answer = lie if lie is not None else HONEST.get(name, {})
            self._socket.sendall(self._response(request, {"result": json.dumps(answer)}))
        else:
            self._socket.sendall(self._response(request, lie if lie is not None else BODIES.get(name, {})))
        if command == "pause":
            self._socket.sendall(event("stopped", threadId=1, reason="pause"))
        if command == "configurationDone":
            self._socket.sendall(self._response(self._attach, {}))
            for piece in self._afterwards:
                self._socket.sendall(piece)

    def _response(self, request: dict[str, Any], body: Any) -> bytes:
        answer = {"request_seq": request["seq"], "command": request["command"], "success": True, "body": body}
        return message(seq=0, type="response", **answer)


@contextmanager
def company() -> Iterator[None]:
    """A connection that this process holds: an adapter has its program's, and is called at once when it is seen."""
    with socket.create_server((HOST, 0)) as listener, socket.create_connection(listener.getsockname()[:2]):
        connection, _ = listener.accept()
        with connection:
            yield


@contextmanager
def false_debugger(
    lies: Mapping[str, Any] | None = None, afterwards: Iterable[bytes] = ()
) -> Iterator[tuple[int, FalseDebugger]]:
    """A port to attach to, and who serves it."""
    with socket.create_server((HOST, 0)) as listener, company():
        debugger = FalseDebugger(listener, lies or {}, afterwards)
        thread = threading.Thread(target=debugger.serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1], debugger
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            assert not thread.is_alive(), "it was never hung up on"
