"""Writes docs/walkthrough.md: a real bug in an installed package, found with the real server.

    python scripts/walkthrough.py               write the document anew
    python scripts/walkthrough.py --check       exit with 1 when the document differs from a fresh run
    python scripts/walkthrough.py --stop-page   print the stop page of the document, which the README shows too

Nothing in the document is typed by hand but its prose: every answer comes from a run in a temporary project, and
what the prose claims of an answer is looked for in it. Needs pip and a package index, for tinydb.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import venv
from pathlib import Path
from typing import Any, NamedTuple

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "walkthrough.md"
README = ROOT / "README.md"
PROGRAM = ROOT / "examples" / "tickets.py"
PACKAGE = "tinydb==4.9.0"
CALL_SECONDS = 30.0
CALL_WIDTH = 100
PROSE_WIDTH = 120

STOP_PAGE = ("<!-- stop page -->", "<!-- /stop page -->")
# What stands in the document for the folder of this run and for the version of its Python.
PROJECT_SHOWN = "~/tickets"
SITE_SHOWN = ".venv/lib/python3.x/site-packages"

BROKEN = "return self._generate_test(test, ('search', self._path, regex))"
MENDED = "return self._generate_test(test, ('search', self._path, regex, flags))"

INTRO = """\
# A bug in an installed package

