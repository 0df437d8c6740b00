"""The table "How do I debug ..." of the README: each of its calls is made as it stands there, to the real server.

A command in the first column is what a person runs: it runs here too. Only what depends on the machine is replaced, by
`on_this_machine`: ports, the process id and two folders.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import apps
import pytest
from agent import Agent, Reply
from shopfront import ROOT, People, in_environment, make_shop, on_this_machine, written_calls

from conftest import served

pytestmark = [
    pytest.mark.anyio,
    apps.needed,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="gdb, gunicorn, and a shell's commands"),
]

README = (ROOT / "README.md").read_text(encoding="utf-8")

IN_TOTAL = r"^(/.*/shop/)?orders\.py:18 in total$"
BREAKPOINT = {"state": "stopped", "reason": r"^breakpoint b1 \(hit 1\)$", "at": IN_TOTAL}
NO_INK = {"state": "stopped", "reason": "^uncaught exception", "at": IN_TOTAL, "exception": "KeyError: 'ink'"}
# In the handler, in a child of the server, while the request waits.
REQUEST = {**BREAKPOINT, "locals": "'name': \"'tea'\"", "trigger": "^GET /price/tea: waiting for its response"}
IN_CHILD = {"process": r"^p1\.\d"}

# What each answer has to hold: a regular expression for each field of it.
EXPECTED: dict[str, dict[str, str]] = {
    "a script that crashes": NO_INK,
    "an exception of one class, caught or not": {**NO_INK, "reason": "^raised exception"},
    "a script, at a line": {**BREAKPOINT, "locals": "'name': \"'tea'\""},
    "a module": NO_INK,
    "a snippet": NO_INK,
    "a command as I type it": NO_INK,
    "a command of the environment": NO_INK,
    "a program with an .env file": {"state": "exited", "output": r"^6\.5 EUR"},
    "an entry of .vscode/launch.json": BREAKPOINT,
    "a failing test": {
        "state": "stopped",
        "reason": r"^test failed: tests/test_orders\.py::test_total$",
        "at": r"^tests/test_orders\.py:\d+ in test_total$",
        "assertion": "assert 1750 == 1700",
    },
    "the tests that -k chooses": {"reason": r"^test failed: .*::test_total$"},
    "a flaky test": {"reason": r"^test failed: .*::test_tea_comes_first$", "notes": r"run \d+ of 100.*PYTHONHASHSEED="},
    "unittest": {"reason": r"^test failed: .*Prices\.test_tea$", "locals": "'cents': '650'"},
    "doctest": {"state": "stopped", "at": IN_TOTAL, "exception": "KeyError: 'ink'"},
    "a request to Flask": REQUEST,
    "uvicorn that reloads": {**REQUEST, **IN_CHILD},
    "Django's runserver": {**REQUEST, **IN_CHILD},
    "a template of Flask, Jinja2 or Django": {
        **BREAKPOINT,
        "at": r"^templates/receipt\.html:3 in top-level template code$",
        "locals": "'name': \"'tea'\", 'count': '1'",
        "stack": r"receipt web\.py:\d+",
    },
    "gunicorn's workers": {**REQUEST, **IN_CHILD},
    "a Celery worker": {**BREAKPOINT, **IN_CHILD},
    "greenlets of gevent, without a setting": {**BREAKPOINT, "task": r"^Greenlet"},
    "child processes": {
        "threads": r"p1\.\d \w+PoolWorker-\d \(pid \d+\) stands at orders\.py:18 in total: breakpoint b1"
    },
    "the program without its children": {"state": "exited", "output": r"^\[650, 900\]"},
    "threads": {"state": "stopped", "thread": "^till-2$"},
    "asyncio tasks": {"threads": r"task Task-1, waits for Task-\d.*task Task-3.*deliver couriers\.py:10"},
    "a running process": BREAKPOINT,
    "a process without gdb": BREAKPOINT,
    "a debugpy port": BREAKPOINT,
    "a program that sees other paths": BREAKPOINT,
    "programs that will connect": {**BREAKPOINT, "notes": "has connected"},
    "a program that hangs": {"state": "stopped", "reason": "^pause$", "at": r"^(till|orders)\.py:"},
    "why was my breakpoint not hit?": {"breakpoints": r"b1 orders\.py:31 .*not"},
}


class Row(NamedTuple):
    """One line of the table."""

    situation: str
    """Up to a colon or a parenthesis."""
    commands: list[str]
    """What is in backticks there: programs that a person starts."""
    calls: list[str]


def rows() -> list[Row]:
    """The table, from the README."""
    _, _, section = README.partition("## How do I debug ...\n")
    lines = re.findall(r"^\| (.+?) \| (.+) \|$", section.partition("\n## ")[0], re.MULTILINE)
    return [Row(re.split(r":| \(", cell)[0], _in_backticks(cell), _in_backticks(calls)) for cell, calls in lines[1:]]


def _in_backticks(cell: str) -> list[str]:
    return re.findall(r"`(.+?)`", cell)


@pytest.fixture
def people(shop: Path) -> Iterator[People]:
    started = People(shop)
    yield started
    started.end()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample project, and where another machine or a container would have it."""
    return make_shop(tmp_path_factory.mktemp("readme"))


@pytest.fixture(scope="module")
async def in_shop(shop: Path, anyio_backend: str) -> AsyncIterator[Agent]:
    """A server that was started in the project, with the environment of the frameworks activated."""
    async with served(cwd=shop, env=in_environment()) as agent:
        yield agent


@pytest.fixture
async def agent(in_shop: Agent) -> AsyncIterator[Agent]:
    yield in_shop
    await in_shop.end_all()


async def called(agent: Agent, text: str) -> Reply:
    """The answer to a call that is written as Python."""
    (call,) = written_calls(text)
    return await agent.ok(call.tool, **call.arguments)


async def answer(agent: Agent, people: People, shop: Path, row: Row) -> Reply:
    """The answer to the last call of a row; a program that comes to us is started after the first."""
    ports: dict[str, str] = {}
    commands = [on_this_machine(command, shop, ports) for command in row.commands]
    pid = None
    comes = "attach(listen=" in row.calls[0]
    for command in [] if comes else commands:
        process = people.run(command)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        pid = process.pid
    reply = await called(agent, on_this_machine(row.calls[0], shop, ports, pid))
    for command in commands if comes else []:
        people.run(command)
    for call in row.calls[1:]:
        reply = await called(agent, on_this_machine(call, shop, ports))
    return reply


def test_every_row_is_expected_to_lead_somewhere_and_no_other() -> None:
    assert [row.situation for row in rows()] == list(EXPECTED)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.situation)
async def test_each_call_leads_where_it_should(agent: Agent, people: People, shop: Path, row: Row) -> None:
    if row.situation == "a running process" and shutil.which("gdb") is None:
        pytest.skip("gdb is not installed")
    expected = EXPECTED[row.situation]
    reply = await answer(agent, people, shop, row)
    if reply.state == "running" and row.calls[-1] != "list_breakpoints()":
        reply = await agent.ok("wait", timeout_s=25)  # a busy machine may need longer than one call lasts
    for field, pattern in expected.items():
        assert re.search(pattern, str(reply.data.get(field))), (field, reply)
    if row.commands:
        assert (await agent.ok("stop")).reason == "let go, it runs on"
        assert people.all_live()
