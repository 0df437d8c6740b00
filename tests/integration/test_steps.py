"""Steps in detail: into one call of a line, and what came back from the calls they pass, on every Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import pythons
from agent import Agent, Reply, line_of

from conftest import Program

pytestmark = [pytest.mark.anyio, pytest.mark.interpreters]


@pytest.fixture(params=pythons.VERSIONS)
def python(request: pytest.FixtureRequest) -> str:
    """Each version in turn; the test is skipped where it is not installed."""
    version: str = request.param
    found = pythons.find(version)
    if found is None:
        pytest.skip(f"no CPython {version} on this machine")
    return found


async def started(agent: Agent, path: Path, python: str, mark: str, **arguments: Any) -> Reply:
    """The stop at a mark; the breakpoint is gone, so that it does not stop a step."""
    there = {"file": str(path), "line": line_of(path, mark), "temporary": True}
    stop = await agent.ok("start", program=str(path), python=python, breakpoints=[there], **arguments)
    assert stop.line == line_of(path, mark), stop
    return stop


async def come_to(agent: Agent, path: Path, stop: Reply, mark: str) -> None:
    """Run to the line of a mark, unless it is there."""
    line = line_of(path, mark)
    if (stop.line, function(stop)) != (line, "work"):
        there = await agent.ok("continue", until=f"{path}:{line}")
        assert there.line == line, there


def function(stop: Reply) -> str:
    """The function a stop is in."""
    return str(stop.data["at"]).rpartition(" in ")[2]


def qualified(python: str, name: str) -> str:
    """The name of a static method; before 3.11 nothing in its frame tells its class."""
    return name if python in {pythons.find(version) for version in ("3.11", "3.12", "3.13")} else name.split(".")[-1]


# --- into one call of a line ----------------------------------------------------------------------------------

CALLS = """
    import asyncio
    import functools

    class Order:
        def __init__(self, size):
            self.size = size

        def add(self, more):
            return self

        def total(self):
            return self.size

    def g(x):
        return x

    def h(y=0, key=0):
        return y

    def f(*args, **options):
        return args

    def f_of(x):
        return g

    def wrapped(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args)
        return wrapper

    @functools.lru_cache(maxsize=None)
    def cached(x):
        return x

    def mapped(function, values):
        return [function(value) for value in values]

    async def fetch(x):
        await asyncio.sleep(0)
        return x

    async def main(x):
        return await fetch(g(1)) + await fetch(2)  # @await

    def work(order, x, y):
        a = f(g(x), h(y))  # @nested
        a = order.add(x).total()  # @chain
        a = f(  # @lines
            g(x),
            h(
                key=y,
            ),
        )
        a = [h(i) for i in range(2)]  # @comprehension
        a = sum(g(i) for i in range(2))  # @generator
        a = sorted([2, 1], key=lambda i: g(i))  # @lambda
        a = f(*[x], **{"k": y})  # @starred
        a = g(1) + g(g(2))  # @twice
        a = cached(x) or h(y)  # @shortcut
        a = len(str(g(x)))  # @builtin
        a = wrapped(h)(y)  # @made
        a = functools.reduce(f, [1, 2, 3])  # @library
        a = f_of(x)(y)  # @called
        a = Order(5)  # @class
        a = {"k": h(1), "l": g(2)}  # @dict
        if g(x) and h(y): a = f(x)  # @if
        with_assert(x)
        return a

    def with_assert(x):
        assert g(x) == x, h(x)  # @assert
        try:
            x = 1
        finally:
            g(x)  # @finally

    work(Order(3), 1, 2)
    asyncio.run(main(1))
