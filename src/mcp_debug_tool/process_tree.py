"""The processes of a run: their names in the tree, which of them stand still, and which one is looked at."""

from __future__ import annotations

from .dap_process import DAPProcess


class ProcessTree:
    """All living processes. Several may stand; one is looked at, the others wait for their turn."""

    def __init__(self) -> None:
        self._standing: list[DAPProcess] = []
        self._numbers: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self.living: list[DAPProcess] = []
        """Oldest first."""
        self.root: DAPProcess | None = None
        """The program itself, living or not; None where programs come in their own time."""
        self.focus: DAPProcess | None = None
        """The process that is looked at: it stands, or is taking a step."""

    def enter(self, process: DAPProcess, *, by_pid: bool) -> bool:
        """Give a process that has come its name and place. Answers whether it is one we knew, after an exec.

        `by_pid`: a number names one process only; elsewhere, such as in several containers, it may name several.
        """
        name = self._names.get(process.pid, "") if by_pid else ""
        if name:
            self._take_the_place_of(name, process)
        else:
            parent = next((p for p in self.living if p.pid == process.parent_pid), self.root)
            prefix = f"{parent.name}." if parent is not None else "p"
            number = self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
            process.name = self._names[process.pid] = f"{prefix}{number}"
        self.living.append(process)
        return bool(name)

    def _take_the_place_of(self, name: str, process: DAPProcess) -> None:
        process.name = name
        for before in [p for p in self.living if p.name == name]:
            self.leave(before)
        if self.root is not None and self.root.name == name:
            self.root = process

    def leave(self, process: DAPProcess) -> None:
        """Forget a process that has ended; another that stands is looked at next."""
        for processes in (self.living, self._standing):
            if process in processes:
                processes.remove(process)
        if self.focus is process:
            self.focus = None
        self.look_around()

    def stand(self, process: DAPProcess) -> None:
        """Note that a process stands still."""
        self._standing.append(process)
        self.look_around()

    def go_on(self, process: DAPProcess, *, step: bool) -> None:
        """Note that a process runs again; while it takes a step it stays the one that is looked at."""
        self._standing.remove(process)
        self.focus = process if step else None

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

    def needs_names(self, process: DAPProcess) -> bool:
        """Whether a stop of this process has to say which one it is."""
        return process.name != "p1" or self._numbers != {"p": 1}

    def lines(self) -> list[str]:
        """Every living process: name, what it runs, pid and whether it stands."""
        return [describe(p) + (", stopped" if p in self._standing else "") for p in self.living]


def describe(process: DAPProcess) -> str:
    """A process in a few words."""
    return f"{process.name} {process.title} (pid {process.pid})"
