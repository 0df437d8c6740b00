"""How servers and sessions end: nothing is left behind, nobody else gets in."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from agent import Agent, line_of
from pythons import python_of
from raw_server import RawServer

from conftest import Program, programs, served, tagged

pytestmark = pytest.mark.anyio

FAMILY = """
    import subprocess, sys, time
    subprocess.Popen(["sleep", "600"])
    subprocess.Popen(["sleep", "601"], start_new_session=True)
    print("ready", flush=True)
    here = 1  # @here
    time.sleep(600)
"""


@pytest.mark.parametrize("end", ["stdin", "SIGTERM", "SIGINT", "SIGHUP"])
@pytest.mark.parametrize("state", ["stopped", "running", "waiting"])
def test_the_server_ends_within_three_seconds_and_takes_every_program_with_it(
    program: Program, end: str, state: str
) -> None:
    path = program(FAMILY)
    breakpoints = [f"{path}:{line_of(path, 'here')}"] if state == "stopped" else []
    server = RawServer()
    try:
        server.call("start", program=str(path), breakpoints=breakpoints, timeout_s=0 if not breakpoints else 20)
        if not breakpoints:
            server.call("wait", **{"for": "ready"})
        if state == "waiting":
            wait = {"name": "wait", "arguments": {"timeout_s": 50}}
            server._send({"jsonrpc": "2.0", "id": 99, "method": "tools/call", "params": wait})
        began = time.monotonic()
        if end == "stdin":
            assert server.process.stdin is not None
            server.process.stdin.close()
        else:
            server.process.send_signal(getattr(signal, end))
        server.process.wait(timeout=10)
        assert time.monotonic() - began < 3
        assert not [p for p in tagged() if p.pid != server.process.pid]
    finally:
        server.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="relies on the program noticing a closed socket")
@pytest.mark.parametrize("state", ["stopped", "running"])
def test_a_program_ends_when_the_server_is_killed_and_its_next_line_never_runs(
    program: Program, tmp_path: Path, state: str
) -> None:
    trace = tmp_path / "trace"
    path = program(f"""
        import time
        print("ready", flush=True)
        stop = 1  # @here
        {"time.sleep(1)" if state == "running" else "pass"}
        open({str(trace)!r}, "w").close()
    """)
    server = RawServer()
    try:
        breakpoints = [f"{path}:{line_of(path, 'here')}"] if state == "stopped" else []
        server.call("start", program=str(path), breakpoints=breakpoints, timeout_s=0 if not breakpoints else 20)
        server.call("wait", **{"for": "ready"} if not breakpoints else {})
        server.process.kill()
        server.process.wait()
        deadline = time.monotonic() + 5
        while tagged() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not tagged()
        assert not trace.exists()
    finally:
        server.close()


async def test_stop_ends_the_program_at_its_line_with_all_its_children(agent: Agent, program: Program) -> None:
    path = program(FAMILY)
    await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'here')}"])
    family = programs()
    assert len(family) == 3
    ended = await agent.ok("stop")
    assert ended.state == "ended"
    assert not psutil.wait_procs(family, timeout=3)[1]


async def test_stop_lets_a_running_program_clean_up(agent: Agent, program: Program, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    path = program(f"""
        import signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            print("ready", flush=True)
            time.sleep(60)
        finally:
            open({str(trace)!r}, "w").close()
    """)
    await agent.ok("start", program=str(path), timeout_s=0)
    await agent.ok("wait", **{"for": "ready"})
    await agent.ok("stop")
    assert trace.exists()


async def test_stop_ends_a_program_that_ignores_being_asked(agent: Agent, program: Program) -> None:
    path = program("""
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("ready", flush=True)
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass
    """)
    await agent.ok("start", program=str(path), timeout_s=0)
    await agent.ok("wait", **{"for": "ready"})
    assert (await agent.ok("stop")).reason == "stopped by you (SIGKILL)"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("os._exit(7)", "exit code 7"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL"),
        ("os.abort()", "crashed with SIGABRT"),
        ("ctypes.string_at(0)", "crashed with SIGSEGV"),
        ("sys.exit('bye')", "exit code 1"),
    ],
)
async def test_every_end_of_a_program_is_told_as_it_was(agent: Agent, program: Program, line: str, reason: str) -> None:
    path = program(f"import ctypes, os, signal, sys\nhere = 1  # @here\n{line}\n")
    await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'here')}"])
    gone = await agent.ok("continue")
    assert gone.state == "exited"
    assert gone.reason == reason


async def test_a_program_that_dies_during_an_evaluation_is_told(agent: Agent, program: Program) -> None:
    path = program("import os\nhere = 1  # @here\n")
    await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'here')}"])
    text = await agent.error("evaluate", expression="os._exit(5)")
    assert "has ended" in text
    assert "call wait" in text
    assert (await agent.ok("wait")).reason == "exit code 5"


async def test_a_program_killed_at_a_stop_is_told_by_the_next_call(agent: Agent, program: Program) -> None:
    path = program("here = 1  # @here\n")
    await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'here')}"])
    (victim,) = programs()
    victim.kill()
    assert (await agent.ok("wait", **{"for": "exit"})).reason == "killed by SIGKILL"
    assert "has exited" in await agent.error("step")


async def test_a_program_that_never_reaches_the_debugger_is_told_with_its_output(
    agent: Agent, program: Program, tmp_path: Path
) -> None:
    fake = tmp_path / "python"
    fake.write_text(f'#!/bin/sh\n[ "$1" = -I ] && exec {sys.executable} "$@"\necho "no such luck" >&2\nexit 9\n')
    fake.chmod(0o755)
    text = await agent.error("start", code="print(1)", python=str(fake))
    assert "ended with code 9 before the debugger was up" in text
    assert "no such luck" in text


async def test_strangers_on_the_port_get_nothing_and_disturb_nothing(program: Program) -> None:
    """Whoever connects first is not believed: launches succeed while every new port of the server is knocked at."""
    path = program("here = 1  # @here\n")
    received: list[bytes] = []
    done = threading.Event()

    def knock(server: psutil.Process) -> None:
        known: set[int] = set()
        while not done.is_set():
            for port in _listening(server) - known:
                try:
                    with socket.create_connection(("127.0.0.1", port), 1) as stranger:
                        stranger.sendall(b"0" * 65 + b"\n")
                        stranger.settimeout(1)
                        received.append(stranger.recv(100))
                except OSError:
                    received.append(b"")
                known.add(port)

    before = set(psutil.Process().children())
    async with served() as agent:
        (server,) = [p for p in set(psutil.Process().children()) - before if "mcp_debug_tool" in p.cmdline()]
        racer = threading.Thread(target=knock, args=(server,))
        racer.start()
        try:
            for _ in range(5):
                stop = await agent.ok("start", program=str(path), breakpoints=[f"{path}:1"])
                assert stop.line == 1
        finally:
            done.set()
            racer.join()
            await agent.end_all()
    assert len(received) >= 5
    assert not any(received)


def _listening(server: psutil.Process) -> set[int]:
    return {one.laddr.port for one in server.net_connections("inet4") if one.status == psutil.CONN_LISTEN}


async def test_no_secret_stands_in_argv_or_environment(agent: Agent, program: Program) -> None:
    path = program("here = 1  # @here\n")
    await agent.ok("start", program=str(path), breakpoints=[f"{path}:1"])
    (process,) = programs()
    assert process.cmdline()[1:] == [str(path)]
    settings = [value for name, value in process.environ().items() if name.startswith("MCP_DEBUG_BOOT")]
    assert all(value.startswith("fd:") for value in settings)


async def test_an_edited_file_is_told_when_a_breakpoint_is_set_in_it(agent: Agent, program: Program) -> None:
    path = program("first = 1  # @here\nsecond = 2\n")
    await agent.ok("start", program=str(path), breakpoints=[f"{path}:1"])
    later = time.time() + 5
    os.utime(path, (later, later))
    answer = await agent.ok("set_breakpoint", file=str(path), line=2)
    assert "edited after the program started: restart" in answer.text


@pytest.mark.interpreters
@pytest.mark.parametrize("version", ["3.8", "3.11", "3.13"])
async def test_a_program_whose_last_finalizers_take_long_ends_with_its_code(
    agent: Agent, program: Program, version: str
) -> None:
    # Its debugger has gone by then: as with multiprocessing, which waits for its helpers at the very end.
    path = program("""
        import time

        class Slow:
            def __del__(self, sleep=time.sleep):
                sleep(3)

        slow = Slow()
        print("over", flush=True)
        raise SystemExit(7)
    """)
    await agent.ok("start", program=str(path), python=python_of(version), timeout_s=0)
    end = await agent.ok("wait")
    assert (end.state, end.data["exit_code"]) == ("exited", 7), end


async def test_what_is_asked_of_a_program_in_its_last_finalizers_is_answered_and_it_can_be_stopped(
    agent: Agent, program: Program
) -> None:
    path = program("""
        import time

        class Endless:
            def __del__(self, sleep=time.sleep):
                print("finalizing", flush=True)
                sleep(60)

        endless = Endless()
    """)
    await agent.ok("start", program=str(path), timeout_s=0)
    await agent.ok("wait", **{"for": "finalizing"})
    assert "has 0 threads" in (await agent.ok("get_stack", thread="all")).text
    assert "the program is over; its process is about to end" in await agent.error("pause")
    assert (await agent.ok("stop")).state == "ended"
