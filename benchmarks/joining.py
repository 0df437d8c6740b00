"""A program that runs already: from the call that attaches to its first stop, by debugpy's port and by process id."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ours import Caller
from programs import Programs
from raw import HOST, LIFE_SECONDS
from samples import Samples
from shared import RawClient, dial, handshake
from watch import end

BY_PORT = "attach by port to first stop"
BY_PID = "attach by pid to first stop"


async def joining_round(agent: Caller, side: str, programs: Programs, samples: Samples) -> None:
    """One program for each: a second debugger would find the first one's pydevd in it."""
    place = [{"file": str(programs.till), "line": programs.till_line}]
    with _listening(programs) as port:
        samples.timed(BY_PORT, "raw", lambda: _raw_first_stop(programs, port))
    with _listening(programs) as port:
        await samples.awaited(BY_PORT, side, lambda: agent.ok("attach", port=port, breakpoints=place))
        await agent.ok("stop")
    if shutil.which("gdb") is not None:
        with _running(str(programs.till)) as pid:
            await samples.awaited(BY_PID, side, lambda: agent.ok("attach", pid=pid, breakpoints=place))
            await agent.ok("stop")


def _raw_first_stop(programs: Programs, port: int) -> None:
    client = RawClient(dial((HOST, port)), quickack=True)
    try:
        handshake(client, {programs.till: [programs.till_line]}, ["uncaught"])
        thread = client.event("stopped")["body"]["threadId"]
        frames = client.call("stackTrace", threadId=thread)["stackFrames"]
        scopes = client.call("scopes", frameId=frames[0]["id"])["scopes"]
        client.call("variables", variablesReference=scopes[0]["variablesReference"])
    finally:
        client.close()


@contextmanager
def _listening(programs: Programs) -> Iterator[int]:
    """The port of debugpy's adapter, with the program running behind it."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    try:
        with _running("-m", "debugpy", "--listen", str(port), str(programs.till)):
            yield port
    finally:
        end(str(port))


@contextmanager
def _running(*arguments: str) -> Iterator[int]:
    """The id of a Python that has said that it is open."""
    with subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"},
    ) as process:
        watchdog = threading.Timer(LIFE_SECONDS, process.kill)
        watchdog.start()
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"open\n"
            yield process.pid
        finally:
            watchdog.cancel()
            process.kill()
