"""Running a program again and again until it fails, each time with another hash seed that can be named."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace

import anyio

from .preparing.prepared import Prepared
from .stops import Exit
from .targets.launch import LaunchTarget

_HASH_SEED = "PYTHONHASHSEED"


@dataclass
class Repeat:
    """A program that is to be run until it fails, `limit` times at most."""

    limit: int
    prepared: Prepared
    """As the agent asked for it."""
    passed: int = 0
    """Runs that have ended well."""
    over: bool = False
    between_runs: anyio.Lock = field(default_factory=anyio.Lock, repr=False, compare=False)
    """Held while one run gives way to the next."""

    def goes_on_after(self, exit: Exit | None) -> bool:
        """Whether there will be a run after one that ended so, or has not ended yet."""
        if self.over or exit is None:
            return not self.over
        return exit.returncode == 0 and self.passed + 1 < self.limit

    def next_run(self) -> Prepared:
        """The same run with a hash seed of its own; one that the agent gave stays."""
        target = self.prepared.target
        if not isinstance(target, LaunchTarget) or _HASH_SEED in target.environ:
            return self.prepared
        seed = str(secrets.randbelow(2**32))
        return replace(self.prepared, target=replace(target, environ={**target.environ, _HASH_SEED: seed}))

    def describe(self) -> str:
        """How far it has come."""
        return (
            f"all {self.limit} runs passed" if self.passed == self.limit else f"run {self.passed + 1} of {self.limit}"
        )


def hash_seed(prepared: Prepared) -> str | None:
    """What repeats the hash seed of a run; None where it is Python's own choice."""
    target = prepared.target
    if isinstance(target, LaunchTarget) and _HASH_SEED in target.environ:
        return f"{_HASH_SEED}={target.environ[_HASH_SEED]}"
    return None
