"""The program's threads have the names that they have without a debugger: Thread-1 is its first, Thread-2 its second.

`threading` numbers the threads that are made without a name, and pydevd makes all of its own so: one when it is
imported, some when it connects, in each child of a fork again, and one that watches over evaluations when it first
has to.
"""

from __future__ import annotations

import itertools
import threading

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from typing import Any


def import_without_number() -> None:
    """Import the module of pydevd's that makes a thread to see what threads are like; before pydevd itself."""
    from _pydev_bundle import _pydev_saved_modules as saved

    theirs = saved.threading

    class Threading(object):
        @staticmethod
        def Thread() -> Any:  # noqa: N802
            return theirs.Thread(name="pydevd")

    saved.threading = Threading
    try:
        from _pydev_bundle import pydev_is_thread_alive

        pydev_is_thread_alive.threading = theirs
    finally:
        saved.threading = theirs


def take_none(pydevd: Any) -> None:
    """Give each thread of pydevd's a name when it is made, so that none of the numbers is used up."""
    from types import FunctionType

    from _pydevd_bundle import pydevd_daemon_thread as daemon

    class Threading(object):
        class Thread(object):
            @staticmethod
            def __init__(thread: Any) -> None:
                # Looked up each time: under gevent the module has its threads from another one.
                daemon.threading.Thread.__init__(thread, name="pydevd." + type(thread).__name__)

    # The function as it is, with ours for `threading`.
    original = daemon.PyDBDaemonThread.__init__
    names = dict(vars(daemon), threading=Threading)
    daemon.PyDBDaemonThread.__init__ = FunctionType(original.__code__, names, "__init__", original.__defaults__)


def begin_anew() -> None:
    """Let the program's first thread be Thread-1, whatever has asked by now in which thread it is.

    Who asks in a thread that `threading` has not heard of makes it a dummy thread, and that takes a number too.
    """
    if hasattr(threading, "_counter"):
        setattr(threading, "_counter", itertools.count(1).__next__)
