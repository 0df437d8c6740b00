"""Sessions: who holds which run of which program, and how each begins and ends.

Each run is one task in the manager's task group. A call asks for it and waits for what it needs; cancelling the
call ends the wait and nothing else.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import anyio.abc

from .breakpoints import Breakpoint, BreakpointSpec
from .dap_wrapper import DAPWrapper
from .errors import DebugError, StartFailed, UnknownSession, UsageError, WrongState
from .journal import Excerpt, Journal
from .preparing.attaching import Attachment, prepare_attachment
from .preparing.code_files import code_file
from .preparing.launching import Launch, prepare
from .preparing.prepared import Prepared
from .protocol.state import State
from .repeating import Repeat, hash_seed
from .settings import Settings
from .stops import Changes
from .targets.launch import LaunchTarget
from .triggers import Request, Trigger

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup

_log = logging.getLogger(__name__)
# Ending takes SIGTERM, a grace and SIGKILL; see processes.py.
END_SECONDS = 6.0
# The next call of a host may come before the one it has just cancelled is over.
CANCELLED_SECONDS = 0.25


class Session:
    """One debugging life: a program, started once or again and again, under one id."""

    def __init__(self, session_id: str, prepared: Prepared, settings: Settings) -> None:
        self.id = session_id
        self.prepared = prepared
        self._settings = settings
        self._busy: tuple[str, float] | None = None
        self._changed = anyio.Event()
        self.started = time.monotonic()
        self.runs = 0
        self.repeat: Repeat | None = None
        """How often the program is to be run until it fails."""
        self.triggers: list[Trigger] = []
        """Requests sent whose response has not been told yet."""
        self._begin_run()

    def _begin_run(self) -> None:
        self.journal = Journal(lambda: self.wrapper.notify())
        self.wrapper = DAPWrapper(
            self.prepared.target,
            self.prepared.plan,
            journal=self.journal,
            connect_limit=self._settings.connect_limit,
            on_change=self.notify,
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

    def notify(self) -> None:
        """Wake everyone who waits for a change of this session."""
        changed, self._changed = self._changed, anyio.Event()
        changed.set()

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


class SessionManager:
    """All sessions of the server; `run` is entered once and ends them all."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._sessions: dict[str, Session] = {}
        self._next = 1
        self._tasks: anyio.abc.TaskGroup
        self.pending: list[BreakpointSpec] = []
        """Breakpoints set before any program was started; the next start takes them."""

    @asynccontextmanager
    async def run(self) -> AsyncIterator[SessionManager]:
        """Hold sessions until the block ends; then every program of them is ended."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            try:
                yield self
            finally:
                tasks.cancel_scope.cancel()

    def all(self) -> list[Session]:
        """Every session, oldest first."""
        return list(self._sessions.values())

    def get(self, session_id: str | None) -> Session:
        """The named session; without a name the only living one, or the latest when none lives.

        Raises:
            UnknownSession: there is none, or it is unclear which.
        """
        if session_id is not None:
            if session_id in self._sessions:
                return self._sessions[session_id]
            known = ", ".join(self._sessions) or "none"
            raise UnknownSession(f"session: there is no {session_id!r}; known: {known}", hint="See sessions, or start.")
        living = [session for session in self._sessions.values() if session.alive]
        if len(living) > 1:
            names = ", ".join(f"{s.id} ({s.prepared.what[:40]})" for s in living)
            raise UnknownSession(f"session: {len(living)} are alive: {names}", hint="Name one with session.")
        if not self._sessions:
            raise UnknownSession("no session exists", hint="Call start first.")
        return living[0] if living else list(self._sessions.values())[-1]

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
        session = Session(f"s{self._next}", prepared, self.settings)
        session.repeat = again

        async def set_breakpoints(wrapper: DAPWrapper) -> None:
            for spec in wanted:
                await wrapper.breakpoints.set(spec)

        await self._run(session, set_breakpoints)
        self.pending.clear()
        session.id = f"s{self._next}"
        self._next += 1
        self._sessions[session.id] = session
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
            table = wrapper.breakpoints.table
            await session.end()
            repeat.passed += 1
            session.prepared = repeat.next_run()
            session.renew()
            try:
                await self._run(session, lambda wrapper: wrapper.breakpoints.reapply(table))  # noqa: B023
            except DebugError as error:
                session.wrapper.breakpoints.table = table
                session.wrapper.give_up(f"{repeat.describe()} could not be started: {error}")
                break
        repeat.over = True
        session.notify()

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

    async def restart(self, session: Session) -> list[Breakpoint]:
        """Run the session's program again; its breakpoints follow edits by their text. Answers all of them."""
        if not session.prepared.is_launched:
            raise WrongState(f"{session.id} was not started here", hint="Start the program where it runs, then attach.")
        if session.repeat is not None:
            session.repeat.over = True
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

    async def stop(self, session: Session) -> None:
        """End the session's program, or let an attached one go, and forget the session."""
        if session.repeat is not None:
            session.repeat.over = True
        await session.end()
        self._sessions.pop(session.id, None)


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
