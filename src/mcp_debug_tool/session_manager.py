"""The sessions of everyone who uses the server, apart from each other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.abc

from .calls import Note, note_nothing
from .keeping.keeper import starter
from .masking import Masks
from .sessions import Sessions
from .settings import Settings
from .starting import Starter

LOCAL = "local"
"""The principal of whoever needs no token: over stdin and stdout there is one agent alone."""


class SessionManager:
    """Sessions by principal; `run` is entered once and ends them all."""

    def __init__(self, settings: Settings, *, note: Note = note_nothing) -> None:
        self.settings = settings
        self.note = note
        """Is told of each call once it is over."""
        self.masks = Masks(settings.mask, by_name=not settings.show_secrets)
        """What is not shown to any of them."""
        self._by_principal: dict[str, Sessions] = {}
        self._tasks: anyio.abc.TaskGroup
        self._starter: Starter
        self.stops = 0
        """How often any program has stopped."""

    @asynccontextmanager
    async def run(self) -> AsyncIterator[SessionManager]:
        """Hold sessions until the block ends; then every program of them is ended."""
        async with starter() as self._starter, anyio.create_task_group() as tasks:
            self._tasks = tasks
            try:
                yield self
            finally:
                tasks.cancel_scope.cancel()

    def of(self, principal: str = LOCAL) -> Sessions:
        """The sessions of one principal, whose ids say nothing to another; none at first."""
        found = self._by_principal.get(principal)
        if found is None:
            found = self._by_principal[principal] = Sessions(
                self.settings, self._tasks, self._starter, on_stop=self._count_stop
            )
            self._tasks.start_soon(found.updates.run)
            if self.settings.lease is not None:
                self._tasks.start_soon(found.end_idle, self.settings.lease)
        return found

    def _count_stop(self) -> None:
        self.stops += 1

    @property
    def alive(self) -> int:
        """How many sessions have a program that has not ended."""
        return sum(session.alive for sessions in self._by_principal.values() for session in sessions.all())

    @property
    def pids(self) -> set[int]:
        """Of all living processes that are debugged, whoever debugs them."""
        everyone = [session for sessions in self._by_principal.values() for session in sessions.all()]
        return {process.pid for session in everyone for process in session.wrapper.tree.living}
