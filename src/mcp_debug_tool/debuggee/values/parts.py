"""The parts of any value, named as a path reaches them: `[0]`, `['key']`, `.attribute`.

A collection that somebody wrote is asked for its length and its items only when it is opened, and then for no more
than a page of them: behind it may be a database.
"""

from __future__ import annotations

import collections.abc
from typing import Any

from .. import read_only
from . import kinds
from .known_parts import KNOWN
from .pages import Parts, attributes, indexed, iterated, keyed

# Their own text is enough of them in a list; opened, they tell their names.
_CODE = ("builtins.type", "builtins.module")
_ABSTRACT = ("collections.Mapping", "collections.Sequence", "collections.Set")


def of(value: Any) -> Parts:
    """The parts of a value that is opened."""
    return _known(value) or (None if read_only.is_on else _collection(value)) or attributes(value)


def count(value: Any) -> int:
    """How many parts a value has, as far as that is known without running code of the program."""
    names = [kinds.known_as(base) for base in kinds.bases(type(value))]
    if any(name in _CODE for name in names) and "_member_map_" not in _names_of(value):
        return 0
    if any(name in _ABSTRACT for name in names) and not any(name in KNOWN for name in names):
        return 0
    return (_known(value) or attributes(value)).total


def _names_of(value: Any) -> Any:
    return kinds.own_names(value) if isinstance(value, type) else ()


def _known(value: Any) -> Parts | None:
    for base in kinds.bases(type(value)):
        known = KNOWN.get(kinds.known_as(base))
        if known is not None:
            try:
                return known(value, base)
            except Exception:
                return None  # half-made: its attributes tell as much as there is
    return None


def _collection(value: Any) -> Parts | None:
    kind = type(value)
    try:
        if issubclass(kind, collections.abc.Mapping):
            return keyed(len(value), lambda: iter(value), lambda key: value[key])
        if issubclass(kind, collections.abc.Sequence):
            return indexed(len(value), lambda index: value[index])
        if issubclass(kind, collections.abc.Set):
            return iterated(len(value), lambda: iter(value), "{%d}")
    except Exception:
        return None
    return None
