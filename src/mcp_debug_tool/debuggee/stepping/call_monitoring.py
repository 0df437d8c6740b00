"""Calls as a tool of sys.monitoring beside pydevd's is told of them: for Python from 3.12 on.

The tool is told of every call, of the end of those functions that a stepping frame has called, and of every frame that
an exception leaves: pydevd's own tool forgets a step there.
"""

from __future__ import annotations

import sys
from types import CodeType
from typing import Any

monitoring: Any = getattr(sys, "monitoring", None)
_NAME = "mcp-debug"
# Numbers of tools; the first ones nobody has a claim to.
_NUMBERS = (4, 3, 5, 2, 1)

_number: int | None = None
_watches: tuple[Any, ...] = ()
_codes: set[CodeType] = set()


def begin(watch: Any) -> None:
    """Tell `watch` of calls."""
    global _watches
    if _number is None:
        _open()
    _watches = (*_watches, watch)
    _look_at_what_is_wanted()


def end(watch: Any) -> None:
    """Tell it no more."""
    global _watches
    _watches = tuple(other for other in _watches if other is not watch)
    if not _watches:
        _look_at_no_end()
    else:
        _look_at_what_is_wanted()


def rest() -> None:
    """Be no tool while there is nobody to tell."""
    if not _watches:
        close()


def close() -> None:
    """Be no tool any more."""
    global _number, _watches
    _watches = ()
    if _number is None:
        return
    _look_at_no_end()
    monitoring.set_events(_number, 0)
    for event in (monitoring.events.PY_START, monitoring.events.PY_RETURN, monitoring.events.PY_UNWIND):
        monitoring.register_callback(_number, event, None)
    monitoring.free_tool_id(_number)
    _number = None


def _open() -> None:
    """Take a number that is free; without one nothing is told."""
    global _number
    _number = next((number for number in _NUMBERS if monitoring.get_tool(number) is None), None)
    if _number is None:
        return
    monitoring.use_tool_id(_number, _NAME)
    monitoring.register_callback(_number, monitoring.events.PY_START, _started)
    monitoring.register_callback(_number, monitoring.events.PY_RETURN, _returned)
    monitoring.register_callback(_number, monitoring.events.PY_UNWIND, _left)


def _look_at_what_is_wanted() -> None:
    if _number is not None:
        of_calls = monitoring.events.PY_START if any(watch.sees_calls for watch in _watches) else 0
        monitoring.set_events(_number, of_calls | monitoring.events.PY_UNWIND)


def _look_at_no_end() -> None:
    while _codes:
        monitoring.set_local_events(_number, _codes.pop(), 0)


def _started(code: CodeType, offset: int) -> None:
    frame = sys._getframe(1)
    back = frame.f_back
    if back is None:
        return
    for watch in _watches:
        if back is watch.info.pydev_step_stop or watch.aim is not None:
            if watch.started(frame, back) and code not in _codes:
                _codes.add(code)
                monitoring.set_local_events(_number, code, monitoring.events.PY_RETURN)


def _returned(code: CodeType, offset: int, value: Any) -> None:
    frame = sys._getframe(1)
    for watch in _watches:
        if watch.under_way == id(frame):
            watch.ended(frame, value)


def _left(code: CodeType, offset: int, error: BaseException) -> None:
    frame = sys._getframe(1)
    for watch in _watches:
        if watch.info.pydev_step_stop is frame:
            watch.left(frame)
