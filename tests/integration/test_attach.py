"""Attaching by a debugpy port, and waiting for programs that connect: foreign processes, each let go in the end."""

from __future__ import annotations

import contextlib
import http.server
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest
from agent import Agent, Reply, line_of
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from raw_server import RawServer

from conftest import TAG, Program

pytestmark = pytest.mark.anyio

HOST = "127.0.0.1"
COUNTER = """
    import time  # @first
    def tick(n):
        doubled = n * 2  # @tick
        return doubled  # @return
    n = 0
    while n < 6000:
        n += 1  # @count
        tick(n)
        print(n, flush=True)
        time.sleep(0.01)
"""
LISTENING = 'import sys, debugpy\ndebugpy.listen(("127.0.0.1", int(sys.argv[1])))\n'
CONNECTING = """
    import sys, debugpy
    debugpy.connect(("127.0.0.1", int(sys.argv[1])), access_token=sys.argv[2] if len(sys.argv) > 2 else None)
    name = "connected"
    print(name, flush=True)
    here = 1  # @here
    print("done", flush=True)
"""


class Foreign:
    """Programs that run on their own, as their user started them; all are ended with the test, adapters included."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mark = f"FOREIGN_{secrets.token_hex(8)}"
        self._started: list[subprocess.Popen[bytes]] = []

    def run(self, *arguments: object) -> subprocess.Popen[bytes]:
        """A Python with these arguments; what it prints is read by `printed`."""
        quiet = {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        with self._output(len(self._started)).open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, TAG: "1", self._mark: "1", **quiet},
            )
        self._started.append(process)
        return process

    def under_debugpy(self, path: Path, *options: str) -> tuple[subprocess.Popen[bytes], int]:
        """The program under `python -m debugpy --listen`, and the port."""
        port = free_port()
        return self.run("-m", "debugpy", "--listen", port, *options, path), port

    def printed(self, process: subprocess.Popen[bytes]) -> str:
        return self._output(self._started.index(process)).read_text(encoding="utf-8")

    def prints(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether it lives and goes on printing."""
        before = len(self.printed(process))
        came = within(10, lambda: len(self.printed(process)) > before)
        return came and process.poll() is None

    def end(self) -> None:
        for process in psutil.process_iter(["environ"]):
            if self._mark in (process.info["environ"] or {}):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        for started in self._started:
            started.wait(10)

    def _output(self, number: int) -> Path:
        return self._folder / f"printed-{number}"


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[Foreign]:
    programs = Foreign(tmp_path)
    yield programs
    programs.end()


def free_port() -> int:
    """A port nobody has, learnt by asking the kernel and not by knocking."""
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        port: int = sock.getsockname()[1]
        return port


