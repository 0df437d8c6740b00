"""Who is at the other end of a loopback connection, read from /proc. Linux only: elsewhere nothing is known.

The token alone proves a peer everywhere; this is the second lock, against another user who has learned it.
"""

from __future__ import annotations

import os
import sys

from .sockets import Peer

_ESTABLISHED = "01"
# The debuggee's thread count is small; its descriptors are looked through to find one socket.
_MAX_DESCRIPTORS = 4096


def can_identify() -> bool:
    """Whether this platform says who holds a connection."""
    return sys.platform.startswith("linux") and os.path.exists("/proc/net/tcp")


def is_process(peer: Peer, pid: int) -> bool:
    """Whether the connection comes from this user and from the process `pid`."""
    found = _socket_of(peer)
    if found is None:
        return False
    uid, inode = found
    return uid == os.getuid() and _holds(pid, inode)


def is_users(peer: Peer) -> bool:
    """Whether the connection comes from this user."""
    found = _socket_of(peer)
    return found is not None and found[0] == os.getuid()


def _socket_of(peer: Peer) -> tuple[int, str] | None:
    """User and inode of the peer's side: the row whose local port is the peer's and whose remote port is ours."""
    local, remote = f":{peer.remote_port:04X}", f":{peer.local_port:04X}"
    with open("/proc/net/tcp", encoding="ascii") as table:
        next(table)
        for row in table:
            fields = row.split()
            if fields[1].endswith(local) and fields[2].endswith(remote) and fields[3] == _ESTABLISHED:
                return int(fields[7]), fields[9]
    return None


def _holds(pid: int, inode: str) -> bool:
    wanted = f"socket:[{inode}]"
    folder = f"/proc/{pid}/fd"
    try:
        descriptors = os.listdir(folder)[:_MAX_DESCRIPTORS]
    except OSError:
        return False
    for descriptor in descriptors:
        try:
            if os.readlink(f"{folder}/{descriptor}") == wanted:
                return True
        except OSError:
            continue
    return False
