"""The states a session may be in, and what may be done in each."""

from __future__ import annotations

import pytest

from mcp_debug_tool.protocol.state import _ALLOWED, State, allows

S = State


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
