"""What streams of `subscriptions/listen` are told of changes; for the older protocol see following.py.

Each listens at the updates of its own sessions, so nothing of another principal's can reach it: ids are names within
a principal's sessions only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mcp.server.subscriptions import ResourcesListChanged, ResourceUpdated, ServerEvent, SubscriptionBus

from ..updates import Change, Updates
from ..uris import SESSIONS, output_uri, session_uri, source_uri


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
