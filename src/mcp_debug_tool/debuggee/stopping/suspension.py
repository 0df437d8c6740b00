"""Which threads stand and which run: one stop for each thread that has a reason of its own, steps that move one thread.

pydevd stops all threads together and tells of one of them; what another one met at the same moment it passes over.
Here each is told of, one after the other. A step lets one thread run, and the others too once it is seen to wait for
them; in a coroutine it stays in its task.
"""

from __future__ import annotations

import sys
import threading
import warnings
from types import FrameType
from typing import Any

from .. import events
from ..running import native, tasks
from ..stepping import call_tracing, calls, returns, targets
from ..stepping.unwinding import Unwinding
from . import stacks

# A step that takes longer may be waiting for another thread: then all run.
ALONE_SECONDS = 0.5
_LET_OTHERS_RUN = "the step took longer than %s s, so the other threads were let run too" % ALONE_SECONDS

# Threads about to stand for a reason of their own, and those standing of which nobody has been shown the page.
_arriving: set[threading.Thread] = set()
_untold: set[threading.Thread] = set()
# One at a time: pydevd takes two that come together for one.
_telling = native.Lock()
_steps: dict[int, _Step] = {}
# Ids of the threads that are to leave their stop by a step.
_asked_to_step: set[str] = set()
# Where each thread stands, and at which event of its frame.
_standing: dict[int, tuple[FrameType, str]] = {}


class _Step(object):
    """A step under way in one thread."""

    def __init__(
        self, debugger: Any, thread: threading.Thread, frame: FrameType, watch: Unwinding | None = None
    ) -> None:
        info: Any = getattr(thread, "additional_info")
        self.command = info.pydev_step_cmd
        self.original = info.pydev_original_step_cmd
        # Only a coroutine goes on elsewhere: when it waits, its thread runs other tasks.
        self.coroutine = tasks.enclosing_coroutine(frame)
        self.stop_frame = info.pydev_step_stop if self.coroutine is not None else None
        self.task = tasks.current() if self.coroutine is not None else None
        self.watch = watch or _watch(debugger, thread, frame)
        self.watch.begin()
        self._timer: Any = None
        if _has_others(thread):
            self._timer = debugger.timeout_tracker.call_on_timeout(ALONE_SECONDS, _let_others_run, {"thread": thread})
            self._timer.__enter__()

    def end(self) -> None:
        """Stop looking after it."""
        self.watch.end()
        if self._timer is not None:
            self._timer.__exit__(None, None, None)


def _watch(debugger: Any, thread: threading.Thread, frame: FrameType) -> Unwinding:
    """What a step looks at: its calls where it goes over a line; others end with the first, or with the function."""
    from _pydevd_bundle.pydevd_comm_constants import CMD_STEP_OVER, CMD_STEP_OVER_MY_CODE

    info: Any = getattr(thread, "additional_info")
    if info.pydev_step_cmd not in (CMD_STEP_OVER, CMD_STEP_OVER_MY_CODE):
        return Unwinding(debugger, thread)
    return calls.Watch(debugger, thread, targets.take(frame))


def theirs(owner: Any, name: str) -> Any:
    """What `owner` held before any copy of our code put something in its place: the latest copy is the one at work."""
    kept = "_mcp_debug_theirs_" + name
    if kept not in vars(owner):
        setattr(owner, kept, getattr(owner, name))
    return getattr(owner, kept)


def control_threads(pydevd: Any) -> None:
    """Put these rules in place, before the program or in one that runs; those of an earlier session give way."""
    # What pydevd must have for it, looked at before anything is changed.
    behaviour = pydevd.AbstractSingleNotificationBehavior
    for owner, name in (
        (behaviour, "on_thread_suspend"),
        (behaviour, "increment_suspend_time"),
        (pydevd.PyDB, "set_suspend"),
        (pydevd.PyDB, "do_wait_suspend"),
        (pydevd.PyDB, "handle_breakpoint_condition"),
        (pydevd.PyDB, "set_trace_for_frame_and_parents"),
        (pydevd.PyDB, "enable_tracing"),
        (pydevd.PyDB, "set_next_statement"),
        (pydevd.PyDevdAPI, "request_step"),
    ):
        getattr(owner, name)
    _tell_each_stop(pydevd, behaviour)
    _keep_reasons()
    _wrap_waiting(pydevd)
    _note_steps(pydevd)
    _trace_calls_too(pydevd)
    _go_to_lines_quietly(pydevd)


