"""A named entry of VS Code's `.vscode/launch.json`, in our own words. Read only when a call names it.

What the entries mean is documented in VS Code's "Variables reference" and "Debug code with Visual Studio Code", in its
page "Python debugging in VS Code", and in debugpy's wiki page "Debug configuration settings". What would change the
run and is not done here is refused by its key, with the call that does it. Nothing is started, no task run, nobody
asked. Values that came from the environment may be secrets: no error shows one.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..debuggee.command_lines import read_arguments
from .launch_json import WAYS, Scope, find, named_entry, refuse, replaced, requested, scope_of, shown

# These change what VS Code shows, which process it uses for itself, or what only an adapter of its own needs; the
# program runs the same. Template debugging (django, jinja, ...) adds breakpoints in templates, of which there are none.
# fmt: off
IGNORED = frozenset({
    "name", "type", "request", "version", "order", "presentation", "console", "internalConsoleOptions", "consoleName",
    "consoleTitle", "purpose", "logToFile", "redirectOutput", "showReturnValue", "variablePresentation",
    "suppressMultipleSessionWarning", "debugAdapterPath", "debugAdapterPython", "debugLauncherPython",
    "debugLauncherPath", "guiEventLoop", "django", "jinja", "pyramid", "flask", "waitOnNormalExit",
    "waitOnAbnormalExit", "clientOS", "workspaceFolder",
})
# Old spellings in `debugOptions` that are as harmless.
_IGNORED_OPTIONS = frozenset({
    "RedirectOutput", "ShowReturnValue", "Django", "Jinja", "Flask", "Pyramid", "FixFilePathCase", "WindowsClient",
    "UnixClient", "WebClient", "WaitOnNormalExit", "WaitOnAbnormalExit",
})
# What is run, how it is reached, and what both may say.
_RUN_KEYS = frozenset({
    "program", "module", "code", "args", "pythonArgs", "env", "envFile", "cwd", "python", "pythonPath", "gevent",
})
_REACH_KEYS = frozenset({"connect", "listen", "processId", "host", "port"})
_KEYS = _RUN_KEYS | _REACH_KEYS | {
    "justMyCode", "stopOnEntry", "subProcess", "pathMappings", "localRoot", "remoteRoot", "debugOptions",
}
# fmt: on
# What an entry may ask for and we do not do; `{call}` is the call without the entry.
_REFUSED = {
    "preLaunchTask": "Run the task yourself, then call {call}.",
    "postDebugTask": "Call {call}, and run the task yourself when the program has ended.",
    "serverReadyAction": "Call {call}, and open the address yourself when the output shows it.",
    "autoStartBrowser": "Call {call}, and open the address yourself.",
    "autoReload": "Call {call}; after an edit call restart.",
    "sudo": "Start the server as that user, or call {call} to run as the present one.",
    "rules": "Call {call} with just_my_code=false to see all code.",
    "breakOnSystemExitZero": 'Call {call} with break_on=["raised"].',
    "debugServer": "Call {call}, or attach(host=..., port=...) where the program itself listens.",
    "noDebug": "Call {call} to debug it.",
    "restart": "Call {call} again when the connection has ended.",
}
# What stands in quotes or after a backslash, where no shell looks for more.
_QUOTED = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\$`])*\"""", re.DOTALL)
_SHELL = re.compile(r"[$`|&;<>()*?\n]|(?<!\S)~")


@dataclass(frozen=True)
class Configuration:
    """One debug configuration, its variables replaced, in our own words."""

    name: str
    request: Literal["launch", "attach"]
    program: str | None = None
    """Absolute path."""
    module: str | None = None
    code: str | None = None
    args: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    """Options of the interpreter."""
    env: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    """None removes a variable. These win over those of `env_file`."""
    env_file: str | None = None
    """Absolute path; nobody has looked whether it exists, and VS Code runs without one that does not."""
    cwd: str | None = None
    """Absolute path; the workspace folder where a launch does not say."""
    python: str | None = None
    """Absolute path or bare name; None where the entry leaves it to the selected interpreter."""
    just_my_code: bool = True
    stop_on_entry: bool = False
    follow_children: bool = True
    host: str | None = None
    """Where the program listens, with `port`."""
    port: int | None = None
    listen: tuple[str, int] | None = None
    """Where the program will connect to."""
    pid: int | None = None
    path_map: tuple[tuple[str, str], ...] = ()
    """(local, remote) folders; the local one is absolute, the remote one `.` where it is the program's own cwd."""


