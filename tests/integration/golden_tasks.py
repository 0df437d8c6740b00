"""Debugging tasks as sequences of calls, the same for every way to make them: over MCP, or as words of a shell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent import line_of

Call = tuple[str, dict[str, Any]]

BILL = """
    import sys
    from dataclasses import dataclass

    @dataclass
    class Item:
        name: str
        price: float
        qty: int

    def line_total(item, rate):
        gross = item.price * item.qty
        net = gross - gross * rate  # @net
        return net

    def basket(items, rate=0.1):
        total = 0
        for index, item in enumerate(items):
            total += line_total(item, rate)  # @add
        return total

    def main():
        items = [Item("pen", 2.0, 3), Item("ink", 7.5, 2), Item("pad", 4.0, 1)]
        print("basket", basket(items))
        explain({"a": [1, {"b": 3}]})

    def explain(data):
        try:
            int("x")  # @cause
        except ValueError as error:
            raise KeyError("missing") from error  # @boom

    main()
"""

ASKS = """
    name = input("name? ")
    answer = len(name)  # @answer
    for _ in range(3):
        print("hello", name)
"""

TESTS = """
    def total(cart):
        return sum(price for price in cart.values())

    def test_total():
        cart = {"pen": 2, "ink": 7}
        assert total(cart) == 10  # @assert
"""


def main_job(path: Path) -> list[Call]:
    """Stop, look, change, go on, crash, look."""
    net, add = line_of(path, "net"), line_of(path, "add")
    return [
        ("start", {"program": str(path), "args": ["--x", "1 2"], "breakpoints": [{"file": str(path), "line": net}]}),
        ("get_stack", {}),
        ("get_variables", {"path": "item"}),
        ("evaluate", {"expression": ["gross * 2", "item.nothing"]}),
        ("set_variable", {"path": "rate", "value": "0.5"}),
        ("step", {}),
        ("step", {"kind": "out"}),
        ("set_breakpoint", {"file": str(path), "line": add, "condition": "index == 2"}),
        ("remove_breakpoint", {"breakpoint": "b1"}),
        ("continue", {}),
        ("list_breakpoints", {}),
        ("continue", {"until": f"{path}:{line_of(path, 'cause')}"}),
        ("continue", {}),
        ("get_variables", {"path": "data", "depth": 2}),
        ("get_output", {"since": 0}),
        ("continue", {}),
        ("stop", {}),
    ]


def refusals(path: Path) -> list[Call]:
    """Each mistake is answered, and nothing is lost by it."""
    return [
        ("step", {}),
        ("start", {"program": "nowhere.py"}),
        ("start", {"program": str(path), "breakpoints": [{"file": str(path), "line": line_of(path, "net")}]}),
        ("evaluate", {"expression": "nobody"}),
        ("get_variables", {"path": "nobody"}),
        ("continue", {"session": "s9"}),
        ("set_breakpoint", {"file": str(path), "line": 4000}),
        ("step", {"kind": "into"}),
        ("stop", {}),
    ]


def conversation(path: Path) -> list[Call]:
    """A program that asks, is answered, and is run again."""
    return [
        (
            "start",
            {
                "program": str(path),
                "breakpoints": [{"file": str(path), "line": line_of(path, "answer")}],
                "timeout_s": 1,
            },
        ),
        ("get_output", {"send": "Ada\n"}),
        ("wait", {}),
        ("step", {"count": 3}),
        ("get_output", {"stream": "stdout", "since": 0}),
        ("restart", {"timeout_s": 1}),
        ("get_output", {"send": "Bo\n"}),
        ("wait", {}),
        ("evaluate", {"expression": "name"}),
        ("continue", {}),
        ("stop", {}),
    ]


def failing_test(path: Path) -> list[Call]:
    """A test that fails stops where it fails."""
    return [
        ("start", {"pytest": [f"{path}::test_total"]}),
        ("evaluate", {"expression": "sum(cart.values())"}),
        ("continue", {}),
        ("stop", {}),
    ]


TASKS: dict[str, tuple[str, str, Callable[[Path], list[Call]]]] = {
    "main job": ("bill.py", BILL, main_job),
    "refusals": ("bill.py", BILL, refusals),
    "conversation": ("asks.py", ASKS, conversation),
    "failing test": ("test_cart.py", TESTS, failing_test),
}
"""File, source and calls of each."""
