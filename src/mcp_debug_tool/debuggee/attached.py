"""Bring pydevd up inside a program that was already running, and let go of it again.

`injected` brings this here and runs it in a thread of its own. The program lives on when the server goes: the
end of the connection switches all tracing off. Two events of ours tell the server how it went, over the proved
connection: `mcpDebugAttached` once every thread is traced, or `mcpDebugRefused` with what stands in the way. The
program's own streams never show anything of it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time

from . import boot, connecting
from .running import native

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    import _socket
    from collections.abc import Callable
    from typing import Any

# A debugger whose server has hung up needs up to half a second to end.
LETTING_GO_SECONDS = 2.0

# Held while tracing is switched on or off: one server may still be leaving while the next one comes.
_changing = native.RLock()
_theirs: dict[str, Any] = {}


class Refused(Exception):
    """This program cannot be attached to; the text says why and what to do instead."""


def start(settings_file: str) -> None:
    """Read the settings, delete them, and debug the program for the server they name.

    Returns once that server has let the program go on (`configurationDone`) or has hung up. Needs a thread that
    can wait.

    Raises:
        OSError: the settings are not ours or the server cannot be reached; nobody could be told.
    """
    config = _take(settings_file)
    sock = connecting.authenticated_socket(config)
    try:
        if not _changing.acquire(timeout=LETTING_GO_SECONDS):
            raise Refused("another debugger is just attaching to the program; wait until it has, or has given up")
        try:
            with _GilOften():
                pydevd = _debugger(config["debugpy"])
            _trace(pydevd, config, sock)
        finally:
            _changing.release()
    except BaseException as error:
        _refuse(sock, str(error) if isinstance(error, Refused) else "%s: %s" % (type(error).__name__, error))


class _GilOften(object):
    """Lets our thread have the GIL more often while it imports: beside a busy loop that would take seconds."""

    def __enter__(self) -> None:
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(min(self._interval, 0.0005))

    def __exit__(self, *exc_info: object) -> None:
        sys.setswitchinterval(self._interval)


def _take(settings_file: str) -> Any:
    """The settings, which only this user can have written; from here on they stand in memory alone."""
    descriptor = os.open(settings_file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if hasattr(os, "geteuid") and (status.st_uid != os.geteuid() or status.st_mode & 0o077):
            raise PermissionError("%s could have been written by another user" % settings_file)
        config = json.loads(file.read().decode("utf-8"))
    os.remove(settings_file)
    return config


def _refuse(sock: _socket.socket, reason: str) -> None:
    event = {"type": "event", "event": "mcpDebugRefused", "seq": 0, "body": {"reason": reason}}
    body = json.dumps(event).encode("utf-8")
    try:
        sock.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        sock.close()
    except OSError:
        return


# --- begin ----------------------------------------------------------------------------------------------------


def _debugger(debugpy: str) -> Any:
    """Our pydevd, imported and patched at the first attach and free at every later one.

    Raises:
        Refused: another debugger is at work here.
    """
    pydevd = sys.modules.get("pydevd")
    if pydevd is None:
        _require_free_monitoring()
        _theirs["breakpointhook"] = sys.breakpointhook
        pydevd = boot.import_pydevd(debugpy)
        from .stopping import breakpoint_calls

        _theirs["pydevd breakpointhook"] = breakpoint_calls.breakpointhook
    elif not _is_within(getattr(pydevd, "__file__", None), debugpy):
        raise Refused(
            "the program has loaded a debugger of its own (%s); attach to the host and port it listens on"
            % getattr(pydevd, "__file__", "pydevd")
        )
    _wait_until_let_go(pydevd)
    _let_program_go(pydevd)
    _require_free_monitoring()
    _keep_out_of_this_thread()
    _patch(pydevd)
    return pydevd


def _keep_out_of_this_thread() -> None:
    """Under gevent this is a thread that nobody has marked yet as the debugger's."""
    thread = native.current_thread()
    thread.is_pydev_daemon_thread = thread.pydev_do_not_trace = True


def _is_within(file: str | None, folder: str) -> bool:
    return file is not None and os.path.realpath(file).startswith(os.path.realpath(folder) + os.sep)


def _require_free_monitoring() -> None:
    """From 3.12 on one debugger at a time has its place in sys.monitoring."""
    monitoring = getattr(sys, "monitoring", None)
    tool = monitoring and monitoring.get_tool(monitoring.DEBUGGER_ID)
    if tool:
        raise Refused("another debugger, %s, is at work in the program; end it first" % tool)


def _wait_until_let_go(pydevd: Any) -> None:
    """Refuse while a server is connected; one that has just hung up is waited for."""
    from _pydevd_bundle.pydevd_constants import GlobalDebuggerHolder

    deadline = time.monotonic() + LETTING_GO_SECONDS
    while _is_debugged(pydevd):
        if pydevd.get_global_debugger().is_attached() or time.monotonic() > deadline:
            raise Refused("a debugger is already attached to the program; detach it first")
        native.sleep(0.01)
    # One that is leaving has no more to say, though it may take a second to end its threads.
    GlobalDebuggerHolder.global_dbg = None


