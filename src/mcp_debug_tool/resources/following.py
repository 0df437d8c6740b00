"""Changes for clients of the older protocol: the list for each, and the resources that it has subscribed to.

The SDK's MCPServer serves no `resources/subscribe` and does not say that its list changes; both are added here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mcp.server.connection import Connection
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from ..updates import Change, Updates
from .listening import changed_uris

# A client that follows every part of every session has fewer.
MAX_FOLLOWED = 256
_FOLLOWER = "mcp_debug_tool.follower"


class Follower:
    """What one connection is told of until it closes: that the list has changed, and `uris` when they have."""

    def __init__(self, updates: Updates, connection: Connection) -> None:
        self._updates = updates
        self._connection = connection
        self._unsubscribe: Callable[[], None] = lambda: None
        self.uris: set[str] = set()
        connection.exit_stack.callback(lambda: self._unsubscribe())

    def listen(self) -> None:
        """Hear of changes from now on, also after it has been passed over for not reading."""
        self._unsubscribe()
        self._unsubscribe = self._updates.subscribe(self._hear)

    def follow(self, uri: str) -> bool:
        """Tell of changes of this resource too; False when it follows too many already."""
        if len(self.uris) >= MAX_FOLLOWED and uri not in self.uris:
            return False
        self.uris.add(uri)
        self.listen()
        return True

    async def _hear(self, changes: Sequence[Change]) -> None:
        if any(change.came_or_went for change in changes):
            await self._connection.send_resource_list_changed()
        for uri in changed_uris(changes):
            if uri in self.uris:
                await self._connection.send_resource_updated(uri)


def follower(context: ServerRequestContext[Any, Any], updates: Updates) -> Follower:
    """That of the connection which this request came by."""
    # The SDK offers the connection to low-level handlers in no other way.
    connection: Connection = context.session._connection
    if _FOLLOWER not in connection.state:
        connection.state[_FOLLOWER] = Follower(updates, connection)
    found: Follower = connection.state[_FOLLOWER]
    return found


async def announce(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Middleware that says in the handshake that the list of resources changes."""
    result = await call_next(ctx)
    if ctx.method == "initialize" and isinstance(result, dict):
        result["capabilities"].setdefault("resources", {})["listChanged"] = True
    return result
