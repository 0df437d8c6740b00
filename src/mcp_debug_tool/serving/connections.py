"""Connections that dawdle: who opens one has a while for the whole of a request, and then makes room for others."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


def prompt_protocol(seconds: float) -> type[H11Protocol]:
    """uvicorn's HTTP/1.1, but a connection on which no whole request comes within `seconds` is closed."""

    class PromptProtocol(H11Protocol):
        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._expect_request()

        def connection_lost(self, exc: Exception | None) -> None:
            self._expect_nothing()
            super().connection_lost(exc)

        def handle_events(self) -> None:
            super().handle_events()
            if self.conn.their_state is h11.SEND_BODY and self._deadline is None:
                self._expect_request()
            elif self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
                self._expect_nothing()

        def _expect_request(self) -> None:
            self._deadline = self.loop.call_later(seconds, self._close)

        def _expect_nothing(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _close(self) -> None:
            self._deadline = None
            if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
                self.transport.close()

    return PromptProtocol
