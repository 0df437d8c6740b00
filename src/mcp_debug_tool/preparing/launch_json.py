"""The file `.vscode/launch.json`: its named entry, and what stands for the variables in it.

Above it `configurations` knows what an entry's keys mean. Whatever is wrong is an InvalidArgument for `configuration`.
No value of a variable of the environment stands in one: it may be a secret.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

import json5

from ..errors import InvalidArgument
from . import env_files

# Plain JSON may fill the whole file. With comments or trailing commas it is read by json5, which takes 9 ms a KiB:
# more than this would keep the agent waiting.
MAX_COMMENTED = 64 << 10
TYPES = ("debugpy", "python")
# What says what to run where no configuration does.
WAYS = "program, module, code, pytest or command"
_PLATFORMS = {"linux": "linux", "darwin": "osx", "win32": "windows"}
_VARIABLE = re.compile(r"\$\{(.*?)\}", re.DOTALL)
_JSON5_PLACE = re.compile(r"<string>:(\d+) (.*) at column (\d+)", re.DOTALL)
# No key that is read holds anything deeper; what is deeper has the wrong type anyway.
_DEEPEST = 3


def refuse(message: str, hint: str) -> NoReturn:
    """Say that the configuration cannot be done, and what to call instead."""
    raise InvalidArgument("configuration", message, hint=hint)


def shown(name: str) -> str:
    """A name out of the file, without control characters and not too long."""
    return repr(name[:77] + "..." if len(name) > 80 else name)[1:-1]


# --- the file and its entry -----------------------------------------------------------------------------------


def find(cwd: str) -> str:
    """The absolute path of the nearest launch.json at or above `cwd`."""
    folder = os.path.abspath(cwd)
    while True:
        path = os.path.join(folder, ".vscode", "launch.json")
        if os.path.lexists(path):
            return path
        if folder == os.path.dirname(folder):
            refuse(f"there is no .vscode/launch.json at or above {cwd}", f"Give cwd, or {WAYS}.")
        folder = os.path.dirname(folder)


def named_entry(path: str, name: str) -> dict[str, Any]:
    """The entry of this name in the file, as it holds on this operating system."""
    return _for_this_platform(_entry(_document(path), name, path))


def _document(path: str) -> dict[str, Any]:
    text = env_files.text(path, "configuration", hint=f"Leave configuration out and give {WAYS}.")
    document = _parsed(text, path)
    if not isinstance(document, dict) or not isinstance(document.get("configurations"), list):
        refuse(f'{path} is no object with a list "configurations"', f"Mend the file, or give {WAYS}.")
    return document


def _parsed(text: str, path: str) -> Any:
    """Plain JSON, or else JSON with comments; the words about what is wrong are the parser's."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        problem = str(error)
    if len(text) > MAX_COMMENTED:
        problem = f"({problem}), and with comments it may have {MAX_COMMENTED >> 10} KiB"
        refuse(f"{path} is not plain JSON {problem}", f"Mend or shorten the file, or give {WAYS}.")
    try:
        return json5.loads(text)
    except RecursionError:
        problem = "is nested too deeply"
    except ValueError as error:
        found = _JSON5_PLACE.search(str(error))
        problem = f"{found[1]}:{found[3]}: {shown(found[2])}" if found else f"1:1: {shown(str(error))}"
    # Outside the handlers: what they handled holds the text of the file.
    refuse(f"{path} does not parse: {problem}", f"Mend the file, or give {WAYS}.")


def _entry(document: Mapping[str, Any], name: str, path: str) -> dict[str, Any]:
    entries = [one for one in document["configurations"] if isinstance(one, dict) and isinstance(one.get("name"), str)]
    found = [one for one in entries if one["name"] == name]
    if len(found) == 1:
        return found[0]
    if found:
        refuse(f"{len(found)} entries of {path} have this name", "Make the names differ, or give program.")
    compounds = document.get("compounds")
    for compound in compounds if isinstance(compounds, list) else []:
        if isinstance(compound, dict) and compound.get("name") == name:
            refuse("is a compound, which starts several entries", "Name them one by one, a session each.")
    names = [one["name"] for one in entries]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"Did you mean {shown(near[0])}? " if near else ""
    listed = "; ".join(shown(one) for one in names[:20]) + ("; ..." if len(names) > 20 else "")
    refuse(f"{path} has no entry of this name", f"{hint}It has: {listed}." if names else "It has no entries.")


