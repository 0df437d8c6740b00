"""An HTTP request that is sent once the program runs, so that one call stops in the handler that answers it.

`Trigger` sends it and holds what came back. Nothing is ever sent twice: only a connection that nobody accepted is
tried again. Redirects are not followed, cookies not kept, proxies not used, and no value of a request's header
appears in any text. What may be sent at all is said by `http_request`.
"""

from __future__ import annotations

import codecs
import contextlib
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.abc
import httpx2

from .request import Request, is_loopback

__all__ = ["Request", "Response", "Trigger"]

# A page shows far less; what is beyond is only counted.
MAX_TEXT_BYTES = 64 << 10
# A large application under a debugger takes its time until it listens.
CONNECT_SECONDS = 45.0
RETRY_SECONDS = 0.05
# The program is stopped while its response is waited for, and whoever looks around in it may take an hour.
RESPONSE_SECONDS = 3600.0

_MAX_ADDRESSES = 8
_MAX_SHOWN = 200
# Codecs of names, not of texts: one is slow with long ones, one replaces nothing.
_NO_CHARSETS = ("idna", "punycode")


@dataclass(frozen=True)
class Response:
    """What the program answered."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    """Of these only: content-type, content-encoding, location, and the names alone of set-cookie."""
    text: str
    """At most 64 KiB of the body, decoded; empty where it came compressed although that was not asked for."""
    size: int
    """Of the body in bytes; where it was not `exact`, it is larger than this."""
    seconds: float
    """From the first byte sent to the last one read."""
    cut: bool = False
    """Whether the body is longer than `text`."""
    exact: bool = True

    def header(self, name: str) -> str:
        """The value of one of `headers`, or an empty text."""
        return dict(self.headers).get(name, "")


def _told(response: Response) -> str:
    """`200 OK in 0.12 s, 431 bytes application/json`."""
    location = response.header("location")
    size = f"{'' if response.exact else 'more than '}{response.size} bytes" if response.size else "no body"
    kind = response.header("content-type").partition(";")[0].strip() if response.size else ""
    coding = response.header("content-encoding")
    head = f"{response.status} {response.reason}".strip() + (f" to {location}" if location else "")
    return f"{head} in {response.seconds:.2f} s, {' '.join(filter(None, (size, coding, kind)))}"


def _kept(headers: httpx2.Headers) -> tuple[tuple[str, str], ...]:
    named = [(name, headers.get(name, "")) for name in ("content-type", "content-encoding", "location")]
    cookies = [cookie.partition("=")[0].strip() for cookie in headers.get_list("set-cookie")]
    return tuple((name, _shown(value)) for name, value in [*named, ("set-cookie", ", ".join(cookies))] if value)


def _shown(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def _text(body: bytes, answer: httpx2.Response, *, cut: bool) -> str:
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        return ""
    # Where it was cut, the half of a character at the end is left out.
    return codecs.getincrementaldecoder(_charset(answer))("replace").decode(body, final=not cut)


def _charset(answer: httpx2.Response) -> str:
    named = answer.charset_encoding or "utf-8"
    try:
        # bytes.decode takes encodings of texts only; `codecs` alone would take zip and rot13 as well.
        b"a".decode(named, "replace")
        return "utf-8" if codecs.lookup(named).name in _NO_CHARSETS else named
    except (LookupError, ValueError):
        return "utf-8"


class Trigger:
    """A request on its way: one `run`, and at its end either `response` or `failure`.

    `addresses` are what `Request.addresses` gave; no other one is connected to. `on_change` is called at the end.
    """

    def __init__(self, request: Request, *, addresses: Sequence[str], on_change: Callable[[], None]) -> None:
        self._request = request
        self._url = httpx2.URL(request.url)
        self._addresses = addresses[:_MAX_ADDRESSES]
        self._on_change = on_change
        self._since = 0.0
        self._connected = False
        self._head = ""
        self._received = bytearray()
        self.response: Response | None = None
        self.failure = ""
        """Why there is no response, in a sentence."""
        self.sent = False
        """Whether the program may have seen something of it."""

    async def run(self, task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Send it and wait for the response; started at once. Raises nothing but its cancellation."""
        self._since = time.monotonic()
        task_status.started()
        try:
            with anyio.fail_after(RESPONSE_SECONDS):
                self.response = await self._exchange()
        except anyio.get_cancelled_exc_class():
            self.failure = "given up before the response had come"
            raise
        except Exception as exc:  # Whatever it is, the session goes on and its page says so.
            self.failure = self._sentence(exc)
        self._on_change()

    def describe(self) -> str:
        """How it stands, in one line: `GET /orders?x=1: 200 OK in 0.12 s, 431 bytes application/json`.

        After the colon stands `waiting`, `failed:` or the status.
        """
        asked = f"{self._request.method} {_shown(self._url.raw_path.decode('ascii'))}"
        return f"{asked}: {self._standing()}"

    def _standing(self) -> str:
        if self.response is not None:
            return _told(self.response)
        if self.failure:
            return f"failed: {self.failure}"
        if not self._since:
            return "waiting to be sent"
        since = f"since {time.monotonic() - self._since:.1f} s"
        if not self.sent:
            return f"waiting for a connection {since}"
        awaited = f"the rest of {self._head}" if self._head else "its response"
        return f"waiting for {awaited} {since}"

    async def _exchange(self) -> Response:
        # A development server on this machine has a certificate of its own making, and plain http goes there too.
        verified = self._url.scheme == "https" and not all(map(is_loopback, self._addresses))
        async with httpx2.AsyncClient(
            verify=verified,
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # RESPONSE_SECONDS limits all of it
            headers={"user-agent": "mcp-debug", "accept-encoding": "identity"},
        ) as client:
            while True:
                response = await self._try_each(client)
                if response is not None:
                    return response
                await anyio.sleep(RETRY_SECONDS)

    async def _try_each(self, client: httpx2.AsyncClient) -> Response | None:
        """The response of the first address that takes the connection; None: refused, and there is time left."""
        failed: list[Exception] = []
        for address in self._addresses:
            try:
                return await self._send(client, address)
            except (httpx2.ConnectError, ConnectionRefusedError) as exc:
                if self._connected:
                    raise
                failed.append(exc)
        # An address that does not exist here (::1 without IPv6) does not outweigh one that refused.
        refused = next(filter(_is_refusal, failed), None)
        if refused is None or time.monotonic() - self._since > CONNECT_SECONDS:
            raise refused or failed[0]
        return None

    async def _send(self, client: httpx2.AsyncClient, address: str) -> Response:
        extensions: dict[str, Any] = {"trace": self._trace}
        if name := self._request.server_name():
            extensions["sni_hostname"] = name
        async with client.stream(
            self._request.method,
            self._url.copy_with(host=address),
            headers=self._request.header_lines(),
            content=self._request.content(),
            extensions=extensions,
        ) as answer:
            self._head = f"{answer.status_code} {_shown(answer.reason_phrase)}".strip()
            return await self._read(answer)

    async def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by the transport at each step."""
        if event == "connection.connect_tcp.complete":
            await _refuse_itself(info["return_value"])
            self._connected = True
        elif event == "http11.send_request_headers.started":
            self.sent = True
            self._since = time.monotonic()

    async def _read(self, answer: httpx2.Response) -> Response:
        # Raw: what a few bytes would be unpacked to is without bounds.
        async with contextlib.aclosing(answer.aiter_raw()) as chunks:
            async for chunk in chunks:
                self._received += chunk
                if len(self._received) > MAX_TEXT_BYTES:
                    break
        cut = len(self._received) > MAX_TEXT_BYTES
        declared = answer.headers.get("content-length", "")
        return Response(
            status=answer.status_code,
            reason=_shown(answer.reason_phrase),
            headers=_kept(answer.headers),
            text=_text(bytes(self._received[:MAX_TEXT_BYTES]), answer, cut=cut),
            size=int(declared) if cut and declared else MAX_TEXT_BYTES if cut else len(self._received),
            seconds=time.monotonic() - self._since,
            cut=cut,
            exact=not cut or bool(declared),
        )

    def _sentence(self, exc: Exception) -> str:
        if isinstance(exc, TimeoutError):
            return f"no {'end of the response' if self._head else 'response'} within {RESPONSE_SECONDS:.0f} s"
        if self._head:
            return f"the response broke off after {len(self._received)} bytes of its body ({self._head})"
        if self.sent:
            return _unanswered(exc)
        if _is_refusal(exc):
            return f"connection refused for {time.monotonic() - self._since:.0f} s"
        return _unconnected(exc)


async def _refuse_itself(stream: Any) -> None:
    """Close a connection that nobody but ourselves accepted.

    A port that the kernel also gives to clients can be given to the very socket that connects to it, and then they
    meet. We would talk to ourselves, and the program could not listen on its port.
    """
    if stream.get_extra_info("client_addr") != stream.get_extra_info("server_addr"):
        return
    # Reset, for a connection closed in order would keep the port for another minute.
    stream.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await stream.aclose()
    raise ConnectionRefusedError


def _causes(exc: BaseException | None) -> Iterator[BaseException]:
    while exc is not None:
        yield exc
        # The connection pool raises `from None`, which leaves only the context.
        exc = exc.__cause__ or exc.__context__


def _is_refusal(exc: Exception) -> bool:
    return any(isinstance(cause, ConnectionRefusedError) for cause in _causes(exc))


def _unconnected(exc: Exception) -> str:
    for cause in _causes(exc):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the server's certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"no TLS connection ({cause.reason}); the port may speak plain http"
        if isinstance(cause, OSError) and cause.strerror:
            return f"no connection: {cause.strerror}"
    if isinstance(exc, httpx2.ConnectError):
        return "the server closed the connection during the TLS handshake"
    return f"it could not be sent ({type(exc).__name__})"


def _unanswered(exc: Exception) -> str:
    # The parser's error is the cause of what it could not read; an end of the stream has none.
    if isinstance(exc, httpx2.RemoteProtocolError) and len(list(_causes(exc))) > 2:
        return "the server answered with something that is not HTTP; the port may speak https"
    if isinstance(exc, httpx2.RemoteProtocolError):
        return "the server closed the connection without an answer"
    if isinstance(exc, httpx2.NetworkError):
        return "the server reset the connection without an answer"
    # Only the name: a text could show a header's value.
    return f"it could not be sent ({type(exc).__name__})"