def within(seconds: float, happened: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not (come := happened()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return come


def marks(path: Path, *names: str) -> list[str]:
    return [f"{path}:{line_of(path, name)}" for name in names]


def notes(reply: Reply) -> str:
    return "\n".join(reply.data.get("notes", []))


# --- a port ---------------------------------------------------------------------------------------------------


async def test_a_program_that_waits_for_a_client_is_debugged_from_its_first_line(
    both: Agent, program: Program, foreign: Foreign
) -> None:
    path = program(COUNTER)
    process, port = foreign.under_debugpy(path, "--wait-for-client")
    stop = await both.ok("attach", port=port, breakpoints=marks(path, "first", "return"))
    assert stop.reason == "breakpoint b1 (hit 1)"
    assert stop.line == line_of(path, "first")
    assert foreign.printed(process) == ""
    stop = await both.ok("continue")
    assert stop.line == line_of(path, "return")
    assert stop.locals == {"n": "1", "doubled": "2"}
    assert (await both.ok("sessions")).data["sessions"][0].startswith("s")
    ended = await both.ok("stop")
    assert ended.reason == "let go, it runs on"
    assert foreign.prints(process)


async def test_a_program_that_runs_already_is_joined_and_left_as_it_was(
    agent: Agent, program: Program, foreign: Foreign
) -> None:
    path = program(COUNTER)
    process, port = foreign.under_debugpy(path)
    assert foreign.prints(process)
    joined = await agent.ok("attach", port=port)
    assert joined.state == "running"
    assert foreign.prints(process)
    await agent.ok("set_breakpoint", file=str(path), line=line_of(path, "tick"))
    stop = await agent.ok("wait")
    assert stop.line == line_of(path, "tick")
    assert int(stop.locals["n"]) > 1
    await agent.ok("stop")
    assert foreign.prints(process)


async def test_a_program_that_listens_by_itself_is_attached_to_again_and_again(
    agent: Agent, program: Program, foreign: Foreign
) -> None:
    path = program(LISTENING + COUNTER.replace("\n    ", "\n"))
    port = free_port()
    process = foreign.run(path, port)
    numbers = []
    for _ in range(3):
        stop = await agent.ok("attach", port=port, breakpoints=marks(path, "tick"))
        assert stop.reason == "breakpoint b1 (hit 1)", "a new session counts anew"
        assert stop.line == line_of(path, "tick")
        numbers.append(int(stop.locals["n"]))
        await agent.ok("remove_breakpoint", all=True)
        out = await agent.ok("step", kind="out")
        assert out.data["returned"] == {"tick": str(numbers[-1] * 2)}
        await agent.ok("continue", until=f"{path}:{line_of(path, 'count')}")
        await agent.ok("step")
        assert (await agent.ok("step", target="tick")).line == line_of(path, "tick")
        assert (await agent.ok("stop")).reason == "let go, it runs on"
        assert foreign.prints(process)
    assert numbers == sorted(set(numbers))


async def test_a_program_may_be_started_after_attach_was_called(
    agent: Agent, program: Program, foreign: Foreign
) -> None:
    path = program(COUNTER)
    port = free_port()
    replies = []

    async def attach() -> None:
        replies.append(await agent.ok("attach", port=port, breakpoints=marks(path, "first")))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(attach)
        await anyio.sleep(1)  # it is refused meanwhile
        assert not replies
        foreign.run("-m", "debugpy", "--listen", port, "--wait-for-client", path)
    assert replies[0].line == line_of(path, "first")


async def test_a_port_where_nobody_listens_is_told_with_its_cure(both: Agent) -> None:
    port = free_port()
    began = time.monotonic()
    text = await both.error("attach", port=port)
    assert time.monotonic() - began < 6.5
    assert f"nobody listens on {HOST}:{port}" in text
    assert f"python -m debugpy --listen {port} --wait-for-client" in text
    assert (await both.ok("sessions")).data["sessions"] == 0


class Web(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None: ...


@contextmanager
def web_server() -> Iterator[int]:
    with http.server.ThreadingHTTPServer((HOST, 0), Web) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def silent_server() -> Iterator[int]:
    with socket.create_server((HOST, 0)) as server:
        yield server.getsockname()[1]
        connection, _ = server.accept()
        with connection:
            connection.settimeout(5)
            while connection.recv(4096):
                pass  # the connection that was made is hung up again


@contextmanager
def hanging_up() -> Iterator[int]:
    """Takes one connection and ends it."""
    with socket.create_server((HOST, 0)) as server:

        def hang_up() -> None:
            server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


@pytest.mark.parametrize("stranger", [web_server, silent_server, hanging_up])
async def test_a_port_that_is_no_debuggers_is_told_and_nothing_hangs(
    agent: Agent, stranger: Callable[[], contextlib.AbstractContextManager[int]]
) -> None:
    with stranger() as port:
        began = time.monotonic()
        text = await agent.error("attach", port=port)
        assert time.monotonic() - began < 12
    assert "its debugger did not answer as one" in text
    assert "Check that it is a Python debugger's port" in text
    assert (await agent.ok("sessions")).data["sessions"] == 0


async def test_a_program_that_is_being_debugged_already_is_told(
    agent: Agent, program: Program, foreign: Foreign
) -> None:
    path = program(COUNTER)
    _, port = foreign.under_debugpy(path, "--wait-for-client")
    await agent.ok("attach", port=port, breakpoints=marks(path, "tick"))
    began = time.monotonic()
    text = await agent.error("attach", port=port)
    assert time.monotonic() - began < 12
    assert "already being debugged" in text
    assert "Check that it is a Python debugger's port" not in text, "it is one"
    step = await agent.ok("step")
    assert step.line == line_of(path, "return"), "the first session is not disturbed"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"line": 99}, "line: line 99 is outside"),
        ({"line": 2, "condition": "1 +"}, "condition is not valid Python"),
        ({"function": "no_such"}, "function: no function 'no_such'"),
    ],
)
async def test_after_a_breakpoint_that_cannot_be_the_program_can_be_attached_to_again(
    agent: Agent, program: Program, foreign: Foreign, wrong: dict[str, Any], words: str
) -> None:
    path = program(LISTENING + COUNTER.replace("\n    ", "\n"))
    port = free_port()
    process = foreign.run(path, port)
    place = wrong if "function" in wrong else {"file": str(path), **wrong}
    assert words in await agent.error("attach", port=port, breakpoints=[place])
    assert (await agent.ok("sessions")).data["sessions"] == 0
    assert foreign.prints(process)
    stop = await agent.ok("attach", port=port, breakpoints=marks(path, "tick"))
    assert stop.line == line_of(path, "tick")


