"""Clients that hang up in a call: the call is told, and so ends its wait.

The SDK cancels a call of 2026-07-28 then. One of 2025-11-25 it keeps running, since the client might come back for the
rest of the stream; we keep no streams, for what happened is kept by the session.
"""

from __future__ import annotations

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..tools.callers import GONE


class TellsDepartures:
    """Sets the event that stands under GONE in the scope of a request once its client has hung up."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        gone = anyio.Event()

        async def watched() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                gone.set()
            return message

        await self._app({**scope, GONE: gone}, watched, send)
