"""Code that runs inside the program being debugged: Python 3.8 and newer, stdlib and pydevd only.

It is loaded there under the name `_mcp_debuggee`, so that it can never meet an installed copy of the project.
The server reaches it by DAP `evaluate` of one expression, `call(name, json)`; what comes back is JSON.
`boot` brings the debugger up; `lines` knows where code is, `breakpoints` when to stop, `frames` and `values`
what to show, `evaluation` how to compute and change. The server may import `lines` too: it needs no pydevd.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Reply(object):
    """A JSON answer that pydevd shows unquoted and uncut: it prints foreign objects by their repr()."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def call(name: str, arguments: str) -> Reply:
    """Run one of the entries below with JSON keyword arguments; a failure of ours comes back as `failed`."""
    try:
        answer = _entry(name)(**json.loads(arguments))
    except Exception as error:
        answer = {"failed": "%s: %s" % (type(error).__name__, error)}
    return Reply(json.dumps(answer))


def _entry(name: str) -> Callable[..., Any]:
    from . import breakpoints, evaluation, frames, lines

    entries: dict[str, Callable[..., Any]] = {
        "set_sources": lines.set_sources,
        "resolve": lines.resolve,
        "main_file": lines.main_file,
        "check_program": lines.check_program,
        "set_breakpoints": breakpoints.set_table,
        "set_exceptions": breakpoints.set_exceptions,
        "hits": breakpoints.hits,
        "stop_page": frames.stop_page,
        "variables": frames.variables,
        "evaluate": evaluation.evaluate,
        "set_variable": evaluation.set_variable,
    }
    return entries[name]


def hit(key: str) -> bool:
    """Whether the program must stop at the line `key`; the condition of each of our DAP breakpoints."""
    from . import breakpoints

    return breakpoints.hit(key)
