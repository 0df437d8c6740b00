"""A named entry of VS Code's `.vscode/launch.json`, in our own words. Read only when a call names it.

What the entries mean is documented in VS Code's "Variables reference" and "Debug code with Visual Studio Code", in its
page "Python debugging in VS Code", and in debugpy's wiki page "Debug configuration settings". What would change the
run and is not done here is refused by its key, with the call that does it. Nothing is started, no task run, nobody
asked. Values that came from the environment may be secrets: no error shows one.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

import json5

from . import env_files
from .errors import InvalidArgument

# Plain JSON may fill the whole file. With comments or trailing commas it is read by json5, which takes 9 ms a KiB:
# more than this would keep the agent waiting.
MAX_COMMENTED = 64 << 10
TYPES = ("debugpy", "python")

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
_PLATFORMS = {"linux": "linux", "darwin": "osx", "win32": "windows"}

_VARIABLE = re.compile(r"\$\{(.*?)\}", re.DOTALL)
# What stands in quotes or after a backslash, where no shell looks for more.
_QUOTED = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\$`])*\"""", re.DOTALL)
_SHELL = re.compile(r"[$`|&;<>()*?\n]|(?<!\S)~")
_JSON5_PLACE = re.compile(r"<string>:(\d+) (.*) at column (\d+)", re.DOTALL)
# No key that is read holds anything deeper; what is deeper has the wrong type anyway.
_DEEPEST = 3


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
    path = _find(cwd)
    entry = _for_this_platform(_entry(_document(path), name, path))
    scope = _Scope(os.path.dirname(os.path.dirname(path)), file, environ, _call(entry, path, file))
    request = _request(entry)
    asked = _asked(entry, request, scope)
    values = {key: _replaced(value, key, scope) for key, value in asked.items()}
    _apply_debug_options(values, scope)
    return _configuration(name, request, values, scope.folder)


def _refuse(message: str, hint: str) -> NoReturn:
    raise InvalidArgument("configuration", message, hint=hint)


def _shown(name: str) -> str:
    """A name out of the file, without control characters and not too long."""
    return repr(name[:77] + "..." if len(name) > 80 else name)[1:-1]


# --- the file and its entry -----------------------------------------------------------------------------------


def _find(cwd: str) -> str:
    folder = os.path.abspath(cwd)
    while True:
        path = os.path.join(folder, ".vscode", "launch.json")
        if os.path.lexists(path):
            return path
        if folder == os.path.dirname(folder):
            _refuse(f"there is no .vscode/launch.json at or above {cwd}", "Give cwd, or program, module or code.")
        folder = os.path.dirname(folder)


def _document(path: str) -> dict[str, Any]:
    text = env_files.text(path, "configuration", hint="Leave configuration out and give program, module or code.")
    document = _parsed(text, path)
    if not isinstance(document, dict) or not isinstance(document.get("configurations"), list):
        _refuse(f'{path} is no object with a list "configurations"', "Mend the file, or give program, module or code.")
    return document


def _parsed(text: str, path: str) -> Any:
    """Plain JSON, or else JSON with comments; the words about what is wrong are the parser's."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        problem = str(error)
    if len(text) > MAX_COMMENTED:
        problem = f"({problem}), and with comments it may have {MAX_COMMENTED >> 10} KiB"
        _refuse(f"{path} is not plain JSON {problem}", "Mend or shorten the file, or give program, module or code.")
    try:
        return json5.loads(text)
    except RecursionError:
        problem = "is nested too deeply"
    except ValueError as error:
        found = _JSON5_PLACE.search(str(error))
        problem = f"{found[1]}:{found[3]}: {_shown(found[2])}" if found else f"1:1: {_shown(str(error))}"
    # Outside the handlers: what they handled holds the text of the file.
    _refuse(f"{path} does not parse: {problem}", "Mend the file, or give program, module or code.")


def _entry(document: Mapping[str, Any], name: str, path: str) -> dict[str, Any]:
    entries = [one for one in document["configurations"] if isinstance(one, dict) and isinstance(one.get("name"), str)]
    found = [one for one in entries if one["name"] == name]
    if len(found) == 1:
        return found[0]
    if found:
        _refuse(f"{len(found)} entries of {path} have this name", "Make the names differ, or give program.")
    compounds = document.get("compounds")
    for compound in compounds if isinstance(compounds, list) else []:
        if isinstance(compound, dict) and compound.get("name") == name:
            _refuse("is a compound, which starts several entries", "Name them one by one, a session each.")
    names = [one["name"] for one in entries]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"Did you mean {_shown(near[0])}? " if near else ""
    listed = "; ".join(_shown(one) for one in names[:20]) + ("; ..." if len(names) > 20 else "")
    _refuse(f"{path} has no entry of this name", f"{hint}It has: {listed}." if names else "It has no entries.")


def _for_this_platform(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with the block of this operating system laid over it, and the others' taken away."""
    own = _PLATFORMS.get(sys.platform)
    block = entry.get(own, {}) if own is not None else {}
    if not isinstance(block, dict):
        _refuse(f"{own} is not an object", "Mend the entry.")
    return {key: value for key, value in {**entry, **block}.items() if key not in _PLATFORMS.values()}