def read(name: str, *, cwd: str, file: str | None, environ: Mapping[str, str]) -> Configuration:
    """The entry `name` of the nearest `.vscode/launch.json` at or above `cwd`.

    `file` is the absolute path that `${file}` stands for, if any; `environ` is what `${env:NAME}` looks into.
    `${command:python.interpreterPath}` as the interpreter counts as none given. Keys that only launch a program are
    passed over in an entry that attaches, as VS Code does.

    Raises:
        InvalidArgument: there is no such file or entry, or it cannot be done; `hint` has the call instead.
    """
    path = find(cwd)
    entry = named_entry(path, name)
    scope = scope_of(entry, path, file=file, environ=environ)
    request = requested(entry)
    asked = _asked(entry, request, scope)
    values = {key: replaced(value, key, scope) for key, value in asked.items()}
    _apply_debug_options(values, scope)
    return _configuration(name, request, values, scope.folder)


def _asked(entry: Mapping[str, Any], request: str, scope: Scope) -> dict[str, Any]:
    """The keys that change the run; what we do not do and what nobody knows is refused."""
    asked = {}
    for key, value in entry.items():
        if key in IGNORED or key.startswith(("_", "$", "//")) or (key in _RUN_KEYS and request == "attach"):
            continue
        if key in _REFUSED:
            wanted = value.get("enable") if key == "autoReload" and isinstance(value, dict) else value
            if wanted:
                refuse(f"{key} is not done here", _REFUSED[key].replace("{call}", scope.call))
        elif key in _REACH_KEYS and request == "launch":
            refuse(f"{key} belongs to attach, and the entry says launch", f"Call {scope.call} or attach(...).")
        elif key in _KEYS:
            asked[key] = value
        else:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            meant = f"Did you mean {near[0]}? If not, call" if near else "Call"
            refuse(f"{shown(key)} is unknown here", f"{meant} {scope.call}.")
    return asked


# --- keys -----------------------------------------------------------------------------------------------------


def _apply_debug_options(values: dict[str, Any], scope: Scope) -> None:
    """Lay the flags of old entries over the keys that took their place."""
    for option in _texts(values, "debugOptions"):
        if option == "DebugStdLib":
            values["justMyCode"] = False
        elif option == "StopOnEntry":
            values["stopOnEntry"] = True
        elif option in ("SubProcess", "Multiprocess"):
            values["subProcess"] = True
        elif option not in _IGNORED_OPTIONS:
            # Not named: it may be the value of a variable.
            refuse("debugOptions asks for something that is not done here", f"Call {scope.call}.")


def _configuration(
    name: str, request: Literal["launch", "attach"], values: Mapping[str, Any], folder: str
) -> Configuration:
    specific = _launched(values, folder) if request == "launch" else _reached(values)
    return Configuration(
        name=name,
        request=request,
        just_my_code=_flag(values, "justMyCode", default=True),
        stop_on_entry=_flag(values, "stopOnEntry", default=False),
        follow_children=_flag(values, "subProcess", default=True),
        path_map=_path_map(values, folder),
        **specific,
    )


def _launched(values: Mapping[str, Any], folder: str) -> dict[str, Any]:
    cwd = os.path.normpath(os.path.join(folder, _text(values, "cwd")))
    program, module = _text(values, "program"), _text(values, "module")
    code = "\n".join(_texts(values, "code"))
    given = [key for key, text in (("program", program), ("module", module), ("code", code)) if text]
    if len(given) != 1:
        what = f"has {' and '.join(given)}" if given else "has nothing to run"
        refuse(f"the entry {what}", f"Mend it, or give {WAYS} without it.")
    env_file = _text(values, "envFile")
    python = _texts(values, "python") or _texts(values, "pythonPath")
    return {
        "program": os.path.normpath(os.path.join(cwd, program)) if program else None,
        "module": module or None,
        "code": code or None,
        "args": _args(values),
        "flags": _flags((*python[1:], *_texts(values, "pythonArgs"))),
        "env": _env(values),
        "env_file": os.path.normpath(os.path.join(folder, env_file)) if env_file else None,
        "cwd": cwd,
        "python": _interpreter(python[0], folder) if python else None,
    }


