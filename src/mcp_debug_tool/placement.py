"""Sets the breakpoints of a table in one process: finds their places there, and keeps DAP and our rules in step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from .breakpoints import Breakpoint, BreakpointTable, placed, rule, wanted_place
from .dap_client import DAPClient
from .errors import InvalidArgument
from .inspector import Inspector
from .path_map import PathMap
from .stops import Frame

# Our words for DAP's exception filters.
_FILTERS = {"uncaught": "uncaught", "raised": "raised", "user_unhandled": "userUnhandled"}


class BreakpointPlacer:
    """Places and sets breakpoints in the process behind `client`."""

    def __init__(
        self,
        client: DAPClient,
        inspector: Inspector,
        *,
        roots: tuple[str, ...],
        break_on: frozenset[str],
        paths: PathMap,
    ) -> None:
        self._client = client
        self._inspector = inspector
        self._roots = roots
        self._break_on = break_on
        self._library: dict[str, str] = {}
        self.paths = paths
        self.program_file: str | None = None
        """Searched first for functions."""

    async def places(self, breakpoints: Sequence[Breakpoint]) -> list[Breakpoint]:
        """The breakpoints with the place each has in this process, or with the problem."""
        on_lines = [b for b in breakpoints if b.spec.exception is None]
        if not on_lines:
            return list(breakpoints)
        answers = await self._inspector.call(
            "resolve",
            {
                "places": [wanted_place(b, self.paths) for b in on_lines],
                "roots": [self.paths.remote(root) for root in self._roots],
                "program": self.program_file,
            },
        )
        found = dict(zip((b.id for b in on_lines), answers, strict=True))
        return [placed(b, found[b.id], self.paths) if b.id in found else b for b in breakpoints]

    async def push(self, table: BreakpointTable, files: Iterable[str]) -> None:
        """Bring the rules of all breakpoints, and the lines in these files, up to date in the process.

        Raises:
            InvalidArgument: a condition or a log message is not Python for it, or it cannot stop in a template.
        """
        answer = await self._inspector.call(
            "set_breakpoints", {"lines": table.rules(), "files": table.files(), "templates": table.templates()}
        )
        self._library = dict(answer["library"])
        for reason in answer["refused"].values():
            raise InvalidArgument(_parameter(reason), reason)
        for file in sorted(set(files)):
            wanted = table.dap_breakpoints(file)
            await self._client.request("setBreakpoints", {"source": {"path": file}, "breakpoints": wanted})

    async def push_exceptions(self, table: BreakpointTable) -> None:
        """Tell the process which exceptions to stop at.

        Raises:
            InvalidArgument: a condition is not Python for it.
        """
        rules = [{**rule(b), "name": b.spec.exception} for b in table.exceptions()]
        all_raised = "raised" in self._break_on
        answer = await self._inspector.call("set_exceptions", {"rules": rules, "all_raised": all_raised})
        if "refused" in answer:
            raise InvalidArgument("condition", answer["refused"])
        filters = {_FILTERS[name] for name in self._break_on}
        if rules:
            filters.add("raised")
        await self._client.request("setExceptionBreakpoints", {"filters": sorted(filters)})

    def is_library(self, file: str) -> bool:
        """Whether just_my_code would have passed over this file, by the program's name, had it no breakpoint."""
        return file in self._library

    def as_seen_here(self, frame: Frame) -> Frame:
        """The frame with its local file; library code that a breakpoint has made the user's own is marked so."""
        user = frame.user or any(frame.file.startswith(root) for root in self._library.values())
        file = self.paths.local(frame.file)
        return frame if (user, file) == (frame.user, frame.file) else replace(frame, user=user, file=file)


def _parameter(reason: str) -> str:
    """What a refusal is about; it begins with that."""
    return next((name for name in ("condition", "log_message") if reason.startswith(name)), "file")
