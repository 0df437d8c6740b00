"""Which exceptions are meant, and which are news: decided from classes and tracebacks alone."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType, ModuleType, SimpleNamespace, TracebackType
from typing import Any

import pytest

from mcp_debug_tool.debuggee.places import tracebacks
from mcp_debug_tool.debuggee.raising import chain, exceptions, unhandled
from mcp_debug_tool.debuggee.raising.exception_classes import is_control_flow, is_named
from mcp_debug_tool.debuggee.running import limits
from mcp_debug_tool.debuggee.stopping import breakpoints

# --- names --------------------------------------------------------------------------------------------------------


class Bad(KeyError):
    class Inner(Exception):
        pass


class Leaves(SystemExit):
    pass


class OwnStop(StopIteration):
    pass


@pytest.mark.parametrize(
    ("kind", "name", "meant"),
    [
        (Bad, "Bad", True),
        (Bad, "KeyError", True),
        (Bad, "LookupError", True),
        (Bad, "Exception", True),
        (Bad, "BaseException", True),
        (Bad, "builtins.KeyError", True),
        (Bad, f"{__name__}.Bad", True),
        (Bad, "elsewhere.Bad", False),
        (Bad, "ValueError", False),
        (Bad, "bad", False),
        (Bad.Inner, "Inner", True),
        (Bad.Inner, f"{__name__}.Bad.Inner", True),
        (json.JSONDecodeError, "json.JSONDecodeError", True),
        (json.JSONDecodeError, "json.decoder.JSONDecodeError", True),
        (json.JSONDecodeError, "JSONDecodeError", True),
        (json.JSONDecodeError, "yaml.JSONDecodeError", False),
        (subprocess.TimeoutExpired, "subprocess.SubprocessError", True),
        (OSError, "IOError", True),
        (FileNotFoundError, "EnvironmentError", True),
        (TimeoutError, "socket.timeout", True),
        (SystemExit, "SystemExit", True),
        (SystemExit, "BaseException", False),
        (Leaves, "SystemExit", True),
        (Leaves, "Leaves", True),
        (Leaves, "BaseException", False),
        (StopIteration, "StopIteration", True),
        (StopIteration, "Exception", False),
        (OwnStop, "Exception", True),
        (asyncio.CancelledError, "asyncio.CancelledError", True),
        (asyncio.CancelledError, "BaseException", False),
        (KeyboardInterrupt, "BaseException", True),
    ],
)
def test_a_class_is_meant_by_its_names_and_its_bases(kind: type[BaseException], name: str, meant: bool) -> None:
    import socket  # noqa: F401 - one of the names is in it

    assert is_named(kind, name) is meant


@pytest.mark.parametrize("kind", [StopIteration, StopAsyncIteration, GeneratorExit, asyncio.CancelledError])
def test_how_loops_and_tasks_end_is_control_flow(kind: type[BaseException]) -> None:
    assert is_control_flow(kind)


@pytest.mark.parametrize("kind", [OwnStop, KeyError, SystemExit, KeyboardInterrupt])
def test_errors_exits_and_subclasses_are_not(kind: type[BaseException]) -> None:
    assert not is_control_flow(kind)


def test_no_code_of_a_module_runs_to_look_a_name_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lazy(ModuleType):
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(f"{name} was asked for")

    for odd in (Lazy("lazy"), None, 7):
        monkeypatch.setitem(sys.modules, "odd_module", odd)
        assert not is_named(KeyError, "odd_module.KeyError")


# --- tracebacks ---------------------------------------------------------------------------------------------------

Decision = tuple[str, int, bool]
RULES = [{"id": "b1", "name": "Exception"}]


@pytest.fixture(autouse=True)
def wanted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(exceptions._wanted, "rules", [exceptions.Rule(rule) for rule in RULES])
    monkeypatch.setattr(exceptions._wanted, "all_raised", False)
    breakpoints.forget()
    yield
    breakpoints.forget()


class Debugger:
    """As much of pydevd's as a decision looks at; functions whose names begin with `lib` are a library's."""

    break_on_caught_exceptions = True
    break_on_uncaught_exceptions = False
    break_on_user_uncaught_exceptions = False

    def apply_files_filter(self, frame: FrameType, file: str, force: bool) -> bool:
        return frame.f_code.co_name.startswith("lib")


def stops(function: Callable[[], object], **options: bool) -> list[str]:
    """The functions in which an exception stops while `function` runs, as sys.settrace sees it."""
    debugger = Debugger()
    for name, value in options.items():
        setattr(debugger, name, value)
    found: list[str] = []

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        if event == "exception":
            info = SimpleNamespace(pydev_state=1)
            stop, _, _ = exceptions.should_stop(debugger, info, frame, None, arg, ())
            if stop:
                found.append(frame.f_code.co_name)
                frame.f_locals.pop("__exception__", None)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return found


def fails() -> None:
    raise ValueError("bad")


def lib_fails() -> None:
    raise ValueError("bad")


def lib_calls(function: Callable[[], object]) -> None:
    function()


def handles(function: Callable[[], object]) -> BaseException:
    try:
        function()
    except Exception as error:
        return error
    raise LookupError("it did not raise")


def test_an_exception_stops_in_the_first_frame_of_the_users_only() -> None:
    def passes_on() -> None:
        fails()

    assert stops(lambda: handles(passes_on)) == ["fails"]
    assert stops(lambda: handles(lib_fails)) == ["handles"]
    assert stops(lambda: handles(lambda: lib_calls(passes_on))) == ["fails"]


def test_what_a_handler_raises_again_is_the_same_exception() -> None:
    def bare() -> None:
        try:
            fails()
        except ValueError:
            raise

    def named() -> None:
        try:
            bare()
        except ValueError as error:
            raise error

    def without_its_traceback() -> None:
        try:
            named()
        except ValueError as error:
            raise error.with_traceback(None)  # noqa: B904 - it is the same one

    def raises(error: BaseException) -> None:
        raise error

    def by_a_function() -> None:
        try:
            without_its_traceback()
        except ValueError as error:
            raises(error)

    assert stops(lambda: handles(by_a_function)) == ["fails"]


def test_what_a_library_raises_again_is_the_same_exception() -> None:
    def lib_raises(error: BaseException) -> None:
        raise error

    def lib_handles() -> None:
        try:
            fails()
        except ValueError as error:
            lib_raises(error)

    assert stops(lambda: handles(lib_handles)) == ["fails"]


def test_what_was_kept_and_is_raised_later_is_a_new_one() -> None:
    kept: list[BaseException] = []

    def raises_kept() -> None:
        raise kept[0]

    def passes_kept() -> None:
        raises_kept()

    def run() -> None:
        kept.append(handles(fails))
        handles(passes_kept)
        handles(passes_kept)
        for _ in range(2):
            try:
                raise kept[0]
            except ValueError:
                pass

    assert stops(run) == ["fails", "raises_kept", "raises_kept", "run", "run"]


def test_what_a_library_has_kept_from_another_place_is_a_new_one() -> None:
    kept: list[BaseException] = []

    def lib_gives() -> None:
        raise kept[0]

    thread = threading.Thread(target=lambda: kept.append(handles(fails)))
    thread.start()
    thread.join()
    assert stops(lambda: handles(lib_gives)) == ["handles"]


def test_a_new_exception_in_a_handler_is_another_one() -> None:
    def raises_another() -> None:
        try:
            fails()
        except ValueError as error:
            raise RuntimeError("another") from error

    assert stops(lambda: handles(raises_another)) == ["fails", "raises_another"]


def test_one_met_by_a_librarys_handler_first_stops_where_the_user_raises_it() -> None:
    def given(error: BaseException) -> None:
        raise error

    def lib_hands_over() -> None:
        try:
            lib_fails()
        except ValueError as error:
            given(error)

    assert stops(lambda: handles(lib_hands_over)) == ["given"]


def test_a_recursion_error_stops_once_and_not_where_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    def raises() -> None:
        raise RecursionError

    def passes_on() -> None:
        raises()

    assert stops(lambda: [handles(passes_on), handles(passes_on)]) == ["raises", "raises"]
    room = sys.getrecursionlimit() - tracebacks.depth(sys._getframe())
    monkeypatch.setattr(exceptions, "_ROOM", room - 4)  # stops, its lambda, handles, passes_on and raises are above
    assert stops(lambda: handles(passes_on)) == ["passes_on"]


def test_nothing_stops_that_no_rule_names() -> None:
    exceptions._wanted.rules = [exceptions.Rule({"id": "b1", "name": "KeyError"})]
    assert stops(lambda: handles(fails)) == []
    exceptions._wanted.all_raised = True
    assert stops(lambda: handles(fails)) == ["fails"]
    assert stops(lambda: handles(fails), break_on_caught_exceptions=False) == []


def test_nothing_stops_while_the_thread_stands() -> None:
    trace = handles(fails).__traceback__
    info = SimpleNamespace(pydev_state=2)
    frame = sys._getframe()
    answer = exceptions.should_stop(Debugger(), info, frame, None, (ValueError, ValueError(), trace), ())
    assert answer == (False, frame, ())


@pytest.mark.parametrize("arg", [(ValueError, ValueError(), None), (ValueError, "text", object()), (None, None, None)])
def test_events_without_an_exception_are_passed_over(arg: Any) -> None:
    frame = sys._getframe()
    info = SimpleNamespace(pydev_state=1)
    assert exceptions.should_stop(Debugger(), info, frame, None, arg, ()) == (False, frame, ())


def test_a_decision_that_fails_leaves_the_program_alone() -> None:
    class Broken(Debugger):
        def apply_files_filter(self, frame: FrameType, file: str, force: bool) -> bool:
            raise RuntimeError("broken")

    error = handles(fails)
    arg = (type(error), error, error.__traceback__)
    frame = sys._getframe()
    assert exceptions.should_stop(Broken(), SimpleNamespace(pydev_state=1), frame, None, arg, ()) == (False, frame, ())


def test_a_raise_statement_is_told_from_a_call() -> None:
    steps = list(tracebacks.steps(handles(fails).__traceback__))
    assert [step.tb_frame.f_code.co_name for step in steps] == ["handles", "fails"]
    assert [tracebacks.raises(step) for step in steps] == [False, True]


def test_a_bare_raise_names_nothing() -> None:
    def bare() -> None:
        try:
            fails()
        except ValueError:
            raise

    inner = [step for step in tracebacks.steps(handles(bare).__traceback__) if step.tb_frame.f_code.co_name == "bare"]
    assert [tracebacks.raises(step) for step in inner] == [False]


# --- conditions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (None, True),
        ("exception.args[0] == 'bad'", True),
        ("exception.args[0] == 'good'", False),
        ("number == 3 and limit > 2", True),
        ("any(number == n for n in (1, limit))", False),
        ("len(Bad.__name__) == number", True),
        ("exception", True),
    ],
)
def test_a_condition_sees_the_exception_locals_and_globals(condition: str | None, holds: bool) -> None:
    number, limit = 3, 4
    assert (number, limit) == (3, 4)
    rule = exceptions.Rule({"id": "b1", "name": "ValueError", "condition": condition})
    assert rule.holds(sys._getframe(), ValueError("bad")) is holds


@pytest.mark.parametrize(
    ("condition", "error"),
    [
        ("nothing", "b1: the condition raised NameError: name 'nothing' is not defined"),
        ("exception.nothing", "b1: the condition raised AttributeError: "),
        ("exit(3)", "b1: the condition raised SystemExit: 3"),
    ],
)
def test_a_condition_that_fails_stops_and_is_told(monkeypatch: pytest.MonkeyPatch, condition: str, error: str) -> None:
    without_limit(monkeypatch)
    exceptions._wanted.rules = [exceptions.Rule({"id": "b1", "name": "ValueError", "condition": condition})]
    why: list[Any] = []
    monkeypatch.setattr(breakpoints, "note_stop", why.append)
    assert stops(lambda: handles(fails)) == ["fails"]
    assert why[0]["breakpoints"] == [["b1", 1]]
    assert why[0]["errors"][0].startswith(error)


def test_hits_and_what_a_condition_let_pass_are_counted() -> None:
    rules = [{"id": "b1", "name": "ValueError", "condition": "False"}, {"id": "b2", "name": "Exception"}]
    exceptions._wanted.rules = [exceptions.Rule(rule) for rule in rules]
    stops(lambda: [handles(fails), handles(fails)])
    assert exceptions.reports() == {
        "b1": {"hits": 0, "passed": 2, "loaded": True},
        "b2": {"hits": 2, "passed": 0, "loaded": True},
    }


# --- leaving the user's code --------------------------------------------------------------------------------------

before_3_12 = pytest.mark.skipif(sys.version_info >= (3, 12), reason="pydevd is told when a frame is left")


def leaving(function: Callable[[], object], *, uncaught: bool = False) -> list[str]:
    return stops(
        function,
        break_on_caught_exceptions=False,
        break_on_user_uncaught_exceptions=True,
        break_on_uncaught_exceptions=uncaught,
    )


@before_3_12
def test_an_exception_leaves_where_the_users_function_was_called_by_a_library() -> None:
    def passes_on() -> None:
        fails()

    def outer() -> None:
        lib_calls(passes_on)

    assert leaving(lambda: handles(lambda: lib_calls(passes_on))) == ["passes_on"]
    assert leaving(lambda: handles(lambda: lib_calls(outer))) == ["passes_on"], "once on its way"
    assert leaving(lambda: handles(passes_on)) == []


@before_3_12
def test_what_may_still_be_handled_is_not_said_to_leave_yet() -> None:
    def with_handler() -> None:
        try:  # noqa: SIM105 - a handler is not a with
            fails()
        except KeyError:
            pass

    def with_with() -> None:
        with threading.Lock():
            fails()

    def after_handler() -> None:
        try:  # noqa: SIM105
            pass
        except KeyError:
            pass
        fails()

    for function, expected in ((with_handler, []), (with_with, []), (after_handler, ["after_handler"])):
        assert leaving(lambda function=function: handles(lambda: lib_calls(function))) == expected  # type: ignore[misc]


@before_3_12
@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration])
def test_an_exit_may_leave(error: type[BaseException]) -> None:
    def raises() -> None:
        raise error

    def run() -> None:
        try:  # noqa: SIM105
            lib_calls(raises)
        except BaseException:
            pass

    assert leaving(run) == []


def frame(name: str, function: str = "run", back: Any = None) -> Any:
    return SimpleNamespace(f_globals={"__name__": name}, f_code=SimpleNamespace(co_name=function), f_back=back)


@pytest.mark.parametrize(
    ("above", "outermost"),
    [
        (None, True),
        (frame("threading", "run", frame("threading", "_bootstrap_inner", frame("threading", "_bootstrap"))), True),
        (frame("runpy", "_run_code", frame("runpy", "_run_module_as_main")), True),
        (frame("runpy", "run_path", frame("__main__", "<module>")), False),
        (frame("multiprocessing.process", "_bootstrap", frame("__main__", "<module>")), True),
        (frame("concurrent.futures.thread", "run", frame("threading", "run")), False),
        (frame("asyncio.runners", "run", frame("__main__", "<module>")), False),
    ],
)
def test_the_outermost_frame_has_been_called_by_what_runs_programs_and_threads(above: Any, outermost: bool) -> None:
    assert unhandled.is_outermost(frame("__main__", "work", above)) is outermost


@pytest.mark.parametrize("name", ["__str__", "__repr__", "__del__"])
def test_what_python_itself_calls_is_not_outermost(name: str) -> None:
    assert not unhandled.is_outermost(frame("__main__", name))


@before_3_12
def test_a_frame_that_returns_or_pauses_is_not_left_by_an_exception() -> None:
    seen: dict[str, list[bool]] = {}

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        if event == "return":
            seen.setdefault(frame.f_code.co_name, []).append(unhandled.is_left_by_exception(frame))
        return trace

    def returns() -> int:
        return 1

    def yields() -> Iterator[int]:
        yield 1

    def yields_from() -> Iterator[int]:
        yield from yields()

    async def awaits() -> None:
        await asyncio.sleep(0)

    def re_raises() -> None:
        try:
            fails()
        finally:
            returns()

    def passes_with() -> None:
        with threading.Lock():
            fails()

    sys.settrace(trace)
    try:
        returns()
        list(yields_from())
        coroutine = awaits()
        coroutine.send(None)
        coroutine.close()
        for function in (fails, re_raises, passes_with):
            handles(function)
    finally:
        sys.settrace(None)
    assert seen["returns"] == [False, False]
    assert not any(seen["yields"] + seen["yields_from"])
    assert seen["awaits"][0] is False
    assert all(seen["fails"] + seen["re_raises"] + seen["passes_with"])


# --- how they are described ---------------------------------------------------------------------------------------


def without_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time limits are pydevd's."""

    class Unlimited:
        def __init__(self, seconds: float) -> None:
            pass

        def __enter__(self) -> None:
            pass

        def __exit__(self, *error: object) -> None:
            pass

    monkeypatch.setattr(chain, "time_limit", Unlimited)


