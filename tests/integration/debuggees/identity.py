"""Print as JSON all by which a program could tell how it was started; runs on Python 3.8 and newer."""

# ruff: noqa: E402

import sys

# First of all, before anything is imported or defined here.
NAMES = sorted(globals())
MODULES = sorted(sys.modules)
TRACING = [sys.gettrace() is not None, sys.getprofile() is not None]
FRAMES = []
frame = sys._getframe()
while frame is not None:
    FRAMES.append([frame.f_code.co_name, frame.f_code.co_filename])
    frame = frame.f_back  # type: ignore[assignment]

import atexit
import builtins
import gc
import json
import locale
import logging
import os
import signal
import socket
import threading
import time
import types
import warnings
from typing import Any


def kind(value: Any) -> str:
    return str(getattr(value, "__name__", type(value).__name__))


def stream(value: Any) -> "dict[str, Any]":
    names = ("encoding", "errors", "line_buffering", "write_through", "name", "mode", "newlines", "closed")
    facts = {name: getattr(value, name, None) for name in names}
    facts.update(type=kind(type(value)), fileno=value.fileno(), isatty=value.isatty(), buffer=kind(type(value.buffer)))
    return facts


def handler(number: int) -> str:
    found = signal.getsignal(number)
    return found.name if isinstance(found, signal.Handlers) else kind(found)


def descriptors() -> "dict[str, Any]":
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink("/proc/self/fd/" + name).split(":")[0]
        except OSError:
            continue  # the listing itself
        found[name] = [target, os.get_inheritable(int(name))]
    return found


first_thread = threading.Thread(target=time.time)
first_thread.start()
first_thread.join()
start_thread = getattr(threading, "_start_new_thread", None) or threading._start_joinable_thread
functions = {
    "fork": os.fork,
    "execv": os.execv,
    "_exit": os._exit,
    "kill": os.kill,
    "sleep": time.sleep,
    "import": builtins.__import__,
    "exit": sys.exit,
    "input": builtins.input,
    "settrace": sys.settrace,
    "start thread": start_thread,
    "run thread": threading.Thread.run,
    "start": threading.Thread.start,
    "join": threading.Thread.join,
    "shutdown": threading._shutdown,
    "socket": socket.socket,
}
main = sys.modules["__main__"]
spec = main.__spec__
facts = {
    "argv": sys.argv,
    "orig_argv": getattr(sys, "orig_argv", None),
    "path": sys.path,
    "path_hooks": [kind(hook) for hook in sys.path_hooks],
    "meta_path": [kind(finder) for finder in sys.meta_path],
    "flags": list(sys.flags),
    "options": [sys.warnoptions, sorted(sys._xoptions)],
    "installation": [sys.executable, sys.prefix, sys.exec_prefix, sys.base_prefix],
    "bytecode": [sys.dont_write_bytecode, sys.pycache_prefix],
    "globals": NAMES,
    "main": {n: repr(v) for n, v in vars(main).items() if n in NAMES and n not in ("__loader__", "__spec__")},
    "loader": kind(main.__loader__) if main.__loader__ else None,
    "spec": [spec.name, spec.origin, spec.cached, kind(spec.loader), spec.parent] if spec else None,
    "builtins": isinstance(globals()["__builtins__"], types.ModuleType),
    "builtin names": dir(builtins),
    "sys names": sorted(vars(sys)),
    "missing modules": MODULES,
    "importers": sorted(sys.path_importer_cache),
    "frames": FRAMES,
    "environ": dict(os.environ),
    "cwd": os.getcwd(),
    "signals": {number.name: handler(number) for number in signal.Signals},
    "blocked signals": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "signal wake-up": signal.set_wakeup_fd(-1),
    "timer": signal.getitimer(signal.ITIMER_REAL),
    "threads": [thread.name for thread in threading.enumerate()],
    "main thread": [threading.current_thread() is threading.main_thread(), threading.current_thread().name],
    "first thread": first_thread.name,
    "descriptors": descriptors(),
    "streams": {name: stream(getattr(sys, name)) for name in ("stdin", "stdout", "stderr")},
    "own streams": [sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__],
    "hooks": {
        "except": sys.excepthook is sys.__excepthook__,
        "display": sys.displayhook is sys.__displayhook__,
        "breakpoint": sys.breakpointhook is sys.__breakpointhook__,
        "unraisable": kind(sys.unraisablehook),
        "thread": kind(threading.excepthook),
    },
    "tracing": TRACING,
    "functions": {name: [kind(type(function)), kind(function)] for name, function in functions.items()},
    "warnings": [repr(entry) for entry in warnings.filters],
    "locale": locale.setlocale(locale.LC_ALL),
    "limits": [sys.getrecursionlimit(), sys.getswitchinterval(), threading.stack_size(), socket.getdefaulttimeout()],
    "gc": [gc.get_threshold(), gc.isenabled(), gc.get_freeze_count(), gc.get_debug(), len(gc.callbacks)],
    "process": [os.getpid() == os.getpgrp() == os.getsid(0), os.getpriority(os.PRIO_PROCESS, 0), os.umask(0o22)],
    "logging": [len(logging.root.handlers), logging.root.level, sorted(logging.root.manager.loggerDict)],
    "exit callbacks": atexit._ncallbacks(),
}
print(json.dumps(facts))
