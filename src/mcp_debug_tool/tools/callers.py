"""Who calls, and whether he still waits for the answer: what the transport knows of one request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.mcpserver import Context

from ..masking import Masks
from ..session_manager import LOCAL, SessionManager

GONE = "mcp_debug.gone"
"""Where a request's ASGI scope holds the event that is set when its client has hung up."""


def principal(context: Context[SessionManager, Any]) -> str:
    """Who calls, as the token of this very request says; over stdin and stdout there is one agent alone."""
    user = _scope(context).get("user")
    return user.username if isinstance(user, AuthenticatedUser) else LOCAL


def masks(context: Context[SessionManager, Any]) -> Masks:
    """What is not shown to who calls."""
    return context.request_context.lifespan_context.masks


def may_hang_up(context: Context[SessionManager, Any]) -> bool:
    """Whether it can be known that nobody waits for the answer any more; stdin and stdout end with the server."""
    return GONE in _scope(context)


async def hung_up(context: Context[SessionManager, Any]) -> None:
    """Return once nobody waits for the answer any more."""
    gone: anyio.Event = _scope(context)[GONE]
    await gone.wait()


def _scope(context: Context[SessionManager, Any]) -> Mapping[str, Any]:
    scope: Mapping[str, Any] = getattr(context.request_context.request, "scope", {})
    return scope
