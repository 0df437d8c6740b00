"""The port of `serve --http`, and those on which debugpy listens."""

from __future__ import annotations

import re
import socket
import sys
from pathlib import Path

import anyio

from ..settings import HttpSettings
from ..transports.ports import listeners, process_name
from ..views import cut
from .checks import MAX_CHARS, Check

_HOST = "127.0.0.1"


async def http_port() -> Check:
    """Whether `serve --http` will find its port free, and else whose it is."""
    return await anyio.to_thread.run_sync(_about_port, HttpSettings.port)


def _about_port(port: int) -> Check:
    if is_free(port):
        return Check("http port", "ok", f"{_HOST}:{port} is free")
    pids = [pid for other, pid in listeners() if other == port]
    whose = f"by process {pids[0]}: {command(pids[0])}" if pids else "by a process of another user, or not to be seen"
    if pids and re.search("mcp[-_]debug", command(pids[0])):
        return Check("http port", "ok", f"{_HOST}:{port} is served {whose}")
    return Check("http port", "warning", f"{_HOST}:{port} is taken {whose}", "give serve --http another --port")


def is_free(port: int) -> bool:
    """Whether a server could listen there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if sys.platform != "win32":  # where it would let two servers share the port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


async def debugpy_ports() -> Check:
    """Where debugpy listens in programs of this user. Nothing is connected to: it would take debugpy's only session."""
    if not sys.platform.startswith("linux"):
        return Check("debugpy ports", "ok", f"not looked for on {sys.platform}")
    return await anyio.to_thread.run_sync(_about_debugpy)


def _about_debugpy() -> Check:
    found = [(port, pid, command(pid)) for port, pid in listeners()]
    lines = [f"attach(port={port}) for process {pid}: {text}" for port, pid, text in found if "debugpy" in text]
    return Check("debugpy ports", "ok", "; ".join(lines) or "none")


def command(pid: int) -> str:
    """The beginning of a process's command line (Linux)."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return process_name(pid)
    return cut(b" ".join(words).decode(errors="replace").strip(), MAX_CHARS)
