"""DAPProcess: one process of the program, under the debugger over a DAP connection of its own.

Above it stands the DAPWrapper, which knows all processes of a run and what the agent wants of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import anyio

from .dap_client import DAPClient, Pending
from .errors import AdapterError, NotResponding, ProtocolError, StartFailed
from .inspector import Inspector
from .loading import loader
from .path_map import PathMap
from .placement import BreakpointPlacer
from .plan import Plan
from .protocol.messages import Event
from .stop_reader import StopReader
from .stops import Stop
from .targets.base import Arrival

STOP_BACKLOG = 1024
# An adapter brings its debugger up only when it is asked to attach.
ATTACH_SECONDS = 10.0
# What debugpy's adapter answers to a second session.
_TAKEN = "already being debugged"
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
        self._pending_attach: Pending | None = None
        self._initialized = anyio.Event()
        self._traced = anyio.Event()
        self._is_attached = False
        self._begun = False
        self._step_after_handler = ""
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
        self.stop: Stop | None = None
        """The stop it is in, None while it runs."""
        self.refusal = ""
        """Why the program would not be debugged, in its own words."""

    # --- life -------------------------------------------------------------------------------------------------

    async def serve(self) -> None:
        """Speak with the process until its connection ends."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._take_stops)
            await self.client.run()
            self.stop = None
            self._traced.set()
            tasks.cancel_scope.cancel()

    async def introduce(self, sources: Mapping[str, str], first_path: str) -> None:
        """Greet its debugger and bring our code in, if it is not there; nothing of the program is let run by that.

        Raises:
            StartFailed: it is no debugger, or it will not be debugged.
        """
        try:
            await self._attach()
            if not self._arrival.has_our_code:
                await self.client.request("evaluate", {"expression": loader(), "context": "clipboard"})
            about = await self.inspector.call("introduce", {"texts": dict(sources), "first_path": first_path})
        except (AdapterError, ProtocolError) as error:
            reason = self.refusal or f"its debugger did not answer as one: {error}"
            hint = "Check that it is a Python debugger's port, or a Python program."
            if _TAKEN in reason:
                reason, hint = f"it is {_TAKEN}", "End that session, then attach again."
            raise StartFailed(reason, hint=hint) from error
        self.placer.paths = self.placer.paths.seen_from(str(about["cwd"]))
        self.pid, self.parent_pid, self.title = int(about["pid"]), int(about["ppid"]), str(about["title"])

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
        except ProtocolError:
            if self.refusal or not self._arrival.has_our_code:
                raise
            return  # it was let run, and has ended before it could answer
        if self._pending_attach is not None:
            await self._pending_attach.answer(ATTACH_SECONDS)
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
                await self.client.request("disconnect", {"terminateDebuggee": False})
        except (AdapterError, ProtocolError):
            return

    # --- what happens -----------------------------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        if event.name == "stopped":
            self._note_stopped(event.body)
        elif event.name == "initialized":
            self._initialized.set()
        elif event.name == "mcpDebugAttached":
            self._traced.set()
        elif event.name == "mcpDebugRefused":
            self.refusal = str(event.body.get("reason"))
            self.client.finish()
        elif event.name == "terminated":
            # pydevd waits for us to hang up before the process ends.
            self.client.finish()
        else:
            self._observer.told(self, event)

    def _note_stopped(self, body: Mapping[str, Any]) -> None:
        try:
            self._stopped_send.send_nowait(body)
        except anyio.WouldBlock:
            # Nobody stops a thousand times before being resumed: this peer is no debugger.
            self.refusal = f"its debugger reported {STOP_BACKLOG} stops at once"
            self.client.finish()

    async def _take_stops(self) -> None:
        async for body in self._stopped:
            try:
                stop = await self.reader.read(body)
            except ProtocolError:
                continue  # the process ended at this stop
            except AdapterError as error:
                stop = Stop("stop", int(body.get("threadId", 0)), (), note=str(error))
            if stop is None:
                await self.request_quietly("continue", {"threadId": body.get("threadId")})
                continue
            command, self._step_after_handler = self._step_after_handler, ""
            if command and stop.reason == "step":
                await self.request_quietly(command, {"threadId": stop.thread_id})
                continue
            await self._observer.stopped(self, stop)

    # --- commands ---------------------------------------------------------------------------------------------

    async def resume(self, command: str) -> None:
        """Send `continue`, `next`, `stepIn` or `stepOut` to the thread that stopped.

        Raises:
            AdapterError: its debugger refused; it still stands.
        """
        stop = self.stop
        assert stop is not None
        self.stop = None
        if stop.in_pause_handler and command != "continue":
            # It stands in our own signal handler: that is left first, and the step then taken in its caller.
            self._step_after_handler, command = command, "stepOut"
        try:
            await self.client.request(command, {"threadId": stop.thread_id})
        except (ProtocolError, NotResponding):
            return  # the answer to a continue is lost when the program ends at once
        except AdapterError:
            self.stop = stop
            raise

    async def pause(self) -> None:
        """Ask it to stop where it is."""
        for thread_id in list(await self.threads())[:1]:
            await self.request_quietly("pause", {"threadId": thread_id})

    async def threads(self) -> dict[int, str]:
        """Names of its threads by id."""
        body = await self.client.request("threads")
        return {int(thread["id"]): str(thread["name"]) for thread in body.get("threads", ())}

    async def request_quietly(self, command: str, arguments: Mapping[str, Any]) -> None:
        """Send a request whose failure changes nothing."""
        try:
            await self.client.request(command, arguments)
        except (AdapterError, ProtocolError):
            return
