"""Tests and servers on every Python found: a failing test, a reloader's child, a forked worker."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import apps
import pytest
from agent import Agent, line_of
from pythons import VERSIONS, find

from conftest import Program

pytestmark = [pytest.mark.anyio, pytest.mark.interpreters, apps.needed]
HANDLER = """
    def wsgi(environ, start_response):
        path = environ["PATH_INFO"]  # @wsgi
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [path.encode()]

    async def asgi(scope, receive, send):
        if scope["type"] == "http":
            path = scope["path"]  # @asgi
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": path.encode()})
"""


def on(version: str, tmp_path: Path) -> dict[str, Any]:
    """Parameters of `start` that take this Python, with the applications on its path."""
    python = find(version)
    if python is None:
        pytest.skip(f"there is no Python {version}")
    return {"python": python, "cwd": str(tmp_path), "env": {"PYTHONPATH": apps.ANY_PYTHON}}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_failing_test_stops_at_its_assertion(
    agent: Agent, program: Program, tmp_path: Path, version: str
) -> None:
    path = program(
        """
        import pytest

        @pytest.fixture
        def cart():
            return {"tea": 2}

        @pytest.mark.parametrize("expected", [2, 3])
        def test_total(cart, expected):
            assert sum(cart.values()) == expected  # @assert
        """,
        "test_shop.py",
    )
    stop = await agent.ok("start", pytest=["test_shop.py::test_total[3]"], **on(version, tmp_path))
    assert stop.reason == "test failed: test_shop.py::test_total[3]"
    assert stop.line == line_of(path, "assert")
    assert stop.locals == {"cart": "{'tea': 2}", "expected": "3"}
    assert any("assert 2 == 3" in line for line in stop.data["assertion"])
    assert (await agent.ok("continue")).data["exit_code"] == 1


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("command", "mark"),
    [
        ("python -m uvicorn app:asgi --reload --port {port}", "asgi"),
        ("python -m gunicorn app:wsgi -w 2 -b 127.0.0.1:{port}", "wsgi"),
    ],
    ids=["uvicorn --reload", "gunicorn"],
)
async def test_a_request_stops_in_the_process_that_handles_it(
    agent: Agent, program: Program, tmp_path: Path, version: str, command: str, mark: str
) -> None:
    path, port = program(HANDLER, "app.py"), free_port()
    stop = await agent.ok(
        "start",
        command=command.format(port=port),
        breakpoints=[f"app.py:{line_of(path, mark)}"],
        ready=port,
        trigger={"url": f"http://127.0.0.1:{port}/tea"},
        **on(version, tmp_path),
    )
    assert stop.line == line_of(path, mark), stop
    assert stop.data["process"].startswith("p1.")
    answered = await agent.ok("continue")
    assert "200 OK" in answered.data["trigger"]
    assert "/tea" in answered.data["trigger"]
