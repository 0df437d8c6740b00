"""The commands that are no tools, but for `serve`."""

from __future__ import annotations

import json

import click

from . import definitions
from .background import Background
from .completion import SHELLS, script


@click.command()
@click.pass_context
def doctor(context: click.Context) -> None:
    """Check this machine and say what to mend."""
    from ..doctor import main

    context.exit(main())


@click.command()
def hook() -> None:
    """Print a folder: a program started with it as PYTHONPATH can be attached to by pid without gdb."""
    from ..interpreters import DORMANT

    print(DORMANT)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Name and tokens of each, as one line of JSON.")
def tools(*, as_json: bool) -> None:
    """List the tools and what their definitions cost a model: tokens, at four bytes each."""
    costs = {name: definitions.tokens(tool) for name, tool in definitions.all_tools().items()}
    if as_json:
        print(json.dumps(costs))
        return
    for heading, listed in (("core", definitions.core()), ("--tools full adds", definitions.further())):
        print(f"{sum(costs[tool['name']] for tool in listed):6}  {heading}")
        for tool in listed:
            print(f"{costs[tool['name']]:6}  {tool['name']:18} {definitions.first_sentence(tool)}")


@click.command()
@click.option("--stop", is_flag=True, help="End it, and with it every session.")
@click.option("--serve", is_flag=True, hidden=True)
def background(*, stop: bool, serve: bool) -> None:
    """Say whether the server behind the verbs runs; it begins with the first, and ends when idle."""
    if serve:
        _serve()
    server = Background()
    if stop:
        print("ended" if server.end() else "none was there")
    else:
        print(server.describe())


def _serve() -> None:
    import os

    import anyio

    from ..serving.background import serve_background
    from ..serving.logs import log_to_stderr
    from ..settings import HttpSettings

    log_to_stderr("text")
    os._exit(anyio.run(serve_background, HttpSettings().state_folder))


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what SHELL needs to complete these commands: eval "$(mcp-debug completion bash)"."""
    from .main import commands

    print(script(shell, commands))


COMMANDS: dict[str, click.Command] = {
    command.name or "": command for command in (doctor, hook, tools, background, completion)
}
