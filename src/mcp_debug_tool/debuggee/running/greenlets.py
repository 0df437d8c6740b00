"""Greenlets of the program: which one this is, which others wait, and a stop where an exception ends one."""

from __future__ import annotations

import functools
import gc
import itertools
import sys
import threading
import weakref
from contextlib import contextmanager

from ..imports import after_import
from . import native

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import Any

MAX_GREENLETS = 100
_MAX_NAME = 60

# In the order in which they were first asked for: gevent's own numbers are given out by asking for them.
_next_number = itertools.count(1).__next__
_numbers: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
# Threads, by their ident, that stand at a pause and show another greenlet than the one they are in.
_shown: dict[int, Any] = {}
# Threads, by their ident, in which gevent reports what has ended a greenlet.
_reporting: set[int] = set()


def current_greenlet() -> str | None:
    """The name of the greenlet this thread stands in; None in the main one, and where there are none."""
    current = here()
    return None if current is None or current.parent is None else _name(current)


def here() -> Any:
    """The greenlet this thread stands in, which at a pause need not be the one this code runs in; or None."""
    instead = _shown.get(native.get_ident())
    getcurrent = getattr(sys.modules.get("greenlet"), "getcurrent", None)
    return instead if instead is not None or getcurrent is None else getcurrent()


def is_in_hub() -> bool:
    """Whether this thread is in gevent's own greenlet, to which all others switch when they wait."""
    hub = getattr(sys.modules.get("gevent.hub"), "Hub", None)
    return hub is not None and isinstance(here(), hub)


def all_greenlets() -> list[tuple[str, FrameType]]:
    """(name, innermost frame) of each greenlet that waits to be switched to, the oldest MAX_GREENLETS of them.

    Looks at every object of the program, so only when asked.
    """
    found = itertools.islice(waiting(), MAX_GREENLETS)
    return [(_name(greenlet), frame) for greenlet, frame in found]


def waiting_here() -> Iterator[Any]:
    """The greenlets of this thread that wait to be switched to, its main one first."""
    current = here()
    if current is not None:
        main = _main_of(current)
        if main.gr_frame is not None:
            yield main
        for greenlet, _ in waiting():
            if greenlet is not main and _main_of(greenlet) is main:
                yield greenlet


def waiting() -> Iterator[tuple[Any, FrameType]]:
    """(greenlet, innermost frame) of all that wait, oldest first; looks at every object of the program."""
    for greenlet in every():
        frame = greenlet.gr_frame
        if frame is not None:
            yield greenlet, frame


def every() -> list[Any]:
    """All greenlets that have begun and not ended, oldest first; looks at every object of the program."""
    kind: Any = getattr(sys.modules.get("greenlet"), "greenlet", None)
    if not isinstance(kind, type):
        return []
    # Youngest first: whatever grows older meanwhile is seen twice, and not missed.
    generations = [gc.get_objects(generation) for generation in (0, 1, 2)]
    # isinstance() would ask objects that stand for others, such as flask's `request`, for their class.
    found = [g for objects in reversed(generations) for g in objects if issubclass(type(g), kind) and g]
    return list({id(greenlet): greenlet for greenlet in found}.values())


def _main_of(greenlet: Any) -> Any:
    while greenlet.parent is not None:
        greenlet = greenlet.parent
    return greenlet


class Waiter(object):
    """The greenlet this code runs in, for others to reach while it waits in gevent's hub."""

    def __init__(self) -> None:
        greenlet = sys.modules.get("greenlet")
        get_hub = getattr(sys.modules.get("gevent._hub_local"), "get_hub_if_exists", None)
        self._greenlet: Any = None if greenlet is None else greenlet.getcurrent()
        self._hub: Any = None if get_hub is None else get_hub()

    def call_in_hub(self, function: Callable[[], None]) -> bool:
        """Whether it waits, and the hub will call `function` then; callable from any thread."""
        if self._hub is None or self._greenlet is self._hub or self._greenlet.gr_frame is None:
            return False
        self._hub.loop.run_callback_threadsafe(function)
        return True

    def throw(self, error: type[BaseException]) -> None:
        """Switch to it and raise `error` there."""
        self._greenlet.throw(error)


