"""The server over HTTP: whole tasks in both eras, who is let in, whose session it is, and how it ends."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import psutil
import pytest
from agent import line_of
from test_servers import free_port
from web import ACCEPT, ANN, BOB, ERAS, INITIALIZE, Web, started, web

from conftest import TAG, Era, Program

pytestmark = pytest.mark.anyio

LOOP = """
    import time
    n = 0
    print("up", flush=True)
    while True:
        n += 1  # @count
        time.sleep(0.01)
"""
WRONG = "w" * 32


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """One server with two principals for tests that leave nothing behind in it."""
    with web(tmp_path_factory.mktemp("web"), "--tools", "full") as found:
        yield found


# --- a whole task -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ERAS)
async def test_a_debugging_task_from_start_to_end(server: Web, program: Program, mode: Era) -> None:
    path = program("total = 0\nfor n in range(3):\n    total += n  # @add\nprint(total)\n")
    async with server.agent(mode=mode) as agent:
        stop = await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'add')}"])
        assert (stop.state, stop.line) == ("stopped", line_of(path, "add"))
        assert any("without a call that names it" in note for note in stop.data["notes"])
        assert (await agent.ok("step")).locals["total"].startswith("0")
        assert (await agent.ok("evaluate", expression="total + 40")).data["value"] == "40  (int)"
        await agent.ok("remove_breakpoint", all=True)
        end = await agent.ok("continue")
        assert (end.state, end.data["exit_code"], end.data["output"]) == ("exited", 0, "3\n")
        await agent.ok("stop", session=end.data["session"])


@pytest.mark.parametrize("mode", ERAS)
async def test_two_calls_of_one_client_run_side_by_side(server: Web, program: Program, mode: Era) -> None:
    path = program(LOOP)
    async with server.agent(mode=mode) as agent:
        started = await agent.ok("start", program=str(path), timeout_s=0)
        await agent.ok("wait", **{"for": "up"})
        waits: list[str] = []

        async def wait() -> None:
            waits.append((await agent.ok("wait", timeout_s=20)).reason)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await agent.ok("set_breakpoint", file=str(path), line=line_of(path, "count"))
        assert waits == ["breakpoint b1 (hit 1)"]
        await agent.ok("stop", session=started.data["session"])


@pytest.mark.parametrize("mode", ERAS)
async def test_progress_of_a_wait_comes_while_it_lasts(server: Web, program: Program, mode: Era) -> None:
    heard: list[str] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append(str(message))

    path = program(LOOP)
    async with server.agent(mode=mode) as agent:
        begun = await agent.ok("start", program=str(path), timeout_s=0)
        await agent.client.call_tool("wait", {"timeout_s": 2}, progress_callback=hear)
        assert heard
        assert "running" in heard[0]
        await agent.ok("stop", session=begun.data["session"])


async def test_a_read_only_server_looks_and_starts_nothing(tmp_path: Path) -> None:
    with web(tmp_path, "--read-only") as server:
        async with server.agent() as agent:
            names = [tool.name for tool in await agent.tools()]
            assert "attach" in names
            assert "start" not in names
            assert "Unknown tool" in (await agent.call("start", code="print(1)")).text


# --- who is let in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        f"Bearer {WRONG}",
        f"Basic {ANN}",
        ANN,
        f"Bearer {ANN}x",
        "Bearer é",
    ],
)
@pytest.mark.parametrize("path", ["/mcp", "/metrics"])
async def test_who_has_no_token_of_ours_is_told_so_and_nothing_else(server: Web, header: str | None, path: str) -> None:
    async with server.client(**ACCEPT) as client:
        request = client.build_request("GET" if path == "/metrics" else "POST", server.base + path, json=INITIALIZE)
        if header is not None:
            request.headers["Authorization"] = header
        answer = await client.send(request)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "ann" not in answer.text


async def test_a_token_in_the_query_is_none(server: Web) -> None:
    async with server.client(**ACCEPT) as client:
        for query in (f"?token={ANN}", f"?access_token={ANN}", f"?Authorization=Bearer%20{ANN}"):
            assert (await client.post(server.url + query, json=INITIALIZE)).status_code == 401


async def test_a_token_is_enough(server: Web) -> None:
    assert (await server.post(ANN)).status_code == 200
    assert (await server.get("/metrics", BOB)).status_code == 200


async def test_health_says_that_it_lives_to_everyone_and_nothing_else(server: Web) -> None:
    answer = await server.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert "server" not in answer.headers


EVIL_HOSTS = [
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.0.0.1:{port}.evil.example",
    "127.0.0.1.evil.example:{port}",
    "127.0.0.1:{port}@evil.example",
    "evil.example@127.0.0.1:{port}",
    "127.0.0.1:0{port}",
    "127.1:{port}",
    "127.0.1:{port}",
    "2130706433:{port}",
    "0x7f000001:{port}",
    "0177.0.0.1:{port}",
    "127.0.0.2:{port}",
    "0.0.0.0:{port}",
    "localhost",
    "localhost.:{port}",
    "localhost.evil.example:{port}",
    "LOCALHOST.evil.example:{port}",
    "evil-localhost:{port}",
    "[::]:{port}",
    "[::ffff:127.0.0.1]:{port}",
    "::1:{port}",
    "localhost:{port}:80",
    "localhost:{port}/",
]


@pytest.mark.parametrize("host", EVIL_HOSTS)
@pytest.mark.parametrize("path", ["/mcp", "/metrics", "/healthz"])
async def test_a_request_under_another_name_is_refused_although_it_has_a_token(
    server: Web, host: str, path: str
) -> None:
    async with server.client(ANN, **{**ACCEPT, "Host": host.format(port=server.port)}) as client:
        answer = await client.request("POST" if path == "/mcp" else "GET", server.base + path, json=INITIALIZE)
    assert answer.status_code in (400, 421), answer.text


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:1",
        "http://127.0.0.1:{port}.evil.example",
        "http://localhost:{port}@evil.example",
        "file://",
        "chrome-extension://abc",
    ],
)
async def test_a_page_of_another_origin_is_refused_although_it_has_a_token(server: Web, origin: str) -> None:
    for path in ("/mcp", "/metrics"):
        async with server.client(ANN, **{**ACCEPT, "Origin": origin.format(port=server.port)}) as client:
            answer = await client.request("POST" if path == "/mcp" else "GET", server.base + path, json=INITIALIZE)
        assert answer.status_code == 403, answer.text


async def test_the_names_of_loopback_are_let_in(server: Web) -> None:
    for name in ("127.0.0.1", "localhost", "[::1]"):
        host = f"{name}:{server.port}"
        assert (await server.post(ANN, Host=host, Origin=f"http://{host}")).status_code == 200


async def test_a_body_beyond_a_mebibyte_is_refused(server: Web) -> None:
    for size, status in ((1024 * 1024 + 1, 413), (900 * 1024, 200)):
        body = {**INITIALIZE, "params": {**INITIALIZE["params"], "x": "x" * size}}  # type: ignore[dict-item]
        assert (await server.post(ANN, body)).status_code == status


async def test_slow_connections_are_closed_and_keep_nobody_waiting(server: Web) -> None:
    before = _connections(server)
    slow = []
    try:
        for n in range(500):
            stream = await anyio.connect_tcp("127.0.0.1", server.port)
            slow.append(stream)
            await stream.send(b"POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"[: 40 + n % 30])
        with anyio.fail_after(5):
            assert (await server.get("/healthz")).text == "ok\n"
            assert (await server.post(ANN)).status_code == 200
        with anyio.fail_after(25):
            while _connections(server) > before + 5:  # noqa: ASYNC110 - another process's connections
                await anyio.sleep(0.2)
    finally:
        for stream in slow:
            await stream.aclose()


def _connections(server: Web) -> int:
    return sum(c.status == psutil.CONN_ESTABLISHED for c in psutil.Process(server.process.pid).net_connections("tcp"))


# --- whose session it is ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ERAS)
async def test_a_session_of_another_principal_is_as_unknown_as_one_that_never_was(
    server: Web, program: Program, mode: Era
) -> None:
    path = program("value = 1\nprint(value)  # @here\n")
    async with server.agent(ANN, mode) as ann, server.agent(BOB, mode) as bob:
        mine = await ann.ok("start", program=str(path), breakpoints=[f"{path}:2"])
        session = mine.data["session"]
        assert (await bob.ok("sessions")).data["sessions"] == 0
        calls = [(tool.name, _arguments(tool.input_schema)) for tool in await bob.tools()]
        for name, arguments in calls:
            if "session" in arguments:
                foreign = await bob.error(name, **{**arguments, "session": session})
                unknown = await bob.error(name, **{**arguments, "session": "s4711"})
                assert foreign == unknown.replace("s4711", session), name
        assert "no session exists" in await bob.error("continue")
        assert (await ann.ok("evaluate", expression="value")).data["value"] == "1  (int)"
        await ann.ok("stop", session=session)


def _arguments(schema: dict[str, object]) -> dict[str, object]:
    """Arguments that a tool takes, the session among them where it has one."""
    given = {
        "expression": "1",
        "text": "val",
        "path": "value",
        "value": "2",
        "breakpoint": "b1",
        "line": 1,
        "file": "x.py",
        "pid": 1,
    }
    properties = schema["properties"]
    assert isinstance(properties, dict)
    needed = schema.get("required") or []
    assert isinstance(needed, list)
    return {name: given[name] for name in needed} | ({"session": ""} if "session" in properties else {})


async def test_a_client_that_comes_back_finds_everything_that_happened(tmp_path: Path, program: Program) -> None:
    path = program("for n in range(3):\n    print('line', n, flush=True)  # @print\n")
    with web(tmp_path) as server:
        async with server.agent() as agent:
            await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'print')}"])
            await agent.ok("continue")
        async with server.agent(mode="legacy") as again:
            assert (await again.ok("wait")).line == line_of(path, "print")
            assert (await again.ok("get_output", since=0)).data["output"] == "line 0\n"
            await again.ok("remove_breakpoint", all=True)
            assert (await again.ok("continue")).data["output"] == "line 1\nline 2\n"


@pytest.mark.parametrize("mode", ERAS)
async def test_a_client_that_gives_up_a_call_leaves_its_session_to_the_next(
    tmp_path: Path, program: Program, mode: Era
) -> None:
    path = program(LOOP)
    with web(tmp_path) as server:
        async with server.agent(mode=mode) as agent:
            await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'count')}"])
            await agent.ok("remove_breakpoint", all=True)
            with anyio.move_on_after(0.5):
                await agent.ok("continue", timeout_s=25)
        async with server.agent(mode=mode) as again:
            assert (await again.ok("pause")).state == "stopped"
            assert (await again.ok("evaluate", expression="n > 0")).data["value"].startswith("True")


@pytest.mark.parametrize("era", ["2025-11-25", "2026-07-28"])
async def test_a_client_that_vanishes_in_a_call_leaves_no_session_busy(
    tmp_path: Path, program: Program, era: str
) -> None:
    path, audit = program(LOOP), tmp_path / "audit"
    with web(tmp_path, "--audit", str(audit)) as server:
        async with server.agent() as agent:
            await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'count')}"])
            await agent.ok("remove_breakpoint", all=True)
        async with server.client(ANN, **ACCEPT, **{"mcp-protocol-version": era}) as client:
            meta = {}
            if era == "2025-11-25":
                client.headers["mcp-session-id"] = (await server.post(ANN)).headers["mcp-session-id"]
            else:
                client.headers.update({"mcp-method": "tools/call", "mcp-name": "continue"})
                meta = {
                    "io.modelcontextprotocol/protocolVersion": era,
                    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
                    "io.modelcontextprotocol/clientCapabilities": {},
                }
            call = {"name": "continue", "arguments": {"timeout_s": 25}, "_meta": meta}
            body = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call}
            with anyio.move_on_after(0.7):
                await client.post(server.url, json=body)
        with anyio.fail_after(5):
            while '"continue"' not in audit.read_text(encoding="utf-8"):  # noqa: ASYNC110 - another process's file
                await anyio.sleep(0.05)
        async with server.agent() as again:
            await again.ok("pause")
            assert (await again.ok("step")).state == "stopped"
    (line,) = [line for line in audit.read_text(encoding="utf-8").splitlines() if '"continue"' in line]
    assert json.loads(line)["outcome"] == "cancelled"


async def test_a_session_whose_lease_has_run_out_is_ended_and_said_to_be(tmp_path: Path, program: Program) -> None:
    path = program(LOOP)
    with web(tmp_path, "--lease", "1") as server:
        async with server.agent() as agent:
            begun = await agent.ok("start", program=str(path), timeout_s=0)
            assert begun.data["notes"] == ["s1 is ended after 1 s without a call that names it"]
            pid = int(re.search(r"pid (\d+)", str((await agent.ok("sessions")).data["sessions"]))[1])  # type: ignore[index]
            with anyio.fail_after(10):
                while (await agent.ok("sessions")).data["sessions"] != 0:  # noqa: ASYNC110 - another process
                    await anyio.sleep(0.1)
            assert not psutil.pid_exists(pid)
            told = await agent.error("continue", session="s1")
            assert "s1 has ended: no call named it for 1 s" in told


async def test_a_session_is_kept_while_calls_name_it(tmp_path: Path, program: Program) -> None:
    path = program(LOOP)
    with web(tmp_path, "--lease", "1.5") as server:
        async with server.agent() as agent:
            await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'count')}"])
            begun = anyio.current_time()
            while anyio.current_time() < begun + 3:
                await agent.ok("evaluate", expression="n", session="s1")
                await anyio.sleep(0.3)


async def test_an_attached_program_whose_lease_has_run_out_runs_on(tmp_path: Path, program: Program) -> None:
    path = program(LOOP.replace("n += 1", "n += 1; print(n, flush=True)"))
    port = free_port()
    command = [sys.executable, "-m", "debugpy", "--listen", str(port), str(path)]
    with subprocess.Popen(command, env={**os.environ, TAG: "1"}, stdout=subprocess.PIPE, text=True) as process:  # noqa: ASYNC220
        try:
            with web(tmp_path, "--lease", "1") as server:
                async with server.agent() as agent:
                    stop = await agent.ok("attach", port=port, breakpoints=[f"{path}:{line_of(path, 'count')}"])
                    assert any("is ended after 1 s" in note for note in stop.data["notes"])
                    stop = stop if stop.state == "stopped" else await agent.ok("wait")
                    number = int(stop.locals["n"])
                    assert process.stdout is not None
                    while not (line := await anyio.to_thread.run_sync(process.stdout.readline)).startswith(
                        str(number + 3)
                    ):
                        assert line
        finally:
            process.kill()


# --- how it is started and ended --------------------------------------------------------------------------------------


async def test_a_token_is_made_and_kept_where_none_is_given(tmp_path: Path) -> None:
    path = tmp_path / "state" / "mcp-debug" / "token"
    for _ in range(2):
        with web(tmp_path, tokens=None) as server:
            assert server.said == f"token: in {path}"
            assert (await server.post()).status_code == 401
            assert (await server.post(path.read_text(encoding="utf-8").strip())).status_code == 200
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_token_of_the_environment_is_used_and_no_program_inherits_it(tmp_path: Path, program: Program) -> None:
    path = program("import os\nprint('MCP_DEBUG_TOKEN' in os.environ)\n")
    with web(tmp_path, tokens=None, MCP_DEBUG_TOKEN=ANN) as server:
        async with server.agent() as agent:
            assert (await agent.ok("start", program=str(path))).data["output"] == "False\n"


async def test_without_authentication_every_program_of_this_machine_may_call(tmp_path: Path) -> None:
    with web(tmp_path, "--no-auth", tokens=None) as server:
        assert "without authentication" in server.said
        assert (await server.post()).status_code == 200
        assert (await server.get("/metrics")).status_code == 200
        assert (await server.post(Host="evil.example")).status_code == 421


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "0.0.0.0", "--no-auth"], "only on loopback"),
        (["--host", "127.0.0.1", "--no-auth", "--behind-proxy"], "only on loopback and not behind a proxy"),
        (["--host", "192.0.2.1"], "would cross the network in the clear"),
        (["--host", "::"], "would cross the network in the clear"),
        (["--host", "0.0.0.0", "--behind-proxy"], "by which names is the server called"),
        (["--tls-cert", "cert.pem"], "--tls-cert and --tls-key belong together"),
        (["--host", "192.0.2.1", "--behind-proxy"], "cannot listen on 192.0.2.1"),
        (["--token-file", "nowhere"], "nowhere"),
        (["--audit", "no/such/folder/audit"], "audit file"),
    ],
)
def test_what_would_let_in_more_than_it_says_is_refused_at_once(tmp_path: Path, options: list[str], words: str) -> None:
    with started(tmp_path, "--port", "0", *options) as process:
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1, with its key beside it; signed by itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed: it makes the certificate")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "1"]
    subprocess.run([openssl, *made, *names], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path / "cert.pem"


async def test_tls_is_spoken_with_the_certificate_that_is_given(tmp_path: Path, certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    with web(tmp_path, "--tls-cert", "cert.pem", "--tls-key", "key.pem", verify=trusting) as server:
        assert server.url.startswith("https://127.0.0.1:")
        async with server.agent() as agent:
            assert (await agent.ok("sessions")).data["sessions"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("mode", ERAS)
async def test_a_signal_ends_server_and_programs_within_three_seconds_whoever_listens(
    tmp_path: Path, program: Program, mode: Era, number: int
) -> None:
    path = program(LOOP)
    with web(tmp_path) as server:
        async with server.client(ANN, **ACCEPT) as listener:
            session = (await listener.post(server.url, json=INITIALIZE)).headers["mcp-session-id"]
            async with listener.stream("GET", server.url, headers={"mcp-session-id": session}) as stream:
                assert stream.status_code == 200
                async with anyio.create_task_group() as tasks:
                    pid = await tasks.start(_debugging, server, path, mode)
                    code, log = await anyio.to_thread.run_sync(server.end, number)
                    tasks.cancel_scope.cancel()
        assert code == 0, log
        assert "Traceback" not in log
        assert not psutil.pid_exists(pid)


async def _debugging(
    server: Web, path: Path, mode: Era, *, task_status: anyio.abc.TaskStatus[int] = anyio.TASK_STATUS_IGNORED
) -> None:
    """A program that runs while its agent waits for it."""
    try:
        async with server.agent(mode=mode) as agent:
            await agent.ok("start", program=str(path), timeout_s=0)
            await agent.ok("wait", **{"for": "up"})
            listed = str((await agent.ok("sessions")).data["sessions"])
            task_status.started(int(re.search(r"pid (\d+)", listed)[1]))  # type: ignore[index]
            await agent.call("wait", timeout_s=30)
    except Exception:  # the server ends under its agent
        return


# --- what it tells of itself ------------------------------------------------------------------------------------------


async def test_metrics_count_sessions_stops_calls_and_errors(tmp_path: Path, program: Program) -> None:
    path = program("value = 1\nprint(value)\n")
    with web(tmp_path) as server:
        async with server.agent() as agent:
            await agent.ok("start", program=str(path), breakpoints=[f"{path}:2"])
            await agent.error("evaluate", expression="nowhere", frame=99)
        text = (await server.get("/metrics", ANN)).text
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert lines["mcp_debug_sessions"] == "1.0"
    assert lines["mcp_debug_stops_total"] == "1.0"
    assert lines['mcp_debug_calls_total{outcome="ok",tool="start"}'] == "1.0"
    assert lines['mcp_debug_calls_total{outcome="error",tool="evaluate"}'] == "1.0"
    assert lines['mcp_debug_call_seconds_count{tool="start"}'] == "1.0"
    assert "program.py" not in text


async def test_the_audit_has_a_line_for_each_call_and_no_value(tmp_path: Path, program: Program) -> None:
    path = program("password = 'canary'\nprint(password)\n")
    audit = tmp_path / "audit.jsonl"
    with web(tmp_path, "--audit", str(audit)) as server:
        async with server.agent(BOB) as agent:
            await agent.ok("start", program=str(path), breakpoints=[f"{path}:2"])
            await agent.ok("evaluate", expression="password + 'canary'")
            await agent.error("evaluate", expression="1", frame=99)
            await agent.error("continue", session="s9")
            await agent.error("step", nonsense="canary")
    lines = [json.loads(line) for line in audit.read_text(encoding="utf-8").splitlines()]
    assert [(line["principal"], line["tool"], line["session"], line["outcome"]) for line in lines] == [
        ("bob", "start", "s1", "ok"),
        ("bob", "evaluate", "s1", "ok"),
        ("bob", "evaluate", "", "error"),
        ("bob", "continue", "s9", "error"),
        ("bob", "step", "", "error"),
    ]
    assert set(lines[0]) == {"time", "principal", "tool", "session", "outcome", "milliseconds"}
    assert "canary" not in audit.read_text(encoding="utf-8")
    if os.name == "posix":
        assert stat.S_IMODE(audit.stat().st_mode) == 0o600


async def test_the_log_is_json_where_that_is_asked_for(tmp_path: Path) -> None:
    with web(tmp_path, "--log-format", "json") as server:
        await server.post(ANN, Host="evil.example")
        code, log = server.end()
    assert code == 0
    lines = [json.loads(line) for line in log.splitlines()]
    assert any("evil.example" in line["message"] and line["level"] == "warning" for line in lines)
    assert all(set(line) == {"time", "level", "logger", "message"} for line in lines)


async def test_no_token_stands_in_log_output_or_command_line(tmp_path: Path) -> None:
    with web(tmp_path) as server:
        for token in (ANN, BOB, WRONG):
            await server.post(token)
        arguments = " ".join(psutil.Process(server.process.pid).cmdline())
        _, log = server.end()
    for text in (arguments, log, server.said):
        assert not any(token in text for token in (ANN, BOB, WRONG))
