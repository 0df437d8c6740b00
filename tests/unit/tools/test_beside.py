"""A call with a companion: one ends with the other."""

from __future__ import annotations

import anyio
import pytest

from mcp_debug_tool.tools.beside import beside

pytestmark = pytest.mark.anyio


class Gone(Exception):
    """The companion has broken the call off."""


async def stays(scope: anyio.CancelScope) -> None:
    await anyio.sleep_forever()


async def breaks_off(scope: anyio.CancelScope) -> None:
    scope.cancel()


async def test_the_answer_of_the_call_ends_its_companion() -> None:
    async def call() -> int:
        return 0

    with anyio.fail_after(5):
        assert await beside(stays, call, Gone()) == 0


async def test_what_the_call_raises_comes_as_it_is() -> None:
    async def call() -> int:
        raise ValueError("mine")

    with anyio.fail_after(5), pytest.raises(ValueError, match="mine"):
        await beside(stays, call, Gone())


async def test_a_companion_may_break_the_call_off() -> None:
    with anyio.fail_after(5), pytest.raises(Gone):
        await beside(breaks_off, anyio.sleep_forever, Gone())


async def test_a_call_that_is_cancelled_from_outside_is_cancelled() -> None:
    with anyio.move_on_after(0.01) as scope:
        await beside(stays, anyio.sleep_forever, Gone())
    assert scope.cancelled_caught