def _flags(flags: tuple[str, ...]) -> tuple[str, ...]:
    line = read_arguments(flags)
    if line.is_closed:
        what = "the interpreter's options switch off PYTHONPATH or site, by which the debugger comes in"
        refuse(what, "Take -I, -E and -S out of the entry's pythonArgs and python.")
    if line.kind != "stdin":
        refuse("the interpreter's options say what to run", "Put that into program, module or code of the entry.")
    return flags


def _interpreter(python: str, folder: str) -> str | None:
    # A bare name is looked for on PATH.
    return os.path.normpath(os.path.join(folder, python)) if os.sep in python else python or None


def _args(values: Mapping[str, Any]) -> tuple[str, ...]:
    if not isinstance(values.get("args"), str):
        return _texts(values, "args")
    if _SHELL.search(_QUOTED.sub("", values["args"])):
        refuse("args is a text that needs a shell", 'Make it a list, or give args=["..."] without the entry.')
    try:
        return tuple(shlex.split(values["args"]))
    except ValueError:
        problem = "args has a quotation that does not end"
    return refuse(problem, "Make it a list of texts.")


def _env(values: Mapping[str, Any]) -> dict[str, str | None]:
    env = values.get("env", {})
    if not isinstance(env, dict):
        refuse("env is not an object", "Mend the entry.")
    for name, value in env.items():
        if not name or "=" in name:
            refuse("env has a name that no variable can have", "Mend the entry.")
        if value is not None and not isinstance(value, str):
            refuse(f"env.{shown(name)} is not a text", "Put its value in quotes.")
    return {**env, "GEVENT_SUPPORT": "True"} if _flag(values, "gevent", default=False) else dict(env)


def _reached(values: Mapping[str, Any]) -> dict[str, Any]:
    old = {key: values[key] for key in ("host", "port") if key in values}
    ways = [key for key in ("connect", "listen", "processId") if key in values] + (["host or port"] if old else [])
    if len(ways) != 1:
        what = f"has {' and '.join(ways)}" if ways else "says neither connect nor listen nor processId"
        refuse(f"the entry {what}", "Call attach(host=..., port=...), attach(listen=...) or attach(pid=...).")
    if ways == ["processId"]:
        return {"pid": _number(values["processId"], "processId", 1 << 31)}
    place = old or values[ways[0]]
    if not isinstance(place, dict):
        refuse(f"{ways[0]} is not an object", 'Such as {"host": "127.0.0.1", "port": 5678}.')
    host = _text(place, "host") or "127.0.0.1"
    port = _number(place.get("port"), "port", 1 << 16)
    return {"listen": (host, port)} if ways == ["listen"] else {"host": host, "port": port}


def _path_map(values: Mapping[str, Any], folder: str) -> tuple[tuple[str, str], ...]:
    listed = values.get("pathMappings", [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        refuse("pathMappings is not a list of objects", 'Such as [{"localRoot": "...", "remoteRoot": "..."}].')
    pairs = [(_text(one, "localRoot"), _text(one, "remoteRoot")) for one in listed]
    if "localRoot" in values or "remoteRoot" in values:
        pairs.append((_text(values, "localRoot"), _text(values, "remoteRoot")))
    if not all(local and remote for local, remote in pairs):
        refuse("a path mapping lacks its localRoot or its remoteRoot", "Mend the entry.")
    return tuple((os.path.normpath(os.path.join(folder, local)), remote) for local, remote in pairs)


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key, "")
    if not isinstance(value, str):
        refuse(f"{key} is not a text", "Mend the entry.")
    return value


def _texts(values: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """A list of texts, or the one text where there is but one."""
    value = values.get(key, [])
    texts: Sequence[Any] = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        refuse(f"{key} is not a list of texts", "Mend the entry; numbers stand in quotes.")
    return tuple(texts)


def _flag(values: Mapping[str, Any], key: str, *, default: bool) -> bool:
    value = values.get(key, default)
    if not isinstance(value, bool):
        refuse(f"{key} is neither true nor false", "Mend the entry.")
    return value


def _number(value: Any, key: str, limit: int) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < limit:
        refuse(f"{key} is no number from 1 to {limit - 1}", "Mend the entry, or call attach(...) without it.")
    return value
