"""The form of every answer, and text of the program made fit to be shown in it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Field = str | int | Sequence[Any] | Mapping[str, Any]

_LENGTH_OF_TEXT = (" chars)", " bytes)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

# What the first line of the text says already.
_IN_HEADLINE = (
    "session",
    "state",
    "reason",
    "at",
    "breakpoint",
    "verified",
    "exit_code",
    "waited",
    "assigned",
    "count",
)


@dataclass(frozen=True)
class Answer:
    """One answer of a tool: `headline` is the first line of the text, `fields` the data."""

    headline: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    about: Sequence[str] = ()
    """The expressions or the path whose values it tells, whole."""

    def text(self) -> str:
        """The answer as text."""
        parts = [self.headline]
        for name, value in self.fields.items():
            if name not in _IN_HEADLINE and value not in ("", (), [], {}):
                parts.append(_section(name, value))
        return "\n".join(parts)

    def data(self) -> dict[str, Any]:
        """The answer as structured content: no empty fields."""
        return {name: value for name, value in self.fields.items() if value not in ("", (), [], {})}


def _section(name: str, value: Field) -> str:
    if isinstance(value, Mapping):
        return "\n".join([f"{name}:", *(f"  {key} = {item}" for key, item in value.items())])
    if isinstance(value, str) and "\n" in value:
        return "\n".join([f"{name}:", *(f"  {line}" for line in value.splitlines())])
    if isinstance(value, (str, int)):
        return f"{name}: {value}"
    return "\n".join([f"{name}:", *(f"  {_item(item)}" for item in value)])


def _item(item: Any) -> str:
    if isinstance(item, Mapping):
        return ", ".join(f"{key} {value}" for key, value in item.items())
    return str(item)


def uncoloured(text: str) -> str:
    """Output without the colours it has for a terminal; they would be many characters that say nothing."""
    return _COLOUR.sub("", text)


def visible(text: str) -> str:
    """`text` with control and invisible characters as escapes; line ends and tabs stay."""
    text = text.replace("\r\n", "\n")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


def cut(text: str, limit: int) -> str:
    """`text` in one visible line of at most `limit` characters."""
    line = visible(text).replace("\n", "\\n").replace("\t", "\\t")
    return line if len(line) <= limit else line[: limit - 1] + "…"


def cut_value(text: str, limit: int) -> str:
    """A value as `cut` does it, but the note on how much there is of it stays at its end."""
    line = cut(text, len(text) * 10)
    mark = line.rfind("…")
    if len(line) <= limit or mark < 0 or not 0 <= len(line) - mark < min(40, limit):
        return cut(text, limit)
    note = line[mark:]
    kept = line[: max(limit - len(note), 1)]
    if not note.endswith(_LENGTH_OF_TEXT):
        # Half of a number would be another number.
        whole = kept.rfind(", ") + 2
        kept = kept[:whole] if whole > max(len(kept) - 30, 1) else kept
    return kept + note


def path(file: str, cwd: str) -> str:
    """`file` as it is shown: relative below `cwd`, else absolute."""
    shown = os.path.relpath(file, cwd) if file.startswith(cwd.rstrip(os.sep) + os.sep) else file
    return visible(shown)


def cut_path(shown: str, limit: int) -> str:
    """A path of at most `limit` characters: its end tells more than its beginning."""
    line = cut(shown, len(shown) * 10)
    return line if len(line) <= limit else "…" + line[-(limit - 1) :]


def cut_source(text: str) -> str:
    """A source line as it is shown; tabs stay."""
    line = visible(text)
    return line if len(line) <= 140 else line[:139] + "…"
