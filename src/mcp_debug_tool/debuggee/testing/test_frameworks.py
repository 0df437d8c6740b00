"""Stop where a test fails, whichever way it is run: pytest, unittest and doctest are told of when they are imported."""

from __future__ import annotations

import sys

from ..imports import after_import
from ..stopping import post_mortem

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

# `python -m doctest` runs doctest as __main__: nobody imports it then. Its runner makes a Pdb before it begins.
_MAIN_DOCTEST = ("-m", "doctest")
# What the code of an example is compiled as: `<doctest name[number]>`.
_EXAMPLE = "<doctest "


def install(alone: bool) -> None:
    """Watch for test frameworks. `alone`: the program is a pytest run that the agent asked for as such."""

    def extend_pytest(config: Any) -> None:
        from . import pytest_plugin

        pytest_plugin.add_to(config, alone)

    after_import("_pytest.config", extend_pytest)
    after_import("unittest.case", _watch_cases)
    after_import("unittest.suite", _watch_fixtures_of_suites)
    after_import("doctest", _watch_examples)
    if _runs_doctest():
        after_import("pdb", _watch_main_doctest)


# --- unittest -----------------------------------------------------------------------------------------------------


def _watch_cases(case: Any) -> None:
    """Look at what leaves setUp, a test or tearDown, before it is recorded and before the next of them runs."""
    original = case._Outcome.testPartExecutor

    def testPartExecutor(self: Any, test_case: Any, *args: Any, **options: Any) -> Any:  # noqa: N802
        return _Part(original(self, test_case, *args, **options), case, self, test_case)

    case._Outcome.testPartExecutor = testPartExecutor


class _Part(object):
    """unittest's own context manager for a part of a test; a generator would add its frame to tracebacks."""

    def __init__(self, inner: Any, case: Any, outcome: Any, test_case: Any) -> None:
        self._inner = inner
        self._case = case
        self._outcome = outcome
        self._test_case = test_case

    def __enter__(self) -> Any:
        return self._inner.__enter__()

    def __exit__(self, kind: Any, error: BaseException | None, trace: TracebackType | None) -> Any:
        if error is not None:
            try:
                self._look_at(error, trace)
            except Exception:
                pass  # noqa: S110 - the test goes on as it would without us
        return self._inner.__exit__(kind, error, trace)

    def _look_at(self, error: BaseException, trace: TracebackType | None) -> None:
        case = self._case
        if self._outcome.expecting_failure or isinstance(error, (KeyboardInterrupt, case.SkipTest, case._ShouldStop)):
            return
        test_case = getattr(self._test_case, "test_case", self._test_case)
        if type(test_case).__name__ in ("DocTestCase", "_FailedTest") or _runs_inside_another(test_case, case.TestCase):
            return
        when = _phase(trace)
        plugin = sys.modules.get("_mcp_debuggee.testing.pytest_plugin")
        if plugin is not None and plugin.is_running():
            plugin.stop_at_case(test_case, error, trace, when)
            return
        post_mortem.stop(error, trace, post_mortem.FailedTest(self._test_case.id(), when))


def _runs_inside_another(test_case: Any, base: type) -> bool:
    """Whether a test runs this one to see it fail."""
    frame: Any = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == "run" and "__unittest" in frame.f_globals:
            runner = frame.f_locals.get("self")
            if isinstance(runner, base) and runner is not test_case:
                return True
        frame = frame.f_back
    return False


def _phase(trace: TracebackType | None) -> str:
    """Where in a test case's life a traceback begins: setup, call or teardown."""
    while trace is not None:
        name = trace.tb_frame.f_code.co_name
        if "__unittest" not in trace.tb_frame.f_globals:
            break
        if name in ("_callSetUp", "setUp"):
            return "setup"
        if name in ("_callTearDown", "_callCleanup", "doCleanups"):
            return "teardown"
        trace = trace.tb_next
    return "call"


def _watch_fixtures_of_suites(suite: Any) -> None:
    """Look at what setUpClass, setUpModule and their counterparts raise."""
    original = suite.TestSuite._createClassOrModuleLevelException

    def create(self: Any, result: Any, exc: Any, method_name: Any, parent: Any, *args: Any, **options: Any) -> Any:
        try:
            if not isinstance(exc, suite.case.SkipTest):
                when = "setup" if method_name.startswith("setUp") else "teardown"
                test = post_mortem.FailedTest("%s (%s)" % (method_name, parent), when)
                post_mortem.stop(exc, exc.__traceback__, test)
        except Exception:
            pass  # noqa: S110 - the suite goes on as it would without us
        return original(self, result, exc, method_name, parent, *args, **options)

    suite.TestSuite._createClassOrModuleLevelException = create


# --- doctest ------------------------------------------------------------------------------------------------------


def _watch_examples(doctest: Any) -> None:
    """Look at an example's unexpected exception; one that prints the wrong thing has nothing to stop at."""
    _make_room_for_examples()
    original = doctest.DocTestRunner.report_unexpected_exception

    def report(self: Any, out: Any, test: Any, example: Any, exc_info: Any) -> Any:
        try:
            line = (test.lineno or 0) + example.lineno + 1
            failed = post_mortem.FailedTest("%s (%s:%d)" % (test.name, test.filename, line))
            post_mortem.stop(exc_info[1], exc_info[2], failed)
        except Exception:
            pass  # noqa: S110 - the example is reported as it would be without us
        return original(self, out, test, example, exc_info)

    doctest.DocTestRunner.report_unexpected_exception = report


def _make_room_for_examples() -> None:
    """just_my_code would hide their frames, for they have no file; and pydevd complain of doctest's sys.settrace."""
    import pydevd_tracing
    from _pydevd_bundle import pydevd_filtering

    # doctest only puts back the trace function it has found.
    pydevd_tracing.TracingFunctionHolder._warn = False
    known = pydevd_filtering.USER_CODE_BASENAMES_STARTING_WITH
    if _EXAMPLE not in known:
        pydevd_filtering.USER_CODE_BASENAMES_STARTING_WITH = (*known, _EXAMPLE)


def _runs_doctest() -> bool:
    from .. import about

    command = about._command_line()
    return any(tuple(command[at : at + 2]) == _MAIN_DOCTEST for at in range(1, min(len(command), 8)))


def _watch_main_doctest(pdb: Any) -> None:
    original = pdb.Pdb.__init__

    def __init__(self: Any, *args: Any, **options: Any) -> None:  # noqa: N807
        pdb.Pdb.__init__ = original
        main = sys.modules.get("__main__")
        if hasattr(main, "DocTestRunner"):
            _watch_examples(main)
        original(self, *args, **options)

    pdb.Pdb.__init__ = __init__
