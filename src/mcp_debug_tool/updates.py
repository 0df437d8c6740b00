"""Which sessions have changed, told to listeners a few times a second at most, however much happens.

Who changes something only says so (`touch`); what it was is found by comparing two glances, so that a thousand lines
of output between them are one change. Knows nothing of MCP.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import anyio

_log = logging.getLogger(__name__)
# At most four rounds a second; the first change after a quiet time is told at once.
INTERVAL_SECONDS = 0.25
# A listener that takes longer has a client that does not read; it is told nothing more.
LISTENER_SECONDS = 2.0


@dataclass(frozen=True)
class Glance:
    """A session from afar; where two of them differ, something of it has changed."""

    state: object
    place: object
    """Where and why it stands still."""
    output: object
    """How far its output has come."""


@dataclass(frozen=True)
class Change:
    """What has changed in one session since the last round."""

    session: str
    came_or_went: bool = False
    state: bool = False
    place: bool = False
    output: bool = False


Listener = Callable[[Sequence[Change]], Awaitable[None]]


class Updates:
    """Tells listeners of changes; `look` answers how a session is now, None when there is none of that id."""

    def __init__(self, look: Callable[[str], Glance | None], *, interval: float = INTERVAL_SECONDS) -> None:
        self._look = look
        self._interval = interval
        # Told in the order in which they were touched.
        self._touched: dict[str, None] = {}
        self._told: dict[str, Glance] = {}
        self._listeners: dict[object, Listener] = {}
        self._wake = anyio.Event()

    def touch(self, session_id: str) -> None:
        """Something of this session may have changed."""
        self._touched[session_id] = None
        self._wake.set()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` of all changes from now on; call what comes back to end it."""
        token = object()
        self._listeners[token] = listener

        def unsubscribe() -> None:
            self._listeners.pop(token, None)

        return unsubscribe

    async def run(self) -> None:
        """Tell of changes until cancelled."""
        while True:
            await self._wake.wait()
            self._wake = anyio.Event()
            changes = self._changes()
            for token in list(self._listeners) if changes else ():
                await self._tell(token, changes)
            await anyio.sleep(self._interval)

    def _changes(self) -> list[Change]:
        """What has changed of those that were touched; it then counts as told."""
        touched, self._touched = self._touched, {}
        return [change for session_id in touched if (change := self._change(session_id)) is not None]

    def _change(self, session_id: str) -> Change | None:
        before, now = self._told.pop(session_id, None), self._look(session_id)
        if now is not None:
            self._told[session_id] = now
        if before == now:
            return None
        if before is None or now is None:
            return Change(session_id, came_or_went=True, state=True, place=True, output=True)
        return Change(
            session_id,
            state=before.state != now.state,
            place=before.place != now.place,
            output=before.output != now.output,
        )

    async def _tell(self, token: object, changes: Sequence[Change]) -> None:
        listener = self._listeners.get(token)
        if listener is None:
            return
        try:
            with anyio.fail_after(LISTENER_SECONDS):
                await listener(changes)
        except Exception as problem:
            _log.warning("a listener is told nothing more: %r", problem)
            self._listeners.pop(token, None)
