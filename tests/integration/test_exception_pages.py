"""What a page says of an exception: notes, groups, causes, deep stacks, and exceptions of bad manners."""

from __future__ import annotations

from pathlib import Path

import pytest
import pythons
from agent import Agent, Reply, line_of

from conftest import Program

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["3.11", "3.12"])
def python(request: pytest.FixtureRequest) -> str:
    """A Python on which pydevd uses sys.settrace, and one on which it uses sys.monitoring."""
    found = pythons.find(request.param)
    if found is None:
        pytest.skip(f"no CPython {request.param} on this machine")
    return found


async def crash(agent: Agent, path: Path, python: str) -> Reply:
    stop = await agent.ok("start", program=str(path), python=python, cwd=str(path.parent))
    assert stop.reason == "uncaught exception"
    assert stop.tokens <= 1000
    return stop


async def test_notes_are_shown_each_on_its_line_and_not_without_end(
    agent: Agent, program: Program, python: str
) -> None:
    path = program("""
        error = ValueError("bad")
        for n in range(6):
            error.add_note(f"note {n}\\nof two lines" + "!" * 1000 * (n == 1))
        error.__notes__.insert(0, 7)
        raise error  # @raise
    """)
    stop = await crash(agent, path, python)
    at = f"raised at program.py:{line_of(path, 'raise')} in <module>"
    first, *notes = stop.data["exception"]
    assert first == f"ValueError: bad, {at}"
    assert notes[0] == "note: note 0 of two lines"
    assert notes[1].startswith("note: note 1 of two lines!!!")
    assert len(notes[1]) < 400
    assert notes[2:] == ["note: note 2 of two lines", "note: … 3 more"]


async def test_the_members_of_a_group_are_shown_with_their_numbers(agent: Agent, program: Program, python: str) -> None:
    path = program("""
        def member(n):
            try:
                raise ValueError(f"member {n}")  # @member
            except ValueError as error:
                return error

        inner = ExceptionGroup("inner", [KeyError("k"), OSError("no")])
        try:
            {}["cause"]
        except KeyError as cause:
            raise BaseExceptionGroup("many", [inner, KeyboardInterrupt(), *map(member, range(9))]) from cause
    """)
    stop = await crash(agent, path, python)
    group, *rest = stop.data["exception"]
    assert group.startswith("BaseExceptionGroup: many (11 sub-exceptions), raised at program.py:")
    assert rest[:6] == [
        "[1] ExceptionGroup: inner (2 sub-exceptions)",
        "[1.1] KeyError: 'k'",
        "[1.2] OSError: no",
        "[2] KeyboardInterrupt",
        f"[3] ValueError: member 0, raised at program.py:{line_of(path, 'member')} in member",
        f"[4] ValueError: member 1, raised at program.py:{line_of(path, 'member')} in member",
    ]
    assert rest[-2] == "[…] more"
    assert rest[-1].startswith("caused by KeyError: 'cause'")


async def test_a_rule_means_the_class_and_not_a_group_that_holds_one(
    agent: Agent, program: Program, python: str
) -> None:
    path = program("""
        def fails():
            raise ExceptionGroup("group", [ValueError("made, never raised"), KeyError("k")])  # @group

        def handles_a_part():
            try:
                fails()
            except* KeyError:
                pass

        for _ in range(2):
            try:
                handles_a_part()
            except* ValueError:
                print("handled")
    """)
    gone = await agent.ok("start", program=str(path), python=python, break_on=["ValueError"])
    assert gone.data["output"] == "handled\nhandled\n"
    # What except* leaves of a group is the same exception on its way.
    stop = await agent.ok("start", program=str(path), python=python, break_on=["ExceptionGroup"])
    for hit in (1, 2):
        assert stop.reason == f"raised exception, breakpoint b1 (hit {hit})"
        assert stop.line == line_of(path, "group")
        stop = await agent.ok("continue")
    assert stop.state == "exited"


async def test_members_raised_in_tasks_stop_where_they_are_raised(agent: Agent, program: Program, python: str) -> None:
    path = program("""
        import asyncio

        async def fails(n):
            await asyncio.sleep(0)
            raise ValueError(n)  # @raise

        async def main():
            async with asyncio.TaskGroup() as group:  # @group
                group.create_task(fails(1))
                group.create_task(fails(2))

        asyncio.run(main())
    """)
    stop = await agent.ok("start", program=str(path), python=python, break_on=["uncaught", "ValueError"])
    for n in (1, 2):
        assert stop.reason == f"raised exception, breakpoint b1 (hit {n})"
        assert stop.line == line_of(path, "raise")
        stop = await agent.ok("continue")
    assert stop.reason == "uncaught exception"
    assert stop.line == line_of(path, "group")
    assert [line.split(",")[0] for line in stop.data["exception"][-2:]] == ["[1] ValueError: 1", "[2] ValueError: 2"]


