"""Builds the MCP server from the tools; its lifespan holds the sessions. The only file beside tools/ that knows MCP."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.abc
from mcp.server import MCPServer
from mcp.types import ToolAnnotations

from . import __version__
from .sessions import SessionManager
from .settings import Profile, Settings
from .tools import attaching, breakpoints, execution, further, inspection, lifecycle, output, read_only
from .tools.registration import CHANGES, READ_ONLY, RUNS_CODE, DebugTool, ToolFunction, tool

# After SIGTERM or SIGINT the programs are ended within this time, in seconds; then the process leaves anyhow.
SHUTDOWN_SECONDS = 2.5

INSTRUCTIONS = """\
A real debugger for Python programs (breakpoint, step, variables, stack, exception, evaluate). Reach for it when \
reading the code does not explain a crash, a wrong value, a hang or a flaky result.
Shortest way: start(program=..., breakpoints=[{file, line}]) runs to the first stop and answers with why, where, \
source, stack and variables; a crash stops where it was raised without any breakpoint. Then step, continue, \
get_variables(path=...), evaluate. After an edit: restart. At the end: stop.
Tests: start(pytest=[node id]) stops at the failing assertion; a server: start(command=..., ready=port, \
trigger={url}); what runs already: attach.
Calls never block past timeout_s (in seconds, 20 unless given, at most 50): 'still running' means go on with wait, \
pause or get_output. session may be left out while one is alive; frame is an index of get_stack, by default the frame \
of the page; detail=full lifts the size limit of a page. Children are debugged too: a stop names its process. thread \
names a thread, an asyncio task or a process (worker-1, Task-3, p1.2, p1.2/worker-1), by default the one that stopped; \
get_stack(thread='all') shows them all."""


# Every tool, in the order a session needs them.
_CORE: tuple[tuple[ToolFunction, ToolAnnotations], ...] = (
    (lifecycle.start, RUNS_CODE),
    (attaching.attach, RUNS_CODE),
    (breakpoints.set_breakpoint, RUNS_CODE),
    (breakpoints.list_breakpoints, READ_ONLY),
    (breakpoints.remove_breakpoint, CHANGES),
    (execution.continue_, RUNS_CODE),
    (execution.step, RUNS_CODE),
    (execution.pause, CHANGES),
    (execution.wait, READ_ONLY),
    (inspection.get_stack, READ_ONLY),
    (inspection.get_variables, READ_ONLY),
    (inspection.evaluate, RUNS_CODE),
    (inspection.set_variable, RUNS_CODE),
    (output.get_output, CHANGES),
    (lifecycle.restart, RUNS_CODE),
    (lifecycle.stop, RUNS_CODE),
    (lifecycle.sessions, READ_ONLY),
)
_FURTHER: tuple[tuple[ToolFunction, ToolAnnotations], ...] = (
    (further.goto, RUNS_CODE),
    (further.modules, READ_ONLY),
    (further.complete, READ_ONLY),
)


def tools(profile: Profile = "core", *, without_code: bool = False) -> list[DebugTool]:
    """Every tool of a profile: those of `core`, and with `full` the further ones.

    `without_code`: those tools and parameters that can run no code in a program, and change nothing in it.
    """
    chosen = _CORE if profile == "core" else (*_CORE, *_FURTHER)
    if not without_code:
        return [tool(function, annotations) for function, annotations in chosen]
    return [tool(read_only.narrowed(f), annotations) for f, annotations in chosen if read_only.is_offered(f)]


def build(settings: Settings | None = None) -> MCPServer[SessionManager]:
    """The server, ready to be run over any transport."""

    chosen = settings or Settings()

    @asynccontextmanager
    async def lifespan(server: MCPServer[SessionManager]) -> AsyncIterator[SessionManager]:
        async with SessionManager(chosen).run() as manager:
            yield manager

    return MCPServer(
        "mcp-debug",
        version=__version__,
        instructions=read_only.INSTRUCTIONS if chosen.read_only else INSTRUCTIONS,
        lifespan=lifespan,
        log_level="WARNING",
        tools=list(tools(chosen.tools, without_code=chosen.read_only)),
    )


async def serve_stdio(settings: Settings | None = None) -> int:
    """Serve over stdin and stdout until stdin ends or a signal comes; every program is ended first.

    The SDK's own runner dies of SIGTERM without a clean-up and does not end at SIGINT: its reader sits in a thread
    that cannot be interrupted, so after the clean-up the process leaves by itself. Answers the exit status.
    """
    server = build(settings)
    # The SDK logs in boxes drawn for a terminal.
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", force=True)
    async with anyio.create_task_group() as tasks:
        await tasks.start(_leave_on_signal, tasks.cancel_scope)
        await server.run_stdio_async()
        tasks.cancel_scope.cancel()
    return 0


async def _leave_on_signal(
    serving: anyio.CancelScope, *, task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    wanted = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    # Under nohup, or in the background of a shell, one is to be ignored: by us, and by the programs we start.
    numbers = [number for number in wanted if signal.getsignal(number) is not signal.SIG_IGN]
    with anyio.open_signal_receiver(*numbers) as signals:
        task_status.started()
        async for number in signals:
            _leave_after_clean_up(number)
            serving.cancel()
            return


def _leave_after_clean_up(number: int) -> None:
    """Leave when the loop has ended every program, and at the latest after SHUTDOWN_SECONDS."""
    import threading

    def leave() -> None:
        sys.stderr.flush()
        os._exit(128 + number)

    timer = threading.Timer(SHUTDOWN_SECONDS, leave)
    timer.daemon = True
    timer.start()
