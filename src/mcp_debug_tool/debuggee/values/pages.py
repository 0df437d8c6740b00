"""Something with many parts, told by the page: only the page's parts are read, and nothing is copied."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from . import kinds, rendering

_LONGEST_KEY = 80


class Unreadable(object):
    """Stands for a part that its owner did not give."""

    __slots__ = ("error",)

    def __init__(self, error: Exception) -> None:
        self.error = error


class Parts(object):
    """`total` parts, of which each is known by an entry: what it is `name`d and how to `get` it.

    `entries` is a sequence, or makes an iterator: then a page is walked to, but not read on the way.
    """

    __slots__ = ("_entries", "_get", "_name", "total")

    def __init__(self, total: int, entries: Any, name: Callable[[Any], str], get: Callable[[Any], Any]) -> None:
        self.total = total
        self._entries = entries
        self._name = name
        self._get = get

    def page(self, start: int, count: int) -> list[tuple[str, Any]]:
        """(name, value) of `count` parts from `start` on."""
        if callable(self._entries):
            chosen: Iterable[Any] = itertools.islice(self._entries(), start, start + count)
        else:
            chosen = self._entries[start : start + count]
        return [(self._name(entry), self._read(entry)) for entry in chosen]

    def matching(self, search: Callable[[str], Any], start: int, count: int) -> tuple[int, list[tuple[str, Any]]]:
        """How many parts have a name that `search` finds something in, and a page of these."""
        found, total = [], 0
        for entry in self._entries() if callable(self._entries) else self._entries:
            name = self._name(entry)
            if search(name):
                if start <= total < start + count:
                    found.append((name, self._read(entry)))
                total += 1
        return total, found

    def _read(self, entry: Any) -> Any:
        try:
            return self._get(entry)
        except Exception as error:
            return Unreadable(error)


class Joined(Parts):
    """The parts of one, then those of another."""

    __slots__ = ("_first", "_second")

    def __init__(self, first: Parts, second: Parts) -> None:
        self._first = first
        self._second = second
        self.total = first.total + second.total

    def page(self, start: int, count: int) -> list[tuple[str, Any]]:
        found = self._first.page(start, count)
        return found + self._second.page(max(start - self._first.total, 0), count - len(found))

    def matching(self, search: Callable[[str], Any], start: int, count: int) -> tuple[int, list[tuple[str, Any]]]:
        total, found = self._first.matching(search, start, count)
        more, rest = self._second.matching(search, max(start - total, 0), count - len(found))
        return total + more, found + rest


def listed(found: list[tuple[str, Any]]) -> Parts:
    """Parts that are there already, with their whole names."""
    return Parts(len(found), found, lambda pair: pair[0], lambda pair: pair[1])


def attributes(value: Any) -> Parts:
    """An instance's own attributes; no property and no `__getattr__` of the program runs."""
    return listed([("." + name, item) for name, item in kinds.instance_items(value)])


def indexed(total: int, get: Callable[[int], Any], form: str = "[%d]") -> Parts:
    """Parts that are reached by their number."""
    return Parts(total, range(total), lambda index: form % index, get)


def iterated(total: int, entries: Callable[[], Iterable[Any]], form: str = "[%d]") -> Parts:
    """Parts that can only be met in their order."""
    return Parts(total, lambda: enumerate(entries()), lambda entry: form % entry[0], lambda entry: entry[1])


def pairs(total: int, entries: Callable[[], Iterable[Any]]) -> Parts:
    """Keys with their values at hand."""
    return Parts(total, lambda: iter(entries()), lambda pair: key_name(pair[0]), lambda pair: pair[1])


def keyed(total: int, keys: Any, get: Callable[[Any], Any]) -> Parts:
    """Keys whose values have to be asked for."""
    return Parts(total, keys, key_name, get)


def key_name(key: object) -> str:
    """`['price']`."""
    return "[%s]" % rendering.describe(key, _LONGEST_KEY)