def test_a_program_runs_on_when_the_server_that_stopped_it_is_killed(program: Program, foreign: Foreign) -> None:
    path = program(COUNTER)
    process, port = foreign.under_debugpy(path, "--wait-for-client")
    server = RawServer()
    try:
        stop = server.call("attach", port=port, breakpoints=marks(path, "tick"))
        assert stop["state"] == "stopped"
        server.process.kill()
        server.process.wait()
        assert foreign.prints(process)
    finally:
        server.close()


async def test_children_of_an_attached_program_are_followed(agent: Agent, program: Program, foreign: Foreign) -> None:
    kid = program("import sys\nword = sys.argv[1]  # @kid\n", "kid.py")
    path = program(f"""
        import multiprocessing, subprocess, sys
        def work(n):
            return n + 1  # @work
        if __name__ == "__main__":
            subprocess.run([sys.executable, {str(kid)!r}, "hello"])
            for way in ("fork", "spawn"):
                child = multiprocessing.get_context(way).Process(target=work, args=(1,))
                child.start()
                child.join()
            print("done", flush=True)  # @done
    """)
    process, port = foreign.under_debugpy(path, "--wait-for-client")
    stop = await agent.ok("attach", port=port, breakpoints=[*marks(kid, "kid"), *marks(path, "work", "done")])
    assert stop.state == "stopped", stop
    seen = [stop]
    for _ in range(3):
        seen.append(await agent.ok("continue"))
        assert seen[-1].state == "stopped", seen
    assert [reply.line for reply in seen] == [
        line_of(kid, "kid"),
        line_of(path, "work"),
        line_of(path, "work"),
        line_of(path, "done"),
    ]
    names = [reply.data["process"].rpartition(" (pid")[0] for reply in seen]
    assert names[:3] == ["p1.1 kid.py", "p1.2 ForkProcess-1", "p1.3 SpawnProcess-2"]
    assert names[3].startswith("p1 ")
    gone = await agent.ok("continue")
    assert gone.state == "exited"
    assert process.wait(10) == 0
    assert "done" in foreign.printed(process)


SLOW_ADAPTER = """
    import sys
    if any("adapter" in word for word in sys.orig_argv):
        import threading, time
        start = threading.Thread.start
        def start_slowly(self):
            start(self)
            if "accept_worker" in self.name:
                time.sleep(0.4)
        threading.Thread.start = start_slowly
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells whether an adapter is ready")
async def test_an_adapter_that_is_slow_to_begin_still_has_its_children_followed(
    agent: Agent, program: Program, foreign: Foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its accepting thread dies of a client that comes before the adapter knows its own port (docs/issues/0020)."""
    monkeypatch.setenv("PYTHONPATH", str(program(SLOW_ADAPTER, "slow/sitecustomize.py").parent))
    kid = program("word = 'hello'\nprint(word)  # @kid\n", "kid.py")
    path = program(f"import subprocess, sys\nsubprocess.run([sys.executable, {str(kid)!r}])\n")
    process, port = foreign.under_debugpy(path, "--wait-for-client")
    stop = await agent.ok("attach", port=port, breakpoints=marks(kid, "kid"))
    assert stop.locals.get("word") == "'hello'", stop
    assert (await agent.ok("continue")).state == "exited"
    assert process.wait(10) == 0


