"""Stop at an exception that has been caught already: where a test has failed, before its fixtures are torn down.

So does a process of multiprocessing that crashes, for its bootstrap catches that, and a program that asks for it by
pdb.post_mortem().
"""

from __future__ import annotations

from ..places.tracebacks import steps
from ..running import native

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType, TracebackType
    from typing import Any

MAX_LINES = 12
MAX_LINE = 300
MAX_FIXTURES = 12
# As many frames of the user's as a page shows with their locals.
_FRAMES_SHOWN = 3
# Packages that run tests: where only they stand in a traceback, there is nothing to look at.
_RUNNERS = ("_pytest", "pytest", "pluggy", "unittest", "doctest")

_failures: dict[int, Failure] = {}


class FailedTest(object):
    """Which test has failed: its id as its runner writes it, in which phase, and the fixtures it had."""

    def __init__(self, id: str, when: str = "call", fixtures: Mapping[str, Any] | None = None) -> None:
        self.id = id
        self.when = when
        self.fixtures: Mapping[str, Any] = fixtures or {}


class Failure(object):
    """An exception a thread stands at although it has been caught; `reason`: why, where the program asked for it."""

    def __init__(
        self, error: BaseException, trace: TracebackType, test: FailedTest | None = None, reason: str = ""
    ) -> None:
        self.error = error
        self.trace = trace
        self.test = test
        self.reason = reason

    def fixtures(self) -> list[tuple[str, Any]]:
        """(name, value) of the fixtures that are not shown as locals of the innermost frames anyway."""
        if self.test is None:
            return []
        shown = [frame.f_locals for frame in user_frames(self.trace)[-_FRAMES_SHOWN:]]
        found = []
        for name, value in self.test.fixtures.items():
            if value is None or name == "request" or any(names.get(name, shown) is value for names in shown):
                continue
            found.append((name, value))
        return found[:MAX_FIXTURES]

    def explanation(self) -> list[str]:
        """The lines of a failed assertion's message, in which pytest explains its operands."""
        text = self.error.args[0] if isinstance(self.error, AssertionError) and self.error.args else None
        if not isinstance(text, str) or not ("\n" in text or text.startswith("assert ")):
            return []  # the exception's own line says it all
        from ..values import addresses

        whole = map(addresses.without, text.splitlines())
        lines = [line if len(line) <= MAX_LINE else line[: MAX_LINE - 1] + "…" for line in whole]
        left = len(lines) - MAX_LINES
        return lines if left <= 0 else [*lines[: MAX_LINES - 1], "… %d more lines" % (left + 1)]


def stop(error: BaseException, trace: TracebackType | None, test: FailedTest | None = None, reason: str = "") -> bool:
    """Stop this thread at `error` and return when it is to go on; False where nothing was stopped.

    Nothing is where the debugger is gone, the agent does not want to stop at uncaught exceptions, or the
    traceback has no frame of the user's. With a `reason` the program itself has asked for it.
    """
    import pydevd

    debugger = pydevd.get_global_debugger()
    seen = visible(trace)
    if seen is None or not _can_stop(debugger) or not (reason or debugger.break_on_uncaught_exceptions):
        return False
    if not reason and not _has_shown_frame(debugger, seen):
        return False
    ident = native.get_ident()
    _failures[ident] = Failure(error, seen, test, reason)
    try:
        debugger.trigger_exception_handler((type(error), error, seen), as_uncaught=False)
    finally:
        _failures.pop(ident, None)
    return True


def current() -> Failure | None:
    """What this thread stands at by `stop`, if anything."""
    return _failures.get(native.get_ident())


def _can_stop(debugger: Any) -> bool:
    return (
        debugger is not None
        and not debugger.pydb_disposed
        and not getattr(native.current_thread(), "is_pydev_daemon_thread", False)
        and native.get_ident() not in _failures
    )


def _has_shown_frame(debugger: Any, trace: TracebackType) -> bool:
    """Whether just_my_code leaves anything of the traceback to look at."""
    frames = [step.tb_frame for step in steps(trace)]
    return any(not debugger.apply_files_filter(frame, frame.f_code.co_filename, False) for frame in frames)


def visible(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without the frames at its inner end that ask to be hidden; None where only a runner's are left.

    Those are the insides of `self.assertEqual`, of `pytest.fail` and of assertion functions of the user's.
    """
    shown = list(steps(trace))
    while shown and _is_hidden(shown[-1].tb_frame):
        shown.pop()
    shown = _from_the_outermost(shown or list(steps(trace)))
    if all(_is_runners(step.tb_frame) for step in shown):
        return None
    seen: TracebackType | None = None
    for step in reversed(shown):
        seen = type(step)(seen, step.tb_frame, step.tb_lasti, step.tb_lineno)
    return seen


def _from_the_outermost(trace: list[TracebackType]) -> list[TracebackType]:
    """The traceback from the first frame that called the one it begins with: a `with` statement's, around a part of it.

    pydevd shows the callers too, and would take that frame's line from there.
    """
    callers = set()
    frame = trace[0].tb_frame.f_back if trace else None
    while frame is not None:
        callers.add(id(frame))
        frame = frame.f_back
    first = next((at for at, step in enumerate(trace) if id(step.tb_frame) in callers), 0)
    return trace[first:]


def user_frames(trace: TracebackType | None) -> list[FrameType]:
    """The frames of a traceback that are of the user's own code, outermost first."""
    return [step.tb_frame for step in steps(trace) if is_users(step.tb_frame.f_code.co_filename)]


def is_users(file: str) -> bool:
    """Whether `file` is neither of the standard library nor installed."""
    import pydevd

    debugger = pydevd.get_global_debugger()
    return debugger is not None and bool(debugger._files_filtering.in_project_roots(file))


def _is_hidden(frame: FrameType) -> bool:
    names = frame.f_locals
    return "__unittest" in frame.f_globals or names.get("__tracebackhide__", None) is True


def _is_runners(frame: FrameType) -> bool:
    name = frame.f_globals.get("__name__")
    return isinstance(name, str) and name.partition(".")[0] in _RUNNERS
