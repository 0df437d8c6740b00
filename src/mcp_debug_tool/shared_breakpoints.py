"""The breakpoints of a run, set in each of its processes, those to come included."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio

from .breakpoints import Breakpoint, BreakpointSpec, BreakpointTable
from .dap_process import DAPProcess
from .errors import AdapterError, InvalidArgument, NotResponding, ProtocolError
from .malformed import understood
from .stops import Stop

_HINT = "Nothing was set. Give file with line or text, or a function as package.module.function."


class SharedBreakpoints:
    """Keeps one table of breakpoints true in all processes that have joined; one change at a time."""

    def __init__(self, table: BreakpointTable) -> None:
        self.table = table
        self._processes: list[DAPProcess] = []
        self._changing = anyio.Lock()

    async def join(self, process: DAPProcess) -> None:
        """Set everything in a process that has just come; what waited for a program finds its place in it."""
        async with self._changing:
            with understood("where breakpoints stand"):
                for breakpoint in await process.placer.places(self.table.waiting()):
                    self.table.add(breakpoint)
                if self.table.files() or self.table.templates():
                    await process.placer.push(self.table, self.table.files())
                await process.placer.push_exceptions(self.table)
            self._processes.append(process)

    def leave(self, process: DAPProcess) -> None:
        """Forget a process that has ended."""
        if process in self._processes:
            self._processes.remove(process)

    def count_anew(self, process: str) -> None:
        """Keep what a process has told so far: it has replaced itself, and counts from nothing."""
        for breakpoint in self.table.all():
            if process in breakpoint.reports:
                key = f"{process} before exec {len(breakpoint.reports)}"
                breakpoint.reports[key] = breakpoint.reports.pop(process)

    def note_stop(self, process: str, stop: Stop, *, entry_id: str | None) -> Stop:
        """Count the hits of a stop; answers it with its reason in our words, without breakpoints of our own.

        `entry_id`: the breakpoint that stands for stop_on_entry.
        """
        for name, hits in stop.breakpoints:
            self.table.note_hit(name, process, hits)
        hit = [name for name, _ in stop.breakpoints]
        return replace(
            stop,
            reason=_reason(stop.reason, hit, entry_id),
            breakpoints=tuple(pair for pair in stop.breakpoints if pair[0].startswith("b")),
            removed=tuple(b.id for b in self.table.all() if b.spec.temporary and b.id in hit),
        )

    async def set(self, spec: BreakpointSpec, *, internal: bool = False) -> Breakpoint:
        """Place and set a breakpoint; while no process is there it waits for one.

        Raises:
            InvalidArgument: its place or its condition is no good; nothing is set.
        """
        async with self._changing:
            breakpoint = self.table.new(spec, internal=internal)
            if self._processes:
                (breakpoint,) = await self._processes[0].placer.places([breakpoint])
            if breakpoint.problem is not None:
                raise InvalidArgument(_place_parameter(spec), breakpoint.problem, hint=_HINT)
            await self._add([breakpoint])
            return breakpoint

    async def _add(self, breakpoints: list[Breakpoint]) -> None:
        """Set breakpoints whose places are known; a refused condition takes all of them back."""
        for breakpoint in breakpoints:
            self.table.add(breakpoint)
        try:
            await self._push(breakpoints)
        except (InvalidArgument, AdapterError):
            self.table.remove(b.id for b in breakpoints)
            raise

    async def _push(self, changed: list[Breakpoint]) -> None:
        files = {b.place.in_program for b in changed if b.place is not None and not b.place.is_template}
        with_exceptions = any(b.spec.exception is not None for b in changed)
        processes = list(self._processes)
        for process in processes:
            async with _tolerating(process is not processes[0]):
                await process.placer.push(self.table, files)
                if with_exceptions:
                    await process.placer.push_exceptions(self.table)

    async def remove(self, ids: Iterable[str]) -> list[Breakpoint]:
        """Take breakpoints out of the table and out of every process."""
        async with self._changing:
            removed = self.table.remove(ids)
            await self._push(removed)
            return removed

    async def reapply(self, table: BreakpointTable) -> None:
        """Take over the breakpoints of an earlier run; those whose place is gone are kept with their problem."""
        async with self._changing:
            self.table = table
            table.forget_places()
            again = await self._processes[0].placer.places(table.all())
            for breakpoint in again:
                table.add(breakpoint)
            await self._add([b for b in again if b.problem is None])

    async def refresh(self) -> None:
        """Ask every process how its breakpoints fare."""
        for process in list(self._processes):
            async with _tolerating(True):
                self.table.note_reports(process.name, await process.inspector.call("breakpoint_reports"))

    def is_library(self, file: str) -> bool:
        """Whether just_my_code would have passed over this file, by the program's name, had it no breakpoint."""
        return any(process.placer.is_library(file) for process in self._processes)


@asynccontextmanager
async def _tolerating(tolerant: bool) -> AsyncIterator[None]:
    """Let one process that has ended, or does not answer, not spoil what the others are told."""
    try:
        yield
    except (ProtocolError, NotResponding):
        if not tolerant:
            raise


def _place_parameter(spec: BreakpointSpec) -> str:
    return "function" if spec.function is not None else "text" if spec.text is not None else "line"


def _reason(reason: str, hit: list[str], entry_id: str | None) -> str:
    if entry_id is not None and entry_id in hit:
        return "entry"
    if hit and all(name.startswith("u") for name in hit):
        return "reached until"
    if reason == "breakpoint" and not hit:
        return "breakpoint() in the program"
    return reason
