"""Which Python a program runs on, and what we lend it so that it can be debugged.

The program's environment need not have debugpy: ours is put on its path for the moment of its start, on any
CPython from 3.8 on. Whether an interpreter can be used is only asked when a start has failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio
import debugpy

from .errors import InvalidArgument

OLDEST = (3, 8)
_PROBE = "import sys; print(sys.implementation.name, *sys.version_info[:2])"
_PROBE_SECONDS = 5.0
_SITE_PACKAGES = ("lib/python3*/site-packages", "Lib/site-packages")
_BIN = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")

DEBUGPY = str(Path(debugpy.__file__).parent)
PACKAGE = str(Path(__file__).parent / "debuggee")
INJECT = str(Path(PACKAGE, "inject"))
DORMANT = str(Path(PACKAGE, "dormant"))


@dataclass(frozen=True)
class Interpreter:
    """A Python to run a program on; `origin` says why this one was taken."""

    path: str
    origin: str


def choose(python: str | None, *, cwd: str, program: str | None, environ: Mapping[str, str]) -> Interpreter:
    """`python` if given, else the project's environment near the program, else VIRTUAL_ENV, else our own.

    Raises:
        InvalidArgument: `python` is not an executable file.
    """
    if python is not None:
        return Interpreter(_executable(python, cwd, environ), "as given")
    starts = [Path(program).parent] if program else []
    for folder in _upwards([*starts, Path(cwd)]):
        for name in (".venv", "venv"):
            candidate = folder / name / Path(*_BIN)
            if (folder / name / "pyvenv.cfg").is_file() and os.access(candidate, os.X_OK):
                return Interpreter(str(candidate), "the project's environment")
    active = environ.get("VIRTUAL_ENV")
    if active and os.access(Path(active, *_BIN), os.X_OK):
        return Interpreter(str(Path(active, *_BIN)), "VIRTUAL_ENV")
    return Interpreter(sys.executable, "the server's own; no environment of a project was found")


def _upwards(starts: Iterable[Path]) -> Iterable[Path]:
    for start in starts:
        yield start
        yield from start.parents


def _executable(python: str, cwd: str, environ: Mapping[str, str]) -> str:
    path = os.path.normpath(os.path.join(cwd, os.path.expanduser(python)))
    if os.path.isdir(path) and os.access(os.path.join(path, *_BIN), os.X_OK):
        return os.path.join(path, *_BIN)
    if os.sep not in python:
        for folder in environ.get("PATH", os.defpath).split(os.pathsep):
            found = os.path.join(folder, python)
            if os.path.isfile(found) and os.access(found, os.X_OK):
                return found
    if not os.path.isfile(path):
        raise InvalidArgument("python", f"there is no interpreter at {path}", hint="Name one, or leave python out.")
    if not os.access(path, os.X_OK):
        raise InvalidArgument("python", f"{path} is not executable", hint="Name an interpreter, or leave python out.")
    return path


def site_packages(interpreter: Interpreter) -> list[str]:
    """Where the interpreter's environment keeps its packages, seen from its layout."""
    prefix = Path(interpreter.path).parent.parent
    return sorted(str(path) for pattern in _SITE_PACKAGES for path in prefix.glob(pattern))


async def unusable_because(interpreter: Interpreter, environ: Mapping[str, str]) -> str | None:
    """Why programs on this interpreter cannot be debugged, or None; it runs the interpreter once."""
    try:
        with anyio.fail_after(_PROBE_SECONDS):
            result = await anyio.run_process(
                [interpreter.path, "-I", "-c", _PROBE],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(environ),
                check=False,
            )
    except TimeoutError:
        return f"{interpreter.path} does not answer within {_PROBE_SECONDS:g} s"
    except OSError as error:
        return f"{interpreter.path} does not run: {error}"
    words = result.stdout.decode(errors="replace").split()
    if len(words) != 3 or not words[1].isdigit() or not words[2].isdigit():
        return f"{interpreter.path} is not a Python interpreter"
    name, version = words[0], (int(words[1]), int(words[2]))
    if version < OLDEST:
        return f"{interpreter.path} is Python {version[0]}.{version[1]}; debugging needs 3.8 or newer"
    if name != "cpython":
        return f"{interpreter.path} is {name}; only CPython is supported"
    return None
