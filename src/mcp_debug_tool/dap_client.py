"""DAPClient: DAP requests and events over one byte stream.

Above it stands the DAPWrapper, below `protocol/`. It knows neither what a request means nor how the stream came
to be; it never waits for a handler, and no request of it waits without a limit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import anyio.abc

from .errors import AdapterError, NotResponding, ProtocolError
from .malformed import MALFORMED
from .protocol.connection import Connection
from .protocol.messages import Event, Response

# pydevd answers in a millisecond; only a program that holds the GIL in C keeps it from doing so.
REQUEST_SECONDS = 5.0
# The kernel holds megabytes for a program that is busy; whoever leaves more than that unread for so long never reads.
SEND_SECONDS = 4.0
# Of what a debugger says in words.
MAX_REASON = 2000
_ENDED = "the connection to the program's debugger has ended"


class Pending:
    """A request under way; made by `DAPClient.begin`, which answers it."""

    def __init__(self, command: str) -> None:
        self.command = command
        self.response: Response | None = None
        self.failure = ""
        """Why the connection was given up, where it was."""
        self.over = anyio.Event()
        """Set when the response has come, or can come no more."""

    async def answer(self, seconds: float) -> Mapping[str, Any]:
        """The body of the response, waited for at most `seconds`.

        Raises:
            AdapterError: the adapter refused.
            NotResponding: no response came in time.
            ProtocolError: the connection ended first.
        """
        if not self.over.is_set():
            try:
                with anyio.fail_after(seconds):
                    await self.over.wait()
            except TimeoutError as error:
                raise NotResponding(f"no answer to {self.command} within {seconds:g} s") from error
        if self.response is None:
            raise ProtocolError(self.failure or _ENDED)
        if not self.response.success:
            raise AdapterError(f"{self.command} was refused: {self.response.message[:MAX_REASON] or 'no reason given'}")
        return self.response.body


class DAPClient:
    """Speaks DAP over `stream`; each event goes to `on_event`, which must not block."""

    def __init__(self, stream: anyio.abc.ByteStream, on_event: Callable[[Event], None]) -> None:
        self._stream = stream
        self._on_event = on_event
        self._connection = Connection()
        self._waiters: dict[int, Pending] = {}
        self._writing = anyio.Lock()
        self._finished = False
        self.failure = ""
        """Why the connection was given up, where that was the other side's fault."""
        self.closed = anyio.Event()
        """Set when the stream has ended; every request waiting then fails with ProtocolError."""

    async def run(self) -> None:
        """Read the stream until it ends, then hang up. Run it as a task for as long as the client is used.

        Cancelled, it leaves the stream open: a program that loses its debugger ends itself, and whoever owns it
        must have the first word.
        """
        try:
            while not self._finished:
                for message in self._connection.receive(await self._stream.receive(65536)):
                    self._route(message)
                await self._refuse()
        except ProtocolError as error:
            self.fail(str(error))
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass
        finally:
            self.closed.set()
            for waiter in self._waiters.values():
                waiter.failure = self.failure
                waiter.over.set()
        await self.aclose()

    async def aclose(self) -> None:
        """Close the stream."""
        await anyio.aclose_forcefully(self._stream)

    def finish(self) -> None:
        """Hang up once what has arrived is read: nothing more is to be expected."""
        self._finished = True

    def fail(self, reason: str) -> None:
        """Give the connection up: the other side does not keep to the protocol."""
        self.failure = self.failure or reason
        self.finish()

    def _route(self, message: Response | Event) -> None:
        if isinstance(message, Event):
            self._tell(message)
        elif waiter := self._waiters.pop(message.request_seq, None):
            waiter.response = message
            waiter.over.set()

    def _tell(self, event: Event) -> None:
        try:
            self._on_event(event)
        except MALFORMED as error:
            self._connection.pass_over(ProtocolError(f"its event {event.name[:80]!r} is malformed: {error!r:.200}"))

    async def _refuse(self) -> None:
        refusals = self._connection.refusals()
        if refusals:
            with contextlib.suppress(ProtocolError):
                await self._send(refusals)

    async def request(
        self, command: str, arguments: Mapping[str, Any] | None = None, *, seconds: float = REQUEST_SECONDS
    ) -> Mapping[str, Any]:
        """The body of the response to `command`; waits at most `seconds`.

        Raises:
            AdapterError: the adapter refused.
            NotResponding: no response came in time; a late one is dropped.
            ProtocolError: the connection ended first.
        """
        (body,) = await self.pipeline([(command, arguments or {})], seconds=seconds)
        return body

    async def pipeline(
        self, requests: list[tuple[str, Mapping[str, Any]]], *, seconds: float = REQUEST_SECONDS
    ) -> list[Mapping[str, Any]]:
        """The bodies of several requests sent in one write; the adapter works on them in order.

        Raises: as `request`, for the first that fails.
        """
        waiters: dict[int, Pending] = {}
        try:
            wire = b"".join(self._entered(waiters, command, arguments) for command, arguments in requests)
            with anyio.fail_after(seconds):
                await self._send(wire)
                return [await waiter.answer(seconds) for waiter in waiters.values()]
        except TimeoutError as error:
            names = ", ".join(command for command, _ in requests)
            raise NotResponding(f"no answer to {names} within {seconds:g} s") from error
        finally:
            for seq in waiters:
                self._waiters.pop(seq, None)
                self._connection.forget(seq)

    async def begin(self, command: str, arguments: Mapping[str, Any]) -> Pending:
        """Send a request whose answer is asked for later, or never."""
        waiters: dict[int, Pending] = {}
        await self._send(self._entered(waiters, command, arguments))
        (waiter,) = waiters.values()
        return waiter

    def _entered(self, waiters: dict[int, Pending], command: str, arguments: Mapping[str, Any]) -> bytes:
        """The bytes of a request, whose answer is waited for from now on."""
        seq, data = self._connection.request(command, arguments)
        self._waiters[seq] = waiters[seq] = Pending(command)
        if self.closed.is_set():
            waiters[seq].over.set()
        return data

    async def _send(self, data: bytes) -> None:
        try:
            with anyio.move_on_after(SEND_SECONDS) as limit:
                async with self._writing:
                    await self._stream.send(data)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
            raise ProtocolError(self.failure or _ENDED) from error
        if limit.cancelled_caught:
            self.fail(f"it has not read what it was sent for {SEND_SECONDS:g} s")
            await self.aclose()
            raise ProtocolError(self.failure)
