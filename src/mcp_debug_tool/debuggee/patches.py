"""What pydevd does that a fast and faithful debugger must not: each function here cures one thing.

Every patch looks first whether what it replaces is still there; where it is not, pydevd is left as it is and
the session is slower or less sure, never wrong. The names are private to pydevd: debugpy is pinned, and
tests/integration/test_contract.py fails when one of them goes.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from .inspecting import generated
from .raising import exception_patches
from .running import greenlet_tracing, greenlets, native, pause_signal, thread_names
from .stopping import pauses, suspension
from .templating import templates


def apply(pydevd: Any) -> None:
    """Apply all that must be in place before pydevd connects."""
    pydevd._mcp_debug_applied = True
    for patch in (
        _no_fixed_sleep,
        _answer_bursts,
        _resume_the_right_thread,
        _exit_at_once,
        _dispose_quietly,
        pause_signal.hear,
        _keep_no_frames,
        thread_names.take_none,
        _tell_debuggers_apart,
        *exception_patches.PATCHES,
        suspension.control_threads,
        generated.apply,
        templates.show_in_stacks,
        pauses.stand_in_program,
        greenlets.watch,
        greenlet_tracing.watch,
    ):
        try:
            patch(pydevd)
        except (AttributeError, ImportError, TypeError):
            continue


def are_applied(pydevd: Any) -> bool:
    """Whether this pydevd has them already: they are applied once in the life of a process."""
    return getattr(pydevd, "_mcp_debug_applied", False)


def apply_to_running(pydevd: Any) -> None:
    """Apply what helps in a program that runs under its own pydevd already; some of it once."""
    once = (
        _answer_bursts,
        _keep_no_frames,
        thread_names.take_none,
        _send_without_delay,
        generated.apply,
        templates.show_in_stacks,
        greenlets.watch,
        greenlet_tracing.watch,
    )
    again = (
        _resume_the_right_thread,
        *exception_patches.PATCHES,
        suspension.control_threads,
        pauses.stand_in_program,
    )
    is_first = not getattr(pydevd, "_mcp_debug_patched", False)
    pydevd._mcp_debug_patched = True
    for patch in (*(once if is_first else ()), *again):
        try:
            patch(pydevd)
        except (AttributeError, ImportError, TypeError, OSError):
            continue


def _send_without_delay(pydevd: Any) -> None:
    """pydevd sends header and body apart; with Nagle's algorithm each message waits 40 ms at its receiver."""
    import socket

    pydevd.get_global_debugger().writer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _no_fixed_sleep(pydevd: Any) -> None:
    """initialize_network() sleeps 100 ms after its threads are started; nothing depends on it."""
    original = pydevd.PyDB.initialize_network
    real = pydevd.time

    class Time(object):
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        @staticmethod
        def sleep(seconds: float) -> None:
            if seconds != 0.1:
                real.sleep(seconds)

    def initialize_network(self: Any, *args: Any, **kwargs: Any) -> Any:
        pydevd.time = Time()
        try:
            return original(self, *args, **kwargs)
        finally:
            pydevd.time = real

    pydevd.PyDB.initialize_network = initialize_network


def _answer_bursts(pydevd: Any) -> None:
    """A stopped thread handles one command a wake-up, so a burst of N requests takes (N-1) * 200 ms.

    It also misses its own resume when the wrong thread's event is set (see below); looking at the state first
    ends both waits.
    """
    from _pydevd_bundle.pydevd_constants import STATE_SUSPEND

    class ThreadEvent(native.Event):
        commands: Any = None

        def wait(self, timeout: float | None = None) -> bool:
            if self.commands is not None and not self.commands.empty():
                return True
            info = getattr(native.current_thread(), "additional_info", None)
            if info is not None and info.is_in_wait_loop and info.pydev_state != STATE_SUSPEND:
                return True
            return super().wait(timeout)

    def get_internal_queue_and_event(self: Any, thread_id: str) -> Any:
        if thread_id.startswith("__frame__"):
            thread_id = thread_id[thread_id.rfind("|") + 1 :]
        commands = self._cmd_queue[thread_id]
        event = self._thread_events.get(thread_id)
        if event is None:
            event = ThreadEvent()
            event.commands = commands
            event = self._thread_events.setdefault(thread_id, event)
        return commands, event

    pydevd.PyDB.get_internal_queue_and_event  # noqa: B018 - is it still there?
    pydevd.PyDB.get_internal_queue_and_event = get_internal_queue_and_event


