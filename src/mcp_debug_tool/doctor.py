"""mcp-debug doctor: small checks of this machine, each a function that says what it saw and what to mend."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import metadata
from typing import Literal

import anyio

from . import __version__
from .errors import DebugError
from .interpreters import DEBUGPY, choose, unusable_because
from .preparing.launching import Launch
from .session_manager import SessionManager
from .sessions import Sessions
from .settings import Settings
from .transports import peers

SELF_TEST_SECONDS = 20.0


@dataclass(frozen=True)
class Check:
    """What one check found; `mend` says what to do where it is not ok."""

    name: str
    verdict: Literal["ok", "warning", "failed"]
    found: str
    mend: str = ""


async def versions() -> Check:
    """The server's Python and the packages it stands on."""
    parts = [f"mcp-debug {__version__}", f"{platform.python_implementation()} {platform.python_version()}"]
    parts += [f"{name} {metadata.version(name)}" for name in ("mcp", "debugpy", "anyio", "pydantic")]
    if not await anyio.Path(DEBUGPY, "_vendored", "pydevd").is_dir():
        return Check("versions", "failed", ", ".join(parts), "debugpy has no pydevd inside: pip install -U debugpy")
    return Check("versions", "ok", ", ".join(parts))


async def interpreter() -> Check:
    """The Python that programs started here will run on."""
    settings = Settings()
    chosen = choose(None, cwd=settings.cwd, program=None, environ=settings.environ)
    reason = await unusable_because(chosen, settings.environ)
    found = f"{chosen.path} ({chosen.origin})"
    if reason is not None:
        return Check("interpreter", "failed", reason, "repair that environment, or give start another with python=")
    return Check("interpreter", "ok", found)


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


CHECKS: tuple[Callable[[], Awaitable[Check]], ...] = (versions, interpreter, compiled_files, peer_check, self_test)


async def examine() -> list[Check]:
    """All checks, in order."""
    return [await check() for check in CHECKS]


def main() -> int:
    """Print every check; answers 1 when one failed, else 0."""
    checks = anyio.run(examine)
    for check in checks:
        print(f"{check.verdict:8} {check.name}: {check.found}")
        if check.mend and check.verdict != "ok":
            print(f"{'':8} mend: {check.mend}")
    print(f"{'':8} mcp-debug serve --tools full also offers goto, modules and complete")
    return 1 if any(check.verdict == "failed" for check in checks) else 0
