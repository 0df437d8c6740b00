"""Wait at a port for programs that call `debugpy.connect`: one after the other or several at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from anyio.abc import SocketAttribute

from ..errors import TargetError
from ..path_map import SAME, PathMap
from ..processes import Sink
from ..starting import Starter
from ..transports import peers
from ..transports.sockets import Peer, QuickStream
from .base import Arrival, Reach, close_unreceived
from .rendezvous import ARRIVALS, attach_arguments


@dataclass(frozen=True)
class ListenTarget:
    """Programs that come to us; each must name the token where there is one."""

    host: str
    port: int
    token: str | None = field(default=None, repr=False)
    just_my_code: bool = True
    path_map: PathMap = SAME

    @asynccontextmanager
    async def open(self, sink: Sink, starter: Starter) -> AsyncIterator[Reach]:
        """See Target.open."""
        send, receive = anyio.create_memory_object_stream[Arrival](ARRIVALS)
        try:
            listener = await anyio.create_tcp_listener(local_host=self.host, local_port=self.port)
        except OSError as error:
            raise TargetError(
                f"cannot listen on {self.host}:{self.port}: {error}", hint="Take another port."
            ) from error

        async def accept(stream: anyio.abc.SocketStream) -> None:
            if await self._is_welcome(stream):
                arguments = attach_arguments(self.just_my_code)
                await send.send(Arrival(QuickStream(stream), arguments, has_our_code=False, client_token=self.token))
            else:
                await anyio.aclose_forcefully(stream)

        async with listener, send, receive, anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, accept)
            try:
                yield Reach(receive, is_here=False, awaited=self._how_to_come())
            finally:
                tasks.cancel_scope.cancel()
                await close_unreceived(receive)

    async def _is_welcome(self, stream: anyio.abc.SocketStream) -> bool:
        """Whether a peer may come without a token: on this machine only the same user's programs may."""
        if self.token is not None or not peers.can_identify():
            return True
        try:
            peer = Peer(self.port, stream.extra(SocketAttribute.remote_port))
        except anyio.TypedAttributeLookupError:
            return False
        return await anyio.to_thread.run_sync(peers.is_users, peer)

    def _how_to_come(self) -> str:
        token = ", access_token=<the token>" if self.token is not None else ""
        return f"debugpy.connect(({self.host!r}, {self.port}){token})"

    def sources(self) -> Mapping[str, str]:
        """See Target.sources."""
        return {}

    async def why_not_connected(self) -> str | None:
        """See Target.why_not_connected."""
        return None
