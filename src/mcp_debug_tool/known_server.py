"""Where the command line finds the server that holds its sessions: a file that only the user can read.

It stands there as long as the server lives, and holds what a call needs: the port on loopback, and a token made anew
by each server.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "background.json"
LOCK = "background.lock"
LOG = "background.log"


@dataclass(frozen=True)
class KnownServer:
    """How one background server is reached."""

    port: int
    token: str
    pid: int
    version: str
    variables: tuple[str, ...]
    """Names of its own environment variables: a program gets its caller's, and none of these beside them."""

    def write(self, folder: Path) -> None:
        """Make it known, all at once."""
        private(folder)
        path = folder / f"{FILE}.{self.pid}"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(self), file)
        path.replace(folder / FILE)

    def remove(self, folder: Path) -> None:
        """Withdraw it, unless another server has taken its place."""
        with contextlib.suppress(OSError):
            if read(folder) == self:
                (folder / FILE).unlink()


def read(folder: Path) -> KnownServer | None:
    """The server that is known there; None where there is none, or nothing readable. It may be gone all the same."""
    try:
        known = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return KnownServer(**{**known, "variables": tuple(known["variables"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def private(folder: Path) -> Path:
    """The folder, made for this user alone where there is none."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