def _patch(pydevd: Any) -> None:
    """Apply what a launched program has, as far as it makes sense here; once in the life of a process."""
    from . import patches
    from .family import forks
    from .stopping import breakpoint_calls

    if patches.are_applied(pydevd):  # the program was launched, and let go
        _let_go_at_the_end(pydevd)
        return
    patches.apply(pydevd)
    forks.leave_forks_alone(pydevd)
    patches.tell_when_tracing_was_lost(pydevd)
    breakpoint_calls.watch_modules()
    _let_go_at_the_end(pydevd)


def _trace(pydevd: Any, config: dict[str, Any], sock: _socket.socket) -> None:
    """Debug all threads, those that run already and those to come."""
    sys.breakpointhook = _theirs.get("pydevd breakpointhook", sys.breakpointhook)
    pydevd.SetupHolder.setup = None
    connecting.trace_over(pydevd, config, sock)
    if not _is_debugged(pydevd):
        # The server has hung up before it said configurationDone; settrace() went on to trace all the same.
        _let_program_go(pydevd)
    else:
        from . import events

        # A program that was launched and let go before must not end with this server either.
        pydevd.get_global_debugger()._mcp_debug_let_go = True
        # configurationDone is answered before a thread is traced.
        events.send("mcpDebugAttached", {})


# --- end ------------------------------------------------------------------------------------------------------


def _let_go_at_the_end(pydevd: Any) -> None:
    """Leave nothing behind when the connection ends, however it ends; pydevd would keep tracing, idly."""
    if getattr(pydevd.PyDB, "_mcp_debug_lets_go", False):
        return
    dispose: Callable[..., None] = pydevd.PyDB.dispose_and_kill_all_pydevd_threads

    def dispose_and_let_go(self: Any, wait: bool = True, timeout: float = 0.5) -> None:
        self._mcp_debug_leaving = True
        # A thread that is just inside its trace function would switch it on again.
        self.enable_tracing = _enable_nothing
        # Our own thread waits for configurationDone, and none will come.
        self.ready_to_run = True
        _let_program_go(pydevd)
        if native.current_thread() is self.writer:
            # It cannot send any more, and would wait for its queue to be empty and for its own end.
            wait = False
            _drop_unsent(self.writer)
        dispose(self, wait, timeout)
        _let_program_go(pydevd)

    pydevd.PyDB.dispose_and_kill_all_pydevd_threads = dispose_and_let_go
    pydevd.PyDB._mcp_debug_lets_go = True


def _drop_unsent(writer: Any) -> None:
    queue = getattr(writer, "_cmd_queue", None)
    while queue is not None and not queue.empty():
        queue.get_nowait()


def _is_debugged(pydevd: Any) -> bool:
    debugger = pydevd.get_global_debugger()
    leaving = getattr(debugger, "_mcp_debug_leaving", False) or getattr(debugger, "pydb_disposed", False)
    return debugger is not None and not leaving


def _enable_nothing(*args: Any, **kwargs: Any) -> None:
    return None


def _let_program_go(pydevd: Any) -> None:
    """Switch tracing off in every thread, and give back what pydevd has put in its own place.

    Nothing is done while a debugger is at work, which may be that of the next server, or once the program ends.
    """
    from _pydev_bundle.pydev_monkey import undo_patch_thread_modules

    from .stepping import calls

    with _changing:
        if _is_debugged(pydevd) or not native.threads.main_thread().is_alive():
            return
        undo_patch_thread_modules()
        if sys.breakpointhook is _theirs.get("pydevd breakpointhook"):
            sys.breakpointhook = _theirs["breakpointhook"]
        calls.forget()
        if sys.version_info >= (3, 12):
            pydevd.pydevd_sys_monitoring.stop_monitoring(all_threads=True)
        else:
            _stop_tracing(pydevd)


def _stop_tracing(pydevd: Any) -> None:
    """No thread can end the tracing of another; each is given a function that ends its own at the next event."""
    import pydevd_tracing

    pydevd_tracing.restore_sys_set_trace_func()
    end = sys.settrace
    threading.settrace(None)

    def untraced(frame: Any, event: str, arg: Any) -> None:
        # The next server may have come before this event did.
        if not _is_debugged(pydevd):
            end(None)

    frames = sys._current_frames()
    traced = [ident for ident in frames if ident != native.get_ident() and not _is_pydevds(ident)]
    for frame in [frames[ident] for ident in traced]:
        _replace_trace(frame, untraced)
    pydevd_tracing.set_trace_to_threads(untraced, thread_idents=traced, create_dummy_thread=False)
    end(None)


def _is_pydevds(ident: int) -> bool:
    thread = getattr(native.threads, "_active", {}).get(ident)
    return bool(getattr(thread, "pydev_do_not_trace", False))


def _replace_trace(innermost: Any, function: Callable[..., None]) -> None:
    """Put `function` into the frames that are traced: a line in them would not ask the thread's own."""
    frame = innermost
    while frame is not None:
        if frame.f_trace is not None:
            frame.f_trace = function
        frame = frame.f_back