async def test_an_attached_program_is_inspected_changed_and_stepped(
    both: Agent, program: Program, foreign: Foreign
) -> None:
    path = program(COUNTER)
    _, port = foreign.under_debugpy(path, "--wait-for-client")
    await both.ok("attach", port=port, breakpoints=marks(path, "tick"))
    assert (await both.ok("evaluate", expression="n * 21")).data["value"] == "21  (int)"
    assert "n: int = 1" in (await both.ok("get_variables")).text
    assert "tick" in (await both.ok("get_stack")).text
    assert "500  (int)" in (await both.ok("set_variable", path="n", value="500")).text
    step = await both.ok("step")
    assert step.locals["doubled"].startswith("1000")
    outside = await both.ok("step", kind="out")
    assert outside.reason == "step"
    assert (await both.ok("continue", until=marks(path, "count")[0])).line in (
        line_of(path, "count"),
        line_of(path, "tick"),
    )


async def test_conditions_hit_conditions_and_log_points_hold_in_an_attached_program(
    agent: Agent, program: Program, foreign: Foreign
) -> None:
    path = program(COUNTER)
    _, port = foreign.under_debugpy(path, "--wait-for-client")
    tick = {"file": str(path), "line": line_of(path, "tick")}
    stop = await agent.ok(
        "attach",
        port=port,
        breakpoints=[
            {**tick, "condition": "n == 4"},
            {**tick, "log_message": "n is {n}"},
            {"file": str(path), "line": line_of(path, "return"), "hit_condition": "6"},
        ],
    )
    assert (stop.reason, stop.locals["n"]) == ("breakpoint b1 (hit 1)", "4")
    assert stop.data["output"] == "b2: n is 1\nb2: n is 2\nb2: n is 3\nb2: n is 4\n"
    stop = await agent.ok("continue")
    assert (stop.reason, stop.locals["n"]) == ("breakpoint b3 (hit 6)", "6 (was 4)")


async def test_what_is_decided_in_a_launched_program_is_in_an_attached_one(
    agent: Agent, program: Program, foreign: Foreign
) -> None:
    path = program("""
        import pdb
        def fails(n):
            raise KeyError(n)  # @raised
        for n in range(2000):
            try:
                fails(n)
            except KeyError:
                pass
        pdb.set_trace()
        after = 1  # @after
    """)
    process, port = foreign.under_debugpy(path, "--wait-for-client")
    rule = {"exception": "KeyError", "condition": "n == 1500"}
    stop = await agent.ok("attach", port=port, breakpoints=[rule], break_on=["ValueError", "user_unhandled"])
    assert stop.reason == "raised exception, breakpoint b1 (hit 1)"
    assert stop.locals["n"] == "1500"
    stop = await agent.ok("continue")
    assert stop.reason == "pdb.set_trace() in the program"
    assert stop.line == line_of(path, "after")
    assert [line.split()[2] for line in (await agent.ok("list_breakpoints")).data["breakpoints"]] == [
        "KeyError", "ValueError",
    ]  # fmt: skip
    assert (await agent.ok("continue")).state == "exited"
    assert process.wait(10) == 0


