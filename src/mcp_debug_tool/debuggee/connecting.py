"""Connect pydevd back to the server, after both sides have proved themselves by a token."""

from __future__ import annotations

import _socket
import hmac
import os
import time

from .running import native

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from typing import Any

CONNECT_SECONDS = 10.0


def connect(pydevd: Any, config: dict[str, Any]) -> None:
    """Connect pydevd to the server, which lets this return when it has set its breakpoints."""
    trace_over(pydevd, config, authenticated_socket(config))


def trace_over(pydevd: Any, config: dict[str, Any], sock: _socket.socket) -> None:
    """Have pydevd debug all threads, those to come too, over a connection that stands."""
    here = os.path.dirname(os.path.abspath(__file__))
    original, pydevd.start_client = pydevd.start_client, lambda host, port: sock
    try:
        pydevd.settrace(
            host=config["host"],
            port=config["port"],
            suspend=False,
            # Children are followed by `children`, which leaves their command lines as they are.
            patch_multiprocessing=False,
            notify_stdin=False,
            dont_trace_start_patterns=(config["debugpy"], here),
        )
    finally:
        pydevd.start_client = original


def authenticated_socket(config: dict[str, Any]) -> _socket.socket:
    """A connection on which both sides have proved themselves, tried again while the server turns us away.

    It does so when too many strangers knock at its port at once; they are gone after a few seconds.
    """
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            return _proved_socket(config)
        except OSError:
            if time.monotonic() > deadline:
                raise
            native.sleep(0.1)


def _proved_socket(config: dict[str, Any]) -> _socket.socket:
    """We send one token and must receive the other.

    The socket is a plain one: those of `socket` may be gevent's, which switch to other greenlets where they wait.
    """
    sock = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    sock.settimeout(CONNECT_SECONDS)
    sock.connect((config["host"], config["port"]))
    # pydevd sends header and body apart; with Nagle's algorithm each message would wait 40 ms.
    sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
    sock.sendall(config["token"].encode("ascii") + b"\n")
    expected = config["server_token"].encode("ascii") + b"\n"
    received = b""
    while len(received) < len(expected):
        chunk = sock.recv(len(expected) - len(received))
        if not chunk:
            break
        received += chunk
    if not hmac.compare_digest(received, expected):
        raise ConnectionError("the debug server did not prove itself")
    sock.settimeout(None)
    return sock
