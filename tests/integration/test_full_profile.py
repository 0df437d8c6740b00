"""`mcp-debug serve --tools full`: goto, modules, complete; without it they are not offered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pythons
from agent import Agent, Reply, line_of

from conftest import Program, served

pytestmark = pytest.mark.anyio

FURTHER = ["goto", "modules", "complete"]


@pytest.fixture(scope="module")
async def full_server(anyio_backend: str) -> AsyncIterator[Agent]:
    """One server with all tools for a module's tests."""
    async with served(options=("--tools", "full")) as agent:
        yield agent


@pytest.fixture
async def full(full_server: Agent) -> AsyncIterator[Agent]:
    """The agent of that server; its sessions are ended after each test."""
    yield full_server
    await full_server.end_all()


@pytest.fixture(params=pythons.VERSIONS)
def python(request: pytest.FixtureRequest) -> str:
    """Each version in turn; the test is skipped where it is not installed."""
    version: str = request.param
    found = pythons.find(version)
    if found is None:
        pytest.skip(f"no CPython {version} on this machine")
    return found


async def test_the_further_tools_are_offered_when_they_are_asked_for(full: Agent, agent: Agent) -> None:
    core = [tool.name for tool in await agent.tools()]
    assert [tool.name for tool in await full.tools()] == [*core, *FURTHER]
    assert not set(core) & set(FURTHER)


# --- goto -----------------------------------------------------------------------------------------------------

JUMPS = """
    import contextlib

    def other():
        return 1  # @other

    def work():
        done = []
        done.append("first")  # @first
        done.append("second")  # @second

        # @comment
        done.append("third")  # @third
        for n in range(2):  # @for
            done.append(n)  # @loop
        with contextlib.suppress(KeyError):  # @with
            done.append("with")  # @inside
        try:
            done.append("try")
        except ValueError:  # @except
            done.append("except")  # @handler
        return done  # @return

    print(work())
    other()
    raise KeyError("end")
"""


async def at(agent: Agent, path: Path, python: str, mark: str) -> Reply:
    there = {"file": str(path), "line": line_of(path, mark), "temporary": True}
    return await agent.ok("start", program=str(path), python=python, breakpoints=[there])


@pytest.mark.interpreters
async def test_goto_leaves_out_what_lies_between_and_runs_again_what_it_goes_back_to(
    full: Agent, program: Program, python: str
) -> None:
    path = program(JUMPS)
    await at(full, path, python, "first")
    stop = await full.ok("goto", line=line_of(path, "third"))
    assert (stop.state, stop.reason, stop.line) == ("stopped", "goto", line_of(path, "third"))
    assert stop.locals["done"] == "[]"
    assert (await full.ok("step")).line == line_of(path, "for")
    assert (await full.ok("goto", line=line_of(path, "third"), file=str(path))).reason == "goto"
    assert (await full.ok("step")).locals["done"].startswith("['third', 'third']")
    loop = await full.ok("step")
    assert loop.line == line_of(path, "loop")
    end = await full.ok("goto", line=line_of(path, "return"))
    assert end.line == line_of(path, "return")
    await full.ok("continue", until=f"{path}:{line_of(path, 'other')}")
    assert (await full.ok("get_output", since=0)).data["output"] == "['third', 'third']\n"


@pytest.mark.interpreters
async def test_goto_works_on_the_lines_of_a_module(full: Agent, program: Program, python: str) -> None:
    path = program("a = 1  # @a\nb = 2\nprint(a, 'end')  # @end\n")
    await at(full, path, python, "a")
    await full.ok("step")
    await full.ok("goto", line=line_of(path, "a"))
    await full.ok("goto", line=line_of(path, "end"))
    assert (await full.ok("continue")).data["output"] == "1 end\n"