def _tell_each_stop(pydevd: Any, behaviour: Any) -> None:
    """Send `stopped` for every thread with a reason of its own; pydevd sends one until all run again."""
    from _pydevd_bundle.pydevd_comm_constants import CMD_THREAD_SUSPEND

    on_thread_suspend, set_suspend = theirs(behaviour, "on_thread_suspend"), theirs(pydevd.PyDB, "set_suspend")

    def tell(self: Any, thread_id: str, thread: threading.Thread, stop_reason: int) -> None:
        if stop_reason == CMD_THREAD_SUSPEND:
            _arriving.discard(thread)
            on_thread_suspend(self, thread_id, thread, stop_reason)
            return
        with _telling:
            _untold.add(thread)
            stacks.tell(self._py_db(), thread_id)
            self.increment_suspend_time()
            _arriving.discard(thread)
            on_thread_suspend(self, thread_id, thread, stop_reason)

    def arrive(self: Any, thread: threading.Thread, *args: Any, **kwargs: Any) -> None:
        if thread.ident == native.get_ident():
            _arriving.add(thread)  # until it is told of, a resume of all threads must not take its stop away
        elif kwargs.get("is_pause"):
            # From 3.12 on pydevd would go on looking only at the frame that steps, and not where the thread is.
            getattr(thread, "additional_info").pydev_step_cmd = -1
        set_suspend(self, thread, *args, **kwargs)

    behaviour.on_thread_suspend = tell
    pydevd.PyDB.set_suspend = arrive


def _keep_reasons() -> None:
    """Leave a thread that stops, or stands, for a reason of its own with that reason, when another one stops too.

    pydevd makes it one that was suspended beside the other: its own stop, not told or not read yet, was lost in that.
    """
    from _pydevd_bundle import pydevd_thread_lifecycle
    from _pydevd_bundle.pydevd_constants import STATE_SUSPEND

    mark = theirs(pydevd_thread_lifecycle, "mark_thread_suspended")

    def mark_thread_suspended(thread: threading.Thread, stop_reason: int, *args: Any, **kwargs: Any) -> Any:
        info: Any = getattr(thread, "additional_info", None)
        if not kwargs.get("main_suspend", True) and getattr(info, "pydev_state", None) == STATE_SUSPEND:
            if thread in _arriving or thread.ident in _standing:
                return info
        return mark(thread, stop_reason, *args, **kwargs)

    pydevd_thread_lifecycle.mark_thread_suspended = mark_thread_suspended


def forget() -> None:
    """Begin again: in a forked child, whose other threads are gone, and for a new owner of this process."""
    global _telling
    _telling = native.Lock()
    for record in (_arriving, _untold, _steps, _standing, _asked_to_step):
        record.clear()
    returns.forget()
    targets.forget()


def may_resume(thread: threading.Thread) -> bool:
    """Whether a resume of all threads concerns this one: not while it is on its way into a stop of its own."""
    return thread not in _arriving


def told_of(thread: threading.Thread) -> None:
    """Note that the page of this thread's stop has been read."""
    _untold.discard(thread)


def stands() -> bool:
    """Whether the thread that asks stands at a stop: what runs in it now is the agent's."""
    return native.get_ident() in _standing


def event_at(frame: FrameType) -> str:
    """The event at which a thread stands in this frame: line, return, exception; empty where none does."""
    return next((event for stopped, event in list(_standing.values()) if stopped is frame), "")


