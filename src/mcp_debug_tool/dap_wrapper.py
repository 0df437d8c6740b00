"""DAPWrapper: one run of a program under the debugger, in Python verbs.

It listens, has its target bring the program up, and when the program has connected back and proved itself it
speaks DAP with it. It keeps its own state and refuses what does not fit before asking. The process, not the
protocol, says when the program has ended. Above it stand the sessions, below DAPClient, targets and processes.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import anyio
import anyio.abc

from .breakpoints import Breakpoint, BreakpointSpec, BreakpointTable, placed, rule, wanted_place
from .dap_client import DAPClient
from .errors import AdapterError, InvalidArgument, NotResponding, ProtocolError, StartFailed, WrongState
from .inspector import Inspector
from .journal import Journal
from .processes import ChildProcess
from .protocol.messages import Event
from .protocol.state import State, allows, follows
from .stops import Exit, Frame, Stop, frame_from_dap, link_from_program, view_from_program
from .targets.base import Rendezvous, Target
from .transports import peers
from .transports.sockets import Listener, Peer, QuickStream

HOST = "127.0.0.1"
# Deeper stacks are paged by get_stack.
MAX_FRAMES = 100
SHOWN_FRAMES_AT_CRASH = 3
# A program whose connection ended has this long to end too, before it counts as lost.
END_SECONDS = 2.0
STOP_BACKLOG = 1024
# The signal handler of debuggee/patches.py in which a blocking call is stopped.
_PAUSE_FUNCTION = "__mcp_debug_pause__"
TRACING_LOST = (
    "tracing was off at the end, by sys.settrace or a recursion at its limit (Python before 3.12): "
    "breakpoints after that were passed over"
)
_PLACE_HINT = "Nothing was set. Give file with line or text, or a function as package.module.function."
_INITIALIZE = {
    "clientID": "mcp-debug",
    "adapterID": "debugpy",
    "linesStartAt1": True,
    "columnsStartAt1": True,
    "pathFormat": "path",
    "supportsVariableType": True,
}


@dataclass(frozen=True)
class Plan:
    """How a run is to begin, beside its target."""

    program_file: str | None
    """The script, where it is one: checked for syntax, and searched first for functions."""
    module: str | None
    """The module that is run, where it is one: its file is then looked for inside the program."""
    roots: tuple[str, ...]
    """Folders of the user's own code."""
    first_path: str
    """What will be the program's sys.path[0]."""
    break_on: frozenset[str] = frozenset({"uncaught"})
    stop_on_entry: bool = False


