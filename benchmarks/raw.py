"""The baselines: what a raw DAP client of a stock debugpy does, at its best, and by way of debugpy's adapter."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from programs import Programs
from samples import Samples
from shared import LIMIT, RawClient, RequestFailed, dial, handshake
from watch import end

HOST = "127.0.0.1"
STEPS = 10
# By way of the adapter each request costs some 45 ms.
ADAPTER_STEPS = 2
# The adapter listens before the program has registered with it, and now and then loses a client in between.
ADAPTER_ATTEMPTS = 3
# For one answer; it then counts as lost.
ADAPTER_LIMIT = 3.0
# No life of a program here takes a tenth of it.
LIFE_SECONDS = 30.0
EXPRESSION = "[item.name for item in items][:3]"


class RawProgram:
    """A program at a stop, held by a raw client that asks for one thing at a time."""

    def __init__(self, client: RawClient, process: subprocess.Popen[bytes]) -> None:
        self._client = client
        self._process = process
        self._thread = 0
        self._frame = 0

    def look(self) -> None:
        """What a client shows at a stop: why, the stack, and the variables of the innermost frame."""
        self._thread = self._client.event("stopped")["body"]["threadId"]
        frames: list[dict[str, Any]] = self._client.call("stackTrace", threadId=self._thread)["stackFrames"]
        self._frame = frames[0]["id"]
        self.variables()

    def variables(self) -> None:
        """The variables of the innermost frame."""
        scopes = self._client.call("scopes", frameId=self._frame)["scopes"]
        found = self._client.call("variables", variablesReference=scopes[0]["variablesReference"])["variables"]
        assert any(variable["name"] == "items" for variable in found)

    def step(self) -> None:
        """One `next`, until its stop has been looked at."""
        self._client.call("next", threadId=self._thread)
        self.look()

    def evaluate(self) -> None:
        """One expression in the innermost frame."""
        answer = self._client.call("evaluate", expression=EXPRESSION, frameId=self._frame, context="repl")
        assert "'pen'" in answer["result"]

    def run_to_exit(self) -> None:
        """Continue until the process has ended; hanging up at `terminated` is what lets it end soon."""
        self._client.request("continue", threadId=self._thread)
        self._client.event("terminated")
        self._client.close()
        assert self._process.wait() == 0


@contextmanager
def _spawned(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python that is dead and reaped afterwards, and at the latest after LIFE_SECONDS."""
    with subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"},
    ) as process:
        watchdog = threading.Timer(LIFE_SECONDS, process.kill)
        watchdog.start()
        try:
            yield process
        finally:
            watchdog.cancel()
            process.kill()


@contextmanager
def _at_first_stop(
    sock: socket.socket, process: subprocess.Popen[bytes], programs: Programs, *, limit: float = LIMIT
) -> Iterator[RawProgram]:
    client = RawClient(sock, quickack=True, limit=limit)
    try:
        handshake(client, {programs.bill: [programs.bill_line]}, ["uncaught"])
        program = RawProgram(client, process)
        program.look()
        yield program
    finally:
        client.close()


@contextmanager
def connected_back(programs: Programs) -> Iterator[RawProgram]:
    """The program at its first stop; its wrapper has called `debugpy.connect` back to our listener."""
    with socket.create_server((HOST, 0)) as listener:
        listener.settimeout(LIMIT)
        port = str(listener.getsockname()[1])
        with _spawned(str(programs.wrapper), port, str(programs.bill)) as process:
            sock = listener.accept()[0]
            with _at_first_stop(sock, process, programs) as program:
                yield program


@contextmanager
def through_adapter(programs: Programs) -> Iterator[RawProgram]:
    """The program at its first stop, by `python -m debugpy --listen`: the way the manual shows."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    address = f"{HOST}:{port}"
    try:
        with (
            _spawned("-m", "debugpy", "--listen", address, "--wait-for-client", str(programs.bill)) as process,
            _at_first_stop(dial((HOST, port)), process, programs, limit=ADAPTER_LIMIT) as program,
        ):
            yield program
    finally:
        end(str(port))


def direct_round(programs: Programs, samples: Samples) -> None:
    """One life of the program with the raw client."""
    with ExitStack() as stack:
        programs_at_stop: list[RawProgram] = []
        samples.timed(
            "first stop", "raw", lambda: programs_at_stop.append(stack.enter_context(connected_back(programs)))
        )
        (program,) = programs_at_stop
        for _ in range(STEPS):
            samples.timed("step", "raw", program.step)
            samples.timed("evaluate", "raw", program.evaluate)
            samples.timed("variables", "raw", program.variables)
        samples.timed("continue to exit", "raw", program.run_to_exit)


def adapter_round(programs: Programs, samples: Samples) -> int:
    """One life of the program by way of the adapter; answers how many attempts came to nothing."""
    for failures in range(ADAPTER_ATTEMPTS):
        taken = Samples()
        try:
            _adapter_attempt(programs, taken)
        except (OSError, EOFError, RequestFailed):
            continue
        samples.take_over(taken)
        return failures
    return ADAPTER_ATTEMPTS


def _adapter_attempt(programs: Programs, samples: Samples) -> None:
    with ExitStack() as stack:
        programs_at_stop: list[RawProgram] = []
        samples.timed(
            "first stop", "adapter", lambda: programs_at_stop.append(stack.enter_context(through_adapter(programs)))
        )
        (program,) = programs_at_stop
        for _ in range(ADAPTER_STEPS):
            samples.timed("step", "adapter", program.step)
            samples.timed("evaluate", "adapter", program.evaluate)
            samples.timed("variables", "adapter", program.variables)