@contextmanager
def shown(greenlet: Any) -> Iterator[None]:
    """While this thread stands, it is to be seen in `greenlet`; None: in the one it is in."""
    ident = native.get_ident()
    if greenlet is not None:
        _shown[ident] = greenlet
    try:
        yield
    finally:
        _shown.pop(ident, None)


def _name(greenlet: Any) -> str:
    """What a person would call it: its own name, that of its thread, or its function with a number of ours."""
    if greenlet.parent is None:
        return "main greenlet"
    names = getattr(greenlet, "__dict__", {})
    function = names.get("_run")
    thread = getattr(function, "__self__", None)
    name = vars(thread).get("_name") if isinstance(thread, threading.Thread) else names.get("name")
    if not isinstance(name, str):
        if greenlet not in _numbers:
            _numbers[greenlet] = _next_number()
        name = "%s %d: %s" % (type(greenlet).__name__, _numbers[greenlet], _function_name(function, greenlet.gr_frame))
    return name if len(name) <= _MAX_NAME else name[: _MAX_NAME - 1] + "…"


def _function_name(function: Any, frame: FrameType | None) -> str:
    """That of its outermost frame where gevent does not tell."""
    frame = sys._getframe() if frame is None else frame
    name = getattr(function, "__qualname__", None)
    while frame is not None and not isinstance(name, str):
        if frame.f_back is None:
            name = frame.f_code.co_name
        frame = frame.f_back
    return str(name)


# --- uncaught exceptions ------------------------------------------------------------------------------------------


def watch(pydevd: Any) -> None:
    """Stop at what ends a greenlet of gevent's, where gevent reports it; and nowhere else in a greenlet.

    An exception that leaves the first frame of a greenlet goes on elsewhere: a plain one's is raised in the greenlet
    that has switched to it, gevent's own end with GreenletExit when they are killed.
    """
    original = pydevd.stop_on_unhandled_exception

    def stop_on_unhandled_exception(debugger: Any, thread: Any, info: Any, arg: Any) -> None:
        if current_greenlet() is None:
            original(debugger, thread, info, arg)
            return
        if native.get_ident() in _reporting or _is_thread_of_its_own():
            original(debugger, thread, info, arg)
        # pydevd notes that this thread has stopped at what has ended it; others run in it.
        info.suspended_at_unhandled = False

    pydevd.stop_on_unhandled_exception = stop_on_unhandled_exception
    for name in ("_pydevd_sys_monitoring", "_pydevd_sys_monitoring_cython"):
        module = sys.modules.get("_pydevd_sys_monitoring." + name)
        if module is not None:
            setattr(module, "stop_on_unhandled_exception", stop_on_unhandled_exception)
    after_import("gevent.hub", lambda hub: _watch_reports(pydevd, hub))


def _is_thread_of_its_own() -> bool:
    """Whether this greenlet is what gevent has made of a threading.Thread: nothing catches what leaves that."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code is threading.Thread._bootstrap_inner.__code__:  # type: ignore[attr-defined]
            return True
        frame = frame.f_back
    return False


def _watch_reports(pydevd: Any, hub: Any) -> None:
    original = hub.Hub.handle_error

    @functools.wraps(original)
    def handle_error(self: Any, context: Any, kind: Any, error: Any, trace: Any) -> Any:
        try:
            if isinstance(context, sys.modules["greenlet"].greenlet) and isinstance(error, BaseException):
                _stop_at(pydevd.get_global_debugger(), kind, error, trace)
        except Exception:
            pass  # noqa: S110 - it is reported as it would be without us
        return original(self, context, kind, error, trace)

    hub.Hub.handle_error = handle_error


def _stop_at(debugger: Any, kind: Any, error: BaseException, trace: Any) -> None:
    if debugger is None or debugger.pydb_disposed or trace is None:
        return
    ident = native.get_ident()
    if ident in _reporting:
        return
    _reporting.add(ident)
    try:
        debugger.trigger_exception_handler((kind, error, trace))
    finally:
        _reporting.discard(ident)