"""


# By the mark of a line: what to aim at, and the function that is entered then.
TARGETS = {
    "nested": [("g", "g"), ("h", "h"), ("f", "f")],
    "chain": [("order.add", "add"), ("total", "total")],
    "lines": [("f", "f"), ("g", "g"), ("h", "h")],
    "comprehension": [("h", "h")],
    "generator": [("g", "g")],
    "lambda": [("g", "g")],
    "starred": [("f", "f")],
    "shortcut": [("cached", "cached")],
    "builtin": [("g(x)", "g")],
    "made": [("wrapped(h)(y)", "wrapper"), ("wrapped", "wrapped")],
    "library": [("functools.reduce", "f")],
    "called": [("f_of(x)(y)", "g"), ("f_of(x)", "f_of")],
    "class": [("Order", "__init__")],
    "dict": [("g", "g"), ("h", "h")],
    "if": [("h", "h"), ("f", "f"), ("g", "g")],
    "assert": [("g", "g")],
    "finally": [("g", "g")],
    "await": [("fetch", "fetch"), ("g", "g")],
}


@pytest.mark.parametrize("number", [0, 1, 2])
async def test_a_step_goes_into_the_call_it_names(agent: Agent, program: Program, python: str, number: int) -> None:
    path = program(CALLS)
    lines = [(mark, *targets[number]) for mark, targets in TARGETS.items() if number < len(targets)]
    stop = await started(agent, path, python, lines[0][0])
    for mark, target, entered in lines:
        await come_to(agent, path, stop, mark)
        stop = await agent.ok("step", target=target)
        assert (mark, target, function(stop), stop.reason) == (mark, target, entered, "step")
        assert "notes" not in stop.data


async def test_of_two_calls_of_one_name_the_first_to_come_is_entered(
    agent: Agent, program: Program, python: str
) -> None:
    path = program(CALLS)
    await started(agent, path, python, "twice")
    entered = []
    for _ in range(3):
        stop = await agent.ok("step", target="g")
        entered.append(stop.locals["x"].split()[0])
        back = await agent.ok("step", kind="out")
        assert back.line == line_of(path, "twice")
    assert entered == ["1", "2", "2"]
    assert "there are none" in await agent.error("step", target="g")


@pytest.mark.parametrize(("mark", "target"), [("shortcut", "h"), ("builtin", "len")])
async def test_a_call_that_is_not_made_or_is_no_code_of_the_users_ends_at_the_next_line(
    agent: Agent, program: Program, python: str, mark: str, target: str
) -> None:
    path = program(CALLS)
    await started(agent, path, python, mark)
    stop = await agent.ok("step", target=target)
    assert stop.line == line_of(path, mark) + 1
    assert stop.data["notes"] == [f"{target} was not entered: it was not called, or only C or library code was"]


async def test_a_call_the_line_does_not_make_is_refused_with_those_it_makes(
    agent: Agent, program: Program, python: str
) -> None:
    path = program(CALLS)
    await started(agent, path, python, "nested")
    refused = await agent.error("step", target="add")
    assert refused.startswith("target: the line has no call of 'add' to come; there are g, h, f")
    assert function(await agent.ok("step", target="h")) == "h", "nothing has moved"


async def test_the_kind_does_not_matter_to_a_target_and_only_the_first_step_has_it(
    agent: Agent, program: Program, python: str
) -> None:
    path = program(CALLS)
    await started(agent, path, python, "nested")
    stop = await agent.ok("step", target="h", kind="out", count=2)
    assert "work" in stop.data["at"]
    assert stop.line == line_of(path, "nested")
    assert stop.data["notes"] == ["2 of 2 steps taken"]


async def test_a_breakpoint_on_the_way_comes_before_the_target(agent: Agent, program: Program, python: str) -> None:
    path = program(CALLS)
    await started(agent, path, python, "nested")
    await agent.ok("set_breakpoint", function="g")
    stop = await agent.ok("step", target="f")
    assert function(stop) == "g"
    assert stop.reason.startswith("breakpoint")
    await agent.ok("remove_breakpoint", all=True)
    assert (await agent.ok("step", kind="out")).line == line_of(path, "nested")
    assert (await agent.ok("step")).line == line_of(path, "chain"), "the target is forgotten"


async def test_library_code_between_is_passed_over_on_the_way_to_the_users(
    agent: Agent, program: Program, python: str
) -> None:
    path = program("""
        import contextlib
        import functools

        def scaled(total, value):
            return total + value

        @contextlib.contextmanager
        def open_order(name):
            inside = name  # @inside
            yield inside

        def work():
            total = functools.partial(functools.reduce, scaled)([1, 2])
            manager = contextlib.ExitStack()
            entered = manager.enter_context(open_order("x"))  # @enter
            return entered

        work()
    """)
    await started(agent, path, python, "enter")
    stop = await agent.ok("step", target="manager.enter_context")
    assert stop.line == line_of(path, "inside")


# --- what came back -------------------------------------------------------------------------------------------

VALUES = """
    import asyncio
    import json
    import weakref

    made = []

    class Thing:
        def __init__(self, size):
            self.size = size

        @property
        def total(self):
            return self.size * 3

        def grow(self, by):
            self.size += by
            return self

        @staticmethod
        def rate():
            return 0.5

        def __add__(self, other):
            return Thing(self.size + other.size)

    def discount(total):
        return total / 2

    def refuses(total):
        raise ValueError(total)

    def make():
        thing = Thing(1)
        made.append(weakref.ref(thing))
        return thing

    def numbers():
        yield 1
        yield 2

    async def fetch(n):
        await asyncio.sleep(0.001)
        return {"got": n}

    async def main():
        before = 1
        got = await fetch(discount(4))  # @await
        return got  # @awaited

    def work(thing):
        a = thing.total + discount(12)  # @property
        thing.grow(1).grow(2)  # @chain
        b = Thing.rate()  # @static
        c = json.dumps([1])  # @library
        d = sorted([3, 1, 2], key=lambda n: -n)  # @lambda
        e = thing + thing  # @operator
        try:
            refuses(discount(2))  # @raises
        except ValueError:
            f = list(numbers())  # @generator
        import colorsys  # @import
        class Local:  # @body
            value = discount(8)
        g = discount(discount(8))  # @nested
        seen = sorted(locals())  # @locals
        make()  # @make
        alive = made[-1]() is not None  # @alive
        alive = made[-1]() is not None  # @later
        print(seen, alive)
        return a  # @return

    result = work(Thing(5))  # @call
    names = sorted(name for name in globals() if "pydev" in name or "ret" in name)  # @module
    print(names)
    asyncio.run(main())
