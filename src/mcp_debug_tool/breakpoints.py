"""The breakpoints of a session: what was asked for, where they really are, and the DAP requests that set them.

Places are found by `debuggee/stopping/lines.py` from compiled code and conditions are decided by
`debuggee/stopping/breakpoints.py`, both inside the program; here is the book about them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .errors import InvalidArgument
from .path_map import PathMap

_HIT_CONDITION = re.compile(r"\s*(==|>=|<=|>|<|%)?\s*(\d{1,9})\s*")
_EXCEPTION_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
MAX_CONDITION = 4096


@dataclass(frozen=True)
class BreakpointSpec:
    """What was asked for: a place (`file` with `line` or `text`, `function`, or `exception`) and rules."""

    file: str | None = None
    line: int | None = None
    text: str | None = None
    function: str | None = None
    exception: str | None = None
    condition: str | None = None
    hit_condition: str | None = None
    log_message: str | None = None
    temporary: bool = False

    def check(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            InvalidArgument: the place is missing or named twice, or a rule is malformed.
        """
        places = [self.exception, self.function, self.text if self.text is not None else self.line]
        if sum(place is not None for place in places) != 1:
            raise InvalidArgument(
                "breakpoint",
                "name exactly one place",
                hint="Give file and line, or file and text, or function, or exception.",
            )
        if self.file is None and (self.line is not None or self.text is not None):
            raise InvalidArgument("file", "is missing", hint="Give the file the line or text is in.")
        for name in ("text", "function"):
            if getattr(self, name) is not None and not getattr(self, name).strip():
                raise InvalidArgument(name, "is empty", hint="Give a piece of the line's source, or a function's name.")
        if self.exception is not None and not _EXCEPTION_NAME.fullmatch(self.exception):
            raise InvalidArgument("exception", f"{self.exception!r} is no class name", hint="Such as ValueError.")
        if self.exception is not None and self.log_message is not None:
            raise InvalidArgument("log_message", "does not go with exception", hint="Set it on a line instead.")
        if self.exception is not None and self.hit_condition is not None:
            raise InvalidArgument("hit_condition", "does not go with exception", hint="Use condition instead.")
        for name in ("condition", "log_message"):
            if len(getattr(self, name) or "") > MAX_CONDITION:
                raise InvalidArgument(name, f"is longer than {MAX_CONDITION} characters")
        if self.condition is not None and not self.condition.strip():
            raise InvalidArgument("condition", "is empty", hint="Leave it out to stop always.")
        self.parsed_hit_condition()

    def parsed_hit_condition(self) -> tuple[str, int] | None:
        """The hit condition as (operator, number); a bare number means "at that hit"."""
        if self.hit_condition is None:
            return None
        match = _HIT_CONDITION.fullmatch(self.hit_condition)
        if match is None or int(match[2]) < 1:
            raise InvalidArgument(
                "hit_condition",
                f"{self.hit_condition!r} is not understood",
                hint="Such as 5, >=5, >5, <5 or %5 (every fifth hit).",
            )
        return match[1] or "==", int(match[2])

    def what(self) -> str:
        """The place as it was asked for, in a few words."""
        if self.exception is not None:
            return f"exception {self.exception}"
        if self.function is not None:
            return f"function {self.function}"
        return f"{self.file}:{self.line}" if self.text is None else f"{self.file} {self.text!r}"


@dataclass(frozen=True)
class Place:
    """Where a breakpoint really is."""

    file: str
    line: int
    text: str
    function: str
    moved_from: int | None = None
    remote: str = ""
    """The program's name for the file, where it has another."""
    real: str = ""
    """The one name the file has there, where links lead to it."""
    is_template: bool = False
    unverified: str = ""
    """Why nobody can say yet whether the line can be stopped at."""
    is_edited: bool = False
    """The file was written after the program had loaded it."""

    @property
    def key(self) -> str:
        """Name of this line in the program's table of rules."""
        return f"{self.in_program}:{self.line}"

    @property
    def in_program(self) -> str:
        """The name the program's table of rules has for the file: two names for one file are one there."""
        return self.real or self.remote or self.file


