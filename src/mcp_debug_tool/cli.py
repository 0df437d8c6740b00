"""The command line: serve (the default), doctor, hook, --version."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from . import __version__
from .calls import Note, note_nothing
from .settings import HttpSettings, Profile, Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `mcp-debug` with these arguments, or those of the process; answers the exit status."""
    parser = argparse.ArgumentParser(
        prog="mcp-debug", description="A real Python debugger for coding agents, served over MCP."
    )
    parser.add_argument("--version", action="version", version=f"mcp-debug {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    _add_serve(commands.add_parser("serve", help="serve MCP over stdin and stdout (what it does without a command)"))
    commands.add_parser("doctor", help="check this machine and say what to mend")
    commands.add_parser(
        "hook",
        help="print a folder: a program started with it as PYTHONPATH can be attached to by pid without gdb",
    )
    chosen = parser.parse_args(arguments)
    if chosen.command == "doctor":
        from .doctor import main as doctor

        return doctor()
    if chosen.command == "hook":
        from .interpreters import DORMANT

        print(DORMANT)
        return 0
    return _serve(chosen if chosen.command else parser.parse_args(["serve"]))


def _add_serve(serve: argparse.ArgumentParser) -> None:
    serve.add_argument(
        "--allow-remote",
        action="store_true",
        help="let calls name other machines: to attach to, to listen on, to send a trigger to",
    )
    serve.add_argument(
        "--read-only",
        action="store_true",
        help="look into running programs: nothing that starts, evaluates or changes anything is offered",
    )
    serve.add_argument(
        "--tools",
        choices=get_args(Profile),
        default="core",
        help="full: also goto, modules and complete, which only a few tasks need",
    )
    serve.add_argument("--log-format", choices=("text", "json"), default="text", help="of the log on stderr")
    serve.add_argument("--audit", type=Path, metavar="FILE", help="add one line for each call, without any values")
    _add_http(serve.add_argument_group("over HTTP"))


def _add_http(over_http: argparse._ArgumentGroup) -> None:
    over_http.add_argument("--http", action="store_true", help="serve streamable HTTP at /mcp instead")
    over_http.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    over_http.add_argument("--port", type=int, default=8765, help="0: any that is free (%(default)s)")
    over_http.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="who may call, one 'name: token' a line; sessions belong to names. Without it MCP_DEBUG_TOKEN, else a "
        "token that is made and kept in a file",
    )
    over_http.add_argument("--no-auth", action="store_true", help="let every program of this machine call")
    over_http.add_argument("--tls-cert", type=Path, metavar="FILE", help="speak HTTPS with this certificate (PEM)")
    over_http.add_argument("--tls-key", type=Path, metavar="FILE", help="and this key")
    over_http.add_argument("--behind-proxy", action="store_true", help="another server in front of this one does TLS")
    over_http.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME:PORT", help="also let in requests with this Host"
    )
    over_http.add_argument(
        "--allow-origin", action="append", default=[], metavar="URL", help="also let in web pages of this Origin"
    )
    over_http.add_argument(
        "--lease",
        type=float,
        default=600.0,
        metavar="SECONDS",
        help="end a session that no call has named for so long (%(default)g)",
    )


def _serve(chosen: argparse.Namespace) -> int:
    import anyio

    from .errors import UsageError
    from .serving.logs import log_to_stderr

    log_to_stderr(chosen.log_format)
    settings = Settings(
        allow_remote=chosen.allow_remote,
        read_only=chosen.read_only,
        tools=chosen.tools,
        lease=chosen.lease if chosen.http else None,
    )
    try:
        note = _audit(chosen.audit)
        if chosen.http:
            from .serving.http import serve_http

            status = anyio.run(serve_http, settings, _http_settings(chosen), note)
        else:
            from .serving.stdio import serve_stdio

            status = anyio.run(serve_stdio, settings, note)
    except UsageError as error:
        print(f"mcp-debug: {error}" + (f"\n{error.hint}" if error.hint else ""), file=sys.stderr)
        return 2
    sys.stdout.flush()
    sys.stderr.flush()
    # The thread that read stdin may still sit there; Python would wait for it.
    os._exit(status)


def _audit(file: Path | None) -> Note:
    if file is None:
        return note_nothing
    from .serving.audit import Audit

    return Audit(file).note


def _http_settings(chosen: argparse.Namespace) -> HttpSettings:
    return HttpSettings(
        host=chosen.host,
        port=chosen.port,
        token_file=chosen.token_file,
        authentication=not chosen.no_auth,
        tls_cert=chosen.tls_cert,
        tls_key=chosen.tls_key,
        behind_proxy=chosen.behind_proxy,
        allowed_hosts=tuple(chosen.allow_host),
        allowed_origins=tuple(chosen.allow_origin),
    )
