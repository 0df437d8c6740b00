"""Stops the program asks for itself: breakpoint(), pdb.set_trace() and their kin come to us instead of a prompt.

Each looks at every call whether a debugger is there; where it is not, the program meets what it would have met without
us. PYTHONBREAKPOINT is obeyed.
"""

from __future__ import annotations

import functools
import os
import sys

from .. import events
from ..imports import after_import
from ..running import native
from . import breakpoints, post_mortem

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType
    from typing import Any

_MAX_HEADER = 200


def install() -> None:
    """Take the calls over, those of modules once they are imported."""
    sys.breakpointhook = sys.__breakpointhook__ if _named_hook() else breakpointhook
    watch_modules()


def watch_modules() -> None:
    """Take over what pdb, ipdb, pudb and pytest offer to stop with."""
    after_import("pdb", _take_pdb)
    after_import("ipdb.__main__", _take_ipdb)
    after_import("pudb", _take_pudb)
    after_import("_pytest.debugging", _take_pytest)


def breakpointhook(*args: Any, **options: Any) -> Any:
    """In place of sys.breakpointhook."""
    if _named_hook() or not _has_debugger():
        return sys.__breakpointhook__(*args, **options)
    return _stop("")


def _named_hook() -> str:
    """What PYTHONBREAKPOINT names; "0" for nothing at all."""
    return "" if sys.flags.ignore_environment else os.environ.get("PYTHONBREAKPOINT", "")


# --- modules ------------------------------------------------------------------------------------------------------


def _replace(owner: Any, name: str, function: Any) -> None:
    """Put a function in the place of another one, looking like it."""
    function._mcp_debug_original = functools.update_wrapper(function, _original(owner, name)).__wrapped__
    setattr(owner, name, function)


def _original(owner: Any, name: str) -> Any:
    """What stood there first: an earlier debugger of ours may have been in this process."""
    function = getattr(owner, name)
    return getattr(function, "_mcp_debug_original", function)


def _take_pdb(pdb: Any) -> None:
    set_trace_in, look = _original(pdb.Pdb, "set_trace"), _original(pdb, "post_mortem")

    def set_trace(*args: Any, header: Any = None, **options: Any) -> Any:
        if _has_debugger():
            return _stop(_called("pdb.set_trace()", header))
        # As the original does; the frame it would take is ours.
        prompt = pdb.Pdb()
        if header is not None:
            prompt.message(header)
        return set_trace_in(prompt, _caller())

    def set_trace_of_class(self: Any, frame: FrameType | None = None, *args: Any, **options: Any) -> Any:
        if _has_debugger():
            return _stop(_called("pdb.set_trace()"), frame)
        return set_trace_in(self, _outside(frame or sys._getframe()), *args, **options)

    def look_post_mortem(*args: Any, **options: Any) -> Any:
        if _has_debugger():
            error, trace = _looked_at(args[0] if args else options.get("t"))
            if error is not None and post_mortem.stop(error, trace, reason=_called("pdb.post_mortem()")):
                return None
            events.send("mcpDebugNote", {"text": "pdb.post_mortem() asks on the program's own stdin and stdout"})
        return look(*args, **options)

    _replace(pdb, "set_trace", set_trace)
    _replace(pdb.Pdb, "set_trace", set_trace_of_class)
    _replace(pdb, "post_mortem", look_post_mortem)


def _looked_at(given: Any) -> tuple[BaseException | None, TracebackType | None]:
    """The exception that pdb.post_mortem() is to look at: given itself, by its traceback, or being handled."""
    if isinstance(given, BaseException):
        return given, given.__traceback__
    for error in (sys.exc_info()[1], getattr(sys, "last_value", None)):
        if error is not None and given in (None, error.__traceback__):
            return error, error.__traceback__
    return None, None


