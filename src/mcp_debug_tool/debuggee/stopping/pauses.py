"""Where a pause stands: in the program's own code, although a call of a library's was under way.

pydevd would stand in our signal handler, and a step from there is lost where frames of a library lie between. And in
gevent's hub, which runs while all greenlets wait, nothing of the program's is on the stack: one of those is shown.
"""

from __future__ import annotations

from ..running import greenlets, threads

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any


def stand_in_program(pydevd: Any) -> None:
    """Stop a pause at the innermost frame that is to be seen; a step begins there too."""
    from _pydevd_bundle.pydevd_comm_constants import CMD_THREAD_SUSPEND

    original = pydevd.PyDB.do_wait_suspend

    def do_wait_suspend(
        self: Any, thread: Any, frame: FrameType, event: str, arg: Any, exception_type: Any = None
    ) -> None:
        if getattr(thread, "stop_reason", None) != CMD_THREAD_SUSPEND or event == "exception":
            original(self, thread, frame, event, arg, exception_type)
            return
        greenlet, seen = _place(self, frame)
        with greenlets.shown(greenlet):
            if seen is frame:
                original(self, thread, frame, event, arg, exception_type)
            else:
                # It stands in the middle of a line, from which a call was made.
                original(self, thread, seen, "call", None, exception_type)

    pydevd.PyDB.do_wait_suspend = do_wait_suspend


def _place(debugger: Any, frame: FrameType) -> tuple[Any, FrameType]:
    """Where to stand: (greenlet, frame); the greenlet is None where it is the one this code runs in."""
    seen = None if greenlets.is_in_hub() else _seen(debugger, frame)
    if seen is not None:
        return None, seen
    for greenlet in greenlets.waiting_here():
        seen = _seen(debugger, greenlet.gr_frame)
        if seen is not None:
            return greenlet, seen
    return None, frame


def _seen(debugger: Any, frame: FrameType | None) -> FrameType | None:
    """The first frame, from `frame` outwards, that neither is the debugger's nor left out by just_my_code."""
    while frame is not None:
        if not threads.is_the_debuggers(frame):
            if not debugger.apply_files_filter(frame, frame.f_code.co_filename, False):
                return frame
        frame = frame.f_back
    return None
