"""Threads, locks and time as the operating system has them, whatever a library has put in their places.

gevent replaces what `threading`, `_thread` and `time` hold, in place and at any moment: a lock that is made or a
sleep that begins after that would switch to another greenlet in the midst of the debugger. All code of ours that
waits, or asks which thread it is in, does so by this module.
"""

from __future__ import annotations

import _thread
import sys
import threading
import time

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def original(module: ModuleType, name: str) -> Any:
    """What `module` held under `name` before gevent came; we may come after it, by attaching."""
    saved: Any = getattr(sys.modules.get("gevent.monkey"), "saved", None) or {}
    return saved.get(module.__name__, {}).get(name) or getattr(module, name)


get_ident = original(_thread, "get_ident")
Lock = original(_thread, "allocate_lock")
RLock = _thread.RLock
local: Any = original(_thread, "_local")
start_new_thread = original(_thread, "start_new_thread")
sleep = original(time, "sleep")
# The module that pydevd has its threads from: the program's, until `monkey` gives it one of its own.
threads: Any = threading
main_ident: int = threading.main_thread().ident or 0


def current_thread() -> Any:
    """The thread of the operating system that this code runs in, as pydevd knows it."""
    return threads.current_thread()


def follow(own: Any) -> None:
    """Take `own` for the module that pydevd has its threads from."""
    global threads, main_ident
    threads, main_ident = own, own.main_thread().ident


def after_fork() -> None:
    """In a child there is one thread, the main one."""
    global main_ident
    main_ident = get_ident()
    if threads is not threading:
        threads._after_fork()


class Event(object):
    """threading.Event; that one makes a lock for each wait, of the kind `threading` then has."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._is_set = False
        self._waiters: list[Any] = []

    def is_set(self) -> bool:
        """Whether it has been set and not been cleared since."""
        return self._is_set

    def set(self) -> None:
        """Wake everyone who waits."""
        with self._lock:
            self._is_set = True
            waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.release()

    def clear(self) -> None:
        """Let everyone wait again."""
        self._is_set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Return True once it is set, False when `timeout` seconds have passed before."""
        with self._lock:
            if self._is_set:
                return True
            waiter = Lock()
            waiter.acquire()
            self._waiters.append(waiter)
        if waiter.acquire(True, -1 if timeout is None else max(timeout, 0)):
            return True
        with self._lock:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
                return False
            return True
