"""The Pythons: that on which programs run unless one is named, and the others of this machine."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio

from ..interpreters import OLDEST, choose, unusable_because
from ..settings import Settings
from .checks import Check

# What the tests debug; a newer one is worth a try.
NEWEST_TESTED = (3, 13)
_NAMES = ("python", "python3", *(f"python3.{minor}" for minor in range(8, 20)))
_ASK = "import sys; print(sys.implementation.name, '%d.%d.%d' % sys.version_info[:3], sys.executable, sep='|')"
_ASK_SECONDS = 3.0
_AT_ONCE = 4


@dataclass(frozen=True)
class Found:
    """A Python as it calls itself."""

    implementation: str
    version: tuple[int, int, int]
    path: str


async def interpreter() -> Check:
    """The Python that programs started here will run on."""
    settings = Settings()
    chosen = choose(None, cwd=settings.cwd, program=None, environ=settings.environ)
    reason = await unusable_because(chosen, settings.environ)
    found = f"{chosen.path} ({chosen.origin})"
    if reason is not None:
        return Check("interpreter", "failed", reason, "repair that environment, or give start another with python=")
    return Check("interpreter", "ok", found)


async def pythons() -> Check:
    """Which other Pythons `start` can be given."""
    paths = await anyio.to_thread.run_sync(candidates, os.environ, Path.home())
    found: list[Found] = []
    limiter = anyio.CapacityLimiter(_AT_ONCE)

    async def ask(path: str) -> None:
        async with limiter:
            if (python := await _ask(path)) is not None:
                found.append(python)

    async with anyio.create_task_group() as tasks:
        for path in paths:
            tasks.start_soon(ask, path)
    return told(found)


def candidates(environ: Mapping[str, str], home: Path) -> list[str]:
    """Where Pythons may be: in PATH, and where pyenv and uv keep theirs. A link counts once, as what it leads to."""
    paths = [Path(folder, name) for folder in environ.get("PATH", "").split(os.pathsep) if folder for name in _NAMES]
    pyenv = Path(environ.get("PYENV_ROOT") or home / ".pyenv", "versions")
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    uv = Path(environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    for folder in (pyenv, uv):
        paths += sorted(folder.glob("*/bin/python3"))
    real = {os.path.realpath(path): None for path in paths if os.access(path, os.X_OK) and path.is_file()}
    return list(real)


async def _ask(path: str) -> Found | None:
    """What the interpreter says of itself; None where it is none, or does not answer."""
    with anyio.move_on_after(_ASK_SECONDS):
        try:
            done = await anyio.run_process(
                [path, "-I", "-S", "-c", _ASK], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
            )
        except OSError:
            return None
        return said(done.stdout.decode(errors="replace"))
    return None


def said(answer: str) -> Found | None:
    """An answer to the question, read."""
    match = re.fullmatch(r"(\w+)\|(\d+)\.(\d+)\.(\d+)\|(.+)", answer.strip())
    if match is None:
        return None
    name, major, minor, micro, path = match.groups()
    return Found(name, (int(major), int(minor), int(micro)), os.path.realpath(path))


def told(found: Iterable[Found]) -> Check:
    """The Pythons in a line, oldest first; those that cannot be debugged say why."""
    good: dict[str, None] = {}
    bad: dict[str, None] = {}
    for python in sorted(set(found), key=lambda python: (python.version, python.path)):
        named = f"{'.'.join(map(str, python.version))} {python.path}"
        if python.implementation != "cpython":
            bad[f"{named} is {python.implementation}"] = None
        elif python.version < OLDEST:
            bad[f"{named} is too old"] = None
        else:
            good[named + (" (newer than tested)" if python.version[:2] > NEWEST_TESTED else "")] = None
    line = "; ".join(good) or "none"
    if bad:
        line += f"; cannot be debugged: {'; '.join(bad)}"
    if good:
        return Check("pythons", "ok", line)
    return Check("pythons", "warning", line, "install CPython 3.8 or newer, and name it with python=")
