"""From words of a command line to the arguments of a tool, by the JSON schema of each."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

import click

from .completion import completes

_SHORT = {"breakpoints": "-b", "session": "-s", "module": "-m", "code": "-c", "timeout_s": "-t"}
# Called so where the option is given once for each.
_SINGULAR = {"breakpoints": "breakpoint"}
_METAVARS = {"breakpoints": "FILE:LINE", "trigger": "URL", "timeout_s": "SECONDS"}
# What agents are told otherwise, or in the instructions of the server.
_HELP = {
    "breakpoints": "Stop there; also 'FILE:LINE if CONDITION', or what set-breakpoint takes, as JSON.",
    "break_on": "Exceptions to stop at: uncaught, raised, user_unhandled, class names; none for none.",
    "cwd": "Default: this folder.",
    "detail": "full: more of the source, the stack and the values.",
    "env": "Variables added to those of this shell.",
    "env_file": "A file of such variables (.env).",
    "follow_children": "Debug child processes too.",
    "frame": "0 is the innermost; see get-stack.",
    "pytest": "Node ids, such as tests/test_x.py::test_y[1]; a dot for all. Stops at each failing assertion.",
    "send": "Give this line to the program's stdin first; a single ^D closes it.",
    "stream": "Only this one.",
    "session": "Its id, as in sessions; needed where several are alive.",
    "stop_on_entry": "Stop at the first line.",
    "thread": "Its name or id, as in get-stack --thread all.",
    "timeout_s": "How long to wait, 50 at most; the program runs on.",
    "trigger": "Send this request meanwhile: a URL, or JSON with url, method, headers, body.",
}
_PLACE = re.compile(r"(?P<file>.+?):(?P<line>\d+)(?: if (?P<condition>.+))?")
_NONE = ["none"]


def option(name: str, schema: dict[str, Any]) -> click.Option:
    """One parameter of a tool as an option."""
    word = _SINGULAR.get(name, name).replace("_", "-")
    switch = f"--{word}/--no-{word}" if schema.get("default") is True else f"--{word}"
    several = name != "trigger" and (is_list(schema) or schema.get("type") == "object")
    return click.Option(
        [*([_SHORT[name]] if name in _SHORT else []), switch, name],
        type=_type(schema),
        is_flag=schema.get("type") == "boolean",
        multiple=several,
        default=() if several else None,
        metavar=_METAVARS.get(name, "NAME=VALUE" if schema.get("type") == "object" else None),
        help=_HELP.get(name, str(schema.get("description", ""))) + (" Repeatable." if several else ""),
        shell_complete=completes(name, schema),
    )


def is_list(schema: dict[str, Any]) -> bool:
    """Whether several values may be given."""
    return schema.get("type") == "array" or any(each.get("type") == "array" for each in schema.get("anyOf", ()))


def _type(schema: dict[str, Any]) -> click.ParamType[Any] | None:
    if "enum" in schema:
        return click.Choice(schema["enum"])
    types: dict[str, click.ParamType[Any] | None] = {"integer": click.INT, "number": click.FLOAT, "boolean": None}
    return types.get(str(schema.get("type")), click.STRING)


def converted(name: str, word: str, schema: dict[str, Any]) -> Any:
    """A word in the place of an option.

    Raises:
        click.BadParameter: it is none that the option would take.
    """
    kind = _type(schema)
    return word if kind is None else kind.convert(word, option(name, schema), None)


def given(typed: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed at all."""
    return {name: value for name, value in typed.items() if value is not None and value != ()}


def argument(name: str, value: Any, schema: dict[str, Any]) -> Any:
    """The value of a parameter, from what was typed.

    Raises:
        click.BadParameter: it is not of the form that the option says.
    """
    if name in _SPECIAL:
        return _SPECIAL[name](value)
    if schema.get("type") == "object":
        return dict(_pair(name, text) for text in value)
    if isinstance(value, tuple):
        return list(value)
    # A port or a pattern, as it looks.
    return int(value) if "anyOf" in schema and str(value).isdigit() else value


def place(text: str) -> dict[str, Any]:
    """`file:line if condition` in its parts; with less, what there is of it."""
    match = _PLACE.fullmatch(text)
    if match is None:
        return {"file": _here(text)}
    parts = {"file": _here(match["file"]), "line": int(match["line"])}
    return parts if match["condition"] is None else {**parts, "condition": match["condition"]}


def _until(text: str) -> str:
    match = _PLACE.fullmatch(text)
    return text if match is None else f"{_here(match['file'])}:{match['line']}"


def _here(file: str) -> str:
    """A file of the folder in which the command is typed, else what the session makes of it."""
    return os.path.abspath(file) if os.path.isfile(file) else file


def _breakpoint(text: str) -> Any:
    return _parsed("breakpoint", text) if text.lstrip().startswith("{") else place(text)


def _parsed(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no JSON: {error}", param_hint=f"--{name}") from None


def _pair(name: str, text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.BadParameter(f"{text!r} is not of the form NAME=VALUE", param_hint=f"--{name.replace('_', '-')}")
    return key, value


def _line(text: str) -> str:
    """As a shell's own `echo` has it; ^D ends the input."""
    if text in ("^D", "\x04"):
        return "\x04"
    return text if text.endswith("\n") else f"{text}\n"


_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "breakpoints": lambda texts: [_breakpoint(text) for text in texts],
    "trigger": lambda text: _parsed("trigger", text) if text.lstrip().startswith("{") else {"url": text},
    "break_on": lambda names: [] if list(names) == _NONE else list(names),
    "pytest": lambda nodes: [] if list(nodes) == ["."] else list(nodes),
    "until": _until,
    "send": _line,
}
