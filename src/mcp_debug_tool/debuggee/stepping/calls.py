"""Sees the calls that a stepping frame makes itself: where each begins and what it ends with.

From them a step knows what came back, and which call it is to go into. They are seen by `call_tracing` before
Python 3.12 and by `call_monitoring` from then on, from a thread's first step until it goes on without one. A call
further in costs no more than one look at its caller.
"""

from __future__ import annotations

import threading
from types import CodeType, FrameType
from typing import Any

from ..running import threads
from . import call_monitoring, call_tracing, returns, targets
from .unwinding import IS_MONITORED, Unwinding


class Watch(Unwinding):
    """The calls of one step; pydevd's `pydev_step_stop` is the frame that makes them."""

    sees_calls = True

    def __init__(self, debugger: Any, thread: threading.Thread, aim: targets.Aim | None) -> None:
        super().__init__(debugger, thread)
        self.aim: targets.Aim | None = aim
        self.under_way = 0
        """The id of the frame whose end is to be told: the stepping frame makes one call at a time."""
        self._returned = returns.begin()
        self._told: dict[CodeType, bool] = {}

    def begin(self) -> None:
        """Watch this thread, which is about to go on."""
        super().begin()
        if not IS_MONITORED:
            call_tracing.begin(self)

    def end(self) -> None:
        """Watch no more; the thread has stopped."""
        super().end()
        if not IS_MONITORED:
            call_tracing.end()

    def started(self, frame: FrameType, back: FrameType) -> bool:
        """Take note of a call from `back`; whether its end is to be told too."""
        if self.info.pydev_step_cmd == -1:
            return False  # the step's greenlet waits, and another one runs
        is_own = back is self.info.pydev_step_stop
        try:
            if self.aim is not None:
                self._seek(self.aim, frame, back, is_own)
            if not is_own or not self._is_told(frame):
                return False
        except Exception:
            return False  # it would be raised in the program
        self.under_way = id(frame)
        return True

    def ended(self, frame: FrameType, value: Any) -> None:
        """Note what a call came back with."""
        self.under_way = 0
        try:
            self._returned.add(frame, value)
        except Exception:
            return  # it would be raised in the program

    def _is_told(self, frame: FrameType) -> bool:
        code = frame.f_code
        told = self._told.get(code)
        if told is None:
            told = self._told[code] = returns.gives_value(code) and not threads.is_the_debuggers(frame)
        return told

    def _seek(self, aim: targets.Aim, frame: FrameType, back: FrameType, is_own: bool) -> None:
        if aim.inside_library:
            if is_own:
                self.aim = None  # the call has come back without anything of the user's
            elif self._is_users(frame):
                self._go_into(frame)
        elif aim.is_met(back, is_own):
            if self._is_users(frame):
                self._go_into(frame)
            else:
                aim.inside_library = True

    def _go_into(self, frame: FrameType) -> None:
        """From here on the step is one of this frame, and ends before its first line."""
        self.aim = None
        self.info.pydev_step_stop = frame
        if IS_MONITORED:
            self._debugger.set_trace_for_frame_and_parents(self._thread.ident, frame)


def rest() -> None:
    """This thread goes on without a step: take away what was put in place for its steps."""
    if IS_MONITORED:
        call_monitoring.rest()
    else:
        call_tracing.rest()


def forget() -> None:
    """Watch nothing any more, in no thread: in a child that was forked, and where the debugger leaves."""
    if IS_MONITORED:
        call_monitoring.close()
    else:
        call_tracing.forget()
