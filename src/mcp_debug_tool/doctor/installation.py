"""The server itself: what it stands on, and whether it debugs."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata

import anyio

from .. import __version__
from ..errors import DebugError
from ..interpreters import DEBUGPY
from ..preparing.launching import Launch
from ..session_manager import SessionManager
from ..sessions import Sessions
from ..settings import Settings
from ..transports import peers
from .checks import Check

SELF_TEST_SECONDS = 8.0


async def versions() -> Check:
    """The server's Python and the packages it stands on."""
    parts = [f"mcp-debug {__version__}", f"{platform.python_implementation()} {platform.python_version()}"]
    parts += [f"{name} {metadata.version(name)}" for name in ("mcp", "debugpy", "anyio", "pydantic")]
    if not await anyio.Path(DEBUGPY, "_vendored", "pydevd").is_dir():
        return Check("versions", "failed", ", ".join(parts), "debugpy has no pydevd inside: pip install -U debugpy")
    return Check("versions", "ok", ", ".join(parts))


async def compiled_files() -> Check:
    """Whether compiled files of pydevd can be kept; without them each launch compiles it anew."""
    if os.access(DEBUGPY, os.W_OK):
        return Check("compiled files", "ok", f"{DEBUGPY} is writable")
    return Check(
        "compiled files",
        "warning",
        f"{DEBUGPY} is not writable: a program on another Python version starts up to 0.7 s later",
        f"run once for each version: pythonX.Y -m compileall -q {DEBUGPY}",
    )


async def peer_check() -> Check:
    """Whether a connection's owner can be looked up, beside its token."""
    if peers.can_identify():
        return Check("peer check", "ok", "the process behind a connection is looked up in /proc")
    return Check("peer check", "warning", f"not on {sys.platform}: connections are proved by their token alone")


async def self_test() -> Check:
    """A real program, started, stopped at a breakpoint, and run to its end."""
    async with SessionManager(Settings()).run() as manager:
        try:
            with anyio.fail_after(SELF_TEST_SECONDS):
                return await _debug_a_program(manager.of())
        except (DebugError, TimeoutError) as error:
            return Check("self test", "failed", str(error) or "no answer in time", getattr(error, "hint", ""))


async def _debug_a_program(sessions: Sessions) -> Check:
    session = await sessions.start(Launch(code="answer = 42\nbreakpoint()\nprint(answer)\n"), [])
    wrapper = session.wrapper
    await wrapper.wait(lambda: wrapper.stop is not None or wrapper.exit is not None)
    stop = wrapper.stop
    if stop is None or not stop.views or ("answer", "42") not in stop.views[0].variables:
        return Check("self test", "failed", "the program did not stop as it should", "please report this")
    await wrapper.resume("continue", await wrapper.subject(None))
    await wrapper.wait(lambda: wrapper.exit is not None)
    return Check("self test", "ok", "a program was started, stopped and continued")
