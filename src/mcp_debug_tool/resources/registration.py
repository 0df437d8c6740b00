"""The seam to MCP for resources: the requests about them, answered from the sessions of who asks.

MCPServer lists the same resources to everyone and knows no subscriptions of the older protocol, so these requests are
taken over from it; what is none of ours is given on to it.
"""

from __future__ import annotations

from typing import Any

from mcp.server import MCPServer
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Context
from mcp.server.subscriptions import ListenHandler, SubscriptionBus
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    EmptyResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    NotificationParams,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
    TextResourceContents,
    UnsubscribeRequestParams,
)

from ..errors import DebugError
from ..masking import Masks
from ..session_manager import SessionManager
from ..sessions import Sessions
from ..tools.callers import masks
from ..tools.parameters import manager
from ..tools.registration import error_text
from ..updates import Updates
from ..uris import (
    FILE_TEMPLATE,
    OUTPUT_TEMPLATE,
    SESSION_TEMPLATE,
    SOURCE_TEMPLATE,
    VALUE_TEMPLATE,
    Address,
    address,
)
from .following import MAX_FOLLOWED, announce, follower
from .listening import SessionBus
from .pages import listed, text_of

RequestContext = ServerRequestContext[SessionManager, Any]

MIME_TYPE = "text/plain"
# Streams of one principal; a host has one, some have one for each window.
MAX_STREAMS = 64

_TEMPLATES = (
    (SESSION_TEMPLATE, "session", "A session as it is now: where it stands and why, or how it ended."),
    (OUTPUT_TEMPLATE, "output", "All that is kept of what the program printed."),
    (SOURCE_TEMPLATE, "source", "The file of the current line, numbered, that line and the breakpoints marked."),
    (VALUE_TEMPLATE, "value", "A value that was cut in the answer of an evaluation, whole; the last few are kept."),
    (FILE_TEMPLATE, "source file", "The same of another file that the stack or a breakpoint names."),
)


class SessionResources:
    """Answers the requests about resources of one server."""

    def __init__(self, server: MCPServer[SessionManager], bus: SubscriptionBus) -> None:
        self._server = server
        self._bus = bus
        self._streams: dict[Updates, ListenHandler] = {}
        """The streams of each principal."""

    def install(self) -> None:
        """Take these requests over from the server."""
        inner = self._server._lowlevel_server
        read = inner.get_request_handler("resources/read")
        assert read is not None
        self._read_of_server = read.handler
        inner.add_request_handler("resources/list", PaginatedRequestParams, self.list)
        inner.add_request_handler("resources/templates/list", PaginatedRequestParams, self.templates)
        inner.add_request_handler("resources/read", ReadResourceRequestParams, self.read)
        inner.add_request_handler("resources/subscribe", SubscribeRequestParams, self.subscribe)
        inner.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, self.unsubscribe)
        inner.add_request_handler("subscriptions/listen", SubscriptionsListenRequestParams, self.listen)
        inner.add_notification_handler("notifications/initialized", NotificationParams, self.follow)
        self._server.middleware.append(announce)

    def _sessions(self, context: RequestContext) -> Sessions:
        return manager(Context(request_context=context, mcp_server=self._server))

    def _masks(self, context: RequestContext) -> Masks:
        return masks(Context(request_context=context, mcp_server=self._server))

    async def list(self, context: RequestContext, params: PaginatedRequestParams) -> ListResourcesResult:
        """The resources there are now."""
        hidden = self._masks(context)
        ours = [
            Resource(uri=entry.uri, name=entry.name, description=hidden.text(entry.description), mime_type=MIME_TYPE)
            for entry in listed(self._sessions(context))
        ]
        return ListResourcesResult(resources=[*ours, *await self._server.list_resources()])

    async def templates(self, context: RequestContext, params: PaginatedRequestParams) -> ListResourceTemplatesResult:
        """How the resources of a session are named."""
        ours = [
            ResourceTemplate(uri_template=template, name=name, description=description, mime_type=MIME_TYPE)
            for template, name, description in _TEMPLATES
        ]
        return ListResourceTemplatesResult(resource_templates=[*ours, *await self._server.list_resource_templates()])

    async def read(self, context: RequestContext, params: ReadResourceRequestParams) -> Any:
        """The text of a resource."""
        named = address(str(params.uri))
        if named is None:
            return await self._read_of_server(context, params)
        text = await self._text(context, named, str(params.uri))
        return ReadResourceResult(contents=[TextResourceContents(uri=params.uri, text=text, mime_type=MIME_TYPE)])

    async def _text(self, context: RequestContext, named: Address, uri: str) -> str:
        try:
            return await text_of(self._sessions(context), named, self._masks(context))
        except DebugError as error:
            raise _not_found(uri, error_text(error, self._masks(context))) from error

    async def listen(
        self, context: RequestContext, params: SubscriptionsListenRequestParams
    ) -> SubscriptionsListenResult:
        """A stream of changes of the caller's own sessions."""
        updates = self._sessions(context).updates
        if updates not in self._streams:
            self._streams[updates] = ListenHandler(SessionBus(updates, self._bus), max_subscriptions=MAX_STREAMS)
        return await self._streams[updates](context, params)

    async def follow(self, context: RequestContext, params: NotificationParams) -> None:
        """Tell a client of the older protocol, once it has introduced itself, when the list changes."""
        follower(context, self._sessions(context).updates).listen()

    async def subscribe(self, context: RequestContext, params: SubscribeRequestParams) -> EmptyResult:
        """Tell this connection of changes of one resource, which must be there."""
        uri = str(params.uri)
        sessions = self._sessions(context)
        await self._require(sessions, uri, self._masks(context))
        if not follower(context, sessions.updates).follow(uri):
            raise MCPError(INVALID_PARAMS, f"{MAX_FOLLOWED} resources are subscribed to, which is the limit")
        return EmptyResult()

    async def _require(self, sessions: Sessions, uri: str, hidden: Masks) -> None:
        named = address(uri)
        if named is None and uri not in [str(resource.uri) for resource in await self._server.list_resources()]:
            raise _not_found(uri, f"Unknown resource: {uri}")
        if named is not None and named.session:
            try:
                sessions.get(named.session)
            except DebugError as error:
                raise _not_found(uri, error_text(error, hidden)) from error

    async def unsubscribe(self, context: RequestContext, params: UnsubscribeRequestParams) -> EmptyResult:
        """Tell this connection no more of it."""
        follower(context, self._sessions(context).updates).uris.discard(str(params.uri))
        return EmptyResult()


def _not_found(uri: str, text: str) -> MCPError:
    # SEP-2164: a resource that is not there is an invalid parameter, in both eras.
    return MCPError(INVALID_PARAMS, text, data={"uri": uri})