def _wrap_waiting(pydevd: Any) -> None:
    """Stand between pydevd's decision to stop and the stop, and behind its end."""
    wait_suspended = theirs(pydevd.PyDB, "do_wait_suspend")

    def do_wait_suspend(
        self: Any, thread: threading.Thread, frame: FrameType, event: str, arg: Any, exception_type: Any = None
    ) -> None:
        step = _steps.pop(native.get_ident(), None)
        if step is not None:
            step.end()
            if _goes_on(self, thread, frame, step):
                return
            if event == "return":
                returns.note_left(frame, arg)
        else:
            returns.let_go()
        _look_for_breakpoint(self, thread, frame, event)
        _standing[native.get_ident()] = (frame, event)
        wait_suspended(self, thread, frame, event, arg, exception_type)
        _standing.pop(native.get_ident(), None)
        _untold.discard(thread)
        if native.get_ident() in _steps:
            return  # begun by a stop inside of this one, after a goto
        returns.let_go()
        info: Any = getattr(thread, "additional_info")
        if info.pydev_step_cmd != -1:
            _was_asked_to_step(thread)
            _begin_step(self, thread, frame)
        else:
            targets.forget()
            calls.rest()
            if _was_asked_to_step(thread):
                _resume_others(thread)  # out of its outermost frame: it runs on, and may wait for them

    pydevd.PyDB.do_wait_suspend = do_wait_suspend


def _note_steps(pydevd: Any) -> None:
    request_step = pydevd.PyDevdAPI.request_step

    def noted(self: Any, py_db: Any, thread_id: str, *args: Any) -> None:
        _asked_to_step.add(thread_id)
        request_step(self, py_db, thread_id, *args)

    pydevd.PyDevdAPI.request_step = noted


def _was_asked_to_step(thread: threading.Thread) -> bool:
    from _pydevd_bundle.pydevd_constants import get_thread_id

    thread_id = get_thread_id(thread)
    was_asked = thread_id in _asked_to_step
    _asked_to_step.discard(thread_id)
    return was_asked


def _trace_calls_too(pydevd: Any) -> None:
    """Before 3.12 the calls of a stepping frame are seen by a trace function: pydevd is not to lose it.

    And where pydevd begins to trace a stack, to pause it or for a new breakpoint, no frame of it may hide its lines.
    """
    if sys.version_info >= (3, 12):
        return
    set_trace = theirs(pydevd.PyDB, "set_trace_for_frame_and_parents")
    enable = theirs(pydevd.PyDB, "enable_tracing")

    def set_trace_for_frame_and_parents(self: Any, thread_ident: int | None, frame: Any, **options: Any) -> None:
        call_tracing.see_lines_again(frame)
        set_trace(self, thread_ident, frame, **options)

    def enable_tracing(self: Any, thread_trace_func: Any = None, *args: Any, **options: Any) -> None:
        enable(self, call_tracing.stay_before(thread_trace_func), *args, **options)

    pydevd.PyDB.set_trace_for_frame_and_parents = set_trace_for_frame_and_parents
    pydevd.PyDB.enable_tracing = enable_tracing


def _go_to_lines_quietly(pydevd: Any) -> None:
    """From 3.12 on Python gives variables without a value None when a line is gone to, and warns the program of it."""
    set_next_statement = theirs(pydevd.PyDB, "set_next_statement")

    def set_next_statement_quietly(self: Any, *args: Any) -> Any:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            answer = set_next_statement(self, *args)
        for warning in told:
            events.send("mcpDebugNote", {"text": "Python, for the goto: %s" % warning.message})
        return answer

    pydevd.PyDB.set_next_statement = set_next_statement_quietly


def _look_for_breakpoint(debugger: Any, thread: threading.Thread, frame: FrameType, event: str) -> None:
    """A thread that another one's stop has made stand at a breakpoint stands there for a reason of its own.

    pydevd does not look: on its way on the thread would be past it.
    """
    from _pydevd_bundle.pydevd_comm_constants import CMD_SET_BREAK, CMD_THREAD_SUSPEND
    from pydevd_file_utils import get_abs_path_real_path_and_base_from_frame

    if event != "line" or getattr(thread, "stop_reason", None) != CMD_THREAD_SUSPEND:
        return
    here = debugger.breakpoints.get(get_abs_path_real_path_and_base_from_frame(frame)[1])
    breakpoint = here.get(frame.f_lineno) if here else None
    if breakpoint is None:
        return
    info: Any = getattr(thread, "additional_info")
    if debugger.handle_breakpoint_condition(info, breakpoint, frame):
        setattr(thread, "stop_reason", CMD_SET_BREAK)


