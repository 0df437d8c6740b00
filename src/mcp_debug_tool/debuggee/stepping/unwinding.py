"""A step whose frame is left by an exception: it ends where that comes to in the user's code.

From 3.12 on pydevd forgets a step there, and the program runs on; before, its trace function sees to it.
"""

from __future__ import annotations

import sys
import threading
from types import FrameType
from typing import Any

from ..running import threads
from . import call_monitoring

IS_MONITORED = sys.version_info >= (3, 12)


class Unwinding(object):
    """One step; pydevd's `pydev_step_stop` is the frame that takes it."""

    sees_calls = False
    aim: Any = None
    under_way = 0

    def __init__(self, debugger: Any, thread: threading.Thread) -> None:
        self.info: Any = getattr(thread, "additional_info")
        self._debugger = debugger
        self._thread = thread

    def begin(self) -> None:
        """Watch this thread, which is about to go on."""
        if IS_MONITORED:
            call_monitoring.begin(self)

    def end(self) -> None:
        """Watch no more; the thread has stopped."""
        if IS_MONITORED:
            call_monitoring.end(self)

    def left(self, frame: FrameType) -> None:
        """An exception leaves the stepping frame: go on stepping in the next one of the user's that called it."""
        from _pydevd_bundle import pydevd_comm_constants as commands

        over = {
            commands.CMD_STEP_RETURN: commands.CMD_STEP_OVER,
            commands.CMD_STEP_RETURN_MY_CODE: commands.CMD_STEP_OVER_MY_CODE,
        }
        try:
            back = frame.f_back
            while back is not None and not self._is_users(back):
                back = back.f_back
            if back is None or self.info.pydev_step_cmd == -1:
                return
            self.info.pydev_step_cmd = over.get(self.info.pydev_step_cmd, self.info.pydev_step_cmd)
            self.info.pydev_step_stop = back
            self.info.update_stepping_info()
            self._debugger.set_trace_for_frame_and_parents(self._thread.ident, back)
        except Exception:
            return  # it would be raised in the program

    def _is_users(self, frame: FrameType) -> bool:
        """Whether a step may stop there."""
        debugger, file = self._debugger, frame.f_code.co_filename
        if threads.is_the_debuggers(frame):
            return False
        return not (debugger.is_files_filter_enabled and debugger.apply_files_filter(frame, file, False))
