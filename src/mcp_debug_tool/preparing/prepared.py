"""What a call has come to: a target, and the plan of the run."""

from __future__ import annotations

from dataclasses import dataclass

from ..plan import Plan
from ..targets.base import Target


@dataclass(frozen=True)
class Prepared:
    """A run that can begin."""

    target: Target
    plan: Plan
    cwd: str
    """The folder relative paths begin at."""
    what: str
    """The program in a few words."""
    source_folders: tuple[str, ...]
    """Where a source file named by a relative path is looked for, in this order."""
    python: str = ""
    """The interpreter and why it was taken; empty where the program has its own."""
    is_launched: bool = True
    """Whether the program is started by us, and can be started again."""
    notes: tuple[str, ...] = ()
