"""What came back from the calls that a step has passed, until the thread goes on.

pydevd would put these values into the caller's variables, where the program could meet them, and on 3.13 nobody could
take them out again. Here they are kept beside the program, few of them, and let go with the next resume.
"""

from __future__ import annotations

import sys
from types import CodeType, FrameType
from typing import Any

from ..running import native

MAX_SHOWN = 8
MAX_OF_ONE = 3
_CO_OPTIMIZED = 0x1
_CO_GENERATORS = 0x20 | 0x200
_RETURN_VALUE = 83  # of CPython before 3.12

_of_threads: dict[int, Returned] = {}


class Returned(object):
    """The last values that came back in one step, by the names of their functions."""

    def __init__(self) -> None:
        self._last: list[tuple[str, int, Any]] = []
        self._counts: dict[str, int] = {}
        self._names: dict[CodeType, str] = {}
        self._is_over = False

    def add(self, frame: FrameType, value: Any) -> None:
        """Note what `frame` gives back; nothing once it is over."""
        if self._is_over:
            return
        code = frame.f_code
        name = self._names.get(code)
        if name is None:
            name = self._names[code] = function_name(frame)
        count = self._counts[name] = self._counts.get(name, 0) + 1
        if count > MAX_OF_ONE:
            del self._last[[other for other, _, _ in self._last].index(name)]
        self._last = [*self._last[1 - MAX_SHOWN :], (name, count, value)]

    def end(self) -> None:
        """Keep nothing any more: a frame that goes on may still hold this record."""
        self._is_over = True
        self._last = []

    def named(self) -> list[tuple[str, Any]]:
        """(name, value) of the last ones, the latest at the end; from its second call on a name has its number."""
        return [(name if count == 1 else "%s #%d" % (name, count), value) for name, count, value in self._last]


def function_name(frame: FrameType) -> str:
    """`Order.total`: the function of a frame, with its class where it has one."""
    code: Any = frame.f_code
    qualified = getattr(code, "co_qualname", None)  # 3.11 and newer
    if qualified is not None:
        return str(qualified).rpartition("<locals>.")[2]
    owner = _owner(frame) if code.co_argcount and code.co_varnames[0] in ("self", "cls") else None
    return "%s.%s" % (owner, code.co_name) if owner else str(code.co_name)


def _owner(frame: FrameType) -> str | None:
    """The class in whose text the method of a frame stands."""
    code = frame.f_code
    value = frame.f_locals.get(code.co_varnames[0])
    for base in (value if isinstance(value, type) else type(value)).__mro__:
        member: Any = base.__dict__.get(code.co_name)
        for function in (member, getattr(member, "fget", None), getattr(member, "__func__", None)):
            if getattr(function, "__code__", None) is code:
                return base.__qualname__.rpartition("<locals>.")[2]
    return None


def gives_value(code: CodeType) -> bool:
    """Whether the end of such a frame is what a call came back with: not of a generator, a class body, an import."""
    if code.co_flags & _CO_GENERATORS or not code.co_flags & _CO_OPTIMIZED or code.co_name == "__init__":
        return False
    if code.co_name.startswith("<") and code.co_name != "<lambda>":
        return False
    return not code.co_filename.startswith(("<frozen importlib", "<frozen zipimport"))


def is_return(frame: FrameType) -> bool:
    """Whether a traced frame that is left returns (before 3.12): it may wait, or an exception may pass through it."""
    return sys.version_info >= (3, 12) or frame.f_code.co_code[frame.f_lasti] == _RETURN_VALUE


def begin() -> Returned:
    """A new record for the step that begins in this thread."""
    record = _of_threads[native.get_ident()] = Returned()
    return record


def let_go() -> None:
    """Forget what came back in this thread."""
    record = _of_threads.pop(native.get_ident(), None)
    if record is not None:
        record.end()


def forget() -> None:
    """Forget what came back in any thread."""
    for record in _of_threads.values():
        record.end()
    _of_threads.clear()


def note_left(back: FrameType, value: Any) -> None:
    """Note the value of the function that this thread is just leaving, to `back`."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_back is not back:
        frame = frame.f_back
    if frame is not None and gives_value(frame.f_code) and is_return(frame):
        _of_threads.setdefault(native.get_ident(), Returned()).add(frame, value)


def named() -> list[tuple[str, Any]]:
    """See Returned.named, of this thread."""
    record = _of_threads.get(native.get_ident())
    return record.named() if record is not None else []
