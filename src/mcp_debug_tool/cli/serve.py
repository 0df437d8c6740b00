"""`mcp-debug serve`: the server itself, over stdio or HTTP."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any, get_args

import click

from ..calls import Note, note_nothing
from ..settings import HttpSettings, Profile, Settings

_FILE = click.Path(path_type=Path)


def _patterns(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[Any, ...]:
    try:
        return tuple(map(re.compile, values))
    except re.error as error:
        raise click.BadParameter(f"no regular expression: {error}", context, parameter) from None


_HTTP = (
    click.option("--http", is_flag=True, help="Serve streamable HTTP at /mcp instead; what follows belongs to it."),
    click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen on."),
    click.option("--port", type=int, default=8765, show_default=True, help="0: any that is free."),
    click.option(
        "--token-file",
        type=_FILE,
        metavar="FILE",
        help="Who may call, one 'name: token' a line; sessions belong to names. Without it MCP_DEBUG_TOKEN, else a "
        "token that is made and kept in a file.",
    ),
    click.option("--no-auth", is_flag=True, help="Let every program of this machine call."),
    click.option("--tls-cert", type=_FILE, metavar="FILE", help="Speak HTTPS with this certificate (PEM)."),
    click.option("--tls-key", type=_FILE, metavar="FILE", help="And this key."),
    click.option("--behind-proxy", is_flag=True, help="Another server in front of this one does TLS."),
    click.option("--allow-host", multiple=True, metavar="NAME:PORT", help="Also let in requests with this Host."),
    click.option("--allow-origin", multiple=True, metavar="URL", help="Also let in web pages of this Origin."),
    click.option(
        "--lease",
        type=float,
        default=600.0,
        show_default=True,
        metavar="SECONDS",
        help="End a session that no call has named for so long.",
    ),
)


@click.command()
@click.option(
    "--allow-remote",
    is_flag=True,
    help="Let calls name other machines: to attach to, to listen on, to send a trigger to.",
)
@click.option(
    "--read-only",
    is_flag=True,
    help="Look into running programs: nothing that starts, evaluates or changes anything is offered.",
)
@click.option(
    "--tools",
    type=click.Choice(get_args(Profile)),
    default="core",
    show_default=True,
    help="full: also goto, modules and complete, which only a few tasks need.",
)
@click.option(
    "--log-format", type=click.Choice(("text", "json")), default="text", show_default=True, help="Of the log on stderr."
)
@click.option(
    "--mask",
    multiple=True,
    callback=_patterns,
    metavar="REGEX",
    help="Mask what matches wherever the program shows it, beside what stands under the name of a secret.",
)
@click.option("--show-secrets", is_flag=True, help="Mask nothing for its name: passwords and tokens are shown.")
@click.option("--audit", type=_FILE, metavar="FILE", help="Add one line for each call, without any values.")
def serve(**chosen: Any) -> None:
    """Serve MCP over stdin and stdout, which is what it does without a command, or over HTTP."""
    from ..errors import UsageError

    try:
        status = _serve(**chosen)
    except UsageError as error:
        print(f"mcp-debug: {error}" + (f"\n{error.hint}" if error.hint else ""), file=sys.stderr)
        status = 2
    sys.stdout.flush()
    sys.stderr.flush()
    # The thread that read stdin may still sit there; Python would wait for it.
    os._exit(status)


for _option in _HTTP:
    serve = _option(serve)


def _serve(*, log_format: str, audit: Path | None, http: bool, lease: float, **chosen: Any) -> int:
    import anyio

    from ..serving.logs import log_to_stderr

    log_to_stderr("json" if log_format == "json" else "text")
    own = {name: chosen.pop(name) for name in ("allow_remote", "read_only", "tools", "mask", "show_secrets")}
    settings = Settings(lease=lease if http else None, **own)
    note = _audit(audit)
    if http:
        from ..serving.http import serve_http

        return anyio.run(serve_http, settings, _http_settings(**chosen), note)
    from ..serving.stdio import serve_stdio

    return anyio.run(serve_stdio, settings, note)


def _audit(file: Path | None) -> Note:
    if file is None:
        return note_nothing
    from ..serving.audit import Audit

    return Audit(file).note


def _http_settings(
    *, no_auth: bool, allow_host: tuple[str, ...], allow_origin: tuple[str, ...], **same: Any
) -> HttpSettings:
    return HttpSettings(authentication=not no_auth, allowed_hosts=allow_host, allowed_origins=allow_origin, **same)
