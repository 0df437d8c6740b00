"""breakpoint(), pdb.set_trace() and their kin in the program: they stop in us, on every Python."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import anyio
import apps
import pytest
import pythons
from agent import Agent, Reply, line_of

from conftest import Program

pytestmark = pytest.mark.anyio
every_python = pytest.mark.interpreters

CALLS = {
    "breakpoint()": "breakpoint()",
    "breakpoint(header='x')": "breakpoint()",
    "pdb.set_trace()": "pdb.set_trace()",
    "pdb.set_trace(header='look')": "pdb.set_trace() in the program: look",
    "set_trace()": "pdb.set_trace()",
    "pdb.Pdb().set_trace()": "pdb.set_trace()",
    "Own().set_trace()": "pdb.set_trace()",
    "helper()": "pdb.set_trace()",
}

EVERYWHERE = """
    import asyncio, os, pdb, sys, threading
    from pdb import set_trace

    class Own(pdb.Pdb):
        pass

    def helper():
        pdb.Pdb().set_trace(sys._getframe().f_back)
        not_here = True

    def function():
        where = "function"
        {call}
        after = 1  # @function

    def last():
        where = "last"
        {call}  # @last

    async def coroutine():
        where = "coroutine"
        {call}
        await asyncio.sleep(0)  # @coroutine

    def generator():
        where = "generator"
        {call}
        yield 1  # @generator

    function()
    last()
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()
    asyncio.run(coroutine())
    list(generator())
    child = os.fork()
    if child == 0:
        function()
        os._exit(0)
    os.waitpid(child, 0)
    print(repr(sys.stdin.readline()))
    {call}
