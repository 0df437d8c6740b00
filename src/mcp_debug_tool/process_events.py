"""What happens in the processes of a run, taken into what is known of it: stops, logs, and what came of children."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace

from .dap_process import DAPProcess
from .errors import AdapterError, ProtocolError
from .findings import Findings
from .journal import Journal
from .process_tree import ProcessTree, describe
from .protocol.messages import Event
from .shared_breakpoints import SharedBreakpoints
from .stops import Stop, how_ended

# A pool ends its workers by SIGTERM.
ORDERLY_ENDS = (0, -15)


class ProcessEvents:
    """The Observer of all processes of a run."""

    def __init__(
        self,
        tree: ProcessTree,
        breakpoints: SharedBreakpoints,
        *,
        findings: Findings,
        journal: Journal,
        call_child: Callable[[Event], object],
        drain_output: Callable[[], None],
        notify: Callable[[], None],
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._tree = tree
        self._breakpoints = breakpoints
        self._findings = findings
        self._journal = journal
        self._call_child = call_child
        self._drain_output = drain_output
        self._notify = notify
        self._on_stop = on_stop
        self.entry_id: str | None = None
        """The breakpoint at which the program begins, where that is a stop."""

    def told(self, process: DAPProcess, event: Event) -> None:
        """See Observer.told."""
        if event.name == "mcpDebugLog":
            line = f"{event.body.get('breakpoint')}: {event.body.get('text')}\n"
            self._journal.add("log", line.encode("utf-8", "backslashreplace"))
        elif event.name == "mcpDebugReports":
            self._breakpoints.table.note_reports(process.name, event.body)
        elif event.name == "mcpDebugChildEnded":
            self._note_end(int(event.body["pid"]), int(event.body["code"]))
        elif event.name == "debugpyAttach":
            self._call_child(event)
        else:
            self._findings.take(event)

    def _note_end(self, pid: int, code: int) -> None:
        """Have a child that failed named with the next answer; how the others ended is told with the exit."""
        who = self._tree.note_end(pid, code)
        if who and code not in ORDERLY_ENDS:
            self._findings.tell(f"{who} has ended {how_ended(code)}")

    async def stopped(self, process: DAPProcess, stop: Stop) -> None:
        """See Observer.stopped."""
        told = self._breakpoints.note_stop(process.name, stop, entry_id=self.entry_id)
        with contextlib.suppress(AdapterError, ProtocolError):
            await self._drop_spent(told.removed)
        self._drain_output()
        if process not in self._tree.living:
            return  # it has ended meanwhile
        process.title = told.process or process.title
        process.stop = replace(told, process=describe(process))
        self._tree.stand(process)
        self._on_stop()
        self._notify()

    async def _drop_spent(self, temporary: Iterable[str]) -> None:
        """Remove what was meant for one stop: `until`, entry, and temporary breakpoints that were hit."""
        spent = [*self._breakpoints.table.internal_ids(), *temporary]
        if spent:
            await self._breakpoints.remove(spent)