"""


# By the mark of a line: what came back from the calls it makes.
RETURNED = {
    "property": {"Thing.total": "15", "discount": "6.0"},
    "chain": {"Thing.grow": "<Thing size=8>", "Thing.grow #2": "<Thing size=8>"},
    "library": {"dumps": "'[1]'"},
    "lambda": {"<lambda>": "-3", "<lambda> #2": "-1", "<lambda> #3": "-2"},
    "operator": {"Thing.__add__": "<Thing size=16>"},
    "raises": {"discount": "1.0"},
    "generator": {},
    "import": {},
    "nested": {"discount": "4.0", "discount #2": "2.0"},
    "locals": {},
    "make": {"make": "<Thing size=1>"},
    "await": {"discount": "2.0", "fetch": "{'got': 2.0}"},
}


async def test_a_step_over_a_line_shows_what_its_calls_came_back_with(
    agent: Agent, program: Program, python: str
) -> None:
    path = program(VALUES)
    stop = await started(agent, path, python, "property")
    for mark, returned in RETURNED.items():
        await come_to(agent, path, stop, mark)
        stop = await agent.ok("step")
        assert (mark, stop.reason, stop.data.get("returned", {})) == (mark, "step", returned)
        assert ("returned:\n  " in stop.text) is bool(returned)


async def test_a_step_over_a_line_of_a_module_shows_it_too(agent: Agent, program: Program, python: str) -> None:
    path = program(VALUES)
    await started(agent, path, python, "call")
    stop = await agent.ok("step")
    assert stop.data["returned"] == {"work": "21.0"}
    assert stop.locals["result"] == "21.0"
    assert not [name for name in stop.locals if "pydev" in name]


async def test_a_static_method_is_named_as_well_as_python_knows_it(agent: Agent, program: Program, python: str) -> None:
    path = program(VALUES)
    await started(agent, path, python, "static")
    assert (await agent.ok("step")).data["returned"] == {qualified(python, "Thing.rate"): "0.5"}


async def test_a_step_out_shows_what_the_function_came_back_with(agent: Agent, program: Program, python: str) -> None:
    path = program(VALUES)
    await started(agent, path, python, "make")
    stop = await agent.ok("step", kind="out")
    assert stop.line == line_of(path, "call")
    assert stop.data["returned"] == {"work": "21.0"}
    assert "returned" not in (await agent.ok("step")).data, "it is told once"


async def test_a_step_out_by_an_exception_shows_no_value(agent: Agent, program: Program, python: str) -> None:
    path = program("""
        def fails():
            raise KeyError("k")  # @raise

        def work():
            try:
                fails()
            except KeyError:
                caught = 1  # @caught
            return caught

        work()
    """)
    await started(agent, path, python, "raise")
    stop = await agent.ok("step", kind="out")
    assert "returned" not in stop.data


async def test_the_program_sees_nothing_of_it_and_its_objects_live_no_longer_than_a_step(
    agent: Agent, program: Program, python: str
) -> None:
    path = program(VALUES)
    await started(agent, path, python, "locals")
    await agent.ok("step")
    made = await agent.ok("step")
    assert made.data["returned"] == {"make": "<Thing size=1>"}
    assert made.line == line_of(path, "alive")
    later = await agent.ok("step")
    assert later.locals["alive"] == "False", "the value is let go when the thread goes on"
    await agent.ok("continue", until=f"{path}:{line_of(path, 'module')}")
    await agent.ok("step")
    end = await agent.ok("continue")
    assert end.data["exit_code"] == 0
    printed = (await agent.ok("get_output", since=0)).data["output"]
    local_names = ["Local", "a", "b", "c", "colorsys", "d", "e", "f", "g", "thing"]
    assert printed == f"{local_names} False\n[]\n"


async def test_a_value_is_let_go_though_the_call_after_it_is_still_under_way(
    agent: Agent, program: Program, python: str
) -> None:
    path = program("""
        import weakref

        class Thing:
            pass

        def make():
            global made
            thing = Thing()
            made = weakref.ref(thing)
            return thing

        def size(n):
            half = n / 2  # @half
            alive = made() is not None  # @alive
            return alive  # @end

        def work():
            both = bool(make()) + size(4)  # @both
            return both

        work()
    """)
    await started(agent, path, python, "both")
    await agent.ok("set_breakpoint", file=str(path), line=line_of(path, "half"))
    stop = await agent.ok("step")
    assert stop.line == line_of(path, "half")
    assert stop.data["returned"] == {"make": "<Thing>"}
    end = await agent.ok("continue", until=f"{path}:{line_of(path, 'end')}")
    assert end.locals["alive"] == "False"
    assert "returned" not in end.data


async def test_what_watches_the_calls_is_there_for_steps_alone(agent: Agent, program: Program, python: str) -> None:
    path = program("""
        import sys

        def one():
            return 1

        def seen():
            if hasattr(sys, "monitoring"):
                return [sys.monitoring.get_tool(number) for number in range(6)]
            return type(sys.gettrace()).__name__

        def work():
            before = seen()  # @before
            one()  # @one
            one()
            after = seen()  # @after
            return before == after, "function" in str(after), str(after).count("mcp")  # @return

        print(work())
    """)
    await started(agent, path, python, "one")
    assert (await agent.ok("step")).data["returned"] == {"one": "1"}
    assert (await agent.ok("step")).data["returned"] == {"one": "1"}
    assert (await agent.ok("continue")).data["output"] == "(True, False, 0)\n"


async def test_a_stop_elsewhere_shows_what_had_come_back_before_it(agent: Agent, program: Program, python: str) -> None:
    path = program(VALUES)
    await started(agent, path, python, "raises", break_on=["raised"])
    stop = await agent.ok("step")
    assert stop.data["exception"][0].startswith("ValueError: 1.0")
    assert stop.data["returned"] == {"discount": "1.0"}
    await agent.ok("set_breakpoint", file=str(path), line=line_of(path, "later"))
    assert "returned" not in (await agent.ok("continue")).data


async def test_many_calls_of_a_line_are_bounded(agent: Agent, program: Program, python: str) -> None:
    path = program("""
        def one(n):
            return "x" * 10000

        def other(n):
            return n

        def work():
            total = max(map(one, range(500))) and other(1)  # @many
            return total

        work()
    """)
    await started(agent, path, python, "many")
    stop = await agent.ok("step")
    assert list(stop.data["returned"]) == ["one #498", "one #499", "one #500", "other"]
    assert all(len(value) <= 120 for value in stop.data["returned"].values())


async def test_a_value_whose_repr_hangs_does_not_hold_the_page(agent: Agent, program: Program, python: str) -> None:
    path = program("""
        import time

        class Slow:
            def __repr__(self):
                time.sleep(60)
                return "slow"

        def make():
            return Slow()

        def work():
            make()  # @make
            return 1

        work()
    """)
    await started(agent, path, python, "make")
    stop = await agent.ok("step")
    assert stop.data["returned"] == {"make": "<Slow: repr took longer than 0.5 s>"}


# --- a step that takes long -----------------------------------------------------------------------------------

BUSY = """
    def busy(flag):
        n = 0
        while flag[0]:
            n += 1  # @inside
        return n

    flag = [True]
    first = busy(flag)  # @call
    again = busy([0]) + busy([0])  # @again
    print("end")  # @end
