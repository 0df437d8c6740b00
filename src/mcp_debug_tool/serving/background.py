"""The server behind the command line: one for each user, on loopback, begun by a first call and ended when idle."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

from .. import __version__
from ..calls import note_nothing
from ..known_server import KnownServer
from ..settings import HttpSettings, Settings
from .http import serve_http

READY = "ready"
# Who goes for lunch finds his program still stopped.
LEASE_SECONDS = 3600.0
# A server without sessions that nobody calls.
IDLE_SECONDS = 600.0


async def serve_background(folder: Path, *, lease: float = LEASE_SECONDS, idle: float = IDLE_SECONDS) -> int:
    """Serve the calls of this user's command line until nobody has had a session for `idle` seconds.

    Prints `ready` once it can be called, and closes stdout. Answers the exit status.
    """
    token, variables = secrets.token_urlsafe(32), tuple(os.environ)
    known: list[KnownServer] = []

    def announce(port: int) -> None:
        known.append(KnownServer(port, token, os.getpid(), __version__, variables))
        known[0].write(folder)
        print(READY, flush=True)
        _let_go_of_stdout()

    http = HttpSettings(port=0, token=token, token_file=None, idle=idle)
    try:
        return await serve_http(Settings(tools="full", lease=lease), http, note_nothing, announce=announce)
    finally:
        for server in known:
            server.remove(folder)


def _let_go_of_stdout() -> None:
    """Whoever waits for its end, a shell's pipe too, need not wait for ours."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
