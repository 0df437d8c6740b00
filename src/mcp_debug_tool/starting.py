"""How a program is started, each in a session of its own: by the server itself, or by whoever `keeping` puts there."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import Protocol

import anyio
import anyio.abc

POSIX = os.name == "posix"


class Input(Protocol):
    """A program's stdin."""

    async def send(self, data: bytes) -> None:
        """See anyio's ByteSendStream."""

    async def aclose(self) -> None:
        """See anyio's ByteSendStream."""


class Running(Protocol):
    """A program that was started."""

    pid: int
    stdin: Input
    is_kept: bool
    """Whether nothing that it starts can get away; else what has left its group is looked for."""

    async def wait(self) -> int:
        """Wait for its end; answers its exit code, or minus the number of the signal that ended it."""

    def send_signal(self, number: int) -> None:
        """Signal it alone."""

    async def sweep(self) -> None:
        """Kill everything that it has started, where it is kept."""

    async def aclose(self) -> None:
        """Let go of it; one that is kept is ended."""


class Starter(Protocol):
    """Starts programs, each in a session of its own."""

    async def start(
        self, command: Sequence[str], *, env: Mapping[str, str], cwd: str, inherit: Sequence[int], output: Sequence[int]
    ) -> Running:
        """Run `command`; `output` are the descriptors for its stdout and stderr, `inherit` others that it keeps.

        Raises:
            OSError: it could not be started.
        """


class _Direct:
    """A child of the server."""

    is_kept = False

    def __init__(self, process: anyio.abc.Process) -> None:
        assert process.stdin is not None
        self._process = process
        self.stdin: Input = process.stdin
        self.pid = process.pid

    async def wait(self) -> int:
        return await self._process.wait()

    def send_signal(self, number: int) -> None:
        self._process.send_signal(signal.Signals(number))

    async def sweep(self) -> None:
        return

    async def aclose(self) -> None:
        await self.stdin.aclose()


class _Directly:
    """Starts programs as children of the server."""

    async def start(
        self, command: Sequence[str], *, env: Mapping[str, str], cwd: str, inherit: Sequence[int], output: Sequence[int]
    ) -> Running:
        process = await anyio.open_process(
            list(command),
            stdin=subprocess.PIPE,
            stdout=output[0],
            stderr=output[1],
            env=env,
            cwd=cwd,
            pass_fds=inherit,
            # A group of its own, so that it can be ended with its children and no Ctrl-C of ours reaches it.
            start_new_session=POSIX,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        return _Direct(process)


DIRECTLY: Starter = _Directly()
"""What they have put into sessions of their own outlives a server that is killed."""