def _request(entry: Mapping[str, Any]) -> Literal["launch", "attach"]:
    if entry.get("type") not in TYPES:
        type_ = entry.get("type")
        what = f"its type is {_shown(type_)}" if isinstance(type_, str) else "it has no type"
        _refuse(f"{what}; only {' and '.join(TYPES)} are debugged here", "Name an entry of such a type.")
    request = entry.get("request")
    if request == "launch":
        return "launch"
    if request == "attach":
        return "attach"
    _refuse("its request is neither launch nor attach", 'To debug a test call start(module="pytest", args=[...]).')


def _asked(entry: Mapping[str, Any], request: str, scope: _Scope) -> dict[str, Any]:
    """The keys that change the run; what we do not do and what nobody knows is refused."""
    asked = {}
    for key, value in entry.items():
        if key in IGNORED or key.startswith(("_", "$", "//")) or (key in _RUN_KEYS and request == "attach"):
            continue
        if key in _REFUSED:
            wanted = value.get("enable") if key == "autoReload" and isinstance(value, dict) else value
            if wanted:
                _refuse(f"{key} is not done here", _REFUSED[key].replace("{call}", scope.call))
        elif key in _REACH_KEYS and request == "launch":
            _refuse(f"{key} belongs to attach, and the entry says launch", f"Call {scope.call} or attach(...).")
        elif key in _KEYS:
            asked[key] = value
        else:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            meant = f"Did you mean {near[0]}? If not, call" if near else "Call"
            _refuse(f"{_shown(key)} is unknown here", f"{meant} {scope.call}.")
    return asked


def _call(entry: Mapping[str, Any], path: str, file: str | None) -> str:
    """The call that does the same without the entry; values that may hold secrets are left for the agent to fill in."""
    if entry.get("request") == "attach":
        how = "pid=..." if "processId" in entry else "listen=..." if "listen" in entry else "host=..., port=..."
        return f"attach({how})"
    parts = []
    for key in ("program", "module"):
        if isinstance(entry.get(key), str) and entry[key]:
            value = entry[key].replace("${workspaceFolder}", os.path.dirname(os.path.dirname(path)))
            value = value.replace("${file}", file) if file else value
            parts.append(f"{key}=..." if "${" in value else f"{key}={value!r}")
    names = {"code": "code", "args": "args", "env": "env", "envFile": "env_file", "cwd": "cwd", "python": "python"}
    parts += [f"{parameter}=..." for key, parameter in names.items() if entry.get(key)]
    return f"start({', '.join(parts or ['program=...'])})"


# --- variables ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Scope:
    """What variables stand for, and the call that does without the entry."""

    folder: str
    file: str | None
    environ: Mapping[str, str] = field(repr=False)
    call: str


_OF_FOLDER: dict[str, Callable[[str], str]] = {
    "workspaceFolder": str,
    "workspaceRoot": str,
    "cwd": str,
    "workspaceFolderBasename": os.path.basename,
    "workspaceRootFolderName": os.path.basename,
}
_OF_FILE: dict[str, Callable[[str, str], str]] = {
    "file": lambda file, folder: file,
    "fileWorkspaceFolder": lambda file, folder: folder,
    "relativeFile": os.path.relpath,
    "relativeFileDirname": lambda file, folder: os.path.relpath(os.path.dirname(file), folder),
    "fileBasename": lambda file, folder: os.path.basename(file),
    "fileBasenameNoExtension": lambda file, folder: os.path.splitext(os.path.basename(file))[0],
    "fileExtname": lambda file, folder: os.path.splitext(file)[1],
    "fileDirname": lambda file, folder: os.path.dirname(file),
    "fileDirnameBasename": lambda file, folder: os.path.basename(os.path.dirname(file)),
}
_CURES = {
    "command:pickArgs": 'Call {call} with args=["..."].',
    "command:pickProcess": "Call attach(pid=...).",
    "input": "VS Code would ask for it: call {call} with its value in place.",
    "command": "VS Code would run a command of its own: call {call} with its result in place.",
    "config": "Settings of VS Code are not read: call {call} with the value in place.",
}


