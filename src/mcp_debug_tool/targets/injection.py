"""Bring our debugger into a Python process that is already running (Linux).

Three ways, the gentlest first: a signal, where the program was started with our dormant hook; `sys.remote_exec`
from 3.14 on; gdb or lldb, which call into the stopped process. All of them run `debuggee/injected.py` in the
program's main thread, which starts a thread that connects back. The settings, tokens among them, wait for it in
a file that only this user can reach; they stand in no argv and no environment, and are gone in every case.
`running` says beforehand whether it can be done.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.abc

from ..errors import TargetError
from ..interpreters import DEBUGPY, DORMANT, PACKAGE
from .running import Process, examine, started, status, why_no_ptrace

__all__ = ["DORMANT", "Process", "examine", "inject"]

# gdb reads the symbols of the program and all its libraries first; most of a second for a large one.
TOOL_SECONDS = 20.0
# After the tool has let go, the program only has to start a thread.
TAKEN_SECONDS = 5.0
# A thread that waits for the GIL wakes every 5 ms to ask for it; one that sleeps all this time does not.
_BLOCKED_SECONDS = 0.1
# Settings left by a server that died in the middle of an attach.
_STALE_SECONDS = 30.0
_ATTACH = Path(DEBUGPY, "_vendored", "pydevd", "pydevd_attach_to_process")
_LAST_LINES = 6
_ATTACHED = "mcp-debug attached: 0"


async def inject(process: Process, settings: Mapping[str, Any]) -> None:
    """Let the program begin to connect to the server that `settings` name; returns once it has taken them.

    `settings`: host, port, token, server_token. Takes up to 25 s; the program is stopped only while gdb or lldb
    calls into it, a tenth of a second for most.

    Raises:
        TargetError: nothing that could do it is here, or it was not allowed, or the program did not react;
            the hint says what to install or to change.
    """
    _require_unchanged(process)
    with _waiting_settings(process.pid, settings) as path:
        if process.dormant:
            _signal(process)
        elif process.python_version is not None and process.python_version >= (3, 14):
            await _remote_exec(process, path)
        else:
            await _call_into(process, path)
        _require_unchanged(process)
        await _taken(process, path)


def _require_unchanged(process: Process) -> None:
    try:
        now: int | None = started(process.pid)
    except OSError:
        now = None
    if now != process.started:
        raise TargetError(
            f"process {process.pid} has ended ({process.command})", hint="Start the program again, then attach to it."
        )


def settings_file(pid: int) -> str:
    """Where the program with this pid finds its settings; dormant/sitecustomize.py says the same."""
    return f"/tmp/mcp-debug-{os.geteuid()}/{pid}"  # noqa: S108 - the folder's owner and mode are checked by both sides


@contextmanager
def _waiting_settings(pid: int, settings: Mapping[str, Any]) -> Iterator[str]:
    """The settings in their place until the block ends."""
    path = settings_file(pid)
    _make_private(os.path.dirname(path))
    with contextlib.suppress(FileNotFoundError):
        if time.time() - os.lstat(path).st_mtime > _STALE_SECONDS:
            os.remove(path)
    text = json.dumps({"debugpy": DEBUGPY, "package": PACKAGE, **settings}).encode()
    try:
        _write(path, text)
    except FileExistsError:
        raise TargetError(
            f"another attach to process {pid} is under way", hint="Wait until it has ended, then attach again."
        ) from None
    try:
        yield path
    finally:
        for left in (path, path + ".failed", path + ".py"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(left)


def _write(path: str, text: bytes) -> None:
    """A new file that only this user can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(text)


def _make_private(folder: str) -> None:
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, 0o700)
    found = os.lstat(folder)
    if found.st_uid != os.geteuid() or not stat.S_ISDIR(found.st_mode):
        raise TargetError(
            f"{folder} belongs to somebody else, so that settings cannot be kept safe there",
            hint=f"Remove {folder}, then attach again.",
        )
    os.chmod(folder, 0o700)


async def _taken(process: Process, path: str) -> None:
    """Wait until the program has taken its settings: it reads and deletes them."""
    with anyio.move_on_after(TAKEN_SECONDS):
        await _until_taken(process, path)
    _require_taken(process, path)


async def _until_taken(process: Process, path: str) -> None:
    while _waits(path):
        await anyio.sleep(0.005)
        _require_unchanged(process)


def _waits(path: str) -> bool:
    return os.path.exists(path)


