"""get_stack, get_variables, evaluate, set_variable: looking in and changing."""

from __future__ import annotations

import pytest
from agent import Agent, line_of

from conftest import Program

pytestmark = pytest.mark.anyio

ORDER = """
    import time
    from dataclasses import dataclass, field

    RATE = 0.25

    @dataclass
    class Item:
        name: str
        price: float

    class Order:
        def __init__(self):
            self.items = [Item(f"item{n}", n * 1.5) for n in range(5)]
            self.notes = {"gift": True, "lines": ["a", "b"]}
            self._secret = "x"

        @property
        def total(self):
            return sum(item.price for item in self.items)

    class Broken:
        def __repr__(self):
            raise ValueError("no repr")

    class Slow:
        def __repr__(self):
            time.sleep(30)
            return "slow"

    def handle(order, big, text):
        broken = Broken()
        slow = Slow()
        empty = None
        count = len(big)
        return count + RATE  # @stop

    print(handle(Order(), list(range(1_000_000)), "x" * 5000))
"""


async def stopped(agent: Agent, program: Program) -> None:
    path = program(ORDER)
    stop = await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'stop')}"])
    assert stop.line == line_of(path, "stop")
    assert stop.tokens <= 1000
    assert stop.locals["broken"] == "<Broken: repr failed with ValueError: no repr>"
    assert stop.locals["slow"] == "<Slow: repr took longer than 0.5 s>"
    assert stop.locals["text"].endswith("(5,000 chars)")
    assert stop.locals["big"].endswith("1,000,000 in all]")


async def test_a_path_opens_attributes_items_and_keys(both: Agent, program: Program) -> None:
    await stopped(both, program)
    assert (await both.ok("get_variables", path="order.items[3].price")).data["value"] == "4.5"
    assert (await both.ok("get_variables", path="order.notes['lines'][-1]")).data["value"] == "'b'"
    opened = await both.ok("get_variables", path="order", depth=2)
    assert ".items: list = [Item(name='item0', price=0.0)" in opened.text
    assert "  ['gift']: bool = True" in opened.text
    wrong = await both.error("get_variables", path="order.itens")
    assert wrong.startswith("path: AttributeError: 'Order' object has no attribute 'itens'")
    assert "use evaluate" in await both.error("get_variables", path="len(order.items)")


async def test_a_million_items_are_paged(both: Agent, program: Program) -> None:
    await stopped(both, program)
    page = await both.ok("get_variables", path="big", start=999_998, count=10)
    assert page.data["items"] == ["[999998]: int = 999998", "[999999]: int = 999999"]
    assert page.data["shown"] == "2 of 1,000,000 from 999998"
    first = await both.ok("get_variables", path="big", count=2)
    assert first.data["next"] == "start=2 for more"
    found = await both.ok("get_variables", path="order.notes", filter="gi")
    assert found.data["items"] == ["['gift']: bool = True"]


async def test_scopes_and_filters_choose_names(both: Agent, program: Program) -> None:
    await stopped(both, program)
    names = await both.ok("get_variables", filter="^(count|empty)$")
    assert names.data["items"] == ["empty: NoneType = None", "count: int = 1000000"]
    globals_ = await both.ok("get_variables", scope="globals", filter="RATE")
    assert globals_.data["items"] == ["RATE: float = 0.25"]
    outer = await both.ok("get_variables", frame=1)
    assert "hidden" in outer.data
    assert "RATE: float = 0.25" in outer.data["items"]


async def test_evaluate_gives_values_statements_and_exceptions(both: Agent, program: Program) -> None:
    await stopped(both, program)
    many = await both.ok("evaluate", expression=["order.total", "[i.name for i in order.items][:count and 2]", "1 / 0"])
    assert many.data["results"] == [
        "order.total = 15.0  (float)",
        "[i.name for i in order.items][:count and 2] = ['item0', 'item1']  (list, 2 parts)",
        "1 / 0 = ZeroDivisionError: division by zero",
    ]
    assert "done" in (await both.ok("evaluate", expression="import math\nfresh = math.floor(2.7)")).text
    assert (await both.ok("evaluate", expression="fresh")).data["value"] == "2  (int)"
    assert "SyntaxError" in (await both.ok("evaluate", expression="1 +")).data["error"]
    printed = await both.ok("evaluate", expression="print('from inside')")
    assert printed.data["output"] == "from inside\n"
    assert (await both.ok("evaluate", expression="RATE", frame=1)).data["value"] == "0.25  (float)"


