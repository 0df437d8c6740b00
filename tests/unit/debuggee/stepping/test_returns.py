"""What came back from calls: whose ends count, by which names, and how many are kept."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

import pytest

from mcp_debug_tool.debuggee.stepping import returns


class Order:
    def __init__(self) -> None:
        self.made = sys._getframe()

    def total(self) -> FrameType:
        return sys._getframe()

    @staticmethod
    def rate() -> FrameType:
        return sys._getframe()


class Equal:
    """Refuses to be compared, as arrays do."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")

    __hash__ = None  # type: ignore[assignment]


def plain() -> FrameType:
    return sys._getframe()


def generates() -> Iterator[int]:
    yield 1


async def awaited() -> None:
    pass


def test_a_method_has_the_name_of_its_class_and_an_inner_function_its_own() -> None:
    def inner() -> FrameType:
        return sys._getframe()

    assert returns.function_name(plain()) == "plain"
    assert returns.function_name(Order().total()) == "Order.total"
    assert returns.function_name(inner()) == "inner"


@pytest.mark.parametrize(
    ("code", "counts"),
    [
        (plain.__code__, True),
        (awaited.__code__, True),
        (Order.total.__code__, True),
        ((lambda: 1).__code__, True),
        (generates.__code__, False),
        (Order.__init__.__code__, False),
        (compile("a = 1", "module.py", "exec"), False),
        (compile("[a for a in b]", "module.py", "eval"), False),
    ],
)
def test_the_end_of_a_function_counts_and_that_of_a_module_or_generator_does_not(code: CodeType, counts: bool) -> None:
    assert returns.gives_value(code) is counts


def recorded(*calls: tuple[FrameType, Any]) -> list[tuple[str, Any]]:
    record = returns.Returned()
    for frame, value in calls:
        record.add(frame, value)
    return record.named()


def test_values_come_in_the_order_of_the_returns() -> None:
    assert recorded((plain(), 1), (Order().total(), 2)) == [("plain", 1), ("Order.total", 2)]


def test_of_many_calls_of_one_function_the_last_are_kept_with_their_numbers() -> None:
    frame = plain()
    found = recorded((Order.rate(), 0.5), *((frame, number) for number in range(100)))
    assert found == [("Order.rate", 0.5), ("plain #98", 97), ("plain #99", 98), ("plain #100", 99)]


def test_of_many_functions_the_last_are_kept() -> None:
    names: dict[str, Any] = {"sys": sys}
    exec("\n".join(f"def made_{number}(): return sys._getframe()" for number in range(20)), names)
    found = recorded(*((names[f"made_{number}"](), number) for number in range(20)))
    assert [value for _, value in found] == list(range(12, 20))


def test_values_are_never_compared() -> None:
    frame = plain()
    assert len(recorded(*((frame, Equal()) for _ in range(10)))) == returns.MAX_OF_ONE


def test_a_thread_that_goes_on_lets_go_of_its_values() -> None:
    record = returns.begin()
    record.add(plain(), 1)
    assert returns.named() == [("plain", 1)]
    returns.let_go()
    assert returns.named() == []
    record.add(plain(), 2)
    assert record.named() == [], "a frame that goes on may hold the record, but no values by it"
