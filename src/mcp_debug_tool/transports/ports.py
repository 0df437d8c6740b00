"""Who listens on a TCP port of this machine, read from /proc on Linux; elsewhere only whether anybody does.

Nothing is connected to on Linux: a connection made to look would take the only session that debugpy's port has.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Literal

import anyio

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_LISTEN = "0A"
_ESTABLISHED = "01"
_POLL_SECONDS = 0.03
_CONNECT_SECONDS = 0.5


def is_listening(port: int) -> bool:
    """Whether somebody listens on the port, on whichever address of this machine."""
    inodes = _listening(port)
    return _accepts(port) if inodes is None else bool(inodes)


def listener_pid(port: int) -> int | None:
    """The process of this user that listens on the port; of several that share it the one with the lowest number.

    None: nobody does, or another user, or this platform does not say.
    """
    return next(_holders(_listening(port) or (), _own_pids()), None)


def listener_state(port: int) -> Literal["unknown", "nobody", "alone", "in company"]:
    """Whether somebody listens on the port, and whether that process holds a connection to another one already."""
    inodes = _listening(port)
    if inodes is None:
        return "unknown"
    if not inodes:
        return "nobody"
    pid = next(_holders(inodes, _own_pids()), None)
    if pid is None:
        return "unknown"
    held = set(_descriptors(pid))
    rows = (row for rows in map(_rows, _TABLES) for row in rows or ())
    has_company = any(f"socket:[{row[9]}]" in held for row in rows if row[3] == _ESTABLISHED)
    return "in company" if has_company else "alone"


def listeners() -> list[tuple[int, int]]:
    """Each port on which processes of this user listen, with the process; empty where the platform does not say."""
    if not sys.platform.startswith("linux"):
        return []
    rows = (row for rows in map(_rows, _TABLES) for row in rows or () if row[3] == _LISTEN)
    ports = {f"socket:[{row[9]}]": int(row[1].rpartition(":")[2], 16) for row in rows}
    found: dict[int, int] = {}
    for pid in _own_pids():
        for link in _descriptors(pid):
            if link in ports:
                found.setdefault(ports[link], pid)
    return sorted(found.items())


def process_name(pid: int) -> str:
    """What the kernel calls the process, such as `python3`; empty where that is not known."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


async def wait_listening(port: int, *, owner: Callable[[int], bool] | None) -> None:
    """Return once somebody listens on the port; the caller limits and cancels the wait.

    With `owner`, once a process of this user listens whose pid it accepts; it is ignored where the platform
    does not say who listens.
    """
    # Another process's socket; nothing tells us of it.
    while not _listens(port, owner):  # noqa: ASYNC110
        await anyio.sleep(_POLL_SECONDS)


def _listens(port: int, owner: Callable[[int], bool] | None) -> bool:
    inodes = _listening(port)
    if inodes is None or owner is None:
        return is_listening(port)
    # The owner is asked first: to look through the descriptors of every process takes far longer.
    return bool(inodes) and any(_holders(inodes, filter(owner, _own_pids())))


def _listening(port: int) -> set[str] | None:
    """Inodes of the listening sockets; None where they cannot be known."""
    if not sys.platform.startswith("linux"):
        return None
    tables = [table for table in map(_rows, _TABLES) if table is not None]
    if not tables:
        return None
    ending = f":{port:04X}"
    return {row[9] for rows in tables for row in rows if row[1].endswith(ending) and row[3] == _LISTEN}


def _rows(path: str) -> list[list[str]] | None:
    try:
        with open(path, encoding="ascii") as table:
            next(table)
            return [row.split() for row in table]
    except OSError:
        return None


def _accepts(port: int) -> bool:
    for address in ("127.0.0.1", "::1"):
        try:
            with socket.create_connection((address, port), timeout=_CONNECT_SECONDS) as connection:
                # A socket may be given the very port it connects to, and meet itself.
                if connection.getsockname() != connection.getpeername():
                    return True
        except (OSError, OverflowError):
            continue
    return False


def _own_pids() -> Iterator[int]:
    """Processes of this user, lowest number first: a parent before those that inherited its socket, as a rule."""
    for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdecimal()):
        try:
            if os.stat(f"/proc/{pid}").st_uid == os.getuid():
                yield pid
        except OSError:
            continue


def _holders(inodes: Collection[str], pids: Iterable[int]) -> Iterator[int]:
    wanted = {f"socket:[{inode}]" for inode in inodes}
    if not wanted:
        return
    for pid in pids:
        if any(link in wanted for link in _descriptors(pid)):
            yield pid


def _descriptors(pid: int) -> Iterator[str]:
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        try:
            yield os.readlink(f"{folder}/{name}")
        except OSError:
            continue
