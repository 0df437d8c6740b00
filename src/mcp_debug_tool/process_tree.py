"""The processes of a run: their names in the tree, which of them stand still, and which one is looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from .dap_process import DAPProcess
from .stops import how_ended

# Of so many processes each is told with all that is known of it; of more by name.
TOLD_IN_FULL = 6
TOLD_BY_NAME = 60
_TITLE = 36


@dataclass
class _Record:
    """What is kept of a process once it has gone."""

    name: str
    description: str = ""
    code: int | None = None
    is_helper: bool = False

    @property
    def is_child(self) -> bool:
        return "." in self.name and not self.is_helper


class ProcessTree:
    """All living processes. Several may stand; one is looked at, the others wait for their turn."""

    def __init__(self) -> None:
        self._standing: list[DAPProcess] = []
        self._numbers: dict[str, int] = {}
        self._records: dict[str, _Record] = {}
        self._by_pid: dict[int, _Record] = {}
        self.living: list[DAPProcess] = []
        """Oldest first."""
        self.root: DAPProcess | None = None
        """The program itself, living or not; None where programs come in their own time."""
        self.focus: DAPProcess | None = None
        """The process that is looked at: it stands, or is taking a step."""

    def enter(self, process: DAPProcess) -> bool:
        """Give a process that has come its name and place. Answers whether it is one we knew, after an exec."""
        before = self._by_pid.get(process.pid) if process.replaced else None
        if before is not None:
            self._take_the_place_of(before.name, process)
        else:
            process.name = self._new_name(process)
            record = _Record(process.name, is_helper=process.is_helper)
            self._records[process.name] = self._by_pid[process.pid] = record
        self.living.append(process)
        return before is not None

    def _new_name(self, process: DAPProcess) -> str:
        parent = next((p for p in self.living if p.pid == process.parent_pid), self.root)
        if parent is not None and parent.is_helper:
            # It starts processes for its own parent.
            parent = next((p for p in self.living if p.pid == parent.parent_pid), self.root)
        prefix = f"{parent.name}." if parent is not None else "p"
        if process.is_helper:
            prefix += "helper"
        number = self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
        return f"{prefix}{number}"

    def _take_the_place_of(self, name: str, process: DAPProcess) -> None:
        process.name = name
        for before in [p for p in self.living if p.name == name]:
            self.leave(before)
        if self.root is not None and self.root.name == name:
            self.root = process

    def leave(self, process: DAPProcess) -> None:
        """Forget a process that has ended; another that stands is looked at next."""
        if process in self.living:
            self._records[process.name].description = describe(process)
        for processes in (self.living, self._standing):
            if process in processes:
                processes.remove(process)
        if self.focus is process:
            self.focus = None
        self.look_around()

    # --- how they ended ---------------------------------------------------------------------------------------

    def note_end(self, pid: int, code: int) -> str:
        """Learn how a process has ended, from its parent. Answers what it was; empty where it never was one of ours."""
        record = self._by_pid.get(pid)
        if record is None or record.code is not None:
            return ""
        record.code = code
        living = next((p for p in self.living if p.name == record.name), None)
        return describe(living) if living is not None else record.description

    @property
    def pids(self) -> Iterable[int]:
        """Of all processes that have come so far, living or not."""
        return self._by_pid.keys()

    def ended(self, name: str) -> str:
        """How a process of this name has ended, as a sentence; empty where there was none, or it lives."""
        record = self._records.get(name)
        if record is None or any(process.name == name for process in self.living):
            return ""
        return f"{record.description} has ended" + (f" {how_ended(record.code)}" if record.code is not None else "")

    def ends_of_children(self) -> str:
        """How all children have ended, as a sentence; empty where no parent has told."""
        children = [record for record in self._records.values() if record.is_child]
        codes = Counter(record.code for record in children if record.code is not None)
        if not codes:
            return ""
        many = f"{len(children)} child{'ren' if len(children) > 1 else ''}"
        if codes[0] == len(children):
            return f"{many}, {'all ' if len(children) > 1 else ''}ended with code 0"
        parts = [f"{count} ended {how_ended(code)}" for code, count in sorted(codes.items(), key=_zero_first)]
        unknown = len(children) - codes.total()
        return f"{many}: {', '.join([*parts, f'of {unknown} only the parent knows'] if unknown else parts)}"

    # --- standing and looking ---------------------------------------------------------------------------------

    def stand(self, process: DAPProcess) -> None:
        """Note that a process stands still."""
        self._standing.append(process)
        self.look_around()

    def go_on(self, process: DAPProcess, *, step: bool) -> None:
        """Note that a process runs again; while it takes a step it is the one that is looked at."""
        self._standing.remove(process)
        if step:
            self.focus = process
        elif self.focus is process:
            self.focus = None

    def stay(self, process: DAPProcess) -> None:
        """Note that a process was not let run after all."""
        self._standing.insert(0, process)
        self.focus = process

    def look_around(self) -> None:
        """Look at the first process that stands, unless one is being looked at."""
        if self._standing and self.focus is None:
            self.focus = self._standing[0]

    def stop_waiting_for_step(self) -> None:
        """Look at whatever stands: a step that has not come back yet may never do."""
        if self.focus is not None and self.focus.stop is None and self._standing:
            self.focus = None
        self.look_around()

    def look_at(self, process: DAPProcess) -> None:
        """Let the next stop of this process be looked at before those that stand already."""
        self.focus = process

    @property
    def standing(self) -> list[DAPProcess]:
        """Those that stand still, in the order in which they are looked at."""
        return list(self._standing)

    # --- what is told of them ---------------------------------------------------------------------------------

    def needs_names(self) -> bool:
        """Whether a stop has to say of which process it is: there have been several."""
        return len(self._records) > 1

    @property
    def shown(self) -> list[DAPProcess]:
        """The living without helpers that nobody asked for, unless they stand."""
        return [process for process in self.living if not process.is_helper or process in self._standing]

    def waiting(self) -> str:
        """What stands beside the stop that is shown and will be shown next, in a few words."""
        others = [f"{p.name} {p.title[:_TITLE]}" for p in self._standing if p is not self.focus]
        threads = self.focus.more_stops if self.focus is not None else 0
        if threads:
            others.insert(0, f"{threads} more thread{'s' if threads > 1 else ''} of this process")
        return ", ".join(others[:4]) + (f" and {len(others) - 4} more" if len(others) > 4 else "")

    def lines(self) -> list[str]:
        """Every living process: name, what it runs, pid and whether it stands; of many the names by their state."""
        shown = self.shown
        if len(shown) <= TOLD_IN_FULL:
            return [describe(process) + (", stopped" if process in self._standing else "") for process in shown]
        standing = [process for process in shown if process in self._standing]
        running = [process for process in shown if process not in self._standing]
        parts = [(standing, "stopped"), (running, "running")]
        return [f"{len(processes)} {state} ({names(processes)})" for processes, state in parts if processes]


def describe(process: DAPProcess) -> str:
    """A process in a few words."""
    return f"{process.name} {process.title} (pid {process.pid})"


def names(processes: list[DAPProcess]) -> str:
    """The names of processes, of many the first ones."""
    left = len(processes) - TOLD_BY_NAME
    return ", ".join(process.name for process in processes[:TOLD_BY_NAME]) + (f" and {left} more" if left > 0 else "")


def _zero_first(end: tuple[int, int]) -> tuple[int, int]:
    return abs(end[0]), end[0]
