"""The server's side of `nursery.py`: programs are started there, each below a keeper of its own (Linux)."""

from __future__ import annotations

import array
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.abc

from ..starting import DIRECTLY, Input, Running, Starter

NURSERY = Path(__file__).with_name("nursery.py")
# Its Python comes up in 30 ms, and forks in one.
ANSWER_SECONDS = 10.0
# nursery.SWEEP_SECONDS, and a little to say so.
SWEPT_SECONDS = 3.5
_MESSAGE = 4096
_log = logging.getLogger(__name__)


def can_keep() -> bool:
    """Whether this platform has what it takes."""
    return sys.platform.startswith("linux")


@asynccontextmanager
async def starter() -> AsyncIterator[Starter]:
    """Who starts programs until the block ends: a nursery where there can be one, else the server itself."""
    if not can_keep():
        yield DIRECTLY
        return
    nursery = Nursery()
    try:
        with contextlib.suppress(OSError):
            await nursery.begin()  # its Python comes up while the first program is being prepared
        yield nursery
    finally:
        with anyio.CancelScope(shield=True):
            await nursery.aclose()


class Nursery:
    """Starts programs through a process of its own; one that was killed is begun again."""

    def __init__(self) -> None:
        self._lock = anyio.Lock()
        self._process: anyio.abc.Process | None = None
        self._socket: socket.socket | None = None

    async def begin(self) -> None:
        """Begin it already.

        Raises:
            OSError: there can be none.
        """
        async with self._lock:
            await self._connected()

    async def start(
        self, command: Sequence[str], *, env: Mapping[str, str], cwd: str, inherit: Sequence[int], output: Sequence[int]
    ) -> Running:
        """See Starter.start."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        stdin, writer = os.pipe()
        try:
            asked = {"command": list(command), "env": dict(env), "cwd": cwd, "inherit": list(inherit)}
            await self._ask(asked, (theirs.fileno(), stdin, *output, *inherit))
        except BaseException:
            ours.close()
            os.close(writer)
            raise
        finally:
            theirs.close()
            os.close(stdin)
        kept = KeptProcess(ours, PipeWriter(writer))
        try:
            with anyio.fail_after(ANSWER_SECONDS):
                await kept.begun()
        except BaseException as error:
            await kept.aclose()
            if isinstance(error, TimeoutError):
                raise OSError("the keeper does not answer") from None
            raise
        return kept

    async def _ask(self, asked: dict[str, Any], descriptors: Sequence[int]) -> None:
        async with self._lock:
            for last in (False, True):
                try:
                    connection = await self._connected()
                    await anyio.to_thread.run_sync(_send, connection, asked, descriptors)
                    return
                except OSError:
                    await self._end()  # it was killed; another one can be begun
                    if last:
                        raise

    async def _connected(self) -> socket.socket:
        if self._socket is None:
            ours, theirs = socket.socketpair()
            with theirs:
                # By the plain interpreter: nothing of an environment, and nothing of the program, is looked at.
                command = [sys.executable, "-I", "-S", "-B", str(NURSERY), str(theirs.fileno())]
                self._process = await anyio.open_process(
                    command,
                    # The server's own stdin and stdout are MCP's, and end with it.
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=None,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
            ours.settimeout(ANSWER_SECONDS)
            self._socket = ours
        return self._socket

    async def _end(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._process is not None:
            with anyio.move_on_after(1):
                await self._process.wait()
            self._process = None

    async def aclose(self) -> None:
        """Let it go; keepers end with their own sockets."""
        await self._end()


def _send(connection: socket.socket, asked: dict[str, Any], descriptors: Sequence[int]) -> None:
    body = json.dumps(asked).encode("utf-8", "surrogateescape")
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
    connection.sendmsg([len(body).to_bytes(8, "big")], rights)
    connection.sendall(body)


class PipeWriter:
    """The writing end of a pipe as a stream."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        os.set_blocking(descriptor, False)

    async def send(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            BrokenResourceError: nobody reads any more.
            ClosedResourceError: it was closed.
        """
        while data:
            if self._descriptor < 0:
                raise anyio.ClosedResourceError
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                await anyio.wait_writable(self._descriptor)
            except OSError as error:
                raise anyio.BrokenResourceError from error

    async def aclose(self) -> None:
        """Let the reader see its end."""
        if self._descriptor >= 0:
            anyio.notify_closing(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1


class KeptProcess:
    """A program below a keeper."""

    is_kept = True

    def __init__(self, control: socket.socket, stdin: Input) -> None:
        self._control = control
        self._exited = anyio.Event()
        self._swept = anyio.Event()
        self._reading = anyio.Lock()
        self.stdin: Input = stdin
        self.pid = 0
        self.returncode = -int(signal.SIGKILL)

    async def begun(self) -> None:
        """Return once it runs.

        Raises:
            OSError: it could not be started.
        """
        news = await self._news()
        if news is None:
            raise OSError("its keeper has ended")
        if "errno" in news:
            raise OSError(news["errno"], news["strerror"])
        self.pid = int(news["pid"])

    async def _news(self) -> dict[str, Any] | None:
        """The keeper's next word; None when it has gone."""
        while True:
            try:
                text = self._control.recv(_MESSAGE)
            except BlockingIOError:
                await anyio.wait_readable(self._control)
                continue
            except OSError:
                return None
            return json.loads(text) if text else None

    async def wait(self) -> int:
        """Wait for its end; answers its exit code, or minus the number of the signal that ended it."""
        await self._listen_until(self._exited)
        return self.returncode

    async def _listen_until(self, event: anyio.Event) -> None:
        """Hear the keeper until it has said this; one caller listens, for all."""
        while not event.is_set():
            async with self._reading:
                if event.is_set():
                    return
                news = await self._news()
            if news is None:
                # Who has killed the keeper has killed the program: the kernel sees to it.
                self._exited.set()
                self._swept.set()
            elif "status" in news:
                self.returncode = os.waitstatus_to_exitcode(news["status"])
                self._exited.set()
            else:
                self._swept.set()

    def send_signal(self, number: int) -> None:
        """Signal it alone."""
        os.kill(self.pid, number)

    async def sweep(self) -> None:
        """Kill it and everything that it has started, wherever that has gone."""
        self._swept = anyio.Event()
        with contextlib.suppress(OSError):
            self._control.send(b"sweep")
            with anyio.move_on_after(SWEPT_SECONDS):
                await self._listen_until(self._swept)

    async def aclose(self) -> None:
        """Let the keeper end what is left, and itself."""
        await self.stdin.aclose()
        with contextlib.suppress(OSError), anyio.move_on_after(SWEPT_SECONDS):
            self._control.shutdown(socket.SHUT_WR)
            async with self._reading:
                while await self._news() is not None:
                    pass
        anyio.notify_closing(self._control)
        self._control.close()
