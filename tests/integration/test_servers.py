"""Servers as a person starts them, each debugged by one call: it stops in the handler that a request has led to."""

from __future__ import annotations

import os
import re
import socket
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import apps
import psutil
import pytest
from agent import Agent, Reply, line_of

from conftest import Program, programs

pytestmark = [pytest.mark.anyio, apps.needed]

FLASK = """
    from flask import Flask
    app = Flask(__name__)
    @app.get("/hi/<name>")
    def hi(name):
        greeting = "hi " + name
        return greeting  # @here
"""
ASGI = """
    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        greeting = "hi " + scope["path"].rpartition("/")[2]
        head = [(b"content-type", b"text/plain")]  # @here
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": greeting.encode()})
"""
WSGI = """
    def app(environ, start_response):
        greeting = "hi " + environ["PATH_INFO"].rpartition("/")[2]
        start_response("200 OK", [("Content-Type", "text/plain")])  # @here
        return [greeting.encode()]
"""
HANDLER = """
    import http.server, sys
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            greeting = "hi " + self.path.rpartition("/")[2]
            self.send_response(200)  # @here
            self.end_headers()
            self.wfile.write(greeting.encode())
    print("about to listen", flush=True)
    server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    print("listens on", server.server_port, flush=True)
    server.serve_forever()
"""
SETTINGS = """
    DEBUG = True
    SECRET_KEY = "of a test"
    ROOT_URLCONF = "urls"
    USE_TZ = True
"""
URLS = """
    from django.http import HttpResponse
    from django.urls import path
    def hi(request, name):
        greeting = "hi " + name
        return HttpResponse(greeting)  # @here
    urlpatterns = [path("hi/<name>", hi)]
"""
MANAGE = """
    #!/usr/bin/env python
    import os, sys
    def main():
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
        from django.core.management import execute_from_command_line
        execute_from_command_line(sys.argv)
    if __name__ == "__main__":
        main()
"""
TASKS = """
    from celery import Celery
    from celery.signals import worker_ready
    app = Celery("tasks", broker="memory://", backend="cache+memory://")
    @app.task
    def add(a, b):
        total = a + b
        return total  # @here
    @worker_ready.connect
    def send_one(sender, **rest):
        add.delay(1, 2)
"""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def request_to(port: int, path: str = "/hi/bob") -> dict[str, Any]:
    """A trigger: GET from a server on this port."""
    return {"url": f"http://127.0.0.1:{port}{path}"}


async def stops_in_handler(agent: Agent, file: Path, command: str, port: int, **arguments: Any) -> Reply:
    """Start a server with one call, and check that it stands in its handler."""
    stop = await agent.ok(
        "start",
        command=command,
        python=apps.PYTHON,
        cwd=str(file.parent),
        ready=port,
        trigger=request_to(port),
        breakpoints=[f"{file}:{line_of(file, 'here')}"],
        timeout_s=25,
        **arguments,
    )
    check_handler(stop, file)
    assert f"ready: port {port} listens" in stop.data["notes"]
    return stop


def check_handler(stop: Reply, file: Path) -> None:
    """It stands in the handler, and the request waits."""
    assert stop.state == "stopped", stop
    assert stop.reason.startswith("breakpoint b1 (hit 1")
    assert stop.line == line_of(file, "here")
    assert stop.locals["greeting"] == "'hi bob'"
    assert re.fullmatch(r"GET /hi/bob: waiting for its response since [\d.]+ s", stop.data["trigger"])


async def answers_and_ends(agent: Agent, port: int) -> None:
    """Let the handler go on; the response comes back, and `stop` ends every process."""
    runs = await agent.ok("continue")
    assert runs.state == "running", runs
    assert re.match(r"GET /hi/bob: 200 OK in [\d.]+ s, 6 bytes", runs.data["trigger"])
    assert runs.data["trigger"].endswith("\nhi bob")
    await ends(agent)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "somebody still listens"


async def ends(agent: Agent) -> None:
    """`stop` comes back only when nothing of the program is left."""
    family = programs()
    assert family
    assert (await agent.ok("stop")).state == "ended"
    assert not psutil.wait_procs(family, timeout=3)[1]


