"""Launch a script, a module or code on an interpreter, as plain Python would run it.

The debugger comes in by PYTHONPATH: a `sitecustomize` of ours runs before the program and connects back. Its
settings, tokens among them, go through an inherited pipe, so that they stand in no argv, environment or file.
Children of the program are given the same by `debuggee/family/children.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio

from ..errors import InvalidArgument
from ..interpreters import INJECT, Interpreter, unusable_because
from ..path_map import SAME, PathMap
from ..processes import ChildProcess, Sink, spawn
from ..starting import POSIX, Starter
from ..transports import peers
from ..transports.sockets import Peer
from .base import Reach
from .rendezvous import attach_arguments, rendezvous

# Frames of `python -c` code carry this file name.
CODE_FILE = "<string>"
_BOOT = "MCP_DEBUG_BOOT"
# What fits into a pipe before anyone reads, so that writing never blocks.
_MAX_SETTINGS = 60_000


@dataclass(frozen=True)
class Program:
    """What to run: a script's absolute path, a module's name, or code; `flags` are the interpreter's own."""

    kind: Literal["program", "module", "code"]
    name: str
    args: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    def command(self, interpreter: Interpreter) -> list[str]:
        """The command line, exactly as a person would type it."""
        how = {"program": [], "module": ["-m"], "code": ["-c"]}[self.kind]
        return [interpreter.path, *self.flags, *how, self.name, *self.args]


@dataclass(frozen=True)
class LaunchTarget:
    """A program started by us."""

    program: Program
    interpreter: Interpreter
    cwd: str
    environ: Mapping[str, str] = field(repr=False)
    just_my_code: bool = True
    follow_children: bool = True
    pytest: bool = False
    """The program is a pytest run the agent asked for: alone in its process, without coverage."""
    path_map: PathMap = SAME

    @asynccontextmanager
    async def open(self, sink: Sink, starter: Starter) -> AsyncIterator[Reach]:
        """See Target.open."""
        spawned = anyio.Event()
        process: ChildProcess
        arrived = False

        async def is_ours(peer: Peer) -> bool:
            """The first to come is the process we started; its children come after it and are this user's."""
            nonlocal arrived
            await spawned.wait()
            if not peers.can_identify():
                return True
            if arrived:
                return await anyio.to_thread.run_sync(peers.is_users, peer)
            welcome = await anyio.to_thread.run_sync(peers.is_process, peer, process.pid)
            arrived = arrived or welcome
            return welcome

        environ = dict(self.environ)
        theirs = environ.get("PYTHONPATH")
        environ["PYTHONPATH"] = INJECT if not theirs else INJECT + os.pathsep + theirs
        async with rendezvous(attach_arguments(self.just_my_code), is_ours) as place:
            with contextlib.ExitStack() as descriptors:
                inherit = _pass_settings(environ, self._settings(place.settings, theirs), descriptors)
                command = self.program.command(self.interpreter)
                async with spawn(
                    command, env=environ, cwd=self.cwd, inherit=inherit, sink=sink, starter=starter
                ) as process:
                    descriptors.close()
                    spawned.set()
                    yield Reach(place.arrivals, process)

    def _settings(self, settings: Mapping[str, Any], pythonpath: str | None) -> dict[str, Any]:
        first_path = (
            os.path.dirname(os.path.realpath(self.program.name)) if self.program.kind == "program" else self.cwd
        )
        return {
            **settings,
            "environ": {"PYTHONPATH": pythonpath, _BOOT: None},
            "first_path": first_path,
            "follow": self.follow_children,
            "pytest": self.pytest,
        }

    def sources(self) -> Mapping[str, str]:
        """See Target.sources."""
        return {CODE_FILE: self.program.name} if self.program.kind == "code" else {}

    async def why_not_connected(self) -> str | None:
        """See Target.why_not_connected."""
        return await unusable_because(self.interpreter, self.environ)


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
