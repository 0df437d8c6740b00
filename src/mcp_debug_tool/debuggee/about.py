"""What this process is, told to the server when it has come."""

from __future__ import annotations

import os
import sys
from typing import Any

from . import all_breakpoints, lines
from .command_lines import read_arguments

_MAX_TITLE = 120
_began = os.getpid()


def introduce(texts: dict[str, str], first_path: str) -> dict[str, Any]:
    """Learn what the server knows of the program's sources; answers {pid, ppid, title, cwd}."""
    all_breakpoints.forget()  # an earlier debugger of ours may have left some
    lines.set_sources(texts, first_path)
    title = "fork" if os.getpid() != _began else _title(_command_line())
    return {"pid": os.getpid(), "ppid": os.getppid(), "title": title[:_MAX_TITLE], "cwd": _folder()}


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
    line = read_arguments(command[1:])
    if line.kind == "module":
        return "-m %s" % (line.name or "?")
    if line.kind == "code":
        return _of_code(line.name)
    return os.path.basename(line.name.rstrip(os.sep)) or os.path.basename(sys.executable)


def _of_code(code: str) -> str:
    for name in ("forkserver", "spawn"):
        if code.startswith("from multiprocessing.%s import" % name):
            return "multiprocessing %s" % name
    return "-c code"