@pytest.mark.interpreters
async def test_goto_refuses_what_python_would_not_survive_and_the_program_stands_as_before(
    full: Agent, program: Program, python: str
) -> None:
    path = program(JUMPS)
    await at(full, path, python, "first")
    lines = {mark: line_of(path, mark) for mark in ("comment", "other", "loop", "for", "inside", "with", "handler")}
    for mark, why in {
        "comment": f"line {lines['comment']} has no code of the function that is stopped, work in lines ",
        "other": f"line {lines['other']} has no code of the function that is stopped, work in lines ",
        "loop": f"is inside the for of line {lines['for']}, which has to be entered from its beginning: go there",
        "inside": f"is inside the with of line {lines['with']}, which has to be entered from its beginning",
        "handler": f"Python does not go to line {lines['handler']} from {line_of(path, 'first')}: can't jump ",
    }.items():
        assert why in await full.error("goto", line=lines[mark])
    refused = await full.error("goto", line=lines["comment"])
    assert refused.endswith(f"; the nearest is {line_of(path, 'third')}")
    assert f"file: MainThread stands in work of {path}" in await full.error("goto", line=1, file=__file__)
    assert (await full.ok("step")).line == line_of(path, "second")


@pytest.mark.interpreters
async def test_goto_is_refused_where_no_line_begins(full: Agent, program: Program, python: str) -> None:
    path = program(JUMPS)
    await at(full, path, python, "other")
    back = await full.ok("step", kind="out")
    assert "returned" in back.data
    assert "step first" in await full.error("goto", line=back.line)
    crash = await full.ok("continue")
    assert crash.reason == "uncaught exception"
    refused = await full.error("goto", line=1)
    assert refused.startswith("MainThread stands at an exception: from there Python goes to no other line")
    await full.ok("continue")
    assert "cannot step: the program has exited" in await full.error("goto", line=1)


@pytest.mark.interpreters
async def test_a_variable_that_python_gives_none_on_the_way_is_told_and_the_program_is_not_warned(
    full: Agent, program: Program, python: str
) -> None:
    path = program("""
        def work():
            a = 1  # @first
            b = 2
            return a  # @return

        def later():
            for n in range(3):
                pass
            return n

        work()
        later()
    """)
    there = {"file": str(path), "line": line_of(path, "first"), "temporary": True}
    await full.ok("start", command=f"{python} -W error {path}", breakpoints=[there])
    await full.ok("step")
    stop = await full.ok("goto", line=line_of(path, "return"))
    gives_none = python in (pythons.find("3.12"), pythons.find("3.13"))
    assert stop.locals.get("b") == ("None" if gives_none else None)
    told = ["Python, for the goto: assigning None to 1 unbound local"] if gives_none else []
    assert stop.data.get("notes", []) == told
    gone = await full.ok("continue")
    assert gone.data["exit_code"] == 0
    assert not (await full.ok("get_output", since=0)).data.get("output")


async def test_goto_moves_the_thread_it_names(full: Agent, program: Program) -> None:
    path = program("""
        import threading

        def work(barrier):
            barrier.wait()
            moved = 0  # @work
            moved = 1
            moved = 2  # @third
            return moved

        barrier = threading.Barrier(2)
        threads = [threading.Thread(target=work, args=(barrier,), name=f"worker-{n}") for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print("end")  # @end
    """)
    stop = await full.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'work')}"])
    first, second = ("worker-0", "worker-1") if stop.data["thread"] == "worker-0" else ("worker-1", "worker-0")
    for name in (second, first):
        moved = await full.ok("goto", line=line_of(path, "third"), thread=name)
        assert (moved.reason, moved.line, moved.data["thread"]) == ("goto", line_of(path, "third"), name)
        assert moved.locals.get("moved", "None") == "None"
    assert "there is no 'worker-9'" in await full.error("goto", line=1, thread="worker-9")


async def test_goto_is_refused_while_the_program_runs_or_stands_in_a_blocking_call(
    full: Agent, program: Program
) -> None:
    path = program("import time\nprint('up', flush=True)\ntime.sleep(60)  # @sleep\n")
    await full.ok("start", program=str(path), timeout_s=0)
    await full.ok("wait", **{"for": "up"})
    assert "cannot step: the program is running" in await full.error("goto", line=1)
    await full.pause_at(line_of(path, "sleep"))
    refused = await full.error("goto", line=line_of(path, "sleep"))
    assert "stands in the middle of a line" in refused


# --- modules --------------------------------------------------------------------------------------------------


