"""Keep the debugger on threads of the operating system when gevent makes greenlets of the program's.

gevent replaces what `threading`, `_thread` and `time` hold. pydevd would then wait for gevent's locks in threads of
its own, start greenlets where it means threads, and take each greenlet for a thread: the program crashes or hangs. So
just before that happens pydevd is moved to modules of its own. For it, a thread is what the operating system runs, and
greenlets are code that runs in one. A program that leaves its threads as they are is not touched at all.
"""

from __future__ import annotations

import _thread
import builtins
import sys
import threading
import time
import weakref

from ..imports import after_import
from . import native

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

_ModuleType = type(sys)
_program: Any = threading
# What stands for each object of the modules that gevent changes, by its id; filled once it has come.
_known: dict[int, Any] = {}


def lend() -> None:
    """Give pydevd what it waits with, before its modules have taken that from the library's."""
    from _queue import Empty, SimpleQueue

    from _pydev_bundle import _pydev_saved_modules as saved
    from _pydevd_bundle import pydevd_constants

    queue: Any = _ModuleType("queue")
    queue.Queue, queue.Empty = SimpleQueue, Empty
    saved.ThreadingEvent, saved._queue, saved.time = native.Event, queue, _copy(time)
    if "gevent.thread" in sys.modules:
        _move_modules()
        pydevd_constants.after_fork()  # makes its locks anew


def watch(pydevd: Any) -> None:
    """Move pydevd away once gevent is about to replace the program's threads."""
    from _pydevd_bundle import pydevd_utils

    # It would ask the user, on the program's stderr, to set a variable.
    pydevd_utils.SUPPORT_GEVENT = True
    after_import("gevent.thread", lambda module: _move(pydevd))


def _move(pydevd: Any) -> None:
    """Give pydevd a `threading` of its own, with all the threads there are."""
    if not _known:
        _move_modules()
    _move_debugger(pydevd, native.threads)


def _move_modules() -> None:
    own_thread = _copy(_thread)
    own = _own_threading(own_thread)
    _take_threads_over(own)
    _known.update({id(threading): own, id(_thread): own_thread, id(time): _copy(time)})
    # gevent has one class for both `_thread.LockType` and `threading.Lock`; only the latter can be called.
    for theirs, ours in ((_thread, own_thread), (threading, own)):
        _known.update(_counterparts(vars(theirs), vars(ours)))
    for name, module in list(sys.modules.items()):
        if name.startswith(("pydevd", "_pydevd", "_pydev_bundle")) and isinstance(module, _ModuleType):
            _replace(module)
    native.threads = own
    _forget_debuggers_threads()


def _copy(module: ModuleType) -> Any:
    copy = _ModuleType(module.__name__)
    vars(copy).update({name: native.original(module, name) for name in vars(module)})
    return copy


def _own_threading(own_thread: Any) -> Any:
    """A second `threading`, run from the source of the first; it is in nobody's sys.modules."""
    system = _ModuleType("os")  # without register_at_fork: `forks` does in a child what is to be done
    modules = {module.__name__: module for module in vars(_program).values() if isinstance(module, _ModuleType)}
    modules.update(_thread=own_thread, os=system)

    def import_(name: str, *args: Any, **options: Any) -> Any:
        return modules.get(name) or builtins.__import__(name, *args, **options)

    own: Any = _ModuleType("threading")
    own.__file__, own.__spec__ = _program.__file__, _program.__spec__
    own.__builtins__ = dict(vars(builtins), __import__=import_)
    # Run for the stand-in of the main thread, it would take this thread's real one away (before 3.13).
    set_sentinel, own_thread._set_sentinel = getattr(own_thread, "_set_sentinel", None), native.Lock
    exec(_program.__spec__.loader.get_code("threading"), vars(own))
    own._set_sentinel = own_thread._set_sentinel = set_sentinel
    return own


def _take_threads_over(own: Any) -> None:
    """Let `own` know the threads that run; the main thread by a stand-in, for gevent changes the thread itself."""
    running = sys._current_frames()
    stand_in, main = own.main_thread(), _program.main_thread()
    own._active.clear()
    for ident, thread in list(_program._active.items()):
        if ident in running:
            own._active[ident] = thread
    stand_in._ident = native.main_ident
    own._active[native.main_ident] = stand_in
    for name, value in vars(main).items():
        vars(stand_in).setdefault(name, value)


def _forget_debuggers_threads() -> None:
    """The program knows its own alone. Only now: one that still asked `threading` for itself would be made a dummy."""
    for ident, thread in list(_program._active.items()):
        if getattr(thread, "is_pydev_daemon_thread", False):
            del _program._active[ident]


