"""What a connection of the older protocol follows lives as long as the connection, by the SDK's own connection."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from mcp.server.connection import Connection

from mcp_debug_tool.resources.registration import _follower
from mcp_debug_tool.updates import Glance, Updates

pytestmark = pytest.mark.anyio


class Wire:
    """The outbound channel of a connection: keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Mapping[str, Any] | None]] = []

    async def notify(self, method: str, params: Mapping[str, Any] | None, opts: Any = None) -> None:
        self.sent.append((method, params))

    async def send_raw_request(self, method: str, params: Mapping[str, Any] | None, opts: Any = None) -> dict[str, Any]:
        raise AssertionError(method)


async def test_a_connection_is_told_until_it_closes_whichever_of_its_requests_subscribed() -> None:
    now = {"s1": Glance("stopped", None, 0)}
    updates, wire = Updates(now.get, interval=0.0), Wire()
    connection = Connection.for_loop(wire)
    # Each request has a session object of its own around the one connection.
    first, second = (_follower(_request(connection), updates) for _ in range(2))
    assert first is second
    first.follow("debug://sessions/s1")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(updates.run)
        updates.touch("s1")
        await anyio.wait_all_tasks_blocked()
        assert wire.sent == [("notifications/resources/updated", {"uri": "debug://sessions/s1"})]
        await connection.exit_stack.aclose()
        now["s1"] = Glance("exited", None, 0)
        updates.touch("s1")
        await anyio.wait_all_tasks_blocked()
        assert len(wire.sent) == 1
        tasks.cancel_scope.cancel()


def _request(connection: Connection) -> Any:
    return SimpleNamespace(session=SimpleNamespace(_connection=connection))
