"""DAPWrapper: one run of a program under the debugger, in Python verbs.

Its target brings the program up, or finds it, and gives a DAP connection to each of its processes. The wrapper knows
them as a tree, keeps breakpoints the same in each, and shows one stop at a time. It refuses what does not fit the state
before asking. Where the process is ours, it and not the protocol says when the program has ended.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.abc

from .breakpoints import BreakpointSpec, BreakpointTable
from .dap_process import DAPProcess
from .errors import AdapterError, DebugError, ProtocolError, TargetError, WrongState
from .findings import Findings
from .first_contact import first_arrival, never_connected, program_file
from .journal import Journal
from .plan import Plan
from .process_events import ProcessEvents
from .process_tree import ProcessTree, describe
from .processes import ChildProcess, interrupt_blocking_call
from .protocol.state import State, allows
from .shared_breakpoints import SharedBreakpoints
from .starting import Starter
from .stops import Exit, Stop, how_ended
from .subjects import Subject, find_subject, thread_to_move
from .targets.base import Arrival, Reach, Target


class DAPWrapper:
    """One run: enter `open`, set breakpoints, `run`, then resume and inspect until it has exited."""

    def __init__(
        self,
        target: Target,
        plan: Plan,
        *,
        journal: Journal,
        starter: Starter,
        connect_limit: float,
        on_change: Callable[[], None] = lambda: None,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._target = target
        self._plan = plan
        self._starter = starter
        self._connect_limit = connect_limit
        self._on_change = on_change
        self._tasks: anyio.abc.TaskGroup
        self._reach: Reach | None = None
        self._changed = anyio.Event()
        self._main_file = plan.program_file
        self._begun = False
        self._over = self._has_ended = False
        self.journal = journal
        self.tree = ProcessTree()
        """The processes of this run."""
        self.breakpoints = SharedBreakpoints(BreakpointTable())
        """The breakpoints of this run, in all of its processes."""
        self.exit: Exit | None = None
        self.lost_reason = ""
        self.findings = Findings()
        """What the run has let us know of itself."""
        self._events = ProcessEvents(
            self.tree,
            self.breakpoints,
            findings=self.findings,
            journal=journal,
            call_child=lambda event: self._tasks.start_soon(self._call_child, event.body),
            drain_output=self.drain_output,
            notify=self.notify,
            on_stop=on_stop,
        )

    # --- life -------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def open(self) -> AsyncIterator[DAPWrapper]:
        """The program, connected and waiting to be let run; it is ended, or let go, when the block ends.

        Raises:
            TargetError: it did not come, is not to be reached, or cannot be compiled.
        """
        async with self._target.open(self.journal.add, self._starter) as reach, anyio.create_task_group() as tasks:
            self._reach, self._tasks = reach, tasks
            try:
                if reach.process is not None:
                    tasks.start_soon(self._watch, reach.process)
                if not reach.awaited:
                    self.tree.root = await self._meet(await self._first(reach))
                    self._main_file = await program_file(self.tree.root, self._plan, self._target.sources())
                yield self
            finally:
                with anyio.CancelScope(shield=True):
                    await self._end()
            tasks.cancel_scope.cancel()

    async def _first(self, reach: Reach) -> Arrival:
        arrival = await first_arrival(reach, self._connect_limit)
        if arrival is None:
            self.drain_output()
            output = self.journal.read(0, limit=2000, last=True).text
            raise await never_connected(self._target, reach.process, self._connect_limit, output)
        return arrival

    async def _meet(self, arrival: Arrival) -> DAPProcess:
        """Introduce ourselves to a process that has come, and set the breakpoints in it; it does not run yet."""
        process = DAPProcess(arrival, self._plan, self._target.path_map, self._events)
        self._tasks.start_soon(self._serve, process)
        try:
            await process.introduce(self._target.sources(), self._plan)
            if self.tree.enter(process):
                self.breakpoints.count_anew(process.name)
            await self.breakpoints.join(process)
        except BaseException:
            with anyio.CancelScope(shield=True):
                if self._begun or self._ours is None:
                    await process.let_go()  # only a program that we have started ends with its session
                await process.client.aclose()
            raise
        return process

    async def run(self) -> None:
        """Let the program begin, or run on, and let more of it come. Call once, after the first breakpoints are set."""
        if self._plan.stop_on_entry:
            self._events.entry_id = await self._set_entry()
        self._begun = True
        self.notify()
        if self.tree.root is not None:
            await self.tree.root.begin()
        self._tasks.start_soon(self._admit_others)

    async def _set_entry(self) -> str | None:
        file = self._main_file or next(iter(self._target.sources()), None)
        spec = BreakpointSpec(file=file, line=1)
        return (await self.breakpoints.set(spec, internal=True)).id if file is not None else None

    async def _admit_others(self) -> None:
        assert self._reach is not None
        async for arrival in self._reach.arrivals:
            self._tasks.start_soon(self._admit, arrival)

    async def _admit(self, arrival: Arrival) -> None:
        """Take in another process and let it run; one that fails is not the end of the others."""
        try:
            process = await self._meet(arrival)
            if self._awaited:
                self.findings.tell(f"{describe(process)} has connected")
            await process.begin()
        except DebugError as error:
            if not (arrival.has_our_code and _is_over(error)):
                self.findings.tell(f"a process came and could not be debugged: {error}")
        self.notify()

    async def _serve(self, process: DAPProcess) -> None:
        await process.serve()
        if process.fault and self._begun and not (process is self.tree.root and self._ours is None):
            self.findings.tell(f"{describe(process)}: {process.fault}")
        self._leave(process)
        if process is self.tree.root or self._ours is None:
            await self._after_hang_up(process)
        self._settle()

    def _leave(self, process: DAPProcess) -> None:
        self.breakpoints.leave(process)
        self.tree.leave(process)
        self.notify()

    async def _after_hang_up(self, process: DAPProcess) -> None:
        """See whether the program has ended with its connection, has replaced itself, or is lost to us."""
        self.notify()
        ours = self._ours
        if ours is None:
            self.lost_reason = process.fault if process is self.tree.root and not self._over else self.lost_reason
            return
        with anyio.move_on_after(process.seconds_to_end):
            await ours.exited.wait()
        if ours.returncode is None and process is self.tree.root and not self._over:
            self.lost_reason = process.why_lost

    async def _watch(self, process: ChildProcess) -> None:
        await process.exited.wait()
        if self.tree.root is not None:
            self._leave(self.tree.root)
        await process.until_children_came(lambda: self.tree.pids)
        self._has_ended = True
        if self.tree.living:
            how = how_ended(process.returncode) if process.returncode is not None else ""
            self.findings.tell(f"p1 has ended {how}; its children live on: {', '.join(self.tree.lines())}")
        self._settle()

    def _settle(self) -> None:
        """Note that the program has ended, once nothing of it lives that we could see."""
        ours = self._ours
        if self._begun and self.exit is None and not self.tree.living and not self._awaited:
            if ours is not None and self._has_ended:
                self._note_exit(Exit(ours.returncode, ours.ended_by_us))
            elif ours is None and self.tree.root is not None and not self.lost_reason:
                self._note_exit(Exit(None))
        self.notify()

    def _note_exit(self, exit: Exit) -> None:
        self.exit = exit
        self.journal.finish()

    async def _end(self) -> None:
        """End a program of ours, let another one go."""
        self._over = True
        ours, processes = self._ours, list(self.tree.living)
        if ours is None:
            for process in processes:
                await process.let_go()
        else:
            # A program that stands at a breakpoint must not run on into the next line.
            gently = self._begun and not self.tree.standing
            await ours.end(gently=gently, others=[process.pid for process in processes])
            if self._begun and self.exit is None and ours.returncode is not None:
                self._note_exit(Exit(ours.returncode, ours.ended_by_us))
        if self.tree.root is not None:
            processes.append(self.tree.root)
        for process in processes:
            await process.client.aclose()

    # --- what happens -----------------------------------------------------------------------------------------

    @property
    def _ours(self) -> ChildProcess | None:
        """The program's process where it is ours."""
        return self._reach.process if self._reach is not None else None

    @property
    def _awaited(self) -> str:
        return self._reach.awaited if self._reach is not None else ""

    @property
    def state(self) -> State:
        """Where the run is."""
        if self.exit is not None or self._over:
            return State.EXITED
        if self.lost_reason:
            return State.LOST
        if not self._begun:
            return State.STARTING
        return State.STOPPED if self.stop is not None else State.RUNNING

    @property
    def stop(self) -> Stop | None:
        """The stop that is being looked at, None while there is none."""
        return self.tree.focus.stop if self.tree.focus is not None else None

    @property
    def awaited(self) -> str:
        """What a program has to do to come, while none is there."""
        return self._awaited if not self.tree.living else ""

    def run_beside(self, task: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run something for as long as this run lives at most."""
        self._tasks.start_soon(task)

    def give_up(self, reason: str) -> None:
        """Count the run as over: it never began."""
        self._over = True
        self._note_exit(Exit(None, reason=reason))

    def notify(self) -> None:
        """Wake everyone who waits for a change."""
        changed, self._changed = self._changed, anyio.Event()
        changed.set()
        self._on_change()

    async def wait(self, happened: Callable[[], bool]) -> None:
        """Return once `happened()` is true; it is asked after every change. The caller sets the limit."""
        while not happened():
            await self._changed.wait()

    async def _call_child(self, body: Mapping[str, Any]) -> None:
        if self._reach is None or self._reach.call_child is None:
            return
        try:
            await self._reach.call_child(body)
        except TargetError as error:
            self.findings.tell_once(f"a child process could not be followed: {error}")

    def stop_waiting_for_step(self) -> None:
        """Look at whatever stands: a step that has not come back yet may never do."""
        self.tree.stop_waiting_for_step()
        self.notify()

    # --- commands ---------------------------------------------------------------------------------------------

    def require(self, action: str, hint: str) -> None:
        """Refuse `action` in a state it does not fit.

        Raises:
            WrongState: with the state as it is.
        """
        if not allows(self.state, action):
            raise WrongState(f"cannot {action}: the program {self.describe_state()}", hint=hint)

    def describe_state(self) -> str:
        """The state as the end of a sentence that begins with "the program"."""
        if self.state is State.EXITED:
            return "has exited"
        if self.state is State.LOST:
            return f"is out of the debugger's reach: {self.lost_reason}"
        return f"is {self.state.value}"

    async def subject(self, wanted: str | None) -> Subject:
        """The process, thread or task that `wanted` names; without a name the thread whose stop is shown.

        Raises:
            InvalidArgument: there is none of that name.
            WrongState: nothing was named and nothing is looked at.
        """
        return await find_subject(self.tree, wanted)

    async def subject_of_any_state(self, wanted: str | None) -> Subject:
        """As `subject`; without a name also one of a program that runs."""
        if wanted is None and self.stop is None and self.tree.living:
            wanted = self.tree.living[0].name
        return await self.subject(wanted)

    async def resume(self, command: str, subject: Subject, arguments: Mapping[str, Any] | None = None) -> None:
        """Send `continue`, `next`, `stepIn`, `stepOut`, `goto`; the next stop or the exit is then awaited with `wait`.

        A `continue` resumes the process of the subject, or its thread alone where that is not the one that stopped.
        Another process that stands is looked at next; a step waits for its own process. Cancelling does not stop it
        half-way: nobody would know whether the program runs.

        Raises:
            WrongState: the subject does not stand.
        """
        thread_id = thread_to_move(subject)
        process = subject.process
        alone = command == "continue" and subject.alone
        self.tree.go_on(process, step=command != "continue")
        try:
            with anyio.CancelScope(shield=True):  # the requests have limits of their own
                if alone:
                    await process.resume_alone(thread_id)
                else:
                    await process.resume(command, thread_id, arguments or {})
        except AdapterError:
            self.tree.stay(process)
            raise
        finally:
            self.tree.look_around()
            self.notify()

    async def pause(self, subject: Subject | None) -> None:
        """Ask a process to stop where it is; the stop comes by `wait`. Unless named it is the youngest of several."""
        if not self.tree.living:
            came = self.tree.root is not None
            why = "the program is over; its process is about to end" if came else "no program has connected yet"
            raise WrongState(why, hint="Call wait.")
        subject = subject or Subject(self.tree.living[-1], "")
        process = subject.process
        self.tree.look_at(process)
        await process.pause(subject.thread_id)
        if self._reach is not None and self._reach.is_here:
            await interrupt_blocking_call(process.pid, lambda: self._paused(process))

    async def _paused(self, process: DAPProcess) -> None:
        await self.wait(lambda: process.stop is not None or process not in self.tree.living)

    def show(self, subject: Subject) -> None:
        """Look at the stop of this subject's process; the others keep their turn."""
        self.tree.look_at(subject.process)
        self.notify()

    async def send_input(self, data: bytes, *, close: bool) -> None:
        """Write to the program's stdin.

        Raises:
            WrongState: it is not ours to write to, is closed, or is not read.
        """
        if self._ours is None:
            raise WrongState("the program was not started here: its stdin is elsewhere", hint="Write to it there.")
        await self._ours.send_input(data, close=close)

    def drain_output(self) -> None:
        """Take in all that the program has written so far."""
        if self._ours is not None:
            self._ours.drain()

    @property
    def pid(self) -> int:
        """Process id of the program; 0 where none has come yet."""
        if self._ours is not None:
            return self._ours.pid
        return self.tree.living[0].pid if self.tree.living else 0


def _is_over(error: DebugError) -> bool:
    """Whether a process did not come because it is no more: a pool may end a worker that it has just begun."""
    return isinstance(error, ProtocolError) or isinstance(error.__cause__, ProtocolError)
