"""`repeat`: a program that fails now and then is run until it does, and what made it fail is named."""

from __future__ import annotations

import re

import pytest
from agent import Agent, Reply, line_of

from conftest import Program

pytestmark = pytest.mark.anyio

# Fails in about one of four runs, by its hash seed alone.
FLAKY = """
    remainder = hash("x") % 4
    print("remainder", remainder)
    if remainder == 0:
        raise ValueError("flaky")  # @raise
"""


def notes(reply: Reply) -> list[str]:
    return list(reply.data.get("notes", []))


async def failing(agent: Agent, path: object) -> tuple[Reply, int, str]:
    """The stop at which a flaky program fails, the number of the run, and its hash seed."""
    stop = await agent.ok("start", program=str(path), repeat=200, timeout_s=30)
    (run,) = [note for note in notes(stop) if note.startswith("run ")]
    (seed,) = [note for note in notes(stop) if "PYTHONHASHSEED" in note]
    number, limit = re.fullmatch(r"run (\d+) of (\d+)", run).groups()  # type: ignore[union-attr]
    assert limit == "200"
    return stop, int(number), seed.partition("=")[2]


async def test_a_flaky_program_is_run_until_it_fails_and_the_run_and_its_seed_are_named(
    both: Agent, program: Program
) -> None:
    path = program(FLAKY)
    stop, number, seed = await failing(both, path)
    assert stop.state == "stopped"
    assert stop.reason == "uncaught exception"
    assert stop.line == line_of(path, "raise")
    assert stop.locals["remainder"].startswith("0")
    assert 1 <= number <= 200
    assert (await both.ok("evaluate", expression="__import__('os').environ['PYTHONHASHSEED']")).data["value"] == (
        f"{seed!r}  (str)"
    )


async def test_restart_repeats_the_failing_run_with_its_seed(agent: Agent, program: Program) -> None:
    path = program(FLAKY)
    _, _, seed = await failing(agent, path)
    again = await agent.ok("restart")
    assert (again.state, again.line) == ("stopped", line_of(path, "raise"))
    assert f"again with PYTHONHASHSEED={seed}" in notes(again)
    again = await agent.ok("restart")
    assert (again.state, again.line) == ("stopped", line_of(path, "raise"))


async def test_a_seed_that_was_given_stays_through_all_runs(agent: Agent, program: Program) -> None:
    path = program(FLAKY)
    _, _, seed = await failing(agent, path)
    await agent.ok("stop")
    again = await agent.ok("start", program=str(path), env={"PYTHONHASHSEED": seed}, repeat=50)
    assert again.line == line_of(path, "raise")
    assert "run 1 of 50" in notes(again)


async def test_runs_that_all_pass_are_told(both: Agent) -> None:
    gone = await both.ok("start", code="print('well')", repeat=3)
    assert (gone.state, gone.reason) == ("exited", "exit code 0")
    assert "all 3 runs passed" in notes(gone)
    assert not any("SEED" in note for note in notes(gone))
    assert (await both.ok("wait")).reason == "exit code 0"


async def test_another_exit_code_ends_it(agent: Agent, program: Program) -> None:
    path = program(FLAKY.replace('raise ValueError("flaky")', "raise SystemExit(3)"))
    gone = await agent.ok("start", program=str(path), repeat=200, timeout_s=30)
    assert (gone.state, gone.reason) == ("exited", "exit code 3")
    assert any(re.fullmatch(r"run \d+ of 200", note) for note in notes(gone))
    assert any("PYTHONHASHSEED=" in note for note in notes(gone))


async def test_a_crash_ends_it(agent: Agent) -> None:
    gone = await agent.ok("start", code="import os; os.abort()", repeat=5)
    assert gone.reason == "crashed with SIGABRT"
    assert "run 1 of 5" in notes(gone)


