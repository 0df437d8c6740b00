"""What stands in a gallery program (debuggees/gallery*.py): its families of values, and the text for each."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent / "debuggees"
_VALUE = re.compile(r"\s+(\w+) = .*?  #: (.*)")
_STOP = re.compile(r"\s+here\(\)  # @(\w+)")


class Family:
    """The values of one function: where to stop, and by name the texts that are right."""

    def __init__(self, name: str, line: int, texts: dict[str, list[str]]) -> None:
        self.name = name
        self.line = line
        self.texts = texts

    def wrong(self, shown: dict[str, str]) -> dict[str, str]:
        """Those of `shown` that are not as they should be; a name that is missing too."""
        return {name: shown.get(name, "(missing)") for name in self.texts if not self._is_right(name, shown)}

    def _is_right(self, name: str, shown: dict[str, str]) -> bool:
        return name in shown and any(_matches(shown[name], text) for text in self.texts[name])


def _matches(shown: str, text: str) -> bool:
    return shown.startswith(text[:-1]) if text.endswith("*") else shown == text


def families(path: Path) -> list[Family]:
    """The families of a gallery in the order of the file."""
    found: list[Family] = []
    texts: dict[str, list[str]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if value := _VALUE.fullmatch(line):
            texts[value[1]] = value[2].split("||")
        elif stop := _STOP.fullmatch(line):
            found.append(Family(stop[1], number, texts))
            texts = {}
    return found