@dataclass(frozen=True)
class Report:
    """What one process tells of one breakpoint."""

    hits: int = 0
    """How often it was reached with its condition true."""
    passed: int = 0
    """How often its line was reached with its condition false."""
    loaded: bool = False
    """Whether the process has run code of its file."""
    same_name: tuple[str, ...] = ()
    """Other files of that name it has run code of."""
    nothing_there: bool = False
    """Whether a template has been rendered, and nothing from the line on can be stopped at."""


@dataclass
class Breakpoint:
    """One breakpoint of a session; `problem` says why it could not be placed after an edit."""

    id: str
    spec: BreakpointSpec
    place: Place | None = None
    problem: str | None = None
    internal: bool = False
    """Ours, for `until` and entry; never listed."""
    reports: dict[str, Report] = field(default_factory=dict)
    """The latest of each process, by its name."""

    @property
    def hits(self) -> int:
        """How often it was reached with its condition true, in all processes."""
        return sum(report.hits for report in self.reports.values())

    @property
    def waits(self) -> bool:
        """Whether no program has been there yet to find its place in."""
        return self.place is None and self.problem is None and self.spec.exception is None


class BreakpointTable:
    """All breakpoints of a session by id, and what DAP must be told about them."""

    def __init__(self) -> None:
        self._by_id: dict[str, Breakpoint] = {}
        self._used = {"b": 0, "u": 0}

    def new(self, spec: BreakpointSpec, *, internal: bool = False) -> Breakpoint:
        """A breakpoint with the next id, which is used up when it is added."""
        letter = "u" if internal else "b"
        return Breakpoint(f"{letter}{self._used[letter] + 1}", spec, internal=internal)

    def add(self, breakpoint: Breakpoint) -> None:
        """Put a placed breakpoint into the table."""
        self._by_id[breakpoint.id] = breakpoint
        letter, number = breakpoint.id[0], int(breakpoint.id[1:])
        self._used[letter] = max(self._used[letter], number)

    def remove(self, ids: Iterable[str]) -> list[Breakpoint]:
        """Take these out; unknown ids are passed over."""
        return [self._by_id.pop(i) for i in ids if i in self._by_id]

    def get(self, breakpoint_id: str) -> Breakpoint | None:
        """The breakpoint with this id."""
        return self._by_id.get(breakpoint_id)

    def all(self) -> list[Breakpoint]:
        """Every breakpoint the agent set, oldest first."""
        return [b for b in self._by_id.values() if not b.internal]

    def internal_ids(self) -> list[str]:
        """Ids of our own breakpoints."""
        return [b.id for b in self._by_id.values() if b.internal]

    def note_hit(self, breakpoint_id: str, process: str, hits: int) -> None:
        """Note how often a breakpoint has been hit in a process."""
        breakpoint = self._by_id.get(breakpoint_id)
        if breakpoint is not None:
            old = breakpoint.reports.get(process, Report(loaded=True))
            breakpoint.reports[process] = replace(old, hits=hits)

    def note_reports(self, process: str, reports: Mapping[str, Mapping[str, Any]]) -> None:
        """Take in what a process tells of its breakpoints, by their id."""
        for breakpoint_id, entry in reports.items():
            breakpoint = self._by_id.get(breakpoint_id)
            if breakpoint is not None:
                breakpoint.reports[process] = Report(
                    hits=int(entry["hits"]),
                    passed=int(entry["passed"]),
                    loaded=bool(entry["loaded"]),
                    same_name=tuple(map(str, entry.get("same_name", ()))),
                    nothing_there=entry.get("moved") == 0,
                )
                if breakpoint.place is not None:
                    breakpoint.place = _as_reported(breakpoint.place, entry)

    def waiting(self) -> list[Breakpoint]:
        """Those that no program has been there for yet."""
        return [b for b in self._by_id.values() if b.waits]

    def in_file(self, file: str) -> list[Breakpoint]:
        """The breakpoints placed in `file`, the program's name for it."""
        return [b for b in self._by_id.values() if b.place is not None and b.place.in_program == file]

    def files(self) -> list[str]:
        """The files with breakpoints, as the program names them; templates are none of Python's."""
        return sorted(self._files(is_template=False))

    def templates(self) -> list[str]:
        """The templates with breakpoints, as the program names them."""
        return sorted(self._files(is_template=True))

    def _files(self, *, is_template: bool) -> set[str]:
        places = [b.place for b in self._by_id.values() if b.place is not None]
        return {place.in_program for place in places if place.is_template is is_template}

    def exceptions(self) -> list[Breakpoint]:
        """The exception breakpoints."""
        return [b for b in self._by_id.values() if b.spec.exception is not None]

    def rules(self) -> dict[str, list[dict[str, Any]]]:
        """The program's table: what each breakpoint on each line wants."""
        table: dict[str, list[dict[str, Any]]] = {}
        for breakpoint in self._by_id.values():
            if breakpoint.place is not None:
                table.setdefault(breakpoint.place.key, []).append(rule(breakpoint))
        return table

    def dap_breakpoints(self, file: str) -> list[dict[str, Any]]:
        """DAP SourceBreakpoints of a file: one a line, whose condition asks the program's table."""
        found = [b.place for b in self.in_file(file) if b.place is not None and not b.place.is_template]
        places = {place.key: place for place in found}
        return [{"line": p.line, "condition": _asks_table(p.key)} for p in places.values()]

    def forget_places(self) -> None:
        """Begin again for a new run: the same breakpoints, to be placed anew, with no hits."""
        self._by_id = {b.id: Breakpoint(b.id, b.spec, b.place) for b in self._by_id.values() if not b.internal}