def _require_taken(process: Process, path: str) -> None:
    failed = Path(path + ".failed")
    if failed.exists():
        raise TargetError(
            f"the debugger could not be brought up in process {process.pid}: {failed.read_text(errors='replace')}",
            hint="Start the program with start instead.",
        )
    if _waits(path):
        raise TargetError(
            f"process {process.pid} did not react within {TAKEN_SECONDS:g} s: its main thread seems to be inside "
            "C code that does not return, or it is stopped",
            hint="Attach again when it is back in Python code" + _how_to_look(process.pid),
        )


def _how_to_look(pid: int) -> str:
    state = ""
    with contextlib.suppress(OSError):
        state = status(pid).get("State", "")
    return f"; it is in state {state}." + (" Send it SIGCONT." if state[:1] in "Tt" else "")


def _signal(process: Process) -> None:
    """Wake the dormant hook; through a descriptor of the process where there are such, so that it cannot be another."""
    opener = getattr(os, "pidfd_open", None)
    try:
        if opener is None:
            os.kill(process.pid, signal.SIGURG)
            return
        descriptor = opener(process.pid)
        try:
            _require_unchanged(process)
            signal.pidfd_send_signal(descriptor, signal.SIGURG)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise TargetError(f"process {process.pid} cannot be signalled: {error}", hint=why_no_ptrace()) from error


def injected_code(path: str) -> str:
    """One expression of plain ASCII that makes a program take the settings in `path`.

    It leaves no name behind in the `__main__` it may be run in, and has no quote that gdb or lldb could stumble over.
    """
    source = os.path.join(PACKAGE, "injected.py")
    text = (
        f"names = {{}}\n"
        f"with open({source!r}, 'rb') as file:\n"
        f"    exec(compile(file.read(), {source!r}, 'exec'), names)\n"
        f"names['attach']({path!r})\n"
    )
    builtins = "__import__('builtins')"
    return f"{builtins}.exec({builtins}.bytes.fromhex('{text.encode().hex()}').decode(),{{}})"


async def _remote_exec(process: Process, path: str) -> None:
    """From 3.14 on a Python of the same version asks the program to run a script at its next safe point."""
    script = path + ".py"
    _write(script, injected_code(path).encode())
    ask = "import sys; sys.remote_exec(int(sys.argv[1]), sys.argv[2])"
    code, output = await _run([process.executable, "-I", "-S", "-c", ask, str(process.pid), script])
    if code != 0:
        raise _not_injected(process, "sys.remote_exec", output)


# --- gdb and lldb ---------------------------------------------------------------------------------------------


async def _call_into(process: Process, path: str) -> None:
    """Stop the program and call into it. gdb before lldb: it is what debugpy uses and what is tested."""
    gdb, lldb = shutil.which("gdb"), shutil.which("lldb")
    library = attach_library()
    if gdb is None and lldb is None:
        raise TargetError(
            "gdb is needed to attach to a running program, and is not installed (nor is lldb)",
            hint="Install it (Debian, Ubuntu: apt-get install gdb; Fedora: dnf install gdb; Alpine: apk add gdb), "
            f"or start the program with PYTHONPATH={DORMANT} in its environment: then no tool is needed.",
        )
    if library is None:
        raise TargetError(
            f"debugpy has no library to attach with for this machine ({platform.machine()})",
            hint=f"Start the program with PYTHONPATH={DORMANT} in its environment: then it can be attached to.",
        )
    code = injected_code(path)
    if gdb is None:
        await _call(process, "lldb", lldb_arguments(str(lldb), process.pid, library, code))
        return
    # A thread that waits for the GIL cannot be called into, the program would hang. So the main thread is first
    # asked to run the code when it gets to it; only one that is blocked, and not for the GIL, is called into.
    await _call(process, "gdb", gdb_arguments(gdb, process.pid, ask_for_call(code)))
    if await _is_blocked(process, path):
        await _call(process, "gdb", gdb_arguments(gdb, process.pid, call_at_once(library, code)))


async def _is_blocked(process: Process, path: str) -> bool:
    """Whether the main thread sleeps on and leaves its settings; False once they are taken or it had its time."""
    with anyio.move_on_after(TAKEN_SECONDS):
        while _waits(path):
            before = _wakings(process.pid)
            with anyio.move_on_after(_BLOCKED_SECONDS):
                await _until_taken(process, path)
            if _waits(path) and before[:1] in (("S",), ("D",)) and _wakings(process.pid) == before:
                return True
    return False


