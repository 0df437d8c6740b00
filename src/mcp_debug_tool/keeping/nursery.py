"""Where programs are started: a small process without threads, run as `python -I -S nursery.py DESCRIPTOR`.

It imports little, and of the standard library alone, for each keeper is a fork of it: one for each program. A keeper is
the program's parent and a subreaper, so that whatever the program starts stays below it, daemons too. When its control
socket ends, because the server closes it or has died, it kills everything below it and leaves.
"""

from __future__ import annotations

import array
import ctypes
import errno
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_HEADER = 8
_MAX_DESCRIPTORS = 32
# What is still alive then cannot be killed by this user, or sits in the kernel.
SWEEP_SECONDS = 3.0
# A signal that is to end the server's group, or its terminal, is none of a keeper's business.
_NOT_OURS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STANDARD = (0, 1, 2)

# What is asked for, and the descriptors that came with it.
Request = tuple[dict[str, Any], list[int]]
Handlers = dict[signal.Signals, Any]

_libc = ctypes.CDLL(None, use_errno=True)


def main(descriptor: int) -> None:
    """Start what is asked for over this socket, until it ends; then wait for nobody."""
    server = socket.socket(fileno=descriptor)
    original = {number: signal.getsignal(number) for number in _NOT_OURS}
    for number in _NOT_OURS:
        signal.signal(number, signal.SIG_IGN)
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    children = _Children()
    keepers: set[int] = set()
    while True:
        _wait(server, children)
        keepers -= {pid for pid, _ in children.ended()}
        _kill(set(_children(os.getpid())) - keepers)  # their keeper was killed
        request = _received(server) if select.select([server], [], [], 0)[0] else ()
        if request is None:
            return
        if request:
            pid = _forked(server, request, original)
            keepers.add(pid)


def _received(server: socket.socket) -> Request | None:
    """A request and its descriptors: length, then JSON; None at the end of the stream."""
    descriptors = array.array("i")
    size = socket.CMSG_SPACE(_MAX_DESCRIPTORS * descriptors.itemsize)
    head, ancillary, _, _ = server.recvmsg(_HEADER, size)
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    if len(head) < _HEADER:
        return None
    wanted, parts = int.from_bytes(head, "big"), []
    while wanted:
        part = server.recv(min(wanted, 1 << 20))
        if not part:
            return None
        parts.append(part)
        wanted -= len(part)
    return json.loads(b"".join(parts)), list(descriptors)


def _forked(server: socket.socket, request: Request, original: Handlers) -> int:
    """A keeper for this program."""
    asked, descriptors = request
    pid = os.fork()
    if pid:
        for descriptor in descriptors:
            os.close(descriptor)
        return pid
    try:
        server.close()
        _keep(asked, descriptors, original)
    finally:
        os._exit(0)


def _keep(asked: dict[str, Any], descriptors: list[int], original: Handlers) -> None:
    """The life of a keeper: start the program, tell of it, and end everything at the end."""
    os.setsid()
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    control, *theirs = descriptors
    server = socket.socket(fileno=control)
    children = _Children()
    program = _started(server, asked, theirs, original)
    for descriptor in theirs:
        os.close(descriptor)
    while program:
        _wait(server, children)
        for pid, status in children.ended():
            if pid == program:
                _tell(server, status=status)
        if select.select([server], [], [], 0)[0]:
            if not _asked_to_sweep(server):
                break
            _tell(server, swept=_sweep(children, program, server))
    _sweep(children, program, server)


def _asked_to_sweep(server: socket.socket) -> bool:
    try:
        return bool(server.recv(16))
    except OSError:
        return False


def _tell(server: socket.socket, **news: object) -> None:
    try:
        server.send(json.dumps(news).encode())
    except OSError:
        return  # nobody is there any more


