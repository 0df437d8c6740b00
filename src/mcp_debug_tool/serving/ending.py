"""The end of what is still open when the server ends: every response is finished, none is torn off."""

from __future__ import annotations

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_START = {"type": "http.response.start", "status": 503, "headers": [(b"content-type", b"text/plain")]}
_END = {"type": "http.response.body", "body": b"", "more_body": False}


class EndsInOrder:
    """Serves requests until `end` is called, which breaks off those that are still waited for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open: set[anyio.CancelScope] = set()
        self._ends = False

    def end(self) -> None:
        """Finish every response now, and begin no other."""
        self._ends = True
        for scope in self._open:
            scope.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent: list[Message] = []
        if self._ends:
            await _finish(sent, send)
            return

        async def noted(message: Message) -> None:
            sent[:] = [message]
            await send(message)

        with anyio.CancelScope() as serving:
            self._open.add(serving)
            try:
                await self._app(scope, receive, noted)
            finally:
                self._open.discard(serving)
        if serving.cancelled_caught:
            await _finish(sent, send)


async def _finish(sent: list[Message], send: Send) -> None:
    if not sent:
        await send(_START)
    if not sent or sent[-1]["type"] == "http.response.start" or sent[-1].get("more_body"):
        await send(_END)
