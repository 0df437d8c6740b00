"""Launch a script, a module or code on an interpreter, as plain Python would run it.

The debugger comes in by PYTHONPATH: a `sitecustomize` of ours runs before the program and connects back. Its
settings, tokens among them, go through an inherited pipe, so that they stand in no argv, environment or file.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from ..errors import InvalidArgument
from ..interpreters import DEBUGPY, INJECT, Interpreter, unusable_because
from ..processes import POSIX, ChildProcess, Sink, spawn
from .base import Rendezvous

# Frames of `python -c` code carry this file name.
CODE_FILE = "<string>"
_BOOT = "MCP_DEBUG_BOOT"
# What fits into a pipe before anyone reads, so that writing never blocks.
_MAX_SETTINGS = 60_000


@dataclass(frozen=True)
class Program:
    """What to run: a script's absolute path, a module's name, or code."""

    kind: Literal["program", "module", "code"]
    name: str
    args: tuple[str, ...] = ()

    def command(self, interpreter: Interpreter) -> list[str]:
        """The command line, exactly as a person would type it."""
        how = {"program": [], "module": ["-m"], "code": ["-c"]}[self.kind]
        return [interpreter.path, *how, self.name, *self.args]


@dataclass(frozen=True)
class LaunchTarget:
    """A program started by us."""

    program: Program
    interpreter: Interpreter
    cwd: str
    environ: Mapping[str, str] = field(repr=False)
    just_my_code: bool = True

    @asynccontextmanager
    async def open(self, rendezvous: Rendezvous, sink: Sink) -> AsyncIterator[ChildProcess]:
        """See Target.open."""
        environ = dict(self.environ)
        theirs = environ.get("PYTHONPATH")
        environ["PYTHONPATH"] = INJECT if not theirs else INJECT + os.pathsep + theirs
        with contextlib.ExitStack() as descriptors:
            inherit = self._pass_settings(environ, self._settings(rendezvous, theirs), descriptors)
            command = self.program.command(self.interpreter)
            async with spawn(command, env=environ, cwd=self.cwd, inherit=inherit, sink=sink) as process:
                descriptors.close()
                yield process

    def _settings(self, rendezvous: Rendezvous, pythonpath: str | None) -> dict[str, Any]:
        first_path = (
            os.path.dirname(os.path.realpath(self.program.name)) if self.program.kind == "program" else self.cwd
        )
        return {
            "host": rendezvous.host,
            "port": rendezvous.port,
            "token": rendezvous.token,
            "server_token": rendezvous.server_token,
            "debugpy": DEBUGPY,
            "environ": {"PYTHONPATH": pythonpath, _BOOT: None},
            "first_path": first_path,
        }

    @staticmethod
    def _pass_settings(
        environ: dict[str, str], settings: dict[str, Any], descriptors: contextlib.ExitStack
    ) -> Sequence[int]:
        text = json.dumps(settings).encode()
        if not POSIX:
            environ[_BOOT] = text.decode()
            return ()
        if len(text) > _MAX_SETTINGS:
            raise InvalidArgument("env", f"PYTHONPATH is longer than {_MAX_SETTINGS} bytes")
        reader, writer = os.pipe()
        descriptors.callback(os.close, reader)
        with open(writer, "wb") as pipe:
            pipe.write(text)
        environ[_BOOT] = f"fd:{reader}"
        return (reader,)

    def dap_arguments(self) -> Mapping[str, Any]:
        """See Target.dap_arguments."""
        return {
            "justMyCode": self.just_my_code,
            "redirectOutput": False,
            "showReturnValue": False,
        }

    def sources(self) -> Mapping[str, str]:
        """See Target.sources."""
        return {CODE_FILE: self.program.name} if self.program.kind == "code" else {}

    async def why_not_connected(self) -> str | None:
        """See Target.why_not_connected."""
        return await unusable_because(self.interpreter, self.environ)
