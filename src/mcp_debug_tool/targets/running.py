"""Which process a pid means, and whether a debugger can be brought into it (Linux).

All that is known is read from /proc. Every reason why it cannot be done is found here, before anything is touched;
`injection` then does it.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import InvalidArgument, TargetError
from ..interpreters import DORMANT, OLDEST

_ASK_VERSION_SECONDS = 5.0
_CAP_SYS_PTRACE = 1 << 19
_COMMAND_CHARS = 200


@dataclass(frozen=True)
class Process:
    """A running Python process that can be attached to, as `examine` found it."""

    pid: int
    python_version: tuple[int, int] | None
    """None where it could not be told."""
    executable: str
    started: int
    """In clock ticks since the machine's start: another process with this pid has another one."""
    command: str
    """The beginning of its command line, for people to read."""
    dormant: bool = False
    """Whether it was started with our dormant hook."""


def examine(pid: int) -> Process:
    """The process `pid`, when a debugger of ours could be brought into it.

    Runs its interpreter, for at most 5 s, where only that says its version: call it from a worker thread.

    Raises:
        InvalidArgument: there is no such process, or it is not one to attach to: ours, another user's, no Python.
        TargetError: it cannot be reached as things are: this platform, a container, another debugger.
    """
    if not sys.platform.startswith("linux"):
        raise TargetError(
            f"attaching by process id needs Linux; this is {sys.platform}",
            hint="Let the program call debugpy.listen() and attach to its host and port, or start it with start.",
        )
    if pid <= 0 or not os.path.isdir(f"/proc/{pid}"):
        raise _gone(pid)
    try:
        return _examined(pid)
    except (FileNotFoundError, ProcessLookupError):
        raise _gone(pid) from None


def _examined(pid: int) -> Process:
    facts = status(pid)
    if pid == os.getpid() or int(facts["Tgid"]) == os.getpid():
        raise InvalidArgument("pid", f"{pid} is this debug server itself", hint="Name the program's process id.")
    if int(facts["Tgid"]) != pid:
        raise InvalidArgument(
            "pid", f"{pid} is a thread of process {facts['Tgid']}", hint=f"Attach to pid {facts['Tgid']}."
        )
    if facts["State"][:1] in "ZX":
        raise InvalidArgument(
            "pid", f"process {pid} has ended; its parent {facts['PPid']} has not collected it yet",
            hint="Start the program again.",
        )  # fmt: skip
    require_same_user(pid, facts)
    require_same_container(pid)
    try:
        executable = _executable(pid)
        version = _python_version(pid, executable)
    except PermissionError as error:
        raise TargetError(f"process {pid} may not be looked at: {error.strerror}", hint=why_no_ptrace()) from error
    _require_untraced(pid, facts)
    return Process(pid, version, executable, started(pid), command_line(pid), _has_hook(pid, facts))


def _gone(pid: int) -> InvalidArgument:
    return InvalidArgument("pid", f"there is no process {pid}", hint="It may have ended: list processes and look.")


