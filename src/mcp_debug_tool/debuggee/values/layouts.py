"""How a value is laid out in one line: what stands around its parts, and the parts themselves, not yet drawn.

`known_types`, `arrays` and `tables` make layouts; `values` draws them under a budget. Parts are taken one by one, and
only as many as there is room for: a generator here costs what is shown, not what there is.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

MOST_PARTS = 100
# So that the first of several long values does not hide the others.
_SHARE = 3


class Text(str):
    """A part that is drawn as it stands."""

    __slots__ = ()


class Key(object):
    """A part's key that is itself a value, drawn before a colon; text instead stands as it is."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


class Layout(object):
    """`opening`, `total` parts and `closing`.

    The first `share` parts have equal parts of the room, and those after them what is left; more than `most` are not
    shown. An object that is met again inside itself is drawn as `again`; where there is no room for its parts, `brief`
    stands for it. `counted`: how many parts there are is said where not all are shown.
    """

    __slots__ = ("again", "brief", "closing", "counted", "most", "opening", "parts", "share", "total")

    def __init__(
        self,
        opening: str,
        parts: Iterable[tuple[Any, Any]],
        closing: str,
        total: int,
        *,
        share: int = 1,
        most: int = MOST_PARTS,
        counted: bool = True,
        again: str | None = None,
        brief: str | None = None,
    ) -> None:
        self.opening = opening
        self.parts = parts
        self.closing = closing
        self.total = total
        self.share = min(share, total)
        self.most = most
        self.counted = counted
        self.again = opening + "…" + closing if again is None else again
        self.brief = brief


def one(opening: str, value: object, closing: str) -> Layout:
    """A single value in what stands around it: `<weakref to x>`."""
    return Layout(opening, [("", value)], closing, 1, counted=False)


def items(opening: str, values: Iterable[Any], closing: str, total: int, *, counted: bool = True) -> Layout:
    """Values one after the other: `[1, 2]`."""
    return Layout(opening, zip(itertools.repeat(""), values), closing, total, counted=counted)


def pairs(opening: str, found: Iterable[tuple[Any, Any]], closing: str, total: int, *, counted: bool = True) -> Layout:
    """Keys and values: `{'a': 1}`."""
    keyed = ((Key(key), value) for key, value in found)
    return Layout(opening, keyed, closing, total, share=_SHARE, counted=counted)


def fields(opening: str, found: list[tuple[str, Any]], closing: str, brief: str | None = None) -> Layout:
    """Names and values: `Item(name='pen', price=1.5)`; a value without a name stands alone."""
    named = [("%s=" % name if name else "", value) for name, value in found]
    return Layout(opening, named, closing, len(found), share=_SHARE, counted=False, again="…", brief=brief)