def _wakings(pid: int) -> tuple[str, ...]:
    """The main thread's state, and how often it was taken off a processor, as the kernel counts."""
    try:
        facts = status(pid)
    except OSError:
        return ()
    counts = [facts.get(name, "") for name in ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")]
    return (facts.get("State", "")[:1], *counts)


async def _call(process: Process, tool: str, arguments: Sequence[str]) -> None:
    _require_unchanged(process)
    returned, output = await _run(arguments)
    if returned != 0 or (_ATTACHED not in output if tool == "gdb" else "error:" in output):
        raise _not_injected(process, tool, output)


def attach_library() -> str | None:
    """debugpy's library for this machine, by which code is run in a stopped process; None where it has none."""
    suffix = {"x86_64": "amd64", "amd64": "amd64", "i386": "x86", "i686": "x86"}.get(platform.machine().lower())
    path = _ATTACH / f"attach_linux_{suffix or platform.machine()}.so"
    return str(path) if path.exists() else None


def ask_for_call(code: str) -> list[str]:
    """gdb's commands to let the main thread run `code` at its next safe point: Py_AddPendingCall needs no GIL."""
    add = "((int(*)(void*,void*))Py_AddPendingCall)"
    return [f'printf "{_ATTACHED[:-1]}%d\\n", {add}((void*)&PyRun_SimpleString, (void*)"{code}")']


def call_at_once(library: str, code: str) -> list[str]:
    """gdb's commands to run `code` in the main thread where it stands."""
    return [
        f'call (void*)dlopen("{library}", 2)',
        "call (char*)dlerror()",
        f"sharedlibrary {Path(library).stem}",
        f'printf "{_ATTACHED[:-1]}%d\\n", (int)DoAttach(0, "{code}", 0)',
    ]


def gdb_arguments(gdb: str, pid: int, commands: Sequence[str]) -> list[str]:
    """The command line that lets gdb do that in the process."""
    before = ["set auto-load no", "set debuginfod enabled off"]
    then = [
        # Whatever arrives meanwhile is the program's; a crash of the call is undone, not the program's end.
        "handle all nostop noprint pass",
        "handle SIGSEGV SIGBUS SIGILL SIGFPE SIGABRT stop print nopass",
        "set unwindonsignal on",
        # The thread may have to wait for the GIL, which only another can give it.
        "set scheduler-locking off",
        *commands,
    ]
    # Line numbers and types are not needed; reading them would stop the program three times as long.
    command = [gdb, "--nw", "--nh", "--nx", "--batch", "--readnever"]
    command += [word for line in before for word in ("-iex", line)]
    return [*command, "--pid", str(pid), *[word for line in then for word in ("-ex", line)]]


def lldb_arguments(lldb: str, pid: int, library: str, code: str) -> list[str]:
    """The command line that lets lldb run `code` in the process, by debugpy's own script for it."""
    then = [
        f"process attach --pid {pid}",
        f'command script import "{_ATTACH / "linux_and_mac" / "lldb_prepare.py"}"',
        f'load_lib_and_attach "{library}" 0 "{code}" 0',
        "process detach",
    ]
    command = [lldb, "--no-lldbinit", "--batch", "--script-language", "Python"]
    return [*command, *[word for line in then for word in ("-o", line)]]


async def _run(command: Sequence[str]) -> tuple[int | None, str]:
    """Exit code (None: it took too long) and all output. The tool gets no variable that its own Python would read."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environ["LC_ALL"] = "C"
    output = bytearray()
    async with await anyio.open_process(
        list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environ
    ) as tool:

        async def read() -> None:
            assert tool.stdout is not None
            async for chunk in tool.stdout:
                output.extend(chunk)

        with anyio.move_on_after(TOOL_SECONDS) as limit:
            await read()
            await tool.wait()
        if limit.cancelled_caught:
            await _interrupt(tool)
    text = output.decode("utf-8", "replace")
    return (None if limit.cancelled_caught else tool.returncode), text


async def _interrupt(tool: anyio.abc.Process) -> None:
    """Let gdb undo its call into the program; killed at once, it would leave a breakpoint that ends the program."""
    with contextlib.suppress(ProcessLookupError):
        tool.send_signal(signal.SIGINT)
        with anyio.move_on_after(2, shield=True):
            await tool.wait()
        if tool.returncode is None:
            tool.kill()


def _not_injected(process: Process, tool: str, output: str) -> TargetError:
    last = [line for line in output.splitlines() if line.strip()][-_LAST_LINES:]
    said = "\n".join(last)
    if not os.path.isdir(f"/proc/{process.pid}"):
        return TargetError(f"process {process.pid} ended while {tool} attached to it:\n{said}")
    if re.search(r"Operation not permitted|PermissionError|not allowed|permission denied", output, re.IGNORECASE):
        return TargetError(f"{tool} may not attach to process {process.pid}:\n{said}", hint=why_no_ptrace())
    return TargetError(
        f"{tool} could not bring the debugger into process {process.pid}:\n{said}",
        hint=f"Start the program with start, or with PYTHONPATH={DORMANT} in its environment: "
        "then it can be attached to without a tool.",
    )