@pytest.mark.parametrize("endless", ["while True: pass", "time.sleep(100)"])
async def test_an_evaluation_that_never_ends_is_interrupted(agent: Agent, program: Program, endless: str) -> None:
    await stopped(agent, program)
    answer = await agent.ok("evaluate", expression=endless, timeout_s=0.5)
    assert answer.data["error"].startswith("TimeoutError: interrupted after 0.5 s")
    assert (await agent.ok("evaluate", expression="count")).data["value"] == "1000000  (int)"


async def test_an_evaluation_stuck_in_c_code_is_told_and_the_session_can_be_ended(
    agent: Agent, program: Program
) -> None:
    await stopped(agent, program)
    text = await agent.error("evaluate", expression="sum(iter(int, 1))", timeout_s=0.1)
    assert "no answer to evaluate within" in text
    assert "It may be inside C code" in text
    assert (await agent.ok("stop")).state == "ended"


async def test_set_variable_reads_back_and_the_program_uses_it(both: Agent, program: Program) -> None:
    await stopped(both, program)
    assert (await both.ok("set_variable", path="count", value="41")).data["assigned"] == "count = 41  (int)"
    assert "19.0  (float)" in (await both.ok("set_variable", path="order.items[0].price", value="9.5 * 2")).text
    assert (await both.ok("evaluate", expression="order.total")).data["value"] == "34.0  (float)"
    gone = await both.ok("continue")
    assert gone.data["output"] == "41.25\n"


async def test_a_value_that_cannot_be_set_is_an_error_and_changes_nothing(both: Agent, program: Program) -> None:
    await stopped(both, program)
    assert "ZeroDivisionError" in await both.error("set_variable", path="count", value="1/0")
    assert "not something that can be assigned" in await both.error("set_variable", path="count + 1", value="2")
    assert "not something that can be assigned" in await both.error("set_variable", path="count", value="x =")
    assert "IndexError" in await both.error("set_variable", path="order.items[99]", value="1")
    assert (await both.ok("evaluate", expression="count")).data["value"] == "1000000  (int)"


async def test_a_deep_stack_is_paged(both: Agent, program: Program) -> None:
    path = program("def dive(n):\n    if n:\n        return dive(n - 1)\n    return 0  # @deep\n\ndive(60)\n")
    stop = await both.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'deep')}"])
    assert stop.data["stack"][-1] == "57 more: get_stack"
    assert stop.tokens <= 350
    page = await both.ok("get_stack", start=58, count=2)
    assert [line.split()[0] for line in page.data["stack"]] == ["#58", "#59"]
    assert page.data["next"] == "start=60 for more"
    assert (await both.ok("evaluate", expression="n", frame=58)).data["value"] == "58  (int)"
    assert "the stack has 0 to 61" in await both.error("get_variables", frame=62)


async def test_hostile_values_are_shown_in_bounds(agent: Agent, program: Program) -> None:
    path = program(r"""
        class Exits:
            def __repr__(self):
                raise SystemExit(3)

        class NotText:
            def __repr__(self):
                return 7

        class Lies:
            def __getattr__(self, name):
                return self
            def __len__(self):
                raise RuntimeError("no length")
            def __eq__(self, other):
                raise RuntimeError("no equality")
            __class__ = property(lambda self: int)

        exits, not_text, lies = Exits(), NotText(), Lies()
        control = "\x1b[31mred\x07\u202ertl"
        loop = []
        loop.append(loop)
        huge = 1 << 100000
        lines = "one\ntwo"
        nested = [[[[[[1]]]]]]
        print("end")  # @end
    """)
    stop = await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'end')}"])
    values = stop.locals
    assert values["exits"] == "<Exits: repr failed with SystemExit: 3>"
    assert values["not_text"].startswith("<NotText: repr ")
    assert values["lies"] == "<Lies>"
    assert "\x1b" not in stop.text
    assert "\u202e" not in stop.text
    assert values["loop"] == "[[…]]"
    assert values["huge"] == "<int of 100,001 bits>"
    assert values["lines"] == r"'one\ntwo'"
    assert (await agent.ok("continue")).data["exit_code"] == 0
