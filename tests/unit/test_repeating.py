"""Runs that are repeated until one fails: when there is another, and with which hash seed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcp_debug_tool.interpreters import Interpreter
from mcp_debug_tool.plan import Plan
from mcp_debug_tool.preparing.prepared import Prepared
from mcp_debug_tool.repeating import Repeat, hash_seed
from mcp_debug_tool.stops import Exit
from mcp_debug_tool.targets.launch import LaunchTarget, Program
from mcp_debug_tool.targets.pid import PidTarget

PLAN = Plan(program_file=None, module=None, roots=("/app",), first_path="/app")
WELL = Exit(0)


def launched(**environ: str) -> Prepared:
    """A program that is launched with this environment."""
    target = LaunchTarget(Program("code", "pass"), Interpreter("/py", "as given"), "/app", environ)
    return Prepared(target, PLAN, "/app", "code", ("/app",))


def environ_of(run: Prepared) -> dict[str, str]:
    """The environment of a launched program."""
    assert isinstance(run.target, LaunchTarget)
    return dict(run.target.environ)


# --- whether there is another run -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exit", "goes_on"),
    [
        (WELL, True),
        (Exit(1), False),
        (Exit(-11), False),
        (Exit(None), False),
        (None, True),  # it has not ended yet
    ],
)
def test_only_a_run_that_ended_well_is_followed_by_another(exit: Exit | None, goes_on: bool) -> None:
    assert Repeat(3, launched()).goes_on_after(exit) is goes_on


def test_the_last_run_is_followed_by_none() -> None:
    assert Repeat(3, launched(), passed=1).goes_on_after(WELL)
    assert not Repeat(3, launched(), passed=2).goes_on_after(WELL)
    assert not Repeat(1, launched()).goes_on_after(WELL)


def test_runs_that_are_over_do_not_go_on() -> None:
    assert not Repeat(3, launched(), over=True).goes_on_after(WELL)


def test_as_many_runs_as_were_asked_for_are_made() -> None:
    repeat = Repeat(5, launched())
    while repeat.goes_on_after(WELL):
        repeat.passed += 1
    assert repeat.passed == 4
    assert repeat.describe() == "run 5 of 5"


def test_how_far_it_has_come_is_said() -> None:
    assert Repeat(3, launched()).describe() == "run 1 of 3"
    assert Repeat(3, launched(), passed=2).describe() == "run 3 of 3"
    assert Repeat(3, launched(), passed=3).describe() == "all 3 runs passed"


# --- hash seeds -----------------------------------------------------------------------------------------------


def test_each_run_has_a_hash_seed_of_its_own_that_python_takes() -> None:
    repeat = Repeat(20, launched(A="1"))
    seeds = {environ_of(repeat.next_run())["PYTHONHASHSEED"] for _ in range(20)}
    assert len(seeds) > 1
    assert all(0 <= int(seed) < 2**32 for seed in seeds)


def test_but_for_the_seed_a_run_is_as_it_was_asked_for() -> None:
    asked = launched(A="1")
    run = Repeat(3, asked).next_run()
    environ = environ_of(run)
    del environ["PYTHONHASHSEED"]
    assert environ == {"A": "1"}
    assert isinstance(run.target, LaunchTarget)
    assert replace(run, target=replace(run.target, environ=environ)) == asked
    assert environ_of(asked) == {"A": "1"}


@pytest.mark.parametrize("seed", ["0", "42", "random", ""])
def test_a_seed_that_was_given_stays(seed: str) -> None:
    asked = launched(PYTHONHASHSEED=seed)
    assert Repeat(3, asked).next_run() is asked
    assert hash_seed(asked) == f"PYTHONHASHSEED={seed}"


def test_a_seed_is_told_as_what_repeats_it() -> None:
    run = Repeat(3, launched()).next_run()
    assert hash_seed(run) == f"PYTHONHASHSEED={environ_of(run)['PYTHONHASHSEED']}"
    assert hash_seed(launched()) is None


def test_a_program_that_is_only_attached_to_has_no_seed_of_ours() -> None:
    attached = Prepared(PidTarget(4711), PLAN, "/app", "process 4711", ("/app",), is_launched=False)
    assert Repeat(3, attached).next_run() is attached
    assert hash_seed(attached) is None
