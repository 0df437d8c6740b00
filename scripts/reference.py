"""Writes those pages of docs/ that the code itself can tell: tools, resources, prompts, errors, settings, decisions.

    python scripts/reference.py             write them anew
    python scripts/reference.py --check     exit with 1 when one of them differs from what the code says now

A page is a function that answers its text, entered in `PAGES`.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import difflib
import inspect
import itertools
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import anyio
import click
from mcp import Client
from mcp.types import Prompt
from pydantic.fields import FieldInfo

from mcp_debug_tool import errors
from mcp_debug_tool.cli import definitions
from mcp_debug_tool.cli.main import commands
from mcp_debug_tool.server import INSTRUCTIONS, build, tools
from mcp_debug_tool.settings import TOKEN_VARIABLE, HttpSettings, Settings
from mcp_debug_tool.tools.registration import DebugTool

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
GENERATED = "<!-- written by scripts/reference.py: change the code it is read from, then run that -->\n"
WIDTH = 120

# What the server and programs read of their environment; tests/unit/test_reference.py looks whether all are here.
VARIABLES = {
    TOKEN_VARIABLE: "Of the server: the token of a single principal, where no `--token-file` is given. It is not "
    "handed on to debugged programs.",
    "XDG_STATE_HOME": "Of the server: where `mcp-debug/` keeps the token that it made; by default `~/.local/state`.",
    "LOCALAPPDATA": "The same on Windows; by default `~/AppData/Local`.",
    "VIRTUAL_ENV": "Its interpreter is taken where neither `python` nor a `.venv` or `venv` of the project says "
    "another.",
    "PATH": "Where a command, or a `python` without a folder, is looked for.",
    "HOME": "What `~` of a command and `${userHome}` of `.vscode/launch.json` stand for.",
    "PYTHONPATH": "Of a program: with the folder that `mcp-debug hook` prints in it, it can be attached to by pid "
    "without gdb. What a debugged program finds in it is what it would find in a plain run.",
    "PYTHONBREAKPOINT": "Of a program: `0` makes `breakpoint()` do nothing, as in a plain run.",
    "PYTHONHASHSEED": "Of a program: set for each run of `repeat`, unless it is set already.",
}
# What tools share and their definitions leave unsaid, for the instructions say it once.
SHARED = {
    "session": "Its id; may be left out while one is alive.",
    "timeout_s": "Seconds to wait.",
    "detail": "`full` lifts the size limit of a page.",
    "thread": "A thread, a task or a process: `worker-1`, `Task-3`, `p1.2`, `p1.2/worker-1`. Default: the one that "
    "stopped; of `continue` and `pause` all.",
    "frame": "Index of `get_stack`. Default: the frame of the page.",
}


# --- tools ------------------------------------------------------------------------------------------------------------


def tools_page() -> str:
    """Every tool of both profiles, and what of it is left in the read-only one."""
    core = {made.name for made in tools()}
    narrowed = {made.name: set(_fields(made)) for made in tools("full", without_code=True)}
    parts = [
        "# Tools",
        f"The default profile, `core`, has {len(core)} tools; `mcp-debug serve --tools full` offers all "
        f"{len(tools('full'))}. With `--read-only` only those remain that run no code in a program and change nothing "
        "in it.",
        "A parameter that has no default and is not required may be left out. A number may be given as a string; an "
        "unknown parameter, and a value out of bounds, is refused and nothing is done.",
        "What the model reads first is in [Prompts](prompts.md#instructions).",
        _table(
            ("tool", "profile", "read-only", "annotations"),
            (
                (
                    f"[`{made.name}`](#{made.name})",
                    "core" if made.name in core else "full",
                    "yes" if made.name in narrowed else "no",
                    _annotations(made),
                )
                for made in tools("full")
            ),
        ),
    ]
    for made in tools("full"):
        parts += [f"## {made.name}", _wrapped(made.description), *_parameters(made)]
        left_out = [f"`{name}`" for name in _fields(made) if name not in narrowed.get(made.name, set(_fields(made)))]
        if left_out:
            parts.append(f"With `--read-only` without {', '.join(left_out)}.")
    return _page(parts)


def _fields(made: DebugTool) -> dict[str, FieldInfo]:
    """The parameters by the names they are called by."""
    return {name.rstrip("_"): field for name, field in made.fn_metadata.arg_model.model_fields.items()}


def _annotations(made: DebugTool) -> str:
    hints = made.annotations
    assert hints is not None
    assert hints.open_world_hint is False
    if hints.read_only_hint:
        return "`readOnlyHint`"
    return "`destructiveHint: false`" if hints.destructive_hint is False else "`destructiveHint` (may run code)"


def _parameters(made: DebugTool) -> list[str]:
    rows = []
    for name, field in _fields(made).items():
        schema = made.parameters["properties"][name]
        what = str(schema.get("description") or SHARED.get(name, ""))
        default = _default(field) or (f"`{Settings.wait_default:g}`" if name == "timeout_s" else "")
        rows.append((f"`{name}`", _kind(schema), _bounds(field), default, what))
    return [_table(("parameter", "type", "bounds", "default", "what"), rows)] if rows else ["It takes no parameters."]


def _kind(schema: dict[str, Any]) -> str:
    """A JSON schema in a word or two."""
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_kind(choice) for choice in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}s" if schema.get("items") else "list"
    if "properties" in schema:
        return f"object: {', '.join(f'`{name}`' for name in schema['properties'])}"
    return str(schema.get("type", "any"))


_SIGNS = (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"))


def _bounds(field: FieldInfo) -> str:
    limits = ((sign, getattr(item, name, None)) for item in field.metadata for name, sign in _SIGNS)
    return ", ".join(f"{sign} {limit:,}" for sign, limit in limits if limit is not None)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    return "" if value is None or value in ([], "", {}) else f"`{value!r}`"


# --- command line -----------------------------------------------------------------------------------------------------


def command_line_page() -> str:
    """Every command, as its parser has it."""
    context = click.Context(commands, info_name="mcp-debug")
    verbs = [verb for name in definitions.all_tools() if (verb := commands.get_command(context, name)) is not None]
    parts = [
        "# Command line",
        "`mcp-debug` alone serves MCP over stdin and stdout, and at a terminal shows its help. `mcp-debug-tool` is the "
        "same program. Status: 0 done, 1 refused, 2 wrong words, 3 no background server, 130 Ctrl-C.",
        "## Verbs",
        "Each is a tool, and its options are the parameters of the tool, with dashes: `--timeout-s 5`. What the first "
        "column shows behind the verb can be said without an option's name. All take `--json`, and `--help` describes "
        "each. How they are used: [From a shell](../how-to/shell.md).",
        _table(("verb", "tool", "short options"), (_verb(verb) for verb in verbs)),
    ]
    for name in commands.list_commands(context):
        command = commands.get_command(context, name)
        if command is not None and command not in verbs and name.replace("-", "_") not in definitions.all_tools():
            parts += [f"## {name}", _wrapped(command.help or ""), *_options(command)]
    return _page(parts)


def _verb(verb: click.Command) -> tuple[str, str, str]:
    tool = str(verb.name).replace("-", "_")
    words = [str(each.metavar) for each in verb.params if isinstance(each, click.Argument)]
    short = [f"`{opt}` {each.opts[-1]}" for each in verb.params for opt in each.opts if re.fullmatch("-[a-z]", opt)]
    return f"`{' '.join([str(verb.name), *words])}`", f"[`{tool}`](tools.md#{tool})", ", ".join(short)


def _options(command: click.Command) -> list[str]:
    rows = []
    for each in command.params:
        if isinstance(each, click.Argument):
            rows.append((f"`{each.human_readable_name}`", "required", ", ".join(getattr(each.type, "choices", ()))))
        elif isinstance(each, click.Option) and not each.hidden:
            default = f"`{each.default}`" if isinstance(each.default, str | int | float) and not each.is_flag else ""
            value = "" if each.is_flag else f" {each.metavar or '|'.join(getattr(each.type, 'choices', ())) or 'N'}"
            rows.append((f"`{', '.join(each.opts)}{value}`", default, each.help or ""))
    return [_table(("option", "default", "what"), rows)] if rows else []


# --- resources and prompts --------------------------------------------------------------------------------------------


async def _asked() -> tuple[list[tuple[str, str]], list[tuple[str, str]], list[tuple[Prompt, str]]]:
    """What a server says of its resources, of their templates and of its prompts."""
    async with Client(build(Settings())) as client:
        listed = [(str(found.uri), found.description or "") for found in (await client.list_resources()).resources]
        templates = [
            (found.uri_template, found.description or "")
            for found in (await client.list_resource_templates()).resource_templates
        ]
        prompts = []
        for prompt in (await client.list_prompts()).prompts:
            given = {argument.name: argument.name.upper() for argument in prompt.arguments or [] if argument.required}
            text = await client.get_prompt(prompt.name, given or {"program": "PROGRAM"})
            prompts.append((prompt, "\n".join(getattr(message.content, "text", "") for message in text.messages)))
    return listed, templates, prompts


def resources_page() -> str:
    """What can be read, by its address."""
    listed, templates, _ = anyio.run(_asked)
    return _page(
        [
            "# Resources",
            "What a host may read without a call of a tool. Reading uses nothing up: output that a page shows is still "
            "new to the next tool.",
            _table(("address", "what"), ((f"`{uri}`", what) for uri, what in [*listed, *templates])),
            "All are plain text. A client is told when the list changes and when one it follows does: by "
            "`resources/subscribe` on the protocol 2025-11-25, by `subscriptions/listen` on 2026-07-28. Changes are "
            "told at most four times a second, and the last is never lost. A principal hears of its own sessions only.",
            "Of source, only files can be read in which a frame of the stop stands or that hold a verified breakpoint.",
        ]
    )


def prompts_page() -> str:
    """The plans, and what every session of a model begins with."""
    _, _, prompts = anyio.run(_asked)
    parts = [
        "# Prompts",
        "Short plans that a host offers by name, as a slash command for example. Each says which tools to call in "
        "which order, the arguments filled in. With `--read-only` there are none, for each is a plan that runs code.",
    ]
    for prompt, text in prompts:
        rows = [
            (f"`{argument.name}`", "yes" if argument.required else "", argument.description or "")
            for argument in prompt.arguments or []
        ]
        parts += [f"## {prompt.name}", prompt.description or "", _table(("argument", "required", "what"), rows)]
        parts.append(_quoted(text))
    parts += [
        "## Instructions",
        "What the server tells every model at the beginning, beside the tools:",
        _quoted(INSTRUCTIONS),
    ]
    return _page(parts)


# --- errors, settings, decisions --------------------------------------------------------------------------------------


def errors_page() -> str:
    """Every kind of error, by who must act."""
    parts = [
        "# Errors",
        "A call that cannot be done is answered with an error: a text that says what was wrong and where things stand, "
        "and, below `next:`, the call that mends it. Nothing else is in it, no code and no structured content: some "
        "hosts would show a model only that. What is *not* an error: an exit of the program with any code, an "
        "exception in it, and `still running`.",
        "The kinds differ by who must act. They are types for programs that embed the server; a model reads the text.",
    ]
    for base in errors.DebugError.__subclasses__():
        rows = [(f"`{kind.__name__}`", _summary(kind)) for kind in [base, *base.__subclasses__()]]
        parts += [f"## {_words(base.__name__)}", _table(("kind", "when"), rows)]
    return _page(parts)


def _summary(kind: type) -> str:
    return " ".join((inspect.getdoc(kind) or "").split())


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def settings_page() -> str:
    """Every limit and default, and what is read of the environment."""
    return _page(
        [
            "# Settings and environment",
            "Options of the command line set some of these; the others are fixed, and stand here so that a limit that "
            "was met can be looked up. Times are in seconds, sizes in bytes unless said otherwise.",
            "## The server",
            _settings(Settings),
            "## Over HTTP",
            _settings(HttpSettings),
            "## Environment variables",
            _table(("variable", "what it does"), ((f"`{name}`", what) for name, what in VARIABLES.items())),
        ]
    )


def _settings(kind: type) -> str:
    said = _docstrings(kind)
    rows = []
    for field in dataclasses.fields(kind):
        known = field.default is not dataclasses.MISSING
        rows.append((f"`{field.name}`", f"`{field.default!r}`" if known else "", said.get(field.name, "")))
    return _table(("setting", "default", "what"), rows)


def _docstrings(kind: type) -> dict[str, str]:
    """The string below each field of a class."""
    (body,) = (
        node.body for node in ast.parse(textwrap.dedent(inspect.getsource(kind))).body if isinstance(node, ast.ClassDef)
    )
    said = {}
    for field, below in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            said[ast.unparse(field.target)] = " ".join(str(below.value.value).split())
    return said


def decisions_page() -> str:
    """Every record of docs/issues, by its title."""
    rows = []
    for record in sorted((DOCS / "issues").glob("[0-9]*.md")):
        title = record.read_text(encoding="utf-8").partition("\n")[0]
        number, _, rest = title.lstrip("# ").partition(": ")
        rows.append((number, f"[{rest}](issues/{record.name})"))
    return _page(
        [
            "# Decisions",
            "One problem a page: what was seen, what was chosen and why, and the test that holds it.",
            _table(("number", "decision"), rows),
        ]
    )


# --- the form of a page -----------------------------------------------------------------------------------------------


def _page(parts: Iterable[str]) -> str:
    first, *rest = parts
    return "\n\n".join([first, GENERATED.strip(), *(_wrapped(part) for part in rest)]) + "\n"


def _wrapped(text: str) -> str:
    """A paragraph in lines of our width; a table, a heading or a quotation as it is."""
    if text.startswith(("|", "#", ">")):
        return text
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _quoted(text: str) -> str:
    """What is said elsewhere, as a quotation: each line a paragraph, a list as one."""
    paragraphs = re.sub(r"\n(?=1\. |[A-Z])", "\n\n", text)
    return "\n".join(f"> {line}".rstrip() for line in paragraphs.splitlines())


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


PAGES: dict[str, Callable[[], str]] = {
    "reference/tools.md": tools_page,
    "reference/command-line.md": command_line_page,
    "reference/resources.md": resources_page,
    "reference/prompts.md": prompts_page,
    "reference/errors.md": errors_page,
    "reference/settings.md": settings_page,
    "decisions.md": decisions_page,
}
"""Each page below docs/ that is written here, and what makes its text."""


def stale(folder: Path) -> list[str]:
    """How the pages in a folder differ from what the code says, each as a diff."""
    differences = []
    for name, make in PAGES.items():
        path = folder / name
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        lines = difflib.unified_diff(old.splitlines(), make().splitlines(), name, "the code", lineterm="")
        differences += ["\n".join(found)] if (found := list(lines)) else []
    return differences


def write(folder: Path) -> None:
    """Write every page anew."""
    for name, make in PAGES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make(), encoding="utf-8")


def main() -> str | None:
    """Do what the arguments say; answers what went wrong."""
    parser = argparse.ArgumentParser(description="Writes the pages of docs/ that the code can tell.")
    parser.add_argument("--check", action="store_true", help="compare the pages with the code instead")
    if not parser.parse_args().check:
        write(DOCS)
        return None
    if differences := stale(DOCS):
        print(*differences, sep="\n")
        return "pages of docs/ are not what the code says: run scripts/reference.py"
    return None


if __name__ == "__main__":
    sys.exit(main())
