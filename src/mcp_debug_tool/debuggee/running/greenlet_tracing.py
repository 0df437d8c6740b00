"""Breakpoints and steps in programs whose threads switch between greenlets.

pydevd looks at what its threads run. It misses the greenlets that wait at that moment, and all greenlets of a thread
share the step it notes for that: a step would end in whatever line another greenlet comes to, and so would one
beyond the last line of a greenlet. Here waiting greenlets are traced too, and only one of them steps.
"""

from __future__ import annotations

import sys

from . import greenlets, native

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_NO_STEP = -1
# How often to look for greenlets that were running; one that waits for no other runs all the time.
_TRIES = 3


def watch(pydevd: Any) -> None:
    """Put both in place."""
    _trace_waiting(pydevd)
    _keep_steps(pydevd)


def _trace_waiting(pydevd: Any) -> None:
    """Let a breakpoint that is set now be met by greenlets that were begun before."""
    original = pydevd.PyDB.set_tracing_for_untraced_contexts

    def set_tracing_for_untraced_contexts(self: Any, *args: Any, **options: Any) -> None:
        untraced = greenlets.every()
        for _ in range(_TRIES):
            original(self, *args, **options)
            # One that was running may wait by now, and the other way round.
            untraced = [greenlet for greenlet in untraced if not _is_traced_waiting(self, greenlet)]
            if not untraced:
                return

    pydevd.PyDB.set_tracing_for_untraced_contexts = set_tracing_for_untraced_contexts


def _is_traced_waiting(debugger: Any, greenlet: Any) -> bool:
    """Trace a greenlet that waits; not one that runs, which can be traced as the thread it runs in."""
    frame = greenlet.gr_frame
    if frame is not None:
        # Which thread it will run in matters to steps alone.
        debugger.set_trace_for_frame_and_parents(native.main_ident, frame)
        _see_all_lines(frame)
    return frame is not None or greenlet.dead


def _see_all_lines(frame: FrameType | None) -> None:
    """From 3.12 on: lines that were of no interest are of interest again; elsewhere CPython does so where code runs."""
    monitoring = getattr(sys, "monitoring", None)
    while frame is not None and monitoring is not None:
        tool, code = monitoring.DEBUGGER_ID, frame.f_code
        events = monitoring.get_local_events(tool, code) if monitoring.get_tool(tool) else 0
        if events:
            monitoring.set_local_events(tool, code, 0)
            monitoring.set_local_events(tool, code, events)
        frame = frame.f_back


def _keep_steps(pydevd: Any) -> None:
    """Follow every step until its thread stops again."""
    original = pydevd.PyDB._do_wait_suspend
    steps: dict[Any, _Step] = {}

    def _do_wait_suspend(self: Any, thread: Any, frame: FrameType, *args: Any, **options: Any) -> Any:
        last = steps.pop(thread, None)
        if last is not None:
            last.end()
        answer = original(self, thread, frame, *args, **options)
        greenlet = sys.modules.get("greenlet")
        if thread.additional_info.pydev_step_cmd != _NO_STEP and hasattr(greenlet, "settrace"):
            steps[thread] = _Step(greenlet, self, thread.additional_info)
            _see_all_lines(frame)
        return answer

    pydevd.PyDB._do_wait_suspend = _do_wait_suspend


class _Step(object):
    """A step of the greenlet that the thread stands in: while it waits, nobody steps."""

    def __init__(self, module: Any, debugger: Any, info: Any) -> None:
        self._module = module
        self._debugger = debugger
        self._info = info
        self._greenlet = greenlets.here()
        self._command = _NO_STEP
        self._before = module.gettrace()
        self._ours = self._switched
        module.settrace(self._ours)

    def end(self) -> None:
        """Stop following it; unless the program follows switches itself since."""
        if self._module.gettrace() is self._ours:
            self._module.settrace(self._before)

    def _switched(self, event: str, args: Any) -> None:
        # Runs in the greenlet that is switched to.
        info, target = self._info, args[1]
        if target is not self._greenlet and info.pydev_step_cmd != _NO_STEP:
            self._command, info.pydev_step_cmd = info.pydev_step_cmd, _NO_STEP
        elif target is self._greenlet and self._command != _NO_STEP:
            info.pydev_step_cmd, self._command = self._command, _NO_STEP
        if self._before is not None:
            self._before(event, args)
        if self._greenlet.dead or self._debugger.pydb_disposed:
            self.end()
