"""Checks have a limit, and what they found is told in their order."""

from __future__ import annotations

import anyio
import pytest

from mcp_debug_tool.doctor import report
from mcp_debug_tool.doctor.checks import Check
from mcp_debug_tool.doctor.report import limited, main

FINE = Check("fine", "ok", "all is well")


async def a_slow_check() -> Check:
    await anyio.sleep_forever()
    raise AssertionError


async def fine() -> Check:
    return FINE


async def several() -> list[Check]:
    return [Check("one", "warning", "so so", "do this"), Check("two", "failed", "broken", "do that")]


@pytest.mark.anyio
async def test_a_check_that_hangs_is_named() -> None:
    assert await limited(a_slow_check, 0.01) == Check("a slow check", "warning", "no answer within 0.01 s")


async def a_broken_check() -> Check:
    raise RuntimeError("no home\nto go to")


@pytest.mark.anyio
async def test_a_check_that_breaks_is_named_too() -> None:
    said = "could not be checked: RuntimeError: no home\\nto go to"
    assert await limited(a_broken_check, 1) == Check("a broken check", "warning", said)


def test_all_is_printed_in_order_and_a_failure_is_the_exit_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report, "CHECKS", (several, fine))
    assert main() == 1
    assert capsys.readouterr().out.splitlines()[:-1] == [
        "warning  one: so so",
        "         mend: do this",
        "failed   two: broken",
        "         mend: do that",
        "ok       fine: all is well",
    ]
    monkeypatch.setattr(report, "CHECKS", (fine,))
    assert main() == 0
