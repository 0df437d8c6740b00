"""Serve several agents over streamable HTTP at /mcp, each with a token of its own or all with the same.

Beside it stand /healthz, which says that the server lives and nothing else, and /metrics for whoever has a token.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator

import anyio
import uvicorn
from mcp.server import MCPServer
from mcp.server.auth.provider import AccessToken
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ..calls import Call, Note
from ..errors import UsageError
from ..server import build
from ..session_manager import SessionManager
from ..settings import TOKEN_VARIABLE, HttpSettings, Settings
from . import addresses
from .connections import prompt_protocol
from .departures import TellsDepartures
from .ending import EndsInOrder
from .idleness import Idleness
from .metrics import CONTENT_TYPE, Metrics
from .signals import leave_on_signal
from .tokens import DEFAULT_PRINCIPAL, Tokens, kept_tokens, read_tokens

BACKLOG = 1024

Make = Callable[..., MCPServer[SessionManager]]


class _Verifier:
    """Tokens, as the SDK asks for them."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def verify_token(self, token: str) -> AccessToken | None:
        """See TokenVerifier."""
        principal = self._tokens.principal(token)
        return AccessToken(token="", client_id=principal, scopes=[]) if principal is not None else None


class OnlyByName:
    """Refuses a request, to whatever path, whose `Host` or `Origin` is none of ours: 421, 403."""

    def __init__(self, app: ASGIApp, security: TransportSecuritySettings) -> None:
        self._app = app
        self._security = TransportSecurityMiddleware(security)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        refusal = await self._security.validate_request(Request(scope)) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)


class _Server(uvicorn.Server):
    """uvicorn, but signals are ours."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_http(
    settings: Settings,
    http: HttpSettings,
    note: Note,
    *,
    make: Make = build,
    announce: Callable[[int], None] | None = None,
) -> int:
    """Serve until a signal comes; every program is ended, or let go, first. Answers the exit status.

    `make` builds the server, as `server.build` does. `announce` is told the port once there is one; else it is printed
    where the server is and which tokens it takes.

    Raises:
        UsageError: the settings would let in more than they say, a file cannot be read, or the port is taken.
    """
    addresses.check(http)
    tokens, where = _tokens(http)
    listener = _listener(http)
    port = listener.getsockname()[1]
    idleness = Idleness()
    app = EndsInOrder(application(settings, http, port, tokens, note, idleness, make=make))
    web = _Server(_config(app, http))

    def leave() -> None:
        web.should_exit = True
        app.end()

    async with anyio.create_task_group() as tasks:
        await tasks.start(leave_on_signal, leave)
        if http.idle is not None:
            tasks.start_soon(idleness.leave_after, http.idle, leave)
        if announce is not None:
            announce(port)
        else:
            print(f"mcp-debug serves {addresses.url(http, port)}\n{where}", flush=True)
        await web.serve(sockets=[listener])
        tasks.cancel_scope.cancel()
    return 0


def application(
    settings: Settings,
    http: HttpSettings,
    port: int,
    tokens: Tokens | None,
    note: Note,
    idleness: Idleness,
    *,
    make: Make = build,
) -> ASGIApp:
    """All that is answered over HTTP, as one ASGI application; without `tokens` everyone is let in."""
    metrics = Metrics()

    def noted(call: Call) -> None:
        for told in (metrics.note, idleness.note, note):
            told(call)

    def watch(manager: SessionManager) -> None:
        metrics.watch(manager)
        idleness.watch(manager)

    server = make(
        settings,
        note=noted,
        on_manager=watch,
        verifier=_Verifier(tokens) if tokens is not None else None,
    )
    _beside(server, metrics, is_open=tokens is None)
    security = TransportSecuritySettings(
        allowed_hosts=addresses.hosts(http, port), allowed_origins=addresses.origins(http, port)
    )
    app = server.streamable_http_app(
        max_request_body_size=http.max_body,
        session_idle_timeout=http.client_idle,
        max_sessions=http.max_clients,
        transport_security=security,
    )
    return TellsDepartures(OnlyByName(app, security))


def _beside(server: MCPServer[SessionManager], metrics: Metrics, *, is_open: bool) -> None:
    """What stands beside /mcp."""

    async def health(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def counts(request: Request) -> Response:
        if not is_open and not request.user.is_authenticated:
            return PlainTextResponse("unauthorized\n", 401, {"WWW-Authenticate": "Bearer"})
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    server.custom_route("/healthz", methods=["GET"])(health)
    server.custom_route("/metrics", methods=["GET"])(counts)


def _tokens(http: HttpSettings) -> tuple[Tokens | None, str]:
    """Who may call, and a line that says so, without any token in it."""
    if not http.authentication:
        return None, "without authentication: every program of this machine may call"
    if http.token_file is not None:
        tokens = read_tokens(http.token_file)
        return tokens, f"tokens of {', '.join(tokens.principals)}: {http.token_file}"
    if http.token:
        return Tokens([(DEFAULT_PRINCIPAL, http.token)]), f"token: as in {TOKEN_VARIABLE}"
    path = http.state_folder / "token"
    return kept_tokens(path), f"token: in {path}"


def _listener(http: HttpSettings) -> socket.socket:
    """The listening socket: bound before anything is promised."""
    host = http.host.strip("[]")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, http.port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        raise UsageError(f"cannot listen on {http.host}:{http.port}: {error}", hint="Give another --port.") from None
    return listener


def _config(app: ASGIApp, http: HttpSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=prompt_protocol(http.request_seconds),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=http.graceful_seconds,
        ssl_certfile=http.tls_cert,
        ssl_keyfile=http.tls_key,
    )
