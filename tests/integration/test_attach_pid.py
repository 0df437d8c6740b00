"""Attaching to running processes: each way in, on each Python, and that the program never notices."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from pythons import VERSIONS, find, python_of

from conftest import TAG
from mcp_debug_tool.dap_client import DAPClient
from mcp_debug_tool.errors import DebugError, InvalidArgument, TargetError
from mcp_debug_tool.inspector import Inspector
from mcp_debug_tool.protocol.messages import Event
from mcp_debug_tool.targets import injection
from mcp_debug_tool.targets.injection import DORMANT, examine, inject
from mcp_debug_tool.transports import peers
from mcp_debug_tool.transports.sockets import Listener, Peer

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="attaching by process id needs Linux"),
]
needs_gdb = pytest.mark.skipif(shutil.which("gdb") is None, reason="gdb is not installed: apt-get install gdb")

# Each program prints a line once it is where it is meant to be, and ends well when it is told to by a file.
SLEEPING = """
    import os, sys, time
    count = 0
    print("ready", flush=True)
    while not os.path.exists(sys.argv[1]):
        time.sleep(0.02)
        count += 1  # @tick
    print("ended well", True)
"""
LONG_SLEEP = """
    import os, sys, time
    print("ready", flush=True)
    time.sleep(3)  # @sleeps
    after = 1  # @after
    print("ended well", True)
"""
LOCKED = """
    import os, sys, threading, time
    lock = threading.Lock()
    lock.acquire()
    def work():
        while not os.path.exists(sys.argv[1]):
            time.sleep(0.02)
            beat = 1  # @tick
        lock.release()
    threading.Thread(target=work, name="worker").start()
    print("ready", flush=True)
    lock.acquire()
    print("ended well", True)
"""
BUSY = """
    import os, sys
    print("ready", flush=True)
    def spin():
        count = 0
        while True:
            count += 1  # @tick
            if count % 200000 == 0 and os.path.exists(sys.argv[1]):
                return
    spin()
    print("ended well", True)
"""
INPUT = """
    import os, sys
    print("ready", flush=True)
    line = input()
    size = len(line)  # @tick
    print("ended well", size == 2)
"""
SHADOWING = """
    import os, sys, time
    print("ready", flush=True)
    while not os.path.exists(sys.argv[1]):
        time.sleep(0.02)
        count = 1  # @tick
    import queue
    print("ended well", queue.MINE)