"""


async def test_a_pause_reaches_what_a_step_has_called(agent: Agent, program: Program, python: str) -> None:
    path = program(BUSY)
    await started(agent, path, python, "call")
    assert (await agent.ok("step", timeout_s=0.2)).state == "running"
    stop = await agent.ok("pause")
    assert stop.reason == "pause"
    assert function(stop) == "busy"
    await agent.ok("evaluate", expression="flag.__setitem__(0, 0)")
    out = await agent.ok("step", kind="out")
    assert out.line == line_of(path, "call")
    assert list(out.data["returned"]) == ["busy"]
    await agent.ok("step")
    assert (await agent.ok("step")).data["returned"] == {"busy": "0", "busy #2": "0"}


async def test_a_breakpoint_set_meanwhile_stops_what_a_step_has_called(
    agent: Agent, program: Program, python: str
) -> None:
    path = program(BUSY)
    await started(agent, path, python, "call")
    assert (await agent.ok("step", timeout_s=0.2)).state == "running"
    await agent.ok("set_breakpoint", file=str(path), line=line_of(path, "inside"), temporary=True)
    stop = await agent.ok("wait")
    assert stop.line == line_of(path, "inside")
    await agent.ok("evaluate", expression="flag.__setitem__(0, 0)")
    assert (await agent.ok("continue")).data["exit_code"] == 0


# --- exceptions on the way --------------------------------------------------------------------------------------------

LEFT = """
    import functools

    def fail(n):
        value = n
        raise ValueError(value)  # @raise

    def through(n):
        try:
            fail(n)  # @call
        finally:
            tidy = n  # @tidy

    def each(before, function):
        return function(1)

    def main():
        try:
            through(1)
        except ValueError as error:  # @handler
            seen = error
        try:
            functools.reduce(each, [None, fail])  # @library
        except ValueError:  # @beyond
            after = 1

    main()
    print("end")
