"""A page of the documentation as it is written: what stands at its top, and its fenced blocks in order."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCED = re.compile(
    r'^```(?P<kind>[\w-]+)(?: title="(?P<title>[^"]*)")?\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL
)
_FENCE = re.compile(r"^\s*(?:```|~~~)", re.MULTILINE)
_TOP = re.compile(r"---\n(.*?)^---\n", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block: the language behind its fence, its title, the text between."""

    kind: str
    title: str
    text: str
    number: int
    """0 is the first of its page."""
    line: int
    """1-based, of its opening fence."""

    def __str__(self) -> str:
        return f"line {self.line}: {self.text.strip()}"


def blocks(text: str) -> list[Block]:
    """Every block of a page. A fence that begins or ends none is refused: what stands there would not be looked at."""
    found = list(_FENCED.finditer(text))
    assert len(_FENCE.findall(text)) == 2 * len(found), "a fence without a language, indented, or not closed"
    return [
        Block(m["kind"], m["title"] or "", m["text"], number, text.count("\n", 0, m.start()) + 1)
        for number, m in enumerate(found)
    ]


def top(text: str) -> dict[str, str]:
    """What stands above a page: `server`, options of its server; `needs`, a program without which it is skipped."""
    found = _TOP.match(text)
    return dict(re.findall(r"^(\w+): (.*)$", found[1], re.MULTILINE)) if found else {}


def replaced(page: str, block: Block, text: str) -> str:
    """The page with another text in one of its blocks."""
    here = list(_FENCED.finditer(page))[block.number]
    return page[: here.start("text")] + text + page[here.end("text") :]
