"""What attaching by process id needs: gdb, and the right to look into another process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import anyio

from ..targets.running import has_ptrace_capability, ptrace_scope, why_no_ptrace
from .checks import MAX_CHARS, Check

_SECONDS = 5.0
_SCRIPTING = "Python scripting works"
_INSTALL = "install gdb (Debian, Ubuntu: apt-get install gdb; Fedora: dnf install gdb; Alpine: apk add gdb)"
_HOOK = "or start programs with PYTHONPATH=$(mcp-debug hook): then no tool is needed"
# Asks the kernel in a process of its own, whose child it may in any case name as its own.
_TRIAL = """
import ctypes, os, signal
child = os.fork()
if child == 0:
    signal.alarm(10)
    signal.pause()
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
PTRACE_SEIZE = 0x4206
print(0 if libc.ptrace(PTRACE_SEIZE, child, None, None) == 0 else ctypes.get_errno())
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
"""


async def gdb() -> Check:
    """Whether there is a gdb, and which."""
    if not sys.platform.startswith("linux"):
        return _not_here("gdb")
    path = shutil.which("gdb")
    if path is None:
        return Check(
            "gdb", "warning", "not found: running programs cannot be attached to by pid", f"{_INSTALL}, {_HOOK}"
        )
    output = await _output([path, "--nx", "--batch", "-ex", "show version", "-ex", f"python print('{_SCRIPTING}')"])
    if output is None:
        return Check("gdb", "warning", f"{path} does not run", _INSTALL)
    return Check("gdb", "ok", f"{path}, {about_gdb(output)}")


def about_gdb(output: str) -> str:
    """Version and scripting, from what gdb says to both questions."""
    match = re.search(r"^GNU gdb .* (\d\S*)$", output, re.MULTILINE)
    scripting = _SCRIPTING if _SCRIPTING in output else "without Python scripting, which is not needed"
    return f"{match[1] if match else 'of unknown version'}, {scripting}"


async def ptrace() -> Check:
    """Whether this user's programs may be looked into."""
    if not sys.platform.startswith("linux"):
        return _not_here("ptrace")
    answer = await _output([sys.executable, "-I", "-S", "-c", _TRIAL])
    capable = has_ptrace_capability()
    return about_ptrace((answer or "").strip(), ptrace_scope(), capable=capable, cure=why_no_ptrace())


def about_ptrace(answer: str, scope: int, *, capable: bool, cure: str) -> Check:
    """What a trial on a child came to (an errno, 0 for success), yama and the capability together allow."""
    rights = f"yama's ptrace_scope is {scope}, CAP_SYS_PTRACE is {'there' if capable else 'missing'}"
    if answer != "0":
        reason = os.strerror(int(answer)) if answer.isdigit() else "no answer"
        return Check("ptrace", "warning", f"refused ({reason}); {rights}", cure)
    if scope == 0 or (capable and scope < 3):
        return Check("ptrace", "ok", f"allowed; {rights}")
    return Check("ptrace", "warning", f"not allowed but for own children; {rights}", cure)


async def _output(command: list[str]) -> str | None:
    """What the command prints; None where it does not run, fails or takes too long."""
    with anyio.move_on_after(_SECONDS):
        try:
            done = await anyio.run_process(
                command, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, env={**os.environ, "LC_ALL": "C"}
            )
        except (OSError, subprocess.CalledProcessError):
            return None
        return done.stdout.decode(errors="replace")[: MAX_CHARS * 10]
    return None


def _not_here(name: str) -> Check:
    return Check(name, "ok", f"not used on {sys.platform}, where attach takes a port instead of a pid")
