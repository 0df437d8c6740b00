"""Which resources a change makes read otherwise, and who hears of it."""

from __future__ import annotations

import anyio
import pytest
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ServerEvent,
)

from mcp_debug_tool.resources.listening import SessionBus, changed_uris
from mcp_debug_tool.updates import Change, Glance, Updates

pytestmark = pytest.mark.anyio

PAGE, OUTPUT, SOURCE = (f"debug://sessions/s1{part}" for part in ("", "/output", "/source"))
SESSIONS = "debug://sessions"


@pytest.mark.parametrize(
    ("change", "uris"),
    [
        (Change("s1", came_or_went=True, state=True, place=True, output=True), [SESSIONS, PAGE, OUTPUT, SOURCE]),
        (Change("s1", output=True), [PAGE, OUTPUT]),
        (Change("s1", place=True), [SESSIONS, PAGE, SOURCE]),
        (Change("s1", state=True), [SESSIONS, PAGE]),
    ],
)
def test_a_change_names_what_reads_otherwise(change: Change, uris: list[str]) -> None:
    assert list(changed_uris([change])) == uris


def test_the_list_of_sessions_is_named_once_however_many_have_changed() -> None:
    uris = list(changed_uris([Change(f"s{number}", state=True) for number in range(5)]))
    assert uris.count(SESSIONS) == 1
    assert len(uris) == 6


async def told(updates: Updates) -> None:
    """Run a round."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(updates.run)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()


async def test_a_listener_hears_of_its_own_sessions_only_and_of_what_the_server_publishes() -> None:
    general = InMemorySubscriptionBus()
    heard: dict[str, list[ServerEvent]] = {"ann": [], "ben": []}
    # Both have a session s1.
    of_ann, of_ben = (Updates({"s1": Glance("stopped", None, 0)}.get) for _ in range(2))
    bus_of_ann, bus_of_ben = SessionBus(of_ann, general), SessionBus(of_ben, general)
    leave = bus_of_ann.subscribe(heard["ann"].append)
    bus_of_ben.subscribe(heard["ben"].append)
    of_ann.touch("s1")
    await told(of_ann)
    await told(of_ben)
    assert heard["ann"] == [ResourcesListChanged(), *map(ResourceUpdated, (SESSIONS, PAGE, OUTPUT, SOURCE))]
    assert heard["ben"] == []
    await bus_of_ann.publish(PromptsListChanged())
    assert heard["ann"][-1] == PromptsListChanged()
    leave()
    await general.publish(ResourceUpdated("x://y"))
    assert heard["ben"] == [PromptsListChanged(), ResourceUpdated("x://y")]
    assert ResourceUpdated("x://y") not in heard["ann"]