def _take_ipdb(ipdb: Any) -> None:
    original = _original(ipdb, "set_trace")

    def set_trace(frame: FrameType | None = None, context: Any = None, cond: Any = True, **options: Any) -> Any:
        if _has_debugger():
            return _stop(_called("ipdb.set_trace()"), frame) if cond else None
        return original(frame or _caller(), context, cond, **options)

    _replace(ipdb, "set_trace", set_trace)


def _take_pudb(pudb: Any) -> None:
    original = _original(pudb, "set_trace")

    def set_trace(paused: Any = True, **options: Any) -> Any:
        if _has_debugger():
            return _stop(_called("pudb.set_trace()")) if paused else None
        return original(paused, **options)

    _replace(pudb, "set_trace", set_trace)
    shortcuts = getattr(pudb, "PudbShortcuts", None)
    if shortcuts is not None:  # pu.db
        shortcuts.db = property(lambda self: set_trace())


def _take_pytest(debugging: Any) -> None:
    """pytest would end its capturing and say so, for a prompt that never comes."""
    original = _original(debugging.pytestPDB, "set_trace")

    def set_trace(*args: Any, **options: Any) -> Any:
        if _has_debugger():
            return _stop(_called("pdb.set_trace()", options.get("header")))
        return original(*args, **options)

    _replace(debugging.pytestPDB, "set_trace", set_trace)
    debugging.pytestPDB.set_trace = staticmethod(set_trace)


# --- the stop -----------------------------------------------------------------------------------------------------


def _has_debugger() -> bool:
    """Whether a server is there to stop for."""
    pydevd = sys.modules.get("pydevd")
    debugger = pydevd.get_global_debugger() if pydevd is not None else None
    return debugger is not None and not debugger.pydb_disposed and debugger.is_attached()


def _called(what: str, header: Any = None) -> str:
    said = ": %s" % header[:_MAX_HEADER] if isinstance(header, str) and header else ""
    return "%s in the program%s" % (what, said)


def _caller() -> FrameType:
    """The innermost frame that is not of this file."""
    return _outside(sys._getframe())


def _outside(frame: FrameType) -> FrameType:
    while frame.f_globals is globals() and frame.f_back is not None:
        frame = frame.f_back
    return frame


def _stop(reason: str, frame: FrameType | None = None) -> None:
    """Stop this thread at the next line of the caller, or of the frame that is named."""
    import pydevd

    try:
        debugger = pydevd.get_global_debugger()
        info = debugger.set_additional_thread_info(native.current_thread())
        if not info.is_in_wait_loop:  # else the agent has it run a function of the program's, which comes here
            _stop_at(debugger, frame or _caller(), reason)
    except Exception:
        return  # the program goes on as if it had been let go at once


def _stop_at(debugger: Any, frame: FrameType, reason: str) -> None:
    import pydevd

    if reason:
        breakpoints.note_stop({"reason": reason})
    if _is_library(debugger, frame):
        breakpoints.count_library_as_user_code([frame.f_code.co_filename])
        debugger.on_breakpoints_changed()  # has it look at what it knows of functions again
    _forget_step(debugger)
    if all(_is_library(debugger, between) for between in _frames_up_to(frame)):
        pydevd.settrace()
    else:
        pydevd.settrace(stop_at_frame=frame)


def _forget_step(debugger: Any) -> None:
    """End a step that is under way: over the function we are in, it would have pydevd look away (3.12 and newer)."""
    info = debugger.set_additional_thread_info(native.current_thread())
    info.pydev_step_cmd = info.pydev_original_step_cmd = -1
    info.pydev_step_stop = None
    info.update_stepping_info()


def _is_library(debugger: Any, frame: FrameType) -> bool:
    return bool(debugger.apply_files_filter(frame, frame.f_code.co_filename, False))


def _frames_up_to(frame: FrameType) -> Iterator[FrameType]:
    """The frames that run above the caller's, this file's left out."""
    above: FrameType | None = _caller()
    while above is not None and above is not frame:
        yield above
        above = above.f_back