A small program counts support tickets, and its last two lines are wrong. The cause is not in the program: it is
[a real bug](https://github.com/msiemens/tinydb/issues/637) in TinyDB 4.9.0, a package from PyPI. This page shows how
an agent gets from the wrong number to the line in TinyDB, in {calls} calls. Together their answers are about {tokens}
tokens, at four bytes a token.

Every answer below is what the server really said: `scripts/walkthrough.py` makes the calls and writes this page. Only
the project's folder is written as `~/tickets` and the version in paths as `python3.x`. TinyDB is installed in the
project's `.venv`; debugpy is not, and need not be.

The program, `tickets.py`:

```python
{program}```

The bot only tags subjects with a lower-case "refund". The second search ignores case, so it must find 102 and 104 as
well.
"""

OUTRO = """\
## What it was

`tinydb/queries.py`, line 374, in `Query.search`: the key of the query cache is the tuple
`('search', self._path, regex)`. It leaves out `flags`, although the answer depends on them. Two searches that differ in
nothing but their flags therefore count as the same query, and the second one gets the answer of the first.
`Query.matches` (line 355) builds its key in the same way and needs the same word. The bug is TinyDB's
[issue 637](https://github.com/msiemens/tinydb/issues/637);
[pull request 640](https://github.com/msiemens/tinydb/pull/640) makes the same change in both places.
"""


class Call(NamedTuple):
    """One step: what the agent thinks, the call, what the answer has to contain, and what it tells."""

    title: str
    thinks: str
    tool: str
    arguments: dict[str, Any]
    shows: tuple[str, ...]
    tells: str
    mends: bool = False
    """Whether the fix is applied before this call."""
    page: bool = False
    """Whether the answer is the stop page that the README quotes."""


def calls(site: str) -> list[Call]:
    """The whole investigation; `site` is the folder of the installed packages, relative to the project."""
    cached = "if cached_results is not None:"
    return [
        Call(
            "See it go wrong",
            "First the symptom, without any breakpoint.",
            "start",
            {"program": "tickets.py"},
            ("all refund tickets (any case):       [101, 105]", "missed by the bot: 0"),
            "Both searches give 101 and 105; the flag makes no difference. Nothing crashed, so there is no traceback "
            "to read. The interpreter is the one of the project, as it should be.",
        ),
        Call(
            "Ask the cache",
            "`Table.search` in TinyDB begins with a look into a query cache. The program never runs the same query "
            "twice, so that cache should never have an answer. A breakpoint with a condition says whether it has: stop "
            "only if something was found.",
            "start",
            {
                "program": "tickets.py",
                "breakpoints": [
                    {"file": f"{site}/tinydb/table.py", "text": cached, "condition": "cached_results is not None"}
                ],
            },
            ("tinydb/table.py:246 in search", "tickets.py:27", "cond = QueryImpl('search', ('subject',), 'refund')"),
            "It has, for the search of line 27, says the stack: the one with the flag, which has never run before. "
            "The breakpoint is in a library, so the page shows the library's frame, source and locals.",
        ),
        Call(
            "Compare the query with its answer",
            "Is the query itself wrong, or only the answer it gets? Four expressions, one call.",
            "evaluate",
            {
                "expression": [
                    "cond({'subject': 'REFUND PLEASE!!'})",
                    "list(self._query_cache)",
                    "list(self._query_cache)[0]({'subject': 'REFUND PLEASE!!'})",
                    "list(self._query_cache)[0] == cond",
                ]
            },
            ("cond({'subject': 'REFUND PLEASE!!'}) = True", "[0] == cond = True", "PLEASE!!'}) = False"),
            "The query is right: it accepts ticket 104. The one query in the cache, that of line 26, does not. And yet "
            "the two are equal. Whatever makes them equal is too coarse.",
        ),
        Call(
            "Go where the key is made",
            "A query is compared by the tuple it was made with, here `('search', ('subject',), 'refund')`. Look at the "
            "place that builds it, in the case that goes wrong: when there are flags. Once is enough, so the "
            "breakpoint is temporary.",
            "set_breakpoint",
            {
                "file": f"{site}/tinydb/queries.py",
                "text": "('search', self._path, regex",
                "condition": "flags",
                "temporary": True,
            },
            ("queries.py:374 in Query.search", BROKEN),
            "The line was found by a piece of its text, so its number need not be known.",
        ),
        Call(
            "Run again to that place",
            "That line has already run, so begin again. The breakpoints stay.",
            "restart",
            {},
            ("queries.py:374 in search", "flags = re.IGNORECASE", BROKEN),
            "This is the cause, on one page: `flags` is `re.IGNORECASE`, and the tuple in line 374 is made of the "
            "path and the regular expression only.",
            page=True,
        ),
        Call(
            "Prove it",
            "Put the flags into the key, here in the project's own copy of TinyDB, and run once more:",
            "restart",
            {},
            (
                "[101, 102, 104, 105]",
                "missed by the bot: 2",
                "exit code 0",
                "never hit: its condition was false 2 times",
            ),
            "Right at last. The breakpoint at the cache is still set, and the notes say why it was not hit: both "
            "searches found nothing there, so the second one no longer gets the answer of the first.",
            mends=True,
        ),
        Call("Clean up", "Nothing is left to look at.", "stop", {}, ("exit code 0",), ""),
    ]


class WalkthroughFailed(Exception):
    """The run cannot be told as it is told here; the text says why."""


def make_project(folder: Path) -> str:
    """A project with the program and TinyDB in its `.venv`; answers the folder of its packages, relative to it."""
    environment = folder / ".venv"
    (folder / PROGRAM.name).write_text(PROGRAM.read_text(encoding="utf-8"), encoding="utf-8")
    venv.create(environment, with_pip=True, symlinks=True)
    command = [
        str(environment / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        PACKAGE,
    ]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    if installed.returncode != 0:
        raise WalkthroughFailed(f"{PACKAGE} was not installed:\n{installed.stderr}")
    (site,) = environment.glob("lib/python*/site-packages")
    return str(site.relative_to(folder))


def mend(queries: Path) -> str:
    """Apply the fix; answers it as a diff."""
    text = queries.read_text(encoding="utf-8")
    if text.count(BROKEN) != 1:
        raise WalkthroughFailed(f"{queries} does not contain the line to be mended")
    queries.write_text(text.replace(BROKEN, MENDED), encoding="utf-8")
    return f"```diff\n--- tinydb/queries.py, line 374\n-        {BROKEN}\n+        {MENDED}\n```"


async def answer(client: Client, call: Call) -> str:
    """The text of a call's answer, which must contain what the prose says of it."""
    with anyio.fail_after(CALL_SECONDS):
        result = await client.call_tool(call.tool, call.arguments)
    text = "\n".join(block.text for block in result.content if block.type == "text")
    missing = [piece for piece in call.shows if piece not in text]
    if result.is_error or missing:
        raise WalkthroughFailed(f"{call.tool} does not show {missing}; its answer:\n{text}")
    return text


def written(call: Call) -> str:
    """The call as code; one argument a line where it is long."""
    arguments = [f"{name}={_literal(value)}" for name, value in call.arguments.items()]
    line = f"{call.tool}({', '.join(arguments)})"
    if len(line) <= CALL_WIDTH:
        return line
    return "\n".join([f"{call.tool}(", *(f"    {argument}," for argument in arguments), ")"])


def _wrapped(prose: str) -> str:
    return textwrap.fill(prose, PROSE_WIDTH, break_long_words=False, break_on_hyphens=False)


def _literal(value: object) -> str:
    """A value in Python's spelling; a long list has one item a line, a long dict one entry."""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
    if isinstance(value, list):
        text = f"[{', '.join(map(_literal, value))}]"
        if len(text) > CALL_WIDTH - 20:
            items = "".join(f"        {_literal(item)},\n" for item in value)
            return f"[\n{items}    ]"
    if isinstance(value, dict):
        entries = [f"{json.dumps(name)}: {_literal(item)}" for name, item in value.items()]
        text = f"{{{', '.join(entries)}}}"
        if len(text) > CALL_WIDTH - 20:
            lines = "".join(f"            {entry},\n" for entry in entries)
            return f"{{\n{lines}        }}"
    return text


async def document(folder: Path) -> str:
    """The whole document, from a run in `folder`."""
    site = make_project(folder)

    def stable(text: str) -> str:
        return text.replace(str(folder), PROJECT_SHOWN).replace(site, SITE_SHOWN)

    server = StdioServerParameters(
        command=sys.executable, args=["-m", "mcp_debug_tool", "serve"], cwd=folder, env=dict(os.environ)
    )
    sections, size, steps = [], 0, calls(site)
    async with Client(stdio_client(server)) as client:
        for number, call in enumerate(steps, 1):
            parts = [f"## {number}. {call.title}", _wrapped(call.thinks)]
            if call.mends:
                parts.append(mend(folder / site / "tinydb" / "queries.py"))
            text = stable(await answer(client, call))
            size += len(text.encode())
            page = f"```text\n{text}\n```"
            parts.append(f"```python\n{stable(written(call))}\n```")
            parts.append("\n".join([STOP_PAGE[0], page, STOP_PAGE[1]]) if call.page else page)
            parts.append(_wrapped(call.tells))
            sections.append("\n\n".join(filter(None, parts)) + "\n")
    intro = INTRO.format(calls=len(steps), tokens=round(size / 400) * 100, program=PROGRAM.read_text(encoding="utf-8"))
    return "\n".join([intro, *sections, OUTRO])


def stop_page(text: str) -> str:
    """The stop page of a document, in its fence."""
    _, begin, rest = text.partition(STOP_PAGE[0])
    page, end, _ = rest.partition(STOP_PAGE[1])
    if not begin or not end:
        raise WalkthroughFailed("the document holds no stop page")
    return page.strip()


def quote(page: str) -> None:
    """Put the stop page into the README, between its markers."""
    text = README.read_text(encoding="utf-8")
    before, begin, rest = text.partition("<!-- stop page -->\n")
    _, end, after = rest.partition("<!-- /stop page -->")
    README.write_text(f"{before}{begin}{page.rstrip()}\n{end}{after}", encoding="utf-8")


def fresh() -> str:
    """The document as a run in a new temporary project makes it."""
    with tempfile.TemporaryDirectory(prefix="walkthrough-") as folder:
        project = Path(folder).resolve() / "tickets"
        project.mkdir()
        return anyio.run(document, project)


def main() -> str | None:
    """Do what the arguments say; answers what went wrong."""
    parser = argparse.ArgumentParser(description="Writes docs/walkthrough.md from a real run.")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="compare the document with a fresh run instead")
    mode.add_argument("--stop-page", action="store_true", help="print the stop page of the document instead")
    options = parser.parse_args()
    if options.stop_page:
        print(stop_page(DOCUMENT.read_text(encoding="utf-8")))
        return None
    text = fresh()
    if not options.check:
        DOCUMENT.write_text(text, encoding="utf-8")
        quote(stop_page(text))
    elif text != (old := DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""):
        print(
            *difflib.unified_diff(old.splitlines(), text.splitlines(), "document", "fresh run", lineterm=""), sep="\n"
        )
        return "docs/walkthrough.md is not what a fresh run gives: run scripts/walkthrough.py"
    return None


def reason(error: BaseException) -> BaseException:
    """The first error inside what task groups have wrapped."""
    while isinstance(inner := getattr(error, "exceptions", None), tuple):
        error = inner[0]
    return error


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Exception as error:
        found = reason(error)
        sys.exit(f"{type(found).__name__}: {found}")
