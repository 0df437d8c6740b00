"""What a path names, found without a word to any object of the program's."""

from __future__ import annotations

import collections
import functools
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest

from mcp_debug_tool.debuggee import read_only
from mcp_debug_tool.debuggee.inspecting import paths


class Asked(Exception):
    """Some code of the program's has run."""


class Key:
    """A key that would be asked whether it is another: it has the hash of one."""

    is_asked = False

    def __init__(self, like: object) -> None:
        self._like = like

    def __hash__(self) -> int:
        return hash(self._like)

    def __eq__(self, other: object) -> bool:
        if Key.is_asked:
            raise Asked
        return False


class Asking(type):
    def __getattr__(cls, name: str) -> Any:
        raise Asked


class Order(metaclass=Asking):
    rate = 0.5
    __slots__ = ("__dict__", "slot")

    def __init__(self) -> None:
        self.items = {Key("first"): 0, "first": 1, ("a", 1): 2, None: 3, True: 4}
        self.lines = [[1, 2, 3], (4, 5)]
        self.slot = "in a slot"

    @property
    def total(self) -> int:
        raise Asked

    @functools.cached_property
    def cached(self) -> int:
        raise Asked

    def __getattr__(self, name: str) -> Any:
        raise Asked

    def __getattribute__(self, name: str) -> Any:
        raise Asked

    def __getitem__(self, key: object) -> Any:
        raise Asked


class Lines(list):  # type: ignore[type-arg]
    def __getitem__(self, key: Any) -> Any:
        raise Asked


class Prices(dict):  # type: ignore[type-arg]
    def __getitem__(self, key: Any) -> Any:
        raise Asked

    def items(self) -> Any:
        raise Asked


ORDER = Order()
Key.is_asked = True


def here(order: Order = ORDER) -> types.FrameType:
    lines, prices = Lines([7, 8]), Prices(tea=3)
    counts, big = collections.Counter("aab"), collections.deque([1])
    assert [type(value) for value in (lines, prices, counts, big)]
    return sys._getframe()


@pytest.fixture(autouse=True)
def careful() -> Iterator[None]:
    read_only.switch(True)
    yield
    read_only.switch(False)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (" order.rate ", 0.5),
        ("order.slot", "in a slot"),
        ("order.items['first']", 1),
        ("order.items['a', 1]", 2),
        ("order.items[None]", 3),
        ("order.items[True]", 4),
        ("order.lines[0][-1]", 3),
        ("order.lines[0][1:]", [2, 3]),
        ("order.lines[0][::2]", [1, 3]),
        ("order.lines[1][0]", 4),
        ("lines[1]", 8),
        ("prices['tea']", 3),
        ("counts['a']", 2),
        ("ORDER.rate", 0.5),
        ("Order.rate", 0.5),
        ("len", len),
    ],
)
def test_names_attributes_and_items_are_found(path: str, value: object) -> None:
    assert paths.named(here(), path) == value


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("order.total", "total would have to be computed, which this server does not do: it is read-only"),
        ("order.cached", "cached would have to be computed"),
        ("order.made_up", "there is no made_up in a "),
        ("order[0]", "an item of a .*Order would have to be computed"),
        ("order.items['none']", "KeyError: 'none'"),
        ("order.items[1]", "KeyError: 1"),
        ("order.lines[5]", "IndexError"),
        ("order.lines['x']", "TypeError"),
        ("order.lines[len(order)]", "in the brackets would have to be computed"),
        ("order.add()", "it would have to be computed"),
        ("1 + order", "it would have to be computed"),
        ("(lambda: order)()", "it would have to be computed"),
        ("nothing", "there is no name nothing here"),
        ("big[0]", "an item of a collections.deque would have to be computed"),
    ],
)
def test_what_would_have_to_be_computed_is_not(path: str, why: str) -> None:
    with pytest.raises(paths.Unknown, match=why):
        paths.named(here(), path)


def test_what_is_no_expression_is_refused() -> None:
    with pytest.raises(SyntaxError):
        paths.named(here(), "order = 1")


def test_elsewhere_evaluate_is_named_instead() -> None:
    read_only.switch(False)
    with pytest.raises(paths.Unknown, match="total would have to be computed; use evaluate"):
        paths.named(here(), "order.total")