"""


class Running:
    """A program of a test, started without a debugger."""

    def __init__(self, process: subprocess.Popen[str], source: str, path: Path, end_file: Path) -> None:
        self.process = process
        self.path = path
        self.pid = process.pid
        self._source = source
        self._end_file = end_file

    def line(self, mark: str) -> int:
        """The line marked `# @mark`."""
        return next(n for n, text in enumerate(self._source.splitlines(), 1) if text.endswith(f"# @{mark}"))

    def end(self, text: str | None = None) -> tuple[int, str, str]:
        """Let it come to its end: exit code, stdout, stderr."""
        self._end_file.touch()
        out, err = self.process.communicate(text, timeout=30)
        return self.process.returncode, out, err

    def ends_well(self, text: str | None = None) -> None:
        """It comes to its own end, and nothing of ours shows on its streams."""
        assert self.end(text) == (0, "ended well True\n", "")


Start = Callable[..., Running]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Start]:
    """Start programs; whatever still runs at the end is killed."""
    processes: list[subprocess.Popen[str]] = []

    def start(source: str, python: str = sys.executable, **environ: str) -> Running:
        text = textwrap.dedent(source).lstrip()
        path = tmp_path / "program.py"
        path.write_text(text)
        end_file = tmp_path / f"end{len(processes)}"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        process = subprocess.Popen(
            [python, str(path), str(end_file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**clean, TAG: "1", **environ},
        )
        processes.append(process)
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first == "ready\n", process.communicate()
        return Running(process, text, path, end_file)

    yield start
    for process in processes:
        process.kill()
        process.communicate()


class Debugging:
    """What a DAPWrapper would do with the connection, as far as these tests need it."""

    def __init__(self) -> None:
        self.client: DAPClient
        self.inspector: Inspector
        self._passed: list[Event] = []
        self._send, self._events = anyio.create_memory_object_stream[Event](1000)

    def close(self) -> None:
        """No event is waited for any more."""
        self._send.close()
        self._events.close()

    def on_event(self, event: Event) -> None:
        with contextlib.suppress(anyio.ClosedResourceError):
            self._send.send_nowait(event)

    async def event(self, name: str) -> Any:
        """The body of the next event of that name."""
        with anyio.fail_after(15):
            while not any(event.name == name for event in self._passed):
                self._passed.append(await self._events.receive())
        event = next(event for event in self._passed if event.name == name)
        self._passed.remove(event)
        return event.body

    async def begin(self, program: Running, *marks: str) -> None:
        """The handshake, with breakpoints at these marks."""
        await self.client.pipeline([("initialize", {"adapterID": "debugpy", "pathFormat": "path"}), ("attach", {})])
        assert await self.inspector.call("check_program", {"file": str(program.path)}) == {}
        await self.set_breakpoints(program, *marks)
        await self.client.request("configurationDone")
        await self.event("mcpDebugAttached")

    async def set_breakpoints(self, program: Running, *marks: str) -> None:
        lines = [{"line": program.line(mark)} for mark in marks]
        await self.client.request("setBreakpoints", {"source": {"path": str(program.path)}, "breakpoints": lines})

    async def stopped(self) -> tuple[int, str, int]:
        """Thread, function and line of the next stop."""
        body = await self.event("stopped")
        thread = int(body["threadId"])
        frames = await self.client.request("stackTrace", {"threadId": thread})
        top = frames["stackFrames"][0]
        return thread, top["name"], top["line"]

    async def detach(self) -> None:
        await self.client.request("disconnect")


@asynccontextmanager
async def attached(pid: int) -> AsyncIterator[Debugging]:
    """A debugger in the process, connected and proved; the connection is closed when the block ends."""
    process = examine(pid)

    async def is_welcome(peer: Peer) -> bool:
        return await anyio.to_thread.run_sync(peers.is_process, peer, pid)

    listener = Listener(token=secrets.token_hex(32), server_token=secrets.token_hex(32), is_welcome=is_welcome)
    async with listener.open() as connections:
        token, server_token = listener.tokens
        await inject(
            process, {"host": "127.0.0.1", "port": listener.port, "token": token, "server_token": server_token}
        )
        with anyio.fail_after(15):
            stream = await connections.receive()
        debugging = Debugging()
        debugging.client = DAPClient(stream, debugging.on_event)
        debugging.inspector = Inspector(debugging.client)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(debugging.client.run)
            try:
                yield debugging
            finally:
                with anyio.CancelScope(shield=True):
                    await debugging.client.aclose()
                    debugging.close()
                tasks.cancel_scope.cancel()
    assert not waits(pid)


def waits(pid: int) -> bool:
    """Whether settings still lie where the process would find them."""
    return os.path.exists(injection.settings_file(pid))


# --- by gdb ---------------------------------------------------------------------------------------------------


@needs_gdb
@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("source", [SLEEPING, LOCKED, BUSY], ids=["sleeping", "locked", "busy"])
async def test_a_program_is_stopped_let_go_and_attached_to_again(running: Start, version: str, source: str) -> None:
    program = running(source, python_of(version))
    for _ in range(2):
        async with attached(program.pid) as debugging:
            await debugging.begin(program, "tick")
            thread, _, line = await debugging.stopped()
            assert line == program.line("tick")
            await debugging.client.request("next", {"threadId": thread})
            assert (await debugging.stopped())[2] != line
            await debugging.detach()
    program.ends_well()


@needs_gdb
@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_program_that_waits_for_input_stops_once_it_has_it(running: Start, version: str) -> None:
    program = running(INPUT, python_of(version))
    async with attached(program.pid) as debugging:
        await debugging.begin(program, "tick")
        assert program.process.stdin is not None
        program.process.stdin.write("hi\n")
        program.process.stdin.flush()
        assert (await debugging.stopped())[2] == program.line("tick")
        await debugging.detach()
    program.ends_well()


@needs_gdb
@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_breakpoint_in_another_thread_is_hit_while_the_main_thread_waits(running: Start, version: str) -> None:
    program = running(LOCKED, python_of(version))
    async with attached(program.pid) as debugging:
        await debugging.begin(program, "tick")
        thread, function, _ = await debugging.stopped()
        threads = await debugging.client.request("threads")
        names = {t["id"]: t["name"] for t in threads["threads"]}
        assert function == "work"
        assert sorted(names.values()) == ["MainThread", "worker"]
        assert names[thread] == "worker"
        await debugging.detach()
    program.ends_well()


CONTENDED = """
    import os, sys, threading, time
    def spin():
        count = 0
        while not ended:
            count += 1  # @tick
    ended = False
    threads = [threading.Thread(target=spin) for _ in range(3)]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    while not os.path.exists(sys.argv[1]):
        sum(range(1000))
    ended = True
    for thread in threads:
        thread.join()
    print("ended well", True)
