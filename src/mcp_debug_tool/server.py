"""Builds the MCP server from tools, resources and prompts; its lifespan holds the sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from mcp.server import MCPServer
from mcp.server.auth.provider import TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver.tools import Tool
from mcp.server.subscriptions import InMemorySubscriptionBus
from pydantic import AnyHttpUrl

from . import __version__
from .calls import Note, note_nothing
from .completing import Completions
from .prompts.registration import install as install_prompts
from .resources.registration import SessionResources
from .session_manager import SessionManager
from .settings import Profile, Settings
from .tools import attaching, breakpoints, execution, further, inspection, lifecycle, output
from .tools.registration import CHANGES, READ_ONLY, RUNS_CODE, DebugTool, tool

NO_ISSUER = "http://localhost"

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


def tools(profile: Profile = "core") -> list[DebugTool]:
    """Every tool of a profile, in the order a session needs them: those of `core`, and with `full` the further ones."""
    core = [
        tool(lifecycle.start, RUNS_CODE),
        tool(attaching.attach, RUNS_CODE),
        tool(breakpoints.set_breakpoint, RUNS_CODE),
        tool(breakpoints.list_breakpoints, READ_ONLY),
        tool(breakpoints.remove_breakpoint, CHANGES),
        tool(execution.continue_, RUNS_CODE),
        tool(execution.step, RUNS_CODE),
        tool(execution.pause, CHANGES),
        tool(execution.wait, READ_ONLY),
        tool(inspection.get_stack, READ_ONLY),
        tool(inspection.get_variables, READ_ONLY),
        tool(inspection.evaluate, RUNS_CODE),
        tool(inspection.set_variable, RUNS_CODE),
        tool(output.get_output, CHANGES),
        tool(lifecycle.restart, RUNS_CODE),
        tool(lifecycle.stop, RUNS_CODE),
        tool(lifecycle.sessions, READ_ONLY),
    ]
    if profile == "core":
        return core
    return [
        *core,
        tool(further.goto, RUNS_CODE),
        tool(further.modules, READ_ONLY),
        tool(further.complete, READ_ONLY),
    ]


def build(
    settings: Settings | None = None,
    *,
    note: Note = note_nothing,
    on_manager: Callable[[SessionManager], None] = lambda manager: None,
    verifier: TokenVerifier | None = None,
    further: Sequence[Tool] = (),
) -> MCPServer[SessionManager]:
    """The server, ready to be run over any transport.

    `note` is told of each call of a tool, `on_manager` of the sessions once there can be any. `verifier` knows the
    tokens of those who may call, where that is over HTTP. `further` are tools beside ours.
    """
    chosen = settings or Settings()

    @asynccontextmanager
    async def lifespan(server: MCPServer[SessionManager]) -> AsyncIterator[SessionManager]:
        async with SessionManager(chosen, note=note).run() as manager:
            on_manager(manager)
            yield manager

    bus = InMemorySubscriptionBus()
    server: MCPServer[SessionManager] = MCPServer(
        "mcp-debug",
        version=__version__,
        instructions=INSTRUCTIONS,
        lifespan=lifespan,
        log_level="WARNING",
        tools=[*tools(chosen.tools), *further],
        token_verifier=verifier,
        # Nobody issues tokens: they are made by whoever runs the server.
        auth=AuthSettings(issuer_url=AnyHttpUrl(NO_ISSUER), resource_server_url=None) if verifier is not None else None,
        subscriptions=bus,
    )
    install_prompts(server)
    SessionResources(server, bus).install()
    Completions(server).install()
    return server
