"""Sessions of several principals: each has names of its own."""

from __future__ import annotations

import pytest

from mcp_debug_tool.errors import UnknownSession
from mcp_debug_tool.session_manager import LOCAL, SessionManager
from mcp_debug_tool.settings import Settings

pytestmark = pytest.mark.anyio


async def test_each_principal_has_sessions_of_its_own() -> None:
    async with SessionManager(Settings()).run() as manager:
        ann, bob = manager.of("ann"), manager.of("bob")
        assert ann is not bob
        assert manager.of("ann") is ann
        assert manager.of() is manager.of(LOCAL)
        assert manager.alive == 0


async def test_what_is_unknown_is_so_in_the_same_words_for_everyone() -> None:
    async with SessionManager(Settings(lease=60)).run() as manager:
        told = []
        for name in ("ann", "bob"):
            with pytest.raises(UnknownSession) as refused:
                manager.of(name).get("s1")
            told.append((str(refused.value), refused.value.hint))
        assert told[0] == told[1] == ("session: there is no 's1'; known: none", "See sessions, or start.")