def _counterparts(theirs: dict[str, Any], ours: dict[str, Any]) -> dict[int, Any]:
    """What stands for each function, class and container of the one module in the other, by its id."""
    plain = (str, int, float, tuple, type(None), _ModuleType)
    pairs = [(value, ours.get(name)) for name, value in theirs.items() if not name.startswith("__")]
    # A trace function that has been set in the one is none of the other's.
    return {id(value): own for value, own in pairs if own is not None and not isinstance(value, plain)}


def _replace(owner: Any) -> None:
    for name, value in list(vars(owner).items()):
        if id(value) in _known:
            setattr(owner, name, _known[id(value)])
        elif isinstance(value, type) and any(id(base) in _known for base in value.__bases__):
            value.__bases__ = tuple(_known.get(id(base), base) for base in value.__bases__)


def _move_debugger(pydevd: Any, own: Any) -> None:
    from _pydev_bundle import pydev_monkey

    # What it replaces in these, and puts back, would be gevent's.
    pydev_monkey.threading_modules_to_patch = [_known[id(_thread)], own]
    pydevd.PyDB._create_check_output_thread = _create_no_thread
    if sys.version_info >= (3, 12):
        from _pydevd_sys_monitoring import pydevd_sys_monitoring

        pydevd_sys_monitoring.reset_thread_local_info()
    else:
        _trace_threads_that_are_greenlets(pydevd)
    debugger = pydevd.get_global_debugger()
    if debugger is None:
        return
    _replace(debugger)
    _end_without_waiting(debugger)
    if sys.version_info < (3, 12):
        debugger.fix_top_level_trace_and_get_trace_func = pydevd.fix_top_level_trace_and_get_trace_func
    _follow_main_thread(debugger, own.main_thread())


def _create_no_thread(debugger: Any) -> None:
    """CheckAliveThread is waited for at the program's end, and no greenlet could run meanwhile.

    pydevd ends by `atexit` then, which comes after all the program's threads have ended.
    """


def _end_without_waiting(debugger: Any) -> None:
    thread = debugger.check_alive_thread
    if thread is not None:
        debugger.check_alive_thread = None
        thread.do_kill_pydev_thread()


def _follow_main_thread(debugger: Any, main: Any) -> None:
    """Go on tracing the main thread under the name of its stand-in."""
    from _pydevd_bundle.pydevd_constants import get_thread_id

    info = debugger.set_additional_thread_info(main)
    info.weak_thread = weakref.ref(main)
    if get_thread_id(main) in debugger._running_thread_ids:
        debugger._running_thread_ids[get_thread_id(main)] = main
    if sys.version_info < (3, 12) and native.get_ident() == native.main_ident:
        info.thread_tracer = info.top_level_thread_tracer_unhandled = None
        debugger.enable_tracing(debugger.trace_dispatch)
        debugger.set_trace_for_frame_and_parents(native.main_ident, sys._getframe())


def _trace_threads_that_are_greenlets(pydevd: Any) -> None:
    """Trace in the name of the operating system's thread (before 3.12); pydevd looks for one that it does not know.

    `threading` sets its trace function anew at the beginning of each Thread, so pydevd is asked for one then.
    """
    original = pydevd.fix_top_level_trace_and_get_trace_func
    module = sys.modules[original.__module__]
    wrapped = getattr(module, "SafeCallWrapper", lambda tracer: tracer)

    def fix_top_level_trace_and_get_trace_func(debugger: Any, frame: Any) -> Any:
        outermost = _bootstrap_of_greenlet(frame)
        thread = native.current_thread()
        if outermost is None or getattr(thread, "pydev_do_not_trace", None):
            return original(debugger, frame)
        info = debugger.set_additional_thread_info(thread)
        args = (debugger, thread, info, module.global_cache_skips, module.global_cache_frame_skips)
        tracer = info.thread_tracer
        if tracer is None or tracer._args[0] is not debugger:
            tracer = info.thread_tracer = module.ThreadTracer(args)
        unhandled = info.top_level_thread_tracer_unhandled
        if unhandled is None:
            unhandled = info.top_level_thread_tracer_unhandled = module.TopLevelThreadTracerOnlyUnhandledExceptions(
                args
            )
        outermost.f_trace = wrapped(unhandled.get_trace_dispatch_func())
        return wrapped(tracer), True

    pydevd.fix_top_level_trace_and_get_trace_func = fix_top_level_trace_and_get_trace_func


def _bootstrap_of_greenlet(frame: Any) -> Any:
    """The frame in which `threading` runs the greenlet that stands for a Thread, if this code is in one."""
    code = _program.Thread._bootstrap_inner.__code__
    while frame is not None:
        if frame.f_code is code:
            return frame
        frame = frame.f_back
    return None
