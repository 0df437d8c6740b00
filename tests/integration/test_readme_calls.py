"""The table "How do I debug ..." of the README: each of its calls is made as it stands there, to the real server.

A command in the first column is what a person runs: it runs here too. Only what depends on the machine is replaced, by
`on_this_machine`: ports, the process id and two folders.
"""

from __future__ import annotations

import ast
import os
import re
import secrets
import shutil
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import apps
import psutil
import pytest
from agent import Agent, Reply
from test_servers import free_port

from conftest import TAG, served

pytestmark = [
    pytest.mark.anyio,
    apps.needed,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="gdb, gunicorn, and a shell's commands"),
]

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOP = ROOT / "examples" / "shopfront"

IN_TOTAL = r"^(/.*/shop/)?orders\.py:18 in total$"
BREAKPOINT = {"state": "stopped", "reason": r"^breakpoint b1 \(hit 1\)$", "at": IN_TOTAL}
NO_INK = {"state": "stopped", "reason": "^uncaught exception", "at": IN_TOTAL, "exception": "KeyError: 'ink'"}
# In the handler, in a child of the server, while the request waits.
REQUEST = {**BREAKPOINT, "locals": "'name': \"'tea'\"", "trigger": "^GET /price/tea: waiting for its response"}
IN_CHILD = {"process": r"^p1\.\d"}

# What each answer has to hold: a regular expression for each field of it.
EXPECTED: dict[str, dict[str, str]] = {
    "a script that crashes": NO_INK,
    "a script, at a line": {**BREAKPOINT, "locals": "'name': \"'tea'\""},
    "a module": NO_INK,
    "a snippet": NO_INK,
    "a command as I type it": NO_INK,
    "a command of the environment": BREAKPOINT,
    "a program with an .env file": {"state": "exited", "output": r"^6\.5 EUR"},
    "an entry of .vscode/launch.json": BREAKPOINT,
    "a failing test": {
        "state": "stopped",
        "reason": r"^test failed: tests/test_orders\.py::test_total$",
        "at": r"^tests/test_orders\.py:\d+ in test_total$",
        "assertion": "assert 1750 == 1700",
    },
    "the tests that -k chooses": {"reason": r"^test failed: .*::test_total$"},
    "a flaky test": {"reason": r"^test failed: .*::test_tea_comes_first$", "notes": r"run \d+ of 100.*PYTHONHASHSEED="},
    "unittest": {"reason": r"^test failed: .*Prices\.test_tea$", "locals": "'cents': '650'"},
    "doctest": {"state": "stopped", "at": IN_TOTAL, "exception": "KeyError: 'ink'"},
    "a request to Flask": REQUEST,
    "uvicorn that reloads": {**REQUEST, **IN_CHILD},
    "Django's runserver": {**REQUEST, **IN_CHILD},
    "gunicorn's workers": {**REQUEST, **IN_CHILD},
    "a Celery worker": {**BREAKPOINT, **IN_CHILD},
    "child processes": {**BREAKPOINT, **IN_CHILD},
    "the program without its children": {"state": "exited", "output": r"^\[650, 900\]"},
    "a running process": BREAKPOINT,
    "a process without gdb": BREAKPOINT,
    "a debugpy port": BREAKPOINT,
    "a program that sees other paths": BREAKPOINT,
    "programs that will connect": {**BREAKPOINT, "notes": "has connected"},
    "a program that hangs": {"state": "stopped", "reason": "^pause", "stack": "till.py"},
    "why was my breakpoint not hit?": {"breakpoints": r"b1 orders\.py:31 .*not"},
}


class Row(NamedTuple):
    """One line of the table."""

    situation: str
    """Up to a colon or a parenthesis."""
    commands: list[str]
    """What is in backticks there: programs that a person starts."""
    calls: list[str]


def rows() -> list[Row]:
    """The table, from the README."""
    _, _, section = README.partition("## How do I debug ...\n")
    lines = re.findall(r"^\| (.+) \| (`.+) \|$", section.partition("\n## ")[0], re.MULTILINE)
    return [Row(re.split(r": `|:| \(", cell)[0], *(re.findall(r"`(.+?)`", text) for text in (cell, calls)))
            for cell, calls in lines]


class People:
    """Starts programs in the shop as a person does, with the project's own tools in the path; ends them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mark = f"PEOPLE_{secrets.token_hex(8)}"
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self._env = {**os.environ, "PATH": path, TAG: "1", self._mark: "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}

    def run(self, command: str) -> int:
        """The id of the process that the command has become."""
        nothing = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        shell = ["sh", "-c", f"exec env {command}"]
        return subprocess.Popen(shell, cwd=self._folder, env=self._env, **nothing).pid
