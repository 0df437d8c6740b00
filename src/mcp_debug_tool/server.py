"""Builds the MCP server from tools, resources and prompts; its lifespan holds the sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from mcp.server import MCPServer
from mcp.server.auth.provider import TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver.tools import Tool
from mcp.server.subscriptions import InMemorySubscriptionBus
from mcp.types import ToolAnnotations
from pydantic import AnyHttpUrl

from . import __version__
from .calls import Note, note_nothing
from .completing import Completions
from .prompts.registration import install as install_prompts
from .resources.registration import SessionResources
from .session_manager import SessionManager
from .settings import Profile, Settings
from .tools import attaching, breakpoints, execution, further, inspection, lifecycle, output, read_only
from .tools.registration import CHANGES, READ_ONLY, RUNS_CODE, DebugTool, ToolFunction, tool

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
        instructions=read_only.INSTRUCTIONS if chosen.read_only else INSTRUCTIONS,
        lifespan=lifespan,
        log_level="WARNING",
        tools=[*tools(chosen.tools, without_code=chosen.read_only), *further],
        token_verifier=verifier,
        # Nobody issues tokens: they are made by whoever runs the server.
        auth=AuthSettings(issuer_url=AnyHttpUrl(NO_ISSUER), resource_server_url=None) if verifier is not None else None,
        subscriptions=bus,
    )
    if not chosen.read_only:  # each is a plan that runs code
        install_prompts(server)
    SessionResources(server, bus).install()
    Completions(server).install()
    return server
