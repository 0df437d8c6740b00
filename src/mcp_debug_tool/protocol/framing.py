"""The wire format of DAP: `Content-Length` headers, an empty line, a JSON body (DAP, "Base protocol")."""

from __future__ import annotations

from ..errors import ProtocolError

# A header is one or two short fields; the longest value our code sends is 100,000 characters, so 4 MiB holds any
# honest body.
MAX_HEADER = 4096
MAX_BODY = 4 * 1024 * 1024


class Decoder:
    """Cuts a byte stream into message bodies, however the bytes were split or joined on their way."""

    def __init__(self, *, max_header: int = MAX_HEADER, max_body: int = MAX_BODY) -> None:
        self._buffer = bytearray()
        self._max_header = max_header
        self._max_body = max_body
        self._body_size: int | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies completed by `data`, in order; what is incomplete waits for the next call.

        Raises:
            ProtocolError: a header or body is malformed or larger than allowed. The stream cannot be used again.
        """
        self._buffer += data
        bodies = []
        while (body := self._next_body()) is not None:
            bodies.append(body)
        return bodies

    def _next_body(self) -> bytes | None:
        if self._body_size is None:
            self._body_size = self._read_header()
        if self._body_size is None or len(self._buffer) < self._body_size:
            return None
        body = bytes(self._buffer[: self._body_size])
        del self._buffer[: self._body_size]
        self._body_size = None
        return body

    def _read_header(self) -> int | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end > self._max_header or (end < 0 and len(self._buffer) > self._max_header):
            raise ProtocolError(f"a DAP header is longer than {self._max_header} bytes")
        if end < 0:
            return None
        size = _content_length(bytes(self._buffer[:end]))
        if size > self._max_body:
            raise ProtocolError(f"a DAP message of {size} bytes is over the limit of {self._max_body}")
        del self._buffer[: end + 4]
        return size


def _content_length(header: bytes) -> int:
    lengths = [
        value.strip()
        for name, _, value in (line.partition(b":") for line in header.split(b"\r\n"))
        if name.strip().lower() == b"content-length"
    ]
    if len(lengths) != 1 or not lengths[0].isdigit():
        raise ProtocolError("a DAP header has no valid Content-Length")
    return int(lengths[0])


def encode(body: bytes) -> bytes:
    """One message as it goes over the wire."""
    return b"Content-Length: %d\r\n\r\n" % len(body) + body