async def test_a_second_session_goes_by_its_own_exceptions(agent: Agent, program: Program, foreign: Foreign) -> None:
    path = program("""
        import time
        def fails(kind):
            raise kind("it")  # @raised
        for n in range(3000):
            time.sleep(0.01)
            for kind in (KeyError, ValueError):
                try:
                    fails(kind)
                except Exception:
                    pass
    """)
    process, port = foreign.under_debugpy(path)
    for _ in range(2):
        for word in ("KeyError", "ValueError"):
            await agent.ok("attach", port=port, break_on=[word])
            stop = await agent.ok("wait")
            assert stop.reason == "raised exception, breakpoint b1 (hit 1)"
            assert stop.data["exception"][0].startswith(f"{word}: ")
            again = await agent.ok("continue")
            assert again.reason == "raised exception, breakpoint b1 (hit 2)"
            await agent.ok("stop")
    assert process.poll() is None


async def test_exceptions_stop_an_attached_program_and_its_end_is_told(
    agent: Agent, program: Program, foreign: Foreign
) -> None:
    path = program("""
        import time
        try:
            {}["missing"]  # @raised
        except KeyError:
            pass
        price = 7
        1 / 0  # @crash
    """)
    process, port = foreign.under_debugpy(path, "--wait-for-client")
    stop = await agent.ok("attach", port=port, breakpoints=[{"exception": "LookupError"}])
    assert stop.line == line_of(path, "raised")
    assert "KeyError" in stop.text
    stop = await agent.ok("continue")
    assert stop.line == line_of(path, "crash")
    assert stop.reason == "uncaught exception"
    assert "ZeroDivisionError: division by zero" in stop.text
    assert stop.locals["price"] == "7"
    gone = await agent.ok("continue")
    assert gone.state == "exited"
    assert "only its parent knows" in gone.reason
    assert process.wait(10) == 1


async def test_pause_reaches_an_attached_program_and_what_is_not_ours_is_refused(
    both: Agent, program: Program, foreign: Foreign
) -> None:
    path = program(COUNTER)
    process, port = foreign.under_debugpy(path)
    assert foreign.prints(process)
    await both.ok("attach", port=port)
    assert (await both.ok("pause")).state == "stopped"
    text = await both.error("restart")
    assert "was not started here" in text
    assert "Start the program where it runs, then attach" in text
    text = await both.error("get_output", send="hello\n")
    assert "its stdin is elsewhere" in text
    assert (await both.ok("continue", timeout_s=0.2)).state == "running"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, ["port: nothing to attach to", "exactly one of"]),
        ({"port": 5678, "pid": 1}, ["port: port and pid are given", "exactly one of"]),
        ({"port": 0}, ["port: 0 is no port", "From 1 to 65535"]),
        ({"port": 5678, "host": "192.0.2.1"}, ["host: 192.0.2.1 is another machine", "ssh -L", "--allow-remote"]),
        ({"port": 5678, "host": "example.org"}, ["host: example.org", "ssh -L"]),
        ({"port": 5678, "host": "a\0b"}, ["host: contains a NUL"]),
        ({"port": 5678, "token": "x"}, ["token: goes with listen only"]),
        ({"port": 5678, "path_map": {"here": "/there"}}, ["path_map: 'here' is not absolute"]),
        ({"port": 5678, "break_on": ["sometimes"]}, ["break_on", "uncaught"]),
        ({"port": 5678, "breakpoints": [{"file": "missing.py", "line": 1}]}, ["file:", "does not exist"]),
        ({"listen": "here"}, ["listen: 'here' is not host:port"]),
        ({"listen": "127.0.0.1:99999"}, ["listen: 99999 is no port"]),
        ({"listen": "0.0.0.0:5678"}, ["listen: 0.0.0.0 is open to other machines", "ssh -R", "--allow-remote"]),
    ],
)
async def test_an_attachment_that_cannot_be_names_the_parameter(
    agent: Agent, arguments: dict[str, Any], words: list[str]
) -> None:
    text = await agent.error("attach", **arguments)
    for word in words:
        assert word in text
    assert (await agent.ok("sessions")).data["sessions"] == 0


# --- other paths ----------------------------------------------------------------------------------------------