"""


@needs_gdb
@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_main_thread_that_waits_for_the_gil_is_not_called_into(running: Start, version: str) -> None:
    program = running(CONTENDED, python_of(version))
    for _ in range(2):
        async with attached(program.pid) as debugging:
            await debugging.begin(program, "tick")
            assert (await debugging.stopped())[1] == "spin"
            await debugging.detach()
    program.ends_well()


@needs_gdb
@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_program_lives_on_when_the_server_vanishes_at_a_stop(running: Start, version: str) -> None:
    program = running(SLEEPING, python_of(version))
    async with attached(program.pid) as debugging:
        await debugging.begin(program, "tick")
        await debugging.stopped()
    program.ends_well()


@needs_gdb
@pytest.mark.parametrize("version", ["3.8", "3.11", "3.13"])
async def test_a_server_that_hangs_up_before_it_has_begun_leaves_no_trace(running: Start, version: str) -> None:
    program = running(SLEEPING, python_of(version))
    async with attached(program.pid):
        pass
    async with attached(program.pid) as debugging:
        await debugging.begin(program, "tick")
        assert (await debugging.stopped())[2] == program.line("tick")
        await debugging.detach()
    program.ends_well()


@needs_gdb
@pytest.mark.parametrize("version", ["3.8", "3.11", "3.13"])
async def test_a_pause_reaches_a_sleeping_main_thread(running: Start, version: str) -> None:
    program = running(LONG_SLEEP, python_of(version))
    async with attached(program.pid) as debugging:
        await debugging.begin(program)
        await pause(debugging, program)
        await debugging.detach()
    program.ends_well()


async def pause(debugging: Debugging, program: Running) -> None:
    """Pause it where it sleeps: it stops there, long before the sleep ends."""
    begun = time.monotonic()
    threads = await debugging.client.request("threads")
    await debugging.client.request("pause", {"threadId": threads["threads"][0]["id"]})
    os.kill(program.pid, signal.SIGURG)
    assert (await debugging.stopped())[1:] == ("<module>", program.line("sleeps"))
    assert time.monotonic() - begun < 2


@needs_gdb
@pytest.mark.parametrize("version", ["3.8", "3.13"])
async def test_a_file_of_the_program_named_like_one_of_the_library_stays_its_own(
    running: Start, tmp_path: Path, version: str
) -> None:
    (tmp_path / "queue.py").write_text("MINE = True\n")
    program = running(SHADOWING, python_of(version))
    async with attached(program.pid) as debugging:
        await debugging.begin(program, "tick")
        await debugging.stopped()
        await debugging.detach()
    program.ends_well()


@needs_gdb
async def test_a_second_debugger_is_refused_with_a_reason(running: Start) -> None:
    program = running(SLEEPING)
    async with attached(program.pid) as first:
        await first.begin(program)
        async with attached(program.pid) as second:
            assert "already attached" in (await second.event("mcpDebugRefused"))["reason"]
        await first.set_breakpoints(program, "tick")
        await first.stopped()
        await first.detach()
    program.ends_well()


@needs_gdb
@pytest.mark.parametrize("version", ["3.8", "3.11", "3.13"])
async def test_tracing_is_off_after_a_detach(running: Start, version: str) -> None:
    program = running(
        """
        import os, sys, threading, time
        def left():
            tracing = sys.gettrace()
            if hasattr(sys, "monitoring"):
                tracing = sys.monitoring.get_tool(sys.monitoring.DEBUGGER_ID)
            return [tracing, [t.name for t in threading.enumerate()], sys.breakpointhook]
        before = left()
        print("ready", flush=True)
        while not os.path.exists(sys.argv[1]):
            time.sleep(0.02)
            count = 1  # @tick
        deadline = time.monotonic() + 3
        while left() != before and time.monotonic() < deadline:
            time.sleep(0.02)
        print("ended well", left() == before or left())
        """,
        python_of(version),
    )
    async with attached(program.pid) as debugging:
        await debugging.begin(program, "tick")
        await debugging.stopped()
        await debugging.detach()
    program.ends_well()


# --- by the dormant hook --------------------------------------------------------------------------------------


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_the_dormant_hook_lets_a_program_be_attached_to_without_gdb(
    running: Start, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = running(SLEEPING, python_of(version), PYTHONPATH=DORMANT)
    monkeypatch.setenv("PATH", "")
    assert examine(program.pid).dormant
    for _ in range(2):
        async with attached(program.pid) as debugging:
            await debugging.begin(program, "tick")
            assert (await debugging.stopped())[2] == program.line("tick")
            await debugging.detach()
    program.ends_well()


@pytest.mark.parametrize("version", ["3.8", "3.11", "3.13"])
async def test_a_pause_reaches_a_sleeping_main_thread_by_the_dormant_hook(running: Start, version: str) -> None:
    program = running(LONG_SLEEP, python_of(version), PYTHONPATH=DORMANT)
    async with attached(program.pid) as debugging:
        await debugging.begin(program)
        await pause(debugging, program)
        await debugging.detach()
    program.ends_well()


def test_the_dormant_hook_does_nothing_without_settings(running: Start) -> None:
    program = running(SLEEPING, PYTHONPATH=DORMANT)
    os.kill(program.pid, signal.SIGURG)
    program.ends_well()


def test_the_dormant_hook_lets_the_sitecustomize_it_shadows_run(running: Start, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import sys\nsys.customized = __file__\n")
    source = """
        import os, sys
        print("ready", flush=True)
        input()
        print("ended well", os.path.exists(sys.customized))
    """
    running(source, PYTHONPATH=f"{DORMANT}{os.pathsep}{tmp_path / 'site'}").ends_well("\n")


def test_settings_that_others_can_read_are_passed_over(running: Start) -> None:
    program = running(SLEEPING, PYTHONPATH=DORMANT)
    with waiting(program.pid, mode=0o644) as path:
        os.kill(program.pid, signal.SIGURG)
        program.ends_well()
        assert path.exists()


@contextmanager
def waiting(pid: int, *, mode: int) -> Iterator[Path]:
    path = Path(injection.settings_file(pid))
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text("{}")
    path.chmod(mode)
    try:
        yield path
    finally:
        path.unlink()


async def test_a_program_that_never_reacts_is_named_as_inside_c_code(
    running: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(injection, "TAKEN_SECONDS", 0.3)
    program = running(SLEEPING, PYTHONPATH=DORMANT)
    process = examine(program.pid)
    os.kill(program.pid, signal.SIGSTOP)
    with pytest.raises(TargetError, match="did not react") as caught:
        await inject(process, {})
    assert "SIGCONT" in caught.value.hint
    assert not waits(program.pid)
    os.kill(program.pid, signal.SIGCONT)
    program.ends_well()


# --- what cannot be attached to -------------------------------------------------------------------------------


def refused(pid: int) -> DebugError:
    with pytest.raises(DebugError) as caught:
        examine(pid)
    assert caught.value.hint
    return caught.value


def test_a_process_that_is_gone_is_a_wrong_pid() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    for pid in (process.pid, 0, -1):
        error = refused(pid)
        assert isinstance(error, InvalidArgument)
        assert error.parameter == "pid"


def test_a_process_that_is_not_python_is_told_by_what_it_is() -> None:
    with subprocess.Popen(["sleep", "30"], env={**os.environ, TAG: "1"}) as process:
        try:
            assert "sleep" in str(refused(process.pid)) or "coreutils" in str(refused(process.pid))
        finally:
            process.kill()


def test_a_process_that_nobody_has_collected_has_ended() -> None:
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert isinstance(refused(process.pid), InvalidArgument)
    process.wait()


def test_the_server_does_not_attach_to_itself() -> None:
    assert "itself" in str(refused(os.getpid()))


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv")
def test_a_process_of_another_user_is_refused_by_that_user() -> None:
    command = ["setpriv", "--reuid", "65534", "--clear-groups", "sleep", "30"]
    with subprocess.Popen(command, env={**os.environ, TAG: "1"}) as process:
        try:
            until(lambda: os.stat(f"/proc/{process.pid}").st_uid == 65534)
            assert "nobody" in str(refused(process.pid)) or "65534" in str(refused(process.pid))
        finally:
            process.kill()


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root and unshare")
def test_a_process_in_another_container_is_refused() -> None:
    command = ["unshare", "--mount", "--net", sys.executable, "-c", "print('ready', flush=True); input()"]
    with subprocess.Popen(
        command, env={**os.environ, TAG: "1"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            if process.stdout.readline() != b"ready\n":
                pytest.skip("namespaces cannot be made here")
            assert "container" in str(refused(process.pid))
        finally:
            process.kill()


def test_an_older_python_is_refused(running: Start) -> None:
    old = find("3.7") or find("3.6")
    if old is None:
        pytest.skip("no Python older than 3.8 here")
    program = running(SLEEPING, old)
    assert "3.8" in str(refused(program.pid))
    program.ends_well()


@needs_gdb
def test_a_process_under_another_debugger_names_it(running: Start) -> None:
    program = running(SLEEPING)
    with subprocess.Popen(
        ["gdb", "--nx", "--quiet", "--readnever", "--pid", str(program.pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, TAG: "1"},
    ) as gdb:
        until(lambda: f"TracerPid:\t{gdb.pid}\n" in Path(f"/proc/{program.pid}/status").read_text())
        assert f"pid {gdb.pid}" in refused(program.pid).hint
        gdb.communicate(b"detach\nquit\n")
    program.ends_well()


async def test_without_gdb_the_error_says_how_to_get_it(running: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    program = running(SLEEPING)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(TargetError, match="gdb") as caught:
        await inject(examine(program.pid), {})
    assert "apt-get install gdb" in caught.value.hint
    assert DORMANT in caught.value.hint
    assert not waits(program.pid)
    program.ends_well()


async def test_a_refused_ptrace_comes_with_its_cure(
    running: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = running(SLEEPING)
    tool = tmp_path / "gdb"
    tool.write_text("#!/bin/sh\necho 'ptrace: Operation not permitted.'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TargetError, match="Operation not permitted") as caught:
        await inject(examine(program.pid), {})
    assert "PYTHONPATH" in caught.value.hint
    program.ends_well()


async def test_a_process_that_took_the_pid_meanwhile_is_not_touched(running: Start) -> None:
    program = running(SLEEPING)
    process = examine(program.pid)
    changed = injection.Process(process.pid, process.python_version, process.executable, process.started - 1, "")
    with pytest.raises(TargetError, match="has ended"):
        await inject(changed, {})
    program.ends_well()


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)
