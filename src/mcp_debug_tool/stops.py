"""What is known of a stop: plain data, taken once when the program stops and read as often as needed."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Frame:
    """One frame; `user` is False for library code."""

    id: int | str
    """DAP's, or the key by which `debuggee/running/threads.py` finds a frame of any thread or task."""
    function: str
    file: str
    line: int
    user: bool = True


@dataclass(frozen=True)
class Link:
    """One exception of a chain or a group: `because` says how it led to the one before it, or its number."""

    type: str
    message: str
    file: str | None = None
    line: int | None = None
    function: str | None = None
    because: str | None = None
    notes: tuple[str, ...] = ()
    """What was added to it by `add_note`."""


@dataclass(frozen=True)
class FrameView:
    """What a frame holds, already as bounded text."""

    frame: Frame
    variables: tuple[tuple[str, str], ...] = ()
    more: int = 0
    """Variables left out for their number."""
    hidden: int = 0
    """Module-level imports, functions and classes left out."""
    first_line: int = 0
    source: tuple[str, ...] = ()
    is_rewritten: bool = False
    """The file was written since the program began, and its text is not what runs."""


@dataclass(frozen=True)
class TestFailure:
    """The test that failed at a stop; `when` is setup, call or teardown."""

    __test__ = False  # its name looks like a test class to pytest

    id: str
    when: str = "call"
    explanation: tuple[str, ...] = ()
    """The lines in which its framework explains the failed assertion."""
    fixtures: tuple[tuple[str, str], ...] = ()
    """Values of fixtures that are no variables of the frames shown."""


@dataclass(frozen=True)
class Stop:
    """Why and where the program stands still. Frame and thread ids are only good until it runs again."""

    reason: str
    thread_id: int
    frames: tuple[Frame, ...]
    views: tuple[FrameView, ...] = ()
    depth: int = 0
    """How many frames there are, where `frames` are only the innermost of them."""
    thread_name: str = ""
    task: str = ""
    """Name of the task that ran, of asyncio or another library; empty outside of any."""
    tasks: int = 0
    """How many tasks wait, where the stop is in an event loop that runs none of them."""
    breakpoints: tuple[tuple[str, int], ...] = ()
    """Ids of the breakpoints that stopped it, ours too, each with its hit number in its process."""
    removed: tuple[str, ...] = ()
    """Those of them that were temporary, and are gone."""
    errors: tuple[str, ...] = ()
    """Conditions and log messages that raised."""
    exception: tuple[Link, ...] = ()
    uncaught: bool = False
    unhandled: bool = False
    """It leaves the user's code for a library's."""
    test: TestFailure | None = None
    """The failing test, where that is why it stopped."""
    returned: tuple[tuple[str, str], ...] = ()
    """What came back from the calls that the step before it has passed, the latest last."""
    note: str = ""
    process: str = ""
    """The process that stopped: what it calls itself, and once it is in its tree its name there too."""

    @property
    def frame(self) -> Frame | None:
        """The frame the program stands in; None where nothing of Python is on the stack."""
        return self.frames[0] if self.frames else None


@dataclass(frozen=True)
class Exit:
    """How the process ended: its exit code, or minus the number of the signal; None where only its end was seen."""

    returncode: int | None
    by_us: bool = False
    reason: str = ""
    """Why there never was a process that could end, as a sentence; empty where there was."""


def how_ended(code: int) -> str:
    """An exit code, or minus a signal's number, as the end of "it has ended"."""
    return f"by {signal_name(-code)}" if code < 0 else f"with code {code}"


def signal_name(number: int) -> str:
    """SIGTERM and the like."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def frame_from_dap(body: Mapping[str, Any]) -> Frame:
    """A DAP StackFrame as ours."""
    source = body.get("source") or {}
    # pydevd marks so the frame from which the stack above an uncaught exception is shown.
    name = str(body.get("name", "?")).removesuffix(" (Current frame)")
    return Frame(
        id=int(body["id"]),
        function=name,
        file=str(source.get("path") or source.get("name") or "?"),
        line=int(body.get("line") or 0),
        user=body.get("presentationHint") != "subtle",
    )


def frame_from_program(entry: Sequence[Any], frame_id: int | str = 0) -> Frame:
    """[function, file, line, user] of the program as a frame."""
    function, file, line, user = entry
    return Frame(frame_id, str(function), str(file), int(line), bool(user))


def link_from_program(entry: Mapping[str, Any]) -> Link:
    """One entry of the program's account of an exception."""
    file, line, function = entry.get("at") or (None, None, None)
    notes = tuple(map(str, entry.get("notes", ())))
    return Link(
        type=str(entry["type"]),
        message=str(entry["message"]),
        file=None if file is None else str(file),
        line=None if line is None else int(line),
        function=None if function is None else str(function),
        because=entry.get("because") and str(entry["because"]),
        notes=notes,
    )


def failed_test_from_program(entry: Mapping[str, Any]) -> TestFailure:
    """What the program told of the test that failed."""
    return TestFailure(
        id=str(entry["id"]),
        when=str(entry.get("when", "call")),
        explanation=tuple(map(str, entry.get("explanation", ()))),
        fixtures=tuple((str(name), str(value)) for name, value in entry.get("fixtures", ())),
    )


def view_from_program(frame: Frame, entry: Mapping[str, Any]) -> FrameView:
    """What the program told of one frame."""
    first_line, source = entry.get("source") or (0, [])
    return FrameView(
        frame=frame,
        variables=tuple((str(name), str(value)) for name, value in entry.get("locals", ())),
        more=int(entry.get("more", 0)),
        hidden=int(entry.get("hidden", 0)),
        first_line=int(first_line),
        source=tuple(map(str, source)),
        is_rewritten=bool(entry.get("rewritten")),
    )


@dataclass
class Changes:
    """Remembers each function's variables at its last stop, to tell which have changed since."""

    _seen: dict[tuple[str, int, str, str, int], dict[str, str]] = field(default_factory=dict)

    def forget(self) -> None:
        """Compare with nothing at the next stop."""
        self._seen.clear()

    def since_last(self, stop: Stop) -> dict[str, str]:
        """The old value of each changed variable of the stop's frame, by name; then this stop is the last."""
        if stop.frame is None or not stop.views:
            return {}
        key = (stop.process, stop.thread_id, stop.frame.file, stop.frame.function, len(stop.frames))
        new = dict(stop.views[0].variables)
        old = self._seen.get(key, {})
        self._seen[key] = new
        return {name: old[name] for name, value in new.items() if name in old and old[name] != value}
