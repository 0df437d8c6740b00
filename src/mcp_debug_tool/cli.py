"""The command line: serve (the default), doctor, --version."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from . import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `mcp-debug` with these arguments, or those of the process; answers the exit status."""
    parser = argparse.ArgumentParser(
        prog="mcp-debug", description="A real Python debugger for coding agents, served over MCP."
    )
    parser.add_argument("--version", action="version", version=f"mcp-debug {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser("serve", help="serve MCP over stdin and stdout (what it does without a command)")
    commands.add_parser("doctor", help="check this machine and say what to mend")
    chosen = parser.parse_args(arguments)
    if chosen.command == "doctor":
        from .doctor import main as doctor

        return doctor()
    return _serve()


def _serve() -> int:
    import anyio

    from .server import serve_stdio

    status = anyio.run(serve_stdio)
    sys.stdout.flush()
    sys.stderr.flush()
    # The thread that read stdin may still sit there; Python would wait for it.
    os._exit(status)
