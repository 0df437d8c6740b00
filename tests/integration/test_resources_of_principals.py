"""Two principals at one server over HTTP, each with sessions of its own: nothing of the one reaches the other.

What is tested is that all about resources goes by the sessions of who asks; both have a session s1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import anyio
import pytest
from agent import Agent
from mcp.client.session import IncomingMessage, MessageHandlerFnT
from mcp.client.subscriptions import ResourcesListChanged, ResourceUpdated
from mcp.shared.exceptions import MCPError
from mcp.types import ResourceTemplateReference, ResourceUpdatedNotification
from web import ANN, BOB, web

from conftest import Era

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:resources/:mcp.shared.exceptions.MCPDeprecationWarning"),
]

PAGE, OUTPUT = "debug://sessions/s1", "debug://sessions/s1/output"
Enter = Callable[..., AbstractAsyncContextManager[Agent]]


@pytest.fixture
def enter(tmp_path: Path) -> Iterator[Enter]:
    """How to become an agent of a principal of the server."""
    with web(tmp_path) as server:

        def entered(who: str, mode: Era, told: MessageHandlerFnT | None = None) -> AbstractAsyncContextManager[Agent]:
            return server.agent({"ann": ANN, "ben": BOB}[who], mode, told)

        yield entered


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_each_reads_and_completes_its_own_sessions_only(enter: Enter, mode: Era) -> None:
    async with enter("ann", mode) as ann, enter("ben", mode) as ben:
        await ann.ok("start", code="print('of ann'); input()", timeout_s=0)
        await ann.ok("wait", **{"for": "of ann"})
        assert PAGE in [resource.uri for resource in (await ann.client.list_resources()).resources]
        assert [resource.uri for resource in (await ben.client.list_resources()).resources] == ["debug://sessions"]
        for uri in (PAGE, OUTPUT, f"{PAGE}/source", f"{PAGE}/source/x.py"):
            with pytest.raises(MCPError, match="there is no 's1'; known: none"):
                await ben.client.read_resource(uri)
        for agent, ids in ((ann, ["s1"]), (ben, [])):
            reference = ResourceTemplateReference(type="ref/resource", uri="debug://sessions/{id}")
            found = await agent.client.complete(reference, {"name": "id", "value": ""})
            assert found.completion.values == ids
        await ben.ok("start", code="print('of ben'); input()", timeout_s=0)
        await ben.ok("wait", **{"for": "of ben"})
        for agent, text in ((ann, "of ann\n"), (ben, "of ben\n")):
            (content,) = (await agent.client.read_resource(OUTPUT)).contents
            assert getattr(content, "text", "") == text
            await agent.end_all()


async def test_a_stream_tells_of_the_sessions_of_who_opened_it_only(enter: Enter) -> None:
    async with enter("ann", "auto") as ann, enter("ben", "auto") as ben:
        of_ben = ben.client.listen(resource_subscriptions=[PAGE, OUTPUT])
        of_ann = ann.client.listen(resources_list_changed=True, resource_subscriptions=[PAGE])
        async with of_ben as heard_by_ben, of_ann as heard_by_ann:
            await ann.ok("start", code="print(1, flush=True); input()", timeout_s=0)
            with anyio.fail_after(10):
                assert await anext(aiter(heard_by_ann)) == ResourcesListChanged()
                assert await anext(aiter(heard_by_ann)) == ResourceUpdated(PAGE)
            await ann.ok("stop")
            with anyio.move_on_after(1):
                raise AssertionError(f"told of another's: {await anext(aiter(heard_by_ben))}")
            await ben.ok("start", code="input()", timeout_s=0)
            with anyio.fail_after(10):
                assert await anext(aiter(heard_by_ben)) == ResourceUpdated(PAGE)
            await ben.ok("stop")


async def test_a_subscriber_of_the_older_protocol_is_told_of_its_own_only(enter: Enter) -> None:
    told: dict[str, list[str]] = {"ann": [], "ben": []}
    came = {who: anyio.Event() for who in told}

    def hear(who: str) -> MessageHandlerFnT:
        async def keep(message: IncomingMessage) -> None:
            if isinstance(message, ResourceUpdatedNotification):
                told[who].append(message.params.uri)
                came[who].set()

        return keep

    async with enter("ann", "legacy", hear("ann")) as ann, enter("ben", "legacy", hear("ben")) as ben:
        for agent in (ann, ben):
            await agent.client.subscribe_resource("debug://sessions")
        await ann.ok("start", code="input()", timeout_s=0)
        with anyio.fail_after(10):
            await came["ann"].wait()
        await ann.ok("stop")
        with anyio.move_on_after(1):
            await came["ben"].wait()
        assert told["ben"] == []
        await ben.ok("start", code="input()", timeout_s=0)
        with anyio.fail_after(10):
            await came["ben"].wait()
        await ben.ok("stop")
