"""The source of a file of the program, with the current line and the breakpoints marked.

Only files that the program itself has brought into play can be read: those that its stop's frames stand in and those
that hold a breakpoint it has verified. A name is looked up among these as it stands, never joined to a folder.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping, Sequence

import anyio
import anyio.to_thread

from ..errors import InvalidArgument, WrongState
from ..session import Session
from ..stops import Frame
from ..uris import source_uri
from ..views import cut, visible

# What is written by hand is smaller.
MAX_BYTES = 1024 * 1024
READ_SECONDS = 5.0
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


async def source_text(session: Session, name: str | None) -> str:
    """A file of the program, line by line; without a name that of the current line.

    Raises:
        WrongState: no name was given, and the program stands nowhere.
        InvalidArgument: the file is none of the program's, or cannot be read.
    """
    file = _current(session).file if name is None else _named(session, name)
    lines = await _lines(file)
    first, shown = (1, lines) if lines is not None else _told_by_the_program(session, file)
    return _page(session, file, first, shown)


def readable_files(session: Session) -> dict[str, str]:
    """The files that may be read, by the name they have here: relative below the session's folder, else absolute."""
    stop = session.wrapper.stop
    files = [frame.file for frame in stop.frames] if stop is not None else []
    for breakpoint in session.wrapper.breakpoints.table.all():
        if breakpoint.place is not None and not breakpoint.place.unverified:
            files.append(breakpoint.place.file)
    return {_name(file, session.prepared.cwd): file for file in files}


def _name(file: str, cwd: str) -> str:
    return os.path.relpath(file, cwd) if file.startswith(cwd.rstrip(os.sep) + os.sep) else file


def _current(session: Session) -> Frame:
    stop = session.wrapper.stop
    if stop is None or stop.frame is None:
        raise WrongState(
            f"{session.id} stands nowhere: it is {session.state.value}",
            hint=f"Read {source_uri(session.id)}/FILE, with a file that holds a breakpoint.",
        )
    return stop.frame


def _named(session: Session, name: str) -> str:
    files = readable_files(session)
    if name in files:
        return files[name]
    if name in files.values():
        return name
    known = ", ".join(cut(known, 120) for known in list(files)[:10]) or "none"
    raise InvalidArgument(
        "file",
        f"{cut(name, 120)} is no file that {session.id} stands in or has a breakpoint in",
        hint=f"Known: {known}.",
    )


async def _lines(file: str) -> list[str] | None:
    """The lines of a plain file; None where there is none that could be read here."""
    with anyio.move_on_after(READ_SECONDS):
        return await anyio.to_thread.run_sync(_read, file, abandon_on_cancel=True)
    return None


def _read(file: str) -> list[str] | None:
    try:
        if not stat.S_ISREG(os.stat(file).st_mode):
            return None  # a pipe or a device could be read for ever
        with open(file, "rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except (OSError, ValueError):
        return None
    lines = _decoded(data[:MAX_BYTES]).splitlines()
    return [*lines, f"(… cut after {MAX_BYTES:,} bytes)"] if len(data) > MAX_BYTES else lines


def _decoded(data: bytes) -> str:
    """The text, in the encoding that its first two lines declare, else in UTF-8."""
    declared = [match[1].decode() for line in data.split(b"\n", 2)[:2] if (match := _CODING.match(line))]
    try:
        return data.decode(declared[0] if declared else "utf-8-sig", "backslashreplace")
    except (LookupError, UnicodeError):
        return data.decode("utf-8", "backslashreplace")


def _told_by_the_program(session: Session, file: str) -> tuple[int, Sequence[str]]:
    """What the program told of the source around its line, where the file is not here or was never one."""
    stop = session.wrapper.stop
    for view in stop.views if stop is not None else ():
        if view.frame.file == file and view.source:
            return view.first_line, view.source
    raise InvalidArgument("file", f"{cut(file, 200)} cannot be read here")


def _page(session: Session, file: str, first: int, lines: Sequence[str]) -> str:
    marks = _marks(session, file)
    stop = session.wrapper.stop
    current = stop.frame.line if stop is not None and stop.frame is not None and stop.frame.file == file else 0
    names = max((len(mark) for mark in marks.values()), default=0)
    digits = len(str(first + len(lines)))
    numbered = []
    for number, text in enumerate(lines, first):
        mark = f"{'>' if number == current else ' '} {marks.get(number, ''):<{names}}"
        numbered.append(f"{mark} {number:>{digits}} {visible(text)}".rstrip())
    return "\n".join([_heading(session, file, current, marks), *numbered])


def _heading(session: Session, file: str, current: int, marks: Mapping[int, str]) -> str:
    told = [visible(_name(file, session.prepared.cwd))]
    if current:
        told.append(f"> line {current} is the current line")
    told += [f"{mark} at line {line}" for line, mark in sorted(marks.items())]
    stop = session.wrapper.stop
    if stop is not None and any(view.is_rewritten and view.frame.file == file for view in stop.views):
        told.append("written after the program started: it is not what runs")
    return ", ".join(told)


def _marks(session: Session, file: str) -> dict[int, str]:
    """The ids of the breakpoints in each line of the file."""
    marks: dict[int, str] = {}
    for breakpoint in session.wrapper.breakpoints.table.all():
        place = breakpoint.place
        if place is not None and place.file == file:
            marks[place.line] = f"{marks[place.line]},{breakpoint.id}" if place.line in marks else breakpoint.id
    return marks
