"""Breakpoints through the tools: every kind of place, every rule, at every time."""

from __future__ import annotations

import pytest
from agent import Agent, line_of

from conftest import Program

pytestmark = pytest.mark.anyio

LOOP = '''
    import sys

    class Cart:
        """Holds prices."""

        def total(self, prices):
            """Sum them."""
            total = 0  # @body
            # a comment

            for index, price in enumerate(prices):
                total += price  # @add
                shown = (
                    index,
                    price,  # @inside
                )
            return total

    def pairs(limit):
        return [n for n in range(10)
                if n % 2 == 0]

    print(Cart().total([1, 2, 3, 4, 5, 6]))  # @call
    print(pairs(4))
    sys.stdin.readline()  # @wait
    print("end")  # @end
'''


async def test_a_line_without_code_moves_to_the_next_and_says_so(both: Agent, program: Program) -> None:
    path = program(LOOP)
    wanted = line_of(path, "body") + 1
    stop = await both.ok("start", program=str(path), breakpoints=[{"file": str(path), "line": wanted}])
    assert stop.line == wanted + 2
    assert f"b1 moved from line {wanted} to {wanted + 2}: for index, price" in stop.text
    listed = await both.ok("list_breakpoints")
    assert f"moved from line {wanted}" in listed.text


async def test_a_line_inside_a_long_statement_stops_at_that_statement(agent: Agent, program: Program) -> None:
    path = program(LOOP)
    await agent.ok("start", program=str(path), stop_on_entry=True)
    answer = await agent.ok("set_breakpoint", file=str(path), line=line_of(path, "inside") + 1)
    assert answer.data["breakpoint"].startswith(f"b1 {path}:{line_of(path, 'add') + 1} ")


async def test_breakpoints_are_found_by_text_function_and_method(both: Agent, program: Program) -> None:
    path = program(LOOP)
    stop = await both.ok(
        "start",
        program=str(path),
        breakpoints=[
            {"file": str(path), "text": 'print("end")'},
            {"function": "Cart.total"},
            {"function": "pairs"},
        ],
    )
    assert stop.line == line_of(path, "body")
    assert stop.reason == "breakpoint b2 (hit 1)"
    stop = await both.ok("continue")
    assert stop.reason == "breakpoint b3 (hit 1)"
    assert "pairs" in stop.data["at"]


async def test_conditions_hit_conditions_and_both_together(both: Agent, program: Program) -> None:
    path = program(LOOP)
    add = line_of(path, "add")
    await both.ok(
        "start",
        program=str(path),
        breakpoints=[{"file": str(path), "line": add, "condition": "price % 2 == 0", "hit_condition": "2"}],
    )
    assert (await both.ok("evaluate", expression="price")).data["value"] == "4  (int)"
    await both.ok("remove_breakpoint", all=True)
    stop = await both.ok("set_breakpoint", file=str(path), line=add, hit_condition="%2")
    assert "hit %2" in stop.text
    await both.ok("continue")
    assert (await both.ok("evaluate", expression="price")).data["value"] == "6  (int)"


async def test_two_breakpoints_on_one_line_both_count(both: Agent, program: Program) -> None:
    path = program(LOOP)
    place = {"file": str(path), "line": line_of(path, "add")}
    stop = await both.ok(
        "start",
        program=str(path),
        breakpoints=[{**place, "condition": "price == 2"}, {**place, "condition": "price >= 2"}],
    )
    assert stop.reason == "breakpoint b1 (hit 1), b2 (hit 1)"
    stop = await both.ok("continue")
    assert stop.reason == "breakpoint b2 (hit 2)"
    listed = await both.ok("list_breakpoints")
    assert "hits 1" in listed.data["breakpoints"][0]
    assert "hits 2" in listed.data["breakpoints"][1]


async def test_a_condition_sees_locals_inside_a_comprehension(agent: Agent, program: Program) -> None:
    path = program(LOOP)
    place = {"file": str(path), "line": line_of(path, "add")}
    await agent.ok(
        "start", program=str(path), breakpoints=[{**place, "condition": "all(p < price for p in prices[:index])"}]
    )
    assert (await agent.ok("evaluate", expression="price")).data["value"] == "1  (int)"


