"""Sets the breakpoints of a table in the program: finds their places there, and keeps DAP and our rules in step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import anyio

from .breakpoints import Breakpoint, BreakpointSpec, BreakpointTable, placed, rule, wanted_place
from .dap_client import DAPClient
from .errors import AdapterError, InvalidArgument
from .inspector import Inspector
from .stops import Frame

_HINT = "Nothing was set. Give file with line or text, or a function as package.module.function."
# Our words for DAP's exception filters.
_FILTERS = {"uncaught": "uncaught", "raised": "raised", "user_unhandled": "userUnhandled"}


class BreakpointPlacer:
    """Places and sets the breakpoints of `table`; one change at a time."""

    def __init__(
        self,
        client: DAPClient,
        inspector: Inspector,
        table: BreakpointTable,
        *,
        roots: tuple[str, ...],
        break_on: frozenset[str],
    ) -> None:
        self._client = client
        self._inspector = inspector
        self._roots = roots
        self._break_on = break_on
        self._changing = anyio.Lock()
        self._library: dict[str, str] = {}
        self.table = table
        self.program_file: str | None = None
        """Searched first for functions."""
        self.configured = False
        """Whether exceptions are already told to the program, and changes of them must be too."""

    async def set(self, spec: BreakpointSpec, *, internal: bool = False) -> Breakpoint:
        """Place and set a breakpoint, at any time until the program has ended.

        Raises:
            InvalidArgument: its place or its condition is no good; nothing is set.
        """
        async with self._changing:
            return await self._place_and_push(self.table.new(spec, internal=internal))

    async def _place_and_push(self, breakpoint: Breakpoint) -> Breakpoint:
        (breakpoint,) = await self._placed([breakpoint])
        if breakpoint.problem is not None:
            raise InvalidArgument(_place_parameter(breakpoint.spec), breakpoint.problem, hint=_HINT)
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
                "roots": list(self._roots),
                "program": self.program_file,
            },
        )
        found = dict(zip((b.id for b in on_lines), answers, strict=True))
        return [placed(b, found[b.id]) if b.id in found else b for b in breakpoints]

    async def add_placed(self, breakpoints: list[Breakpoint]) -> None:
        """Set breakpoints whose places are known; a refused condition takes all of them back."""
        for breakpoint in breakpoints:
            self.table.add(breakpoint)
        try:
            await self._push_rules()
            for file in {b.place.file for b in breakpoints if b.place is not None}:
                await self._push_file(file)
            if any(b.spec.exception is not None for b in breakpoints) and self.configured:
                await self.push_exceptions()
        except (InvalidArgument, AdapterError):
            self.table.remove(b.id for b in breakpoints)
            raise

    async def reapply(self, table: BreakpointTable) -> None:
        """Take over the breakpoints of an earlier run; those whose place is gone are kept with their problem."""
        self.table = table
        table.forget_places()
        again = await self._placed(table.all())
        for breakpoint in again:
            table.add(breakpoint)
        await self.add_placed([b for b in again if b.problem is None])

    async def remove(self, ids: Iterable[str]) -> list[Breakpoint]:
        """Take breakpoints out of the table and out of the program."""
        async with self._changing:
            return await self._remove(ids)

    async def _remove(self, ids: Iterable[str]) -> list[Breakpoint]:
        removed = self.table.remove(ids)
        for file in {b.place.file for b in removed if b.place is not None}:
            await self._push_file(file)
        if any(b.spec.exception is not None for b in removed):
            await self.push_exceptions()
        await self._push_rules()
        return removed

    def is_library(self, file: str) -> bool:
        """Whether just_my_code would have passed over this file, had it no breakpoint."""
        return file in self._library

    async def refresh_hits(self) -> None:
        """Bring the hit numbers up to date, of those that did not stop too."""
        for name, count in (await self._inspector.call("hits")).items():
            breakpoint = self.table.get(name)
            if breakpoint is not None:
                breakpoint.hits = int(count)

    async def _push_rules(self) -> None:
        answer = await self._inspector.call(
            "set_breakpoints", {"lines": self.table.rules(), "files": self.table.files()}
        )
        self._library = dict(answer["library"])
        for reason in answer["refused"].values():
            raise InvalidArgument("condition" if reason.startswith("condition") else "log_message", reason)

    async def _push_file(self, file: str) -> None:
        wanted = self.table.dap_breakpoints(file)
        await self._client.request("setBreakpoints", {"source": {"path": file}, "breakpoints": wanted})

    async def push_exceptions(self) -> None:
        """Tell the program which exceptions to stop at."""
        rules = [{**rule(b), "name": b.spec.exception} for b in self.table.exceptions()]
        all_raised = "raised" in self._break_on
        answer = await self._inspector.call("set_exceptions", {"rules": rules, "all_raised": all_raised})
        if "refused" in answer:
            raise InvalidArgument("condition", answer["refused"])
        filters = {_FILTERS[name] for name in self._break_on}
        if rules:
            filters.add("raised")
        await self._client.request("setExceptionBreakpoints", {"filters": sorted(filters)})
        self.configured = True

    def as_user_code(self, frame: Frame) -> Frame:
        """The frame; library code that a breakpoint has made the user's own is marked so."""
        if frame.user or not any(frame.file.startswith(root) for root in self._library.values()):
            return frame
        return replace(frame, user=True)


def _place_parameter(spec: BreakpointSpec) -> str:
    return "function" if spec.function is not None else "text" if spec.text is not None else "line"
