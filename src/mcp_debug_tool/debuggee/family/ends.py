"""Tell the server how children have ended, as their parent here learns it: nobody else can know.

Only a parent is given the exit status of a child. Where Python's own classes collect it, they keep it as the attribute
`returncode` of a `Popen`: subprocess and asyncio, multiprocessing in each of its ways, celery. That attribute is
watched; no call of the program is stood before. What a program learns from `os.wait` itself is not told.
"""

from __future__ import annotations

import collections
import os
from typing import Any

from .. import events
from ..imports import after_import
from ..running import native

_CLASSES = ("subprocess", "multiprocessing.popen_fork", "billiard.popen_fork", "gevent.subprocess")
_TRIES = 20
_untold: collections.deque[tuple[int, int]] = collections.deque()


def tell_from_now_on() -> None:
    """Watch every `Popen` that Python's own modules have, as soon as they are imported."""
    for module in _CLASSES:
        after_import(module, _watch)
    os.register_at_fork(after_in_child=_untold.clear)


def _watch(module: Any) -> None:
    module.Popen.returncode = _ReturnCode()


class _ReturnCode(object):
    """The attribute `returncode`, kept where it always was: with the object."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            raise AttributeError("type object %r has no attribute 'returncode'" % owner.__name__)
        try:
            return instance.__dict__["returncode"]
        except KeyError:
            raise AttributeError("%r object has no attribute 'returncode'" % type(instance).__name__) from None

    def __set__(self, instance: Any, value: Any) -> None:
        before = instance.__dict__.get("returncode")
        instance.__dict__["returncode"] = value
        if before is None and value is not None:
            try:
                _untold.append((int(instance.pid), int(value)))
                tell()
            except Exception:
                return  # the interpreter is being taken down, or this is a Popen of another kind

    def __delete__(self, instance: Any) -> None:
        try:
            del instance.__dict__["returncode"]
        except KeyError:
            raise AttributeError("returncode") from None


def tell() -> None:
    """Send what has not been sent yet."""
    if _is_safe():
        while _untold:
            pid, code = _untold.popleft()
            events.send("mcpDebugChildEnded", {"pid": pid, "code": code})


def _is_safe() -> bool:
    """Whether pydevd's queue is free. An object may be collected, and a child be polled by its `__del__`, while
    this very thread is inside that queue: it must not wait there for itself, and tells later.
    """
    import pydevd

    debugger = pydevd.get_global_debugger()
    mutex = getattr(getattr(debugger.writer, "_cmd_queue", None), "mutex", None)
    for _ in range(_TRIES):
        if mutex is None or not mutex.locked():
            return True
        native.sleep(0.0005)
    return False
