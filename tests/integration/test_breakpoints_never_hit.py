"""Why a breakpoint was not hit: told on the page of the exit, and by list_breakpoints while the program lives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from agent import Agent, Reply, line_of

from conftest import Program

pytestmark = pytest.mark.anyio


def told(reply: Reply) -> str:
    """What an exit page says of breakpoints that were never hit."""
    return "\n".join(note for note in reply.data.get("notes", []) if "never hit" in note)


async def both_pages(agent: Agent, path: Path, *breakpoints: dict[str, Any]) -> tuple[str, str]:
    """What list_breakpoints says at the line `# @last` of the program, and what its exit says."""
    last = {"file": str(path), "line": line_of(path, "last")}
    stop = await agent.ok("start", program=str(path), breakpoints=[*breakpoints, last], cwd=str(path.parent))
    assert stop.line == last["line"]
    listed = "\n".join((await agent.ok("list_breakpoints")).data["breakpoints"])
    gone = await agent.ok("continue")
    assert gone.state == "exited"
    return listed, told(gone)


async def test_a_file_that_was_never_imported(both: Agent, program: Program) -> None:
    other = program("x = 1\n", "other.py")
    path = program("print('hello')  # @last\n")
    listed, at_exit = await both_pages(both, path, {"file": str(other), "line": 1})
    for text in (listed, at_exit):
        assert f"{other} was never imported" in text
    assert "b1" in at_exit
    assert "b2" not in at_exit, "that one was hit"


async def test_another_file_of_the_same_name_was_imported(both: Agent, program: Program) -> None:
    mine = program("def price():\n    return 1\n", "elsewhere/shop.py")
    used = program("def price():\n    return 2\n", "shop.py")
    path = program("import shop\nshop.price()\nprint('done')  # @last\n")
    listed, at_exit = await both_pages(both, path, {"file": str(mine), "line": 2})
    for text in (listed, at_exit):
        assert f"{mine} was never imported" in text
        assert str(used) in text
        assert "of the same name" in text


async def test_a_line_that_was_never_reached(both: Agent, program: Program) -> None:
    path = program("""
        def unused():
            return 1  # @unused
        print("done")  # @last
    """)
    listed, at_exit = await both_pages(both, path, {"file": str(path), "line": line_of(path, "unused")})
    for text in (listed, at_exit):
        assert "its line was never reached; the file was imported" in text


async def test_a_condition_that_was_never_true(both: Agent, program: Program) -> None:
    path = program("""
        for n in range(7):
            double = n * 2  # @loop
        print("done")  # @last
    """)
    listed, at_exit = await both_pages(
        both, path, {"file": str(path), "line": line_of(path, "loop"), "condition": "n == 99"}
    )
    for text in (listed, at_exit):
        assert "its condition was false 7 times" in text


async def test_a_function_that_was_never_called(agent: Agent, program: Program) -> None:
    path = program("""
        def unused():
            return 1
        print("done")  # @last
    """)
    listed, at_exit = await both_pages(agent, path, {"function": "unused"})
    for text in (listed, at_exit):
        assert "its line was never reached" in text
    assert "unused" in at_exit


async def test_a_line_of_code_that_stands_in_no_file(agent: Agent) -> None:
    code = "def unused():\n    return 1\nprint('done')"
    gone = await agent.ok("start", code=code, breakpoints=[{"file": "<string>", "line": 2}])
    assert "its line was never reached" in told(gone)


async def test_an_exception_that_was_never_raised(both: Agent, program: Program) -> None:
    path = program("print('done')  # @last\n")
    listed, at_exit = await both_pages(both, path, {"exception": "ZeroDivisionError"})
    for text in (listed, at_exit):
        assert "no such exception was raised" in text
        assert "ZeroDivisionError" in text


async def test_a_hit_condition_and_a_log_point_that_were_reached_are_not_called_unhit(
    agent: Agent, program: Program
) -> None:
    path = program("""
        for n in range(3):
            double = n * 2  # @loop
        print("done")  # @last
    """)
    loop = {"file": str(path), "line": line_of(path, "loop")}
    listed, at_exit = await both_pages(agent, path, {**loop, "hit_condition": "99"}, {**loop, "log_message": "{n}"})
    assert "not hit" not in listed
    assert listed.count("hits 3") == 2
    assert not at_exit


async def test_an_end_that_tells_nothing_is_told_as_unknown(both: Agent, program: Program) -> None:
    path = program("""
        import os
        def unused():
            return 1  # @unused
        os._exit(0)
    """)
    gone = await both.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'unused')}"])
    assert gone.state == "exited"
    assert "without telling more" in told(gone)
    assert "os._exit" in told(gone)


async def test_a_child_that_ran_through_a_shell_is_named(agent: Agent, program: Program) -> None:
    kid = program("x = 1  # @kid\n", "kid.py")
    path = program(f"""
        import os, sys
        os.system(sys.executable + " {kid}")
        print("done")  # @last
    """)
    last = f"{path}:{line_of(path, 'last')}"
    stop = await agent.ok("start", program=str(path), breakpoints=[f"{kid}:1", last])
    assert stop.line == line_of(path, "last")
    listed = await agent.ok("list_breakpoints")
    assert f"{kid} was never imported" in listed.text
    assert any(str(kid) in child for child in listed.data["children without the debugger"])
    gone = await agent.ok("continue")
    assert "children ran without the debugger" in gone.text
    assert f"{kid} (started through a shell)" in gone.text


async def test_a_child_that_kept_the_debugger_out_is_named(agent: Agent, program: Program) -> None:
    kid = program("x = 1  # @kid\n", "kid.py")
    path = program(f"""
        import subprocess, sys
        subprocess.run([sys.executable, "-I", {str(kid)!r}])
        print("done")  # @last
    """)
    gone = await agent.ok("start", program=str(path), breakpoints=[f"{kid}:1"])
    assert "children ran without the debugger" in gone.text
    assert f"-I {kid} (its flags keep the debugger out)" in gone.text


async def test_children_that_were_not_to_be_followed_are_remembered(agent: Agent, program: Program) -> None:
    kid = program("x = 1  # @kid\n", "kid.py")
    path = program(f"""
        import subprocess, sys
        subprocess.run([sys.executable, {str(kid)!r}])
        print("done")  # @last
    """)
    last = f"{path}:{line_of(path, 'last')}"
    await agent.ok("start", program=str(path), breakpoints=[f"{kid}:1", last], follow_children=False)
    listed = await agent.ok("list_breakpoints")
    assert "follow_children=false" in listed.text
    gone = await agent.ok("continue")
    assert f"{kid} was never imported" in told(gone)
    assert "children ran without the debugger: any that it starts (follow_children=false)" in gone.text


async def test_a_breakpoint_that_only_a_child_hit_is_hit(agent: Agent, program: Program) -> None:
    kid = program("x = 1  # @kid\n", "kid.py")
    path = program(f"""
        import subprocess, sys
        subprocess.run([sys.executable, {str(kid)!r}])
        print("done")
    """)
    stop = await agent.ok("start", program=str(path), breakpoints=[f"{kid}:1"])
    assert stop.data["process"].startswith("p1.1 kid.py")
    gone = await agent.ok("continue")
    assert gone.state == "exited"
    assert not told(gone)


async def test_many_unhit_breakpoints_are_not_told_without_end(agent: Agent, program: Program) -> None:
    other = program("x = 1\n" * 30, "other.py")
    path = program("print('done')\n")
    places = [f"{other}:{line}" for line in range(1, 31)]
    gone = await agent.ok("start", program=str(path), breakpoints=places)
    assert gone.state == "exited"
    assert 1 <= len(told(gone).splitlines()) <= 10
    assert gone.tokens < 1500


async def test_a_later_run_tells_of_itself_alone(agent: Agent, program: Program) -> None:
    path = program("""
        import os
        if os.path.exists("flag"):
            print("there")  # @there
        print("done")
    """)
    there = f"{path}:{line_of(path, 'there')}"
    gone = await agent.ok("start", program=str(path), breakpoints=[there], cwd=str(path.parent))
    assert "its line was never reached" in told(gone)
    (path.parent / "flag").touch()
    stop = await agent.ok("restart")
    assert stop.reason == "breakpoint b1 (hit 1)"
    assert not told(await agent.ok("continue"))