"""


@pytest.fixture(params=pythons.VERSIONS)
def python(request: pytest.FixtureRequest) -> str:
    """Each version in turn; the test is skipped where it is not installed."""
    return found(request.param)


@pytest.fixture(params=["3.11", "3.12"])
def both_kinds(request: pytest.FixtureRequest) -> str:
    """A Python on which pydevd uses sys.settrace, and one on which it uses sys.monitoring."""
    return found(request.param)


def found(version: str) -> str:
    path = pythons.find(version)
    if path is None:
        pytest.skip(f"no CPython {version} on this machine")
    return path


async def run(agent: Agent, **more: Any) -> tuple[list[Reply], Reply]:
    """Run a program to its end: each stop on the way, and the end."""
    stops: list[Reply] = []
    reply = await agent.ok("start", **more)
    while reply.state == "stopped":
        stops.append(reply)
        assert len(stops) < 30, stops
        reply = await agent.ok("continue")
    return stops, reply


def reason_of(call: str) -> str:
    told = CALLS[call]
    return told if " in the program" in told else f"{told} in the program"


@every_python
async def test_a_call_stops_in_functions_threads_coroutines_generators_and_children(
    agent: Agent, program: Program, python: str
) -> None:
    await stops_everywhere(agent, program, python, "pdb.set_trace()")
    await stops_everywhere(agent, program, python, "breakpoint()")


@pytest.mark.parametrize("call", CALLS)
async def test_each_way_to_call_it_stops_everywhere(agent: Agent, program: Program, both_kinds: str, call: str) -> None:
    await stops_everywhere(agent, program, both_kinds, call)


async def stops_everywhere(agent: Agent, program: Program, python: str, call: str) -> None:
    path = program(EVERYWHERE.format(call=call))
    stop = await agent.ok("start", program=str(path), python=python)
    for where in ("function", "last", "function", "coroutine", "generator", "function"):
        assert stop.state == "stopped", (where, stop)
        assert stop.reason == reason_of(call)
        if where != "last" or call != "helper()":  # it names the frame, which has no next line
            assert stop.line == line_of(path, where)
            assert stop.locals["where"].startswith(repr(where))
        stop = await agent.ok("continue", timeout_s=5 if where != "function" else 0.5)
    assert stop.state == "running", "it reads its own stdin"
    await agent.ok("get_output", send="for the program\n")
    stop = await agent.ok("wait")
    if call == "helper()":
        assert stop.state == "exited"
    else:
        assert stop.reason == reason_of(call)
        assert stop.line == len(path.read_text().splitlines())
        assert (await agent.ok("continue")).data["exit_code"] == 0
    printed = await agent.ok("get_output", since=0, stream="stdout")
    assert printed.data["output"] == "'for the program\\n'\n"


async def with_library(python: str, folder: Path, source: str) -> tuple[str, Path]:
    """An environment with `library.py` installed in it: its interpreter and that file."""
    await anyio.run_process([python, "-m", "venv", "--without-pip", str(folder)])
    (packages,) = [path async for path in anyio.Path(folder).glob("lib/python*/site-packages")]
    library = packages / "library.py"
    await library.write_text(textwrap.dedent(source).lstrip())
    return str(folder / "bin" / "python"), Path(library)


@every_python
async def test_a_call_in_library_code_stops_there(agent: Agent, program: Program, python: str, tmp_path: Path) -> None:
    python, library = await with_library(
        python,
        tmp_path / "environment",
        """
        import pdb

        def work(n):
            doubled = n * 2
            breakpoint()
            pdb.set_trace()  # @pdb
            return doubled  # @return
        """,
    )
    path = program("import library\nanswer = library.work(3)\nprint(answer)\n")
    stops, end = await run(agent, program=str(path), python=python)
    assert [stop.line for stop in stops] == [line_of(library, "pdb"), line_of(library, "return")]
    assert [stop.locals["doubled"] for stop in stops] == ["6", "6"]
    assert [stop.reason.partition("()")[0] for stop in stops] == ["breakpoint", "pdb.set_trace"]
    assert end.data["output"] == "6\n"


async def test_a_step_goes_on_from_where_a_call_has_stopped(
    agent: Agent, program: Program, both_kinds: str, tmp_path: Path
) -> None:
    source = "def work():\n    breakpoint()\n    return 1  # @return\n"
    python, library = await with_library(both_kinds, tmp_path / "environment", source)
    path = program("""
        import pdb
        import library

        def main():
            pdb.set_trace()
            first = 1
            second = library.work()  # @call
            third = 3  # @after
            return third

        main()
    """)
    await agent.ok("start", program=str(path), python=python)
    assert (await agent.ok("step")).line == line_of(path, "call")
    stop = await agent.ok("step")
    assert stop.reason == "breakpoint() in the program"
    assert stop.line == line_of(library, "return")
    assert (await agent.ok("evaluate", expression="len('abc')")).data["value"] == "3  (int)"
    stop = await agent.ok("step")
    assert stop.line in (line_of(path, "call"), line_of(path, "after"))
    assert (await agent.ok("continue")).data["exit_code"] == 0


async def test_a_step_over_a_function_stops_at_the_call_in_it(agent: Agent, program: Program, both_kinds: str) -> None:
    path = program("""
        def asks():
            here = 1
            breakpoint()
            return here  # @inside

        def main():
            breakpoint()
            first = 1  # @first
            second = asks()
            return second

        main()
    """)
    stop = await agent.ok("start", program=str(path), python=both_kinds)
    assert stop.line == line_of(path, "first")
    await agent.ok("step")
    stop = await agent.ok("step")
    assert stop.reason == "breakpoint() in the program"
    assert stop.line == line_of(path, "inside")
    stop = await agent.ok("step", kind="out")
    assert "main" in stop.data["at"]


async def test_pythonbreakpoint_is_obeyed(agent: Agent, program: Program, both_kinds: str) -> None:
    path = program("""
        import os, sys
        print("the default hook:", sys.breakpointhook is sys.__breakpointhook__)
        print("it gave", breakpoint())
        os.environ["PYTHONBREAKPOINT"] = "os.getcwd"
        print("it gave", breakpoint())
        os.environ["PYTHONBREAKPOINT"] = "0"
        print("it gave", breakpoint())
    """)
    for value, reasons in (
        ("0", []),
        ("os.getppid", []),
        ("no.such.hook", []),
        ("pdb.set_trace", ["pdb.set_trace() in the program"]),
        ("", ["breakpoint() in the program"]),
    ):
        started = {"program": str(path), "python": both_kinds, "cwd": str(path.parent)}
        stops, _ = await run(agent, **started, env={"PYTHONBREAKPOINT": value})
        assert [stop.reason for stop in stops] == reasons
        printed = (await agent.ok("get_output", since=0, stream="stdout")).data["output"]
        assert printed.splitlines()[2:] == [f"it gave {path.parent}", "it gave None"]
        if value and not reasons:
            plain = await plainly(both_kinds, path, PYTHONBREAKPOINT=value)
            assert without_numbers(printed) == without_numbers(plain.stdout.decode())


async def plainly(python: str, path: Path, text: str = "", **env: str) -> subprocess.CompletedProcess[bytes]:
    """The program as it runs without us."""
    environ = {**os.environ, **env}
    return await anyio.run_process(
        [python, str(path)], input=text.encode(), env=environ, cwd=str(path.parent), check=False
    )


def without_numbers(text: str) -> str:
    return re.sub(r"\d+", "N", text)


async def test_post_mortem_stops_where_the_exception_was_raised(
    agent: Agent, program: Program, both_kinds: str
) -> None:
    path = program("""
        import pdb, sys

        def fails(n):
            doubled = n * 2
            raise ValueError(doubled)  # @raise

        def caught(n):
            try:
                fails(n)
            except ValueError as error:
                return error

        try:
            fails(1)
        except ValueError:
            pdb.post_mortem()
        try:
            fails(2)
        except ValueError:
            pdb.post_mortem(sys.exc_info()[2])
        sys.last_value = sys.last_exc = caught(3)
        sys.last_type, sys.last_traceback = ValueError, sys.last_value.__traceback__
        pdb.pm()
        sys.excepthook = lambda kind, error, trace: pdb.post_mortem(trace)
        fails(4)
    """)
    stops, _ = await run(agent, program=str(path), python=both_kinds, break_on=[])
    assert [stop.reason for stop in stops] == ["pdb.post_mortem() in the program"] * 4
    assert [stop.line for stop in stops] == [line_of(path, "raise")] * 4
    assert [stop.locals["n"].split()[0] for stop in stops] == ["1", "2", "3", "4"]
    assert stops[0].data["exception"][0].startswith("ValueError: 2, raised at")


async def test_an_evaluation_does_not_stop_in_the_calls_it_comes_by(
    agent: Agent, program: Program, both_kinds: str
) -> None:
    path = program("""
        import pdb

        def asks():
            breakpoint()
            pdb.set_trace()
            pdb.Pdb().set_trace()
            return 7

        breakpoint()
        asks()  # @asks
    """)
    stop = await agent.ok("start", program=str(path), python=both_kinds)
    assert stop.line == line_of(path, "asks")
    assert (await agent.ok("evaluate", expression="asks()")).data["value"] == "7  (int)"
    assert (await agent.ok("evaluate", expression="1 + 1")).data["value"] == "2  (int)"
    stop = await agent.ok("continue")
    assert stop.reason == "breakpoint() in the program"
    assert "asks" in stop.data["at"]


PROMPTS = """
    import os, pdb, sys

    def child():
        name = "child"
        {call}
        print("went on")

    pid = os.fork()
    if pid == 0:
        child()
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(pid, 0)
"""


@pytest.mark.parametrize("call", ["breakpoint()", "pdb.set_trace(header='h')", "pdb.Pdb().set_trace()"])
async def test_a_child_that_is_not_followed_has_the_prompt_it_would_have(
    agent: Agent, program: Program, both_kinds: str, call: str
) -> None:
    path = program(PROMPTS.format(call=call))
    plain = await plainly(both_kinds, path, "p name\nc\n")
    assert b"went on" in plain.stdout
    started = {"program": str(path), "python": both_kinds, "cwd": str(path.parent), "follow_children": False}
    running = await agent.ok("start", **started, timeout_s=0)
    assert running.state == "running"
    await agent.ok("get_output", send="p name\nc\n")
    gone = await agent.ok("wait", **{"for": "exit"})
    assert gone.state == "exited"
    printed = await agent.ok("get_output", since=0, stream="stdout")
    assert printed.data["output"] == plain.stdout.decode()


@every_python
async def test_what_else_pdb_does_is_left_to_it(agent: Agent, program: Program, python: str) -> None:
    path = program(r"""
        import pdb, io, sys

        for function in (pdb.set_trace, pdb.Pdb.set_trace, pdb.post_mortem):
            print(function.__name__, function.__module__, function.__qualname__)
        answers = io.StringIO("p 6 * 7\nc\n")
        pdb.Pdb(stdin=answers, stdout=sys.stdout, nosigint=True, readrc=False).run("x = 1")
        try:
            pdb.post_mortem()
        except ValueError:
            print("ValueError")
    """)
    plain = await plainly(python, path)
    gone = await agent.ok("start", program=str(path), python=python, cwd=str(path.parent))
    assert gone.state == "exited"
    printed = await agent.ok("get_output", since=0, stream="stdout")
    assert printed.data["output"] == plain.stdout.decode()
    assert "42" in printed.data["output"]


@every_python
async def test_a_call_in_a_doctest_stops_in_the_example(agent: Agent, program: Program, python: str) -> None:
    path = program('''
        def function():
            """
            >>> x = 4
            >>> import pdb; pdb.set_trace()
            >>> x + 1
            5
            """

        import doctest
        print(doctest.testmod())
    ''')
    stops, end = await run(agent, program=str(path), python=python)
    assert [stop.reason for stop in stops] == ["pdb.set_trace() in the program"]
    assert stops[0].data["at"].startswith("<doctest __main__.function[")
    assert stops[0].locals["x"] == "4"
    assert end.data["output"] == "TestResults(failed=0, attempted=3)\n"


# --- pytest -------------------------------------------------------------------------------------------------------

TESTS = """
    import pdb, pytest

    @pytest.fixture
    def fixed():
        yield 5

    def test_pdb(fixed):
        print("printed first")
        pdb.set_trace()
        assert fixed == 5  # @pdb

    def test_breakpoint(fixed):
        print("printed then")
        breakpoint()
        assert fixed == 5  # @breakpoint

    def test_pytest(fixed, capfd):
        pytest.set_trace()
        assert fixed == 5  # @pytest
