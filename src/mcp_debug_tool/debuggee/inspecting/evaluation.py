"""Compute and change: expressions, statements and assignments in a stopped frame."""

from __future__ import annotations

from types import FrameType
from typing import Any

from .. import read_only, values
from ..raising import chain
from ..running.limits import TimeLimit, time_limit
from ..stopping import suspension
from ..values import parts
from . import frames

_OTHERS_RAN = "it took longer than %s s, so the other threads were let run until it was over" % suspension.ALONE_SECONDS
# The value on its way into the program: evaluated once, then assigned by a statement of the frame's own.
_pending: list[object] = []


def evaluate(
    frame_id: int | str, expressions: list[str], seconds: float, max_chars: int, whole: tuple[int, float]
) -> dict[str, Any]:
    """Each expression's {value, type, n}, or its {error}; statements give {done}. One time limit for each.

    A value that is cut at `max_chars` comes as `whole` too: in at most so many characters, if had in so many seconds.
    """
    read_only.require_off("evaluate")
    frame = frames.find(frame_id)
    with suspension.others_run_meanwhile() as others:
        answers = [_evaluate_one(frame, expression, seconds, max_chars, whole) for expression in expressions]
    frames.flush()
    return {"results": answers, "note": _OTHERS_RAN if others.they_ran else ""}


def _evaluate_one(
    frame: FrameType, expression: str, seconds: float, max_chars: int, whole: tuple[int, float]
) -> dict[str, Any]:
    try:
        with time_limit(seconds):
            value = _run(frame, expression)
            answer = _described(value, expression, max_chars)
        return _with_whole(answer, value, *whole)
    except TimeLimit:
        return {
            "error": "TimeoutError: interrupted after %s s; the program is still stopped at the same line" % seconds
        }
    except BaseException as error:
        return {"error": _message(error)}


def _run(frame: FrameType, source: str) -> Any:
    """The value of an expression, or None after a statement; new and changed locals reach the frame."""
    import pydevd
    from _pydevd_bundle import pydevd_vars

    return pydevd_vars.evaluate_expression(pydevd.get_global_debugger(), frame, source, is_exec=True)


def _described(value: object, source: str, max_chars: int) -> dict[str, Any]:
    if value is None and not _is_expression(source):
        return {"done": True}
    answer: dict[str, Any] = {"value": values.describe(value, max_chars), "type": values.type_name(value)}
    total = parts.count(value)
    if total:
        answer["n"] = total
    return answer


def _with_whole(answer: dict[str, Any], value: object, chars: int, seconds: float) -> dict[str, Any]:
    if "…" in answer.get("value", ""):
        try:
            with time_limit(seconds):
                whole = values.describe(value, chars)
        except BaseException:
            return answer  # its beginning is there
        if len(whole) > len(answer["value"]):
            answer["whole"] = whole
    return answer


def _is_expression(source: str) -> bool:
    try:
        compile(source.strip(), "<expression>", "eval", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _message(error: BaseException) -> str:
    name = type(error).__name__
    if isinstance(error, SyntaxError):
        place = " (line %s, column %s)" % (error.lineno, error.offset)
        return "%s: %s%s" % (name, error.msg, place)
    text = chain.message(error, 1000)
    return "%s: %s" % (name, text) if text else name


def set_variable(frame_id: int | str, path: str, value: str, seconds: float, max_chars: int) -> dict[str, Any]:
    """Assign the expression `value` to `path` and read it back: {value, type}, or {error}."""
    read_only.require_off("set_variable")
    frame = frames.find(frame_id)
    try:
        compile("%s = 0" % path, "<path>", "exec", dont_inherit=True)
        compile(value.strip(), "<value>", "eval", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return {
            "error": "%s is not something that can be assigned: %s"
            % ("%s = %s" % (path, value), getattr(error, "msg", error))
        }
    try:
        with time_limit(seconds):
            _pending.append(_run(frame, value.strip()))
            if hasattr(frame, "assign") and path.isidentifier():
                frame.assign(path, _pending[-1])  # one of a template
            elif path not in frame.f_locals and path in frame.f_globals:
                # A statement of the frame's would make a local of that name, which nothing reads.
                frame.f_globals[path] = _pending[-1]
                return _described(frame.f_globals[path], path, max_chars)
            else:
                _run(frame, "%s = __import__('sys').modules[%r]._pending[-1]" % (path, __name__))
            now = frames.value_at(frame, path)
            if path.isidentifier() and now is not _pending[-1]:
                return {"error": "this frame does not let %s be changed; it is still %s" % (path, values.describe(now))}
    except TimeLimit:
        return {"error": "TimeoutError: interrupted after %s s" % seconds}
    except BaseException as error:
        return {"error": _message(error)}
    finally:
        del _pending[:]
    return _described(now, path, max_chars)
