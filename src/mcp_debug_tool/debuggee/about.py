"""What this process is."""

from __future__ import annotations

import os
import sys
from typing import Any

from .command_lines import read_arguments

_MAX_TITLE = 120
_HELPERS = ("multiprocessing forkserver", "multiprocessing resource_tracker")
_SETTRACE = "; pydevd.settrace("
_began = os.getpid()
_replaces = 0
_name = ""
_inherited: Any = None


def identity() -> dict[str, Any]:
    """{pid, ppid, title, cwd, replaced, helper}.

    `replaced`: this process was debugged before, as another program, and has become this one by an exec. `helper`: it
    only starts processes for its parent.
    """
    pid, called = os.getpid(), title()
    return {
        "pid": pid,
        "ppid": os.getppid(),
        "title": called,
        "cwd": _folder(),
        "replaced": pid == _replaces and pid == _began,
        "helper": called in _HELPERS,
    }


def note_exec(config: dict[str, Any]) -> None:
    """Learn whether this process comes from an exec: its pid alone would not tell, for it may be given again."""
    global _replaces
    _replaces = int(config.get("replaces") or 0)


def note_fork() -> None:
    """Know in a forked child what it has from its parent and is not its own."""
    global _name, _inherited
    _name, _inherited = "", _process_object()


def call_it(name: str) -> None:
    """Have this process named as a framework names it to its user."""
    global _name
    _name = name


def title() -> str:
    """What this process is, in a few words: the name it has from a framework, else what it runs."""
    process = _process_object()
    named = getattr(process, "_name", "") if process is not _inherited and _has_parent(process) else ""
    own = "fork" if os.getpid() != _began else _title(_command_line())
    return str(_name or named or own)[:_MAX_TITLE]


def _process_object() -> Any:
    """What multiprocessing, and celery in its place, knows this process as; None where it is not loaded."""
    return getattr(sys.modules.get("multiprocessing.process"), "_current_process", None)


def _has_parent(process: Any) -> bool:
    return getattr(process, "_parent_pid", None) is not None


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return os.sep  # it has been removed


def _command_line() -> list[str]:
    original = getattr(sys, "orig_argv", None)  # 3.10 and newer
    if original:
        return list(original)
    try:
        with open("/proc/self/cmdline", "rb") as stream:
            return [os.fsdecode(part) for part in stream.read().split(b"\0")[:-1]]
    except OSError:
        return [sys.executable, *getattr(sys, "argv", [])]


def _title(command: list[str]) -> str:
    """The script's name or `-m module`, as a person would call the process."""
    line = read_arguments(_as_typed(command)[1:])
    if line.kind == "module":
        return "-m %s" % (line.name or "?")
    if line.kind == "code":
        return _of_code(line.name)
    return os.path.basename(line.name.rstrip(os.sep)) or os.path.basename(sys.executable)


def _as_typed(command: list[str]) -> list[str]:
    """The command before a pydevd has rewritten it: one that is not ours follows children so."""
    for at, word in enumerate(command):
        if os.path.basename(word) == "pydevd.py" and "--file" in command[at:]:
            end = command.index("--file", at)
            return command[:at] + ["-m"] * ("--module" in command[at:end]) + command[end + 1 :]
        if _SETTRACE in word:
            return [*command[:at], word.partition(_SETTRACE)[2].partition("}); ")[2]]
    return command


def _of_code(code: str) -> str:
    for title in (*_HELPERS, "multiprocessing spawn"):
        if code.startswith("from %s import" % title.replace(" ", ".")):
            return title
    return "-c code"
