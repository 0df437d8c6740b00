"""One side of a DAP conversation without its wire: numbers requests, pairs responses, passes events on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ProtocolError
from .framing import Decoder, encode
from .messages import Event, Request, Response, from_json, refusal, to_json

# A client asks one thing at a time; hundreds of open requests mean that nobody answers.
MAX_PENDING = 256
# Messages that cannot be read are passed over, but a peer that sends only such is no DAP peer.
MAX_UNREADABLE = 3
# So many requests of the adapter are answered, each with a refusal; pydevd sends none.
MAX_REFUSALS = 16


class Connection:
    """Bytes received become responses and events; requests become bytes to send. The caller owns the wire."""

    def __init__(self) -> None:
        self._decoder = Decoder()
        self._next_seq = 1
        self._pending: set[int] = set()
        self._unreadable = 0
        self._refused = 0
        self._refusals = b""
        self.ignored = 0
        """Messages dropped so far: responses nobody waits for, requests of the adapter, unreadable ones."""

    def request(self, command: str, arguments: Mapping[str, Any] | None = None) -> tuple[int, bytes]:
        """The number of a new request and the bytes to send.

        Raises:
            ProtocolError: too many requests are open.
        """
        if len(self._pending) >= MAX_PENDING:
            raise ProtocolError(f"{MAX_PENDING} DAP requests are unanswered")
        seq = self._next_seq
        self._next_seq += 1
        self._pending.add(seq)
        return seq, encode(to_json(Request(seq, command, arguments or {})))

    def forget(self, seq: int) -> None:
        """Stop waiting for the response to `seq`; it is dropped if it comes after all."""
        self._pending.discard(seq)

    def receive(self, data: bytes) -> list[Response | Event]:
        """What `data` completes, in order.

        Raises:
            ProtocolError: the stream is not DAP; nothing more can be read from it.
        """
        received: list[Response | Event] = []
        for body in self._decoder.feed(data):
            message = self._readable(body)
            if isinstance(message, Response) and message.request_seq in self._pending:
                self._pending.discard(message.request_seq)
                received.append(message)
            elif isinstance(message, Event):
                received.append(message)
            else:
                self.ignored += 1
                self._refuse(message)
        return received

    def _refuse(self, message: Response | Request | None) -> None:
        if isinstance(message, Request) and self._refused < MAX_REFUSALS:
            self._refused += 1
            self._refusals += encode(refusal(self._next_seq, message))
            self._next_seq += 1

    def refusals(self) -> bytes:
        """What is to be sent to an adapter that asked for something; then it has been."""
        refusals, self._refusals = self._refusals, b""
        return refusals

    def pass_over(self, error: ProtocolError) -> None:
        """Count a message that cannot be understood.

        Raises:
            ProtocolError: `error`, at the last that is put up with.
        """
        self._unreadable += 1
        if self._unreadable >= MAX_UNREADABLE:
            raise error

    def _readable(self, body: bytes) -> Response | Event | Request | None:
        try:
            return from_json(body)
        except ProtocolError as error:
            self.pass_over(error)
            return None
