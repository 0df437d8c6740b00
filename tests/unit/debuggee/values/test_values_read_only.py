"""Values where no code of the program may run: told by what they hold, whatever they would say of themselves."""

from __future__ import annotations

import abc
import collections
import dataclasses
import decimal
import enum
import pathlib
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import pytest

from mcp_debug_tool.debuggee import read_only
from mcp_debug_tool.debuggee.inspecting import evaluation, moves
from mcp_debug_tool.debuggee.raising import chain
from mcp_debug_tool.debuggee.stopping import breakpoints
from mcp_debug_tool.debuggee.values import describe, pages, parts


class Asked(BaseException):
    """Some code of the program's has run; nothing swallows it."""


def asked(*args: object, **kwargs: object) -> NoReturn:
    raise Asked


class Order:
    __repr__ = __str__ = __len__ = __iter__ = __getitem__ = __getattr__ = __eq__ = __hash__ = __bool__ = asked

    def __init__(self) -> None:
        self.name = "tea"
        self.parts = [1, 2]


class Slotted:
    __slots__ = ("left", "right")
    __repr__ = asked

    def __init__(self) -> None:
        self.left = 1


class Empty:
    __repr__ = asked


class Basket(list):  # type: ignore[type-arg]
    __repr__ = __iter__ = __len__ = __getitem__ = asked


class Prices(dict):  # type: ignore[type-arg]
    __repr__ = __iter__ = __len__ = __getitem__ = items = keys = asked


class Lazy(Mapping):  # type: ignore[type-arg]
    __repr__ = __iter__ = __len__ = __getitem__ = asked

    def __init__(self) -> None:
        self._rows = {"a": 1}


class Rows(Sequence):  # type: ignore[type-arg]
    __repr__ = __len__ = __getitem__ = asked

    def __init__(self) -> None:
        self._table = "rows"


class Colour(enum.Enum):
    RED = 1
    __repr__ = asked


class Level(enum.IntEnum):
    HIGH = 3


class Failed(Exception):
    __repr__ = __str__ = asked


@dataclasses.dataclass
class Item:
    name: str
    price: int = 0


def computed(self: object) -> NoReturn:
    raise Asked


Item.price = property(computed)  # type: ignore[assignment]


class Meta(type):
    __repr__ = asked


class Made(metaclass=Meta):
    pass


def function() -> None:
    """Has a name."""


@pytest.fixture(autouse=True)
def careful() -> Iterator[None]:
    read_only.switch(True)
    yield
    read_only.switch(False)


def item() -> Item:
    made = Item.__new__(Item)
    made.__dict__["name"] = "pen"
    return made


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda: Order(), "<Order name='tea', parts=[1, 2]>"),
        (lambda: [Order()], "[<Order name='tea', parts=[1, 2]>]"),
        (lambda: {"order": Empty()}, "{'order': <Empty>}"),
        (lambda: Slotted(), "<Slotted left=1>"),
        (lambda: Basket([1, 2]), "Basket([1, 2])"),
        (lambda: Prices(tea=3), "Prices({'tea': 3})"),
        (lambda: Lazy(), "<Lazy _rows={'a': 1}>"),
        (lambda: Rows(), "<Rows _table='rows'>"),
        (lambda: Colour.RED, "<Colour.RED: 1>"),
        (lambda: Level.HIGH, "<Level.HIGH: 3>"),
        (lambda: Failed("no tea", Empty()), "Failed('no tea', <Empty>)"),
        (lambda: item(), "Item(name='pen')"),
        (lambda: collections.deque([Empty()]), "deque([<Empty>])"),
        (lambda: slice(Empty(), None), "<slice>"),
        (lambda: types.SimpleNamespace(a=Empty()), "SimpleNamespace(a=<Empty>)"),
        (lambda: Made, "<Meta>"),
        (lambda: Made(), "<Made>"),
    ],
)
def test_a_value_is_told_by_what_it_holds(make: Callable[[], object], shown: str) -> None:
    assert describe(make()) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (function, "<function function>"),
        (len, "<built-in function len>"),
        (Order, f"<class '{__name__}.Order'>"),
        (abc.ABC, "<class 'abc.ABC'>"),
        (range(3), "range(0, 3)"),
        (decimal.Decimal("1.5"), "Decimal('1.5')"),
        (pathlib.PurePosixPath("/a"), "PurePosixPath('/a')"),
        (..., "Ellipsis"),
    ],
)
def test_what_asks_nobody_says_it_itself(value: object, shown: str) -> None:
    assert describe(value) == shown


def opened(value: object) -> list[tuple[str, Any]]:
    return parts.of(value).page(0, 10)


def test_a_value_is_opened_by_what_it_keeps() -> None:
    assert opened(Order()) == [(".name", "tea"), (".parts", [1, 2])]
    assert opened(Lazy()) == [("._rows", {"a": 1})]
    assert opened(Rows()) == [("._table", "rows")]
    assert opened(Basket([5])) == [("[0]", 5)]
    assert opened(Prices(tea=3)) == [("['tea']", 3)]
    assert not any(type(part) is pages.Unreadable for _, part in opened(Failed("x")))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ValueError("no tea"), "no tea"),
        (lambda: KeyError("tea"), "'tea'"),
        (lambda: FileNotFoundError(2, "No such file", "/a"), "[Errno 2] No such file: '/a'"),
        (lambda: Failed("no tea"), "'no tea'"),
        (lambda: ValueError(Empty()), "<Empty>"),
        (lambda: ValueError("no", Empty()), "'no', <Empty>"),
    ],
)
def test_an_exception_tells_its_message_where_python_makes_it(make: Callable[[], BaseException], message: str) -> None:
    assert chain.told(make(), 200) == message


def test_what_computes_and_changes_is_refused_inside_the_program_too() -> None:
    with pytest.raises(PermissionError, match="read-only"):
        evaluation.evaluate(1, ["1"], 1, 100, (0, 1.0))
    with pytest.raises(PermissionError, match="read-only"):
        evaluation.set_variable(1, "a", "1", 1, 100)
    with pytest.raises(PermissionError, match="read-only"):
        moves.destination(1, 1)
    for rule in ({"condition": "1"}, {"log_message": "{x}"}):
        assert "read-only" in str(breakpoints.check(rule))
    assert breakpoints.check({"hit_condition": [">", 3]}) is None


def test_elsewhere_a_value_is_asked() -> None:
    read_only.switch(False)
    assert describe(Order()) == "<Order: repr failed with Asked>"