def rule(breakpoint: Breakpoint) -> dict[str, Any]:
    """What `debuggee/stopping/breakpoints.py` needs to know of one breakpoint."""
    spec = breakpoint.spec
    wanted = {
        "id": breakpoint.id,
        "condition": spec.condition,
        "hit_condition": spec.parsed_hit_condition(),
        "log_message": spec.log_message,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def wanted_place(breakpoint: Breakpoint, paths: PathMap) -> dict[str, Any]:
    """What `debuggee/stopping/lines.py` needs to find a breakpoint's place; its old line's text follows an edit."""
    spec, old = breakpoint.spec, breakpoint.place
    wanted: dict[str, Any] = {"file": paths.remote(spec.file) if spec.file is not None else None}
    if spec.function is not None:
        wanted["function"] = spec.function
    elif spec.text is not None:
        wanted["find"] = spec.text
        wanted["line"] = old.line if old is not None else spec.line
    elif old is not None and old.moved_from is None:
        wanted.update(line=old.line, anchor=old.text)
    else:
        wanted["line"] = spec.line
    return wanted


def placed(breakpoint: Breakpoint, answer: Mapping[str, Any], paths: PathMap) -> Breakpoint:
    """The breakpoint with the place (or the problem) that `debuggee/stopping/lines.py` answered."""
    if "error" in answer:
        return replace(breakpoint, place=None, problem=str(answer["error"]))
    return replace(
        breakpoint,
        place=Place(
            file=paths.local(answer["file"]),
            remote=answer["file"],
            line=answer["line"],
            text=answer["text"],
            function=answer["function"],
            moved_from=answer.get("moved_from"),
            real=str(answer.get("real", "")),
            is_template=bool(answer.get("template")),
            unverified=str(answer.get("unverified", "")),
            is_edited=bool(answer.get("edited")),
        ),
        problem=None,
    )


def _as_reported(place: Place, entry: Mapping[str, Any]) -> Place:
    """The place after what a process has told of it: that it was there, or that a template's engine has moved it."""
    if entry.get("moved", 0) not in (0, place.line):
        text = str(entry.get("text", ""))
        return replace(place, line=int(entry["moved"]), text=text, moved_from=place.line, unverified="")
    is_clear = entry["hits"] or entry["passed"] or "moved" in entry
    return replace(place, unverified="") if is_clear else place


def _asks_table(key: str) -> str:
    return f"__import__('sys').modules['_mcp_debuggee'].hit({key!r})"