def described(error: BaseException, deadline: float = float("inf")) -> list[dict[str, Any]]:
    return chain.describe(error, error.__traceback__, 100, deadline)


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    without_limit(monkeypatch)


@pytest.mark.usefixtures("unlimited")
def test_causes_follow_until_there_are_too_many_or_they_turn_round() -> None:
    first = error = ValueError(0)
    for number in range(1, 9):
        error.__cause__ = ValueError(number)
        error = error.__cause__
    told = described(first)
    assert [entry["message"] for entry in told] == ["0", "1", "2", "3", "4", "5", ""]
    assert told[-1] == {"type": "…", "message": "", "because": "caused by"}
    one, other = KeyError("one"), KeyError("other")
    one.__context__, other.__context__ = other, one
    assert [entry.get("because") for entry in described(one)] == [None, "raised while handling"]
    one.__suppress_context__ = True
    assert len(described(one)) == 1


@pytest.mark.usefixtures("unlimited")
def test_a_place_is_where_it_was_raised() -> None:
    (entry,) = described(handles(fails))
    assert entry["at"] == [__file__, fails.__code__.co_firstlineno + 1, "fails"]


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize(
    ("notes", "shown"),
    [
        ([], None),
        (["one", "two\nlines"], ["one", "two lines"]),
        (("a", 7, "b"), ["a", "b"]),
        (["n"] * 9, ["n", "n", "n", "n", "… 5 more"]),
        ("text", None),
        (None, None),
    ],
)
def test_notes_are_texts_in_a_list(notes: Any, shown: list[str] | None) -> None:
    error = ValueError("x")
    error.__dict__["__notes__"] = notes
    assert described(error)[0].get("notes") == shown


