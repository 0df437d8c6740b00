"""Runs all checks side by side, each with a limit, and prints what they found in their order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from ..views import cut
from .attaching import gdb, ptrace
from .checks import MAX_CHARS, Check
from .host_files import host_files
from .installation import compiled_files, peer_check, self_test, versions
from .ports import debugpy_ports, http_port
from .pythons import interpreter, pythons

# The whole of it takes little longer; what hangs is named.
CHECK_SECONDS = 9.0

CHECKS: tuple[Callable[[], Awaitable[Check | list[Check]]], ...] = (
    versions,
    interpreter,
    pythons,
    compiled_files,
    peer_check,
    gdb,
    ptrace,
    http_port,
    debugpy_ports,
    host_files,
    self_test,
)


async def examine() -> list[Check]:
    """What all checks found, in their order."""
    found: list[list[Check]] = [[] for _ in CHECKS]

    async def run(number: int) -> None:
        answer = await limited(CHECKS[number], CHECK_SECONDS)
        found[number] = answer if isinstance(answer, list) else [answer]

    async with anyio.create_task_group() as tasks:
        for number in range(len(CHECKS)):
            tasks.start_soon(run, number)
    return [check for checks in found for check in checks]


async def limited(check: Callable[[], Awaitable[Check | list[Check]]], seconds: float) -> Check | list[Check]:
    """What the check answers in time; one that breaks must not hide what the others found."""
    reason = f"no answer within {seconds:g} s"
    with anyio.move_on_after(seconds):
        try:
            return await check()
        except Exception as error:
            reason = f"could not be checked: {type(error).__name__}: {cut(str(error), MAX_CHARS)}"
    return Check(check.__name__.replace("_", " "), "warning", reason)


def main() -> int:
    """Print every check; answers 1 when one failed, else 0."""
    checks = anyio.run(examine)
    for check in checks:
        print(f"{check.verdict:8} {check.name}: {check.found}")
        if check.mend and check.verdict != "ok":
            print(f"{'':8} mend: {check.mend}")
    print(f"{'':8} mcp-debug serve --tools full also offers goto, modules and complete")
    return 1 if any(check.verdict == "failed" for check in checks) else 0