def _resume_the_right_thread(pydevd: Any) -> None:
    """internal_run_thread() sets another thread's event, so step and continue wait for a 200 ms poll."""
    from _pydevd_bundle import pydevd_thread_lifecycle
    from _pydevd_bundle.pydevd_constants import get_thread_id

    original = suspension.theirs(pydevd_thread_lifecycle, "internal_run_thread")

    def internal_run_thread(thread: threading.Thread, set_additional_thread_info: Any) -> None:
        if not suspension.may_resume(thread):
            return
        original(thread, set_additional_thread_info)
        debugger = pydevd.get_global_debugger()
        if debugger is not None:
            debugger.get_internal_queue_and_event(get_thread_id(thread))[1].set()

    pydevd_thread_lifecycle.internal_run_thread = internal_run_thread


def _exit_at_once(pydevd: Any) -> None:
    """Without this a program ends 0.2 to 0.7 s late: threads poll for its end and wait for each other."""
    wait_name = "_PyDB__wait_for_threads_to_finish"
    getattr(pydevd.PyDB, wait_name)

    def wait_for_threads_to_finish(self: Any, timeout: float) -> None:
        # Only the writer matters: all events must have left. Reader and command thread wait for each other.
        deadline = time.monotonic() + timeout
        while self.writer in self.created_pydb_daemon_threads and time.monotonic() < deadline:
            native.sleep(0.0005)

    class PollFasterAtTheEnd(native.Event):
        interval: float | None = None

        def wait(self, timeout: float | None = None) -> bool:
            if self.interval is None:
                super().wait(timeout)
                if self.interval is None:
                    return self.is_set()
                self.clear()
            self.interval = min(self.interval * 2, 0.2)
            native.sleep(self.interval)
            return False

    original = pydevd.CheckAliveThread.__init__

    def __init__(self: Any, py_db: Any) -> None:  # noqa: N807
        original(self, py_db)
        self._wait_event = PollFasterAtTheEnd()

    def main_thread_ended() -> None:
        _forget_last_frame()
        debugger = pydevd.get_global_debugger()
        thread = getattr(debugger, "check_alive_thread", None)
        event = getattr(thread, "_wait_event", None)
        if isinstance(event, PollFasterAtTheEnd):
            event.interval = 0.0005
            event.set()

    setattr(pydevd.PyDB, wait_name, wait_for_threads_to_finish)
    pydevd.CheckAliveThread.__init__ = __init__
    _at_main_thread_end(main_thread_ended)


