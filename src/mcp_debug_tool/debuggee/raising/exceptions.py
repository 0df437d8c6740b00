"""When to stop at an exception: decided where it is raised, before any thread is suspended.

pydevd would stop in each frame an exception passes, and knows no conditions. Its decision is replaced by the one here,
which remembers nothing: whether an exception has been told of already is read from its traceback. So threads cannot
confuse it, and no object lives longer than it would without us.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Sequence
from types import CodeType, FrameType, TracebackType
from typing import Any

from ..places import tracebacks
from ..running import native
from ..stopping import breakpoints, suspension
from ..templating import jinja2_templates
from . import chain, unhandled
from .exception_classes import is_control_flow, is_named

_MAX_MESSAGE = 200
# As many frames as a stop, and what the agent evaluates there, may need.
_ROOM = 200


class Rule(object):
    """One exception breakpoint: the class it names, plainly or with its module, and its condition."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self.id: str = entry["id"]
        self._name: str = entry["name"]
        self._condition: CodeType | None = breakpoints.compiled(entry.get("condition"), "<condition>")

    def names(self, kind: type[BaseException]) -> bool:
        """Whether exceptions of that class are meant."""
        return is_named(kind, self._name)

    def holds(self, frame: FrameType, error: BaseException) -> bool:
        """Whether the condition is true; it sees the names of the frame, and the exception as `exception`."""
        if self._condition is None:
            return True
        names = {**frame.f_locals, "exception": error}
        return bool(breakpoints.evaluated(self._condition, frame.f_globals, names))


class _Wanted(object):
    """What the server has asked for."""

    all_raised = False
    rules: Sequence[Rule] = ()


_wanted = _Wanted()


def set_exceptions(rules: list[dict[str, Any]], all_raised: bool) -> dict[str, Any]:
    """Stop at raised exceptions of named classes, `rules` being {id, name, condition?}, or at all of them."""
    import pydevd
    from _pydevd_bundle.pydevd_breakpoints import get_exception_breakpoint

    error = next((e for e in map(breakpoints.check, rules) if e), None)
    if error:
        return {"refused": error}
    _wanted.rules, _wanted.all_raised = [Rule(rule) for rule in rules], all_raised

    def crash(kind: type[BaseException], exceptions: Any) -> Any:
        # An exit is no crash, whatever its code.
        return None if issubclass(kind, SystemExit) else get_exception_breakpoint(kind, exceptions)

    pydevd.get_global_debugger().get_exception_breakpoint = crash
    return {}


def reports(also_run: Iterable[str] = ()) -> dict[str, dict[str, Any]]:
    """How each breakpoint has fared here, on a line or at an exception; see `breakpoints.reports`."""
    return {**breakpoints.reports(also_run), **{rule.id: breakpoints.counted(rule.id) for rule in _wanted.rules}}


# --- the decision -------------------------------------------------------------------------------------------------


def take_over(module: Any) -> None:
    """Have a module of pydevd's ask us whether to stop at an exception; it looks both names up at each call."""
    handle = getattr(module.handle_exception, "__wrapped__", module.handle_exception)

    @functools.wraps(handle)
    def handle_exception(debugger: Any, thread: Any, frame: FrameType, arg: Any, exception_type: str) -> Any:
        ident = native.get_ident()
        why = breakpoints.take_stop(ident) or {}
        if exception_type == unhandled.KIND:
            if not unhandled.is_left_by_exception(frame):
                return False
            why = {"unhandled": True}
        breakpoints.note_stop(why)
        try:
            return handle(debugger, thread, frame, arg, unhandled.KIND if "unhandled" in why else exception_type)
        finally:
            breakpoints.take_stop(ident)

    module.handle_exception = handle_exception
    module.should_stop_on_exception = should_stop