def _begin_step(debugger: Any, thread: threading.Thread, frame: FrameType, watch: Unwinding | None = None) -> None:
    before = _steps.pop(native.get_ident(), None)
    if before is not None:
        before.end()
    _steps[native.get_ident()] = _Step(debugger, thread, frame, watch)


def _has_others(thread: threading.Thread) -> bool:
    from _pydevd_bundle.pydevd_utils import get_non_pydevd_threads

    return any(other is not thread for other in get_non_pydevd_threads())


def _let_others_run(thread: threading.Thread) -> None:
    if thread.ident in _steps and _resume_others(thread):
        events.send("mcpDebugNote", {"text": _LET_OTHERS_RUN})


def _resume_others(thread: threading.Thread) -> bool:
    """Resume the threads that stand only because of others, if there are any; those with an untold stop keep it."""
    from _pydevd_bundle import pydevd_thread_lifecycle
    from _pydevd_bundle.pydevd_additional_thread_info import set_additional_thread_info
    from _pydevd_bundle.pydevd_constants import STATE_SUSPEND
    from _pydevd_bundle.pydevd_utils import get_non_pydevd_threads

    standing = [
        other
        for other in get_non_pydevd_threads()
        if other is not thread
        and other not in _untold
        and set_additional_thread_info(other).pydev_state == STATE_SUSPEND
    ]
    for other in standing:
        pydevd_thread_lifecycle.internal_run_thread(other, set_additional_thread_info)
    return bool(standing)


class others_run_meanwhile(object):  # noqa: N801 - used like a function
    """Context manager: what takes longer than a moment may wait for another thread, so all run until it is over."""

    def __init__(self) -> None:
        self.they_ran = False
        self._thread = native.current_thread()
        self._lock = native.Lock()
        self._over = False

    def __enter__(self) -> others_run_meanwhile:
        import pydevd

        self._timer: Any = None
        self._debugger = pydevd.get_global_debugger()
        if _has_others(self._thread):
            self._timer = self._debugger.timeout_tracker.call_on_timeout(ALONE_SECONDS, self._let_run)
            self._timer.__enter__()
        return self

    def _let_run(self) -> None:
        with self._lock:
            self.they_ran = not self._over and _resume_others(self._thread)

    def __exit__(self, *failure: object) -> None:
        from _pydevd_bundle.pydevd_thread_lifecycle import suspend_all_threads, suspend_threads_lock

        with self._lock:
            self._over = True
        if self._timer is not None:
            self._timer.__exit__(None, None, None)
        if self.they_ran:
            with suspend_threads_lock:
                suspend_all_threads(self._debugger, except_thread=self._thread)


def _goes_on(debugger: Any, thread: threading.Thread, frame: FrameType, step: _Step) -> bool:
    """Whether a step has not come to its end yet, though pydevd would have it so; then it is taken further."""
    if getattr(thread, "stop_reason", None) != step.original:
        return False
    if step.watch.aim is not None and step.watch.aim.may_come(frame):
        _take_further(debugger, thread, frame, step)
        return True
    if step.coroutine is None or not _is_in_another_task(step):
        return False
    _take_further(debugger, thread, step.coroutine, step)
    return True


def _is_in_another_task(step: _Step) -> bool:
    """Whether a step in a coroutine has come to another task, while its own only waits."""
    now = tasks.current()
    return step.task is not None and not step.task.is_over() and (now is None or now.task is not step.task.task)


def _take_further(debugger: Any, thread: threading.Thread, frame: FrameType, step: _Step) -> None:
    from _pydevd_bundle.pydevd_constants import STATE_RUN

    info: Any = getattr(thread, "additional_info")
    info.pydev_original_step_cmd, info.pydev_step_cmd = step.original, step.command
    info.pydev_step_stop = step.stop_frame or frame
    info.pydev_state = STATE_RUN
    info.update_stepping_info()
    _arriving.discard(thread)
    debugger.set_trace_for_frame_and_parents(thread.ident, frame)
    _begin_step(debugger, thread, frame, step.watch)
