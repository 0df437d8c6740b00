"""What a stop shows: the locals, source and exception of frames, and the parts of any value in them."""

from __future__ import annotations

import ast
import io
import re
import sys
import time
from types import CodeType, FrameType, TracebackType
from typing import Any

from .. import about, read_only, values
from ..places import code_objects, seen, sources
from ..raising import chain
from ..running import greenlets, native, tasks, threads
from ..running.limits import TimeLimit, time_limit
from ..stepping import returns
from ..stopping import breakpoints, post_mortem, suspension, template_stops
from ..values import kinds, pages, parts
from . import paths

PAGE_SECONDS = 1.5
VALUE_SECONDS = 0.5
# Once the page's time is over: enough for any value that is not slow.
LATE_SECONDS = 0.05
_TOO_LATE = "<not shown: the page took too long>"
# Names pydevd itself puts into a frame.
_PYDEVD_NAMES = ("__exception__", "__pydevd_ret_val_dict")
# Comprehensions' iterators, and what pytest computes assertions with.
_NO_IDENTIFIER = (".", "@py_")
_PATH_NODES = (
    ast.Expression, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Constant, ast.UnaryOp, ast.USub, ast.Tuple,
    ast.Load, getattr(ast, "Index", ast.Load),
)  # fmt: skip


def find(frame_id: int | str) -> Any:
    """The suspended frame that DAP calls `frame_id`, or one of any thread or task by its key (see `threads`)."""
    if isinstance(frame_id, str):
        return threads.frame_at(frame_id)
    import pydevd
    from _pydevd_bundle._debug_adapter.pydevd_base_schema import BaseSchema

    manager = pydevd.get_global_debugger().suspended_frames_manager
    own_id = BaseSchema._dap_id_to_obj_id[frame_id]
    frame = manager.find_frame(manager.get_thread_id_for_variable_reference(own_id), own_id)
    if frame is None:
        raise LookupError("the frame is gone")
    return frame


def names_of(frame: FrameType) -> dict[str, Any]:
    """The names an expression in `frame` sees, locals over globals; comprehensions see them all."""
    names = dict(frame.f_globals)
    names.update(frame.f_locals)
    return names


def stop_page(
    frame_ids: list[int], source_lines: int, max_names: int, max_chars: int, is_exception: bool
) -> dict[str, Any]:
    """All of a stop in one answer: why, then locals and source of each frame, then the exception."""
    from _pydevd_bundle.pydevd_comm_constants import CMD_STEP_CAUGHT_EXCEPTION

    flush()
    template_stops.at_stop()
    answer: dict[str, Any] = {"frames": [], "process": about.title(), "thread": native.current_thread().name}
    suspension.told_of(native.current_thread())
    task = tasks.current()
    name = task.name if task is not None else greenlets.current_greenlet()
    if name is not None:
        answer["task"] = name
    elif tasks.loop_is_between_tasks():
        answer["tasks"] = len(tasks.every())
    stop = breakpoints.take_stop(native.get_ident())
    if stop:
        answer["stop"] = stop
    failure = post_mortem.current() if is_exception else None
    error, trace = _exception() if failure is None and is_exception else (None, None)
    if failure is not None:
        error, trace = failure.error, failure.trace
        if failure.reason:
            answer["stop"] = {"reason": failure.reason}
    if error is not None and getattr(native.current_thread(), "stop_reason", None) != CMD_STEP_CAUGHT_EXCEPTION:
        answer["uncaught"] = True
    deadline = time.monotonic() + PAGE_SECONDS
    for frame_id in frame_ids:
        answer["frames"].append(_shown(find(frame_id), source_lines, max_names, max_chars, deadline))
    returned = returns.named()
    if returned:
        answer["returned"] = _described(returned, max_chars, deadline)
    if error is not None:
        answer["exception"] = chain.describe(error, trace, max_chars, deadline + chain.MESSAGE_SECONDS)
    if failure is not None and failure.test is not None:
        answer["test"] = _failed_test(failure, failure.test, max_chars, deadline)
    return answer


def _exception() -> tuple[BaseException | None, TracebackType | None]:
    """The exception this thread stands at, with its traceback."""
    import pydevd
    from _pydevd_bundle.pydevd_constants import get_current_thread_id

    thread_id = get_current_thread_id(native.current_thread())
    frames = pydevd.get_global_debugger().suspended_frames_manager.get_frames_list(thread_id)
    return getattr(frames, "exc_desc", None), getattr(frames, "trace_obj", None)


def _failed_test(
    failure: post_mortem.Failure, test: post_mortem.FailedTest, max_chars: int, deadline: float
) -> dict[str, Any]:
    """The test that failed there: {id, when, explanation, fixtures}."""
    fixtures = _described(failure.fixtures(), max_chars, deadline)
    return {"id": test.id, "when": test.when, "explanation": failure.explanation(), "fixtures": fixtures}


def _described(named: list[tuple[str, Any]], max_chars: int, deadline: float) -> list[list[str]]:
    """[name, text] of values, as long as there is time for it."""
    return [[name, guarded(value, max_chars, deadline)] for name, value in named]


def flush() -> None:
    """Send what the program has printed on its way; its own buffering stays as it is."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if type(stream) is io.TextIOWrapper:
                stream.flush()
                continue
            if read_only.is_on:
                continue  # one of the program's own
            with time_limit(VALUE_SECONDS):
                stream.flush()
        except BaseException:
            continue


def _shown(frame: FrameType, source_lines: int, max_names: int, max_chars: int, deadline: float) -> dict[str, Any]:
    names, hidden = visible_names(frame)
    shown: dict[str, Any] = {
        "locals": _described(names[:max_names], max_chars, deadline),
        "source": source(frame, source_lines),
    }
    if len(names) > max_names:
        shown["more"] = len(names) - max_names
    if hidden:
        shown["hidden"] = hidden
    if _is_rewritten(frame):
        shown["rewritten"] = True
    return shown


def _is_rewritten(frame: FrameType) -> bool:
    """Whether the frame's file has another text than the one that runs."""
    code = frame.f_code
    if not isinstance(code, CodeType) or not seen.was_written_since(code.co_filename):
        return False
    return not code_objects.is_in(code, code.co_filename)


