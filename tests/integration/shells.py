"""The command line in real shells, with a background server of their own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conftest import TAG

COMMANDS = Path(sys.executable).parent
SECONDS = 60


class Shell:
    """Runs lines in bash; `folder` is where they are typed."""

    def __init__(self, folder: Path, state: Path) -> None:
        self.folder = folder
        self.environ = {
            **os.environ,
            TAG: "1",
            "XDG_STATE_HOME": str(state),
            "PATH": f"{COMMANDS}{os.pathsep}{os.environ['PATH']}",
        }
        self.environ.pop("FORCE_COLOR", None)

    def run(self, line: str, *, folder: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
        """One line, whose stdin is at its end."""
        return subprocess.run(
            ["bash", "-c", line],
            cwd=folder or self.folder,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def ok(self, line: str, *, folder: Path | None = None, **environ: str) -> str:
        """What it prints; it has to succeed."""
        done = self.run(line, folder=folder, **environ)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        assert done.stderr == ""
        return done.stdout

    def data(self, line: str) -> dict[str, Any]:
        """What a line with --json prints."""
        found: dict[str, Any] = json.loads(self.ok(line))
        return found


@contextmanager
def shell(folder: Path, state: Path) -> Iterator[Shell]:
    """A shell of a user who has no background server yet, and has none afterwards."""
    made = Shell(folder, state)
    try:
        yield made
    finally:
        made.run("mcp-debug background --stop")


def line(tool: str, arguments: dict[str, Any], *flags: str) -> str:
    """The call of a tool as somebody would type it."""
    words = ["mcp-debug", tool.replace("_", "-"), *flags]
    for name, value in arguments.items():
        words += _words(tool, name, value)
    if "args" in arguments:
        words += ["--", *arguments["args"]]
    return shlex.join(words)


def _words(tool: str, name: str, value: Any) -> list[str]:
    option = f"--{name.replace('_', '-')}"
    if name == "args":
        return []
    if name == "breakpoints":
        return [word for each in value for word in ("-b", json.dumps(each))]
    if (tool, name) in (("start", "program"), ("step", "kind"), ("get_variables", "path"), ("remove_breakpoint", name)):
        return [value]
    if isinstance(value, list):
        return list(value) if name == "expression" else [word for each in value for word in (option, each)]
    return [option, str(value)]
