"""Attach to a program that waits at a port, under `debugpy.listen` or `python -m debugpy --listen`.

The port is never probed: its first connection is the session. A refused connection alone is tried again. Nor is it
called too early: debugpy's adapter listens a moment before it is ready for that. Who comes then is served, but the
thread that accepts has died of it, and no child of the program is ever heard (docs/issues/0009).
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio

from ..errors import TargetError
from ..path_map import SAME, PathMap
from ..processes import Sink
from ..starting import Starter
from ..transports.ports import listener_state
from ..transports.sockets import QuickStream
from .base import Arrival, Reach, close_unreceived
from .rendezvous import ARRIVALS, attach_arguments

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup

# A program that is being started has this long to open its port.
CONNECT_SECONDS = 5.0
_AGAIN_SECONDS = 0.05
# An adapter that waits for a client before its program is not known to any: it is called after this time all the same.
READY_SECONDS = 1.0
_LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class PortTarget:
    """A program behind a debug adapter at host and port."""

    host: str
    port: int
    just_my_code: bool = True
    path_map: PathMap = SAME

    @asynccontextmanager
    async def open(self, sink: Sink, starter: Starter) -> AsyncIterator[Reach]:
        """See Target.open."""
        send, receive = anyio.create_memory_object_stream[Arrival](ARRIVALS)
        arguments = attach_arguments(self.just_my_code)

        calling = anyio.Semaphore(ARRIVALS)

        async def call_child(body: Mapping[str, Any]) -> None:
            if calling.value == 0:
                raise TargetError(f"its adapter announced more than {ARRIVALS} children at once")
            async with calling:
                # The same adapter speaks for the child; one that names another machine would have us call there.
                stream = await _connected(self.host, _announced_port(body) or self.port)
                await send.send(Arrival(stream, {**arguments, **body}, has_adapter=True, has_our_code=False))

        async with send, receive:
            try:
                stream = await _first_connection(self.host, self.port)
                await send.send(Arrival(stream, arguments, has_adapter=True, has_our_code=False))
                # Whether its processes run here cannot be known: the port may lead anywhere.
                yield Reach(receive, is_here=False, call_child=call_child)
            finally:
                await close_unreceived(receive)

    def sources(self) -> Mapping[str, str]:
        """See Target.sources."""
        return {}

    async def why_not_connected(self) -> str | None:
        """See Target.why_not_connected."""
        return None


def _announced_port(body: Mapping[str, Any]) -> int:
    """The port for a child; 0 where none is named.

    Raises:
        TargetError: what is named is no port.
    """
    connect = body.get("connect")
    port = connect.get("port") if isinstance(connect, Mapping) else None
    if port is None:
        return 0
    if not isinstance(port, int) or not 0 < port < 65536:
        raise TargetError("its adapter announced a child at what is no port")
    return port


async def _first_connection(host: str, port: int) -> QuickStream:
    """A connection to a program that may still be on its way to its port.

    Raises:
        TargetError: nobody listens there.
    """
    began = anyio.current_time()
    if host in _LOCAL:
        await _until_ready(port)
    return await _connected(host, port, began + CONNECT_SECONDS - anyio.current_time())


async def _until_ready(port: int) -> None:
    """Wait until the adapter behind a port of this machine has its program, as far as that is seen from outside."""
    for state, seconds in (("nobody", CONNECT_SECONDS - READY_SECONDS), ("alone", READY_SECONDS)):
        with anyio.move_on_after(seconds):
            # Another process's sockets; nothing tells us of them.
            while await anyio.to_thread.run_sync(listener_state, port) == state:  # noqa: ASYNC110
                await anyio.sleep(_AGAIN_SECONDS)


async def _connected(host: str, port: int, seconds: float = CONNECT_SECONDS) -> QuickStream:
    """A connection to the port, tried again while it is refused."""
    try:
        with anyio.fail_after(max(seconds, _AGAIN_SECONDS)):
            while True:
                with contextlib.suppress(ConnectionRefusedError):
                    return QuickStream(await _tried(host, port))
                await anyio.sleep(_AGAIN_SECONDS)
    except TimeoutError:
        raise TargetError(
            f"nobody listens on {host}:{port}, tried for {CONNECT_SECONDS:g} s",
            hint=f"Start the program with python -m debugpy --listen {port} --wait-for-client, or attach by pid.",
        ) from None


async def _tried(host: str, port: int) -> anyio.abc.SocketStream:
    try:
        return await anyio.connect_tcp(host, port)
    except OSError as error:
        causes = error.__cause__.exceptions if isinstance(error.__cause__, BaseExceptionGroup) else [error.__cause__]
        if any(isinstance(cause, ConnectionRefusedError) for cause in [error, *causes]):
            raise ConnectionRefusedError from error
        raise TargetError(f"{host}:{port} cannot be reached: {error}", hint="Check host and port.") from error
