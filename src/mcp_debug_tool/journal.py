"""The journal of a session: all that the program printed and logged, kept in a bounded ring and read by cursor.

Nothing is lost by a call that is cancelled or a client that goes away: whoever comes later reads from its own
cursor. A cursor is a position in bytes of the text since the start; 0 is the beginning.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stream = Literal["stdout", "stderr", "log"]

# One MiB holds some 10,000 lines; what is pushed out is counted.
MAX_KEPT = 1024 * 1024
# More of a line than anyone shows of it.
_LAST_LINE = 2000


@dataclass(frozen=True)
class _Chunk:
    stream: Stream
    start: int
    data: bytes


@dataclass(frozen=True)
class Excerpt:
    """A piece of the journal: its text, where to read on, and what is not in it."""

    text: str
    next: int
    """Cursor behind this piece."""
    dropped: int = 0
    """Bytes before it that the ring no longer holds."""
    left: int = 0
    """Bytes behind it that were not asked for."""


class Journal:
    """Text of `stdout`, `stderr` and log points in the order it arrived; `changed` is called after each addition."""

    def __init__(self, changed: Callable[[], None] = lambda: None, *, max_kept: int = MAX_KEPT) -> None:
        self._changed = changed
        self._max_kept = max_kept
        self._chunks: deque[_Chunk] = deque()
        self._kept = 0
        self._decoders: dict[Stream, codecs.IncrementalDecoder] = {
            "stdout": _decoder(),
            "stderr": _decoder(),
            "log": _decoder(),
        }
        self.end = 0
        """Cursor behind everything so far."""

    def add(self, stream: Stream, data: bytes) -> None:
        """Append what came from `stream`; bytes that are no UTF-8 become visible escapes."""
        self._append(stream, self._decoders[stream].decode(data))

    def finish(self) -> None:
        """Append what the streams left unfinished in the middle of a character."""
        for stream, decoder in self._decoders.items():
            self._append(stream, decoder.decode(b"", final=True))

    def _append(self, stream: Stream, text: str) -> None:
        if not text:
            return
        encoded = text.encode("utf-8", "backslashreplace")
        self._chunks.append(_Chunk(stream, self.end, encoded))
        self.end += len(encoded)
        self._kept += len(encoded)
        while self._kept > self._max_kept:
            self._drop_oldest()
        self._changed()

    def _drop_oldest(self) -> None:
        oldest = self._chunks.popleft()
        over = self._kept - self._max_kept
        if len(oldest.data) > over:
            kept = oldest.data[over:]
            self._chunks.appendleft(_Chunk(oldest.stream, oldest.start + over, kept))
            self._kept -= over
        else:
            self._kept -= len(oldest.data)

    @property
    def first(self) -> int:
        """Cursor of the oldest byte still kept."""
        return self._chunks[0].start if self._chunks else self.end

    def read(self, since: int, *, limit: int, stream: Stream | None = None, last: bool = False) -> Excerpt:
        """At most `limit` bytes from the cursor `since` on, of one stream or all; with `last` the last of them."""
        start = max(since, self.first)
        pieces = [
            (max(chunk.start, start), chunk.data[max(start - chunk.start, 0) :])
            for chunk in self._chunks
            if chunk.start + len(chunk.data) > start and stream in (None, chunk.stream)
        ]
        total = sum(len(data) for _, data in pieces)
        dropped = max(self.first - since, 0)
        if last:
            kept = b"".join(data for _, data in pieces)[-limit:] if limit else b""
            return Excerpt(_text(kept), self.end, dropped + total - len(kept))
        taken = bytearray()
        end = self.end
        for position, data in pieces:
            room = limit - len(taken)
            taken += data[:room]
            if len(data) >= room:
                end = position + room
                break
        # A character that the limit cuts in two comes whole with the next page.
        while taken and end < self.end and total > len(taken) and not _is_whole(taken):
            del taken[-1]
            end -= 1
        return Excerpt(_text(bytes(taken)), end, dropped, total - len(taken))

    def last_line(self) -> str:
        """The last line that is not empty; of a very long one its end."""
        lines = [line for line in self.read(0, limit=_LAST_LINE, last=True).text.splitlines() if line.strip()]
        return lines[-1] if lines else ""

    def search(self, pattern: re.Pattern[str], since: int) -> re.Match[str] | None:
        """The first match of `pattern` in what was kept since the cursor."""
        return pattern.search(self.read(since, limit=self._max_kept).text)


def _decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")("backslashreplace")


def _is_whole(data: bytearray) -> bool:
    """Whether the last character is complete; UTF-8 says in its first byte how many there are."""
    for back, byte in enumerate(reversed(data[-4:]), 1):
        if byte & 0b1100_0000 != 0b1000_0000:
            return back >= (1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4)
    return True


def _text(data: bytes) -> str:
    # The first character may be cut in two by the ring or by a cursor; its piece is left out.
    return data.decode("utf-8", "ignore")
