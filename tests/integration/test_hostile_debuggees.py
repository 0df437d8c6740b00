"""Debuggees that speak DAP wrongly: each ends its own session at most, and the agent is told why."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import anyio
import psutil
import pytest
from agent import Agent, Reply
from false_debugger import event, false_debugger, message, wire

from conftest import TAG, Program

pytestmark = pytest.mark.anyio

MEGABYTE = 1024 * 1024
# What a session may cost the server that stands beside it, floods and all.
GROWTH = 50 * MEGABYTE
# A request has 5 s, an attach 10 s; one second is for the busy machine.
LIMIT = 12.0
GIVEN_UP = "its debugger's connection was given up: "


@pytest.fixture
async def agent(shared: Agent) -> AsyncIterator[Agent]:
    """The agent, with a well-behaved session that stands at a breakpoint, and still answers after the test."""
    good = (await shared.ok("start", code="word = 'well'\nbreakpoint()\n")).data["session"]
    yield shared
    assert await answers(shared, good)
    await shared.end_all()


async def answers(agent: Agent, session: str) -> bool:
    return "'well'" in (await agent.ok("evaluate", expression="word", session=session)).text


async def attach(agent: Agent, port: int) -> Reply:
    with anyio.fail_after(LIMIT):
        return await agent.call("attach", port=port, timeout_s=0.5)


def server_memory() -> int:
    """Bytes of memory of the server of this module."""
    servers = [p for p in psutil.Process().children() if "mcp_debug_tool" in p.cmdline() and TAG in p.environ()]
    return int(max(p.memory_info().rss for p in servers))


NOT_DAP: Mapping[str, tuple[bytes, str]] = {
    "a negative length": (b"Content-Length: -1\r\n\r\n{}", "no valid Content-Length"),
    "no length": (b"Content-Type: text/plain\r\n\r\n{}", "no valid Content-Length"),
    "two lengths": (b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "no valid Content-Length"),
    "a length that is no number": (b"Content-Length: 1e3\r\n\r\n{}", "no valid Content-Length"),
    "a huge length": (b"Content-Length: 99999999999\r\n\r\n", "of 99999999999 bytes is over the limit of 4194304"),
    "a header without end": (b"x" * 5000, "header is longer than 4096 bytes"),
    "what is not JSON": (wire(b"{'a': 1}") * 3, "is not JSON"),
    "what is not UTF-8": (wire(b'{"type": "\xff\xfe"}') * 3, "is not JSON"),
    "deep nesting": (wire(b"[" * 200_000) * 3, "is not JSON"),
    "null": (wire(b"null") * 3, "is not an object"),
    "an object that is no message": (wire(b"{}") * 3, "lacks a field it must have"),
    "a million parts": (wire(b'{"a": [' + b"[]," * 999_999 + b"[]]}") * 3, "has more than 200000 parts"),
}
AFTER: Mapping[str, tuple[bytes, str]] = {
    **NOT_DAP,
    "stops of no thread": (event("stopped") * 3, "its event 'stopped' is malformed"),
    "ends of no process": (event("mcpDebugChildEnded", pid=[]) * 3, "its event 'mcpDebugChildEnded' is malformed"),
    "stops without end": (event("stopped", threadId=1, reason="x" * 50) * 3000, "it reported 1024 stops at once"),
}


@pytest.mark.parametrize(("sent", "words"), NOT_DAP.values(), ids=NOT_DAP)
async def test_before_it_is_attached_to_a_lie_is_told_and_there_is_no_session(
    agent: Agent, sent: bytes, words: str
) -> None:
    with false_debugger({"introduce": sent}) as (port, _):
        reply = await attach(agent, port)
    assert reply.error
    assert "its debugger did not answer as one: " in reply.text
    assert words in reply.text
    assert "next: Check that it is a Python debugger's port" in reply.text
    assert len((await agent.ok("sessions")).data["sessions"]) == 1


@pytest.mark.parametrize(("sent", "words"), AFTER.values(), ids=AFTER)
async def test_after_it_was_attached_to_a_lie_loses_its_session_with_the_reason(
    agent: Agent, sent: bytes, words: str
) -> None:
    with false_debugger({"threads": sent}) as (port, _):
        joined = await attach(agent, port)
        assert joined.state == "running"
        session = joined.data["session"]
        with anyio.fail_after(LIMIT):
            await agent.call("pause", session=session)
            lost = await agent.ok("wait", session=session)
            refused = await agent.error("evaluate", session=session, expression="1")
            ended = await agent.ok("stop", session=session)
    assert lost.state == "lost"
    assert GIVEN_UP in lost.reason
    assert words in lost.reason
    assert lost.data["next"] == "get_output, then stop"
    assert words in refused
    assert ended.state == "ended"


@pytest.mark.parametrize(("sent", "words"), AFTER.values(), ids=AFTER)
async def test_a_lie_at_the_moment_of_attaching_is_told_whichever_way_it_comes_out(
    agent: Agent, sent: bytes, words: str
) -> None:
    with false_debugger(afterwards=[sent]) as (port, _):
        reply = await attach(agent, port)
        assert words in reply.text
        assert reply.error or reply.state == "lost"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([], "answered introduce with what cannot be read"),
        ({}, "answered introduce with what cannot be read"),
        ({"pid": -1, "ppid": 1, "title": "", "cwd": "/", "replaced": 0, "helper": 0}, "process id -1"),
        ({"failed": "\ud800" * 500_000}, "introduce failed inside the program: \\ud800"),
    ],
    ids=["a list", "nothing", "a group of processes for its own", "a failure of a megabyte"],
)
async def test_a_false_introduction_is_refused(agent: Agent, answer: Any, words: str) -> None:
    with false_debugger({"introduce": answer}) as (port, _):
        reply = await attach(agent, port)
    assert reply.error
    assert words in reply.text
    assert len(reply.text) < 20_000


async def test_an_introduction_that_never_comes_is_not_waited_for_long(agent: Agent) -> None:
    with false_debugger({"introduce": b""}) as (port, _):
        reply = await attach(agent, port)
    assert reply.error
    assert "no answer to evaluate within 5 s" in reply.text


ODD: Mapping[str, bytes] = {
    "an unknown event": event("pydevdSomething", a=[1]),
    "an event without a body": message(type="event", event="output", body=None),
    "an answer to nothing": message(type="response", request_seq=999, success=True, command="next"),
    "an answer twice": message(type="response", request_seq=1, success=True, command="initialize") * 2,
    "an answer of long ago": message(type="response", request_seq=2, success=False, command="attach", message="late"),
    "two messages that are none": wire(b"null") + wire(b"\xff"),
    "a note with controls in it": event("mcpDebugNote", text="\x1b[31m\u202e\ud800"),
}


@pytest.mark.parametrize("sent", ODD.values(), ids=ODD)
async def test_what_is_odd_is_passed_over_and_the_session_goes_on(agent: Agent, sent: bytes) -> None:
    with false_debugger(afterwards=[sent]) as (port, _):
        joined = await attach(agent, port)
        assert joined.state == "running", joined
        stop = await agent.ok("pause", session=joined.data["session"])
        assert (stop.state, stop.line, stop.locals) == ("stopped", 3, {"n": "1"})
        assert "\x1b" not in joined.text + stop.text
        await agent.ok("stop", session=joined.data["session"])


async def test_what_a_debuggee_asks_of_us_is_refused(agent: Agent) -> None:
    asked = message(seq=77, type="request", command="runInTerminal", arguments={"args": ["touch", "/tmp/never"]})
    with false_debugger(afterwards=[asked]) as (port, debugger):
        joined = await attach(agent, port)
        await agent.ok("pause", session=joined.data["session"])
        await agent.ok("stop", session=joined.data["session"])
    (answer,) = [received for received in debugger.received if received["type"] == "response"]
    assert (answer["request_seq"], answer["command"], answer["success"]) == (77, "runInTerminal", False)


@pytest.mark.parametrize(
    "lies",
    [
        {"stop_page": {"frames": "none"}},
        {"stop_page": []},
        {"stop_page": {"frames": [{"locals": 1}]}},
        {"stackTrace": {"stackFrames": [1]}},
        {"stackTrace": {"stackFrames": {"id": 1}}},
        {"stackTrace": {"stackFrames": [{"id": "x"}]}},
    ],
    ids=json.dumps,
)
async def test_a_stop_that_cannot_be_read_is_told_as_one(agent: Agent, lies: Mapping[str, Any]) -> None:
    with false_debugger(lies) as (port, _):
        session = (await attach(agent, port)).data["session"]
        stop = await agent.ok("pause", session=session)
        assert stop.state == "stopped"
        assert "answered what it stands at with what cannot be read" in stop.text
        for tool in ("get_stack", "get_variables"):
            reply = await agent.call(tool, session=session)
            assert not reply.error or "cannot be read" in reply.text, reply
        assert "cannot be read" in await agent.error("evaluate", session=session, expression="1")
        await agent.ok("stop", session=session)


async def test_a_stop_that_is_never_told_more_of_is_told_in_time(agent: Agent) -> None:
    with false_debugger({"stop_page": b""}) as (port, _):
        session = (await attach(agent, port)).data["session"]
        with anyio.fail_after(LIMIT):
            await agent.ok("pause", session=session)
            stop = await agent.ok("wait", session=session)
        assert stop.state == "stopped"
        assert "no answer to evaluate within 5 s" in stop.text
        await agent.ok("stop", session=session)


async def test_a_stop_of_megabytes_is_shown_within_bounds(agent: Agent) -> None:
    odd = "\ud800\u202e\x1b"
    frames = [{"id": n, "name": odd * 100, "line": n, "source": {"path": odd * 50}} for n in range(1000)]
    page = {
        "frames": [{"locals": [[odd * 9, odd * 99]] * 900, "source": [1, [odd * 99] * 99]}],
        "stop": {"reason": odd * 999},
    }
    with false_debugger({"stackTrace": {"stackFrames": frames}, "stop_page": page}) as (port, _):
        session = (await attach(agent, port)).data["session"]
        stop = await agent.ok("pause", session=session)
        assert stop.state == "stopped"
        assert len(stop.text) < 20_000
        assert stop.text.replace("\n", "").isprintable()
        await agent.ok("stop", session=session)


def flood(piece: bytes, count: int) -> Iterable[bytes]:
    """`count` times the same, in writes of some 64 KB, and then a sign that it is over."""
    many = max(1, 65536 // len(piece))
    for _ in range(count // many):
        yield piece * many
    yield event("mcpDebugNote", text="after the flood")


FLOODS: Mapping[str, tuple[bytes, int]] = {
    "100 MB of output events": (event("output", output="x" * 450), 200_000),
    "unknown events": (event("pydevdSomething", of="a" * 20), 200_000),
    "log messages": (event("mcpDebugLog", breakpoint="b1", text="y" * 40), 200_000),
    "notes": (event("mcpDebugSeed", text="z" * 40), 100_000),
    "stacks of a megabyte": (event("mcpDebugStack", threadId=1, stackFrames=["s" * 100] * 10_000), 60),
    "answers to nothing": (message(type="response", request_seq=10**9, success=True, command="x"), 200_000),
    "requests": (message(type="request", seq=1, command="runInTerminal"), 100_000),
    "children": (event("debugpyAttach", connect={"host": "192.0.2.1", "port": 1}), 50_000),
    "bodies of as many parts as are allowed": (event("output", a=["ab"] * 198_000), 20),
    "a body of 4 MB after another": (event("output", output="x" * (4 * MEGABYTE - 200)), 25),
}


@pytest.mark.parametrize(("piece", "count"), FLOODS.values(), ids=FLOODS)
async def test_a_flood_costs_bounded_memory_and_nobody_elses_time(agent: Agent, piece: bytes, count: int) -> None:
    before = server_memory()
    good = (await agent.ok("sessions")).data["sessions"][0].split()[0]
    with false_debugger(afterwards=flood(piece, count)) as (port, _):
        with anyio.fail_after(25):
            joined = await attach(agent, port)
            session = joined.data["session"]
            told = joined.text
            highest = 0
            while "after the flood" not in told and "lost" not in told:
                assert await answers(agent, good)
                highest = max(highest, server_memory())
                told += (await agent.ok("wait", session=session, timeout_s=0.2)).text
        await agent.ok("stop", session=session)
    assert "after the flood" in told, told[-500:]
    assert "192.0.2.1" not in told, "a debuggee names machines, and we do not call there"
    assert max(highest, server_memory()) - before < GROWTH


async def test_stops_that_wait_do_not_keep_what_was_sent_with_them(agent: Agent) -> None:
    def stops() -> Iterable[bytes]:
        for thread in range(900):
            yield event("mcpDebugStack", threadId=thread, stackFrames=[f"{thread}-{n}" for n in range(6000)])
            yield event("stopped", threadId=thread, reason="breakpoint", text="t" * 50_000)
        yield event("mcpDebugNote", text="after the flood")

    before = server_memory()
    with false_debugger({"stop_page": b""}, stops()) as (port, _):
        with anyio.fail_after(25):
            joined = await attach(agent, port)
            session, told = joined.data["session"], joined.text
            while "after the flood" not in told:
                told += (await agent.ok("wait", session=session, timeout_s=0.2)).text
        assert server_memory() - before < GROWTH
        await agent.ok("stop", session=session)


# --- programs that were started, and have found the debugger's connection inside themselves ------------------------

FIND = """
    import os, socket, struct, time
    def debugger():
        for name in os.listdir("/proc/self/fd"):
            try:
                found = socket.socket(fileno=os.dup(int(name)))
                if found.type == socket.SOCK_STREAM and found.getpeername()[0] == "127.0.0.1":
                    return int(name), found
            except OSError:
                pass
    number, wire = debugger()