async def test_a_long_chain_is_cut_and_says_so(agent: Agent, program: Program, python: str) -> None:
    path = program("""
        def fails(n):
            if n == 0:
                raise ValueError(0)
            try:
                fails(n - 1)
            except Exception as error:
                raise RuntimeError(n) from error

        fails(9)
    """)
    stop = await crash(agent, path, python)
    lines = stop.data["exception"]
    assert [line.split(",")[0] for line in lines[:3]] == [
        "RuntimeError: 9", "caused by RuntimeError: 8", "caused by RuntimeError: 7",
    ]  # fmt: skip
    assert lines[6:] == ["caused by …"]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("raise RuntimeError('none')", "Bad: <str() failed with RuntimeError>"),
        ("raise SystemExit(3)", "Bad: <str() failed with SystemExit>"),
        ("return 7", "Bad: <str() failed with TypeError>"),
        ("while True: pass", "Bad: <str() took longer than 0.5 s>"),
        ("import time; time.sleep(60)", "Bad: <str() took longer than 0.5 s>"),
    ],
)
async def test_an_exception_that_cannot_say_what_it_is_is_shown_all_the_same(
    agent: Agent, program: Program, python: str, body: str, shown: str
) -> None:
    path = program(f"""
        class Bad(Exception):
            calls = 0

            def __str__(self):
                {body}

        def fails():
            try:
                raise Bad
            except Bad as error:
                raise Bad from error  # @raise

        fails()
    """)
    stop = await crash(agent, path, python)
    assert stop.line == line_of(path, "raise")
    assert [line.split(", raised")[0] for line in stop.data["exception"]] == [shown, f"caused by {shown}"]
    if "while" in body or "sleep" in body:
        await agent.ok("stop")  # printed as it is, it would hang without us as well
    else:
        gone = await agent.ok("continue")
        assert gone.state == "exited", "what str() raises while it is printed is no crash of its own"


async def test_a_message_of_a_megabyte_is_cut(agent: Agent, program: Program, python: str) -> None:
    path = program("""
        def fails():
            raise ValueError("x" * 1_000_000)  # @raise

        fails()
    """)
    stop = await crash(agent, path, python)
    assert stop.line == line_of(path, "raise")
    assert stop.tokens <= 350


@pytest.mark.parametrize("raised", ["bytearray(1 << 60)", "raise MemoryError"])
async def test_memory_that_ran_out_is_a_crash_like_any_other(
    agent: Agent, program: Program, python: str, raised: str
) -> None:
    path = program(f"""
        def fails():
            wanted = 1 << 60
            {raised}  # @raise

        fails()
    """)
    stop = await crash(agent, path, python)
    assert stop.line == line_of(path, "raise")
    assert stop.data["exception"][0].startswith("MemoryError, raised at")
    assert stop.locals == {"wanted": str(1 << 60)}


async def test_a_syntax_error_in_an_imported_module_stops_at_the_import(
    agent: Agent, program: Program, python: str
) -> None:
    program("def broken(:\n    pass\n", "broken.py")
    path = program("name = 'broken'\nimport broken  # @import\n")
    stop = await crash(agent, path, python)
    assert stop.line == line_of(path, "import")
    assert stop.data["exception"][0].startswith("SyntaxError: invalid syntax (broken.py, line 1)")


async def test_an_error_in_an_imported_module_stops_there(agent: Agent, program: Program, python: str) -> None:
    broken = program("value = 1\nvalue / 0  # @crash\n", "broken.py")
    path = program("import broken\n")
    stop = await crash(agent, path, python)
    assert stop.data["at"] == f"broken.py:{line_of(broken, 'crash')} in <module>"
    assert [line.split()[-1] for line in stop.data["stack"]][:2] == ["broken.py:2", "program.py:1"]


async def test_a_stack_of_thousands_is_a_short_page_and_is_paged(agent: Agent, program: Program, python: str) -> None:
    path = program("""
        import sys

        sys.setrecursionlimit(10_000)

        def dive(n):
            if n == 3000:
                raise ValueError(n)  # @raise
            dive(n + 1)

        dive(0)
    """)
    stop = await crash(agent, path, python)
    assert stop.line == line_of(path, "raise")
    assert stop.tokens <= 350
    page = await agent.ok("get_stack", start=2999, count=5)
    assert [line.split()[:2] for line in page.data["stack"]] == [
        ["#2999", "dive"],
        ["#3000", "dive"],
        ["#3001", "<module>"],
    ]


async def test_endless_recursion_is_said_to_be_raised_in_the_program(
    agent: Agent, program: Program, python: str
) -> None:
    path = program("""
        def dive(n):  # @dive
            return dive(n + 1)

        dive(0)
    """)
    stop = await crash(agent, path, python)
    # Before 3.12 it is the debugger that meets the limit, as it looks at the call.
    assert stop.line - line_of(path, "dive") in (0, 1)
    assert f"program.py:{stop.line} in dive" in stop.data["exception"][0]


