"""What pydevd does at exceptions that a fast and faithful debugger must not; applied as those of `patches` are.

Each may be applied again: then those of an earlier copy of our code in this process give way.
"""

from __future__ import annotations

import sys
from typing import Any


def decide_at_exceptions(pydevd: Any) -> None:
    """pydevd suspends all threads at a raised exception, in each frame it passes, before anyone is asked.

    Before 3.12 it also guesses whether an exception is unhandled, and is wrong about some `with` and nested `try`.
    """
    from . import exceptions, unhandled

    # One of them is in use: compiled or not, with sys.settrace or sys.monitoring.
    for module in [module for name, module in list(sys.modules.items()) if name.startswith("_pydevd")]:
        if getattr(module, "should_stop_on_exception", exceptions.should_stop) is not exceptions.should_stop:
            exceptions.take_over(module)
        if sys.version_info < (3, 12) and hasattr(module, "is_unhandled_exception"):
            setattr(module, "is_unhandled_exception", unhandled.is_unhandled)


def leave_exceptions_unread(pydevd: Any) -> None:
    """pydevd calls str() of an exception, and of those behind it, at each stop: the program's code, without limit."""
    from _pydevd_bundle import pydevd_frame_utils, pydevd_net_command_factory_json

    class Nothing(object):
        exceptionId = description = None  # noqa: N815 - as DAP calls it

    class Response(object):
        body = Nothing

    pydevd_net_command_factory_json.build_exception_info_response  # noqa: B018 - is it still there?
    pydevd_net_command_factory_json.build_exception_info_response = lambda *args, **options: Response
    pydevd_frame_utils.create_frames_list_from_exception_cause  # noqa: B018
    pydevd_frame_utils.create_frames_list_from_exception_cause = lambda *args, **options: None


def leave_exceptions_unmarked(pydevd: Any) -> None:
    """Each exception that leaves a function would get an attribute, to see later whether it is uncaught (3.12 on).

    pydevd asks whether anyone wants uncaught ones first: only in a frame where one can be is the answer yes.
    """
    if sys.version_info < (3, 12):
        return
    from . import unhandled

    name = "break_on_uncaught_exceptions"
    theirs = ("pydevd", "_pydev", "_mcp_debuggee")

    def wanted(self: Any) -> Any:
        value, asking = self.__dict__[name], sys._getframe(1)
        if not value or asking.f_back is None:
            return value
        if asking.f_code.co_name == "_unwind_event":
            asking = asking.f_back
        elif str(asking.f_globals.get("__name__")).startswith(theirs):
            return value  # not the compiled callback, which has no frame of its own
        return value if unhandled.is_outermost(asking) else {}

    def want(self: Any, value: Any) -> None:
        self.__dict__[name] = value

    setattr(pydevd.PyDB, name, property(wanted, want))


PATCHES = (decide_at_exceptions, leave_exceptions_unread, leave_exceptions_unmarked)
