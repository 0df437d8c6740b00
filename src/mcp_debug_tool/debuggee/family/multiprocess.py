"""Stop where a process of multiprocessing crashes: its bootstrap catches what its target raises, and prints it.

What a worker of a pool raises is handed to the parent instead, and no crash.
"""

from __future__ import annotations

import functools
import os
import sys

from ..imports import after_import
from ..stopping import post_mortem

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from typing import Any

# The end of the command line by which multiprocessing starts a Python for a child.
_SPAWNED = "--multiprocessing-fork"


def install() -> None:
    """Look at what children crash with; in a process that is none nothing is changed."""
    os.register_at_fork(after_in_child=_in_fork)
    after_import("multiprocessing.process", _in_spawned)


def _in_fork() -> None:
    process = sys.modules.get("multiprocessing.process")
    if process is not None:
        _watch(process)


def _in_spawned(process: Any) -> None:
    if sys.argv[-1:] == [_SPAWNED]:
        _watch(process)


def _watch(process: Any) -> None:
    """Stand before the function by which the bootstrap prints what it has caught."""
    traceback = sys.modules.get("traceback")
    original = getattr(traceback, "print_exc", None)
    if original is None or getattr(original, "__globals__", None) is globals():
        return  # the parent of this fork was a child itself

    @functools.wraps(original)
    def print_exc(*args: Any, **options: Any) -> Any:
        if sys._getframe(1).f_code is process.BaseProcess._bootstrap.__code__:
            _look_at(sys.exc_info()[1])
        return original(*args, **options)

    setattr(traceback, "print_exc", print_exc)


def _look_at(error: BaseException | None) -> None:
    try:
        if error is not None and not isinstance(error, KeyboardInterrupt):
            post_mortem.stop(error, error.__traceback__)
    except Exception:
        return  # it is printed as it would be without us