async def test_a_condition_that_raises_stops_and_says_so(both: Agent, program: Program) -> None:
    path = program(LOOP)
    place = {"file": str(path), "line": line_of(path, "add")}
    stop = await both.ok("start", program=str(path), breakpoints=[{**place, "condition": "pricee > 1"}])
    assert stop.line == line_of(path, "add")
    assert "b1: the condition or log message raised NameError: name 'pricee' is not defined" in stop.text


async def test_a_syntax_error_in_a_condition_is_refused_and_the_session_lives_on(both: Agent, program: Program) -> None:
    path = program(LOOP)
    place = {"file": str(path), "line": line_of(path, "add")}
    await both.ok("start", program=str(path), stop_on_entry=True)
    assert "condition is not valid Python" in await both.error("set_breakpoint", **place, condition="price ==")
    assert "log_message is not valid Python" in await both.error("set_breakpoint", **place, log_message="{price!}")
    assert (await both.ok("list_breakpoints")).data.get("breakpoints") is None
    stop = await both.ok("set_breakpoint", **place)
    assert stop.data["verified"] == "yes"
    assert (await both.ok("continue")).line == place["line"]


async def test_a_log_point_prints_in_python_format_and_never_stops(both: Agent, program: Program) -> None:
    path = program(LOOP)
    place = {"file": str(path), "line": line_of(path, "add")}
    running = await both.ok(
        "start",
        program=str(path),
        breakpoints=[{**place, "log_message": "price={price!r:>3} {'even' if price % 2 == 0 else 'odd'}"}],
        timeout_s=2,
    )
    assert running.state == "running"
    log = await both.ok("get_output", since=0, stream="log")
    assert log.data["output"].splitlines()[:2] == ["b1: price=  1 odd", "b1: price=  2 even"]
    assert len(log.data["output"].splitlines()) == 6


async def test_a_temporary_breakpoint_is_gone_after_its_stop(both: Agent, program: Program) -> None:
    path = program(LOOP)
    place = {"file": str(path), "line": line_of(path, "add"), "temporary": True}
    await both.ok("start", program=str(path), breakpoints=[place])
    assert (await both.ok("list_breakpoints")).data.get("breakpoints") is None
    assert (await both.ok("continue", timeout_s=1)).state == "running"


async def test_a_breakpoint_set_while_running_stops_it(both: Agent, program: Program) -> None:
    path = program("import time\nn = 0\nwhile True:\n    n += 1  # @loop\n    time.sleep(0.01)\n")
    running = await both.ok("start", program=str(path), timeout_s=0.3)
    assert running.state == "running"
    await both.ok("set_breakpoint", file=str(path), line=line_of(path, "loop"), condition="n > 5")
    assert (await both.ok("wait")).reason == "breakpoint b1 (hit 1)"


async def test_a_breakpoint_set_before_any_start_is_taken_by_the_next(both: Agent, program: Program) -> None:
    path = program(LOOP)
    waiting = await both.ok("set_breakpoint", file=str(path), line=line_of(path, "add"), condition="price == 3")
    assert "waits for the next start" in waiting.text
    assert "program.py" in (await both.ok("list_breakpoints")).text
    stop = await both.ok("start", program=str(path))
    assert stop.line == line_of(path, "add")
    assert stop.locals["price"] == "3"


async def test_an_exception_breakpoint_stops_once_for_each_exception_raised(both: Agent, program: Program) -> None:
    path = program("""
        class AppError(Exception):
            pass

        class Missing(AppError):
            pass

        def deep(n):
            if n:
                deep(n - 1)
            else:
                raise Missing("gone")  # @raise

        for number in range(2):
            try:
                deep(3)
            except AppError:
                pass
        try:
            [][1]
        except IndexError:
            pass
        try:
            int("x")  # @int
        except ValueError as error:
            kept = error
    """)
    stop = await both.ok("start", program=str(path), breakpoints=[{"exception": "AppError"}])
    assert stop.reason == "raised exception, breakpoint b1 (hit 1)"
    assert stop.line == line_of(path, "raise")
    assert stop.data["exception"][0].startswith("Missing: gone")
    stop = await both.ok("continue")
    assert stop.reason == "raised exception, breakpoint b1 (hit 2)"
    await both.ok("set_breakpoint", exception="ValueError", condition="'x' in str(exception)")
    stop = await both.ok("continue")
    assert stop.reason == "raised exception, breakpoint b2 (hit 1)"
    assert stop.line == line_of(path, "int")
    assert (await both.ok("continue")).data["exit_code"] == 0


