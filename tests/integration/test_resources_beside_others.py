"""Resources and prompts that somebody adds to the server with the SDK's own means stand beside ours, in both eras."""

from __future__ import annotations

import anyio
import pytest
from mcp import Client
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError

from conftest import Era
from mcp_debug_tool.server import build
from mcp_debug_tool.session_manager import SessionManager

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:resources/:mcp.shared.exceptions.MCPDeprecationWarning"),
]


def extended() -> MCPServer[SessionManager]:
    """Our server with a resource, a template, a prompt and a tool that says that the resource has changed."""
    server = build()

    @server.resource("other://one")
    async def one() -> str:
        return "the one"

    @server.resource("other://many/{name}")
    async def many(name: str) -> str:
        return f"of the many: {name}"

    @server.prompt()
    async def other() -> str:
        return "do something else"

    @server.tool()
    async def change(context: Context[SessionManager]) -> str:
        await context.notify_resource_updated("other://one")
        return "changed"

    return server


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_both_are_listed_and_read(mode: Era) -> None:
    async with Client(extended(), mode=mode) as client:
        assert [r.uri for r in (await client.list_resources()).resources] == ["debug://sessions", "other://one"]
        templates = [t.uri_template for t in (await client.list_resource_templates()).resource_templates]
        assert templates[0] == "debug://sessions/{id}"
        assert templates[-1] == "other://many/{name}"
        for uri, text in (("other://one", "the one"), ("other://many/x", "of the many: x")):
            (content,) = (await client.read_resource(uri)).contents
            assert getattr(content, "text", "") == text
        (message,) = (await client.get_prompt("other")).messages
        assert getattr(message.content, "text", "") == "do something else"
        with pytest.raises(MCPError, match="other://two"):
            await client.read_resource("other://two")


async def test_another_resource_can_be_subscribed_to_in_the_older_protocol() -> None:
    async with Client(extended(), mode="legacy") as client:
        await client.subscribe_resource("other://one")
        await client.unsubscribe_resource("other://one")
        with pytest.raises(MCPError, match="Unknown resource: other://two"):
            await client.subscribe_resource("other://two")


async def test_a_listener_hears_of_another_resource_too() -> None:
    async with Client(extended()) as client, client.listen(resource_subscriptions=["other://one"]) as subscription:
        await client.call_tool("change", {})
        with anyio.fail_after(10):
            assert getattr(await anext(aiter(subscription)), "uri", "") == "other://one"
