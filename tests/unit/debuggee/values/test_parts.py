"""The parts of a value, by the page, however many there are and whatever is behind them."""

from __future__ import annotations

import collections
import enum
import functools
import re
import sys
import types
import unittest.mock
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_debug_tool.debuggee.values import pages, parts

ALL = 10**9


class Point(NamedTuple):
    x: int
    y: int


class Plain:
    def __init__(self, **attributes: object) -> None:
        self.__dict__.update(attributes)


class Slotted:
    __slots__ = ("second", "first")  # noqa: RUF023

    def __init__(self) -> None:
        self.second, self.first = 2, 1


class Named(list[int]):
    def __init__(self, *items: int) -> None:
        super().__init__(items)
        self.name = "n"


class Color(enum.Enum):
    RED = 1


class Failure(Exception):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.code = 3


def whole(value: object) -> list[tuple[str, Any]]:
    return list(parts.of(value).page(0, ALL))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([7, 8], [("[0]", 7), ("[1]", 8)]),
        ((7,), [("[0]", 7)]),
        (range(2), [("[0]", 0), ("[1]", 1)]),
        (collections.deque([7]), [("[0]", 7)]),
        ({"a": 1, 2: 3}, [("['a']", 1), ("[2]", 3)]),
        (collections.OrderedDict(a=1), [("['a']", 1)]),
        (types.MappingProxyType({"a": 1}), [("['a']", 1)]),
        (collections.UserDict(a=1), [("['a']", 1)]),
        (collections.UserList([7]), [("[0]", 7)]),
        ({"a": 1}.items(), [("[0]", ("a", 1))]),
        ({"b", "a"}, [("{0}", "a"), ("{1}", "b")]),
        (Point(1, 2), [(".x", 1), (".y", 2)]),
        (Plain(a=1), [(".a", 1)]),
        (Slotted(), [(".second", 2), (".first", 1)]),
        (Named(7), [("[0]", 7), (".name", "n")]),
        (Color.RED, [(".name", "RED"), (".value", 1)]),
        (Color, [(".RED", Color.RED)]),
        (Failure("bad"), [(".args", ("bad",)), (".code", 3)]),
        (functools.partial(print, 1), [(".func", print), (".args", (1,)), (".keywords", {})]),
        ("text", []),
        (b"bytes", []),
        (5, []),
        (None, []),
    ],
    ids=lambda value: type(value).__name__,
)
def test_parts_are_named_as_they_are_reached(value: object, expected: list[tuple[str, object]]) -> None:
    assert whole(value) == expected
    assert parts.count(value) == parts.of(value).total == len(expected)


def test_the_parts_of_a_class_or_module_are_its_public_names_and_are_only_counted_when_opened() -> None:
    names = [name for name, _ in whole(sys)]
    assert ".path" in names
    assert not any(name.startswith(".__") for name in names)
    assert parts.of(sys).total == len(names)
    assert parts.count(sys) == parts.count(Plain) == 0


@settings(deadline=None, max_examples=60)
@given(
    value=st.lists(st.integers(), max_size=20)
    | st.dictionaries(st.integers(), st.integers(), max_size=20)
    | st.sets(st.integers(), max_size=20)
    | st.lists(st.integers(), max_size=20).map(lambda items: Named(*items)),
    start=st.integers(min_value=0, max_value=25),
    count=st.integers(min_value=0, max_value=25),
)
def test_a_page_is_that_slice_of_the_parts(value: Any, start: int, count: int) -> None:
    assert parts.of(value).page(start, count) == whole(value)[start : start + count]


def test_a_page_far_into_a_huge_range_is_not_walked_to() -> None:
    assert parts.of(range(10**15)).page(10**14, 1) == [(f"[{10**14}]", 10**14)]


def test_a_filter_finds_names_and_pages_what_it_finds() -> None:
    table = parts.of({f"key{number}": number for number in range(100)})
    total, page = table.matching(re.compile("9").search, 1, 2)
    assert total == 19
    assert page == [("['key19']", 19), ("['key29']", 29)]
    assert parts.of(Named(*range(30))).matching(re.compile("n|29").search, 0, 9) == (2, [("[29]", 29), (".name", "n")])


class Rows(Sequence[int]):
    """Counting and reading it is work."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def __len__(self) -> int:
        self.asked.append("len")
        return 10**9

    def __getitem__(self, index: Any) -> Any:
        self.asked.append(index)
        return index


class Lazy(Mapping[int, int]):
    def __init__(self) -> None:
        self.read: list[int] = []

    def __len__(self) -> int:
        return 1000

    def __iter__(self) -> Iterator[int]:
        return iter(range(1000))

    def __getitem__(self, key: int) -> int:
        self.read.append(key)
        if key == 2:
            raise KeyError(key)
        return key


def test_a_collection_that_somebody_wrote_is_asked_only_for_the_page() -> None:
    rows, lazy = Rows(), Lazy()
    assert parts.count(rows) == parts.count(lazy) == 0
    assert rows.asked == []
    assert parts.of(rows).page(10**8, 1) == [(f"[{10**8}]", 10**8)]
    assert rows.asked == ["len", 10**8]
    assert parts.of(lazy).page(500, 1) == [("[500]", 500)]
    assert parts.of(lazy).matching(re.compile("99").search, 0, 1) == (19, [("[99]", 99)])
    assert lazy.read == [500, 99]


def test_a_part_that_is_not_given_is_told_among_the_others() -> None:
    (_, one), (name, gone) = parts.of(Lazy()).page(1, 2)
    assert (one, name) == (1, "[2]")
    assert isinstance(gone, pages.Unreadable)
    assert isinstance(gone.error, KeyError)


def test_a_collection_that_does_not_tell_its_length_shows_its_attributes() -> None:
    class Broken(Rows):
        def __len__(self) -> int:
            raise RuntimeError("no length")

    assert whole(Broken()) == [(".asked", [])]


def test_a_list_that_lies_of_its_length_is_shown_as_it_is() -> None:
    class Liar(list[int]):
        def __len__(self) -> int:
            raise RuntimeError("no length")

        def __getitem__(self, index: Any) -> Any:
            raise RuntimeError("no items")

    assert whole(Liar([1])) == [("[0]", 1)]


def test_a_generator_is_not_asked_for_anything() -> None:
    numbers = iter(range(3))
    generator = (number for number in numbers)
    assert whole(generator) == []
    assert list(generator) == [0, 1, 2]


def test_a_mock_counts_none_of_our_looks() -> None:
    mock = unittest.mock.MagicMock(name="api")
    mock.get(1)
    found = dict(whole(mock))
    assert found[".called"] is False
    assert dict(whole(found[".get"]))[".call_count"] == 1
    assert mock.mock_calls == [unittest.mock.call.get(1)]


def test_a_query_set_is_opened_only_when_it_has_its_rows() -> None:
    class QuerySet:
        def __init__(self, rows: list[str] | None) -> None:
            self.model = Plain
            self._result_cache = rows

        def __len__(self) -> int:
            raise AssertionError("the database was asked")

        __iter__ = __getitem__ = __len__

    QuerySet.__module__, QuerySet.__qualname__ = "django.db.models.query", "QuerySet"
    assert whole(QuerySet(["a", "b"])) == [("[0]", "a"), ("[1]", "b")]
    assert (".model", Plain) in whole(QuerySet(None))
