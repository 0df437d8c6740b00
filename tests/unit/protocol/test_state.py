"""The table of states itself, and what may be done in each."""

from __future__ import annotations

import pytest

from mcp_debug_tool.protocol.state import _ALLOWED, State, allows, follows

S = State


def reachable(start: State) -> set[State]:
    """Every state a session that is in `start` can come to be in later."""
    found: set[State] = set()
    grown = {state for state in State if follows(start, state)}
    while grown - found:
        found |= grown
        grown = {new for old in found for new in State if follows(old, new)}
    return found


def test_every_state_can_be_reached_from_the_first_and_none_leads_back_to_it() -> None:
    assert reachable(S.STARTING) == set(State) - {S.STARTING}
    assert not any(follows(state, S.STARTING) for state in State)


def test_a_program_that_has_exited_is_never_anything_else() -> None:
    assert reachable(S.EXITED) == set()


def test_a_lost_program_can_only_exit() -> None:
    assert reachable(S.LOST) == {S.EXITED}


def test_a_program_can_end_or_be_lost_from_every_living_state() -> None:
    for state in (S.STARTING, S.RUNNING, S.STOPPED):
        assert follows(state, S.EXITED)
        assert follows(state, S.LOST)


def test_running_and_stopped_follow_each_other() -> None:
    assert follows(S.RUNNING, S.STOPPED)
    assert follows(S.STOPPED, S.RUNNING)


@pytest.mark.parametrize("state", State)
def test_staying_is_no_change(state: State) -> None:
    assert not follows(state, state)


@pytest.mark.parametrize(
    ("action", "states"),
    [
        ("continue", {S.STOPPED}),
        ("step", {S.STOPPED}),
        ("inspect", {S.STOPPED}),
        ("pause", {S.RUNNING}),
        ("send input", {S.RUNNING, S.STOPPED}),
        ("set breakpoints", {S.RUNNING, S.STOPPED}),
    ],
)
def test_an_action_makes_sense_in_these_states_only(action: str, states: set[State]) -> None:
    assert {state for state in State if allows(state, action)} == states


@pytest.mark.parametrize("action", _ALLOWED)
def test_nothing_can_be_done_before_the_program_runs_or_after_it_is_gone(action: str) -> None:
    assert not any(allows(state, action) for state in (S.STARTING, S.EXITED, S.LOST))


def test_an_action_that_is_not_in_the_table_is_a_bug_and_not_a_refusal() -> None:
    with pytest.raises(KeyError):
        allows(S.STOPPED, "dance")


def test_states_are_the_words_an_agent_reads() -> None:
    assert [state.value for state in State] == ["starting", "running", "stopped", "exited", "lost"]