def status(pid: int) -> dict[str, str]:
    """The fields of /proc/PID/status."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    return {name: value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}


def require_same_user(pid: int, facts: Mapping[str, str]) -> None:
    """Go on where the process runs as this server's user, by all of its ids; `facts` are its `status`.

    Raises:
        InvalidArgument: it runs as another one.
    """
    theirs = {int(number) for number in facts["Uid"].split()[:3]}
    if theirs == {os.geteuid()}:
        return
    user = _user_name(int(facts["Uid"].split()[1]))
    raise InvalidArgument(
        "pid", f"process {pid} belongs to the user {user}, this server runs as {_user_name(os.geteuid())}",
        hint=f"Run the debug server as {user}: the program connects back to it and proves itself by its user.",
    )  # fmt: skip


def _user_name(uid: int) -> str:
    import pwd  # POSIX only

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def require_same_container(pid: int) -> None:
    """Go on where the process sees our files, our process ids and our loopback.

    Raises:
        TargetError: it does not.
    """
    lost = {"mnt": "files", "pid": "process ids", "net": "loopback network"}
    apart = [lost[kind] for kind in lost if _namespace(pid, kind) not in (None, _namespace(os.getpid(), kind))]
    if not apart and _root(pid) in (None, _root(os.getpid())):
        return
    missing = " and ".join(apart or ["files"])
    raise TargetError(
        f"process {pid} runs in another container: it does not share {missing} with this server",
        hint="Run the debug server inside that container, or let the program there call debugpy.listen() "
        "and attach to its host and port.",
    )


def _namespace(pid: int, kind: str) -> str | None:
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/{pid}/ns/{kind}")
    return None


def _root(pid: int) -> tuple[int, int] | None:
    with contextlib.suppress(OSError):
        status = os.stat(f"/proc/{pid}/root")
        return status.st_dev, status.st_ino
    return None


def _executable(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")
    except FileNotFoundError:
        if not os.path.isdir(f"/proc/{pid}"):
            raise
        raise InvalidArgument("pid", f"{pid} is a thread of the kernel", hint="Name a Python process.") from None


def _python_version(pid: int, executable: str) -> tuple[int, int] | None:
    """The version of CPython that the process runs; asked of the interpreter itself where no name says it."""
    name = os.path.basename(executable)
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="surrogateescape")
    version = version_in_name(name) or version_in_maps(maps)
    if version is None and re.fullmatch(r"python\d?t?", name):
        version = _asked_version(executable)
    if version is None and not name.startswith("python"):
        raise InvalidArgument("pid", f"{pid} is not Python: it runs {executable}", hint="Name a Python process.")
    if version is not None and version < OLDEST:
        raise TargetError(
            f"process {pid} runs Python {version[0]}.{version[1]}; debugging needs 3.8 or newer",
            hint="Run the program on a newer Python.",
        )
    return version


def version_in_name(name: str) -> tuple[int, int] | None:
    """The version in the name of an executable, `python3.11`; None where it has none."""
    found = re.fullmatch(r"python(\d)\.(\d+)[a-z]*", name)
    return (int(found[1]), int(found[2])) if found else None


def version_in_maps(maps: str) -> tuple[int, int] | None:
    """The version of the libpython that `/proc/PID/maps` lists; None where it lists none."""
    found = re.search(r"/libpython(\d)\.(\d+)[a-z]*\.so", maps)
    return (int(found[1]), int(found[2])) if found else None


def _asked_version(executable: str) -> tuple[int, int] | None:
    code = "import sys; print(*sys.version_info[:2])"
    try:
        run = subprocess.run(
            [executable, "-I", "-S", "-c", code],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=_ASK_VERSION_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = run.stdout.split()
    return (int(words[0]), int(words[1])) if len(words) == 2 and all(word.isdigit() for word in words) else None


def _require_untraced(pid: int, facts: Mapping[str, str]) -> None:
    tracer = int(facts.get("TracerPid", "0"))
    if tracer:
        raise TargetError(
            f"process {pid} is already traced by process {tracer} ({command_line(tracer) or 'unknown'})",
            hint=f"End that debugger or tracer (pid {tracer}), then attach again.",
        )


def started(pid: int) -> int:
    """When the process started, in clock ticks since the machine did.

    Raises:
        OSError: there is no such process.
    """
    # Field 22; what comes before the last parenthesis may hold anything.
    return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19])


def command_line(pid: int) -> str:
    """The beginning of a process's command line in visible characters; empty where it has none, or has ended."""
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        text = " ".join(word.decode("utf-8", "backslashreplace") for word in words)
        shown = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
        return shown if len(shown) <= _COMMAND_CHARS else shown[: _COMMAND_CHARS - 1] + "…"
    return ""


def _has_hook(pid: int, facts: Mapping[str, str]) -> bool:
    """Whether our folder was on its PYTHONPATH when it started and it listens for the signal."""
    number = getattr(signal, "SIGURG", None)
    if number is None or not int(facts.get("SigCgt", "0"), 16) >> (number - 1) & 1:
        return False
    with contextlib.suppress(OSError):
        for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            if entry.startswith(b"PYTHONPATH="):
                return os.fsencode(DORMANT) in entry.partition(b"=")[2].split(os.fsencode(os.pathsep))
    return False


# --- may we? --------------------------------------------------------------------------------------------------


def why_no_ptrace() -> str:
    """What to change so that one process may look into another, for the one reason that holds here."""
    own = status(os.getpid())
    capable = bool(int(own.get("CapEff", "0"), 16) & _CAP_SYS_PTRACE)
    scope = _ptrace_scope()
    without = f"; or start the program with PYTHONPATH={DORMANT} in its environment, which needs no ptrace."
    return ptrace_cure(capable=capable, scope=scope, contained=_in_container(own)) + without


def ptrace_cure(*, capable: bool, scope: int, contained: bool) -> str:
    """The cure for a refused ptrace. `scope`: yama's ptrace_scope, 0 where there is no yama."""
    if scope == 3:
        return "kernel.yama.ptrace_scope is 3: ptrace is off until the machine is started again with a lower value"
    if contained and not capable:
        return "Start this container with --cap-add=SYS_PTRACE (Kubernetes: securityContext.capabilities.add)"
    if contained:
        return "Start this container with --security-opt seccomp=unconfined and --cap-add=SYS_PTRACE"
    if scope == 2 and not capable:
        return "kernel.yama.ptrace_scope is 2: only root may attach; run `sudo sysctl kernel.yama.ptrace_scope=0`"
    if scope == 1 and not capable:
        return (
            "kernel.yama.ptrace_scope is 1: a process may only attach to its own children; "
            "run `sudo sysctl kernel.yama.ptrace_scope=0`"
        )
    return "The program may have forbidden it (prctl PR_SET_DUMPABLE, or more capabilities than this server has)"


def _ptrace_scope() -> int:
    with contextlib.suppress(OSError, ValueError):
        return int(Path("/proc/sys/kernel/yama/ptrace_scope").read_text())
    return 0


def _in_container(own: Mapping[str, str]) -> bool:
    marks = ("/.dockerenv", "/run/.containerenv", "/var/run/secrets/kubernetes.io")
    return any(os.path.exists(mark) for mark in marks) or (own.get("Seccomp", "0") == "2" and os.getpid() < 100)
