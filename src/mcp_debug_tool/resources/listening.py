"""Who is told of changes: streams of `subscriptions/listen`, and subscribers of the protocol before it.

Each listens at the updates of its own sessions, so nothing of another principal's can reach it: ids are names within
a principal's sessions only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence

from mcp.server.subscriptions import ResourcesListChanged, ResourceUpdated, ServerEvent, SubscriptionBus

from ..updates import Change, Updates
from ..uris import SESSIONS, output_uri, session_uri, source_uri

# A client that follows every part of every session has fewer.
MAX_FOLLOWED = 256


def changed_uris(changes: Sequence[Change]) -> Iterator[str]:
    """The resources that read otherwise than before."""
    if any(change.came_or_went or change.state or change.place for change in changes):
        yield SESSIONS
    for change in changes:
        yield session_uri(change.session)
        if change.output:
            yield output_uri(change.session)
        if change.place:
            yield source_uri(change.session)


class SessionBus:
    """A bus for the listeners to some sessions' updates; what is published is given on to the server's own bus."""

    def __init__(self, updates: Updates, general: SubscriptionBus) -> None:
        self._updates = updates
        self._general = general

    async def publish(self, event: ServerEvent) -> None:
        """See SubscriptionBus."""
        await self._general.publish(event)

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """See SubscriptionBus."""

        async def hear(changes: Sequence[Change]) -> None:
            if any(change.came_or_went for change in changes):
                listener(ResourcesListChanged())
            for uri in changed_uris(changes):
                listener(ResourceUpdated(uri))

        ends = (self._updates.subscribe(hear), self._general.subscribe(listener))

        def unsubscribe() -> None:
            for end in ends:
                end()

        return unsubscribe


class Follower:
    """One connection of the older protocol: the resources it has subscribed to; `send` tells it of one of them."""

    def __init__(self, updates: Updates, send: Callable[[str], Awaitable[None]]) -> None:
        self._updates = updates
        self._send = send
        self._unsubscribe: Callable[[], None] = lambda: None
        self.uris: set[str] = set()

    def follow(self, uri: str) -> bool:
        """Tell of changes of this resource from now on; False when it follows too many already."""
        if len(self.uris) >= MAX_FOLLOWED and uri not in self.uris:
            return False
        self.uris.add(uri)
        self._unsubscribe()
        self._unsubscribe = self._updates.subscribe(self._hear)
        return True

    def leave(self, uri: str) -> None:
        """Tell of it no more."""
        self.uris.discard(uri)

    def close(self) -> None:
        """Tell of nothing any more."""
        self._unsubscribe()

    async def _hear(self, changes: Sequence[Change]) -> None:
        for uri in changed_uris(changes):
            if uri in self.uris:
                await self._send(uri)
