"""TCP on loopback: a listener whose peers must prove themselves, and streams that answer without delay."""

from __future__ import annotations

import contextlib
import hmac
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import anyio.abc
from anyio.abc import SocketAttribute

# A peer of ours sends its token at once; whoever has not by then is a stranger.
AUTHENTICATION_SECONDS = 5.0
# Strangers that may wait for their time to run out at once; one more is closed unheard.
MAX_UNPROVEN = 8
_CHUNK = 65536
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)


class QuickStream(anyio.abc.ByteStream):
    """A TCP stream that acknowledges at once.

    A peer that writes header and body apart without TCP_NODELAY (a stock pydevd does) would otherwise wait
    40 ms for each delayed acknowledgement. TCP_QUICKACK is Linux only and lasts for one receive.
    """

    def __init__(self, stream: anyio.abc.SocketStream) -> None:
        self._stream = stream
        self._socket: socket.socket = stream.extra(SocketAttribute.raw_socket)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def receive(self, max_bytes: int = _CHUNK) -> bytes:
        """The next bytes; raises anyio.EndOfStream when the peer has closed."""
        data = await self._stream.receive(max_bytes)
        if _QUICKACK is not None:
            # Closed meanwhile? The next receive says so.
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        return data

    async def send(self, item: bytes) -> None:
        """Send all of `item`."""
        await self._stream.send(item)

    async def send_eof(self) -> None:
        """Close the sending direction."""
        await self._stream.send_eof()

    async def aclose(self) -> None:
        """Close both directions."""
        await self._stream.aclose()


@dataclass(frozen=True)
class Peer:
    """Addresses of an accepted connection, as they stand in the kernel's tables."""

    local_port: int
    remote_port: int


async def _close_unreceived(proven: anyio.abc.ObjectReceiveStream[QuickStream]) -> None:
    with anyio.CancelScope(shield=True):
        while True:
            try:
                stream = proven.receive_nowait()  # type: ignore[attr-defined]
            except (anyio.WouldBlock, anyio.EndOfStream, anyio.ClosedResourceError):
                return
            await anyio.aclose_forcefully(stream)


class Listener:
    """A loopback port on which one kind of peer is welcome: who knows `token`, and whom `is_welcome` accepts.

    Nobody is sent a byte before both hold. Strangers are closed, counted in `strangers`, and disturb nothing.
    """

    def __init__(self, *, token: str, server_token: str, is_welcome: Callable[[Peer], Awaitable[bool]]) -> None:
        self._token = token.encode()
        self._server_token = server_token.encode()
        self.tokens = token, server_token
        self._is_welcome = is_welcome
        self._listener: anyio.abc.SocketListener | None = None
        self._unproven = 0
        self.port = 0
        self.strangers = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[anyio.abc.ObjectReceiveStream[QuickStream]]:
        """Listen until the block ends; the stream gives the proven peers."""
        multi = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
        send, receive = anyio.create_memory_object_stream[QuickStream](8)
        self.port = multi.extra(SocketAttribute.local_port)
        async with multi, send, receive, anyio.create_task_group() as tasks:

            async def accept(stream: anyio.abc.SocketStream) -> None:
                try:
                    await self._accept(stream, send)
                except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.TypedAttributeLookupError):
                    # It vanished while it was looked at.
                    await self._turn_away(stream)
                except BaseException:
                    with anyio.CancelScope(shield=True):
                        await anyio.aclose_forcefully(stream)
                    raise

            tasks.start_soon(multi.serve, accept)
            try:
                yield receive
            finally:
                tasks.cancel_scope.cancel()
                await _close_unreceived(receive)

    async def _accept(self, stream: anyio.abc.SocketStream, proven: anyio.abc.ObjectSendStream[QuickStream]) -> None:
        if self._unproven >= MAX_UNPROVEN:
            await self._turn_away(stream)
            return
        self._unproven += 1
        try:
            welcome = await self._proves_itself(stream)
        finally:
            self._unproven -= 1
        if not welcome:
            await self._turn_away(stream)
            return
        await stream.send(self._server_token + b"\n")
        await proven.send(QuickStream(stream))

    async def _turn_away(self, stream: anyio.abc.SocketStream) -> None:
        self.strangers += 1
        await anyio.aclose_forcefully(stream)

    async def _proves_itself(self, stream: anyio.abc.SocketStream) -> bool:
        expected = self._token + b"\n"
        received = b""
        with anyio.move_on_after(AUTHENTICATION_SECONDS):
            try:
                while len(received) < len(expected):
                    received += await stream.receive(len(expected) - len(received))
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return False
        if not hmac.compare_digest(received, expected):
            return False
        return await self._is_welcome(Peer(self.port, stream.extra(SocketAttribute.remote_port)))
