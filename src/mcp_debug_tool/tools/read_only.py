"""The tools as `serve --read-only` offers them: nothing in them runs code in a program, or changes it.

What is offered is named here parameter by parameter, so that nothing new is offered before somebody has thought about
it. `debuggee/read_only.py` is the second lock, inside the program.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_type_hints

from ..errors import DebugError
from ..views import Answer
from .parameters import PlainBreakpoints
from .registration import ToolFunction

INSTRUCTIONS = """\
A real debugger for Python programs (breakpoint, step, variables, stack, exception), read-only here: it looks into \
programs that run, and neither starts, evaluates nor changes anything. Reach for it when reading the code does not \
explain a crash, a wrong value or a hang.
Shortest way: attach(pid=... or port=..., breakpoints=[{file, line}]) answers with why, where, source, stack and \
variables of the first stop; without breakpoints: pause, which finds out why it hangs. Then step, continue, \
get_variables(path=...), get_stack. At the end: stop, which lets the program run on.
Values are shown by what they hold: no __repr__, property or __getitem__ of the program is called.
Calls never block past timeout_s (in seconds, 20 unless given, at most 50): 'still running' means go on with wait, \
pause or get_output. session may be left out while one is alive; frame is an index of get_stack, by default the frame \
of the page; detail=full lifts the size limit of a page. Children are debugged too: a stop names its process. thread \
names a thread, an asyncio task or a process (worker-1, Task-3, p1.2, p1.2/worker-1), by default the one that stopped; \
get_stack(thread='all') shows them all."""

OFFERED: Mapping[str, tuple[str, ...]] = {
    "attach": (
        *("pid", "port", "host", "listen", "token", "path_map"),
        *("breakpoints", "break_on", "just_my_code", "timeout_s"),
    ),
    "set_breakpoint": (
        *("file", "line", "text", "function", "exception"),
        *("hit_condition", "temporary", "session"),
    ),
    "list_breakpoints": ("session",),
    "remove_breakpoint": ("breakpoint", "file", "all", "session"),
    "continue": ("until", "thread", "timeout_s", "session", "detail"),
    "step": ("kind", "count", "target", "thread", "timeout_s", "session", "detail"),
    "pause": ("thread", "timeout_s", "session"),
    "wait": ("for_", "timeout_s", "session"),
    "get_stack": ("thread", "start", "count", "session"),
    "get_variables": ("path", "frame", "thread", "scope", "filter", "depth", "start", "count", "session"),
    "get_output": ("since", "stream", "pattern", "limit", "session"),
    "stop": ("session",),
    "sessions": (),
    "modules": ("filter", "start", "count", "thread", "session"),
    "complete": ("text", "column", "frame", "thread", "session"),
}
"""Each tool that is left, and those of its parameters that are."""

_DESCRIPTIONS = {
    "set_breakpoint": """Set a breakpoint or exception breakpoint, at any time; before an attach it waits for it.
    Answers with its id, its real line and that line's source.""",
    "get_output": """Get what the program has printed (stdout, stderr), as far as the debugger sees it. Answers with
    the text and a cursor to read on from.""",
    "stop": """End a debugging session: the program is let go and runs on. Answers with how it ended, if it has.""",
}
_ANNOTATIONS: Mapping[str, Mapping[str, Any]] = {"attach": {"breakpoints": PlainBreakpoints}}
# `start=30` is a parameter of tools that are there.
_MISSING = re.compile(r"\b(start|restart|evaluate|set_variable|goto)\b(?!=)")
_INSTEAD = "attach to a program that runs"


def is_offered(function: ToolFunction) -> bool:
    """Whether anything of a tool is left."""
    return _name(function) in OFFERED


def narrowed(function: ToolFunction) -> ToolFunction:
    """The tool with those parameters that are offered; its answers name no tool that is not there."""
    name = _name(function)
    kept = ["context", *OFFERED[name]]
    hints = {**get_type_hints(function, include_extras=True), **_ANNOTATIONS.get(name, {})}
    signature = inspect.signature(function)

    async def run(**arguments: Any) -> Answer:
        try:
            answer = await function(**arguments)
        except DebugError as error:
            error.hint = possible(error.hint)
            raise
        told = {key: possible(str(value)) if key == "next" else value for key, value in answer.fields.items()}
        return replace(answer, fields=told)

    run.__name__ = function.__name__
    run.__doc__ = _DESCRIPTIONS.get(name, function.__doc__)
    run.__annotations__ = {key: hints[key] for key in [*kept, "return"]}
    parameters = [signature.parameters[key] for key in kept]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return run


def _name(function: ToolFunction) -> str:
    return function.__name__.rstrip("_")


def possible(advice: str) -> str:
    """The parts of a piece of advice that can be followed; another one where none can."""
    parts = [part.strip().removeprefix("or ") for part in re.split("[,;] ", advice)]
    left = [part for part in parts if part and not _MISSING.search(part)]
    return ", ".join(left) if left or not advice else _INSTEAD