"""


async def test_a_step_whose_frame_an_exception_leaves_ends_where_that_is_met(
    agent: Agent, program: Program, python: str
) -> None:
    path = program(LEFT)
    await agent.ok(
        "start",
        program=str(path),
        python=python,
        breakpoints=[f"{path}:{line_of(path, 'raise')}"],
        break_on=[],
    )
    assert (await agent.ok("step")).line == line_of(path, "tidy")
    assert (await agent.ok("step")).line == line_of(path, "handler")
    assert (await agent.ok("continue")).line == line_of(path, "raise")
    met = await agent.ok("step")
    while met.line == line_of(path, "library"):  # before 3.12 the call's own line comes first
        met = await agent.ok("step")
    assert (met.reason, met.line) == ("step", line_of(path, "beyond"))
    assert (await agent.ok("continue")).data["output"] == "end\n"


async def test_a_step_out_of_a_function_that_raises_ends_in_its_caller(
    agent: Agent, program: Program, python: str
) -> None:
    path = program(LEFT)
    at = {"file": str(path), "line": line_of(path, "raise"), "temporary": True}
    await agent.ok("start", program=str(path), python=python, breakpoints=[at], break_on=["ValueError"])
    out = await agent.ok("continue")
    assert out.reason.startswith("raised exception")
    out = await agent.ok("step", kind="out")
    assert out.line in (line_of(path, "call"), line_of(path, "tidy"))
