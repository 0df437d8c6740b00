"""Every tool as a verb: `mcp-debug start app.py -b app.py:12`, `mcp-debug step`, `mcp-debug get-variables items[0]`."""

from __future__ import annotations

import os
from typing import Any

import click

from ..settings import TOKEN_VARIABLE
from . import parameters
from .background import Background
from .completion import completes
from .definitions import all_tools
from .pages import show, telling

# What may be said without the name of its option, in this order; one that is a list takes all the rest.
_POSITIONAL = {
    "start": ("program", "args"),
    "attach": ("pid",),
    "set_breakpoint": ("file",),
    "remove_breakpoint": ("breakpoint",),
    "step": ("kind",),
    "get_variables": ("path",),
    "evaluate": ("expression",),
    "set_variable": ("path", "value"),
    "restart": ("session",),
    "stop": ("session",),
    "goto": ("line",),
    "complete": ("text",),
}
_METAVARS = {"start": "[PROGRAM] [-- ARGS...]", "set_breakpoint": "[FILE:LINE]", "evaluate": "EXPRESSION..."}
# With one of these there is no program, and all words are its arguments.
_WAYS = ("module", "code", "pytest", "command", "configuration")


def verb(name: str) -> click.Command | None:
    """The command for a tool, if there is one of this name; dashes are underscores."""
    tool = all_tools().get(name.replace("-", "_"))
    return None if tool is None else _command(tool)


def _command(tool: dict[str, Any]) -> click.Command:
    name, schemas = tool["name"], tool["inputSchema"]["properties"]
    positional = _POSITIONAL.get(name, ())
    words: list[click.Parameter] = []
    if positional:
        shown = _METAVARS.get(name, " ".join(f"[{each.upper()}]" for each in positional))
        words = [
            click.Argument(
                ["words"], nargs=-1, metavar=shown, shell_complete=completes(positional[0], schemas[positional[0]])
            )
        ]
    options = [parameters.option(each, schema) for each, schema in schemas.items() if each != "args"]
    as_json = click.Option(["--json", "as_json"], is_flag=True, help="Print the answer's data as one line of JSON.")

    def run(as_json: bool, words: tuple[str, ...] = (), **typed: Any) -> None:
        arguments = {**parameters.given(typed), **_named(name, words, typed, schemas)}
        arguments = {each: parameters.argument(each, value, schemas[each]) for each, value in arguments.items()}
        show(_answer(name, arguments), as_json=as_json)

    return click.Command(
        name.replace("_", "-"), callback=run, params=[*words, *options, as_json], help=tool["description"]
    )


def _named(name: str, words: tuple[str, ...], typed: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """The words that came without the name of an option, by the parameters they are for."""
    positional = list(_POSITIONAL.get(name, ()))
    if name == "start" and any(parameters.given(typed).get(way) for way in _WAYS):
        positional.remove("program")
    found: dict[str, Any] = {}
    for each in positional:
        if words and parameters.is_list(schemas[each]):
            found[each], words = words, ()
        elif words:
            found[each] = parameters.converted(each, words[0], schemas[each])
            words = words[1:]
    if words:
        raise click.UsageError(f"{name.replace('_', '-')}: what is {words[0]!r} for? Give it behind an option's name.")
    return found


def _answer(name: str, arguments: dict[str, Any]) -> Any:
    if name == "start":
        arguments = _as_from_this_shell(arguments)
    elif name == "set_breakpoint" and "file" in arguments:
        place = parameters.place(arguments.pop("file"))
        arguments = {**place, **arguments}
    with telling() as told:
        return Background().call(name, arguments, told=told)


def _as_from_this_shell(arguments: dict[str, Any]) -> dict[str, Any]:
    """As if the program were run from here: this folder, this environment."""
    environ = {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE and _is_text(value)}
    return {
        **arguments,
        "cwd": os.path.abspath(arguments.get("cwd", "")),
        "env": {**environ, **arguments.get("env", {})},
    }


def _is_text(value: str) -> bool:
    """Whether JSON can hold it."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
