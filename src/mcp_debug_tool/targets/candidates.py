"""The running Python programs that a person may choose from to attach to (Linux; elsewhere none are found).

Only what `running` would let through: processes of this server's own user, in its own container. Never the server, what
it has started and what has started it: a host that stands at a breakpoint would not hear of it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import DebugError
from ..interpreters import OLDEST
from .running import command_line, require_same_container, require_same_user, status, version_in_maps, version_in_name


@dataclass(frozen=True)
class Candidate:
    """A running Python program; `command` is the beginning of its command line."""

    pid: int
    command: str


@dataclass(frozen=True)
class _Entry:
    parent: int
    started: int


def candidates(taken: Collection[int]) -> list[Candidate]:
    """Those there are now without the `taken`, newest first. It reads /proc: call it from a worker thread."""
    if not sys.platform.startswith("linux"):
        return []
    entries = dict(_entries())
    newest_first = sorted(entries, key=lambda pid: (entries[pid].started, pid), reverse=True)
    left_out = {*taken, *_kin(entries, os.getpid())}
    return [Candidate(pid, command_line(pid)) for pid in newest_first if pid not in left_out and _is_ours(pid)]


def _entries() -> Iterator[tuple[int, _Entry]]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                # What comes before the last parenthesis may hold anything.
                fields = Path(f"/proc/{name}/stat").read_bytes().rpartition(b")")[2].split()
                yield int(name), _Entry(parent=int(fields[1]), started=int(fields[19]))


def _kin(entries: Mapping[int, _Entry], pid: int) -> set[int]:
    """The process, those it descends from and those that descend from it."""
    return {*_line(entries, pid), *(other for other in entries if pid in _line(entries, other))}


def _line(entries: Mapping[int, _Entry], pid: int) -> list[int]:
    """The process, its parent, the parent's parent and so on."""
    line = []
    while pid in entries and pid not in line:
        line.append(pid)
        pid = entries[pid].parent
    return line


def _is_ours(pid: int) -> bool:
    """Whether it is a Python program that may be attached to; one that has just ended is none."""
    try:
        require_same_user(pid, status(pid))
        require_same_container(pid)
        return _runs_python(pid)
    except (DebugError, OSError):
        return False


def _runs_python(pid: int) -> bool:
    name = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="surrogateescape")
    version = version_in_name(name) or version_in_maps(maps)
    return name.startswith("python") if version is None else version >= OLDEST
