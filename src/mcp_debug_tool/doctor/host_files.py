"""Whether the hosts of this user find and start the server that their files name.

Only what stands in the user's own files is started, as the host does at its start. What a project brings along is read:
whether to run that is for its host to ask.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import anyio

from ..views import cut
from .checks import MAX_CHARS, Check
from .host_starts import Trouble, can_be_tried, found, start_trouble
from .hosts import Entry, Host, Unreadable, entries, hosts, read

_EXAMPLES = "see examples/hosts for the file as it should be"


@dataclass(frozen=True)
class HostFile:
    """One file of a host, and what it says of us; `problem`: why it cannot be read."""

    host: Host
    path: Path
    is_users: bool
    entries: tuple[Entry, ...] = ()
    problem: str = ""


Tried = Mapping[Entry, Trouble | None]


async def host_files() -> list[Check]:
    """One check for each configuration file that there is."""
    known = hosts(os.environ, Path.home(), sys.platform)
    files = await anyio.to_thread.run_sync(lambda: [file for host in known for file in files_of(host, Path.cwd())])
    wanted = {entry for file in files if file.is_users for entry in file.entries if can_be_tried(entry)}
    tried = await _tried(wanted)
    checks = [about(file, tried) for file in files]
    return checks or [Check("hosts", "ok", "no configuration file of a host was found")]


def files_of(host: Host, cwd: Path) -> Iterator[HostFile]:
    """The files of a host that there are, read."""
    places = [(host.user_file, True), (cwd / host.project_file if host.project_file else None, False)]
    for path, is_users in places:
        if path is not None and path.is_file():
            try:
                settings = read(path, comments=host.comments)
            except (OSError, Unreadable) as error:
                yield HostFile(host, path, is_users, problem=str(error))
            else:
                yield HostFile(host, path, is_users, tuple(entries(settings, host.key, str(cwd))))


def about(file: HostFile, tried: Tried) -> Check:
    """What the file says of us, and whether it can be done; `tried`: what kept an entry from starting, or None."""
    name, shown = file.host.name, shortened(file.path)
    if file.problem:
        passed_over = "not looked into" in file.problem
        verdict: Literal["warning", "failed"] = "warning" if passed_over else "failed"
        return Check(name, verdict, f"{shown}: {file.problem}", "" if passed_over else _EXAMPLES)
    if not file.entries:
        return Check(name, "ok", f"{shown} does not name mcp-debug")
    for entry in file.entries:
        if (wrong := trouble(entry, tried)) is not None:
            return Check(name, wrong.verdict, f"{shown}: {wrong.found}", wrong.mend)
    first = file.entries[0]
    what = cut(first.command or first.url, MAX_CHARS)
    return Check(name, "ok", f"{shown}: {what} " + ("starts" if first in tried else "is named"))


def trouble(entry: Entry, tried: Tried) -> Trouble | None:
    """What is wrong with an entry, if anything."""
    if not entry.command:
        return None if entry.url else Trouble("it names neither a command nor an address", _EXAMPLES)
    if not entry.has_variables and found(entry) is None:
        mend = "install it (uvx comes with uv), or write its whole path: `which uvx` says it"
        return Trouble(f"{cut(entry.command, MAX_CHARS)} is not found", mend)
    return tried.get(entry)


def shortened(path: Path) -> str:
    """The path, from `~` where it is below that."""
    with contextlib.suppress(ValueError, RuntimeError):
        return str(Path("~") / path.relative_to(Path.home()))
    return str(path)


async def _tried(wanted: Iterable[Entry]) -> Tried:
    """What keeps each from serving, or None; several files name the same as a rule, which is started once."""
    tried: dict[Entry, Trouble | None] = {}

    async def start(entry: Entry) -> None:
        tried[entry] = await start_trouble(entry)

    async with anyio.create_task_group() as tasks:
        for entry in wanted:
            tasks.start_soon(start, entry)
    return tried
