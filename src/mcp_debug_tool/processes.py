"""A program as a process of ours: in a group of its own, its output drained at all times, ended by steps.

The server's own standard streams never reach it, and an unread pipe never blocks it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Literal

import anyio
import anyio.abc

from .errors import StartFailed, WrongState
from .starting import DIRECTLY, POSIX, Running, Starter

# Enough for an orderly end of most programs, and little enough for a server that ends within 3 s itself.
TERMINATE_SECONDS = 0.8
KILL_SECONDS = 2.0
# A background child may hold the pipes open long after the program has ended.
LAST_OUTPUT_SECONDS = 0.3
STDIN_SECONDS = 5.0
# A child that outlives its parent has this long to come under the debugger.
COMING_SECONDS = 3.0
# In the environment of one that is to: debuggee/family/children.py puts it there.
_FOLLOWED = b"MCP_DEBUG_BOOT=child-fd:"
# How long a pause may take before it is signalled again.
_SIGNAL_AGAIN = (0.05, 0.1, 0.2)
_CHUNK = 65536
# One visit reads at most this much, so that a flood leaves room for other work.
_CHUNKS_A_VISIT = 16
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)

Sink = Callable[[Literal["stdout", "stderr"], bytes], None]


class ChildProcess:
    """A running child; made by `spawn`, which also ends it."""

    def __init__(self, process: Running, pipes: dict[int, Literal["stdout", "stderr"]], sink: Sink) -> None:
        self._process = process
        self._pipes = pipes
        self._sink = sink
        self._leads_group = True
        self._pumps_done = anyio.Event()
        self._watching = anyio.CancelScope(shield=True)
        self.pid = process.pid
        self.exited = anyio.Event()
        """Set when the process is gone and its last output has been read."""
        self.returncode: int | None = None
        """Exit code, or minus the signal's number; None while it runs."""
        self.ended_by_us = False

    async def _pump(self, descriptor: int) -> None:
        try:
            while await self._readable(descriptor) and self._read_some(descriptor):
                await anyio.lowlevel.checkpoint()
        except OSError:
            pass

    async def _readable(self, descriptor: int) -> bool:
        if POSIX:
            await anyio.wait_readable(descriptor)
            return descriptor in self._pipes
        data = await anyio.to_thread.run_sync(os.read, descriptor, _CHUNK, abandon_on_cancel=True)
        self._sink(self._pipes[descriptor], data)
        return bool(data)

    def _read_some(self, descriptor: int) -> bool:
        """Hand on what is there now; False at the end of the pipe."""
        if not POSIX:
            return True
        for _ in range(_CHUNKS_A_VISIT):
            try:
                data = os.read(descriptor, _CHUNK)
            except BlockingIOError:
                return True
            if not data:
                return False
            self._sink(self._pipes[descriptor], data)
        return True

    def drain(self) -> None:
        """Read all that the program has written so far, without waiting."""
        for descriptor in list(self._pipes):
            with contextlib.suppress(OSError):
                self._read_some(descriptor)

    async def send_input(self, data: bytes, *, close: bool = False) -> None:
        """Write to the program's stdin, and close it if asked.

        Raises:
            WrongState: stdin is closed, or the program does not read and its pipe is full.
        """
        stdin = self._process.stdin
        try:
            with anyio.fail_after(STDIN_SECONDS):
                if data:
                    await stdin.send(data)
                if close:
                    await stdin.aclose()
        except TimeoutError:
            raise WrongState("the program does not read its stdin", hint="Send less, or continue first.") from None
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            raise WrongState("the program's stdin is closed", hint="restart to send input again.") from None

    async def _wait(self) -> None:
        self.returncode = await self._process.wait()
        self._leads_group = POSIX and _group_exists(self.pid)
        with anyio.move_on_after(LAST_OUTPUT_SECONDS if self._leads_group else KILL_SECONDS):
            await self._pumps_done.wait()
        self.drain()
        self.exited.set()

    async def _watch(self) -> None:
        """Read the pipes and wait for the end, deaf to cancellation: whoever ends the program relies on it."""
        with self._watching:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._wait)
                async with anyio.create_task_group() as pumps:
                    for descriptor in self._pipes:
                        pumps.start_soon(self._pump, descriptor)
                self._pumps_done.set()

    async def until_children_came(self, have_come: Callable[[], Iterable[int]]) -> None:
        """Return once all processes have come that it has left and that were given our settings (Linux).

        They are known by what they print into; after COMING_SECONDS one is no longer waited for.
        """
        with anyio.move_on_after(COMING_SECONDS):
            while set(_followed(self._pipes)) - set(have_come()):  # noqa: ASYNC110 - other processes, in /proc
                await anyio.sleep(0.02)

    async def end(self, *, gently: bool = True, others: Iterable[int] = ()) -> None:
        """End the program and what it left behind: SIGTERM first if `gently`, then SIGKILL. Never raises.

        `others`: processes known to be its own, such as daemons, which have left its group.
        """
        # A keeper finds them all, whatever the program says of itself.
        family = set() if self._process.is_kept else {*others, *self._family()}
        if self.returncode is None:
            self.ended_by_us = True
            if gently:
                self._signal(signal.SIGTERM)
                with anyio.move_on_after(TERMINATE_SECONDS):
                    await self.exited.wait()
        family |= self._family()
        self._signal(_KILL)
        _kill(family)
        await self._process.sweep()
        with anyio.move_on_after(KILL_SECONDS):
            await self.exited.wait()
        if not self._process.is_kept:
            # What was started while the others were being ended.
            _kill(_holders(self._pipes))

    def _family(self) -> set[int]:
        """What the program has started, as far as that can be seen: its pid may be another's once it has ended."""
        if self._process.is_kept:
            return set()
        descendants = _descendants(self.pid) if self.returncode is None else []
        return {*descendants, *_holders(self._pipes)}

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(OSError, ProcessLookupError):
            if POSIX and self._leads_group:
                os.killpg(self.pid, number)
            elif self.returncode is None:
                self._process.send_signal(number)

    def _close(self) -> None:
        for descriptor in list(self._pipes):
            if POSIX:
                anyio.notify_closing(descriptor)
            del self._pipes[descriptor]
            os.close(descriptor)


