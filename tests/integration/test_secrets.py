"""Canaries in every place a secret stands in, looked for in every way out: answers, resources, progress, log, audit."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest
from agent import line_of
from mcp import Client
from mcp.types import TextResourceContents
from shells import shell

from conftest import Program, served, tagged

pytestmark = pytest.mark.anyio

PROGRAM = """
    import dataclasses
    import json
    import os
    import time


    def canary(number):
        return "yranac"[::-1] + f"-{number:02}-0123456789abcdef"


    @dataclasses.dataclass
    class Account:
        user: str
        password: str


    class Client:
        def __init__(self):
            self.access_token = canary(1)


    class Denied(Exception):
        pass


    API_SECRET = canary(2)


    def get_password():
        return canary(3)


    def log_in(user, **given):
        client = Client()
        db_password = canary(5)
        settings = {"api_key": canary(6), "debug": "yes"}
        account = Account("bob", canary(7))
        nested = {"services": [{"db": {"passphrase": canary(8)}}]}
        address = f"https://bob:{canary(9)}@localhost/"
        headers = {"Authorization": "Bearer " + canary(10)}
        private_key = canary(11).encode()
        pairs = [("cookie", canary(12))]
        body = json.dumps({"client_secret": canary(13)})
        plain = "sk-" + canary(14)
        credentials = ["bob", canary(15)]
        secret_text = canary(16) * 200
        os.environ["SERVICE_TOKEN"] = canary(17)
        password = get_password()  # @call
        print("connecting to", f"postgres://bob:{canary(18)}@localhost/", flush=True)  # @printed
        print("using sk-" + canary(19), flush=True)
        time.sleep(2.5)  # long enough to be told of
        raise Denied(f"refused: password={canary(20)!r}")  # @raised


    log_in("bob", token=canary(4))
"""
ALL = {f"{number:02}" for number in range(1, 22)}


class Tour:
    """Calls, and keeps all that comes back."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.heard: list[str] = []

    async def call(self, name: str, /, **arguments: Any) -> str:
        async def told(progress: float, total: float | None, message: str | None) -> None:
            self.heard.append(str(message))

        with anyio.fail_after(30):
            result = await self._client.call_tool(name, arguments, progress_callback=told)
        self.heard.append(result.model_dump_json())
        return self.heard[-1]

    async def read_all(self) -> None:
        """Every resource there is."""
        listed = (await self._client.list_resources()).resources
        self.heard.append("\n".join(resource.model_dump_json() for resource in listed))
        for resource in listed:
            for content in (await self._client.read_resource(str(resource.uri))).contents:
                assert isinstance(content, TextResourceContents)
                self.heard.append(content.text)

    def canaries(self) -> set[str]:
        return canaries("\n".join(self.heard))


def canaries(text: str) -> set[str]:
    """The numbers of those that stand in a text, also of those that were cut."""
    return set(re.findall(r"canary-(\d\d)-", text))


async def toured(path: Path, folder: Path, *options: str) -> tuple[Tour, str]:
    """All ways out of a program at its stops, at its crash and after its end; and what is left in files and lists."""
    kept = folder / "kept"
    kept.mkdir()
    environ = {"TMPDIR": str(kept), "XDG_STATE_HOME": str(kept)}
    with (kept / "log").open("w", encoding="utf-8") as written:
        async with served(env=environ, options=["--audit", str(kept / "audit"), *options], log=written) as agent:
            tour = Tour(agent.client)
            places = [{"file": str(path), "line": line_of(path, mark)} for mark in ("call", "printed")]
            given = {"LAUNCH_PASSWORD": "canary-21-0123456789abcdef"}
            await tour.call("start", program=str(path), breakpoints=places, env=given)
            await look(tour)
            await tour.call("step", kind="over")
            await tour.call("continue", timeout_s=20)
            await tour.read_all()
            await tour.call("get_variables")
            await tour.call("get_output", since=0)
            rest = [" ".join(commands(process)) for process in tagged()] + texts(kept)
            await tour.call("continue", timeout_s=20)
            await tour.call("get_output", since=0)
            await tour.read_all()
            await tour.call("sessions")
            await tour.call("stop")
    return tour, "\n".join(rest + texts(kept))


