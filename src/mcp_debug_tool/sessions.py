"""Sessions: which programs a principal has under the debugger, and how each begins and ends."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import anyio
import anyio.abc

from .breakpoints import Breakpoint, BreakpointSpec
from .dap_wrapper import DAPWrapper
from .errors import DebugError, UnknownSession, UsageError, WrongState
from .preparing.attaching import Attachment, prepare_attachment
from .preparing.code_files import code_file
from .preparing.launching import Launch, prepare
from .preparing.prepared import Prepared
from .protocol.state import State
from .repeating import Repeat
from .session import Session
from .settings import Settings
from .starting import Starter
from .updates import Glance, Updates

_log = logging.getLogger(__name__)
# Sessions whose lease has run out are remembered, so that a call for one can be told so.
MAX_EXPIRED = 100


class Sessions:
    """The sessions of one principal: nobody else has names for them."""

    def __init__(
        self,
        settings: Settings,
        tasks: anyio.abc.TaskGroup,
        starter: Starter,
        *,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        """`tasks`: what the runs live in; `starter` starts them. `on_stop` is called at each stop of any program."""
        self.settings = settings
        self._tasks = tasks
        self._starter = starter
        self._on_stop = on_stop
        self._sessions: dict[str, Session] = {}
        self._expired: deque[str] = deque(maxlen=MAX_EXPIRED)
        self._next = 1
        self.pending: list[BreakpointSpec] = []
        """Breakpoints set before any program was started; the next start takes them."""
        self.updates = Updates(self._glance)
        """Tells whoever listens which of them have changed."""

    def _glance(self, session_id: str) -> Glance | None:
        session = self._sessions.get(session_id)
        return session.glance() if session is not None else None

    def all(self) -> list[Session]:
        """Every session, oldest first."""
        return list(self._sessions.values())

    def get(self, session_id: str | None) -> Session:
        """The named session; without a name the only living one, or the latest when none lives.

        Raises:
            UnknownSession: there is none, or it is unclear which.
        """
        if session_id is not None:
            return self._named(session_id)
        living = [session for session in self._sessions.values() if session.alive]
        if len(living) > 1:
            names = ", ".join(f"{s.id} ({s.prepared.what[:40]})" for s in living)
            raise UnknownSession(f"session: {len(living)} are alive: {names}", hint="Name one with session.")
        if not self._sessions:
            raise UnknownSession("no session exists", hint="Call start first.")
        found = living[0] if living else list(self._sessions.values())[-1]
        found.asked_for()
        return found

    def _named(self, session_id: str) -> Session:
        if session_id in self._sessions:
            self._sessions[session_id].asked_for()
            return self._sessions[session_id]
        if session_id in self._expired:
            raise UnknownSession(
                f"session: {session_id} has ended: no call named it for {self.settings.lease:g} s", hint="Call start."
            )
        known = ", ".join(self._sessions) or "none"
        raise UnknownSession(f"session: there is no {session_id!r}; known: {known}", hint="See sessions, or start.")

    async def start(
        self, launch: Launch | Attachment, breakpoints: Sequence[BreakpointSpec], *, repeat: int = 1
    ) -> Session:
        """A new session whose program has begun to run, or runs on, with these breakpoints set.

        With `repeat` it is run again, that often at most, until it does not end with code 0.

        Raises:
            UsageError: a parameter, a breakpoint, or too many sessions.
            TargetError: the program did not come under the debugger.
        """
        self._make_room()
        # Files are read for it, some of them large.
        prepared = await anyio.to_thread.run_sync(_prepared, launch, self.settings)
        again = Repeat(repeat, prepared) if repeat > 1 else None
        prepared = again.next_run() if again is not None else prepared
        wanted = list(dict.fromkeys([*self.pending, *self._absolute(breakpoints, prepared)]))
        session = Session(
            f"s{self._next}",
            prepared,
            self.settings,
            starter=self._starter,
            on_change=self.updates.touch,
            on_stop=self._on_stop,
        )
        session.repeat = again

        async def set_breakpoints(wrapper: DAPWrapper) -> None:
            for spec in wanted:
                await wrapper.breakpoints.set(spec)

        await self._run(session, set_breakpoints)
        self.pending.clear()
        session.id = f"s{self._next}"
        self._next += 1
        self._sessions[session.id] = session
        self.updates.touch(session.id)
        if session.repeat is not None:
            self._tasks.start_soon(self._repeat, session, session.repeat)
        return session

    async def _repeat(self, session: Session, repeat: Repeat) -> None:
        """Run the session's program again until a run fails, is ended by the agent, or enough have passed."""
        while True:
            wrapper = session.wrapper
            await wrapper.wait(lambda: wrapper.state in (State.EXITED, State.LOST))  # noqa: B023
            exit = wrapper.exit
            if repeat.over or exit is None or exit.by_us or exit.returncode != 0:
                break
            if not session.runs_again:
                repeat.passed += 1
                break
            async with repeat.between_runs:
                if repeat.over or not await self._run_again(session, repeat):
                    break
        repeat.over = True
        session.notify()

    async def _run_again(self, session: Session, repeat: Repeat) -> bool:
        """Begin the next run; answers whether it could be begun."""
        table = session.wrapper.breakpoints.table
        await session.end()
        repeat.passed += 1
        session.prepared = repeat.next_run()
        session.renew()
        try:
            await self._run(session, lambda wrapper: wrapper.breakpoints.reapply(table))
        except DebugError as error:
            session.wrapper.breakpoints.table = table
            session.wrapper.give_up(f"{repeat.describe()} could not be started: {error}")
            return False
        return True

    def _absolute(self, specs: Sequence[BreakpointSpec], prepared: Prepared) -> list[BreakpointSpec]:
        if len(specs) > self.settings.max_breakpoints:
            raise UsageError(f"breakpoints: more than {self.settings.max_breakpoints}")
        return [absolute(spec, prepared.source_folders) for spec in specs]

    async def _run(self, session: Session, breakpoints: Callable[[DAPWrapper], Awaitable[None]]) -> None:
        error = await self._tasks.start(session.run, breakpoints)
        if error is not None:
            raise error

    def _make_room(self) -> None:
        ended = [session for session in self._sessions.values() if not session.alive]
        for session in ended[: max(len(ended) - self.settings.max_ended_sessions, 0)]:
            self._forget(session)
        if len(self._sessions) - len(ended) >= self.settings.max_sessions:
            oldest = min(self._sessions.values(), key=lambda session: session.started)
            raise UsageError(
                f"{self.settings.max_sessions} sessions are alive, which is the limit",
                hint=f"Stop one; the oldest is {oldest.id}.",
            )

    def _forget(self, session: Session) -> None:
        self._tasks.start_soon(session.end)
        del self._sessions[session.id]
        self.updates.touch(session.id)

    async def restart(self, session: Session) -> list[Breakpoint]:
        """Run the session's program again; its breakpoints follow edits by their text. Answers all of them."""
        if not session.prepared.is_launched:
            raise WrongState(f"{session.id} was not started here", hint="Start the program where it runs, then attach.")
        await _end_repetition(session)
        session.repeat = None
        table = session.wrapper.breakpoints.table
        await session.end()
        session.renew()

        async def reapply(wrapper: DAPWrapper) -> None:
            await wrapper.breakpoints.reapply(table)
            for spec in self.pending:
                await wrapper.breakpoints.set(spec)

        try:
            await self._run(session, reapply)
        except DebugError as error:
            session.wrapper.breakpoints.table = table
            session.wrapper.give_up(f"it could not be started again: {error}")
            raise
        except anyio.get_cancelled_exc_class():
            session.wrapper.breakpoints.table = table
            session.wrapper.give_up("it was not started again: the call was cancelled")
            raise
        self.pending.clear()
        return table.all()

    async def end_idle(self, lease: float) -> None:
        """End sessions that no call has named for `lease` seconds, as `stop` does; runs until it is cancelled."""
        while True:
            await anyio.sleep(min(lease / 4, 5.0))
            for session in [session for session in self.all() if session.idle > lease]:
                _log.warning("%s: no call has named it for %g s; it is ended", session.id, lease)
                self._expired.append(session.id)
                await self.stop(session)

    async def stop(self, session: Session) -> None:
        """End the session's program, or let an attached one go, and forget the session."""
        await _end_repetition(session)
        await session.end()
        self._sessions.pop(session.id, None)
        self.updates.touch(session.id)


async def _end_repetition(session: Session) -> None:
    """Let no further run begin; one that is just being begun is there afterwards, and not begun behind our back."""
    if session.repeat is not None:
        async with session.repeat.between_runs:
            session.repeat.over = True


def _prepared(launch: Launch | Attachment, settings: Settings) -> Prepared:
    if isinstance(launch, Attachment):
        return prepare_attachment(launch, settings)
    if settings.read_only:
        raise UsageError("this server is read-only: it starts nothing", hint="Attach to a program that runs.")
    return prepare(launch, settings)


def absolute(spec: BreakpointSpec, folders: Sequence[str]) -> BreakpointSpec:
    """The spec, checked, with its file as an absolute path; a relative one is looked for in `folders`."""
    spec.check()
    return spec if spec.file is None else replace(spec, file=code_file("file", spec.file, folders))
