"""A stop is read in one round trip where the program sends its stack along, and in two where it does not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mcp_debug_tool.stop_reader import STACK, StopReader

pytestmark = pytest.mark.anyio

FRAME = {"id": 7, "name": "f", "line": 3, "source": {"path": "/app.py"}}
CHAINED = {"id": 8, "name": "[Chained Exc: KeyError] g", "line": 4, "source": {"path": "/app.py"}}
STOPPED = {"threadId": 1, "reason": "breakpoint"}


class Program:
    """Answers as pydevd and our code in it do, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def request(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(command)
        return {"stackFrames": [FRAME, CHAINED], "totalFrames": 2}

    async def call(self, name: str, arguments: dict[str, Any], frame_id: int) -> dict[str, Any]:
        self.asked.append(f"{name} {arguments['frame_ids']}")
        return {"frames": [{"locals": [["x", "1"]], "source": []}]}


def reader(program: Any) -> StopReader:
    placer: Any = SimpleNamespace(as_seen_here=lambda frame: frame)
    return StopReader(program, program, placer)


async def test_a_stack_that_came_along_is_not_asked_for() -> None:
    program = Program()
    stop = await reader(program).read({**STOPPED, STACK: {"stackFrames": [FRAME, CHAINED], "totalFrames": 5}})
    assert program.asked == ["stop_page [7]"]
    assert [frame.line for frame in stop.frames] == [3]
    assert stop.depth == 5


async def test_one_that_did_not_is() -> None:
    program = Program()
    asked = await reader(program).read(STOPPED)
    assert program.asked == ["stackTrace", "stop_page [7]"]
    along = await reader(program).read({**STOPPED, STACK: {"stackFrames": [FRAME, CHAINED], "totalFrames": 2}})
    assert asked == along
