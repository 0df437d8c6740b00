"""What a shell offers at TAB: sessions, breakpoints and names of the stopped program; nothing is begun for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem, get_completion_class

from ..known_server import read
from ..settings import HttpSettings
from .calls import Failure, call

SHELLS = ("bash", "zsh", "fish")
Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def completes(name: str, schema: dict[str, Any]) -> Complete | None:
    """How the values of a tool's parameter are completed; None: as click does it."""
    if "enum" in schema:
        return lambda context, parameter, incomplete: [
            CompletionItem(word) for word in schema["enum"] if word.startswith(incomplete)
        ]
    if name in ("file", "program"):
        return lambda context, parameter, incomplete: [CompletionItem(incomplete, type="file")]
    asked = {"session": _sessions, "breakpoint": _breakpoints, "path": _names, "expression": _names}.get(name)
    if asked is None:
        return None
    return lambda context, parameter, incomplete: [CompletionItem(word) for word in asked(incomplete)]


def _sessions(incomplete: str) -> list[str]:
    return _starting(_asked("sessions").get("sessions"), incomplete)


def _breakpoints(incomplete: str) -> list[str]:
    return _starting(_asked("list_breakpoints").get("breakpoints"), incomplete)


def _starting(lines: Any, incomplete: str) -> list[str]:
    """The first word of each line."""
    words = [str(line).split()[0].rstrip(":") for line in lines] if isinstance(lines, list) else []
    return [word for word in words if word.startswith(incomplete)]


def _names(incomplete: str) -> list[str]:
    head = incomplete.rpartition(".")[0]
    # Each with its kind behind a colon.
    names = [str(line).partition(":")[0] for line in _asked("complete", text=incomplete).get("completions", ())]
    return [f"{head}.{name}" if head else name for name in names]


def _asked(tool: str, **arguments: Any) -> dict[str, Any]:
    """What a server that lives says; nothing where there is none."""
    known = read(HttpSettings().state_folder)
    try:
        return call(known, tool, arguments).data if known is not None else {}
    except Failure:
        return {}


def script(shell: str, group: click.Command) -> str:
    """The text that a shell evaluates to complete our commands."""
    made = get_completion_class(shell)
    assert made is not None
    return made(group, {}, "mcp-debug", "_MCP_DEBUG_COMPLETE").source()
