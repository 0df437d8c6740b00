"""The names that may stand at the cursor, found without running anything of the program's."""

from __future__ import annotations

import functools
import json
import sys
from types import FrameType
from typing import Any

import pytest

from mcp_debug_tool.debuggee.inspecting import completion, paths

LIMIT = 3


class Slotted:
    __slots__ = ("empty", "full")

    def __init__(self) -> None:
        self.full = 1.5


class Order:
    rate = 0.5

    def __init__(self) -> None:
        self.items = {"first": 1, "second": ["x"], "it's": None, 3: "three"}
        self._hidden = 1
        self.slotted = Slotted()
        self.kind = Order

    @property
    def total(self) -> int:
        raise AssertionError("computed")

    @functools.cached_property
    def cached(self) -> int:
        raise AssertionError("computed")

    @classmethod
    def make(cls) -> Order:
        return cls()

    def add(self) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"asked for {name}")

    def __dir__(self) -> list[str]:
        raise AssertionError("asked for its names")


class Keys(dict):  # type: ignore[type-arg]
    def keys(self) -> Any:
        raise AssertionError("asked for its keys")

    def __getitem__(self, key: object) -> Any:
        raise AssertionError("asked for an item")


def here() -> FrameType:
    order, orders, keys, length = Order(), [Order()], Keys(a=1), LIMIT
    assert order
    assert orders
    assert keys
    assert length
    return sys._getframe()


def names(head: str) -> list[list[str]]:
    return completion.at_cursor(here(), head)[1]


def test_the_attributes_of_a_value_come_with_their_kinds() -> None:
    assert names("order.") == [
        ["add", "function"],
        ["cached", "property"],
        ["items", "dict"],
        ["kind", "class"],
        ["make", "function"],
        ["rate", "float"],
        ["slotted", "test_completion.Slotted"],
        ["total", "property"],
        ["_hidden", "int"],
    ]


def test_what_has_been_typed_chooses_and_is_told() -> None:
    assert completion.at_cursor(here(), "print(1, order.it") == ("it", [["items", "dict"]])
    assert names("order.__ini") == [["__init__", "function"], ["__init_subclass__", "function"]]
    assert names("order.zz") == []


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("order.slotted.", [["empty", "attribute"], ["full", "float"]]),
        ("orders[0].to", [["total", "property"]]),
        ("orders[-1].to", [["total", "property"]]),
        ("order.items['second'].appe", [["append", "function"]]),
        ("order.kind.tot", [["total", "property"]]),
        ("f(orders, order.ra", [["rate", "float"]]),
        ("x = [order . ra", [["rate", "float"]]),
        ("json.dum", [["dump", "function"], ["dumps", "function"]]),
        ("json.decoder.JSONDecodeE", [["JSONDecodeError", "class"]]),
    ],
)
def test_a_path_is_followed(head: str, found: list[list[str]]) -> None:
    assert json
    assert names(head) == found


def test_keys_of_a_dict_are_completed_in_the_quotes_they_were_begun_with() -> None:
    assert names('order.items["') == [['"first"', "int"], ['"it\'s"', "NoneType"], ['"second"', "list"]]
    assert names("order.items['s") == [["'second'", "list"]]
    assert names("keys['") == [["'a'", "int"]]


def test_names_come_from_the_frame_then_the_module_then_python() -> None:
    found = names("l")
    assert found[0] == ["length", "int"]
    assert ["len", "function"] in found
    assert names("LIM") == [["LIMIT", "int"]]
    assert [name for name, _ in names("")[:4]] == ["keys", "length", "order", "orders"]


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("order.total.", "computed"),
        ("order.cached.", "computed"),
        ("order.items['second'][5].", "IndexError"),
        ("order.items['none'].", "KeyError"),
        ("order.missing.", "there is no missing"),
        ("nothing.", "there is no name nothing"),
        ("f(x).", "a path"),
        ("f(x).y.", "computed"),
        ("(1 + 2).", "a path"),
        ("order['", "no dict"),
        ("order[0].", "computed"),
        (".", "a path"),
    ],
)
def test_what_would_have_to_be_computed_is_refused(head: str, why: str) -> None:
    with pytest.raises(paths.Unknown, match=why):
        names(head)
