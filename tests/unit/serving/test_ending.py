"""What is still open when the server ends is finished."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from starlette.types import Message, Receive, Scope, Send

from mcp_debug_tool.serving.ending import EndsInOrder

pytestmark = pytest.mark.anyio
HTTP: Scope = {"type": "http"}
START = {"type": "http.response.start", "status": 200, "headers": []}


async def nothing_more() -> Message:
    await anyio.sleep_forever()
    raise AssertionError


@pytest.mark.parametrize("part", [None, START, {"type": "http.response.body", "body": b"x", "more_body": True}])
async def test_a_request_that_waits_is_answered_to_its_end(part: Message | None) -> None:
    sent: list[Any] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if part is not None:
            await send(part)
        begun.set()
        await anyio.sleep_forever()

    begun, ending = anyio.Event(), EndsInOrder(app)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ending, HTTP, nothing_more, send)
        await begun.wait()
        ending.end()
    assert sent[0] == part or sent[0]["status"] == 503
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_a_request_that_comes_later_is_refused() -> None:
    sent: list[Any] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("it is not asked")

    ending = EndsInOrder(app)
    ending.end()
    await ending(HTTP, nothing_more, send)
    assert [message.get("status") for message in sent] == [503, None]