def pid_of(stop: Reply) -> int:
    """The pid that the page names for the process it is about."""
    found = re.search(r"\(pid (\d+)\)", stop.data["process"])
    assert found is not None
    return int(found[1])


def name_of(stop: Reply) -> str:
    """The process the page is about, such as `p1.1`."""
    return str(stop.data.get("process", "")).partition(" ")[0]


@asynccontextmanager
async def asked(port: int) -> AsyncIterator[list[str]]:
    """Somebody else's request, under way within the block; the text of its response is there when that has ended."""
    texts: list[str] = []

    def ask() -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/hi/bob", timeout=20) as response:
            texts.append(response.read().decode())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(anyio.to_thread.run_sync, ask, abandon_on_cancel=True))
        yield texts


def listens(pid: int, port: int) -> bool:
    """Whether the process has a listening socket of this port."""
    connections = psutil.Process(pid).net_connections("tcp")
    return any(c.laddr and c.laddr.port == port for c in connections)


# --- one test for each way a person starts a server -----------------------------------------------------------


async def test_flask_run_stops_in_its_view(agent: Agent, program: Program) -> None:
    port = free_port()
    stop = await stops_in_handler(agent, program(FLASK, "app.py"), f"flask --app app run --port {port}", port)
    assert "process" not in stop.data
    await answers_and_ends(agent, port)


async def test_flask_run_with_debug_stops_in_the_child_of_its_reloader(agent: Agent, program: Program) -> None:
    port = free_port()
    stop = await stops_in_handler(agent, program(FLASK, "app.py"), f"flask --app app run --debug --port {port}", port)
    assert stop.data["process"].startswith("p1.1 flask (pid ")
    await answers_and_ends(agent, port)


async def test_uvicorn_stops_in_its_application(agent: Agent, program: Program) -> None:
    port = free_port()
    stop = await stops_in_handler(agent, program(ASGI, "app.py"), f"uvicorn app:app --port {port}", port)
    assert "process" not in stop.data
    await answers_and_ends(agent, port)


@pytest.mark.parametrize(
    ("source", "command", "child", "again"),
    [
        (ASGI, "uvicorn app:app --reload --port {port}", r"SpawnProcess-\d", r"Reloading[\s\S]*startup complete"),
        (FLASK, "flask --app app run --debug --port {port}", "flask", r"reloading[\s\S]*Debugger PIN"),
    ],
    ids=["uvicorn", "flask"],
)
async def test_a_server_that_reloads_is_followed_into_its_new_child(
    agent: Agent, program: Program, source: str, command: str, child: str, again: str
) -> None:
    port = free_port()
    file = program(source, "app.py")
    stop = await stops_in_handler(agent, file, command.format(port=port), port)
    assert re.match(rf"p1\.1 {child} \(pid ", stop.data["process"])
    runs = await agent.ok("continue")
    assert runs.data["trigger"].endswith("\nhi bob")
    file.write_text(file.read_text().replace('"hi "', '"hello "'))
    reloaded = await agent.ok("wait", **{"for": again, "timeout_s": 20})
    assert "matched" in reloaded.data, reloaded
    async with asked(port) as texts:
        stop = await agent.ok("wait", timeout_s=20)
        assert re.match(rf"p1\.2 {child} \(pid ", stop.data["process"])
        assert stop.line == line_of(file, "here")
        assert stop.locals["greeting"] == "'hello bob'"
        assert (await agent.ok("continue", timeout_s=0)).state == "running"
    assert texts == ["hello bob"]
    assert "hits 2" in (await agent.ok("list_breakpoints")).text
    await ends(agent)


async def test_uvicorn_with_workers_stops_in_the_worker_that_took_the_request(agent: Agent, program: Program) -> None:
    port = free_port()
    stop = await stops_in_handler(agent, program(ASGI, "app.py"), f"uvicorn app:app --workers 2 --port {port}", port)
    assert name_of(stop) in ("p1.1", "p1.2")
    assert listens(pid_of(stop), port)
    await answers_and_ends(agent, port)


async def test_gunicorn_stops_in_the_worker_that_took_the_request(agent: Agent, program: Program) -> None:
    port = free_port()
    stop = await stops_in_handler(agent, program(WSGI, "app.py"), f"gunicorn app:app -w 2 -b 127.0.0.1:{port}", port)
    assert re.match(r"p1\.[12] fork \(pid \d+\)", stop.data["process"])
    await answers_and_ends(agent, port)