def _replaced(value: Any, where: str, scope: _Scope, depth: int = 0) -> Any:
    """The value with each variable in its texts replaced; `where` is its key, for errors."""
    if isinstance(value, str):
        if where in ("python", "python[0]", "pythonPath") and value == "${command:python.interpreterPath}":
            return ""
        return _checked(_VARIABLE.sub(lambda match: _variable(match[1], where, scope), value), where)
    if depth < _DEEPEST and isinstance(value, list):
        return [_replaced(one, f"{where}[{i}]", scope, depth + 1) for i, one in enumerate(value)]
    if depth < _DEEPEST and isinstance(value, dict):
        names = {_replaced(key, f"a name in {where}", scope): key for key in value}
        return {new: _replaced(value[old], f"{where}.{_shown(old)}", scope, depth + 1) for new, old in names.items()}
    return value


def _checked(text: str, where: str) -> str:
    problem = "a NUL character" if "\0" in text else None
    # U+DC80 to U+DCFF stand for the bytes of a path or variable that is not UTF-8.
    if problem is None and re.search("[\ud800-\udc7f\udd00-\udfff]", text):
        problem = "half a character"
    if problem is not None:
        _refuse(f"{where} contains {problem}", "Mend the entry.")
    return text


def _variable(text: str, where: str, scope: _Scope) -> str:
    name, colon, argument = text.partition(":")
    if name == "env" and argument:
        # Empty where it is missing, as a shell and VS Code have it. What it holds is not looked through again.
        return scope.environ.get(argument, "")
    if name == "userHome":
        return scope.environ.get("HOME") or os.path.expanduser("~")
    if text in ("pathSeparator", "/"):
        return os.sep
    if name not in _OF_FOLDER and name not in _OF_FILE:
        _refuse_variable(text, where, scope)
    if colon and argument != os.path.basename(scope.folder):
        shown = _shown(os.path.basename(scope.folder))
        _refuse(f"{where} uses ${{{_shown(text)}}}, and the folder is {shown}", f"Call {scope.call} with its path.")
    return _OF_FOLDER[name](scope.folder) if name in _OF_FOLDER else _of_file(name, where, scope)


def _of_file(name: str, where: str, scope: _Scope) -> str:
    if scope.file is None:
        _refuse(f"{where} uses ${{{name}}}, the file open in VS Code", "Give program as well: it becomes ${file}.")
    if name == "fileWorkspaceFolder" and not scope.file.startswith(scope.folder.rstrip(os.sep) + os.sep):
        _refuse(f"{where} uses ${{{name}}}, and the file is outside the workspace folder", f"Call {scope.call}.")
    return _OF_FILE[name](scope.file, scope.folder)


def _refuse_variable(text: str, where: str, scope: _Scope) -> NoReturn:
    cure = _CURES.get(text) or _CURES.get(text.partition(":")[0]) or "Call {call} with its value in place."
    if text in scope.environ:
        cure = f"For the environment variable write ${{env:{text}}}, or call {{call}}."
    what = f"{where} uses ${{{_shown(text)}}}, which has no value here"
    _refuse(what, cure.replace("{call}", scope.call))


# --- keys -----------------------------------------------------------------------------------------------------


def _apply_debug_options(values: dict[str, Any], scope: _Scope) -> None:
    """Lay the flags of old entries over the keys that took their place."""
    for option in _texts(values, "debugOptions"):
        if option == "DebugStdLib":
            values["justMyCode"] = False
        elif option == "StopOnEntry":
            values["stopOnEntry"] = True
        elif option in ("SubProcess", "Multiprocess"):
            values["subProcess"] = True
        elif option not in _IGNORED_OPTIONS:
            _refuse(f"debugOptions asks for {_shown(option)}, which is not done here", f"Call {scope.call}.")


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
        _refuse(f"the entry {what}", "Mend it, or give exactly one of program, module and code without it.")
    env_file = _text(values, "envFile")
    python = _texts(values, "python") or _texts(values, "pythonPath")
    return {
        "program": os.path.normpath(os.path.join(cwd, program)) if program else None,
        "module": module or None,
        "code": code or None,
        "args": _args(values),
        "flags": (*python[1:], *_texts(values, "pythonArgs")),
        "env": _env(values),
        "env_file": os.path.normpath(os.path.join(folder, env_file)) if env_file else None,
        "cwd": cwd,
        "python": _interpreter(python[0], folder) if python else None,
    }


