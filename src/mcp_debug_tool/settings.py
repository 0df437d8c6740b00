"""Every limit and default in one place, frozen; nothing else reads the server's environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Profile = Literal["core", "full"]


@dataclass(frozen=True)
class Settings:
    """What the server is run with; times in seconds, sizes in bytes unless said otherwise."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    """Environment programs inherit, ours unless told otherwise."""
    cwd: str = field(default_factory=os.getcwd)
    """Where relative paths of a first call begin."""
    wait_default: float = 20.0
    """How long a call waits for a stop when it does not say."""
    connect_limit: float = 15.0
    """A program not under the debugger by then will not come."""
    max_sessions: int = 32
    max_ended_sessions: int = 8
    """Sessions kept after their program has ended, for their output and for restart."""
    max_breakpoints: int = 1000
    tools: Profile = "core"
    """Which tools are offered; `full` adds those that only a few tasks need."""
    read_only: bool = False
    """Whether nothing is offered that runs code in a program or changes it: running programs are looked into."""
    allow_remote: bool = False
    """Whether a call may name another machine: to attach to, to listen on, or to send a trigger to."""