async def interrupt_blocking_call(pid: int, paused: Callable[[], Awaitable[None]]) -> None:
    """Let a pending pause reach a main thread that sleeps or waits (POSIX; elsewhere nothing happens).

    A process without our handler ignores the signal. One that meets it in the debugger's own code does not pause there,
    so it is sent again while `paused` does not return.
    """
    for seconds in _SIGNAL_AGAIN if POSIX else ():
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGURG)
        with anyio.move_on_after(seconds):
            await paused()
            return


@asynccontextmanager
async def spawn(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str,
    inherit: Sequence[int],
    sink: Sink,
    starter: Starter = DIRECTLY,
) -> AsyncIterator[ChildProcess]:
    """Run `command` until the block ends; its output goes to `sink` as it comes. `inherit`: descriptors it keeps.

    Raises:
        StartFailed: the operating system refused.
    """
    readers: dict[int, Literal["stdout", "stderr"]] = {}
    writers: list[int] = []
    names: tuple[Literal["stdout", "stderr"], ...] = ("stdout", "stderr")
    for name in names:
        reader, writer = os.pipe()
        readers[reader] = name
        writers.append(writer)
        if POSIX:
            os.set_blocking(reader, False)
    try:
        process = await starter.start(command, env=env, cwd=cwd, inherit=inherit, output=writers)
    except (OSError, ValueError) as error:
        for descriptor in readers:
            os.close(descriptor)
        raise StartFailed(f"{command[0]} could not be started: {error}", hint=_spawn_hint(error)) from error
    finally:
        for descriptor in writers:
            os.close(descriptor)
    child = ChildProcess(process, readers, sink)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(child._watch)
        try:
            yield child
        finally:
            with anyio.CancelScope(shield=True):
                if child.returncode is None or child._leads_group or process.is_kept:
                    await child.end(gently=False)
                child._watching.cancel()
                child._close()
                await process.aclose()


def _spawn_hint(error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == 7:
        return "Arguments and environment together are too large; pass less, or through a file."
    if number in (11, 12, 24):
        return "The machine is at a limit of processes, memory or files; stop other sessions first."
    return "Check python, cwd, args and env."


def _group_exists(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except OSError:
        return False
    return True


def _descendants(pid: int) -> list[int]:
    """Children of `pid`, their children and so on, those with a session of their own included (Linux)."""
    if not sys.platform.startswith("linux"):
        return []
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError), open(f"/proc/{entry}/stat", "rb") as stat:
                parents.setdefault(int(stat.read().rpartition(b")")[2].split()[1]), []).append(int(entry))
    found, waiting = [], [pid]
    while waiting:
        for child in parents.get(waiting.pop(), []):
            found.append(child)
            waiting.append(child)
    return found


def _kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, _KILL)


def _holders(pipes: Iterable[int]) -> list[int]:
    """Processes that print into one of these pipes of ours: also children left by their parents, wherever (Linux)."""
    if not sys.platform.startswith("linux"):
        return []
    wanted = {f"pipe:[{os.fstat(pipe).st_ino}]" for pipe in pipes}
    others = [entry for entry in os.listdir("/proc") if entry.isdigit() and int(entry) != os.getpid()]
    return [int(entry) for entry in others if any(_stream(entry, number) in wanted for number in (1, 2))]


def _followed(pipes: Iterable[int]) -> list[int]:
    """Those of the holders that were started with settings of ours."""
    found = []
    with contextlib.suppress(OSError):  # the pipes may be closed by now
        for pid in _holders(pipes):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as environ:
                if _FOLLOWED in environ.read():
                    found.append(pid)
    return found


def _stream(process: str, number: int) -> str:
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/{process}/fd/{number}")
    return ""