class BaseExceptionGroup(Exception):
    """As that of Python 3.11, or of the package for older ones."""

    def __init__(self, message: str, exceptions: tuple[BaseException, ...]) -> None:
        super().__init__(message)
        self.exceptions = exceptions


@pytest.mark.usefixtures("unlimited")
def test_members_of_groups_are_numbered_and_bounded() -> None:
    inner = BaseExceptionGroup("inner", (KeyError("k"), BaseExceptionGroup("innermost", (OSError("o"),))))
    group = BaseExceptionGroup("many", (ValueError("v"), inner, *(TypeError(n) for n in range(20))))
    told = described(group)
    assert [entry.get("because") for entry in told] == [
        None, "[1]", "[2]", "[2.1]", "[2.2]", "[2.2.1]", "[3]", "[4]", "[5]", "[…]",
    ]  # fmt: skip
    assert told[-1]["type"] == "more"


@pytest.mark.usefixtures("unlimited")
def test_groups_in_groups_a_thousand_deep_are_no_matter() -> None:
    group: BaseException = ValueError("at last")
    for _ in range(1000):
        group = BaseExceptionGroup("g", (group,))
    assert len(described(group)) == 1 + chain.MAX_MEMBERS + 1


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize("members", [None, 7, [ValueError()]])
def test_what_only_looks_like_a_group_has_no_members(members: Any) -> None:
    assert len(described(BaseExceptionGroup("g", members))) == 1


