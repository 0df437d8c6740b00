"""Processes of the run: their memory, and none of them left behind."""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

TAG = f"MCP_DEBUG_BENCHMARK_{secrets.token_hex(8)}"
# What we start ends within a second; a loaded machine needs longer.
LEFT_SECONDS = 5.0


@dataclass(frozen=True)
class Memory:
    """Memory of one process in MB of 1,000,000 bytes."""

    pss: float
    """Its own pages, and its share of those it has in common with others."""
    rss: float


def memory(pid: int) -> Memory | None:
    """What the kernel says of `pid`; None where it does not keep such books (other than Linux)."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return None
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in text.splitlines()[1:]}
    return Memory(kilobytes["Pss"] * 1024 / 1e6, kilobytes["Rss"] * 1024 / 1e6)


def mark_children() -> None:
    """From here on everything we start, and what that starts, can be found by an environment variable."""
    os.environ[TAG] = "1"


def ours(word: str = "") -> list[psutil.Process]:
    """Living processes that descend from this run, those with `word` in their command line."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "status"]):
        info = process.info
        alive = info["status"] != psutil.STATUS_ZOMBIE
        if alive and TAG in (info["environ"] or {}) and word in " ".join(info["cmdline"] or ()):
            found.append(process)
    return found


def end(word: str) -> None:
    """Kill our processes with `word` in their command line until none is left: a daemon may have a successor."""
    deadline = time.monotonic() + LEFT_SECONDS
    while (left := ours(word)) and time.monotonic() < deadline:
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=0.1)


def left_behind() -> list[str]:
    """Command lines of what is still there after a while; it is killed."""
    deadline = time.monotonic() + LEFT_SECONDS
    while (left := ours()) and time.monotonic() < deadline:
        time.sleep(0.02)
    names = [" ".join(process.info["cmdline"] or ())[:100] for process in left]
    if left:
        end("")
    return names
