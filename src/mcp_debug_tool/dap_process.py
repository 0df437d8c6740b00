"""DAPProcess: one process of the program, under the debugger over a DAP connection of its own.

Above it stands the DAPWrapper, which knows all processes of a run and what the agent wants of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Mapping
from typing import Any, Protocol

import anyio
import anyio.abc

from .dap_client import MAX_REASON, DAPClient, Pending
from .errors import AdapterError, NotResponding, ProtocolError, StartFailed
from .inspector import Inspector
from .loading import loader
from .malformed import understood
from .path_map import PathMap
from .placement import BreakpointPlacer
from .plan import Plan
from .protocol.messages import Event
from .stop_reader import STACK, StopReader
from .stops import Stop
from .targets.base import Arrival

STOP_BACKLOG = 1024
# Of so many stops that wait to be shown the stacks are kept where they were sent along; of others they are asked for.
STACKS_KEPT = 8
# The longest path is 4096 bytes.
MAX_TEXT = 4096
# An adapter brings its debugger up only when it is asked to attach.
ATTACH_SECONDS = 10.0
# What debugpy's adapter answers to a second session.
_TAKEN = "already being debugged"
_GONE = "the connection to its debugger has ended; it may have replaced itself by exec"
_IS_IT_ONE = "Check that it is a Python debugger's port, or a Python program."
LONG_STEP_SECONDS = 1.0
# A program whose connection ended has this long to end too, or to come back after an exec, before it counts as lost.
END_SECONDS = 2.0
# One that has said that it ends has longer: finalizers run then, and multiprocessing waits for its helpers.
FINAL_SECONDS = 20.0
# A thread in Python code comes to stand within a millisecond; one in a C call may take for ever.
PAUSE_SECONDS = 0.2
_NOTHING: Mapping[str, Any] = {}
_INITIALIZE = {
    "clientID": "mcp-debug",
    "adapterID": "debugpy",
    "linesStartAt1": True,
    "columnsStartAt1": True,
    "pathFormat": "path",
    "supportsVariableType": True,
}


class Observer(Protocol):
    """Who is told what happens in a process."""

    async def stopped(self, process: DAPProcess, stop: Stop) -> None:
        """The process stands still; `process.stop` is not set yet."""

    def told(self, process: DAPProcess, event: Event) -> None:
        """The process sent an event that only the whole run can understand."""


class DAPProcess:
    """One process: `serve` it as a task, `introduce` it, set breakpoints, `begin`; then resume and inspect."""

    def __init__(self, arrival: Arrival, plan: Plan, paths: PathMap, observer: Observer) -> None:
        self._arrival = arrival
        self._observer = observer
        self._tasks: anyio.abc.TaskGroup
        self._pending_attach: Pending | None = None
        self._initialized = anyio.Event()
        self._traced = anyio.Event()
        self._is_attached = False
        self._begun = False
        self._is_leaving = False
        self._is_ending = False
        self._showing = anyio.Lock()
        self._stack: Mapping[str, Any] = _NOTHING
        self._steps_taken = 0
        self._stepping: int | None = None
        self._pausing: int | None = None
        self._more_stops: deque[Mapping[str, Any]] = deque(maxlen=STOP_BACKLOG)
        self._stopped_send, self._stopped = anyio.create_memory_object_stream[Mapping[str, Any]](STOP_BACKLOG)
        self.client = DAPClient(arrival.stream, self._on_event)
        self.inspector = Inspector(self.client)
        self.placer = BreakpointPlacer(
            self.client, self.inspector, roots=plan.roots, break_on=plan.break_on, paths=paths
        )
        self.reader = StopReader(self.client, self.inspector, self.placer)
        self.name = ""
        """`p1`, a child of it `p1.1`."""
        self.pid = 0
        self.parent_pid = 0
        self.title = ""
        """What it runs, in a few words."""
        self.replaced = False
        """Whether it was debugged before, as another program, and has become this one by an exec."""
        self.is_helper = False
        """Whether it only starts processes for its parent, as multiprocessing's forkserver does."""
        self.stop: Stop | None = None
        """The stop it is in, None while it runs."""
        self.refusal = ""
        """Why the program would not be debugged, in its own words."""

    # --- life -------------------------------------------------------------------------------------------------

    async def serve(self) -> None:
        """Speak with the process until its connection ends."""
        async with self._stopped_send, self._stopped, anyio.create_task_group() as tasks:
            self._tasks = tasks
            tasks.start_soon(self._take_stops)
            await self.client.run()
            self.stop = None
            self._traced.set()
            tasks.cancel_scope.cancel()

    async def introduce(self, sources: Mapping[str, str], plan: Plan) -> None:
        """Greet its debugger and bring our code in, if it is not there; nothing of the program is let run by that.

        Raises:
            StartFailed: it is no debugger, or it will not be debugged.
        """
        try:
            await self._attach()
            if not self._arrival.has_our_code:
                await self.client.request("evaluate", {"expression": loader(), "context": "clipboard"})
            ours = {"texts": dict(sources), "first_path": plan.first_path, "is_read_only": plan.read_only}
            about = await self.inspector.call("introduce", ours)
            with understood("introduce"):
                self._note(about)
        except (AdapterError, ProtocolError) as error:
            reason = self.refusal or f"its debugger did not answer as one: {error}"
            hint = _IS_IT_ONE
            if _TAKEN in reason:
                reason, hint = f"it is {_TAKEN}", "End that session, then attach again."
            raise StartFailed(reason, hint=hint) from error

    def _note(self, about: Mapping[str, Any]) -> None:
        self.placer.paths = self.placer.paths.seen_from(str(about["cwd"])[:MAX_TEXT])
        self.pid, self.parent_pid, self.title = int(about["pid"]), int(about["ppid"]), str(about["title"])[:MAX_TEXT]
        self.replaced, self.is_helper = bool(about["replaced"]), bool(about["helper"])
        if self.pid <= 0:
            raise ValueError(f"process id {self.pid}")  # to kill, that would be a whole group of processes

    async def _attach(self) -> None:
        arrival = self._arrival
        if arrival.client_token is not None:
            await self._authorize(arrival.client_token)
        if not arrival.has_adapter:
            await self.client.pipeline([("initialize", _INITIALIZE), ("attach", arrival.arguments)])
            self._is_attached = True
            return
        await self.client.request("initialize", _INITIALIZE, seconds=ATTACH_SECONDS)
        # Its answer comes after configurationDone, unless it is a refusal.
        attach = self._pending_attach = await self.client.begin("attach", arrival.arguments)
        with anyio.move_on_after(ATTACH_SECONDS):
            async with anyio.create_task_group() as race:

                async def first(event: anyio.Event) -> None:
                    await event.wait()
                    race.cancel_scope.cancel()

                race.start_soon(first, attach.over)
                race.start_soon(first, self._initialized)
        if attach.over.is_set():
            await attach.answer(0)
        if not self._initialized.is_set():
            raise NotResponding(f"no answer to attach within {ATTACH_SECONDS:g} s")
        self._is_attached = True

    async def _authorize(self, token: str) -> None:
        body = await self.client.request("pydevdAuthorize", {"debugServerAccessToken": None})
        self._is_attached = True
        if body.get("clientAccessToken") != token:
            self.refusal = "it named another token than the one that was agreed"
            await self.let_go()
            raise ProtocolError(self.refusal)

    async def begin(self) -> None:
        """Let it run, or run on."""
        self._begun = True
        try:
            await self.client.request("configurationDone")
            if self._pending_attach is not None:
                await self._pending_attach.answer(ATTACH_SECONDS)
        except ProtocolError as error:
            if self.fault and not self._arrival.has_our_code:
                raise StartFailed(self.fault, hint=_IS_IT_ONE) from error
            if self.refusal or not self._arrival.has_our_code:
                raise
            return  # it was let run, and has ended before it could answer
        if self._arrival.tells_when_attached:
            # pydevd answers before any thread is traced: a pause until then would be lost.
            with anyio.move_on_after(ATTACH_SECONDS):
                await self._traced.wait()

    async def let_go(self) -> None:
        """Take the debugger away; the process runs on without it, or begins to."""
        if not self._is_attached:
            return
        try:
            with anyio.move_on_after(ATTACH_SECONDS / 2):
                if not self._begun:
                    # It waits in debugpy.connect to be told that it may run; an adapter that is left before it has
                    # answered `attach` may take its port away.
                    await self.begin()
                self._is_leaving = True
                await self.client.request("disconnect", {"terminateDebuggee": False})
        except (AdapterError, ProtocolError, StartFailed):
            return

    @property
    def seconds_to_end(self) -> float:
        """How long it may live on without its connection."""
        return FINAL_SECONDS if self._is_ending else END_SECONDS

    @property
    def fault(self) -> str:
        """Why its connection was given up, where its debugger did not keep to the protocol."""
        return self.client.failure and f"its debugger's connection was given up: {self.client.failure}"

    @property
    def why_lost(self) -> str:
        """Why it is out of reach, once it has lived on for longer."""
        if self._is_ending:
            return f"its debugger has ended with the program, whose process does not end within {FINAL_SECONDS:g} s"
        return self.refusal or self.fault or _GONE

    # --- what happens -----------------------------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        if event.name == "stopped":
            self._note_stopped(event.body)
        elif event.name == "mcpDebugStack":
            self._stack = event.body
        elif event.name == "initialized":
            self._initialized.set()
        elif event.name == "mcpDebugAttached":
            self._traced.set()
        elif event.name == "mcpDebugRefused":
            self.refusal = str(event.body.get("reason"))[:MAX_REASON]
            self.client.finish()
        elif event.name == "terminated":
            self._is_ending = not self._is_leaving
            # pydevd waits for us to hang up before the process ends. An adapter sends this before it answers a
            # disconnect; if it cannot answer any more it serves nobody again.
            if not (self._is_leaving and self._arrival.has_adapter):
                self.client.finish()
        else:
            self._observer.told(self, event)

    def _note_stopped(self, body: Mapping[str, Any]) -> None:
        stack, self._stack = self._stack, _NOTHING
        kept: dict[str, Any] = {"threadId": int(body["threadId"]), "reason": str(body.get("reason", "stop"))[:MAX_TEXT]}
        waiting = self._stopped.statistics().current_buffer_used + len(self._more_stops)
        if stack.get("threadId") == kept["threadId"] and waiting < STACKS_KEPT:
            kept[STACK] = stack
        if waiting >= STOP_BACKLOG:
            # Nobody stops a thousand times before being resumed: this peer is no debugger.
            self.client.fail(f"it reported {STOP_BACKLOG} stops at once")
        else:
            self._stopped_send.send_nowait(kept)

    async def _take_stops(self) -> None:
        async for body in self._stopped:
            if self._stepping == body.get("threadId"):
                self._more_stops.appendleft(body)
            elif self._stepping is None:
                self._more_stops.append(body)
            else:
                # Another thread has come to a stop of its own; the step is awaited first, though not for long.
                self._more_stops.append(body)
                self._tasks.start_soon(self._show_waiting_stop)
                continue
            await self._show_next_stop()

    async def _show_next_stop(self) -> bool:
        """Tell of the next thread with a stop of its own; False where there is none and none is shown already."""
        async with self._showing:
            self._stepping = None
            if self.stop is not None:
                return True
            if not self._more_stops:
                return False
            body = self._more_stops.popleft()
            try:
                with understood("what it stands at"):
                    stop = await self.reader.read(await self._of_paused_thread(body))
            except ProtocolError:
                return True  # the process ended at this stop
            except AdapterError as error:
                stop = Stop("stop", int(body.get("threadId", 0)), (), note=str(error))
            await self._observer.stopped(self, stop)
            return True

    async def _of_paused_thread(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """A pause is announced for whichever thread stands first: turn to the one that was to be paused."""
        wanted, self._pausing = self._pausing, None
        if wanted is None or body.get("reason") != "pause" or body.get("threadId") == wanted:
            return body
        answer = await self.inspector.call("stands", {"dap_id": wanted, "seconds": PAUSE_SECONDS})
        return {"reason": body["reason"], "threadId": wanted} if answer["stands"] else body

    @property
    def more_stops(self) -> int:
        """How many threads have stopped beside the one that is shown, each for a reason of its own."""
        return len(self._more_stops)

    # --- commands ---------------------------------------------------------------------------------------------

    async def resume(self, command: str, thread_id: int, arguments: Mapping[str, Any] = _NOTHING) -> None:
        """Send `continue`, `next`, `stepIn`, `stepOut` or `goto` to one of its threads.

        Where another thread has stopped meanwhile, a `continue` shows that one first. A step moves its thread alone.

        Raises:
            AdapterError: its debugger refused; it still stands.
        """
        stop = self._leave_stop()
        if command == "continue" and await self._show_next_stop():
            return
        self._forget_stop_of(thread_id)
        self._stepping = thread_id if command != "continue" else None
        self._steps_taken += 1
        if self._more_stops:
            self._tasks.start_soon(self._show_waiting_stop)
        await self._go_on(stop, self.client.request(command, {"threadId": thread_id, **arguments}))

    async def resume_alone(self, thread_id: int) -> None:
        """Let one thread run while the others stand.

        Raises:
            AdapterError: its debugger refused; it still stands.
        """
        stop = self._leave_stop()
        self._forget_stop_of(thread_id)
        await self._go_on(stop, self.inspector.call("resume_alone", {"dap_id": thread_id}))

    def _leave_stop(self) -> Stop:
        stop, self.stop = self.stop, None
        assert stop is not None
        return stop

    def _forget_stop_of(self, thread_id: int) -> None:
        for body in [body for body in self._more_stops if body.get("threadId") == thread_id]:
            self._more_stops.remove(body)

    async def _go_on(self, stop: Stop, request: Awaitable[Any]) -> None:
        try:
            await request
        except (ProtocolError, NotResponding):
            return  # the answer to a continue is lost when the program ends at once
        except AdapterError:
            self.stop = stop
            raise

    async def _show_waiting_stop(self) -> None:
        """While a step takes long: show what another thread has stopped at, for the step may wait for that one."""
        this_step = self._steps_taken
        await anyio.sleep(LONG_STEP_SECONDS)
        if this_step == self._steps_taken and self._stepping is not None:
            await self._show_next_stop()

    async def pause(self, thread_id: int = 0) -> None:
        """Ask it to stop where it is, and to show this thread's place if it can."""
        self._pausing = thread_id or None
        body = await self.client.request("threads")
        with understood("threads"):
            first = [thread["id"] for thread in body.get("threads", ())[:1]]
        for found in first:
            await self.request_quietly("pause", {"threadId": thread_id or found})

    async def request_quietly(self, command: str, arguments: Mapping[str, Any]) -> None:
        """Send a request whose failure changes nothing."""
        try:
            await self.client.request(command, arguments)
        except (AdapterError, ProtocolError):
            return
