"""completion/complete: what an argument of a prompt or of a resource may be, as far as it is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
from mcp.server import MCPServer
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Context
from mcp.types import CompleteRequestParams, CompleteResult, Completion, ResourceTemplateReference

from .prompts.finding import MAX_VALUES, Budget, Found, node_ids, processes, programs
from .resources.source import readable_files
from .session_manager import SessionManager
from .sessions import Sessions
from .tools.parameters import manager

# A search looks at its own clock; this is for a file system that does not answer.
LIMIT_SECONDS = 0.18
# Searches at one time, those among them that hang; the server's other threads stay free.
MAX_SEARCHES = 4

Search = Callable[[], Found]


class Completions:
    """Answers the requests for completion of one server."""

    def __init__(self, server: MCPServer[SessionManager]) -> None:
        self._server = server
        self._searches = anyio.CapacityLimiter(MAX_SEARCHES)

    def install(self) -> None:
        """Answer for the server from now on."""
        # MCPServer's own way in would not say who asks.
        self._server._lowlevel_server.add_request_handler("completion/complete", CompleteRequestParams, self.complete)

    async def complete(
        self, context: ServerRequestContext[SessionManager, Any], params: CompleteRequestParams
    ) -> CompleteResult:
        """At most 100 values that begin with what is typed; none for an argument that nobody knows."""
        sessions = manager(Context(request_context=context, mcp_server=self._server))
        argument, begun = params.argument.name, params.argument.value
        if isinstance(params.ref, ResourceTemplateReference):
            resolved = (params.context.arguments if params.context is not None else None) or {}
            found = _of_resource(sessions, argument, begun, resolved.get("id"))
        else:
            found = await self._searched(_search(argument, begun, sessions.settings.cwd))
        return CompleteResult(completion=Completion(values=list(found.values), has_more=found.more))

    async def _searched(self, search: Search | None) -> Found:
        if search is None:
            return Found()
        with anyio.move_on_after(LIMIT_SECONDS):
            return await anyio.to_thread.run_sync(search, abandon_on_cancel=True, limiter=self._searches)
        return Found(more=True)


def _search(argument: str, begun: str, cwd: str) -> Search | None:
    """How values of a prompt's argument are found; the prompts give an argument of one name one meaning."""
    if argument == "program":
        return lambda: programs(cwd, begun, Budget())
    if argument == "test":
        return lambda: node_ids(cwd, begun, Budget())
    if argument == "pid":
        return lambda: processes(begun, Budget())
    return None


def _of_resource(sessions: Sessions, argument: str, begun: str, session_id: str | None) -> Found:
    values: list[str] = []
    if argument == "id":
        values = [session.id for session in sessions.all()]
    elif argument == "file":
        for session in sessions.all():
            if session.id == session_id:
                values = sorted(readable_files(session))
    fitting = [value for value in values if value.startswith(begun)]
    return Found(tuple(fitting[:MAX_VALUES]), more=len(fitting) > MAX_VALUES)
