"""Progress: what the caller of a tool hears while the call waits, if it has asked for it by a progress token.

The telling is a task inside of the wait, so it ends with it, however that ends; a caller that does not read holds
nothing up.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
from mcp.server.mcpserver import Context

from ..session import Session
from ..session_manager import SessionManager
from ..views import progress_line
from .beside import beside
from .callers import masks

T = TypeVar("T")
_log = logging.getLogger(__name__)
# Most calls are over by then and have nothing to tell.
FIRST_SECONDS = 1.0
EVERY_SECONDS = 2.0


class Progress:
    """Of one call, which begins when this is made. Its measure is seconds, of those the call may take at most."""

    def __init__(self, context: Context[SessionManager, Any]) -> None:
        self._report = context.report_progress
        self._masks = masks(context)
        self._is_wanted = "progress_token" in (context.request_context.meta or {})
        self._began = time.monotonic()
        self._due = self._began + FIRST_SECONDS

    async def of_session(self, session: Session, seconds: float, wait: Callable[[], Awaitable[T]]) -> T:
        """What `wait` comes back with, at most `seconds` later; meanwhile the caller hears of the session."""

        def how(waited: float) -> str:
            state = session.repeat.describe() if session.repeat is not None else session.state.value
            return progress_line(f"{session.id} {state}", waited, self._masks.text(session.journal.last_line()))

        return await self._during(wait, seconds, how)

    async def of_beginning(self, what: str, seconds: float, wait: Callable[[], Awaitable[T]]) -> T:
        """As `of_session`, while there is none yet to hear of: `what` says what is about to begin."""
        return await self._during(wait, seconds, lambda waited: progress_line(what, waited))

    async def _during(self, wait: Callable[[], Awaitable[T]], seconds: float, how: Callable[[float], str]) -> T:
        if not self._is_wanted:
            return await wait()

        async def tell(call: anyio.CancelScope) -> None:
            await self._keep_telling(time.monotonic() - self._began + seconds, how)

        return await beside(tell, wait, AssertionError("telling breaks nothing off"))

    async def _keep_telling(self, total: float, how: Callable[[float], str]) -> None:
        while True:
            await anyio.sleep(max(self._due - time.monotonic(), 0.0))
            waited = time.monotonic() - self._began
            self._due = time.monotonic() + EVERY_SECONDS
            try:
                await self._report(round(waited, 3), round(max(total, waited), 3), how(waited))
            except Exception as error:
                # Whatever keeps the news from its reader, the call itself is not worse for it.
                _log.debug("progress could not be told: %s", error)
                return