def should_stop(
    debugger: Any, info: Any, frame: FrameType, thread: Any, arg: Any, previous: Any, is_unwind: bool = False
) -> tuple[bool, FrameType, Any]:
    """Whether to stop here, the frame, and what pydevd is to ask about again when the frame is left."""
    _, error, trace = arg
    # A thread that only is to stand because another one does has not come to its stand yet: this stop is its own.
    if not isinstance(error, BaseException) or trace is None or suspension.stands():
        return False, frame, ()
    try:
        why = None if is_unwind else _why_raised(debugger, frame, error, trace)
        leaving = unhandled.leaving(debugger, frame, arg) if is_unwind or not unhandled.LEAVING_IS_TOLD else ()
        if leaving and why is None and not is_unwind and not unhandled.may_be_handled(frame, trace):
            why, leaving = {"unhandled": True}, ()
        if why is not None:
            _announce(why, frame, info, arg)
    except Exception:
        return False, frame, ()  # the program goes on as it would without us
    return why is not None, frame, leaving


def _announce(why: dict[str, Any], frame: FrameType, info: Any, arg: Any) -> None:
    breakpoints.note_stop(why)
    info.pydev_message = arg[0].__name__
    frame.f_locals["__exception__"] = arg  # pydevd takes it away again


def _why_raised(debugger: Any, frame: FrameType, error: BaseException, trace: TracebackType) -> dict[str, Any] | None:
    """The {breakpoints, errors} for which to stop where this exception has just come, None for nothing."""
    if not debugger.break_on_caught_exceptions:
        return None
    kind = type(error)
    rules = [rule for rule in _wanted.rules if rule.names(kind)]
    every = _wanted.all_raised and not is_control_flow(kind) and not isinstance(error, SystemExit)
    if not (rules or every) or not _is_news(debugger, error, trace):
        return None
    why: dict[str, Any] = {"breakpoints": [], "errors": []}
    for rule in rules:
        _ask(rule, frame, error, why)
    return why if every or why["breakpoints"] else None


def _ask(rule: Rule, frame: FrameType, error: BaseException, why: dict[str, Any]) -> None:
    """Count the exception for a rule, and add what it wants; one that cannot say whether it does wants to stop."""
    try:
        if not rule.holds(frame, error):
            breakpoints.count_passed(rule.id)
            return
    except BaseException as failure:
        told = chain.message(failure, _MAX_MESSAGE)
        why["errors"].append("%s: the condition raised %s: %s" % (rule.id, type(failure).__name__, told))
    why["breakpoints"].append([rule.id, breakpoints.count_hit(rule.id)])


def _is_news(debugger: Any, error: BaseException, trace: TracebackType) -> bool:
    """Whether this is the first frame of the user's that the exception comes to since it was raised."""

    def is_users(step: TracebackType) -> bool:
        frame = step.tb_frame
        return not debugger.apply_files_filter(frame, frame.f_code.co_filename, False)

    if not is_users(trace):
        return False
    if any(jinja2_templates.is_retold(step.tb_frame) for step in tracebacks.steps(trace)):
        return False  # it was told of in the template
    if isinstance(error, RecursionError):
        return _is_new_recursion(error, trace)
    if trace.tb_next is None:
        return sys.exc_info()[1] is not error  # else its handler raises it without its traceback
    return not any(map(is_users, tracebacks.way(trace, error))) and not tracebacks.passes_imports(trace)


class _Recursion(native.local):  # type: ignore[misc]
    """The last recursion without an end that was told of in a thread: its error, and how far it had come."""

    error = length = 0


_recursion = _Recursion()


def _is_new_recursion(error: RecursionError, trace: TracebackType) -> bool:
    """Whether this is the first frame with room for a stop: at the limit there is none for us (3.12 and newer)."""
    if sys.getrecursionlimit() - tracebacks.depth(trace.tb_frame) < _ROOM:
        return False
    length = sum(1 for _ in tracebacks.steps(trace))
    # The same error's traceback has grown since; another one at its address begins with a short one.
    is_told = _recursion.error == id(error) and length > _recursion.length
    _recursion.error, _recursion.length = id(error), length
    return not is_told
