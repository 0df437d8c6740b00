"""The stack that comes along with a stop is the one that DAP's stackTrace would answer."""

from __future__ import annotations

import anyio
import pytest
from pythons import VERSIONS, python_of

from conftest import Program
from mcp_debug_tool.dap_process import DAPProcess
from mcp_debug_tool.preparing.launching import Launch
from mcp_debug_tool.protocol.state import State
from mcp_debug_tool.session import Session
from mcp_debug_tool.session_manager import SessionManager
from mcp_debug_tool.settings import Settings
from mcp_debug_tool.stops import Frame

pytestmark = pytest.mark.anyio

DEEP = """
    import json
    def down(n):
        if n:
            return down(n - 1)
        breakpoint()
        return json.loads("0") or list(map(lambda _: breakpoint(), [1]))
    down(150)
    try:
        {}["missing"]
    except KeyError as error:
        raise ValueError("chained") from error
"""


async def asked_for(process: DAPProcess, thread_id: int) -> list[Frame]:
    """The same by a request."""
    body = await process.client.request("stackTrace", {"threadId": thread_id, "startFrame": 0, "levels": 100})
    assert body["totalFrames"] >= len(body["stackFrames"])
    return await process.reader.stack(thread_id)


async def stopped(session: Session) -> None:
    with anyio.fail_after(20):
        await session.wait(lambda: session.state is State.STOPPED)


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_it_is_the_same_on_each_python(program: Program, version: str) -> None:
    path = program(DEEP)
    async with SessionManager(Settings()).run() as manager:
        session = await manager.of().start(Launch(program=str(path), python=python_of(version)), [])
        for depth in (152, 153, 1):  # breakpoint(), in a lambda that a builtin calls, at the crash
            await stopped(session)
            process = session.wrapper.tree.root
            assert process is not None
            assert process.stop is not None
            assert process.stop.depth == depth
            assert list(process.stop.frames) == await asked_for(process, process.stop.thread_id)
            await process.resume("continue", process.stop.thread_id)
