"""What the traceback of an exception tells of its way: by whose frames it has come, and since which raise."""

from __future__ import annotations

import dis
import sys

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType

_RAISE = dis.opmap["RAISE_VARARGS"]
_IMPORT_SYSTEM = ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>")


def steps(trace: TracebackType | None) -> Iterator[TracebackType]:
    """The traceback's entries, outermost first."""
    while trace is not None:
        yield trace
        trace = trace.tb_next


def depth(frame: FrameType | None) -> int:
    """How many frames there are up to this one."""
    found = 0
    while frame is not None:
        found, frame = found + 1, frame.f_back
    return found


def raises(step: TracebackType) -> bool:
    """Whether the frame stood at a `raise` statement that names what it raises."""
    code, at = step.tb_frame.f_code.co_code, step.tb_lasti
    return 0 <= at < len(code) - 1 and code[at] == _RAISE and code[at + 1] > 0


def passes_imports(trace: TracebackType) -> bool:
    """Whether the import system is among the frames: it raises and handles much that nobody wants to know."""
    return any(step.tb_frame.f_code.co_filename in _IMPORT_SYSTEM for step in steps(trace))


def way(trace: TracebackType, error: BaseException) -> Iterator[TracebackType]:
    """What lies below the outermost frame, as far as the same raise has brought the exception there.

    An object that was kept and is raised once more has the old entries below the new ones. It is another raise
    unless its handler does it: then a frame of the old entries is among the new ones.
    """
    if raises(trace) and sys.exc_info()[1] is not error:
        return
    passed = {id(trace.tb_frame)}
    for step in steps(trace.tb_next):
        yield step
        passed.add(id(step.tb_frame))
        below = step.tb_next
        if below is not None and id(below.tb_frame) not in passed and raises(step):
            return
