"""Session: one debugging life under one id: a program, started once or again and again.

Each run is one task in the server's task group. A call asks for it and waits for what it needs; cancelling the
call ends the wait and nothing else.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import anyio.abc

from .dap_wrapper import DAPWrapper
from .errors import DebugError, StartFailed, WrongState
from .journal import Excerpt, Journal
from .preparing.code_files import code_file
from .preparing.prepared import Prepared
from .protocol.state import State
from .repeating import Repeat, hash_seed
from .settings import Settings
from .starting import Starter
from .stops import Changes
from .targets.launch import LaunchTarget
from .triggers import Request, Trigger
from .updates import Glance
from .whole_values import WholeValues

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup

_log = logging.getLogger(__name__)
# Ending takes SIGTERM, a grace and SIGKILL; see processes.py.
END_SECONDS = 6.0
# The next call of a host may come before the one it has just cancelled is over.
CANCELLED_SECONDS = 0.25


class Session:
    """One debugging life: a program, started once or again and again, under one id."""

    def __init__(
        self,
        session_id: str,
        prepared: Prepared,
        settings: Settings,
        *,
        starter: Starter,
        on_change: Callable[[str], None],
        on_stop: Callable[[], None],
    ) -> None:
        self.id = session_id
        self.prepared = prepared
        self._settings = settings
        self._starter = starter
        self._on_change = on_change
        self._on_stop = on_stop
        self._busy: tuple[str, float] | None = None
        self._changed = anyio.Event()
        self.started = self._asked_for = time.monotonic()
        self.runs = 0
        self.repeat: Repeat | None = None
        """How often the program is to be run until it fails."""
        self.whole_values = WholeValues()
        """Values that were cut in answers."""
        self.triggers: list[Trigger] = []
        """Requests sent whose response has not been told yet."""
        self._begin_run()

    def _begin_run(self) -> None:
        self.journal = Journal(lambda: self.wrapper.notify())
        self.wrapper = DAPWrapper(
            self.prepared.target,
            self.prepared.plan,
            journal=self.journal,
            starter=self._starter,
            connect_limit=self._settings.connect_limit,
            on_change=self.notify,
            on_stop=self._on_stop,
        )
        if isinstance(self.prepared.target, LaunchTarget) and not self.prepared.target.follow_children:
            self.wrapper.findings.unfollowed.append("any that it starts (follow_children=false)")
        self.changes = Changes()
        self.came_to = ""
        """What the last answer said of this run, in a few words."""
        self.seen = 0
        """Cursor behind the output that an answer has shown."""
        self.resumed_at = 0
        """Cursor from which a pattern is waited for: where the program was last let run, or behind the last match."""
        self.runs += 1
        self._ending = anyio.Event()
        self._ended = anyio.Event()

    @property
    def state(self) -> State:
        """Where the present run is."""
        return self.wrapper.state

    @property
    def wait_default(self) -> float:
        """How long a call waits that does not say."""
        return self._settings.wait_default

    @property
    def just_my_code(self) -> bool:
        """Whether library code is passed over."""
        return self.prepared.target.just_my_code

    @property
    def alive(self) -> bool:
        """Whether the program has not ended, or is to be run again."""
        return self.state is not State.EXITED or self.runs_again

    @property
    def runs_again(self) -> bool:
        """Whether the program has ended well and is to be run again for another chance to fail."""
        return self.repeat is not None and self.repeat.goes_on_after(self.wrapper.exit)

    def asked_for(self) -> None:
        """Begin its lease anew: a call names it."""
        self._asked_for = time.monotonic()

    @property
    def terms(self) -> list[str]:
        """What is to be known of how long it is kept, as a sentence; nothing where that is as long as the server."""
        lease = self._settings.lease
        return [] if lease is None else [f"{self.id} is ended after {lease:g} s without a call that names it"]

    @property
    def idle(self) -> float:
        """For how many seconds no call has named it; 0 while one is under way."""
        return 0.0 if self._busy is not None else time.monotonic() - self._asked_for

    def notify(self) -> None:
        """Wake everyone who waits for a change of this session."""
        changed, self._changed = self._changed, anyio.Event()
        changed.set()
        self._on_change(self.id)

    def glance(self) -> Glance:
        """How it is now, to be compared with how it was."""
        return Glance((self.runs, self.state), self.wrapper.stop, (self.runs, self.journal.end))

    async def wait(self, happened: Callable[[], bool]) -> None:
        """Return once `happened()` is true; it is asked after every change, in any run. The caller sets the limit."""
        while not happened():
            await self._changed.wait()

    async def trigger(self, request: Request) -> Trigger:
        """Send a request to the running program; the session waits for its response for as long as it takes.

        Raises:
            InvalidArgument: it is malformed, or leads to another machine and may not.
        """
        addresses = await request.addresses(any_host=self._settings.allow_remote)
        trigger = Trigger(request, addresses=addresses, on_change=self.notify)
        self.triggers.append(trigger)
        self.wrapper.run_beside(trigger.run)
        return trigger

    async def run(
        self,
        breakpoints: Callable[[DAPWrapper], Awaitable[None]],
        *,
        task_status: anyio.abc.TaskStatus[DebugError | None],
    ) -> None:
        """The task of one run. Reports None when the program runs, else the error that kept it from it."""
        wrapper, ended, reported = self.wrapper, self._ended, False
        try:
            async with wrapper.open():
                await breakpoints(wrapper)
                await wrapper.run()
                reported = True
                task_status.started(None)
                await self._ending.wait()
        except (DebugError, BaseExceptionGroup) as problem:
            error = _only_error(problem)
            if reported:
                wrapper.lost_reason = str(error)
                _log.warning("%s ended with an error: %s", self.id, error)
            else:
                task_status.started(error)
        finally:
            ended.set()

    async def end(self) -> None:
        """End the run and wait until nothing of it is left."""
        self._ending.set()
        with anyio.move_on_after(END_SECONDS, shield=True):
            await self._ended.wait()

    def renew(self) -> None:
        """Make ready for another run of the same program."""
        self._begin_run()

    @asynccontextmanager
    async def command(self, name: str) -> AsyncIterator[None]:
        """Hold the session for one command.

        Raises:
            WrongState: another command is under way.
        """
        with anyio.move_on_after(CANCELLED_SECONDS):
            await self.wait(lambda: self._busy is None)
        if self._busy is not None:
            other, since = self._busy
            raise WrongState(
                f"{self.id} is busy with {other} since {time.monotonic() - since:.1f} s",
                hint="Wait for that call, or use pause, get_output or stop.",
            )
        self._busy = (name, time.monotonic())
        try:
            yield
        finally:
            self._busy = None
            self.asked_for()
            self.notify()

    def new_output(self, limit: int = 4000) -> Excerpt:
        """The last of what the program printed since the last answer; it then counts as shown."""
        self.wrapper.drain_output()
        excerpt = self.journal.read(self.seen, limit=limit, last=True)
        self.seen = excerpt.next
        return excerpt

    def seeds(self) -> list[str]:
        """Random seeds in play, as what repeats them."""
        of_hashes = hash_seed(self.prepared)
        return [*([of_hashes] if of_hashes is not None else []), *self.wrapper.findings.seeds]

    def resolve_path(self, file: str, parameter: str = "file") -> str:
        """The absolute path of what is named relative to one of the session's folders, and can hold a breakpoint."""
        return code_file(parameter, file, self.prepared.source_folders)


def _only_error(problem: BaseException) -> DebugError:
    """The one error of ours in what task groups have wrapped."""
    found = problem
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    if isinstance(found, DebugError):
        return found
    if not isinstance(found, Exception):
        raise found
    _log.error("a session failed", exc_info=found)
    return StartFailed(f"the debugger itself failed: {type(found).__name__}: {found}", hint="Please report this.")
