"""What a client of the older protocol is told of, over the SDK's own connection."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from mcp.server.connection import Connection

from mcp_debug_tool.resources.following import MAX_FOLLOWED, Follower, announce, follower
from mcp_debug_tool.updates import Glance, Updates

pytestmark = pytest.mark.anyio

PAGE, OUTPUT = "debug://sessions/s1", "debug://sessions/s1/output"
LIST = ("notifications/resources/list_changed", None)


def updated(uri: str) -> tuple[str, Mapping[str, Any]]:
    """That a resource has changed, as it is sent."""
    return ("notifications/resources/updated", {"uri": uri})


class Wire:
    """The outbound channel of a connection: keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Mapping[str, Any] | None]] = []

    async def notify(self, method: str, params: Mapping[str, Any] | None, opts: Any = None) -> None:
        self.sent.append((method, params))

    async def send_raw_request(self, method: str, params: Mapping[str, Any] | None, opts: Any = None) -> dict[str, Any]:
        raise AssertionError(method)

    def taken(self) -> list[tuple[str, Mapping[str, Any] | None]]:
        """What has been sent since the last time."""
        sent, self.sent = self.sent, []
        return sent


class Scene:
    """A connection, and a session s1 whose changes are told at once."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.connection = Connection.for_loop(self.wire)
        self._now: dict[str, Glance] = {}
        self.updates = Updates(self._now.get, interval=0.0)

    def of_a_request(self) -> Follower:
        """The follower as a request finds it: each has a session object of its own around the one connection."""
        context: Any = SimpleNamespace(session=SimpleNamespace(_connection=self.connection))
        return follower(context, self.updates)

    async def told(self, glance: Glance | None) -> list[tuple[str, Mapping[str, Any] | None]]:
        """What is sent when the session is so, or gone."""
        self._now.clear()
        self._now.update({"s1": glance} if glance is not None else {})
        self.updates.touch("s1")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.updates.run)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
        return self.wire.taken()


async def test_a_connection_is_told_of_the_list_and_of_what_it_follows() -> None:
    scene = Scene()
    scene.of_a_request().listen()
    assert await scene.told(Glance("stopped", None, 0)) == [LIST]
    assert await scene.told(Glance("stopped", None, 1)) == []
    assert scene.of_a_request().follow(PAGE)
    assert scene.of_a_request().follow(OUTPUT)
    assert await scene.told(Glance("stopped", None, 2)) == [updated(PAGE), updated(OUTPUT)]
    scene.of_a_request().uris.discard(OUTPUT)
    assert await scene.told(Glance("stopped", None, 3)) == [updated(PAGE)]
    assert await scene.told(None) == [LIST, updated(PAGE)]


async def test_a_connection_is_told_nothing_once_it_is_closed() -> None:
    scene = Scene()
    scene.of_a_request().follow(PAGE)
    assert await scene.told(Glance("stopped", None, 0)) == [LIST, updated(PAGE)]
    await scene.connection.exit_stack.aclose()
    assert await scene.told(Glance("exited", None, 0)) == []


async def test_a_connection_follows_no_more_than_there_can_be() -> None:
    found = Scene().of_a_request()
    assert all(found.follow(f"debug://sessions/s{number}") for number in range(MAX_FOLLOWED))
    assert not found.follow("debug://sessions/one-more")
    assert found.follow("debug://sessions/s0")


@pytest.mark.parametrize("method", ["initialize", "tools/list"])
async def test_only_the_handshake_is_added_to(method: str) -> None:
    async def go_on(context: Any) -> dict[str, Any]:
        return {"capabilities": {"resources": {"subscribe": True}}}

    context: Any = SimpleNamespace(method=method)
    result = await announce(context, go_on)
    assert isinstance(result, dict)
    assert result["capabilities"]["resources"].get("listChanged", False) is (method == "initialize")