class DAPWrapper:
    """One run: enter `open`, set breakpoints, `run`, then resume and inspect until it has exited."""

    def __init__(self, target: Target, plan: Plan, *, journal: Journal, connect_limit: float) -> None:
        self._target = target
        self._plan = plan
        self._connect_limit = connect_limit
        self._client: DAPClient
        self._inspector: Inspector
        self._process: ChildProcess
        self._spawned = anyio.Event()
        self._changed = anyio.Event()
        self._entry_id: str | None = None
        self._main_file = plan.program_file
        self._changing_breakpoints = anyio.Lock()
        self._step_after_handler = ""
        self._library: dict[str, str] = {}
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
            self._entry_id = await self._set_entry()
        await self._push_exceptions()
        self._become(State.RUNNING)
        await self._client.request("configurationDone")

    async def _set_entry(self) -> str | None:
        file = self._main_file or next(iter(self._target.sources()), None)
        if file is None:
            return None
        first = BreakpointSpec(file=file, line=1)
        return (await self._place_and_push(self.breakpoints.new(first, internal=True))).id

    async def _watch(self) -> None:
        """Notice how the run ends: the process is asked, the connection is only a hint."""
        async with anyio.create_task_group() as tasks:

            async def connection() -> None:
                await self._client.closed.wait()
                with anyio.move_on_after(END_SECONDS):
                    await self._process.exited.wait()
                if self._process.returncode is None:
                    self.lost_reason = self.lost_reason or "the connection to its debugger has ended"
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
        elif event.name == "exited" and event.body.get("pydevdReason") == "processReplaced":
            self.lost_reason = "it replaced itself by exec and runs on without the debugger"

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
                stop = await self._described(body)
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

    async def _described(self, body: Mapping[str, Any]) -> Stop | None:
        """The stop in full, or None when nobody wanted it."""
        thread_id = int(body["threadId"])
        reason = str(body.get("reason", "stop"))
        frames = await self._all_frames(thread_id)
        in_handler = bool(frames) and frames[0].function == _PAUSE_FUNCTION
        frames = [frame for frame in frames if frame.function != _PAUSE_FUNCTION]
        shown = _shown_frames(frames, reason)
        if not shown:
            return Stop(self.stops + 1, reason, thread_id, tuple(frames))
        page = await self._inspector.call(
            "stop_page",
            {
                "frame_ids": [frame.id for frame in shown],
                "source_lines": 5,
                "max_names": 40,
                "max_chars": 200,
                "is_exception": reason == "exception",
            },
            frame_id=shown[0].id,
        )
        raised = page.get("raised")
        if raised is not None and not raised.get("wanted"):
            return None
        cause = page.get("stop") or raised or {}
        return Stop(
            number=self.stops + 1,
            reason=self._reason(reason, cause),
            thread_id=thread_id,
            frames=tuple(frames),
            views=tuple(map(view_from_program, shown, page["frames"])),
            breakpoints=self._hit(cause),
            removed=tuple(name for name, _ in self._hit(cause) if self._is_temporary(name)),
            errors=tuple(cause.get("errors", ())),
            exception=tuple(link_from_program(entry) for entry in page.get("exception", ())),
            uncaught=bool(page.get("uncaught")),
            thread_name=str(page.get("thread", "")),
            in_pause_handler=in_handler,
        )

    def _is_temporary(self, name: str) -> bool:
        breakpoint = self.breakpoints.get(name)
        return breakpoint is not None and breakpoint.spec.temporary

    def _hit(self, cause: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
        hit = [(str(name), int(count)) for name, count in cause.get("breakpoints", ())]
        for name, count in hit:
            breakpoint = self.breakpoints.get(name)
            if breakpoint is not None:
                breakpoint.hits = count
        return tuple((name, count) for name, count in hit if name.startswith("b"))

    def _reason(self, reason: str, cause: Mapping[str, Any]) -> str:
        hit = [name for name, _ in cause.get("breakpoints", ())]
        if self._entry_id is not None and self._entry_id in hit:
            return "entry"
        if hit and all(name.startswith("u") for name in hit):
            return "reached until"
        if reason == "breakpoint" and not hit:
            return "breakpoint() in the program"
        return reason

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

    async def stack(self, thread_id: int, start: int = 0, count: int = MAX_FRAMES) -> list[Frame]:
        """Frames of a thread, innermost first; works while it runs, too."""
        return [frame for frame in await self._all_frames(thread_id, start, count) if frame.function != _PAUSE_FUNCTION]

    async def stacks(self, thread_ids: Iterable[int], count: int) -> dict[int, list[Frame]]:
        """The innermost `count` frames of several threads; asked together, for pydevd waits 0.5 s for a running one."""
        found: dict[int, list[Frame]] = {}

        async def ask(thread_id: int) -> None:
            found[thread_id] = await self.stack(thread_id, 0, count)

        async with anyio.create_task_group() as tasks:
            for thread_id in thread_ids:
                tasks.start_soon(ask, thread_id)
        return found

    async def _all_frames(self, thread_id: int, start: int = 0, count: int = MAX_FRAMES) -> list[Frame]:
        body = await self._client.request("stackTrace", {"threadId": thread_id, "startFrame": start, "levels": count})
        frames = [self._as_user_code(frame_from_dap(frame)) for frame in body.get("stackFrames", ())]
        # pydevd appends the frames of the exceptions before this one.
        return [frame for frame in frames if not frame.function.startswith("[Chained Exc:")]

    def _as_user_code(self, frame: Frame) -> Frame:
        """Library code that a breakpoint has made the user's own is shown so."""
        if frame.user or not any(frame.file.startswith(root) for root in self._library.values()):
            return frame
        return replace(frame, user=True)

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
        """Place and set a breakpoint, at any time until the program has ended.

        Raises:
            InvalidArgument: its place or its condition is no good; nothing is set.
        """
        async with self._changing_breakpoints:
            return await self._place_and_push(self.breakpoints.new(spec, internal=internal))

    async def _place_and_push(self, breakpoint: Breakpoint) -> Breakpoint:
        (breakpoint,) = await self._placed([breakpoint])
        if breakpoint.problem is not None:
            raise InvalidArgument(_place_parameter(breakpoint.spec), breakpoint.problem, hint=_PLACE_HINT)
        await self.add_placed([breakpoint])
        return breakpoint

    async def _placed(self, breakpoints: list[Breakpoint]) -> list[Breakpoint]:
        on_lines = [b for b in breakpoints if b.spec.exception is None]
        if not on_lines:
            return breakpoints
        answers = await self._inspector.call(
            "resolve",
            {
                "places": [wanted_place(b) for b in on_lines],
                "roots": list(self._plan.roots),
                "program": self._main_file,
            },
        )
        found = dict(zip((b.id for b in on_lines), answers, strict=True))
        return [placed(b, found[b.id]) if b.id in found else b for b in breakpoints]

    async def add_placed(self, breakpoints: list[Breakpoint]) -> None:
        """Set breakpoints whose places are known; a refused condition takes all of them back."""
        for breakpoint in breakpoints:
            self.breakpoints.add(breakpoint)
        try:
            await self._push_rules()
            for file in {b.place.file for b in breakpoints if b.place is not None}:
                await self._push_file(file)
            if any(b.spec.exception is not None for b in breakpoints) and self.state is not State.STARTING:
                await self._push_exceptions()
        except (InvalidArgument, AdapterError):
            self.breakpoints.remove(b.id for b in breakpoints)
            raise

    async def reapply(self, table: BreakpointTable) -> None:
        """Take over the breakpoints of an earlier run; those whose place is gone are kept with their problem."""
        self.breakpoints = table
        table.forget_places()
        again = await self._placed(table.all())
        for breakpoint in again:
            table.add(breakpoint)
        await self.add_placed([b for b in again if b.problem is None])

    async def remove_breakpoints(self, ids: Iterable[str]) -> list[Breakpoint]:
        """Take breakpoints out of the table and out of the program."""
        async with self._changing_breakpoints:
            return await self._remove(ids)

    async def _remove(self, ids: Iterable[str]) -> list[Breakpoint]:
        removed = self.breakpoints.remove(ids)
        for file in {b.place.file for b in removed if b.place is not None}:
            await self._push_file(file)
        if any(b.spec.exception is not None for b in removed):
            await self._push_exceptions()
        await self._push_rules()
        return removed

    def is_library(self, file: str) -> bool:
        """Whether just_my_code would have passed over this file, had it no breakpoint."""
        return file in self._library

    async def refresh_hits(self) -> None:
        """Bring the hit numbers up to date, of those that did not stop too."""
        for name, count in (await self._inspector.call("hits")).items():
            breakpoint = self.breakpoints.get(name)
            if breakpoint is not None:
                breakpoint.hits = int(count)

    async def _push_rules(self) -> None:
        answer = await self._inspector.call(
            "set_breakpoints", {"lines": self.breakpoints.rules(), "files": self.breakpoints.files()}
        )
        self._library = dict(answer["library"])
        for reason in answer["refused"].values():
            raise InvalidArgument("condition" if reason.startswith("condition") else "log_message", reason)

    async def _push_file(self, file: str) -> None:
        wanted = self.breakpoints.dap_breakpoints(file)
        await self._client.request("setBreakpoints", {"source": {"path": file}, "breakpoints": wanted})

    async def _push_exceptions(self) -> None:
        rules = [{**rule(b), "name": b.spec.exception} for b in self.breakpoints.exceptions()]
        all_raised = "raised" in self._plan.break_on
        answer = await self._inspector.call("set_exceptions", {"rules": rules, "all_raised": all_raised})
        if "refused" in answer:
            raise InvalidArgument("condition", answer["refused"])
        names = {"uncaught": "uncaught", "raised": "raised", "user_unhandled": "userUnhandled"}
        filters = {names[name] for name in self._plan.break_on if name in names}
        if rules:
            filters.add("raised")
        await self._client.request("setExceptionBreakpoints", {"filters": sorted(filters)})


def _shown_frames(frames: list[Frame], reason: str) -> list[Frame]:
    """The frames to look into: where the program was told to stop; else the user's, at an exception some more."""
    if reason not in ("pause", "exception"):
        return frames[:1]
    user = [frame for frame in frames if frame.user] or frames
    return user[: SHOWN_FRAMES_AT_CRASH if reason == "exception" else 1]


def _place_parameter(spec: BreakpointSpec) -> str:
    return "function" if spec.function is not None else "text" if spec.text is not None else "line"