def _interpreter(python: str, folder: str) -> str | None:
    # A bare name is looked for on PATH.
    return os.path.normpath(os.path.join(folder, python)) if os.sep in python else python or None


def _args(values: Mapping[str, Any]) -> tuple[str, ...]:
    if not isinstance(values.get("args"), str):
        return _texts(values, "args")
    if _SHELL.search(_QUOTED.sub("", values["args"])):
        _refuse("args is a text that needs a shell", 'Make it a list, or give args=["..."] without the entry.')
    try:
        return tuple(shlex.split(values["args"]))
    except ValueError:
        problem = "args has a quotation that does not end"
    _refuse(problem, "Make it a list of texts.")


def _env(values: Mapping[str, Any]) -> dict[str, str | None]:
    env = values.get("env", {})
    if not isinstance(env, dict):
        _refuse("env is not an object", "Mend the entry.")
    for name, value in env.items():
        if not name or "=" in name:
            _refuse("env has a name that no variable can have", "Mend the entry.")
        if value is not None and not isinstance(value, str):
            _refuse(f"env.{_shown(name)} is not a text", "Put its value in quotes.")
    return {**env, "GEVENT_SUPPORT": "True"} if _flag(values, "gevent", default=False) else dict(env)


def _reached(values: Mapping[str, Any]) -> dict[str, Any]:
    old = {key: values[key] for key in ("host", "port") if key in values}
    ways = [key for key in ("connect", "listen", "processId") if key in values] + (["host or port"] if old else [])
    if len(ways) != 1:
        what = f"has {' and '.join(ways)}" if ways else "says neither connect nor listen nor processId"
        _refuse(f"the entry {what}", "Call attach(host=..., port=...), attach(listen=...) or attach(pid=...).")
    if ways == ["processId"]:
        return {"pid": _number(values["processId"], "processId", 1 << 31)}
    place = old or values[ways[0]]
    if not isinstance(place, dict):
        _refuse(f"{ways[0]} is not an object", 'Such as {"host": "127.0.0.1", "port": 5678}.')
    host = _text(place, "host") or "127.0.0.1"
    port = _number(place.get("port"), "port", 1 << 16)
    return {"listen": (host, port)} if ways == ["listen"] else {"host": host, "port": port}


def _path_map(values: Mapping[str, Any], folder: str) -> tuple[tuple[str, str], ...]:
    listed = values.get("pathMappings", [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        _refuse("pathMappings is not a list of objects", 'Such as [{"localRoot": "...", "remoteRoot": "..."}].')
    pairs = [(_text(one, "localRoot"), _text(one, "remoteRoot")) for one in listed]
    if "localRoot" in values or "remoteRoot" in values:
        pairs.append((_text(values, "localRoot"), _text(values, "remoteRoot")))
    if not all(local and remote for local, remote in pairs):
        _refuse("a path mapping lacks its localRoot or its remoteRoot", "Mend the entry.")
    return tuple((os.path.normpath(os.path.join(folder, local)), remote) for local, remote in pairs)


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key, "")
    if not isinstance(value, str):
        _refuse(f"{key} is not a text", "Mend the entry.")
    return value


def _texts(values: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """A list of texts, or the one text where there is but one."""
    value = values.get(key, [])
    texts: Sequence[Any] = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        _refuse(f"{key} is not a list of texts", "Mend the entry; numbers stand in quotes.")
    return tuple(texts)


def _flag(values: Mapping[str, Any], key: str, *, default: bool) -> bool:
    value = values.get(key, default)
    if not isinstance(value, bool):
        _refuse(f"{key} is neither true nor false", "Mend the entry.")
    return value


def _number(value: Any, key: str, limit: int) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < limit:
        _refuse(f"{key} is no number from 1 to {limit - 1}", "Mend the entry, or call attach(...) without it.")
    return value