async def test_a_program_in_another_folder_is_seen_by_its_local_paths(
    both: Agent, program: Program, foreign: Foreign
) -> None:
    local, remote = program(COUNTER, "local/app/counter.py"), program(COUNTER, "remote/app/counter.py")
    _, port = foreign.under_debugpy(remote, "--wait-for-client")
    folders = {str(local.parent.parent): str(remote.parent.parent)}
    stop = await both.ok("attach", port=port, path_map=folders, breakpoints=marks(local, "tick"))
    assert str(local) in stop.data["at"]
    assert str(remote.parent) not in stop.text
    assert "doubled = n * 2" in stop.data["source"]
    listed = await both.ok("list_breakpoints")
    assert str(local) in listed.text
    assert str(remote.parent) not in listed.text
    step = await both.ok("step")
    assert str(local) in step.data["at"]


async def test_the_programs_own_folder_is_named_by_a_dot(agent: Agent, program: Program, foreign: Foreign) -> None:
    local, remote = program(COUNTER, "local/counter.py"), program(COUNTER, "remote/counter.py")
    port = free_port()
    foreign.run(
        "-c",
        f"""if True:
        import debugpy, os, runpy
        os.chdir({str(remote.parent)!r})
        debugpy.listen(({HOST!r}, {port}))
        runpy.run_path({str(remote)!r})
    """,
    )
    stop = await agent.ok("attach", port=port, path_map={str(local.parent): "."}, breakpoints=marks(local, "tick"))
    assert str(local) in stop.data["at"]


@pytest.mark.parametrize("mapped", [True, False])
async def test_a_map_that_leads_elsewhere_is_noticed(
    agent: Agent, program: Program, foreign: Foreign, mapped: bool
) -> None:
    local, remote = program(COUNTER, "local/counter.py"), program(COUNTER, "remote/counter.py")
    process, port = foreign.under_debugpy(remote)
    assert foreign.prints(process)
    folders = {str(local.parent): str(local.parent.parent / "nowhere")} if mapped else {}
    reply = await agent.call("attach", port=port, path_map=folders, breakpoints=marks(local, "tick"), timeout_s=1)
    if not reply.error:
        assert reply.state == "running"
        reply = await agent.ok("list_breakpoints")
    assert str(remote) in reply.text
    assert "path_map" in reply.text


# --- programs that come ---------------------------------------------------------------------------------------


async def test_a_program_that_connects_with_the_token_is_debugged(
    both: Agent, program: Program, foreign: Foreign
) -> None:
    path = program(CONNECTING)
    port = free_port()
    began = time.monotonic()
    waiting = await both.ok("attach", listen=f"{HOST}:{port}", token="sesame", breakpoints=marks(path, "here"))
    assert time.monotonic() - began < 3
    assert waiting.data["waits for"] == f"debugpy.connect(({HOST!r}, {port}), access_token=<the token>)"
    assert "sesame" not in waiting.text
    assert "no program has connected" in (await both.ok("list_breakpoints")).text
    process = foreign.run(path, port, "sesame")
    stop = await both.ok("wait")
    assert stop.line == line_of(path, "here")
    assert stop.locals["name"] == "'connected'"
    assert (await both.ok("evaluate", expression="name.upper()")).data["value"].startswith("'CONNECTED'")
    assert "has connected" in notes(stop)
    await both.ok("stop")
    assert process.wait(10) == 0
    assert foreign.printed(process).endswith("done\n")


async def test_programs_come_at_once_and_in_turn_each_by_its_name(
    agent: Agent, program: Program, foreign: Foreign
) -> None:
    path = program(CONNECTING)
    port = free_port()
    await agent.ok("attach", listen=f"{HOST}:{port}", breakpoints=marks(path, "here"))
    first, second = foreign.run(path, port), foreign.run(path, port)
    stop = await agent.ok("wait")
    pids = [await pid_of(agent)]
    assert within(20, lambda: foreign.printed(first) == foreign.printed(second) == "connected\n")
    for _ in range(200):
        if "p2" in (listed := (await agent.ok("sessions")).text) and listed.count("stopped") == 3:
            break
        await anyio.sleep(0.05)
    stop = await agent.ok("continue")
    pids.append(await pid_of(agent))
    assert stop.data["process"][:3] in {"p1 ", "p2 "}, "whichever came to its breakpoint second"
    assert set(pids) == {first.pid, second.pid}
    assert (await agent.ok("continue", timeout_s=0.5)).data["waits for"]
    assert first.wait(10) == second.wait(10) == 0
    third = foreign.run(path, port)
    stop = await agent.ok("wait")
    assert stop.data["process"].startswith("p3 ")
    assert await pid_of(agent) == third.pid