"""
IN_ORDER = ["-p", "no:randomly", "-p", "no:cacheprovider"]
QUIET = " ".join(["python -m pytest -q", *IN_ORDER])


@apps.needed
@pytest.mark.parametrize("how", ["pytest", "command"])
async def test_a_test_stops_in_us_whatever_pytest_captures(agent: Agent, program: Program, how: str) -> None:
    path = program(TESTS, "test_it.py")
    started: dict[str, Any] = {"pytest": ["test_it.py"], "args": IN_ORDER}
    if how == "command":
        started = {"command": f"{QUIET} test_it.py"}
    stops, end = await run(agent, **started, cwd=str(path.parent), python=apps.PYTHON)
    assert [stop.line for stop in stops] == [line_of(path, mark) for mark in ("pdb", "breakpoint", "pytest")]
    assert [stop.reason.partition(" ")[0] for stop in stops] == ["pdb.set_trace()", "breakpoint()", "pdb.set_trace()"]
    assert all(stop.locals["fixed"] == "5" for stop in stops)
    assert "3 passed" in end.data["output"]
    whole = (await agent.ok("get_output", since=0)).data["output"]
    assert "IO-capturing" not in whole, "pytest does not announce a prompt"
    assert ("printed first" in whole) is (how == "pytest"), "a command captures as it was typed"


@apps.needed
@pytest.mark.parametrize("option", ["--pdb", "--trace"])
async def test_pytests_own_prompt_is_off_in_a_run_of_ours(agent: Agent, program: Program, option: str) -> None:
    path = program("def test_it():\n    assert 1 == 2  # @fails\n", "test_it.py")
    stops, end = await run(
        agent, pytest=["test_it.py"], args=[option, *IN_ORDER], cwd=str(path.parent), python=apps.PYTHON
    )
    assert [stop.reason for stop in stops] == ["test failed: test_it.py::test_it"]
    assert "pytest's --pdb and --trace are off for this run: failures stop here" in stops[0].data["notes"]
    assert "1 failed" in end.data["output"]


# --- other prompts ------------------------------------------------------------------------------------------------


@apps.needed
@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("import ipdb; ipdb.set_trace(cond=False); ipdb.set_trace()", "ipdb"),
        ("from ipdb import set_trace; set_trace(context=9)", "ipdb"),
        ("import pudb; pudb.set_trace(paused=False); pudb.set_trace()", "pudb"),
        ("from pudb import set_trace; set_trace()", "pudb"),
        ("import pudb; pu.db", "pudb"),
        ("from IPython.core.debugger import set_trace; set_trace()", "pdb"),
    ],
)
async def test_other_debuggers_calls_stop_in_us(agent: Agent, program: Program, line: str, name: str) -> None:
    path = program(f"""
        def function():
            here = True
            {line}  # @call
            return 1  # @after

        function()
    """)
    stops, end = await run(agent, program=str(path), python=apps.PYTHON)
    assert [stop.reason for stop in stops] == [f"{name}.set_trace() in the program"]
    assert stops[0].line in (line_of(path, "call"), line_of(path, "after"))
    assert stops[0].locals["here"] == "True"
    assert end.data["exit_code"] == 0
    assert "DEBUGGER" not in str(end.data.get("output"))