@pytest.mark.usefixtures("unlimited")
def test_a_message_that_fails_or_takes_too_long_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fails(Exception):
        def __str__(self) -> str:
            raise SystemExit(3)

    class Hangs(Exception):
        def __str__(self) -> str:
            raise limits.TimeLimit

    assert described(Fails())[0]["message"] == "<str() failed with SystemExit>"
    assert described(Hangs())[0]["message"] == "<str() took longer than 0.5 s>"
    assert described(ValueError("x"), deadline=0.0)[0]["message"] == "<not shown: the page took too long>"


def test_the_debuggers_own_frames_are_no_place_of_an_error() -> None:
    def trace(*files: str) -> TracebackType | None:
        """A stand-in for a traceback through these files, outermost first."""
        below = None
        for line, file in reversed(list(enumerate(files, 1))):
            code = SimpleNamespace(co_filename=file, co_name="f")
            below = SimpleNamespace(tb_frame=SimpleNamespace(f_code=code), tb_lineno=line, tb_next=below)
        return below  # type: ignore[return-value]

    ours = chain.__file__
    assert chain._raised_at(trace("/app.py", "/lib.py")) == ["/lib.py", 2, "f"]
    assert chain._raised_at(trace("/app.py", ours, "/lib/posixpath.py")) == ["/app.py", 1, "f"]
    assert chain._raised_at(trace("/app.py", "_pydevd_bundle/pydevd_cython.pyx")) == ["/app.py", 1, "f"]
    assert chain._raised_at(None) is None