@pytest.mark.parametrize(
    ("code", "end"),
    [
        ("import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(9)", "killed by SIGINT"),
        ("class Leaves(SystemExit): pass\nraise Leaves(3)", "exit code 3"),
        ("raise SystemExit('words')", "exit code 1"),
        ("import sys\ntry: sys.exit(2)\nfinally: pass", "exit code 2"),
    ],
)
async def test_an_exit_and_an_interrupt_are_no_crash(agent: Agent, python: str, code: str, end: str) -> None:
    gone = await agent.ok("start", code=code, python=python, break_on=["uncaught", "user_unhandled"])
    assert gone.reason == end


async def test_a_generators_exit_that_nobody_asked_for_is_a_crash(agent: Agent, program: Program, python: str) -> None:
    stop = await crash(agent, program("raise GeneratorExit('out of place')\n"), python)
    assert stop.data["exception"][0].startswith("GeneratorExit: out of place")


async def test_an_exit_stops_where_a_rule_names_it(agent: Agent, python: str) -> None:
    code = "import sys\ndef leave():\n    sys.exit(4)\nleave()"
    for rule, stops in (("SystemExit", True), ("BaseException", False)):
        reply = await agent.ok("start", code=code, python=python, break_on=[rule])
        assert (reply.state == "stopped") is stops, reply
        if stops:
            assert reply.data["exception"][0].startswith("SystemExit: 4")
            reply = await agent.ok("continue")
        assert reply.data["exit_code"] == 4


CONDITIONS = """
    import errno

    def fails(path, number):
        limit = 3
        raise OSError(number, "not there", path)  # @raise

    for number in (1, 2, 13):
        try:
            fails("/nowhere", number)
        except OSError:
            pass
    try:
        open("/no/such/file")  # @open
    except OSError:
        print("end")
"""


@pytest.mark.parametrize(
    ("condition", "hits"),
    [
        ("exception.errno == 2", ["raise", "open"]),
        ("exception.args[0] == 13", ["raise"]),
        ("number > limit", ["raise", "NameError"]),
        ("any(number == n for n in (1, 13))", ["raise", "raise", "open"]),
        ("exception.nothing", ["AttributeError"] * 4),
        ("fails and errno.ENOENT == exception.errno", ["raise", "open"]),
    ],
)
async def test_a_condition_sees_the_exception_and_the_names_of_the_frame(
    agent: Agent, program: Program, python: str, condition: str, hits: list[str]
) -> None:
    path = program(CONDITIONS)
    rule = {"exception": "OSError", "condition": condition}
    stop = await agent.ok("start", program=str(path), python=python, break_on=[], breakpoints=[rule])
    for count, expected in enumerate(hits, 1):
        assert stop.reason == f"raised exception, breakpoint b1 (hit {count})"
        if expected in ("raise", "open"):
            assert stop.line == line_of(path, expected)
            assert "notes" not in stop.data
        else:
            assert stop.data["notes"][0].startswith(f"b1: the condition raised {expected}: ")
        stop = await agent.ok("continue")
    assert stop.data["output"] == "end\n"


async def test_exceptions_that_a_condition_let_pass_are_counted(agent: Agent, program: Program, python: str) -> None:
    path = program(CONDITIONS)
    rule = {"exception": "OSError", "condition": "exception.errno == 99"}
    gone = await agent.ok("start", program=str(path), python=python, break_on=[], breakpoints=[rule])
    assert gone.data["notes"] == ["b1 exception OSError never hit: its condition was false 4 times"]


async def test_classes_in_break_on_are_breakpoints_with_ids_and_hits(
    agent: Agent, program: Program, python: str
) -> None:
    program("class Bad(Exception):\n    pass\n", "mypkg/errors.py")
    program("from mypkg.errors import Bad\n", "mypkg/__init__.py")
    path = program("""
        import json, mypkg

        def fails(kind, *args):
            raise kind(*args)  # @raise

        for kind in (mypkg.Bad, IOError, mypkg.Bad):
            try:
                fails(kind)
            except Exception:
                pass
        fails(json.JSONDecodeError, "no", "text", 0)
    """)
    words = ["uncaught", "mypkg.errors.Bad", "mypkg.Bad", "IOError", "json.JSONDecodeError", "LookupError"]
    stop = await agent.ok("start", program=str(path), python=python, break_on=words, cwd=str(path.parent))
    seen = []
    while stop.state == "stopped":
        seen.append(stop.reason)
        listed = (await agent.ok("list_breakpoints")).data["breakpoints"]
        stop = await agent.ok("continue")
    assert seen == [
        "raised exception, breakpoint b1 (hit 1), b2 (hit 1)",
        "raised exception, breakpoint b3 (hit 1)",
        "raised exception, breakpoint b1 (hit 2), b2 (hit 2)",
        "raised exception, breakpoint b4 (hit 1)",
        "uncaught exception",
    ]
    assert listed[0].startswith("b1 exception mypkg.errors.Bad")
    assert [line.rpartition("hits ")[2][:1] for line in listed[:4]] == ["2", "2", "1", "1"]
    assert "no such exception was raised" in listed[4]
    again = await agent.ok("restart")
    assert again.reason == "raised exception, breakpoint b1 (hit 1), b2 (hit 1)"
    assert len((await agent.ok("list_breakpoints")).data["breakpoints"]) == 5
