"""The caller's side of the background server: found or begun, then called."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from .. import __version__
from ..known_server import LOCK, LOG, KnownServer, private, read
from ..settings import HttpSettings
from .calls import Failure, Gone, Result, call, lives

START_SECONDS = 20.0
END_SECONDS = 5.0
_SERVE = (sys.executable, "-m", "mcp_debug_tool", "background", "--serve")


class Background:
    """The server that holds this user's sessions."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: where it is known; by default this user's state."""
        self._folder = folder or HttpSettings().state_folder

    def call(self, tool: str, arguments: dict[str, Any], *, told: Callable[[str], None] | None = None) -> Result:
        """What the tool answers; the server is begun where there is none. `told` hears how a wait stands.

        Raises:
            Failure: the server could not be begun, or it is of another version.
        """
        known = self.known()
        if known is not None:
            try:
                return call(known, tool, _with_environ(arguments, known), told)
            except Gone:
                pass  # what the file names has ended
        known = self._begin()
        try:
            return call(known, tool, _with_environ(arguments, known), told)
        except Gone as gone:
            raise Failure(f"the background server has ended: {gone}", f"Its log: {self._folder / LOG}") from None

    def known(self) -> KnownServer | None:
        """How it is reached, so far as is known.

        Raises:
            Failure: it is of another version than this.
        """
        known = read(self._folder)
        if known is not None and known.version != __version__ and lives(known):
            raise Failure(
                f"the background server is of version {known.version}, this is {__version__}",
                "mcp-debug background --stop ends it and its sessions",
            )
        return known

    def describe(self) -> str:
        """Whether it runs, in a line."""
        known = read(self._folder)
        if known is None or not lives(known):
            return "no background server runs; the first verb begins one"
        return f"process {known.pid}, version {known.version}, port {known.port}; log: {self._folder / LOG}"

    def _begin(self) -> KnownServer:
        """Begin one, unless somebody else has done so meanwhile."""
        try:
            with FileLock(private(self._folder) / LOCK, timeout=START_SECONDS):
                known = self.known()
                if known is None or not lives(known):
                    self._spawn()
                    known = self.known()
        except (OSError, Timeout) as error:
            raise Failure(f"no background server could be begun: {error}") from None
        if known is None:
            raise Failure("the background server did not start", f"Its log: {self._folder / LOG}")
        return known

    def _spawn(self) -> None:
        """Start a server of its own session, and wait until it can be called."""
        log = os.open(self._folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            process = subprocess.Popen(
                _SERVE,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=Path.home() if Path.home().is_dir() else None,
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        finally:
            os.close(log)
        assert process.stdout is not None
        limit = threading.Timer(START_SECONDS, process.kill)
        limit.start()
        try:
            with process.stdout:
                process.stdout.readline()
        finally:
            limit.cancel()
        process.returncode = 0  # it lives on, and nobody here waits for it

    def end(self) -> bool:
        """End it, and with it every session; answers whether there was one.

        Raises:
            Failure: it does not end.
        """
        known = read(self._folder)
        if known is None or not lives(known):
            return False
        os.kill(known.pid, signal.SIGTERM)
        limit = time.monotonic() + END_SECONDS
        while read(self._folder) == known:
            if time.monotonic() > limit:
                raise Failure(f"the background server does not end: process {known.pid}")
            time.sleep(0.02)
        return True


def _with_environ(arguments: dict[str, Any], known: KnownServer) -> dict[str, Any]:
    """A program that is started gets no variable of the server's that its caller has not."""
    if "env" not in arguments:
        return arguments
    return {**arguments, "env": {**dict.fromkeys(known.variables), **arguments["env"]}}