def _for_this_platform(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with the block of this operating system laid over it, and the others' taken away."""
    own = _PLATFORMS.get(sys.platform)
    block = entry.get(own, {}) if own is not None else {}
    if not isinstance(block, dict):
        refuse(f"{own} is not an object", "Mend the entry.")
    return {key: value for key, value in {**entry, **block}.items() if key not in _PLATFORMS.values()}


def requested(entry: Mapping[str, Any]) -> Literal["launch", "attach"]:
    """Whether the entry launches or attaches, if it is one for Python at all."""
    if entry.get("type") not in TYPES:
        type_ = entry.get("type")
        what = f"its type is {shown(type_)}" if isinstance(type_, str) else "it has no type"
        refuse(f"{what}; only {' and '.join(TYPES)} are debugged here", "Name an entry of such a type.")
    request = entry.get("request")
    if request == "launch":
        return "launch"
    if request == "attach":
        return "attach"
    refuse("its request is neither launch nor attach", "To debug a test call start(pytest=[...]).")


def _call(entry: Mapping[str, Any], folder: str, file: str | None) -> str:
    """The call that does the same without the entry; values that may hold secrets are left for the agent to fill in."""
    if entry.get("request") == "attach":
        how = "pid=..." if "processId" in entry else "listen=..." if "listen" in entry else "host=..., port=..."
        return f"attach({how})"
    is_pytest = entry.get("module") == "pytest" and not entry.get("program")
    parts = ["pytest=[...]"] if is_pytest else [*_of_what_runs(entry, folder, file)]
    names = {"code": "code", "args": "args", "env": "env", "envFile": "env_file", "cwd": "cwd", "python": "python"}
    # The arguments of pytest are in its list.
    parts += [f"{names[key]}=..." for key in names if entry.get(key) and not (is_pytest and key == "args")]
    return f"start({', '.join(parts or ['program=...'])})"


def _of_what_runs(entry: Mapping[str, Any], folder: str, file: str | None) -> Iterator[str]:
    for key in ("program", "module"):
        if isinstance(entry.get(key), str) and entry[key]:
            value = entry[key].replace("${workspaceFolder}", folder)
            value = value.replace("${file}", file) if file else value
            yield f"{key}=..." if "${" in value else f"{key}={value!r}"


# --- variables ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scope:
    """What variables stand for, and the call that does without the entry."""

    folder: str
    """The workspace folder: the one that `.vscode` is in."""
    file: str | None
    environ: Mapping[str, str] = field(repr=False)
    call: str


def scope_of(entry: Mapping[str, Any], path: str, *, file: str | None, environ: Mapping[str, str]) -> Scope:
    """What the variables in an entry of the file at `path` stand for; `file` is the one for ${file}, if any."""
    folder = os.path.dirname(os.path.dirname(path))
    return Scope(folder, file, environ, _call(entry, folder, file))


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


def replaced(value: Any, where: str, scope: Scope, depth: int = 0) -> Any:
    """The value with each variable in its texts replaced; `where` is its key, for errors.

    `${command:python.interpreterPath}` as the interpreter becomes an empty text. What lies deeper than any key that is
    read is left as it is.
    """
    if isinstance(value, str):
        if where in ("python", "python[0]", "pythonPath") and value == "${command:python.interpreterPath}":
            return ""
        return _checked(_VARIABLE.sub(lambda match: _variable(match[1], where, scope), value), where)
    if depth < _DEEPEST and isinstance(value, list):
        return [replaced(one, f"{where}[{i}]", scope, depth + 1) for i, one in enumerate(value)]
    if depth < _DEEPEST and isinstance(value, dict):
        names = {replaced(key, f"a name in {where}", scope): key for key in value}
        return {new: replaced(value[old], f"{where}.{shown(old)}", scope, depth + 1) for new, old in names.items()}
    return value


def _checked(text: str, where: str) -> str:
    problem = "a NUL character" if "\0" in text else None
    # U+DC80 to U+DCFF stand for the bytes of a path or variable that is not UTF-8.
    if problem is None and re.search("[\ud800-\udc7f\udd00-\udfff]", text):
        problem = "half a character"
    if problem is not None:
        refuse(f"{where} contains {problem}", "Mend the entry.")
    return text


def _variable(text: str, where: str, scope: Scope) -> str:
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
        folder = shown(os.path.basename(scope.folder))
        refuse(f"{where} uses ${{{shown(text)}}}, and the folder is {folder}", f"Call {scope.call} with its path.")
    return _OF_FOLDER[name](scope.folder) if name in _OF_FOLDER else _of_file(name, where, scope)


def _of_file(name: str, where: str, scope: Scope) -> str:
    if scope.file is None:
        refuse(f"{where} uses ${{{name}}}, the file open in VS Code", "Give program as well: it becomes ${file}.")
    if name == "fileWorkspaceFolder" and not scope.file.startswith(scope.folder.rstrip(os.sep) + os.sep):
        refuse(f"{where} uses ${{{name}}}, and the file is outside the workspace folder", f"Call {scope.call}.")
    return _OF_FILE[name](scope.file, scope.folder)


def _refuse_variable(text: str, where: str, scope: Scope) -> NoReturn:
    cure = _CURES.get(text) or _CURES.get(text.partition(":")[0]) or "Call {call} with its value in place."
    if text in scope.environ:
        cure = f"For the environment variable write ${{env:{text}}}, or call {{call}}."
    what = f"{where} uses ${{{shown(text)}}}, which has no value here"
    refuse(what, cure.replace("{call}", scope.call))