@pytest.mark.parametrize("command", ["./manage.py runserver", "django-admin runserver"])
async def test_djangos_development_server_stops_in_the_view_in_the_child_of_its_reloader(
    agent: Agent, program: Program, command: str
) -> None:
    port = free_port()
    file = program(URLS, "urls.py")
    program(SETTINGS, "settings.py")
    program(MANAGE, "manage.py").chmod(0o755)
    env = {} if "manage" in command else {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": "."}
    stop = await stops_in_handler(agent, file, f"{command} {port}", port, env=env)
    assert re.match(r"p1\.1 (manage\.py|django-admin) \(pid \d+\)", stop.data["process"])
    await answers_and_ends(agent, port)


async def test_a_server_started_as_a_module_stops_in_its_handler(agent: Agent, program: Program) -> None:
    port = free_port()
    file = program(HANDLER, "plain.py")
    stop = await stops_in_handler(agent, file, f"python -m plain {port}", port)
    assert "process" not in stop.data
    await answers_and_ends(agent, port)


async def test_the_librarys_own_http_server_stops_in_its_handler(agent: Agent, tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "page.txt").write_text("hi bob")
    stop = await agent.ok(
        "start",
        module="http.server",
        args=["--bind", "127.0.0.1", str(port)],
        python=apps.PYTHON,
        cwd=str(tmp_path),
        ready=port,
        trigger=request_to(port, "/page.txt"),
        breakpoints=[{"function": "http.server.SimpleHTTPRequestHandler.do_GET"}],
    )
    assert stop.data["at"].endswith(" in do_GET"), stop
    assert "self" in stop.locals
    answered = await agent.ok("continue")
    assert re.match(r"GET /page.txt: 200 OK in .* 6 bytes text/plain\nhi bob", answered.data["trigger"])
    await ends(agent)


@pytest.mark.parametrize(("pool", "process"), [("prefork -c 1", r"p1\.\d+ .*\(pid \d+\)"), ("solo", None)])
async def test_celery_stops_in_a_task(agent: Agent, program: Program, pool: str, process: str | None) -> None:
    file = program(TASKS, "tasks.py")
    stop = await agent.ok(
        "start",
        command=f"celery -A tasks worker -l info -P {pool}",
        python=apps.PYTHON,
        cwd=str(file.parent),
        breakpoints=[f"{file}:{line_of(file, 'here')}"],
        timeout_s=25,
    )
    assert stop.state == "stopped", stop
    assert stop.line == line_of(file, "here")
    assert stop.locals["total"] == "3"
    if process is None:
        assert "process" not in stop.data
    else:
        assert re.fullmatch(process, stop.data["process"])
    await agent.ok("continue", timeout_s=0)
    done = await agent.ok("wait", **{"for": r"tasks\.add\[.*succeeded in .*: 3", "timeout_s": 10})
    assert "matched" in done.data, done
    await ends(agent)


# --- when it is up, when it is not, and the request -----------------------------------------------------------


async def test_a_server_is_ready_when_its_output_says_so(agent: Agent, program: Program) -> None:
    port = free_port()
    file = program(HANDLER, "plain.py")
    up = await agent.ok("start", program=str(file), args=[str(port)], ready=r"listens on \d+")
    assert up.state == "running"
    assert up.data["ready"] == f"listens on {port}"
    await ends(agent)


async def test_a_port_that_is_in_use_is_refused_with_the_pid_that_has_it(agent: Agent, program: Program) -> None:
    file = program(HANDLER, "plain.py")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = await agent.error("start", program=str(file), args=[str(port)], ready=port)
    assert f"port {port} is in use already" in text
    if sys.platform.startswith("linux"):
        assert f"process {os.getpid()}" in text
    assert not programs()


async def test_a_server_that_never_listens_is_still_running(agent: Agent, program: Program) -> None:
    port = free_port()
    file = program("import time\nprint('thinks', flush=True)\ntime.sleep(600)\n")
    runs = await agent.ok("start", program=str(file), ready=port, trigger=request_to(port), timeout_s=1)
    assert runs.state == "running"
    assert "still running after 1." in runs.text
    assert "ready" not in runs.data
    await ends(agent)


async def test_a_server_that_ends_before_it_listens_is_told_with_its_exit(agent: Agent, program: Program) -> None:
    port = free_port()
    file = program("import sys\nprint('no database')\nsys.exit(3)\n")
    gone = await agent.ok("start", program=str(file), ready=port, trigger=request_to(port))
    assert gone.state == "exited"
    assert gone.data["exit_code"] == 3
    assert "no database" in gone.data["output"]
    assert "trigger" not in gone.data


@pytest.mark.parametrize("host", ["192.0.2.1", "[2001:db8::1]", "0.0.0.0"])
async def test_a_request_to_another_machine_is_refused_and_nothing_is_started(
    agent: Agent, program: Program, tmp_path: Path, host: str
) -> None:
    trace = tmp_path / "trace"
    file = program(f"open({str(trace)!r}, 'w').close()\n")
    text = await agent.error("start", program=str(file), trigger={"url": f"http://{host}:8000/"})
    assert "is not a loopback address" in text
    assert not trace.exists()
    await check_nothing_lives(agent)


async def test_a_request_to_a_host_that_nobody_knows_is_refused_and_nothing_is_started(
    agent: Agent, program: Program
) -> None:
    file = program("import time\nhere = 1  # @here\ntime.sleep(600)\n")
    assert "is not known" in await agent.error("start", program=str(file), trigger={"url": "http://nowhere.invalid/"})
    await check_nothing_lives(agent)


async def test_a_request_that_continue_refuses_leaves_the_program_where_it_stood(
    agent: Agent, program: Program
) -> None:
    file = program("import time\nhere = 1  # @here\ntime.sleep(600)\n")
    await agent.ok("start", program=str(file), breakpoints=[f"{file}:{line_of(file, 'here')}"])
    for url in ("http://192.0.2.1/", "http://nowhere.invalid/"):
        await agent.error("continue", trigger={"url": url}, until=f"{file}:3")
        assert re.search(r" stopped at .*program\.py:2,", (await agent.ok("sessions")).data["sessions"][0])
    await ends(agent)


async def check_nothing_lives(agent: Agent) -> None:
    """No process, and no session that its error did not name."""
    assert not programs()
    assert not (await agent.ok("sessions")).data["sessions"]


async def test_continue_sends_a_request_too(agent: Agent, program: Program) -> None:
    port = free_port()
    file = program(HANDLER, "plain.py")
    await agent.ok("start", program=str(file), args=[str(port)], stop_on_entry=True)
    await agent.ok("set_breakpoint", file=str(file), line=line_of(file, "here"))
    stop = await agent.ok("continue", trigger=request_to(port))
    check_handler(stop, file)
    stop = await agent.ok("continue", trigger=request_to(port, "/hi/eve"))
    # What was asked first is answered first; the server takes one request at a time.
    while stop.state == "running":
        assert stop.data["trigger"].splitlines()[1] == "hi bob"
        stop = await agent.ok("wait")
    assert stop.locals["greeting"].startswith("'hi eve'")
    assert (await agent.ok("continue")).data["trigger"].endswith("\nhi eve")
    await ends(agent)


async def test_a_request_whose_handler_never_stops_comes_back_with_its_response(agent: Agent, program: Program) -> None:
    port = free_port()
    file = program(HANDLER, "plain.py")
    runs = await agent.ok("start", program=str(file), args=[str(port)], ready=port, trigger=request_to(port))
    assert runs.state == "running"
    assert re.match(r"GET /hi/bob: 200 OK in [\d.]+ s, 6 bytes\nhi bob", runs.data["trigger"])
    assert "trigger" not in (await agent.ok("wait", timeout_s=0)).data, "an answer is told once"
    await ends(agent)


async def test_a_request_that_a_server_hangs_up_on_says_so(agent: Agent, program: Program) -> None:
    port = free_port()
    file = program("""
        import socket, sys, time
        with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
            connection, _ = server.accept()
            connection.recv(4096)
            connection.close()
            time.sleep(600)
    """)
    runs = await agent.ok("start", program=str(file), args=[str(port)], ready=port, trigger=request_to(port))
    assert runs.state == "running"
    assert runs.data["trigger"].startswith("GET /hi/bob: failed: ")
    await ends(agent)
