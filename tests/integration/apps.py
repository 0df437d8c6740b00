"""The environment of applications that the tests debug: flask, django, celery and others, made by scripts/setup."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_FOLDER = Path(__file__).parents[2] / ".venv-apps"
PYTHON = str(_FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))

needed = pytest.mark.skipif(
    not os.access(PYTHON, os.X_OK), reason=".venv-apps is missing: scripts/setup makes it (dependency group apps)"
)
"""Marks a test, or a module, that debugs one of these applications."""

ANY_PYTHON = str(_FOLDER / "any-python")
"""A folder for PYTHONPATH: pytest, uvicorn, gunicorn, Jinja2 and Django in versions for every Python from 3.8 on."""


def gevent(version: str) -> str | None:
    """A folder for PYTHONPATH with gevent for this Python, or None where scripts/setup could not make it."""
    folder = _FOLDER / f"gevent-{version}" / "site-packages"
    return str(folder) if (folder / ".set-up").exists() else None