def texts(folder: Path) -> list[str]:
    """What stands in all files below a folder."""
    return [file.read_text(encoding="utf-8", errors="replace") for file in folder.rglob("*") if file.is_file()]


def commands(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


async def look(tour: Tour) -> None:
    """All that can be asked at a stop."""
    await tour.call("get_variables", depth=4, count=100)
    await tour.call("get_variables", scope="globals")
    for path in ("client", "credentials", "db_password", "nested", "given", "pairs[0]"):
        await tour.call("get_variables", path=path)
    for expression in ("db_password", "repr(db_password)", "[account]", "secret_text", "os.environ", "headers, pairs"):
        await tour.call("evaluate", expression=expression)
    await tour.call("evaluate", expression=["client.access_token", "client.__dict__", "API_SECRET", "secret_text"])
    await tour.call("evaluate", expression="os.environ['LAUNCH_PASSWORD']")
    await tour.call("evaluate", expression="raise Denied(f'password={db_password!r}')")
    await tour.call("evaluate", expression="print(address)")
    await tour.call("set_variable", path="settings['api_key']", value="settings['api_key'].upper().lower()")
    await tour.call("get_stack")
    await tour.call("get_stack", thread="all")
    await tour.call("list_breakpoints")
    await tour.call("get_variables", path="db_password.nothing")
    await tour.read_all()


async def test_no_canary_comes_out_in_any_way(program: Program, tmp_path: Path) -> None:
    tour, rest = await toured(program(PROGRAM), tmp_path, "--mask", r"sk-[\w-]+")
    assert tour.canaries() == set()
    assert canaries(rest) == set()
    assert '"tool": "evaluate"' in rest  # the audit was looked into
    assert '\\"debug\\": \\"yes\\"' in "".join(tour.heard) or "'debug': 'yes'" in "".join(tour.heard)


async def test_without_masking_each_of_them_would_have_come_out(program: Program, tmp_path: Path) -> None:
    tour, rest = await toured(program(PROGRAM), tmp_path, "--show-secrets")
    assert tour.canaries() == ALL
    assert not any("<masked" in heard for heard in tour.heard)
    assert canaries(rest) == set()  # log, audit and command lines have no values to begin with


async def test_an_answer_says_once_that_something_was_masked(program: Program) -> None:
    path = program(PROGRAM)
    async with served() as agent:
        stop = await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'call')}"])
        assert stop.locals["db_password"] == "'<masked: 26 chars>'"
        assert stop.data["masked"] in stop.text
        assert "--show-secrets" in str(stop.data["masked"])
        plain = await agent.ok("evaluate", expression="user")
        assert "masked" not in plain.data
        assert plain.data["value"].startswith("'bob'")
        await agent.end_all()


def test_what_a_shell_shows_is_masked_too(program: Program, tmp_path: Path) -> None:
    path = program(PROGRAM)
    with shell(tmp_path, tmp_path / "state") as sh:
        shown = sh.ok(f"mcp-debug start {path.name} -b {path.name}:{line_of(path, 'call')} --json")
        shown += sh.ok("mcp-debug evaluate client.access_token") + sh.ok("mcp-debug get_variables")
        sh.ok("mcp-debug stop")
    assert "<masked: 26 chars>" in shown
    assert canaries(shown) == {"14"}, "that one is found by a pattern alone, and here is none"


async def test_a_mask_that_is_no_regular_expression_is_refused_at_the_start() -> None:
    with anyio.fail_after(20):
        done = await anyio.run_process([sys.executable, "-m", "mcp_debug_tool", "serve", "--mask", "("], check=False)
    assert done.returncode == 2
    assert b"no regular expression" in done.stderr
