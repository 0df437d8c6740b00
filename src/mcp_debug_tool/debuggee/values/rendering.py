"""Values as a person would want to read them: one line, bounded, without addresses, whatever the object does.

What the types table knows is walked here under a budget, so that a million items cost as little as ten. Other objects
are asked for their repr(), and what goes wrong there is shown in its place.
"""

from __future__ import annotations

import itertools
import types
from typing import Any

from .. import read_only
from ..running.limits import TimeLimit
from . import addresses, kinds, known_types
from .layouts import MOST_PARTS, Key, Layout, Text

_PLAIN = frozenset((str, bytes, int, float, bool, complex, type(None)))
LINE = 120
MAX_DEPTH = 4
_MAX_KEY = 60
_LEAST_SHARE = 20
_MAX_REPR = 100_000
_CODE_TYPES = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)
_CODE_MODULES = ("typing", "__future__", "_frozen_importlib")


def runs_no_code(value: object) -> bool:
    """Whether `describe` only meets Python's own types in it, and so needs no time limit."""
    kind = type(value)
    if type(kind) is not type:
        return False  # a metaclass has a say in what `in` does
    if kind in _PLAIN:
        return True
    if kind is dict:
        pairs: Any = value
        return all(_is_plain(key) and _is_plain(item) for key, item in itertools.islice(pairs.items(), MOST_PARTS))
    if kind is list or kind is tuple or kind is set or kind is frozenset:
        parts: Any = value
        return all(map(_is_plain, itertools.islice(parts, MOST_PARTS)))
    return False


def _is_plain(value: object) -> bool:
    kind = type(value)
    return type(kind) is type and kind in _PLAIN


def describe(value: object, limit: int = LINE) -> str:
    """`value` in at most `limit` characters, on one line."""
    return cut(_render(value, limit, MAX_DEPTH, ()), limit)


def cut(text: str, limit: int) -> str:
    """`text` in one line of at most `limit` characters; a cut says how much there was."""
    if "\n" in text or "\r" in text:
        text = " ".join(text.split())
    if len(text) <= limit:
        return text
    note = "… (%s chars)" % format(len(text), ",")
    return text[: max(limit - len(note), 1)] + note


def type_name(value: object) -> str:
    """The name of a value's type; with its module where that is not the program or Python itself."""
    return kinds.full_name(type(value))


def is_code(value: object) -> bool:
    """Whether a module-level name is a part of the program's text rather than its data."""
    return issubclass(type(value), _CODE_TYPES) or kinds.module(type(value)) in _CODE_MODULES


def _render(value: Any, limit: int, depth: int, above: tuple[int, ...]) -> str:
    kind = type(value)
    try:
        if kind is Text:
            return str.__str__(value)
        if kind is Layout:
            return _drawn(value, limit, depth, above)
        found = _known(value, limit)
        if found is None:
            return _own_repr(value, limit)
        if type(found) is not Layout:
            return str(found)
        return _drawn_or_own(found, value, limit, depth, above)
    except TimeLimit:
        raise
    except BaseException as error:
        return "<%s: repr failed with %s>" % (kinds.name(kind), failure(error))


def _known(value: object, limit: int) -> Layout | str | None:
    try:
        return known_types.layout(value, limit)
    except Exception:
        return None  # half-made, or of a version that the table does not know


def _drawn_or_own(layout: Layout, value: object, limit: int, depth: int, above: tuple[int, ...]) -> str:
    """What the table knows of the type; where that does not fit this value, its own repr."""
    if id(value) in above:
        return layout.again
    try:
        return _drawn(layout, limit, depth, (*above, id(value)))
    except Exception:
        return _own_repr(value, limit)


def failure(error: BaseException, most: int = 60) -> str:
    """`ValueError: its message`, whatever the error does when it is asked for that."""
    name = kinds.name(type(error))
    try:
        text = str(error)[:most]
    except TimeLimit:
        raise
    except BaseException:
        return name
    return "%s: %s" % (name, text) if text else name


def _own_repr(value: object, limit: int) -> str:
    if read_only.is_on and not known_types.asks_nobody(value):
        return "<%s>" % kinds.name(type(value))
    text: Any = repr(value)
    length = str.__len__(text)
    # The program can make this as long as it likes, and of a class of its own.
    if length <= _MAX_REPR:
        return addresses.without(str.__getitem__(text, slice(0, length)))
    note = "… (%s chars)" % format(length, ",")
    return str.__getitem__(text, slice(0, max(limit - len(note), 1))) + note


def _drawn(layout: Layout, limit: int, depth: int, above: tuple[int, ...]) -> str:
    """The parts that fit, and how many there are in all when some of the outermost do not."""
    if layout.brief is not None and depth <= 1:
        return layout.brief
    if depth == 0 and layout.total:
        return layout.opening + "…" + layout.closing
    # What can be named briefly is worth fewer levels.
    depth -= 2 if layout.brief is not None else 1
    note = "… %s in all" % format(layout.total, ",") if layout.counted and len(above) == 1 else "…"
    room = limit - len(layout.opening) - len(layout.closing)
    texts: list[str] = []
    for key, value in layout.parts:
        if room <= 0 or len(texts) >= layout.most:
            break
        texts.append(_part(key, value, _room_for_one(layout, len(texts), room, len(note)), depth, above))
        room -= len(texts[-1]) + 2
    else:
        whole = layout.opening + ", ".join(texts) + layout.closing
        if len(whole) <= limit:
            return whole
    return _as_many_as_fit(layout, texts, note, limit)


def _room_for_one(layout: Layout, drawn: int, room: int, note: int) -> int:
    """What the next part may take, so that those after it can be shown, or at least told of."""
    if drawn + 1 >= layout.total:
        return room
    among = layout.share - drawn
    return max(room // among - 2, _LEAST_SHARE) if among > 1 else max(room - note - 2, _LEAST_SHARE)


def _as_many_as_fit(layout: Layout, texts: list[str], note: str, limit: int) -> str:
    room = limit - len(layout.opening) - len(layout.closing) - len(note)
    kept: list[str] = []
    for text in texts:
        room -= len(text) + 2
        if room < 0:
            break
        kept.append(text)
    return layout.opening + ", ".join([*kept, note]) + layout.closing


def _part(key: Any, value: object, limit: int, depth: int, above: tuple[int, ...]) -> str:
    if type(key) is Key:
        start = _render(key.value, min(limit, _MAX_KEY), 1, above) + ": "
    else:
        start = key
    return start + _render(value, max(limit - len(start), 12), depth, above)
