"""Code that runs inside the program being debugged: Python 3.8 and newer, stdlib and pydevd only.

It is loaded there under the name `_mcp_debuggee`, so that it can never meet an installed copy of the project.
The server reaches it by DAP `evaluate` of one expression, `call(name, json)`; what comes back is JSON.
`boot` brings the debugger up in a program that is started, `attached` in one that runs; `connecting` connects it.
Its rooms: `places` (where code stands), `stopping`, `stepping`, `raising` (exceptions), `templating`, `running`
(threads, tasks, greenlets), `family` (child processes), `testing`, `values`, and `inspecting` (what an agent sees).
The server may import `stopping.lines` and `command_lines` too: they need no pydevd.
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
    from . import all_breakpoints, introduction
    from .inspecting import completion, evaluation, frames, modules, moves
    from .raising import exceptions
    from .running import threads
    from .stopping import lines

    entries: dict[str, Callable[..., Any]] = {
        "introduce": introduction.introduce,
        "resolve": lines.resolve,
        "main_file": lines.main_file,
        "check_program": lines.check_program,
        "set_breakpoints": all_breakpoints.set_table,
        "set_exceptions": exceptions.set_exceptions,
        "breakpoint_reports": all_breakpoints.reports,
        "stop_page": frames.stop_page,
        "overview": threads.overview,
        "find_thread": threads.find,
        "stack": threads.stack,
        "awaiting": threads.awaiting,
        "stands": threads.stands,
        "resume_alone": threads.resume_alone,
        "variables": frames.variables,
        "evaluate": evaluation.evaluate,
        "set_variable": evaluation.set_variable,
        "aim": moves.aim,
        "destination": moves.destination,
        "modules": modules.page,
        "complete": completion.complete,
    }
    return entries[name]


def settle() -> None:
    """Make ready in a program that runs under a debugger already; what `boot` does before a program begins."""
    import pydevd
    from pydevd import PyDevdAPI

    from . import patches
    from .running import native
    from .stopping import breakpoint_calls, suspension

    native.follow(pydevd.threading)
    debugger = pydevd.get_global_debugger()
    suspension.forget()
    patches.apply_to_running(pydevd)
    breakpoint_calls.watch_modules()
    PyDevdAPI().set_dont_trace_start_end_patterns(debugger, ("<mcp-debug>",), ())


def hit(key: str) -> bool:
    """Whether the program must stop at the line `key`; the condition of each of our DAP breakpoints."""
    from .stopping import breakpoints

    return breakpoints.hit(key)