async def pid_of(agent: Agent) -> int:
    value = (await agent.ok("evaluate", expression="__import__('os').getpid()")).data["value"]
    return int(value.split()[0])


async def test_a_program_with_another_token_is_turned_away_and_told(
    agent: Agent, program: Program, foreign: Foreign
) -> None:
    path = program(CONNECTING)
    port = free_port()
    await agent.ok("attach", listen=f"{HOST}:{port}", token="sesame", breakpoints=marks(path, "here"))
    stranger = foreign.run(path, port, "guess")
    assert within(10, lambda: stranger.poll() is not None), "who is turned away is not held up"
    nobody = foreign.run(path, port)
    assert within(10, lambda: nobody.poll() is not None)
    told = await agent.ok("wait", timeout_s=0)
    assert told.state == "running"
    assert notes(told).count("another token than the one that was agreed") == 2
    process = foreign.run(path, port, "sesame")
    assert (await agent.ok("wait")).line == line_of(path, "here")
    assert await pid_of(agent) == process.pid


async def test_a_breakpoint_that_cannot_be_in_the_program_that_came_is_told(
    agent: Agent, program: Program, foreign: Foreign
) -> None:
    path = program(CONNECTING)
    port = free_port()
    wrong = {"file": str(path), "line": 99}
    await agent.ok("attach", listen=f"{HOST}:{port}", breakpoints=[wrong, {"function": "nowhere"}])
    process = foreign.run(path, port)
    assert within(20, lambda: process.poll() == 0), "it runs on"
    listed = (await agent.ok("list_breakpoints")).data["breakpoints"]
    assert "b1" in listed[0]
    assert "line 99 is outside" in listed[0]
    assert "no function 'nowhere'" in listed[1]


async def test_wait_wakes_when_a_program_comes(agent: Agent, program: Program, foreign: Foreign) -> None:
    path = program(CONNECTING)
    port = free_port()
    await agent.ok("attach", listen=str(port), breakpoints=marks(path, "here"))
    replies: list[Reply] = []

    async def wait() -> None:
        replies.append(await agent.ok("wait", timeout_s=25))

    began = time.monotonic()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.sleep(0.3)
        foreign.run(path, port)
    assert time.monotonic() - began < 20
    assert replies[0].line == line_of(path, "here")


async def test_a_port_that_is_taken_is_told(agent: Agent) -> None:
    with socket.create_server((HOST, 0)) as taken:
        text = await agent.error("attach", listen=f"{HOST}:{taken.getsockname()[1]}")
    assert "cannot listen on" in text
    assert "Take another port" in text
    assert (await agent.ok("sessions")).data["sessions"] == 0


async def test_a_port_that_is_open_to_other_machines_needs_a_token(tmp_path: Path) -> None:
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-m", "mcp_debug_tool", "serve", "--allow-remote"],
        env={**os.environ, TAG: "1"},
    )
    async with Client(stdio_client(parameters)) as client:
        agent = Agent(client)
        text = await agent.error("attach", listen=f"0.0.0.0:{free_port()}")
        assert "token: is missing: 0.0.0.0 is open to other machines" in text
        assert "access_token" in text
        assert (await agent.ok("sessions")).data["sessions"] == 0


async def test_stop_frees_the_port_and_lets_everyone_go(agent: Agent, program: Program, foreign: Foreign) -> None:
    path = program(CONNECTING)
    port = free_port()
    await agent.ok("attach", listen=f"{HOST}:{port}", breakpoints=marks(path, "here"))
    process = foreign.run(path, port)
    await agent.ok("wait")
    await agent.ok("stop")
    assert process.wait(10) == 0
    with socket.create_server((HOST, port)):
        pass
