"""Bad input: each gets an error at once that names the parameter and the call that mends it; the session lives on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from agent import Agent, line_of

from conftest import Program

pytestmark = pytest.mark.anyio

SLEEPER = """
    import time
    value = 1  # @value
    print("ready", flush=True)
    time.sleep(60)  # @sleep
"""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, ["program: nothing to run", "exactly one of"]),
        ({"program": "a.py", "module": "b"}, ["program", "exactly one of"]),
        ({"program": "missing.py"}, ["program:", "missing.py does not exist", "Relative paths begin at"]),
        ({"program": "."}, ["program:", "is a directory", "use module"]),
        ({"program": "/dev/null"}, ["program:", "is not a regular file"]),
        ({"program": "a\0b.py"}, ["program:", "NUL"]),
        ({"module": "no-such-name"}, ["module:", "is no module name"]),
        ({"code": "  "}, ["code:", "is empty"]),
        ({"code": "x", "cwd": "/no/such/folder"}, ["cwd:", "does not exist"]),
        ({"code": "x", "args": ["a\0"]}, ["args:", "NUL"]),
        ({"code": "x", "env": {"A=B": "c"}}, ["env:", "A=B"]),
        ({"code": "x", "python": "/no/such/python"}, ["python:", "/no/such/python", "Name one"]),
        ({"code": "x", "python": "/etc/passwd"}, ["python:", "not executable"]),
        ({"code": "x", "break_on": ["sometimes"]}, ["break_on", "uncaught"]),
        ({"code": "x", "timeout_s": -1}, ["timeout_s", "greater than or equal to 0"]),
        ({"code": "x", "timeout_s": 51}, ["timeout_s", "less than or equal to 50"]),
        ({"code": "x", "timeout_s": "NaN"}, ["timeout_s"]),
        ({"code": "x", "progam": "y"}, ["progam: unknown argument", "start takes: program, module"]),
        ({"code": ["x"]}, ["code", "valid string"]),
        ({"code": "x", "breakpoints": [{"lines": 3}]}, ["breakpoints.0.lines: unknown argument"]),
        ({"code": "x", "breakpoints": [{"file": "f.py"}]}, ["breakpoint: name exactly one place"]),
        ({"code": "x", "breakpoints": [{"line": 3}]}, ["file: is missing"]),
        ({"code": "x", "breakpoints": [{"file": "missing.py", "line": 3}]}, ["file:", "does not exist"]),
    ],
)
async def test_a_start_that_cannot_be_names_the_parameter(
    agent: Agent, arguments: dict[str, Any], words: list[str]
) -> None:
    text = await agent.error("start", **arguments)
    for word in words:
        assert word in text
    assert (await agent.ok("sessions")).data["sessions"] == 0


async def test_a_syntax_error_in_the_program_is_told_with_line_and_column(both: Agent, program: Program) -> None:
    path = program("x = 1\ny = = 2\n")
    text = await both.error("start", program=str(path))
    assert f"syntax error at {path}:2:5: invalid syntax" in text
    assert "y = = 2" in text
    assert "syntax error at <string>:1:" in await both.error("start", code="if")


async def test_an_unreadable_file_is_refused(agent: Agent, program: Program) -> None:
    path = program("x = 1\n")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user reads every file")
    assert "is not readable" in await agent.error("start", program=str(path))


async def test_something_executable_that_is_no_python_is_told_apart(agent: Agent, program: Program) -> None:
    path = program("x = 1\n")
    text = await agent.error("start", program=str(path), python="/bin/echo")
    assert "/bin/echo is not a Python interpreter" in text
    assert "next: Name another interpreter with python" in text


async def test_places_that_do_not_exist_are_refused_and_nothing_is_set(both: Agent, program: Program) -> None:
    path = program(SLEEPER)
    await both.ok("start", program=str(path), stop_on_entry=True)
    for arguments, words in (
        ({"file": str(path), "line": 0}, "line: line 0 is outside"),
        ({"file": str(path), "line": -3}, "line: line -3 is outside"),
        ({"file": str(path), "line": 2**40}, "which has 4 lines"),
        ({"file": str(path), "line": "seven"}, "line: Input should be a valid integer"),
        ({"file": str(path), "text": "no such text"}, "text: no line of"),
        ({"file": str(path), "text": "e"}, "add `line` to take the nearest"),
        ({"file": str(path) + "\0", "line": 1}, "file: contains a NUL"),
        ({"file": str(path.parent), "line": 1}, "is a directory"),
        ({"function": "no_such"}, "function: no function 'no_such'"),
        ({"exception": "not a name"}, "exception: 'not a name' is no class name"),
        ({"file": str(path), "line": 2, "hit_condition": "often"}, "hit_condition: 'often' is not understood"),
        ({"file": str(path), "line": 2, "condition": "1 +"}, "condition is not valid Python"),
        ({"file": str(path), "line": 2, "condition": " "}, "condition: is empty"),
        ({"file": str(path), "line": 2, "log_message": "{"}, "log_message is not valid Python"),
        ({"exception": "ValueError", "condition": "("}, "condition is not valid Python"),
    ):
        text = await both.error("set_breakpoint", **arguments)
        assert words in text, text
    assert (await both.ok("list_breakpoints")).data.get("breakpoints") is None
    assert (await both.ok("step")).state == "stopped"


async def test_a_bad_breakpoint_in_start_starts_nothing(both: Agent, program: Program) -> None:
    path = program(SLEEPER)
    text = await both.error("start", program=str(path), breakpoints=[{"file": str(path), "line": 99}])
    assert "line: line 99 is outside" in text
    assert (await both.ok("sessions")).data["sessions"] == 0


async def test_tools_that_do_not_fit_the_state_say_what_does(both: Agent, program: Program) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [("continue", {}), ("evaluate", {"expression": "1"}), ("stop", {})]
    for tool, arguments in [*calls, ("wait", {})]:
        assert "no session exists\nnext: Call start first." in await both.error(tool, **arguments)
    path = program(SLEEPER)
    await both.ok("start", program=str(path), timeout_s=0)
    await both.ok("wait", **{"for": "ready"})
    for tool, arguments in (
        ("step", {}),
        ("continue", {}),
        ("get_variables", {}),
        ("get_stack", {}),
        ("evaluate", {"expression": "1"}),
        ("set_variable", {"path": "value", "value": "2"}),
    ):
        text = await both.error(tool, **arguments)
        assert "the program is running\nnext: Call wait or pause first." in text
    await both.pause_at(line_of(path, "sleep"))
    cases: list[tuple[dict[str, Any], str]] = [
        ({"session": "s99"}, "session: there is no 's99'; known: "),
        ({"frame": 40}, "frame: there is no frame 40"),
        ({"frame": -1}, "frame: Input should be greater than or equal to 0"),
        ({"count": 0}, "count: Input should be greater than or equal to 1"),
        ({"filter": "("}, "filter: '(' is no regular expression"),
        ({"path": "nowhere.x"}, "path: NameError: name 'nowhere' is not defined"),
    ]
    for arguments, words in cases:
        assert words in await both.error("get_variables", **arguments)
    assert "thread: there is no 'T9'; there is MainThread" in await both.error("get_stack", thread="T9")
    assert "until: 'here' is not file:line" in await both.error("continue", until="here")
    assert "expression: give 1 to 20" in await both.error("evaluate", expression=[])
    assert "breakpoint: there is no 'b9'; set: none" in await both.error("remove_breakpoint", breakpoint="b9")
    assert "give exactly one" in await both.error("remove_breakpoint")
    assert (await both.ok("evaluate", expression="value")).data["value"] == "1  (int)"
    await both.ok("stop")
    assert "no session exists" in await both.error("step")


async def test_an_ended_program_is_told_apart_and_can_be_started_again(both: Agent, program: Program) -> None:
    path = program("print('done')\n")
    await both.ok("start", program=str(path))
    for tool, arguments in (("step", {}), ("pause", {}), ("evaluate", {"expression": "1"})):
        text = await both.error(tool, **arguments)
        assert "the program has exited\nnext: Call restart or start." in text
    assert (await both.ok("wait")).data["exit_code"] == 0
    assert (await both.ok("restart")).data["output"] == "done\n"


async def test_a_file_that_blocks_or_never_ends_is_no_breakpoint(
    agent: Agent, program: Program, tmp_path: Path
) -> None:
    path = program(SLEEPER)
    fifo = tmp_path / "fifo.py"
    os.mkfifo(fifo)
    await agent.ok("start", program=str(path), stop_on_entry=True)
    assert "is not a regular file" in await agent.error("set_breakpoint", file=str(fifo), line=1)
    assert "is not a regular file" in await agent.error("set_breakpoint", file="/dev/zero", line=1)
    binary = tmp_path / "binary.py"
    binary.write_bytes(bytes(range(256)) * 10)
    assert "cannot be read" in await agent.error("set_breakpoint", file=str(binary), line=1)


async def test_names_with_spaces_and_other_scripts_work(both: Agent, program: Program) -> None:
    path = program("wert = 'grün & süß'  # @here\nprint(wert)\n", "ordner & mehr/programm ಪರೀಕ್ಷೆ.py")
    stop = await both.ok("start", program=str(path), breakpoints=[f"{path}:1"], args=["a b", "ü", "", "*"])
    assert "programm ಪರೀಕ್ಷೆ.py:1" in stop.data["at"]
    argv = await both.ok("evaluate", expression="__import__('sys').argv[1:]")
    assert argv.data["value"].startswith("['a b', 'ü', '', '*']")
    assert (await both.ok("continue")).data["output"] == "grün & süß\n"
