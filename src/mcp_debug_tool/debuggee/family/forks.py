"""What a fork must not bring with it: a debugger without threads in the child, a warning of ours in the parent."""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from ..running import native
from ..stepping import calls


def leave_forks_alone(pydevd: Any) -> None:
    """Switch the debugger off in a forked child: its threads are gone there, so a stop would never end."""
    if not hasattr(os, "register_at_fork"):
        return

    def in_child() -> None:
        debugger = pydevd.get_global_debugger()
        if debugger is None:
            return
        sock = getattr(debugger.writer, "sock", None)
        if sock is not None:
            sock.close()
        from _pydevd_bundle.pydevd_constants import GlobalDebuggerHolder

        debugger.created_pydb_daemon_threads = {}
        debugger.pydb_disposed = True
        GlobalDebuggerHolder.global_dbg = None
        native.after_fork()
        native.current_thread().additional_info = None
        _stop_tracing(pydevd)

    os.register_at_fork(after_in_child=in_child)


def _stop_tracing(pydevd: Any) -> None:
    calls.forget()
    if sys.version_info >= (3, 12):
        monitoring = sys.monitoring
        tool = monitoring.DEBUGGER_ID
        if monitoring.get_tool(tool) is not None:
            monitoring.set_events(tool, 0)
            monitoring.free_tool_id(tool)
    else:
        import pydevd_tracing

        pydevd_tracing.restore_sys_set_trace_func()
        sys.settrace(None)
        threading.settrace(None)


def fork_without_warning() -> None:
    """CPython warns of a fork where there are other threads (3.12 and newer); pydevd's alone are no reason to."""
    if sys.version_info >= (3, 12):
        for name in ("fork", "forkpty"):
            if hasattr(os, name):
                setattr(os, name, _unwarned(getattr(os, name)))


def _unwarned(fork: Callable[[], Any]) -> Callable[[], Any]:
    @functools.wraps(fork)
    def unwarned() -> Any:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            forked = fork()
        if threading.active_count() > 1:  # in the child there is one
            text = "This process (pid=%d) is multi-threaded, use of %s() may lead to deadlocks in the child."
            try:
                warnings.warn(text % (os.getpid(), fork.__name__), DeprecationWarning, stacklevel=2)
            except DeprecationWarning:
                pass  # as CPython does: the child is there already
        return forked

    return unwarned