async def test_break_on_raised_stops_at_handled_exceptions_too(agent: Agent, program: Program) -> None:
    path = program("try:\n    1 / 0  # @here\nexcept ZeroDivisionError:\n    pass\n")
    stop = await agent.ok("start", program=str(path), break_on=["raised"])
    assert stop.reason == "raised exception"
    assert stop.line == line_of(path, "here")
    assert (await agent.ok("continue")).data["exit_code"] == 0


async def test_no_exception_stops_when_break_on_is_empty(agent: Agent, program: Program) -> None:
    path = program("1 / 0\n")
    gone = await agent.ok("start", program=str(path), break_on=[])
    assert gone.data["exit_code"] == 1
    assert "ZeroDivisionError" in gone.data["output"]


async def test_a_breakpoint_in_library_code_stops_although_only_my_code_is_debugged(
    agent: Agent, program: Program
) -> None:
    path = program("import textwrap\nprint(textwrap.dedent('  x'))\n")
    stop = await agent.ok("start", program=str(path), breakpoints=[{"function": "textwrap.dedent"}])
    assert "dedent" in stop.data["at"]
    assert stop.reason == "breakpoint b1 (hit 1)"
    assert "textwrap.py" in (await agent.ok("step")).data["at"]


async def test_stop_on_entry_stops_before_the_first_line_runs(both: Agent, program: Program) -> None:
    path = program('"""A docstring."""\n\nimport sys\n\nvalue = 1  # @value\n')
    stop = await both.ok("start", program=str(path), stop_on_entry=True)
    assert stop.reason == "entry"
    assert "value" not in stop.locals
    stop = await both.ok("continue", until=f"{path}:{line_of(path, 'value')}")
    assert stop.reason == "reached until"
    assert (await both.ok("list_breakpoints")).data.get("breakpoints") is None


async def test_remove_by_id_by_file_and_all(both: Agent, program: Program) -> None:
    path, other = program(LOOP), program("def helper():\n    return 1\n", "other.py")
    await both.ok(
        "start",
        program=str(path),
        stop_on_entry=True,
        breakpoints=[f"{path}:{line_of(path, 'add')}", f"{path}:{line_of(path, 'call')}", f"{other}:2"],
    )
    assert "removed b1; 2 left" in (await both.ok("remove_breakpoint", breakpoint="b1")).text
    assert "there is no 'b1'; set: b2, b3" in await both.error("remove_breakpoint", breakpoint="b1")
    assert "removed b2; 1 left" in (await both.ok("remove_breakpoint", file=str(path))).text
    assert "removed b3; 0 left" in (await both.ok("remove_breakpoint", all=True)).text
    assert (await both.ok("continue", timeout_s=1)).state == "running"


async def test_stop_on_entry_works_for_modules_and_code_too(agent: Agent, program: Program) -> None:
    program("", "pack/__init__.py")
    main = program("value = 1\nprint(value)\n", "pack/__main__.py")
    stop = await agent.ok("start", module="pack", cwd=str(main.parent.parent), stop_on_entry=True)
    assert stop.reason == "entry"
    assert stop.data["at"].startswith("pack/__main__.py:1 ")
    await agent.ok("stop")
    stop = await agent.ok("start", code="value = 1\nprint(value)\n", stop_on_entry=True)
    assert stop.reason == "entry"
    assert stop.line == 1
    broken = program("x = = 1\n", "pack/broken.py")
    text = await agent.error("start", module="pack.broken", cwd=str(broken.parent.parent))
    assert f"syntax error at {broken}:1:5" in text


async def test_a_function_breakpoint_finds_a_module_that_is_not_imported_yet(agent: Agent, program: Program) -> None:
    helper = program("def help_me(x):\n    return x + 1  # @in\n", "tools/helper.py")
    program("", "tools/__init__.py")
    path = program("from tools import helper\nprint(helper.help_me(1))\n")
    stop = await agent.ok("start", program=str(path), breakpoints=[{"function": "tools.helper.help_me"}])
    assert stop.line == line_of(helper, "in")
    await agent.ok("stop")
    stop = await agent.ok("start", program=str(path), breakpoints=[{"function": "help_me"}])
    assert stop.line == line_of(helper, "in")
