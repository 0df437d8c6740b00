"""The programs that are debugged, the same for every way of debugging them, and an MCP server that does nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shared import line_of

BILL = """\
from dataclasses import dataclass


@dataclass
class Item:
    name: str
    price: float
    qty: int


def basket(items, rate):
    total = 0.0  # @stop
    for index, item in enumerate(items):
        gross = item.price * item.qty
        net = gross - gross * rate
        total += net
    return round(total, 2)


def main():
    items = [Item("pen", 2.0, 3), Item("ink", 7.5, 2), Item("pad", 4.0, 1)] * 8
    print("basket", basket(items, 0.1))


main()
"""

CRASH = """\
def price_of(order):
    try:
        return int(order["price"])
    except ValueError as error:
        raise KeyError("no price for " + order["name"]) from error


def main():
    orders = [{"name": "pen", "price": "2"}, {"name": "ink", "price": "x"}]
    print(sum(price_of(order) for order in orders))


main()
"""

WAITING = """\
import sys
from dataclasses import dataclass


@dataclass
class Item:
    name: str
    price: float


items = [Item(str(number), number / 2) for number in range(100)]
print("waiting", flush=True)
line = sys.stdin.readline()  # @wait
"""

# A program that other people have started, attached to while it runs.
TILL = """\
import time


def sell(number):
    return number * 2  # @sell


number = 0
print("open", flush=True)
while True:
    number += 1
    sell(number)
    time.sleep(0.001)
"""

PASSING_TEST = """\
def test_sum():
    assert sum([1, 2, 3]) == 6
"""

# What a raw client of debugpy has to put before the program.
WRAPPER = """\
import runpy, sys
import debugpy
debugpy.connect(("127.0.0.1", int(sys.argv[1])))
runpy.run_path(sys.argv[2], run_name="__main__")
"""

EMPTY_SERVER = """\
from mcp.server import MCPServer

server = MCPServer("empty", log_level="WARNING")


@server.tool()
def ping() -> str:
    '''Answer.'''
    return "pong"


server.run()
"""


@dataclass(frozen=True)
class Programs:
    """Where the programs stand, and the lines to stop at."""

    folder: Path
    bill: Path
    bill_line: int
    crash: Path
    waiting: Path
    waiting_line: int
    till: Path
    till_line: int
    passing_test: Path
    nothing: Path
    wrapper: Path
    empty_server: Path


def write(folder: Path) -> Programs:
    """The programs, written into `folder`."""

    def file(name: str, source: str) -> Path:
        path = folder / name
        path.write_text(source, encoding="utf-8")
        return path

    bill, waiting, till = file("bill.py", BILL), file("waiting.py", WAITING), file("till.py", TILL)
    return Programs(
        folder=folder,
        bill=bill,
        bill_line=line_of(bill, "stop"),
        crash=file("crash.py", CRASH),
        waiting=waiting,
        waiting_line=line_of(waiting, "wait"),
        till=till,
        till_line=line_of(till, "sell"),
        passing_test=file("test_passing.py", PASSING_TEST),
        nothing=file("nothing.py", ""),
        wrapper=file("wrapper.py", WRAPPER),
        empty_server=file("empty_server.py", EMPTY_SERVER),
    )
