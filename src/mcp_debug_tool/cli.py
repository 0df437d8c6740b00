"""The command line: serve (the default), doctor, hook, --version."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import get_args

from . import __version__
from .settings import Profile, Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `mcp-debug` with these arguments, or those of the process; answers the exit status."""
    parser = argparse.ArgumentParser(
        prog="mcp-debug", description="A real Python debugger for coding agents, served over MCP."
    )
    parser.add_argument("--version", action="version", version=f"mcp-debug {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    serve = commands.add_parser("serve", help="serve MCP over stdin and stdout (what it does without a command)")
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
    return _serve(
        Settings(
            allow_remote=getattr(chosen, "allow_remote", False),
            read_only=getattr(chosen, "read_only", False),
            tools=getattr(chosen, "tools", "core"),
        )
    )


def _serve(settings: Settings) -> int:
    import anyio

    from .server import serve_stdio

    status = anyio.run(serve_stdio, settings)
    sys.stdout.flush()
    sys.stderr.flush()
    # The thread that read stdin may still sit there; Python would wait for it.
    os._exit(status)
