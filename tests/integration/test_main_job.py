"""The main job, in both eras: start, stop, look, change, go on, crash, restart."""

from __future__ import annotations

import pytest
from agent import Agent, line_of
from golden_tasks import BILL

from conftest import Program

pytestmark = pytest.mark.anyio


async def test_one_call_launches_and_answers_with_the_first_stop(both: Agent, program: Program) -> None:
    path = program(BILL)
    stop = await both.ok("start", program=str(path), breakpoints=[{"file": str(path), "line": line_of(path, "net")}])
    assert stop.state == "stopped"
    assert stop.reason == "breakpoint b1 (hit 1)"
    assert stop.line == line_of(path, "net")
    assert stop.locals == {"item": "Item(name='pen', price=2.0, qty=3)", "rate": "0.1", "gross": "6.0"}
    assert f"> {stop.line}     net = gross" in stop.data["source"]
    assert [entry.split()[1] for entry in stop.data["stack"]] == ["line_total", "basket", "main", "<module>"]
    assert stop.tokens <= 350


async def test_text_and_data_each_tell_the_whole_stop(both: Agent, program: Program) -> None:
    path = program(BILL)
    stop = await both.ok("start", program=str(path), breakpoints=[{"file": str(path), "line": line_of(path, "net")}])
    for word in ("breakpoint b1", "line_total", "gross = item.price", "6.0", "basket", "step"):
        assert word in stop.text
        assert word in str(stop.data)


async def test_stepping_marks_what_changed_with_the_old_value(both: Agent, program: Program) -> None:
    path = program(BILL)
    await both.ok("start", program=str(path), breakpoints=[{"file": str(path), "line": line_of(path, "add")}])
    stop = await both.ok("continue")
    assert stop.locals["index"] == "1 (was 0)"
    assert stop.locals["rate"] == "0.1"
    into = await both.ok("step", kind="into")
    assert "line_total" in into.data["at"]
    out = await both.ok("step", kind="out")
    assert "basket" in out.data["at"]
    over = await both.ok("step", kind="over", count=2)
    assert "2 of 2 steps taken" in over.text


async def test_an_uncaught_exception_is_explained_by_one_call(both: Agent, program: Program) -> None:
    path = program(BILL)
    stop = await both.ok("start", program=str(path))
    assert stop.reason == "uncaught exception"
    assert stop.line == line_of(path, "boom")
    raised, cause = stop.data["exception"]
    assert raised.startswith("KeyError: 'missing', raised at")
    assert cause.startswith("caused by ValueError: invalid literal")
    assert f":{line_of(path, 'cause')} in explain" in cause
    assert stop.locals["data"] == "{'a': [1, {'b': 3}]}"
    assert "items" in stop.data["locals of #1"]
    assert stop.data["output"] == "basket 22.5\n"
    gone = await both.ok("continue")
    assert gone.data["exit_code"] == 1
    assert "KeyError: 'missing'" in gone.data["output"]


async def test_a_handled_exception_and_sys_exit_do_not_stop(both: Agent, program: Program) -> None:
    path = program("import sys\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    pass\nsys.exit(3)\n")
    gone = await both.ok("start", program=str(path))
    assert gone.state == "exited"
    assert gone.data["exit_code"] == 3
    assert "output" not in gone.data


async def test_a_module_and_code_run_like_python_does(both: Agent) -> None:
    gone = await both.ok("start", module="json.tool", args=["--help"])
    assert gone.data["exit_code"] == 0
    assert "usage" in gone.data["output"]
    stop = await both.ok("start", code="x = 20\nbreakpoint()\nprint(x * 2 + 2)\n")
    assert stop.reason == "breakpoint() in the program"
    assert stop.locals == {"x": "20"}
    assert "> 3 print(x * 2 + 2)" in stop.data["source"]
    assert (await both.ok("continue")).data["output"] == "42\n"


async def test_restart_runs_the_edited_program_and_breakpoints_follow_their_text(both: Agent, program: Program) -> None:
    path = program(BILL)
    await both.ok("start", program=str(path), breakpoints=[{"file": str(path), "line": line_of(path, "add")}])
    path.write_text("# a new first line\n" + path.read_text())
    stop = await both.ok("restart")
    assert stop.reason == "breakpoint b1 (hit 1)"
    assert stop.line == line_of(path, "add")
    assert "b1 followed its line" in stop.text


async def test_several_sessions_live_side_by_side(both: Agent, program: Program) -> None:
    path = program("import sys\nwho = sys.argv[1]\nprint(who)  # @here\n")
    here = [{"file": str(path), "line": line_of(path, "here")}]
    first = await both.ok("start", program=str(path), args=["one"], breakpoints=here)
    second = await both.ok("start", program=str(path), args=["two"], breakpoints=here)
    ambiguous = await both.error("continue")
    assert "2 are alive" in ambiguous
    for reply, who in ((first, "one"), (second, "two")):
        answer = await both.ok("evaluate", expression="who", session=reply.data["session"])
        assert answer.data["value"] == f"'{who}'  (str)"
    assert len((await both.ok("sessions")).data["sessions"]) == 2
    gone = await both.ok("stop", session=first.data["session"])
    assert gone.state == "ended"
    assert (await both.ok("continue")).data["output"] == "two\n"


async def test_endless_recursion_is_told(agent: Agent, program: Program) -> None:
    path = program("def f(n):\n    return f(n + 1)  # @deeper\n\nf(0)\n")
    answer = await agent.ok("start", program=str(path))
    assert answer.reason == "uncaught exception"
    assert answer.data["exception"][0].startswith("RecursionError: maximum recursion depth exceeded")
    assert "in f" in answer.data["at"]
