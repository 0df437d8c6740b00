"""What is noted of each call of a tool: for the audit and the metrics. No argument, no value, no output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Outcome(str, Enum):
    """How a call has ended."""

    OK = "ok"
    ERROR = "error"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Call:
    """One call, now that it is over."""

    principal: str
    tool: str
    session: str
    """Its id; empty where the call was about none."""
    outcome: Outcome
    seconds: float


Note = Callable[[Call], None]


def note_nothing(call: Call) -> None:
    """For a server that nobody watches."""
