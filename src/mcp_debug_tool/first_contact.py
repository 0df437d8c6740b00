"""The first moments of a run: wait for the program, say why it did not come, look at it before it begins."""

from __future__ import annotations

from collections.abc import Mapping

import anyio

from .dap_process import DAPProcess
from .errors import StartFailed
from .malformed import understood
from .plan import Plan
from .processes import ChildProcess
from .targets.base import Arrival, Reach, Target


async def first_arrival(reach: Reach, seconds: float) -> Arrival | None:
    """The program's connection; None as soon as it is clear that none will come."""
    arrived: list[Arrival] = []
    with anyio.move_on_after(seconds):
        async with anyio.create_task_group() as race:

            async def receive() -> None:
                arrived.append(await reach.arrivals.receive())
                race.cancel_scope.cancel()

            async def give_up(process: ChildProcess) -> None:
                await process.exited.wait()
                race.cancel_scope.cancel()

            race.start_soon(receive)
            if reach.process is not None:
                race.start_soon(give_up, reach.process)
    return arrived[0] if arrived else None


async def never_connected(target: Target, process: ChildProcess | None, seconds: float, output: str) -> StartFailed:
    """Why the program did not come within `seconds`; `output` is the last of what it printed."""
    reason = await target.why_not_connected()
    if reason is None and process is not None and process.returncode is not None:
        reason = f"the program ended with code {process.returncode} before the debugger was up"
    return StartFailed(
        reason or f"the program did not reach the debugger within {seconds:g} s",
        hint="Name another interpreter with python, or look at the output.",
        output=output,
    )


async def program_file(process: DAPProcess, plan: Plan, sources: Mapping[str, str]) -> str | None:
    """The program's own file, as the process finds it; nothing of it has run yet.

    Raises:
        StartFailed: it does not compile.
    """
    with understood("what it runs"):
        file = plan.program_file
        if plan.module is not None:
            file = (await process.inspector.call("main_file", {"module": plan.module})).get("file")
        elif file is not None and not file.endswith(".py"):
            file = (await process.inspector.call("main_file", {"program": file}))["file"]  # it may be an archive
        process.placer.program_file = file
        for name in [file] if file else list(sources):
            error = await process.inspector.call("check_program", {"file": name})
            if error:
                place = f"{name}:{error['line']}:{error['column']}"
                raise StartFailed(
                    f"syntax error at {place}: {error['message']}",
                    hint="Mend that line, then start again.",
                    output=error["text"],
                )
    return file
