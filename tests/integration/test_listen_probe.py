"""Does `debugpy --listen` fail for raw clients, and why: see docs/issues/0001-debugpy-listen-and-raw-clients.md.

It serves them. What it does not survive is a port probe: a connection that is opened and closed to learn whether
somebody listens. These tests hold both halves, and the reverse connection that needs no probe at all.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import psutil
import pytest
from raw_dap import RawClient, RequestFailed, dial, handshake

HOST = "127.0.0.1"
LIMIT = 5.0  # seconds for each step that is expected to happen
MUTE_AFTER = 2.0  # seconds without an answer that count as none; a served client has one within 0.2
ATTEMPTS = 5
PROGRAM = """\
from pathlib import Path
Path(__file__).with_name("ran").touch()
total = 1
total += 41  # @stop
"""
STOP_LINE = 4
WRAPPER = """\
import runpy, sys
import debugpy
debugpy.connect(("127.0.0.1", int(sys.argv[1])))
runpy.run_path(sys.argv[2], run_name="__main__")
"""
PROBE_SEEN = "Exiting message loop for channel Client[1]"  # then "No more messages" or "connection reset"
PROGRAM_REGISTERED = "No active debug session for parent process of"

Outcome = Literal["served", "refused", "cut", "unanswered"]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    assert PROGRAM.splitlines()[STOP_LINE - 1].endswith("# @stop")
    return path


def free_port() -> int:
    """A port nobody has, learnt by asking the kernel and not by knocking."""
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        port: int = sock.getsockname()[1]
        return port


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process without streams, dead and reaped afterwards."""
    with subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
            process.wait(LIMIT)


@contextmanager
def listening(program: Path, log_dir: Path | None = None) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The program under `debugpy --listen`, waiting for a client, and the port; nothing is left behind."""
    port = free_port()
    log = () if log_dir is None else ("--log-to", str(log_dir))
    address = ("--listen", f"{HOST}:{port}", "--wait-for-client")
    try:
        with running("-Xfrozen_modules=off", "-m", "debugpy", *log, *address, str(program)) as process:
            yield process, port
    finally:
        end_adapters(port)


def adapters(port: int) -> list[psutil.Process]:
    """The adapters of that port. They daemonise, so no child list knows them: the command line must do."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command: Sequence[str] = process.info["cmdline"] or ()
        if str(port) in command and any(Path(word).parts[-2:] == ("debugpy", "adapter") for word in command):
            found.append(process)
    return found


def end_adapters(port: int) -> None:
    """Kill until none is left: one that is just daemonising has a successor."""
    deadline = time.monotonic() + LIMIT
    while left := adapters(port):
        assert time.monotonic() < deadline, f"adapters survive: {left}"
        for adapter in left:
            adapter.kill()
        psutil.wait_procs(left, timeout=0.1)


def until(condition: Callable[[], bool], awaited: str) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"never saw {awaited}"
        time.sleep(0.005)


def adapter_log(log_dir: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in log_dir.glob("debugpy.adapter*.log"))


def probe(port: int) -> None:
    """What an "is the port open yet" loop does: connect until somebody accepts, then close."""
    dial((HOST, port), LIMIT).close()


def debug_to_the_end(client: RawClient, program: Path) -> None:
    """Stop at the breakpoint, look, and let the program run out."""
    handshake(client, {program: [STOP_LINE]})
    thread = client.event("stopped")["body"]["threadId"]
    assert client.call("stackTrace", threadId=thread)["stackFrames"][0]["line"] == STOP_LINE
    client.request("continue", threadId=thread)  # its answer may be lost when the program ends at once
    client.event("terminated")


def outcome(port: int, program: Path) -> Outcome:
    """What becomes of a raw client that connects now, retrying its connect for a while."""
    try:
        client = RawClient(dial((HOST, port), timeout=1), limit=MUTE_AFTER)
    except ConnectionRefusedError:
        return "refused"
    try:
        debug_to_the_end(client, program)
    except TimeoutError:
        return "unanswered"
    except (ConnectionError, EOFError):
        return "cut"
    finally:
        client.close()
    return "served"


def test_listen_serves_a_raw_client_that_retries_its_real_connect(program: Path) -> None:
    # More than one attempt, because an adapter races with itself: it listens for clients some 50 ms before the
    # program has registered with it, and now and then loses a client that comes in between.
    failures: list[str] = []
    for _ in range(ATTEMPTS):
        with listening(program) as (process, port):
            client = RawClient(dial((HOST, port)), limit=LIMIT)
            try:
                debug_to_the_end(client, program)
                assert process.wait(LIMIT) == 0
            except (OSError, EOFError, RequestFailed) as error:
                failures.append(repr(error))
            else:
                return
            finally:
                client.close()
    pytest.fail(f"not served once in {ATTEMPTS} attempts: {failures}")


def test_an_early_probe_ends_the_adapter_and_the_program_never_runs(program: Path, tmp_path: Path) -> None:
    with listening(program, log_dir=tmp_path) as (process, port):
        probe(port)
        assert outcome(port, program) != "served"
        until(lambda: not adapters(port), "the end of the adapter")
        assert outcome(port, program) == "refused"
        assert process.poll() in (None, 1)  # it waits for ever, or fails before it began
    assert not program.with_name("ran").exists()
    assert PROBE_SEEN in adapter_log(tmp_path)


def test_a_late_probe_leaves_the_next_client_connected_but_unanswered(program: Path, tmp_path: Path) -> None:
    # More than one attempt, because a probe does no harm in a few of 100 cases: when the adapter's greeting
    # is written before the kernel has learnt that the probe is gone.
    seen: list[Outcome] = []
    for attempt in range(ATTEMPTS):
        log_dir = tmp_path / str(attempt)
        with listening(program, log_dir) as (_, port):
            until(lambda: PROGRAM_REGISTERED in adapter_log(log_dir), "the program register")  # noqa: B023
            probe(port)
            until(lambda: PROBE_SEEN in adapter_log(log_dir), "the end of the probe")  # noqa: B023
            seen.append(outcome(port, program))
            if seen[-1] == "unanswered":
                assert adapters(port)
                return
    pytest.fail(f"the next client was never left without an answer: {seen}")


def test_the_reverse_connection_works_and_comes_from_the_program_itself(program: Path, tmp_path: Path) -> None:
    wrapper = tmp_path / "wrapper.py"
    wrapper.write_text(WRAPPER)
    with socket.create_server((HOST, 0)) as listener:
        listener.settimeout(LIMIT)
        port = listener.getsockname()[1]
        with running("-Xfrozen_modules=off", str(wrapper), str(port), str(program)) as process:
            client = RawClient(listener.accept()[0], limit=LIMIT)
            try:
                peer = client.call("pydevdSystemInfo")["process"]["pid"]
                assert peer == process.pid  # no adapter in between
                debug_to_the_end(client, program)
            finally:
                client.close()
            assert process.wait(LIMIT) == 0