"""
DEEDS: Mapping[str, tuple[str, str]] = {
    "garbage": ('wire.sendall(b"\\x00\\xff garbage \\r\\n\\r\\n")', "no valid Content-Length"),
    "a huge length": ('wire.sendall(b"Content-Length: 123456789\\r\\n\\r\\n")', "of 123456789 bytes is over the limit"),
    "null three times": ('wire.sendall(b"Content-Length: 4\\r\\n\\r\\nnull" * 3)', "is not an object"),
}


@pytest.mark.parametrize(("deed", "words"), DEEDS.values(), ids=DEEDS)
async def test_a_program_that_writes_into_the_debuggers_connection_is_told_of(
    agent: Agent, program: Program, deed: str, words: str
) -> None:
    path = program(f"{FIND}    {deed}\n    time.sleep(60)\n")
    with anyio.fail_after(25):
        reply = await agent.ok("start", program=str(path), timeout_s=15)
    assert reply.state in ("exited", "lost"), reply
    assert GIVEN_UP in reply.text
    assert words in reply.text


async def test_a_program_that_floods_the_debuggers_connection_costs_bounded_memory(
    agent: Agent, program: Program
) -> None:
    path = program(f"""{FIND}
    body = b'{{"type": "event", "event": "output", "body": {{"output": "%s"}}}}' % (b"x" * 950)
    for _ in range(1600):
        wire.sendall((b"Content-Length: %d\\r\\n\\r\\n%s" % (len(body), body)) * 64)
    print("flooded", flush=True)
    time.sleep(60)
    """)
    before = server_memory()
    with anyio.fail_after(25):
        reply = await agent.ok("start", program=str(path), timeout_s=0)
        told = reply.text
        while "flooded" not in told:
            told += (await agent.ok("wait", session=reply.data["session"], timeout_s=0.2)).text
            assert server_memory() - before < GROWTH
        stop = await agent.ok("pause", session=reply.data["session"])
    assert stop.state == "stopped"


async def test_a_program_that_closes_the_debuggers_connection_is_told_of(agent: Agent, program: Program) -> None:
    path = program(f"{FIND}    wire.shutdown(socket.SHUT_RDWR)\n    time.sleep(60)\n")
    with anyio.fail_after(25):
        reply = await agent.ok("start", program=str(path), timeout_s=15)
    assert reply.state in ("exited", "lost"), reply
    assert GIVEN_UP not in reply.text, "it broke no rule, it left"