def visible_names(frame: FrameType) -> tuple[list[tuple[str, Any]], int]:
    """(name, value) of the frame's data, and how many names of code (imports, functions, classes) are left out."""
    module_level = frame.f_code.co_name == "<module>" or frame.f_locals is frame.f_globals
    shown: list[tuple[str, Any]] = []
    hidden = 0
    for name, value in list(frame.f_locals.items()):
        if name in _PYDEVD_NAMES or name.startswith(_NO_IDENTIFIER):
            continue
        if module_level and name.startswith("__") and name.endswith("__"):
            continue
        if module_level and values.is_code(value):
            hidden += 1
            continue
        shown.append((name, value))
    return shown, hidden


def guarded(value: object, max_chars: int, deadline: float) -> str:
    """`values.describe` under a time limit: a repr that hangs is named and the others are still shown.

    After `deadline` there is little time for each that runs code of the program, and some time later none.
    """
    if values.runs_no_code(value):
        return values.describe(value, max_chars)
    left = deadline - time.monotonic()
    if left < -PAGE_SECONDS:
        return _TOO_LATE
    seconds = VALUE_SECONDS if left > 0 else LATE_SECONDS
    try:
        with time_limit(seconds):
            return values.describe(value, max_chars)
    except TimeLimit:
        return "<%s: repr took longer than %s s>" % (kinds.name(type(value)), seconds)


def source(frame: FrameType, around: int) -> list[Any]:
    """[number of the first line, lines] around the frame's line, or [] where there is no source."""
    text = _text(frame) if around else None
    line = frame.f_lineno or 1
    first = max(line - around, 1)
    found = sources.source_lines(text or "")[first - 1 : line + around]
    return [first, [line[:200] for line in found]] if found else []


def _text(frame: FrameType) -> str | None:
    if not sources.is_made_up(frame.f_code.co_filename):
        return sources.of_frame(frame)
    try:
        with time_limit(VALUE_SECONDS):
            return sources.of_frame(frame)
    except TimeLimit:
        return None  # a loader of the program's own is asked


def value_at(frame: FrameType, path: str) -> Any:
    """The value that a path such as `order.items[3].price` names in `frame`."""
    if read_only.is_on:
        return paths.named(frame, path)
    tree = ast.parse(path.strip(), mode="eval")
    for node in ast.walk(tree):
        if not isinstance(node, _PATH_NODES):
            raise ValueError(
                "a path is names, attributes and subscripts, such as order.items[3].price; use evaluate for more"
            )
    return eval(compile(tree, "<path>", "eval"), names_of(frame))


def variables(
    frame_id: int | str,
    scope: str,
    path: str | None,
    pattern: str | None,
    depth: int,
    start: int,
    count: int,
    max_chars: int,
) -> dict[str, Any]:
    """The names of a frame, or the parts of the value at `path`: {value, type, total, start, items}."""
    frame = find(frame_id)
    answer: dict[str, Any] = {"start": start}
    deadline = time.monotonic() + PAGE_SECONDS
    try:
        with time_limit(PAGE_SECONDS * 4):
            if path:
                try:
                    value = value_at(frame, path)
                except paths.Unknown as unknown:
                    return {"error": str(unknown)}
                except Exception as error:
                    return {"error": values.failure(error, 1000)}
                answer.update(value=guarded(value, max_chars * 2, deadline), type=values.type_name(value))
                found = parts.of(value)
            else:
                found = pages.listed(_scope_names(frame, scope, answer))
            page = _page(found, pattern, start, count, answer)
            answer["items"] = [_item(name, value, depth, max_chars, deadline) for name, value in page]
    except TimeLimit:
        return {"error": "TimeoutError: reading this took longer than %s s" % (PAGE_SECONDS * 4)}
    return answer


def _page(
    found: pages.Parts, pattern: str | None, start: int, count: int, answer: dict[str, Any]
) -> list[tuple[str, Any]]:
    if pattern is None:
        answer["total"] = found.total
        return found.page(start, count)
    answer["total"], page = found.matching(re.compile(pattern).search, start, count)
    return page


def _scope_names(frame: FrameType, scope: str, answer: dict[str, Any]) -> list[tuple[str, Any]]:
    if scope == "globals":
        return [(n, v) for n, v in list(frame.f_globals.items()) if not (n.startswith("__") and n.endswith("__"))]
    names, hidden = visible_names(frame)
    if hidden:
        answer["hidden"] = hidden
    return names


def _item(name: str, value: object, depth: int, max_chars: int, deadline: float) -> dict[str, Any]:
    """One variable: {name, type, value, n, items}; items only down to `depth`, twenty a level."""
    if type(value) is pages.Unreadable:
        return {
            "name": name,
            "type": kinds.name(type(value.error)),
            "value": "<not readable: %s>" % values.failure(value.error),
        }
    item: dict[str, Any] = {
        "name": name,
        "type": values.type_name(value),
        "value": guarded(value, max_chars, deadline),
    }
    total = parts.count(value)
    if total:
        item["n"] = total
        if depth > 1:
            opened = parts.of(value).page(0, 20)
            item["items"] = [_item(n, v, depth - 1, max_chars, deadline) for n, v in opened]
    return item
