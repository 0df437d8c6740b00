"""What a session is and what it may do: one table, drawn below; the code only looks things up in it.

    starting ──▶ running ◀──▶ stopped
        │           │            │
        └───────────┴────────────┴──▶ exited      (the process is gone)
                                 └──▶ lost        (it lives, but its debugger does not answer)

debugpy answers "success" to a step of a running program and nothing at all to a continue of one, so what does
not fit is refused here, before anything is sent.
"""

from __future__ import annotations

from enum import Enum


class State(str, Enum):
    """Where a session is; the values are the words an agent reads."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPED = "stopped"
    EXITED = "exited"
    LOST = "lost"


_ALLOWED: dict[str, frozenset[State]] = {
    "continue": frozenset({State.STOPPED}),
    "step": frozenset({State.STOPPED}),
    "inspect": frozenset({State.STOPPED}),
    "pause": frozenset({State.RUNNING}),
    "send input": frozenset({State.RUNNING, State.STOPPED}),
    "set breakpoints": frozenset({State.RUNNING, State.STOPPED}),
}


def allows(state: State, action: str) -> bool:
    """Whether `action`, a key of the table above, makes sense in `state`."""
    return state in _ALLOWED[action]
