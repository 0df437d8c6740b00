"""Breakpoints in Python code and in templates, set and told of together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .raising import exceptions
from .stopping import breakpoints
from .stopping.template_stops import stops

# Said of a debugpy that is neither ours nor like it.
_UNABLE = "the debugger that the program runs under cannot stop in templates; set it in the code that renders it"


def set_table(
    lines: dict[str, list[dict[str, Any]]], files: list[str], templates: Sequence[str] = ()
) -> dict[str, Any]:
    """`breakpoints.set_table`, with those of its lines that are in `templates` set there."""
    answer = breakpoints.set_table(lines, files)
    if answer["refused"]:
        return answer
    keys = [key for key in lines if key.rpartition(":")[0] in templates]
    try:
        stops.set_keys(keys)
    except (AttributeError, ImportError, TypeError):
        answer["refused"] = {name: _UNABLE for key in keys for name in breakpoints.ids(key)}
    return answer


def reports() -> dict[str, dict[str, Any]]:
    """`exceptions.reports`, with {moved, text} of those that a template's engine has moved.

    `moved` is a line, or 0 where there was none to move to.
    """
    answer = exceptions.reports(stops.rendered)
    for key, movement in stops.movements().items():
        for breakpoint_id in breakpoints.ids(key):
            answer[breakpoint_id].update(movement)
    return answer


def forget() -> None:
    """Begin again: no rules, no counts. For a new owner of this process."""
    breakpoints.forget()
    stops.forget()
