"""Values that were too long for an answer, kept whole for whoever wants to read them: the last few of a session."""

from __future__ import annotations

from collections import OrderedDict

from .errors import UsageError

MAX_VALUES = 8
MAX_CHARS = 256 * 1024
"""What is longer is not kept."""


class WholeValues:
    """Texts by number, counted from 1; the oldest gives way."""

    def __init__(self) -> None:
        self._texts: OrderedDict[int, str] = OrderedDict()
        self._last = 0

    def keep(self, text: str) -> int:
        """Keep a text; answers its number."""
        self._last += 1
        self._texts[self._last] = text
        if len(self._texts) > MAX_VALUES:
            self._texts.popitem(last=False)
        return self._last

    def numbers(self) -> list[int]:
        """Those that are kept, oldest first."""
        return list(self._texts)

    def text(self, number: int) -> str:
        """The text of this number.

        Raises:
            UsageError: it is not kept, or there never was one.
        """
        if number not in self._texts:
            kept = ", ".join(map(str, self._texts)) or "none"
            raise UsageError(f"value {number} is not kept, only the last {MAX_VALUES} that were cut: {kept}")
        return self._texts[number]
