"""A page of the documentation is done as it is written: its calls, its commands, its edits, and every answer compared.

What a block is follows from its language, see `PageRun.do`. Nothing of an answer may differ but what depends on the
machine: folders, ports, process ids, times, and lines of the standard library. A line that is `...` stands for any
number of lines.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

import apps
import json5
from agent import Agent
from pages import Block, replaced
from shopfront import HOME_SHOWN, PID_SHOWN, ROOT, SRV_SHOWN, People, on_this_machine, written_calls
from yaml import safe_load

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it along

# With it answers that differ are written into the pages: look at the difference before it is committed.
WRITE = "MCP_DEBUG_WRITE_ANSWERS"
IN_BACKGROUND = "another terminal"
NEEDS = "needs "
# What may be missing here, and the commands that cannot be run without it.
ELSEWHERE = {
    "a checkout": {"scripts/demo", "scripts/test"},
    "a second machine": {"ssh"},
    "a certificate": {"mcp-debug"},
    "docker": {"docker"},
    "the package index": {"claude", "uvx"},
}
FIGURE = "figure"
STDLIB_SHOWN = "/usr/lib/python3.x"
SECONDS = 30.0


class PageRun:
    """One page being done: the folder it is done in, and the last answer, with which the next text is compared."""

    def __init__(self, page: Path, folder: Path, agent: Agent, people: People) -> None:
        self._page = page
        self._folder = folder
        self._agent = agent
        self._people = people
        self._folders = {
            str(folder.parents[1] / "srv" / "shop"): SRV_SHOWN,
            str(folder): HOME_SHOWN,
            str(folder.parent): str(Path(HOME_SHOWN).parent),
            str(Path(apps.PYTHON).parents[1]): f"{HOME_SHOWN}/.venv",
            sysconfig.get_path("stdlib"): STDLIB_SHOWN,
        }
        self._ports: dict[str, str] = {}
        self._pid: int | None = None
        self._unshown_error = ""
        self._answer: Callable[[Block], str] = _nothing
        self._kinds: dict[str, Callable[[Block], object]] = {
            "python": self._python,
            "sh": self._sh,
            "text": self._compare,
            "diff": self._edit,
            "json": lambda block: json.loads(block.text),
            "json5": lambda block: json5.loads(block.text),
            "toml": lambda block: tomllib.loads(block.text),
            "yaml": lambda block: safe_load(block.text),
        }

    async def do(self, block: Block) -> None:
        """Do what a block says; one of an unknown kind is refused."""
        assert block.kind in self._kinds, f"no way to run a block of {block.kind!r}"
        if block.kind != "text":
            self.end()
        done = self._kinds[block.kind](block)
        if inspect.isawaitable(done):
            await done

    def end(self) -> None:
        """An error that the page does not show was not meant."""
        assert not self._unshown_error, self._unshown_error

    def _here(self, text: str) -> str:
        return on_this_machine(text, self._folder, self._ports, self._pid)

    def _shown(self, text: str) -> str:
        """What came back, as a page writes it."""
        for real, shown in self._folders.items():
            text = text.replace(real, shown)
        for shown, real in self._ports.items():
            text = re.sub(rf"\b{real}\b", shown, text)
        return re.sub(rf"\b{self._pid}\b", PID_SHOWN, text) if self._pid else text

    def _python(self, block: Block) -> object:
        if not block.title:
            return self._call(block)
        compile(block.text, block.title, "exec")
        path = self._folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        return None

    async def _call(self, block: Block) -> None:
        for call in written_calls(self._here(block.text)):
            self.end()
            reply = await self._agent.call(call.tool, **call.arguments)
            self._answer = lambda _, text=reply.text: text  # type: ignore[misc]
            self._unshown_error = reply.text if reply.error else ""

    def _sh(self, block: Block) -> None:
        if block.title.startswith(NEEDS):
            _look_over(block, self._people)
        elif block.title == IN_BACKGROUND:
            self._start(block)
        else:
            assert not block.title, "a title that says nothing to the test"
            self._run(block)

    def _run(self, block: Block) -> None:
        done = subprocess.run(
            ["sh", "-euc", self._here(block.text)],
            cwd=self._folder,
            env=self._people.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, f"{block}: {done.stdout}"
        self._answer = lambda _: done.stdout

    def _start(self, block: Block) -> None:
        """A program of a person's, which goes on; the text below it is what it prints first."""
        output = self._folder.parent / f"terminal-{block.line}"
        with output.open("w", encoding="utf-8") as stdout:
            process = self._people.run(self._here(block.text.strip()), stdout=stdout, stderr=subprocess.STDOUT)
        self._pid = process.pid

        def printed(expected: Block) -> str:
            deadline = time.monotonic() + SECONDS
            while not alike(expected.text, text := self._shown(output.read_text(encoding="utf-8"))):
                if time.monotonic() > deadline or process.poll() is not None:
                    break
                time.sleep(0.02)
            return text

        self._answer = printed

    def _compare(self, block: Block) -> None:
        if block.title == FIGURE:
            return
        assert not block.title, "a title that says nothing to the test"
        answer, self._answer, self._unshown_error = self._answer, _nothing, ""
        real = self._shown(answer(block)).rstrip() + "\n"
        if alike(block.text, real):
            return
        if WRITE in os.environ:
            page = self._page.read_text(encoding="utf-8")
            self._page.write_text(replaced(page, block, real), encoding="utf-8")
        else:
            assert block.text == real, f"{self._page.name}, line {block.line}"

    def _edit(self, block: Block) -> None:
        """Lines with + for those with -, in the file that the title names; the others stay and say where."""
        path = self._folder / block.title
        lines = block.text.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in "- ")
        new = "".join(line[1:] for line in lines if line[0] in "+ ")
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{block.title} does not hold these lines once: {old}"
        path.write_text(text.replace(old, new), encoding="utf-8")


def _nothing(block: Block) -> str:
    raise AssertionError(f"{block}: there is no answer that this could be")


def alike(written: str, real: str) -> bool:
    """Whether an answer is the one that is written, but for what no two runs have in common."""
    lines = [r"(?:.*\n)*" if line.strip() == "..." else re.escape(line) + r"\n" for line in _timeless(written)]
    return re.fullmatch("".join(lines), "".join(f"{line}\n" for line in _timeless(real))) is not None


def _timeless(text: str) -> list[str]:
    text = re.sub(r"\bpid \d+", "pid N", text)
    text = re.sub(rf"({re.escape(STDLIB_SHOWN)}/\S+:)\d+", r"\1N", text)
    text = re.sub(r"\b\d+(\.\d+)? (ms|s)\b", "N s", text)
    return [line.rstrip() for line in text.rstrip().splitlines()]


def _look_over(block: Block, people: People) -> None:
    """Commands for which something is not here: their grammar is right, and what there is of ours is as they say."""
    excused = ELSEWHERE[block.title.removeprefix(NEEDS)]
    subprocess.run(["bash", "-n", "-c", block.text], check=True)
    for line in block.text.replace("\\\n", " ").splitlines():
        program, *words = shlex.split(line, comments=True)
        assert program in excused, f"{program} needs nothing that is not here: run it"
        if program == "mcp-debug":
            known = subprocess.run([program, words[0], "--help"], env=people.environ, capture_output=True, text=True)
            assert not {word for word in words if word.startswith("--")} - set(re.findall(r"--[\w-]+", known.stdout))
        elif program.startswith("scripts/"):
            assert os.access(ROOT / program, os.X_OK)
