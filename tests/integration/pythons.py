"""The Pythons of this machine, by version: those on PATH and those that pyenv keeps."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path

import pytest

VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
# Those under which gevent is debugged: before 3.12 pydevd traces, from 3.12 on it uses sys.monitoring.
GEVENT = ("3.8", "3.11", "3.12", "3.13")


@cache
def find(version: str) -> str | None:
    """Path of a CPython of this version, or None."""
    for candidate in _candidates(version):
        if _version(candidate) == version:
            return candidate
    return None


def _candidates(version: str) -> list[str]:
    folders = os.environ.get("PATH", "").split(os.pathsep)
    found = [os.path.join(folder, f"python{version}") for folder in folders]
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found += [str(path) for path in sorted(root.glob(f"versions/{version}.*/bin/python"))]
    return [path for path in found if os.access(path, os.X_OK)]


def _version(python: str) -> str | None:
    code = "import sys; print('%d.%d' % sys.version_info[:2]) if sys.implementation.name == 'cpython' else None"
    try:
        run = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return run.stdout.strip() or None


def python_of(version: str) -> str:
    """The interpreter of this version; the test is skipped where there is none."""
    found = find(version)
    if found is None:
        pytest.skip(f"no CPython {version} here")
    return found
