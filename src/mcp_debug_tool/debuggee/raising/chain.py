"""An exception as a page shows it: what it came from, its notes, and the members of a group."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import islice
from types import TracebackType
from typing import Any

from .. import read_only, values
from ..places import tracebacks
from ..running.limits import TimeLimit, time_limit
from ..templating import templates
from ..values import kinds

MESSAGE_SECONDS = 0.5
MAX_LINKS = 6
MAX_MEMBERS = 8
MAX_NOTES = 4
_TOO_LATE = "<not shown: the page took too long>"


def describe(
    error: BaseException, trace: TracebackType | None, max_chars: int, deadline: float
) -> list[dict[str, Any]]:
    """The exception and what it came from: [{type, message, at, notes, because}], the raised one first.

    The members of a group follow it, numbered: `because` is then [1], [2], [2.1] and so on.
    """
    found = [_entry(error, trace, max_chars, deadline), *_members(error, max_chars, deadline)]
    links = 1
    for link, because in _came_from(error):
        if links == MAX_LINKS:
            found.append({"type": "…", "message": "", "because": because})
            break
        entry = _entry(link, link.__traceback__, max_chars, deadline)
        if "at" in entry and _is_the_debuggers(entry["at"][0]):
            break  # deep recursion meets its limit inside the debugger, whose own exceptions are no part of this
        found.append({**entry, "because": because})
        links += 1
    return found


def _came_from(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    seen = {id(error)}
    while True:
        if error.__cause__ is not None:
            link, because = error.__cause__, "caused by"
        elif error.__context__ is not None and not error.__suppress_context__:
            link, because = error.__context__, "raised while handling"
        else:
            return
        if id(link) in seen:
            return
        seen.add(id(link))
        yield link, because
        error = link


def _entry(error: BaseException, trace: TracebackType | None, max_chars: int, deadline: float) -> dict[str, Any]:
    # While it is on its way an exception object does not know its traceback yet: it comes along.
    late = time.monotonic() > deadline
    entry: dict[str, Any] = {
        "type": values.type_name(error),
        "message": _TOO_LATE if late else message(error, max_chars * 3),
    }
    place = templates.raised_at(error, trace) if trace is not None else None
    place = place or _raised_at(trace)
    if place:
        entry["at"] = place
    notes = [] if late else _notes(error, max_chars)
    if notes:
        entry["notes"] = notes
    return entry


def message(error: BaseException, max_chars: int) -> str:
    """str(error), bounded in time and length."""
    try:
        with time_limit(MESSAGE_SECONDS):
            return values.cut(told(error, max_chars) if read_only.is_on else str(error), max_chars)
    except TimeLimit:
        return "<str() took longer than %s s>" % MESSAGE_SECONDS
    except BaseException as failure:
        return "<str() failed with %s>" % type(failure).__name__


def told(error: BaseException, max_chars: int) -> str:
    """Its message as Python itself makes it of plain arguments; else the arguments it has."""
    given = values.arguments(error)
    written_in_c = kinds.is_c_method(kinds.lookup(type(error), "__str__"))
    if written_in_c and all(map(values.runs_no_code, given)):
        return str(error)
    return ", ".join(values.describe(argument, max_chars) for argument in given)


def _notes(error: BaseException, max_chars: int) -> list[str]:
    """What `add_note` has added (3.11 and newer)."""
    notes = dict.get(kinds.attributes(error), "__notes__")
    if not isinstance(notes, (list, tuple)):
        return []
    shown = [values.cut(note, max_chars) for note in notes[:MAX_NOTES] if isinstance(note, str)]
    left = len(notes) - MAX_NOTES
    return shown if left <= 0 else [*shown, "… %d more" % left]


def _members(error: BaseException, max_chars: int, deadline: float) -> list[dict[str, Any]]:
    """The exceptions in a group and in the groups in it, as many as a page has room for."""
    found = [
        {**_entry(member, member.__traceback__, max_chars, deadline), "because": "[%s]" % number}
        for number, member in islice(_walk(error), MAX_MEMBERS + 1)
    ]
    return found if len(found) <= MAX_MEMBERS else [*found[:-1], {"type": "more", "message": "", "because": "[…]"}]


def _walk(group: BaseException, number: str = "") -> Iterator[tuple[str, BaseException]]:
    for index, member in enumerate(_exceptions_of(group), 1):
        yield "%s%d" % (number, index), member
        yield from _walk(member, "%s%d." % (number, index))


def _exceptions_of(error: BaseException) -> tuple[BaseException, ...]:
    """The members of an exception group, Python's own or that of the package for older ones."""
    if not any(base.__name__ == "BaseExceptionGroup" for base in type(error).__mro__):
        return ()
    members = getattr(error, "exceptions", ())
    return members if isinstance(members, tuple) else ()


def _is_the_debuggers(file: str) -> bool:
    # What is compiled knows no more of its file than where it lay in the source.
    return (
        os.path.join("_vendored", "pydevd") in file or os.path.dirname(__file__) in file or file.startswith("_pydevd")
    )


def _raised_at(trace: TracebackType | None) -> list[Any] | None:
    place: list[Any] | None = None
    for step in tracebacks.steps(trace):
        code = step.tb_frame.f_code
        if place is not None and (_is_the_debuggers(code.co_filename) or "_pydevd" in code.co_name):
            break  # there deep recursion has met its limit
        place = [code.co_filename, step.tb_lineno, code.co_name]
    return place
