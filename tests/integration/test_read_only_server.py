"""`mcp-debug serve --read-only`: an agent looks into what a person runs, and can neither run nor change anything."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pythons
from agent import Agent, line_of
from mcp import MCPError
from test_attach import COUNTER, Foreign, foreign
from test_attach_by_pid_tool import hook_folder, running

from conftest import Era, Program, served
from mcp_debug_tool.tools.read_only import INSTRUCTIONS

__all__ = ["foreign"]
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="attaches by process id"),
]

# Whatever of its own code is called for a page says so in a file.
SHOP = """
    import collections.abc, sys, time

    def called(*args, **kwargs):
        with open(__file__ + ".called", "a") as file:
            file.write("%s called for %s\\n" % (sys._getframe(1).f_code.co_name, type(args[0]).__name__))
        return ""

    class Order:
        def __init__(self):
            self.name = "tea"
            self.lines = [{"price": 3, "cups": (1, 2)}]

        total = property(called)
        __repr__ = __str__ = __getattr__ = __len__ = __getitem__ = __eq__ = __bool__ = called
        __hash__ = object.__hash__

    class Rows(collections.abc.Mapping):
        __getitem__ = __iter__ = __len__ = __repr__ = called

    class Refused(Exception):
        __str__ = __repr__ = called

    class Stream:
        flush = write = called

    def work(order, rows):
        price = 3
        error = Refused("no tea", order)
        return price  # @work

    def fail(order):
        raise Refused("no tea", 5)  # @raise

    print("up", flush=True)
    sys.stdout = Stream()
    while True:
        time.sleep(0.02)
        work(Order(), Rows())
        try:
            fail(Order())
        except Refused:
            pass
"""


@pytest.fixture(scope="module", params=["auto", "legacy"])
async def servers(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncIterator[Agent]:
    """One read-only server for the module's tests, in each era."""
    era: Era = request.param
    async with served(era, options=("--read-only", "--tools", "full")) as agent:
        yield agent


@pytest.fixture
async def looking(servers: Agent) -> AsyncIterator[Agent]:
    """The agent of that server; its sessions are ended after each test."""
    yield servers
    await servers.end_all()


async def test_only_what_looks_is_offered_and_said_to_be(looking: Agent) -> None:
    offered = {tool.name: set(tool.input_schema["properties"]) for tool in await looking.tools()}
    assert not set(offered) & {"start", "restart", "evaluate", "set_variable", "goto"}
    assert not {"condition", "log_message"} & offered["set_breakpoint"]
    assert "trigger" not in offered["continue"]
    assert "send" not in offered["get_output"]
    assert looking.client.instructions == INSTRUCTIONS


async def test_no_prompt_is_offered_for_each_is_a_plan_that_runs_code(looking: Agent) -> None:
    assert (await looking.client.list_prompts()).prompts == []


async def test_what_is_not_offered_is_refused(looking: Agent) -> None:
    for name in ("start", "evaluate", "restart", "set_variable", "goto"):
        assert "Unknown tool" in await refused(looking, name, code="1", expression="1", line=1, path="a", value="1")
    assert "condition: unknown argument" in await looking.error("set_breakpoint", file="a.py", line=1, condition="1")
    assert "send: unknown argument" in await looking.error("get_output", send="y\n")
    text = await looking.error("attach", port=1, breakpoints=[{"file": "a.py", "line": 1, "log_message": "{x}"}])
    assert "log_message: unknown argument" in text
    assert (await looking.error("pause")).endswith("next: attach to a program that runs")


async def refused(agent: Agent, name: str, **arguments: Any) -> str:
    """What a call of a tool that is not there comes back with: a protocol error, or a tool's."""
    try:
        reply = await agent.call(name, **arguments)
    except MCPError as error:
        return str(error)
    assert reply.error
    return reply.text


@pytest.mark.interpreters
@pytest.mark.parametrize("version", pythons.VERSIONS)
async def test_a_program_that_runs_is_looked_into_and_none_of_its_code_is_called(
    looking: Agent, program: Program, version: str
) -> None:
    python = pythons.find(version)
    if python is None:
        pytest.skip(f"no CPython {version} on this machine")
    path = program(SHOP)
    with running(python, path, PYTHONPATH=hook_folder()) as process:
        at = f"{path}:{line_of(path, 'work')}"
        stop = await looking.ok("attach", pid=process.pid, breakpoints=[at])
        assert stop.locals == {
            "order": "<Order name='tea', lines=[{'price': 3, 'cups': (…)}]>",
            "rows": "<Rows>",
            "price": "3",
            "error": "Refused('no tea', <Order name='tea', lines=[{…}]>)",
        }
        assert "evaluate" not in stop.text
        opened = await looking.ok("get_variables", path="order.lines[0]['cups']")
        assert "(1, 2)" in opened.text
        assert "name" in (await looking.ok("get_variables", path="order", depth=3)).text
        await looking.ok("get_variables", path="rows", depth=3)
        for asked in ("order.total", "order[0]", "rows['a']", "len(order)"):
            assert "would have to be computed" in await looking.error("get_variables", path=asked)
        assert (await looking.ok("step")).state == "stopped"
        await looking.ok("set_breakpoint", exception="Refused")
        crash = await looking.ok("continue")
        assert crash.data["exception"][0].startswith("Refused: 'no tea', 5, raised at "), crash
        await looking.ok("remove_breakpoint", all=True)
        await looking.ok("get_stack", thread="all")
        await looking.ok("complete", text="Order.")
        await looking.ok("stop")
        assert process.poll() is None
    assert not path.with_name(path.name + ".called").exists(), path.with_name(path.name + ".called").read_text()


async def test_a_program_that_listens_is_looked_into_let_go_and_runs_on(
    looking: Agent, program: Program, foreign: Foreign
) -> None:
    path = program(COUNTER)
    process, port = foreign.under_debugpy(path, "--wait-for-client")
    stop = await looking.ok("attach", port=port, breakpoints=[f"{path}:{line_of(path, 'return')}"])
    assert stop.locals == {"n": "1", "doubled": "2"}
    assert (await looking.ok("set_breakpoint", file=str(path), line=line_of(path, "return"), hit_condition="%3")).data
    assert (await looking.ok("continue", until=f"{path}:{line_of(path, 'count')}")).line == line_of(path, "count")
    (session,) = (await looking.ok("sessions")).data["sessions"]
    assert "stopped" in session
    ended = await looking.ok("stop")
    assert "runs on" in ended.text
    assert foreign.prints(process)


async def test_to_a_server_that_is_not_read_only_the_program_shows_itself_again(
    looking: Agent, program: Program
) -> None:
    path = program(SHOP)
    called = path.with_name(path.name + ".called")
    at = f"{path}:{line_of(path, 'work')}"
    with running(sys.executable, path, PYTHONPATH=hook_folder()) as process:
        await looking.ok("attach", pid=process.pid, breakpoints=[at])
        await looking.ok("stop")
        assert not called.exists()
        async with served() as other:
            await other.ok("attach", pid=process.pid, breakpoints=[at])
            assert called.exists()
            assert "3" in (await other.ok("evaluate", expression="price")).text
            await other.end_all()
