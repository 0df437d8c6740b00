"""Attach to a running process by its id: our code is injected, and it comes to a rendezvous as a launched one does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from ..path_map import SAME, PathMap
from ..processes import Sink
from ..starting import Starter
from ..transports import peers
from ..transports.sockets import Peer
from .base import Reach
from .injection import examine, inject
from .rendezvous import attach_arguments, rendezvous


@dataclass(frozen=True)
class PidTarget:
    """A process of this machine that runs already, and runs on when it is let go."""

    pid: int
    just_my_code: bool = True
    path_map: PathMap = SAME

    @asynccontextmanager
    async def open(self, sink: Sink, starter: Starter) -> AsyncIterator[Reach]:
        """See Target.open."""

        async def is_the_process(peer: Peer) -> bool:
            if not peers.can_identify():
                return True
            return await anyio.to_thread.run_sync(peers.is_process, peer, self.pid)

        process = await anyio.to_thread.run_sync(examine, self.pid)
        arguments = attach_arguments(self.just_my_code)
        async with rendezvous(arguments, is_the_process, tells_when_attached=True) as place:
            with anyio.CancelScope(shield=True):
                # A tool that is killed on its way ends the program; settings taken away too early mislead the next.
                await inject(process, place.settings)
            yield Reach(place.arrivals)

    def sources(self) -> Mapping[str, str]:
        """See Target.sources."""
        return {}

    async def why_not_connected(self) -> str | None:
        """See Target.why_not_connected."""
        return f"process {self.pid} has taken our code and does not run it: its main thread seems to be inside C code"
