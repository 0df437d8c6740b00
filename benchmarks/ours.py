"""Our side: the real server over stdio, driven by a plain client and by the official one of the MCP SDK."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import psutil
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from programs import Programs
from raw import EXPRESSION, LIFE_SECONDS, STEPS
from samples import Samples
from shared import Agent, Reply
from watch import memory, ours

SERVER = ("-m", "mcp_debug_tool", "serve")


class Caller(Protocol):
    """Who calls tools: the plain client or the official one."""

    async def ok(self, name: str, /, **arguments: Any) -> Reply:
        """The answer to a tool call that must succeed."""
        ...


@dataclass(frozen=True)
class Size:
    """Bytes of one answer in the two forms it is sent in."""

    structured: int
    text: int

    @property
    def tokens(self) -> int:
        """Of the larger form, at four bytes a token."""
        return max(self.structured, self.text) // 4


@asynccontextmanager
async def served(programs: Programs, arguments: tuple[str, ...] = SERVER) -> AsyncIterator[Agent]:
    """A fresh server over stdio, and the official client."""
    parameters = StdioServerParameters(
        command=sys.executable, args=list(arguments), cwd=programs.folder, env=dict(os.environ)
    )
    async with Client(stdio_client(parameters)) as client:
        yield Agent(client)


# --- times ----------------------------------------------------------------------------------------------------


async def start(agent: Caller, programs: Programs) -> Reply:
    """The one call that launches the program and answers with its first stop."""
    reply = await agent.ok(
        "start",
        program=str(programs.bill),
        python=sys.executable,
        breakpoints=[{"file": str(programs.bill), "line": programs.bill_line}],
    )
    assert reply.line == programs.bill_line, reply
    return reply


async def our_round(agent: Caller, side: str, programs: Programs, samples: Samples) -> None:
    """One life of the program with our tools."""
    await samples.awaited("first stop", side, partial(start, agent, programs))
    for _ in range(STEPS):
        await samples.awaited("step", side, partial(agent.ok, "step"))
        await samples.awaited("evaluate", side, partial(agent.ok, "evaluate", expression=EXPRESSION))
        await samples.awaited("variables", side, partial(agent.ok, "get_variables"))
        await samples.awaited("empty call", side, partial(agent.ok, "sessions"))
    await samples.awaited("continue to exit", side, partial(agent.ok, "continue"))
    await agent.ok("stop")


async def empty_round(agent: Caller, side: str, samples: Samples) -> None:
    """The floor: calls to a server of the same SDK whose one tool does nothing."""
    for _ in range(STEPS):
        await samples.awaited("empty call", side, partial(agent.ok, "ping"))


async def cold_round(programs: Programs, samples: Samples) -> None:
    """A server from its spawn to the answer to tools/list, and its memory then; an empty one beside it."""
    await _cold(programs, samples, "empty server", (str(programs.empty_server),))
    await _cold(programs, samples, "ours", SERVER)


async def _cold(programs: Programs, samples: Samples, side: str, arguments: tuple[str, ...]) -> None:
    opened: list[Agent] = []
    context = served(programs, arguments)

    async def until_listed() -> None:
        opened.append(await context.__aenter__())
        await opened[0].tools()

    await samples.awaited("cold start", side, until_listed)
    try:
        (process,) = ours(" ".join(arguments))
        keep_memory(samples, "server", side, process.pid)
    finally:
        await context.__aexit__(None, None, None)


# --- memory ---------------------------------------------------------------------------------------------------


def keep_memory(samples: Samples, figure: str, side: str, pid: int) -> None:
    """Keep PSS and RSS of a process, where the system tells them."""
    found = memory(pid)
    if found is not None:
        samples.add(f"{figure}, PSS", side, found.pss)
        samples.add(f"{figure}, RSS", side, found.rss)


async def program_memory(agent: Caller, programs: Programs, samples: Samples) -> None:
    """A stopped program beside the same one that plainly waits at the same line, both alive at once."""
    with plainly_waiting(programs) as plain:
        place = [{"file": str(programs.waiting), "line": programs.waiting_line}]
        await agent.ok("start", program=str(programs.waiting), python=sys.executable, breakpoints=place)
        listed = (await agent.ok("sessions")).data["sessions"][0]
        keep_memory(samples, "program", "plain", plain)
        program = psutil.Process(int(re.findall(r"pid (\d+)", listed)[0]))
        keep_memory(samples, "program", "ours", program.pid)
        keeper = program.parent()
        nursery = keeper.parent() if keeper is not None else None
        if nursery is not None and "nursery.py" in " ".join(nursery.cmdline()):
            assert keeper is not None
            keep_memory(samples, "keeper of a program", "ours", keeper.pid)
            keep_memory(samples, "nursery of the server", "ours", nursery.pid)
        await agent.ok("stop")


@contextmanager
def plainly_waiting(programs: Programs) -> Iterator[int]:
    """The process id of the waiting program, run without any debugger."""
    with subprocess.Popen(
        [sys.executable, str(programs.waiting)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        watchdog = threading.Timer(LIFE_SECONDS, process.kill)
        watchdog.start()
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"waiting\n"
            yield process.pid
        finally:
            watchdog.cancel()
            process.kill()


# --- bytes ----------------------------------------------------------------------------------------------------


async def sizes(agent: Agent, programs: Programs) -> dict[str, Size]:
    """The bytes of each kind of answer, for the small programs here, and of all tool definitions."""
    tools = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in await agent.tools()]
    answers = {
        "stop page (start)": await start(agent, programs),
        "stop page (step)": await agent.ok("step"),
        "evaluate": await agent.ok("evaluate", expression=EXPRESSION),
        "get_variables": await agent.ok("get_variables"),
        "get_stack": await agent.ok("get_stack"),
        "list_breakpoints": await agent.ok("list_breakpoints"),
        "exit (continue)": await agent.ok("continue"),
    }
    await agent.ok("stop")
    answers["crash page (start)"] = await agent.ok("start", program=str(programs.crash), python=sys.executable)
    await agent.ok("stop")
    found = {name: Size(len(compact(reply.data)), len(reply.text.encode())) for name, reply in answers.items()}
    found[f"all {len(tools)} tool definitions"] = Size(len(compact(tools)), 0)
    return found


def compact(value: object) -> bytes:
    """JSON as it is sent: no spaces, no escapes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
