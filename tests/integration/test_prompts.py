"""Prompts and the completion of their arguments, in both eras of the protocol; and one plan carried out."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from agent import Agent
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, PromptReference

from conftest import Era, served

pytestmark = pytest.mark.anyio

TESTS = """
from prices import price

def test_tea():
    assert price("tea") == 30

class TestCup:
    def test_cup(self):
        assert price("cup") == 31
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the server runs in."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "tests").mkdir()
    (folder / "prices.py").write_text("def price(name):\n    return len(name) * 10\n", encoding="utf-8")
    (folder / "tests" / "test_prices.py").write_text(TESTS, encoding="utf-8")
    (folder / "conftest.py").write_text("", encoding="utf-8")
    return folder


@pytest.fixture(scope="module", params=["auto", "legacy"])
async def here(request: pytest.FixtureRequest, project: Path, anyio_backend: str) -> AsyncIterator[Agent]:
    """A server in that folder, in each era."""
    mode: Era = request.param
    async with served(mode, cwd=project) as agent:
        yield agent
        await agent.end_all()


async def plan(agent: Agent, name: str, /, **arguments: str) -> str:
    """The text of a prompt's one message."""
    with anyio.fail_after(10):
        result = await agent.client.get_prompt(name, arguments)
    (message,) = result.messages
    assert message.role == "user"
    assert message.content.type == "text"
    return message.content.text


async def completed(agent: Agent, prompt: str, argument: str, begun: str) -> list[str]:
    """The values for an argument."""
    reference = PromptReference(type="ref/prompt", name=prompt)
    with anyio.fail_after(10):
        found = await agent.client.complete(reference, {"name": argument, "value": begun})
        # On a busy machine nothing may have been found in time, which it says.
        while found.completion.has_more and not found.completion.values:
            found = await agent.client.complete(reference, {"name": argument, "value": begun})
    assert len(found.completion.values) <= 100
    return found.completion.values


async def test_four_plans_are_offered_with_their_arguments(here: Agent) -> None:
    offered = {prompt.name: prompt for prompt in (await here.client.list_prompts()).prompts}
    assert {name: [argument.name for argument in prompt.arguments or []] for name, prompt in offered.items()} == {
        "debug_failing_test": ["test"],
        "explain_crash": ["program"],
        "why_hang": ["program", "pid"],
        "find_state_change": ["program", "expression"],
    }
    assert here.client.server_capabilities.prompts is not None
    assert here.client.server_capabilities.completions is not None


async def test_each_plan_is_filled_in(here: Agent) -> None:
    assert '`start(pytest=["tests/test_prices.py::test_tea"])`' in await plan(
        here, "debug_failing_test", test="tests/test_prices.py::test_tea"
    )
    assert '`start(program="prices.py")`' in await plan(here, "explain_crash", program="prices.py")
    assert '`start(program="prices.py", timeout_s=10)`' in await plan(here, "why_hang", program="prices.py")
    assert "`attach(pid=4321)`" in await plan(here, "why_hang", pid="4321")
    assert '`evaluate(expression="a.b")`' in await plan(
        here, "find_state_change", program="prices.py", expression="a.b"
    )


async def test_arguments_that_cannot_be_meant_are_refused_by_name(here: Agent) -> None:
    with pytest.raises(MCPError, match="program or pid, one of them") as caught:
        await plan(here, "why_hang")
    assert caught.value.error.code == INVALID_PARAMS
    with pytest.raises(MCPError, match="pid: must be the number"):
        await plan(here, "why_hang", pid="1; x")
    with pytest.raises(MCPError, match="test: must be one line"):
        await plan(here, "debug_failing_test", test="a\nb")


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("fix_everything", {}, r"no prompt 'fix_everything'; known: debug_failing_test, "),
        ("explain_crash", {}, r"^program: is missing; explain_crash takes: program$"),
        ("explain_crash", {"program": "a.py", "x": "1"}, r"^x: unknown argument; explain_crash takes: program$"),
    ],
)
async def test_what_is_no_prompt_or_argument_is_refused_by_its_name(
    here: Agent, name: str, arguments: dict[str, str], told: str
) -> None:
    with pytest.raises(MCPError, match=told) as caught:
        await plan(here, name, **arguments)
    assert caught.value.error.code == INVALID_PARAMS


async def test_tests_are_completed_from_the_files_below_the_server(here: Agent) -> None:
    everything = ["tests/test_prices.py::test_tea", "tests/test_prices.py::TestCup::test_cup"]
    assert await completed(here, "debug_failing_test", "test", "") == everything
    assert await completed(here, "debug_failing_test", "test", "tests/test_prices.py::Te") == everything[1:]
    assert await completed(here, "debug_failing_test", "test", "nothing") == []


async def test_programs_are_completed_and_none_outside(here: Agent, project: Path) -> None:
    assert await completed(here, "explain_crash", "program", "pr") == ["prices.py"]
    assert "tests/test_prices.py" in await completed(here, "find_state_change", "program", "")
    for outside in ("../", "/", f"{project}/", "tests/../../"):
        assert await completed(here, "why_hang", "program", outside) == []
    assert await completed(here, "find_state_change", "expression", "") == []


async def test_processes_are_completed(here: Agent) -> None:
    ours = str(os.getpid())
    assert ours in await completed(here, "why_hang", "pid", ours)
    assert await completed(here, "why_hang", "pid", "x") == []


async def test_the_plan_for_a_failing_test_leads_to_its_assertion(here: Agent) -> None:
    node = "tests/test_prices.py::TestCup::test_cup"
    assert f'`start(pytest=["{node}"])`' in await plan(here, "debug_failing_test", test=node)
    stop = await here.ok("start", pytest=[node])
    assert "test failed" in stop.reason, stop
    assert (await here.ok("evaluate", expression="price('cup')")).data["value"].startswith("30")
    await here.ok("stop")
