"""An answer in colour: the same words as without, so nothing of it is said by a colour alone."""

from __future__ import annotations

import re

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

_SECTION = re.compile(r"(?P<name>[a-z][\w ()#]*):(?P<rest>.*)")
_SOURCE = re.compile(r"(?P<mark>  [> ] *)(?P<number>\d+)(?P<code>.*)")
_FRAME = re.compile(r"(?P<number>  #\d+ )(?P<name>\S+)(?P<rest>.*)")
_VARIABLE = re.compile(r"(?P<name> +[^=\s]+)(?P<equals> = )(?P<value>.*)")
# Of the first line: what the program is doing, or what went wrong with it.
_HEAD = (
    (re.compile(r"exception|crash|failed|lost|killed|code [1-9]"), "bold red"),
    (re.compile(r"stopped"), "bold green"),
    (re.compile(r"running|starting"), "bold yellow"),
)
_PLAIN_HEAD = "bold"
_STYLES = {"next": "dim", "notes": "yellow", "note": "yellow"}
_SYNTAX = Syntax("", "python", theme="ansi_dark")


def printed(text: str, *, error: bool = False) -> None:
    """Print an answer to the terminal: in full, and broken where the terminal breaks."""
    console = Console(stderr=error, highlight=False, markup=False, emoji=False, soft_wrap=True)
    console.print(Text(text, "red") if error else coloured(text))


def coloured(text: str) -> Text:
    """The answer as rich text, of the very same characters."""
    head, *lines = text.split("\n")
    page, section = [Text(head, _head_style(head))], ""
    for line in lines:
        match = _SECTION.fullmatch(line)
        if match is not None:
            section = match["name"]
            page.append(Text.assemble((f"{section}:", "cyan"), (match["rest"], _STYLES.get(section, ""))))
        elif section == "source" and (match := _SOURCE.fullmatch(line)):
            gutter = (f"{match['mark']}{match['number']}", "bold yellow" if ">" in match["mark"] else "dim")
            page.append(Text.assemble(gutter, _code(match["code"])))
        else:
            page.append(_line(line, section))
    return Text("\n").join(page)


def _head_style(head: str) -> str:
    return next((style for pattern, style in _HEAD if pattern.search(head)), _PLAIN_HEAD)


def _code(line: str) -> Text:
    """One line alone: what is shown may begin within a docstring, of which nobody here sees the beginning."""
    shown = _SYNTAX.highlight(line)
    shown.rstrip()
    return shown if shown.plain == line else Text(line)


def _line(line: str, section: str) -> Text:
    if section == "stack" and (match := _FRAME.fullmatch(line)):
        return Text.assemble((match["number"], "dim"), (match["name"], "bold"), match["rest"])
    if section != "output" and (match := _VARIABLE.fullmatch(line)):
        return Text.assemble((match["name"], "blue"), (match["equals"], "dim"), match["value"])
    return Text(line, _STYLES.get(section, ""))