async def test_how_far_it_has_come_is_told_while_it_goes_on(both: Agent) -> None:
    running = await both.ok("start", code="import time; time.sleep(0.1)", repeat=1000, timeout_s=1.5)
    assert running.state == "running"
    (told,) = [note for note in notes(running) if re.fullmatch(r"run \d+ of 1000", note)]
    assert "of 1000" in (await both.ok("sessions")).text
    later = await both.ok("wait", timeout_s=1.5)
    assert int(notes(later)[0].split()[1]) > int(told.split()[1])
    ended = await both.ok("stop")
    assert ended.state == "ended"
    assert (await both.ok("sessions")).data["sessions"] == 0


async def test_stop_ends_it_whatever_it_is_at(agent: Agent) -> None:
    for seconds in (0, 0.3, 0.7):
        await agent.ok("start", code="pass", repeat=1000, timeout_s=seconds)
        await agent.ok("stop")
        assert (await agent.ok("sessions")).data["sessions"] == 0


async def test_breakpoints_stay_over_the_runs(agent: Agent, program: Program) -> None:
    path = program("value = 1  # @first\nvalue = 2  # @second\n")
    place = {"file": str(path), "line": line_of(path, "first")}
    stop = await agent.ok("start", program=str(path), breakpoints=[place], repeat=3)
    told = [notes(stop)[0]]
    second = await agent.ok("set_breakpoint", file=str(path), line=line_of(path, "second"), condition="value == 1")
    assert second.data["breakpoint"].startswith("b2 ")
    lines = [stop.line]
    for _ in range(5):
        stop = await agent.ok("continue")
        lines.append(stop.line)
        told.append(next(note for note in notes(stop) if note.startswith("run ")))
    assert lines == [1, 2, 1, 2, 1, 2]
    assert told == [f"run {run} of 3" for run in (1, 1, 2, 2, 3, 3)]
    gone = await agent.ok("continue")
    assert gone.state == "exited"
    assert "all 3 runs passed" in notes(gone)


async def test_a_condition_can_wait_for_the_run_that_matters(agent: Agent, program: Program) -> None:
    path = program('remainder = hash("x") % 4\nprint(remainder)  # @here\n')
    place = {"file": str(path), "line": line_of(path, "here"), "condition": "remainder == 2"}
    stop = await agent.ok("start", program=str(path), breakpoints=[place], repeat=200, timeout_s=30)
    assert stop.reason.startswith("breakpoint b1")
    assert stop.locals["remainder"] == "2"


async def test_a_run_that_cannot_be_started_ends_it(agent: Agent, program: Program) -> None:
    path = program("""
        import pathlib
        count = pathlib.Path(__file__).with_name("count")
        count.write_text(count.read_text() + "x" if count.exists() else "x")
        if len(count.read_text()) == 2:
            pathlib.Path(__file__).write_text("y = = 2\\n")
    """)
    gone = await agent.ok("start", program=str(path), repeat=9)
    if gone.state == "running":
        gone = await agent.ok("wait")
    assert gone.state == "exited"
    assert "run 3 of 9 could not be started: syntax error" in gone.text
    assert "has exited" in await agent.error("step")
    path.write_text("print('mended')\n", encoding="utf-8")
    assert (await agent.ok("restart")).data["output"] == "mended\n"


async def test_restart_ends_the_repetition(agent: Agent, program: Program) -> None:
    path = program("print('once')\n")
    await agent.ok("start", program=str(path), repeat=1000, timeout_s=0.5)
    gone = await agent.ok("restart")
    assert gone.reason == "exit code 0", gone
    assert gone.data["output"] == "once\n"


@pytest.mark.parametrize("repeat", [0, -1, 1001, "often"])
async def test_a_number_of_runs_that_cannot_be_is_refused(agent: Agent, repeat: object) -> None:
    assert "repeat" in await agent.error("start", code="pass", repeat=repeat)
    assert (await agent.ok("sessions")).data["sessions"] == 0
