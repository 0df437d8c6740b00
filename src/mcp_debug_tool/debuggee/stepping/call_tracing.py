"""Calls as a trace function sees them that stands before pydevd's: for Python before 3.12."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from ..running import native
from . import returns

_tracers: dict[int, _Tracer] = {}


def begin(watch: Any) -> None:
    """Tell `watch` of the calls in this thread."""
    current = sys.gettrace()
    if current is None:
        return
    there = _tracer_of(current)
    tracer = _tracers.get(native.get_ident())
    if tracer is None or tracer is not there:
        # Greenlets share the trace function of their thread: another one's is not wrapped, but replaced.
        tracer = _tracers[native.get_ident()] = _Tracer(there.inner if there is not None else current)
        _set_trace(tracer.function)
    tracer.watch = watch


def end() -> None:
    """Tell of the calls in this thread no more."""
    tracer = _tracers.get(native.get_ident())
    if tracer is not None:
        tracer.watch = None


def rest() -> None:
    """Give this thread pydevd's own trace function back."""
    if _tracers.pop(native.get_ident(), None) is None:
        return
    there = _tracer_of(sys.gettrace())
    if there is not None:
        _set_trace(there.inner)


def forget() -> None:
    """Tell of nothing any more, in any thread."""
    for tracer in list(_tracers.values()):
        tracer.watch = None
    _tracers.clear()


def stay_before(inner: Any) -> Any:
    """What pydevd is to set where it sets this thread's trace function anew: ours before it, while that watches."""
    tracer = _tracers.get(native.get_ident())
    if tracer is None or tracer.watch is None or inner is None:
        return inner
    there = _tracer_of(inner)
    _tracers[native.get_ident()] = again = _Tracer(there.inner if there is not None else inner)
    again.watch = tracer.watch
    return again.function


def see_lines_again(frame: Any) -> None:
    """Let the lines of a stack be traced again where only the ends of its frames were; pydevd is about to."""
    while frame is not None:
        if isinstance(getattr(frame, "f_trace", None), _Leaving):
            frame.f_trace_lines = True
        frame = frame.f_back


def _tracer_of(function: Any) -> _Tracer | None:
    found: _Tracer | None = getattr(function, "_mcp_debug_tracer", None)
    return found


def _set_trace(function: Any) -> None:
    import pydevd_tracing

    pydevd_tracing.SetTrace(function)


class _Tracer(object):
    """The trace function of one thread: pydevd's, and before it a look at who calls."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.watch: Any = None
        self.function = self._function(inner)

    def _function(self, inner: Any) -> Callable[[FrameType, str, Any], Any]:
        def trace(frame: FrameType, event: str, arg: Any) -> Any:
            watch, back = self.watch, frame.f_back
            if watch is None or back is None or (watch.aim is None and back is not watch.info.pydev_step_stop):
                return inner(frame, event, arg)
            is_told = watch.started(frame, back)
            local = inner(frame, event, arg)
            return _Leaving(watch, frame, local) if is_told else local

        setattr(trace, "_mcp_debug_tracer", self)
        return trace


class _Leaving(object):
    """The trace function of one frame: pydevd's, if it wants the frame traced at all, and a look at its end."""

    __slots__ = ("watch", "inner")

    def __init__(self, watch: Any, frame: FrameType, inner: Any) -> None:
        self.watch = watch
        self.inner = inner
        if inner is None:
            frame.f_trace_lines = False

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "return" and returns.is_return(frame):
            self.watch.ended(frame, arg)
        if self.inner is not None:
            self.inner = self.inner(frame, event, arg) or self.inner
        return self