async def test_modules_are_listed_with_version_and_file_the_users_own_first(full: Agent, program: Program) -> None:
    own = program("__version__ = '1.2.3'\n", "shop/__init__.py")
    program("class Lazy:\n    def __getattr__(self, name):\n        raise SystemExit(name)\n", "shop/lazy.py")
    path = program("""
        import json, sys
        import shop
        from shop import lazy
        sys.modules["odd"] = lazy.Lazy()
        sys.modules["none"] = None
        done = 1  # @done
    """)
    await full.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'done')}"])
    page = await full.ok("modules", count=3)
    assert page.data["modules"] == [f"__main__ {path}", f"shop 1.2.3 {own}", f"shop.lazy {own.parent / 'lazy.py'}"]
    assert ", 3 of them the user's own" in page.text
    assert page.data["next"] == "start=3 for more"
    (library,) = (await full.ok("modules", filter="^json$")).data["modules"]
    assert library.startswith("json 2.0.9 ")
    assert library.endswith("json/__init__.py (library)")
    (odd,) = (await full.ok("modules", filter="^odd$")).data["modules"]
    assert odd == "odd no file (library)"
    assert not (await full.ok("modules", filter="pydevd|_mcp_debuggee", count=200)).data.get("modules")
    assert "is no regular expression" in await full.error("modules", filter="(")


async def test_modules_of_a_running_program_and_of_a_process_by_its_name(full: Agent, program: Program) -> None:
    path = program("import time\nprint('up', flush=True)\ntime.sleep(60)\n")
    await full.ok("start", program=str(path), timeout_s=0)
    await full.ok("wait", **{"for": "up"})
    assert (await full.ok("modules", filter="__main__")).data["modules"] == [f"__main__ {path}"]
    assert (await full.ok("modules", filter="__main__", thread="p1")).data["modules"] == [f"__main__ {path}"]
    await full.ok("stop")
    assert "no session" in await full.error("modules")


# --- complete -------------------------------------------------------------------------------------------------

ORDER = """
    import json

    class Order:
        def __init__(self):
            self.items = {"first": 1, "second": [2]}
            self.name = "x"

        @property
        def total(self):
            print("computed")
            return 1

        def __getattr__(self, name):
            print("asked for", name)
            raise AttributeError(name)

        def __dir__(self):
            print("asked for names")
            return []

    def work(order, length):
        inner = length  # @inner
        return inner

    work(Order(), 3)
"""


@pytest.mark.interpreters
async def test_expressions_are_completed_without_running_anything(full: Agent, program: Program, python: str) -> None:
    path = program(ORDER)
    await at(full, path, python, "inner")
    members = await full.ok("complete", text="order.")
    assert members.data["completions"] == ["items: dict", "name: str", "total: property"]
    keys = await full.ok("complete", text='print(order.items["s')
    assert keys.data["completions"] == ['"second": list']
    assert keys.data["completes"] == '"s'
    names = await full.ok("complete", text="le + 1", column=2)
    assert names.data["completions"] == ["length: int", "len: function"]
    module = await full.ok("complete", text="json.JSOND")
    assert module.data["completions"] == ["JSONDecodeError: class", "JSONDecoder: class"]
    outer = await full.ok("complete", text="Ord", frame=1)
    assert outer.data["completions"] == ["Order: class"]
    assert "total would have to be computed" in await full.error("complete", text="order.total.")
    assert "there is no name nothing" in await full.error("complete", text="nothing.")
    assert (await full.ok("continue")).data.get("output", "") == ""


async def test_completions_are_bounded_and_need_a_program_that_stands(full: Agent, program: Program) -> None:
    path = program("big = {f'key{n:04}': n for n in range(5000)}\nprint('up')  # @up\nimport time; time.sleep(60)\n")
    await full.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'up')}"])
    page = await full.ok("complete", text="big['")
    assert page.data["completions"][0] == "'key0000': int"
    assert page.data["shown"] == "50 of 5,000: type more of the name"
    await full.ok("continue", timeout_s=0)
    assert "cannot inspect: the program is running" in await full.error("complete", text="big")