def _started(server: socket.socket, asked: dict[str, Any], descriptors: list[int], original: Handlers) -> int:
    """The program's pid; 0 where it could not be started, which is told."""
    reader, writer = os.pipe()
    keeper = os.getpid()
    try:
        pid = os.fork()
    except OSError as error:
        _tell(server, errno=error.errno, strerror=error.strerror)
        return 0
    if not pid:
        try:
            _become(asked, descriptors, original, keeper)
        except Exception as error:
            number, why = getattr(error, "errno", None), getattr(error, "strerror", None)
            news = {"errno": number or errno.EINVAL, "strerror": str(why or error)[:1000]}
            os.write(writer, json.dumps(news).encode())
        finally:
            os._exit(127)
    os.close(writer)
    failure = os.read(reader, 4096)
    os.close(reader)
    if failure:
        _tell(server, **json.loads(failure))
        return 0
    _tell(server, pid=pid)
    return pid


def _become(asked: dict[str, Any], descriptors: list[int], original: Handlers, keeper: int) -> None:
    """Be the program; its descriptors get the numbers that it is to have."""
    os.setsid()
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != keeper:
        os._exit(127)
    _number(dict(zip(descriptors, (*_STANDARD, *asked["inherit"]), strict=True)))
    signal.set_wakeup_fd(-1)
    for number, handler in original.items():
        signal.signal(number, handler if handler == signal.SIG_IGN else signal.SIG_DFL)
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    os.chdir(asked["cwd"])
    os.execvpe(asked["command"][0], asked["command"], asked["env"])  # noqa: S606


def _number(wanted: dict[int, int]) -> None:
    """Give each descriptor its number, also where that is now another one's."""
    import fcntl

    above = max([*wanted, *wanted.values()]) + 1
    moved = {fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, above): number for descriptor, number in wanted.items()}
    for descriptor, number in moved.items():
        os.dup2(descriptor, number, inheritable=True)


class _Children:
    """Ends of children, each told once; `wake` can be read when there may be one."""

    def __init__(self) -> None:
        self.wake, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def ended(self) -> list[tuple[int, int]]:
        """(pid, wait status) of those that have ended since."""
        try:
            while os.read(self.wake, 512):
                pass
        except BlockingIOError:
            pass
        found = []
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    break
                found.append((pid, status))
        except ChildProcessError:
            pass
        return found


def _sweep(children: _Children, program: int, server: socket.socket) -> int:
    """Kill everything below this process; answers how many there were. The program's own end is told."""
    killed: set[int] = set()
    deadline = time.monotonic() + SWEEP_SECONDS
    while time.monotonic() < deadline:
        below = _below(os.getpid())
        if not below:
            break
        while not below <= killed:
            # Stopped first, so that none of them starts another one behind our back.
            for pid in below - killed:
                _signal(pid, signal.SIGSTOP)
            killed |= below
            below = _below(os.getpid())
        _kill(below)
        select.select([children.wake], [], [], 0.01)
        for pid, status in children.ended():
            if pid == program:
                _tell(server, status=status)
    return len(killed)


def _wait(server: socket.socket, children: _Children) -> None:
    """Until there is something to read, or a child has ended."""
    wanted: list[Any] = [server, children.wake]
    select.select(wanted, [], [])


def _kill(pids: set[int]) -> None:
    for pid in pids:
        _signal(pid, signal.SIGKILL)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        return


def _below(pid: int) -> set[int]:
    """All that descends from a process."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        children = set(_children(waiting.pop())) - found
        found |= children
        waiting.extend(children)
    return found


def _children(pid: int) -> list[int]:
    """The children of a process, whichever of its threads has started them (proc(5))."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found.extend(map(int, file.read().split()))
    except OSError as error:
        if error.errno == errno.ENOENT and not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
            return _children_by_parents(pid)
    return found


def _children_by_parents(pid: int) -> list[int]:
    """The same, for a kernel without that file."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as file:
                    if int(file.read().rpartition(b")")[2].split()[1]) == pid:
                        found.append(int(entry))
            except (OSError, IndexError):
                continue
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]))
