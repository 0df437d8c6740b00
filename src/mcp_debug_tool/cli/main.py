"""`mcp-debug`: its commands, of which each is loaded when it is called."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Sequence

import click

from .. import __version__
from .definitions import all_tools, first_sentence

USAGE, UNREACHED, INTERRUPTED = 2, 3, 130
_OWN = {
    "serve": "Serve MCP over stdio (what it does without a command), or over HTTP.",
    "doctor": "Check this machine and say what to mend.",
    "tools": "List the tools and what their definitions cost a model.",
    "background": "Say whether the server behind these verbs runs; --stop ends it and its sessions.",
    "hook": "Print a folder: a program started with it as PYTHONPATH can be attached to by pid without gdb.",
    "completion": "Print what a shell needs to complete these commands.",
}


class _Commands(click.Group):
    """Ours, and a verb for each tool."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [*(name.replace("_", "-") for name in all_tools()), *_OWN]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name == "serve":
            from .serve import serve

            return serve
        if name in _OWN:
            from . import own

            return own.COMMANDS[name]
        from .verbs import verb

        return verb(name)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(context, args[0]) is None:
            near = difflib.get_close_matches(args[0], self.list_commands(context)) or self.list_commands(context)
            context.fail(f"there is no command {args[0]!r}; there are: {', '.join(near)}")
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        verbs = [(name.replace("_", "-"), first_sentence(tool)) for name, tool in all_tools().items()]
        with formatter.section("Debug, in sessions that a server in the background holds"):
            formatter.write_dl(verbs)
        with formatter.section("Further commands"):
            formatter.write_dl(list(_OWN.items()))


@click.command(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(__version__, message="mcp-debug %(version)s")
@click.pass_context
def commands(context: click.Context) -> None:
    """A real Python debugger for coding agents, served over MCP, and for shells.

    mcp-debug start app.py -b app.py:12; then step, get-variables, evaluate, continue, stop.
    """
    if context.invoked_subcommand is not None:
        return
    if sys.stdin.isatty():
        # A host's pipe never is one; a person would wait for a word that never comes.
        click.echo(context.get_help())
        return
    from .serve import serve

    serve.main([], prog_name="mcp-debug serve", standalone_mode=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `mcp-debug` with these arguments, or those of the process; answers the exit status.

    0: done. 1: the tool, or the doctor, says no. 2: wrong words. 3: no background server. 130: Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    from .calls import Failure

    try:
        result = commands.main(
            args=None if arguments is None else list(arguments), prog_name="mcp-debug", standalone_mode=False
        )
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return USAGE
    except Failure as failure:
        print(f"mcp-debug: {failure}" + (f"\n{failure.hint}" if failure.hint else ""), file=sys.stderr)
        return UNREACHED
    except (click.Abort, KeyboardInterrupt):
        print("mcp-debug: no longer waited for; what runs, runs on: wait, pause or stop", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
