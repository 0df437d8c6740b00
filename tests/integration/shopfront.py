"""The project in examples/shopfront for tests of what is written: calls as they stand there, and people's programs."""

from __future__ import annotations

import ast
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

import apps
import psutil
from test_servers import free_port

from conftest import TAG

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "examples" / "shopfront"
# What stands in the text for the project, for where a container has it, and for a process that runs.
HOME_SHOWN = "/home/me/shop"
SRV_SHOWN = "/srv/shop"
PID_SHOWN = "4711"


def in_environment() -> dict[str, str]:
    """Variables of a shell in which the environment of the frameworks is active."""
    path = os.pathsep.join([str(Path(apps.PYTHON).parent), os.environ["PATH"]])
    return {"VIRTUAL_ENV": str(Path(apps.PYTHON).parents[1]), "PATH": path}


def make_shop(folder: Path) -> Path:
    """The sample project below `folder`, and where another machine or a container would have it."""
    shutil.copytree(SHOP, folder / "srv" / "shop")
    return Path(shutil.copytree(SHOP, folder / "home" / "shop"))


class People:
    """Starts programs in a folder as a person does, with the project's own tools in the path; ends them all."""

    def __init__(self, folder: Path, environ: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._mark = f"PEOPLE_{secrets.token_hex(8)}"
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self.environ = {**os.environ, "PATH": path, TAG: "1", self._mark: "1", **(environ or {})}
        self._started: list[subprocess.Popen[str]] = []

    def run(
        self, command: str, *, stdout: int | IO[str] = subprocess.PIPE, stderr: int = subprocess.DEVNULL
    ) -> subprocess.Popen[str]:
        """The program that a shell makes of the command."""
        shell = ["sh", "-c", f"exec env {command}"]
        process = subprocess.Popen(shell, cwd=self._folder, env=self.environ, stdout=stdout, stderr=stderr, text=True)
        self._started.append(process)
        return process

    def all_live(self) -> bool:
        return all(process.poll() is None for process in self._started)

    def end(self) -> None:
        """End everything, debugpy's adapters included."""
        for process in psutil.process_iter(["environ"]):
            if self._mark in (process.info["environ"] or {}):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        for started in self._started:
            with started:
                started.kill()


def on_this_machine(text: str, shop: Path, ports: dict[str, str], pid: int | None = None) -> str:
    """The text with ports that are free, the process that runs and folders that exist for those that it names.

    A port is any number from 5001 to 5099.
    """
    text = re.sub(r"\b50(?!00)\d\d\b", lambda found: ports.setdefault(found[0], str(free_port())), text)
    text = text.replace(f"pid={PID_SHOWN}", f"pid={pid}")
    return text.replace(HOME_SHOWN, str(shop)).replace(SRV_SHOWN, str(shop.parents[1] / "srv" / "shop"))


class WrittenCall(NamedTuple):
    """A call of a tool."""

    tool: str
    arguments: dict[str, Any]


# Names of tools and parameters that are words of Python's own.
_WORDS = re.compile(r"^continue(?=\()|\bfor(?==)", re.MULTILINE)


def written_calls(text: str) -> list[WrittenCall]:
    """The calls that are written as Python, one after the other."""
    return [_as_call(statement) for statement in ast.parse(_WORDS.sub(r"\g<0>_", text)).body]


def _as_call(statement: ast.stmt) -> WrittenCall:
    assert isinstance(statement, ast.Expr)
    call = statement.value
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Name)
    assert not call.args
    arguments = {str(given.arg).rstrip("_"): ast.literal_eval(given.value) for given in call.keywords}
    return WrittenCall(call.func.id.rstrip("_"), arguments)
