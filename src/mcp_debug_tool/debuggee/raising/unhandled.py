"""Exceptions that leave the user's code: for a library's (`user_unhandled`) or for nobody's (`uncaught`).

From 3.12 on pydevd is told when a frame is left by an exception. Before, it only sees that a frame is left, and guesses
from lines whether by an exception; here the frame's instructions tell.
"""

from __future__ import annotations

import dis
import sys
from types import CodeType, FrameType, TracebackType
from typing import Any
from weakref import WeakKeyDictionary

from ..places import tracebacks
from .exception_classes import is_control_flow

# pydevd's name for a stop of this kind.
KIND = "USER_UNHANDLED"
# Whether pydevd is told when an exception leaves a frame.
LEAVING_IS_TOLD = sys.version_info >= (3, 12)
_SETUPS = ("SETUP_FINALLY", "SETUP_WITH", "SETUP_ASYNC_WITH")
_LEAVING = {dis.opmap["RETURN_VALUE"], dis.opmap["YIELD_VALUE"]}
# Before 3.11 a frame that awaits stands before this instruction.
_AWAITING = bytes([dis.opmap["YIELD_FROM"]]) if "YIELD_FROM" in dis.opmap else None
# Modules whose functions run a program, a thread or a process: an exception that comes to them is uncaught.
_OUTERMOST = ("threading", "runpy", "multiprocessing.process", "_pydev_bundle.pydev_monkey")
# What Python's own code calls, and where it goes on whatever is raised.
_SWALLOWED = ("__del__", "__repr__", "__str__")

_guarded: WeakKeyDictionary[CodeType, list[range]] = WeakKeyDictionary()


def leaving(debugger: Any, frame: FrameType, arg: Any) -> tuple[Any, ...]:
    """What has pydevd stop when the frame is left by this exception; nothing where that is no news, or none of ours."""
    if not debugger.break_on_user_uncaught_exceptions or not _leaves(debugger, frame, arg[1], arg[2]):
        return ()
    return arg, frame.f_lineno, {frame.f_lineno}


def _leaves(debugger: Any, frame: FrameType, error: BaseException, trace: TracebackType) -> bool:
    """Whether the user's code ends with this frame, and the exception has not left it before on its way."""
    if isinstance(error, (KeyboardInterrupt, SystemExit)) or is_control_flow(type(error)):
        return False
    back = frame.f_back
    if not _is_users(debugger, frame) or (back is not None and _is_users(debugger, back)):
        return False
    if back is None and frame.f_code.co_name in _SWALLOWED:
        return False
    if debugger.break_on_uncaught_exceptions and is_outermost(frame):
        return False  # it is told as uncaught
    in_library = False
    for step in tracebacks.way(trace, error):
        users = _is_users(debugger, step.tb_frame)
        if users and in_library:
            return False
        in_library = in_library or not users
    return True


def _is_users(debugger: Any, frame: FrameType) -> bool:
    return not debugger.apply_files_filter(frame, frame.f_code.co_filename, True)


def is_outermost(frame: FrameType) -> bool:
    """Whether only what runs a program, a thread or a process has called this frame: its exception is a crash."""
    if frame.f_code.co_name in _SWALLOWED:
        return False
    back = frame.f_back
    while back is not None:
        if back.f_globals.get("__name__") not in _OUTERMOST:
            return False
        if back.f_code.co_name == "_bootstrap":
            return True  # a forked process has its parent's frames above
        back = back.f_back
    return True


def may_be_handled(frame: FrameType, trace: TracebackType) -> bool:
    """Whether a handler, a `finally` or a `with` stands around the place the exception came to (before 3.12)."""
    code = frame.f_code
    guarded = _guarded.get(code)
    if guarded is None:
        guarded = _guarded[code] = _guarded_by(code)
    return any(trace.tb_lasti in part for part in guarded)


def _guarded_by(code: CodeType) -> list[range]:
    entries = getattr(dis.Bytecode(code), "exception_entries", None)  # 3.11 and newer
    if entries is not None:
        return [range(entry.start, entry.end) for entry in entries]
    return [range(step.offset, step.argval) for step in dis.get_instructions(code) if step.opname in _SETUPS]


def is_left_by_exception(frame: FrameType) -> bool:
    """Whether a frame that is being left, or pauses, does so neither by `return` nor by `yield` or `await`.

    A handler that raises again sets the frame back to where the exception came from (3.10 and 3.11): there may be an
    `await`, and then this is not to be told from a pause.
    """
    if LEAVING_IS_TOLD:
        return True
    code, at = frame.f_code.co_code, frame.f_lasti
    return code[at] not in _LEAVING and code[at + 2 : at + 3] != _AWAITING


def is_unhandled(container: Any, debugger: Any, frame: FrameType, raised_in: int, lines: set[int]) -> bool:
    """In place of pydevd's `is_unhandled_exception`, when a frame is left that has seen an exception (before 3.12)."""
    return frame.f_code.co_name not in _SWALLOWED and is_left_by_exception(frame)
