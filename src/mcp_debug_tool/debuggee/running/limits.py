"""A time limit for code that the debugger runs inside the program: reprs, properties, expressions."""

from __future__ import annotations

# Here and not where it is used: the program may have a ctypes.py of its own on its path by then.
import ctypes
import signal
from types import TracebackType
from typing import Any, Literal

from . import greenlets, native
from .pause_signal import PAUSE_SIGNAL


class TimeLimit(BaseException):
    """Raised in the limited code; no `except Exception` of the program swallows it."""


class time_limit(object):  # noqa: N801 - used like a function
    """Context manager: raise TimeLimit in this thread when the block takes longer than `seconds`.

    It ends Python code at its next instruction, on POSIX a sleeping or waiting main thread too, and a greenlet that
    waits in gevent's hub. Code that stays inside one C call cannot be ended; the server then reports the session as
    not responding.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._thread = native.get_ident()
        self._greenlet = greenlets.Waiter()
        self._lock = native.Lock()
        self._over = False
        self._raised = False

    def __enter__(self) -> time_limit:
        import pydevd

        tracker = pydevd.get_global_debugger().timeout_tracker
        self._timer: Any = tracker.call_on_timeout(self._seconds, self._interrupt)
        self._timer.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        with self._lock:
            self._over = True
            if self._raised and kind is not TimeLimit:
                # It was set but has not struck yet: take it back, or it would strike pydevd itself.
                _set_async_exception(self._thread, None)
        self._timer.__exit__(None, None, None)
        return False

    def _interrupt(self) -> None:
        with self._lock:
            if self._over:
                return
            if self._greenlet.call_in_hub(self._end_waiting):
                return
            self._raised = True
            _set_async_exception(self._thread, TimeLimit)
        if PAUSE_SIGNAL is not None and self._thread == native.main_ident:
            # Wakes a blocking call, whose handler then meets the exception.
            signal.pthread_kill(self._thread, PAUSE_SIGNAL)

    def _end_waiting(self) -> None:
        """In the hub, to which the greenlet of the limited code has switched: what is raised there ends the program."""
        with self._lock:
            if self._over:
                return
        self._greenlet.throw(TimeLimit)


def _set_async_exception(thread: int, error: type[BaseException] | None) -> None:
    value = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), value)
