"""DAPWrapper: one run of a program under the debugger, in Python verbs.

It listens, has its target bring the program up, and when the program has connected back and proved itself it
speaks DAP with it. It keeps its own state and refuses what does not fit before asking. The process, not the
protocol, says when the program has ended. Above it stand the sessions, below DAPClient, targets and processes.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.abc

from .breakpoints import Breakpoint, BreakpointSpec, BreakpointTable
from .dap_client import DAPClient
from .errors import AdapterError, NotResponding, ProtocolError, StartFailed, WrongState
from .inspector import Inspector
from .journal import Journal
from .placement import BreakpointPlacer
from .plan import Plan
from .processes import ChildProcess
from .protocol.messages import Event
from .protocol.state import State, allows, follows
from .stop_reader import StopReader
from .stops import Exit, Frame, Stop
from .targets.base import Rendezvous, Target
from .transports import peers
from .transports.sockets import Listener, Peer, QuickStream

HOST = "127.0.0.1"
# A program whose connection ended has this long to end too, before it counts as lost.
END_SECONDS = 2.0
STOP_BACKLOG = 1024
TRACING_LOST = (
    "tracing was off at the end, by sys.settrace or a recursion at its limit (Python before 3.12): "
    "breakpoints after that were passed over"
)
_INITIALIZE = {
    "clientID": "mcp-debug",
    "adapterID": "debugpy",
    "linesStartAt1": True,
    "columnsStartAt1": True,
    "pathFormat": "path",
    "supportsVariableType": True,
}


class DAPWrapper:
    """One run: enter `open`, set breakpoints, `run`, then resume and inspect until it has exited."""

    def __init__(self, target: Target, plan: Plan, *, journal: Journal, connect_limit: float) -> None:
        self._target = target
        self._plan = plan
        self._connect_limit = connect_limit
        self._client: DAPClient
        self._inspector: Inspector
        self._placer: BreakpointPlacer
        self._reader: StopReader
        self._process: ChildProcess
        self._spawned = anyio.Event()
        self._changed = anyio.Event()
        self._main_file = plan.program_file
        self._step_after_handler = ""
        self._stopped_send, self._stopped = anyio.create_memory_object_stream[Mapping[str, Any]](STOP_BACKLOG)
        self.journal = journal
        self.breakpoints = BreakpointTable()
        self.state = State.STARTING
        self.stop: Stop | None = None
        """The stop the program is in, None while it runs."""
        self.stops = 0
        """How often it has stopped so far."""
        self.exit: Exit | None = None
        self.lost_reason = ""
        self.notes: list[str] = []
        """What is to be known of the whole run; told with its exit."""

    # --- life -------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def open(self) -> AsyncIterator[DAPWrapper]:
        """The program, connected and waiting before its first line; it is ended when the block ends.

        Raises:
            StartFailed: it did not come, or cannot be compiled.
        """
        listener = Listener(token=secrets.token_hex(32), server_token=secrets.token_hex(32), is_welcome=self._is_ours)
        async with listener.open() as connections:
            rendezvous = Rendezvous(HOST, listener.port, *listener.tokens)
            async with self._target.open(rendezvous, self.journal.add) as process:
                self._process = process
                self._spawned.set()
                async with anyio.create_task_group() as tasks:
                    stream = await self._connection(connections, process)
                    self._client = DAPClient(stream, self._on_event)
                    self._inspector = Inspector(self._client)
                    self._placer = BreakpointPlacer(
                        self._client,
                        self._inspector,
                        self.breakpoints,
                        roots=self._plan.roots,
                        break_on=self._plan.break_on,
                    )
                    self._reader = StopReader(self._client, self._inspector, self._placer)
                    for task in (self._client.run, self._watch, self._take_stops):
                        tasks.start_soon(task)
                    try:
                        await self._introduce()
                        yield self
                    finally:
                        with anyio.CancelScope(shield=True):
                            await self._end_process()
                            await self._client.aclose()
                    tasks.cancel_scope.cancel()

    async def _is_ours(self, peer: Peer) -> bool:
        await self._spawned.wait()
        if not peers.can_identify():
            return True
        return await anyio.to_thread.run_sync(peers.is_process, peer, self._process.pid)

    async def _connection(
        self, connections: anyio.abc.ObjectReceiveStream[QuickStream], process: ChildProcess
    ) -> QuickStream:
        """The program's connection, or StartFailed as soon as it is clear that none will come."""
        arrived: list[QuickStream] = []
        with anyio.move_on_after(self._connect_limit):
            async with anyio.create_task_group() as race:

                async def receive() -> None:
                    arrived.append(await connections.receive())
                    race.cancel_scope.cancel()

                async def give_up() -> None:
                    await process.exited.wait()
                    race.cancel_scope.cancel()

                race.start_soon(receive)
                race.start_soon(give_up)
        if arrived:
            return arrived[0]
        raise await self._never_connected(process)

    async def _never_connected(self, process: ChildProcess) -> StartFailed:
        process.drain()
        output = self.journal.read(0, limit=2000, last=True).text
        reason = await self._target.why_not_connected()
        if reason is None and process.returncode is not None:
            reason = f"the program ended with code {process.returncode} before the debugger was up"
        return StartFailed(
            reason or f"the program did not reach the debugger within {self._connect_limit:g} s",
            hint="Name another interpreter with python, or look at the output.",
            output=output,
        )

    async def _introduce(self) -> None:
        """Greet the debugger in the program and look at the program itself; nothing of it runs yet."""
        await self._client.pipeline([("initialize", _INITIALIZE), ("attach", self._target.dap_arguments())])
        await self._inspector.call(
            "set_sources", {"texts": dict(self._target.sources()), "first_path": self._plan.first_path}
        )
        if self._plan.module is not None:
            found = await self._inspector.call("main_file", {"module": self._plan.module})
            self._main_file = found.get("file")
        self._placer.program_file = self._main_file
        for file in [self._main_file] if self._main_file else list(self._target.sources()):
            error = await self._inspector.call("check_program", {"file": file})
            if error:
                place = f"{file}:{error['line']}:{error['column']}"
                raise StartFailed(
                    f"syntax error at {place}: {error['message']}",
                    hint="Mend that line, then start again.",
                    output=error["text"],
                )

    async def run(self) -> None:
        """Let the program begin. Call once, after the first breakpoints are set."""
        if self._plan.stop_on_entry:
            self._reader.entry_id = await self._set_entry()
        await self._placer.push_exceptions()
        self._become(State.RUNNING)
        await self._client.request("configurationDone")

    async def _set_entry(self) -> str | None:
        file = self._main_file or next(iter(self._target.sources()), None)
        if file is None:
            return None
        first = BreakpointSpec(file=file, line=1)
        return (await self._placer.set(first, internal=True)).id

    async def _watch(self) -> None:
        """Notice how the run ends: the process is asked, the connection is only a hint."""
        async with anyio.create_task_group() as tasks:

            async def connection() -> None:
                await self._client.closed.wait()
                # Nothing can be asked of this stop any more; what comes next is the exit, or the loss.
                self.stop = None
                with anyio.move_on_after(END_SECONDS):
                    await self._process.exited.wait()
                if self._process.returncode is None:
                    self.lost_reason = (
                        self.lost_reason
                        or "the connection to its debugger has ended; it may have replaced itself by exec"
                    )
                    self.stop = None
                    self._become(State.LOST)

            tasks.start_soon(connection)
            await self._process.exited.wait()
            self._note_exit()
            tasks.cancel_scope.cancel()

    def _note_exit(self) -> None:
        if self.exit is None and self._process.returncode is not None:
            self.exit = Exit(self._process.returncode, self._process.ended_by_us)
            self.journal.finish()
            self.stop = None
            self._become(State.EXITED)

    async def _end_process(self) -> None:
        # A program that stands at a breakpoint must not run on into the next line.
        await self._process.end(gently=self.state is State.RUNNING)
        self._note_exit()

    # --- what happens -----------------------------------------------------------------------------------------

    def _become(self, state: State) -> None:
        if follows(self.state, state):
            self.state = state
        self.notify()

    def notify(self) -> None:
        """Wake everyone who waits for a change."""
        changed, self._changed = self._changed, anyio.Event()
        changed.set()

    async def wait(self, happened: Callable[[], bool]) -> None:
        """Return once `happened()` is true; it is asked after every change. The caller sets the limit."""
        while not happened():
            await self._changed.wait()

    def _on_event(self, event: Event) -> None:
        if event.name == "stopped":
            self._note_stopped(event.body)
        elif event.name == "mcpDebugLog":
            line = f"{event.body.get('breakpoint')}: {event.body.get('text')}\n"
            self.journal.add("log", line.encode("utf-8", "backslashreplace"))
        elif event.name == "mcpDebugTracingLost":
            self.notes.append(TRACING_LOST)
        elif event.name == "terminated":
            # pydevd waits for us to hang up before the process ends.
            self._client.finish()

    def _note_stopped(self, body: Mapping[str, Any]) -> None:
        try:
            self._stopped_send.send_nowait(body)
        except anyio.WouldBlock:
            # Nobody stops a thousand times before being resumed: this peer is no debugger.
            self.lost_reason = f"its debugger reported {STOP_BACKLOG} stops at once"
            self._client.finish()

    async def _take_stops(self) -> None:
        async for body in self._stopped:
            try:
                stop = await self._reader.read(body, self.stops + 1)
            except ProtocolError:
                continue  # the process ended at this stop: _watch tells how
            except AdapterError as error:
                stop = Stop(self.stops + 1, "stop", int(body.get("threadId", 0)), (), note=str(error))
            if stop is None:
                await self._request_quietly("continue", {"threadId": body.get("threadId")})
                continue
            command, self._step_after_handler = self._step_after_handler, ""
            if command and stop.reason == "step":
                await self._request_quietly(command, {"threadId": stop.thread_id})
                continue
            await self._drop_spent(stop)
            self._process.drain()
            self.stops += 1
            self.stop = stop
            self._become(State.STOPPED)

    async def _drop_spent(self, stop: Stop) -> None:
        """Remove what was meant for one stop: `until`, entry, and temporary breakpoints that were hit."""
        hit = {name for name, _ in stop.breakpoints}
        temporary = [b.id for b in self.breakpoints.all() if b.spec.temporary and b.id in hit]
        spent = self.breakpoints.internal_ids() + temporary
        if spent:
            try:
                await self.remove_breakpoints(spent)
            except (AdapterError, ProtocolError):
                return

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

    async def resume(self, command: str, thread_id: int | None = None) -> None:
        """Send `continue`, `next`, `stepIn` or `stepOut`; the next stop or the exit is then awaited with `wait`."""
        stop = self.stop
        if stop is None:
            raise WrongState(f"the program {self.describe_state()}", hint="Call wait or pause first.")
        self.stop = None
        self._become(State.RUNNING)
        try:
            await self._client.request(command, {"threadId": thread_id or stop.thread_id})
        except (ProtocolError, NotResponding):
            return  # the answer to a continue is lost when the program ends at once
        except AdapterError:
            self.stop = stop
            self._become(State.STOPPED)
            raise

    async def step(self, command: str) -> None:
        """Take one step: `next`, `stepIn` or `stepOut`."""
        stop = self.stop
        if stop is not None and stop.in_pause_handler:
            # The program stands in our own signal handler: it is left first, and the step then taken in its caller.
            self._step_after_handler, command = command, "stepOut"
        await self.resume(command)

    async def pause(self) -> None:
        """Ask the program to stop where it is; the stop comes by `wait`."""
        threads = await self.threads()
        for thread_id in list(threads)[:1]:
            await self._request_quietly("pause", {"threadId": thread_id})
        self._process.interrupt_blocking_call()

    async def _request_quietly(self, command: str, arguments: Mapping[str, Any]) -> None:
        try:
            await self._client.request(command, arguments)
        except (AdapterError, ProtocolError):
            return

    async def threads(self) -> dict[int, str]:
        """Names of the program's threads by id."""
        body = await self._client.request("threads")
        return {int(thread["id"]): str(thread["name"]) for thread in body.get("threads", ())}

    async def stack(self, thread_id: int) -> list[Frame]:
        """Frames of a thread, innermost first; works while it runs, too."""
        return await self._reader.stack(thread_id)

    async def stacks(self, thread_ids: Iterable[int], count: int) -> dict[int, list[Frame]]:
        """The innermost `count` frames of several threads."""
        return await self._reader.stacks(thread_ids, count)

    async def inspect(
        self, name: str, frame: Frame, arguments: Mapping[str, Any], *, seconds: float
    ) -> Mapping[str, Any]:
        """Ask the inspector about a frame of the present stop, for at most `seconds`; `debuggee/` has the entries."""
        answer: Mapping[str, Any] = await self._inspector.call(
            name, {"frame_id": frame.id, **arguments}, frame_id=frame.id, seconds=seconds
        )
        return answer

    async def send_input(self, data: bytes, *, close: bool) -> None:
        """Write to the program's stdin."""
        await self._process.send_input(data, close=close)

    def drain_output(self) -> None:
        """Take in all that the program has written so far."""
        self._process.drain()

    @property
    def pid(self) -> int:
        """Process id of the program."""
        return self._process.pid

    # --- breakpoints ------------------------------------------------------------------------------------------

    async def set_breakpoint(self, spec: BreakpointSpec, *, internal: bool = False) -> Breakpoint:
        """Place and set a breakpoint, at any time until the program has ended; see BreakpointPlacer.set."""
        return await self._placer.set(spec, internal=internal)

    async def reapply(self, table: BreakpointTable) -> None:
        """Take over the breakpoints of an earlier run; those whose place is gone are kept with their problem."""
        self.breakpoints = table
        await self._placer.reapply(table)

    async def remove_breakpoints(self, ids: Iterable[str]) -> list[Breakpoint]:
        """Take breakpoints out of the table and out of the program."""
        return await self._placer.remove(ids)

    async def refresh_hits(self) -> None:
        """Bring the hit numbers up to date, of those that did not stop too."""
        await self._placer.refresh_hits()

    def is_library(self, file: str) -> bool:
        """Whether just_my_code would have passed over this file, had it no breakpoint."""
        return self._placer.is_library(file)
