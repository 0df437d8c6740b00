"""How a run is to begin."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """How a run is to begin, beside its target."""

    program_file: str | None
    """The script, where it is one: checked for syntax, and searched first for functions."""
    module: str | None
    """The module that is run, where it is one: its file is then looked for inside the program."""
    roots: tuple[str, ...]
    """Folders of the user's own code."""
    first_path: str
    """What will be the program's sys.path[0]."""
    break_on: frozenset[str] = frozenset({"uncaught"})
    stop_on_entry: bool = False
    read_only: bool = False
    """Whether no code of the program's is to be run, not even to show its values."""