def _dispose_quietly(pydevd: Any) -> None:
    """A program that becomes a daemon closes our descriptor too; pydevd would complain of it on its stderr."""
    dispose = pydevd.PyDB.dispose_and_kill_all_pydevd_threads

    def dispose_quietly(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            dispose(self, *args, **kwargs)
        except OSError:
            return

    pydevd.PyDB.dispose_and_kill_all_pydevd_threads = dispose_quietly


def _tell_debuggers_apart(pydevd: Any) -> None:
    """A second debugger in one process, after a detach or a fork, counts its changes from 0 again.

    From 3.12 on what was found out about a function is kept with that count: the second would take the first one's
    knowledge for its own, and pass over its breakpoints.
    """
    original = pydevd.PyDB.__init__
    made = 0

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        nonlocal made
        original(self, *args, **kwargs)
        made += 1
        self.mtime = made * 1_000_000

    pydevd.PyDB.__init__ = __init__


def tell_when_tracing_was_lost(pydevd: Any) -> None:
    """Say at the end that breakpoints may have been passed over (before 3.12, where pydevd uses sys.settrace).

    Python switches tracing off when a trace function fails, which pydevd's does where a recursion meets its limit;
    and the program may have switched it off itself.
    """
    if sys.version_info >= (3, 12):
        return

    def main_thread_ended() -> None:
        from . import events

        if sys.gettrace() is None:
            events.send("mcpDebugTracingLost", {})

    _at_main_thread_end(main_thread_ended)


def _forget_last_frame() -> None:
    """From 3.13 on Python code prints tracebacks; pydevd would keep its frame, and so the locals of a crash, alive."""
    module = sys.modules.get("_pydevd_sys_monitoring._pydevd_sys_monitoring")
    names = vars(getattr(module, "_thread_local_info", None) or threading.local())
    for name in ("f_unhandled_frame", "f_unhandled_exc_tag"):
        names.pop(name, None)


def _keep_no_frames(pydevd: Any) -> None:
    """get_topmost_frame() leaves all threads' frames in a reference cycle: at each stop locals would live longer."""
    from _pydevd_bundle.pydevd_additional_thread_info import PyDBAdditionalThreadInfo

    def get_topmost_frame(self: Any, thread: Any) -> Any:
        return sys._current_frames().get(thread.ident)

    PyDBAdditionalThreadInfo.get_topmost_frame = get_topmost_frame


def _at_main_thread_end(function: Callable[[], None]) -> None:
    register = getattr(threading, "_register_atexit", None)  # 3.9 and newer
    if register is not None:
        register(function)
        return
    shutdown = getattr(threading, "_shutdown")

    def _shutdown() -> None:
        function()
        shutdown()

    setattr(threading, "_shutdown", _shutdown)


def stop_at_exceptions_without_tracing(pydevd: Any) -> None:
    """Stop at an uncaught exception where CPython has switched tracing off (before 3.12).

    It does so when the trace function raises, which a RecursionError makes it do.
    """
    if sys.version_info >= (3, 12):
        return
    from _pydevd_bundle.pydevd_additional_thread_info import set_additional_thread_info

    original = sys.excepthook

    def excepthook(kind: Any, error: Any, trace: Any) -> None:
        debugger = pydevd.get_global_debugger()
        if sys.gettrace() is None and debugger is not None and not debugger.pydb_disposed:
            thread = native.current_thread()
            info = set_additional_thread_info(thread)
            pydevd.stop_on_unhandled_exception(debugger, thread, info, (kind, error, trace))
        original(kind, error, trace)

    sys.excepthook = sys.__excepthook__ = excepthook


def end_with_server(pydevd: Any) -> None:
    """End the program when the server vanishes: pydevd would resume it and let its side effects happen."""
    from _pydevd_bundle import pydevd_comm

    reader = pydevd_comm.ReaderThread
    if not hasattr(reader, "_terminate_on_socket_close") or not hasattr(pydevd.PyDB, "on_disconnect"):
        return
    closed, on_disconnect = reader._terminate_on_socket_close, pydevd.PyDB.on_disconnect

    def _terminate_on_socket_close(self: Any) -> None:
        is_ours = self.py_db is pydevd.get_global_debugger()
        if is_ours and not self._kill_received and not getattr(self.py_db, "_mcp_debug_let_go", False):
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        closed(self)

    def let_go(self: Any) -> None:
        self._mcp_debug_let_go = True
        on_disconnect(self)

    reader._terminate_on_socket_close = _terminate_on_socket_close
    pydevd.PyDB.on_disconnect = let_go


def trace_from_the_first_frame(pydevd: Any) -> None:
    """Let pydevd begin with the program's own outermost frame (before 3.12, where it uses sys.settrace).

    It notices an uncaught exception in the outermost frame of a thread and looks for that frame once. We start
    inside `site`, so it would take one of site's frames and never see the program's.
    """
    if sys.version_info >= (3, 12):
        return
    from pydevd_tracing import SetTrace

    trace = pydevd.get_global_debugger().trace_dispatch

    def until_outermost(frame: FrameType, event: str, arg: Any) -> Any:
        # CPython also looks into the script's importer from its outermost level.
        if frame.f_back is not None or frame.f_code.co_name not in ("<module>", "_run_module_as_main"):
            return None
        SetTrace(trace)
        return trace(frame, event, arg)

    # pydevd has put its own trace function into the frames we are in; they would bring it back too early.
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        frame.f_trace = None
        frame = frame.f_back
    SetTrace(until_outermost)


def report_breakpoints_at_end() -> None:
    """Tell the server how each breakpoint has fared, when the program ends by itself."""

    def main_thread_ended() -> None:
        from . import all_breakpoints, events

        events.send("mcpDebugReports", all_breakpoints.reports())

    _at_main_thread_end(main_thread_ended)
