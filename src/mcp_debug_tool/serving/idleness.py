"""The end of a server that nobody needs any more."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio

from ..calls import Call
from ..session_manager import SessionManager


class Idleness:
    """Since when no program has been under the debugger and no call has come."""

    def __init__(self) -> None:
        self._manager: SessionManager | None = None
        self._since = time.monotonic()

    def watch(self, manager: SessionManager) -> None:
        """These are the sessions to look at."""
        self._manager = manager

    def note(self, call: Call) -> None:
        """A call is over."""
        self._since = time.monotonic()

    async def leave_after(self, seconds: float, leave: Callable[[], None]) -> None:
        """Call `leave` once it has lasted so long."""
        while True:
            if self._manager is not None and self._manager.alive:
                self._since = time.monotonic()
            left = self._since + seconds - time.monotonic()
            if left <= 0:
                leave()
                return
            await anyio.sleep(left)
