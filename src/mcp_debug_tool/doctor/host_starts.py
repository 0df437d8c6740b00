"""Starts what a host's file names, as the host does, and says what is wrong where no server answers."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Literal

import anyio
import anyio.abc

from .. import __version__
from ..views import cut
from .checks import MAX_CHARS
from .hosts import Entry

# Under the limit of every check. uvx installs at a first start, which may take longer.
START_SECONDS = 8.0
MAX_ANSWER = 65536
_INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "mcp-debug doctor", "version": __version__},
    },
}


@dataclass(frozen=True)
class Trouble:
    """What is wrong with an entry, and what mends it."""

    found: str
    mend: str
    verdict: Literal["warning", "failed"] = "failed"


def can_be_tried(entry: Entry) -> bool:
    """Whether it is a command that can be started from here as it is."""
    return bool(entry.command) and not entry.has_variables and found(entry) is not None


def found(entry: Entry) -> str | None:
    """The path of its command, found as its host would."""
    return shutil.which(entry.command, path=dict(entry.env).get("PATH") or os.environ.get("PATH"))


async def start_trouble(entry: Entry) -> Trouble | None:
    """Why the command answers no client, or None; a server is ended again as soon as it has answered."""
    name = cut(entry.command, MAX_CHARS)
    # Its arguments and variables may be secrets, and people show others what the doctor says.
    mend = "run the command of that file in a shell, and see what it says"
    answer, said = bytearray(), bytearray()
    with anyio.move_on_after(START_SECONDS) as limit:
        try:
            env = {**os.environ, **dict(entry.env)}
            await _ask([found(entry) or entry.command, *entry.args], env, answer, said)
        except OSError as error:
            return Trouble(f"{name} does not start: {error}", mend)
    if b'"serverInfo"' in answer:
        return None
    if limit.cancelled_caught:
        slow = f"{name} does not answer within {START_SECONDS:g} s; at a first start uvx installs"
        return Trouble(slow, mend, "warning")
    last = said.decode(errors="replace").strip().splitlines()[-1:]
    return Trouble(f"{name} ends without an answer" + "".join(f": {cut(line, MAX_CHARS)}" for line in last), mend)


async def _ask(command: list[str], env: dict[str, str], answer: bytearray, said: bytearray) -> None:
    """Let the server answer `initialize`; then the end of its stdin ends it, and who started it. `said`: its stderr."""
    async with await anyio.open_process(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_collect, process.stderr, said)
            with contextlib.suppress(anyio.BrokenResourceError, anyio.EndOfStream, anyio.ClosedResourceError):
                await process.stdin.send(json.dumps(_INITIALIZE).encode() + b"\n")
                while b"\n" not in answer and len(answer) < MAX_ANSWER:
                    answer += await process.stdout.receive()
            await process.stdin.aclose()


async def _collect(stream: anyio.abc.ByteReceiveStream, said: bytearray) -> None:
    """Read all, keep the end."""
    async for chunk in stream:
        said += chunk
        del said[:-MAX_ANSWER]
