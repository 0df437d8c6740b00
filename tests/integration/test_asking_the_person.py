"""attach without a word on what to attach to: the person at the host is asked, where the host can ask."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from agent import Agent, line_of
from mcp.client.session import ElicitationFnT
from mcp.shared.exceptions import MCPError
from mcp.types import ElicitRequestFormParams, ElicitResult, ErrorData, InputRequiredResult, InputResponses
from test_attach_by_pid_tool import COUNTER, hook_folder, running
from web import ANN, BOB, ERAS, web

from conftest import Era, Program, served

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc"),
]
TODAY = "port: nothing to attach to\nnext: Give exactly one of port (with host), pid and listen."
# A server that gives a person half a second.
HURRIED = """
import sys, anyio
from mcp_debug_tool.calls import note_nothing
from mcp_debug_tool.serving.stdio import serve_stdio
from mcp_debug_tool.settings import Settings
sys.exit(anyio.run(serve_stdio, Settings(answer_limit=0.5), note_nothing))
"""


class Person:
    """Answers as they were told to, once they have seen the form; `shown` is what was offered each time."""

    def __init__(self, answer: str | ErrorData, pid: int = 0) -> None:
        self.answer = answer
        self.pid = pid
        self.shown: list[list[str]] = []

    async def __call__(self, context: Any, params: Any) -> ElicitResult | ErrorData:
        assert isinstance(params, ElicitRequestFormParams)
        (field,) = params.requested_schema["properties"].values()
        self.shown.append(field["enum"])
        if isinstance(self.answer, ErrorData):
            return self.answer
        if self.answer in ("decline", "cancel"):
            return ElicitResult.model_validate({"action": self.answer})
        found = [label for label in self.shown[-1] if label.startswith(f"{self.pid}: ")]
        return ElicitResult(action="accept", content={"process": (found or [self.answer])[0]})


@contextmanager
def counting(program: Program, name: str = "program.py") -> Iterator[tuple[Path, int]]:
    """A program that was started without us and can be attached to without any tool: its file and its pid."""
    path = program(COUNTER, name)
    with running(sys.executable, path, PYTHONPATH=hook_folder()) as process:
        yield path, process.pid


async def asked(agent: Agent) -> dict[str, Any]:
    """The question as it comes to a client of since 2026-07-28: JSON."""
    question = await agent.client.session.call_tool("attach", {}, allow_input_required=True)
    assert isinstance(question, InputRequiredResult)
    return question.model_dump(by_alias=True)


def chosen(question: dict[str, Any], pid: int) -> InputResponses:
    """What that client then calls with, once the person has chosen this process."""
    schema = question["inputRequests"]["process"]["params"]["requestedSchema"]
    (label,) = [label for label in schema["properties"]["process"]["enum"] if label.startswith(f"{pid}: ")]
    return {"process": ElicitResult(action="accept", content={"process": label})}


@asynccontextmanager
async def asking(
    over: str, mode: Era, person: ElicitationFnT | None, folder: Path, *options: str
) -> AsyncIterator[Agent]:
    """A server over stdio or HTTP, and an agent at whose host this person sits."""
    if over == "stdio":
        async with served(mode, person=person, options=options) as agent:
            yield agent
    else:
        with web(folder, *options) as server:
            async with server.agent(mode=mode, person=person) as agent:
                yield agent


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("over", ["stdio", "http"])
async def test_the_program_that_the_person_chooses_is_debugged(
    tmp_path: Path, program: Program, over: str, mode: Era
) -> None:
    with counting(program) as (path, pid):
        person = Person("accept", pid)
        async with asking(over, mode, person, tmp_path) as agent:
            stop = await agent.ok("attach", breakpoints=[f"{path}:{line_of(path, 'tick')}"])
            assert (stop.state, stop.line) == ("stopped", line_of(path, "tick"))
            # It is in a session now, and so is not offered again.
            second = await agent.call("attach")
            assert second.error
            await agent.ok("stop")
    # Others of this machine may be newer.
    (label,) = [label for label in person.shown[0] if label.startswith(f"{pid}: ")]
    assert label.startswith(f"{pid}: {sys.executable} {path}"[:100])
    assert not any(label.startswith(f"{pid}: ") for offered in person.shown[1:] for label in offered)


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("over", ["stdio", "http"])
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("decline", "has declined"),
        ("cancel", "has closed the question without an answer"),
        ("1: init", "has chosen '1: init', which is not (or no longer) one of them"),
    ],
)
async def test_who_chooses_nothing_leaves_an_error_that_names_the_way_on(
    tmp_path: Path, program: Program, over: str, mode: Era, answer: str, said: str
) -> None:
    person = Person(answer)
    with counting(program):
        async with asking(over, mode, person, tmp_path) as agent:
            error = await agent.error("attach")
    assert error == (
        f"pid: the person who was asked which process to attach to {said}\n"
        "next: Call attach(pid=...) once you know the process id, or give port or listen."
    )
    assert len(person.shown) == 1


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("over", ["stdio", "http"])
async def test_a_host_that_cannot_ask_hears_what_to_give(
    tmp_path: Path, program: Program, over: str, mode: Era
) -> None:
    with counting(program):
        async with asking(over, mode, None, tmp_path) as agent:
            assert await agent.error("attach") == TODAY


@pytest.mark.parametrize("mode", ERAS)
async def test_nobody_is_asked_where_the_call_says_what_to_attach_to(tmp_path: Path, mode: Era) -> None:
    person = Person("decline")
    async with served(mode, person=person) as agent:
        await agent.error("attach", pid=2**22 + 1)
        await agent.error("attach", port=1, timeout_s=0)
        await agent.error("attach", listen="here")
    assert person.shown == []


async def test_a_person_who_does_not_answer_holds_the_call_for_a_while_only(program: Program) -> None:
    withdrawn = anyio.Event()

    async def silent(context: Any, params: Any) -> ElicitResult:
        try:
            await anyio.sleep_forever()
        finally:
            withdrawn.set()
        raise AssertionError

    with counting(program):
        async with served("legacy", person=silent, serve=("-c", HURRIED)) as agent:
            error = await agent.error("attach")
            with anyio.fail_after(5):
                await withdrawn.wait()
            assert (await agent.ok("sessions")).data["sessions"] == 0
    assert "did not answer within 0.5 s" in error
    assert "attach(pid=...)" in error


@pytest.mark.parametrize("over", ["stdio", "http"])
async def test_since_2026_nothing_waits_in_the_server_for_an_answer(
    tmp_path: Path, program: Program, over: str
) -> None:
    with counting(program) as (_, pid):
        async with asking(over, "auto", Person("accept", pid), tmp_path) as agent:
            for _ in range(2):  # who does not answer may ask again
                question = await asked(agent)
                assert (await agent.ok("sessions")).data["sessions"] == 0
            # What has begun since the question was asked changes nothing for who answers it.
            with counting(program, "another.py"):
                stop = await agent.client.session.call_tool("attach", {}, input_responses=chosen(question, pid))
                assert not stop.is_error
            await agent.ok("stop")


async def test_a_program_that_has_ended_since_it_was_shown_is_not_attached_to(program: Program) -> None:
    with counting(program) as (_, pid):
        async with served(person=Person("accept", pid)) as agent:
            answer = chosen(await asked(agent), pid)
            os.kill(pid, signal.SIGKILL)
            gone = await agent.client.session.call_tool("attach", {}, input_responses=answer)
            assert gone.is_error
            # Until its parent has collected it, it is still to be seen.
            told = str(gone.content)
            assert "which is not (or no longer) one of them" in told or f"process {pid} has ended" in told


async def test_a_host_that_fails_to_ask_does_no_harm(program: Program) -> None:
    person = Person(ErrorData(code=-32603, message="no\x1bwindow"))
    with counting(program):
        async with served("legacy", person=person) as agent:
            assert "could not be asked: no\\x1bwindow" in await agent.error("attach")
        async with served(person=person) as agent:
            with pytest.raises(MCPError, match="window"):  # it never called again
                await agent.client.call_tool("attach")
            assert (await agent.ok("sessions")).data["sessions"] == 0


@pytest.mark.parametrize("mode", ERAS)
async def test_a_read_only_server_asks_too(tmp_path: Path, program: Program, mode: Era) -> None:
    with counting(program) as (path, pid):
        async with asking("stdio", mode, Person("accept", pid), tmp_path, "--read-only") as agent:
            stop = await agent.ok("attach", breakpoints=[f"{path}:{line_of(path, 'tick')}"])
            assert (stop.state, stop.line) == ("stopped", line_of(path, "tick"))
            await agent.ok("stop")


@pytest.mark.parametrize("mode", ERAS)
async def test_what_another_principal_debugs_and_what_the_server_has_started_is_not_offered(
    tmp_path: Path, program: Program, mode: Era
) -> None:
    person = Person("decline")
    with counting(program) as (_, attached), counting(program, "other.py") as (_, other), web(tmp_path) as server:
        async with server.agent(ANN) as ann, server.agent(BOB, mode=mode, person=person) as bob:
            await ann.ok("attach", pid=attached)
            code = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)"
            begun = await ann.ok("start", code=code, timeout_s=0)
            reply = await ann.ok("wait", session=begun.data["session"], **{"for": r"\d+"})
            started = reply.data["output"].strip()
            await bob.error("attach")
            await ann.end_all()
    offered = {int(label.partition(":")[0]) for label in person.shown[0]}
    assert other in offered
    assert not offered & {attached, int(started), server.process.pid}
