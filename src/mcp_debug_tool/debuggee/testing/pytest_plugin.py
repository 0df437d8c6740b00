"""Our pytest plugin: stops where a test fails, and says why a run had nothing to stop at.

pytest tells of a failure between the phase that failed and the next one, as it does for its own --pdb: fixtures
live then, and what was expected to fail has been sorted out.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from .. import about, events
from ..stopping import post_mortem
from .pytest_selection import nothing_selected, unknown_selection, why_not_collected, why_not_configured

NAME = "mcp-debug"
# A test may run pytest itself to see tests fail: only the outermost run is looked at.
_running: list[Any] = []


def add_to(config: Any, alone: bool) -> None:
    """Register the plugin in each run of pytest that is not made by a test; `config` is `_pytest.config`."""
    for name, options in _HOOKS.items():
        config.hookimpl(**options)(getattr(Plugin, name))
    original = config.PytestPluginManager.__init__

    def __init__(self: Any, *args: Any, **options: Any) -> None:  # noqa: N807
        original(self, *args, **options)
        if not is_running():
            self.register(Plugin(alone), NAME)

    config.PytestPluginManager.__init__ = __init__
    if alone:
        _watch_configuration(config)


def _watch_configuration(config: Any) -> None:
    """Tell why pytest could not even begin."""
    original = config._prepareconfig

    def _prepareconfig(*args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        try:
            return original(*args, **options)
        except Exception as error:
            if not is_running():
                _quietly(_tell_failure, *why_not_configured(error))
            raise

    config._prepareconfig = _prepareconfig


def is_running() -> bool:
    """Whether pytest runs a test now."""
    return bool(_running)


def stop_at_case(test_case: Any, error: BaseException, trace: TracebackType | None, when: str) -> None:
    """Stop at what a unittest.TestCase raised, before its tearDown: pytest would only tell afterwards."""
    plugin, item = _running[-1]
    if test_case not in (getattr(item, "_testcase", None), getattr(item, "instance", None)):
        return  # the test runs another to see it fail
    outcomes = sys.modules["_pytest.outcomes"]
    if isinstance(error, (outcomes.Skipped, outcomes.Exit, outcomes.XFailed)) or item.get_closest_marker("xfail"):
        return
    plugin.stop(item, when, error, trace)


class Plugin(object):
    """One run's hooks. With `alone` it is the agent's own run: in one process, without coverage."""

    def __init__(self, alone: bool) -> None:
        self._alone = alone
        self._collect_errors: list[tuple[str, str]] = []
        self._collected: dict[str, list[Any]] = {}
        self._deselected = 0
        self._ran = False
        self._told_timeout = False
        self._shown: list[BaseException] = []

    # --- a test fails ---------------------------------------------------------------------------------------------

    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        """Know which test runs."""
        self._ran = True
        _running.append((self, item))
        try:
            yield
        finally:
            _running.pop()
            self._shown.clear()

    def pytest_exception_interact(self, node: Any, call: Any, report: Any) -> None:
        """Stop at what `call` raised; a module that could not be collected is kept for the end."""
        error, trace = call.excinfo.value, call.excinfo.tb
        if getattr(report, "when", None) not in ("setup", "call", "teardown"):
            _quietly(self._note_collect_error, report, error)
            return
        inner = _in_doctest(error)
        if inner is not None:
            error, trace = inner
        _quietly(self.stop, node, report.when, error, trace)

    def stop(self, item: Any, when: str, error: BaseException, trace: TracebackType | None) -> None:
        """Stop there, once for each exception."""
        if any(error is shown for shown in self._shown):
            return
        self._shown.append(error)
        post_mortem.stop(error, trace, post_mortem.FailedTest(_asked_for_again(item), when, _fixtures(item)))

    # --- nothing runs ---------------------------------------------------------------------------------------------

    def _note_collect_error(self, report: Any, error: BaseException) -> None:
        self._collect_errors.append(why_not_collected(report.nodeid, error))

    def pytest_deselected(self, items: Any) -> None:
        """Count what -k, -m and plugins leave out."""
        self._deselected += len(items)

    def pytest_make_collect_report(self, collector: Any) -> Iterator[None]:
        """Keep what was found in each file, to name the nearest tests where the one asked for is not there."""
        outcome: Any = yield
        path = getattr(collector, "path", None)
        if outcome.excinfo is None and path is not None and "::" not in collector.nodeid:
            self._collected.setdefault(os.path.realpath(str(path)), outcome.get_result().result)

    def pytest_collection(self, session: Any) -> Iterator[None]:
        """Tell of a node id or a file that pytest does not know, with the nearest ones."""
        outcome: Any = yield
        failed = outcome.excinfo is not None and outcome.excinfo[0].__name__ == "UsageError"
        if failed and not self._collect_errors:  # else the id is unknown for that reason
            _quietly(lambda: self._tell(*unknown_selection(session, outcome.excinfo[1], self._collected)))
        self._collected.clear()

    def pytest_sessionfinish(self, session: Any, exitstatus: Any) -> None:
        """Tell why no test ran, if none did."""
        if self._ran:
            return
        if self._collect_errors and int(exitstatus) in (2, 4):
            message, hint = self._collect_errors[0]
            more = len(self._collect_errors) - 1
            _quietly(self._tell, message + (" (and %d more files)" % more if more else ""), hint)
        elif int(exitstatus) == 5:
            _quietly(lambda: self._tell(*nothing_selected(session.config, self._deselected)))

    def _tell(self, message: str, hint: str) -> None:
        """A run the agent asked for has failed to start; of another one it is only worth knowing."""
        if self._alone:
            _tell_failure(message, hint)
        else:
            events.send("mcpDebugNote", {"text": "%s. %s" % (message, hint)})

    # --- other plugins --------------------------------------------------------------------------------------------

    def pytest_load_initial_conftests(self, early_config: Any) -> Iterator[None]:
        """Keep pytest-cov from starting in the agent's own run: it and a debugger slow each other down."""
        options = early_config.known_args_namespace
        if self._alone and getattr(options, "cov_source", None) and not getattr(options, "no_cov", False):
            options.no_cov = True
            _note("coverage (pytest-cov) is off for this run")
        yield

    def pytest_cmdline_main(self, config: Any) -> None:
        """Keep pytest-xdist from running the agent's own tests elsewhere, and pytest from prompting for commands."""
        option = config.option
        if self._alone and (getattr(option, "usepdb", False) or getattr(option, "trace", False)):
            option.usepdb = option.trace = False
            _note("pytest's --pdb and --trace are off for this run: failures stop here")
        if self._alone and hasattr(option, "no_cov"):
            option.no_cov = True
        asked = _workers(option)
        if self._alone and asked:
            option.numprocesses, option.dist, option.distload, option.tx = 0, "no", False, []
            _note("pytest-xdist (%s) is off for this run" % asked)

    def pytest_timeout_set_timer(self, item: Any, settings: Any) -> bool:
        """Set no timer: pytest-timeout's would count the time of a stop and end the run."""
        if not self._told_timeout:
            self._told_timeout = True
            _note("pytest-timeout (%g s) is off under the debugger" % settings.timeout)
        return True

    def pytest_sessionstart(self, session: Any) -> None:
        """Tell the random seeds in play, as the options that repeat them."""
        if not hasattr(session.config, "workerinput"):
            _quietly(_tell_seeds, session.config)
        else:
            about.call_it("pytest %s" % session.config.workerinput.get("workerid"))


_HOOKS: dict[str, dict[str, bool]] = {
    "pytest_runtest_protocol": {"hookwrapper": True},
    # After pytest-timeout's, which takes its timer back there.
    "pytest_exception_interact": {"trylast": True},
    "pytest_deselected": {},
    "pytest_make_collect_report": {"hookwrapper": True},
    "pytest_collection": {"hookwrapper": True},
    "pytest_sessionfinish": {"tryfirst": True},
    "pytest_load_initial_conftests": {"hookwrapper": True},
    "pytest_cmdline_main": {"tryfirst": True},
    "pytest_timeout_set_timer": {"tryfirst": True, "optionalhook": True},
    "pytest_sessionstart": {"trylast": True},
}


def _asked_for_again(item: Any) -> str:
    """The node id as one asks for it from the folder pytest was called in; its own begins at the project's root."""
    file, colons, test = str(item.nodeid).partition("::")
    path = os.path.join(str(item.config.rootpath), file)
    if not os.path.exists(path):
        return str(item.nodeid)
    return os.path.relpath(path, str(item.config.invocation_params.dir)) + colons + test


def _fixtures(item: Any) -> dict[str, Any]:
    """The fixtures that live now: the user's, and those of plugins that the test or one of the user's asks for."""
    living = dict(getattr(item, "funcargs", None) or {})
    info = getattr(item, "_fixtureinfo", None)
    if info is None:
        return living
    asked = set(info.argnames)
    for name, definitions in info.name2fixturedefs.items():
        function = getattr(definitions[-1].func, "__wrapped__", definitions[-1].func)
        if post_mortem.is_users(getattr(getattr(function, "__code__", None), "co_filename", "")):
            asked |= {name, *definitions[-1].argnames}
    return {name: value for name, value in living.items() if name in asked}


def _in_doctest(error: BaseException) -> tuple[BaseException, TracebackType | None] | None:
    """What an example raised, where pytest ran a doctest: pytest shows it as an exception of its own."""
    for failure in getattr(error, "failures", None) or [error]:
        exc_info = getattr(failure, "exc_info", None)
        if type(failure).__name__ == "UnexpectedException" and exc_info:
            return exc_info[1], exc_info[2]
    return None


def _workers(option: Any) -> str:
    """How pytest-xdist was asked to distribute tests, or nothing."""
    if getattr(option, "numprocesses", None):
        return "-n %s" % option.numprocesses
    if getattr(option, "distload", False):
        return "-d"
    return "--tx" if getattr(option, "tx", None) and getattr(option, "dist", "no") != "no" else ""


def _quietly(function: Any, *arguments: Any) -> None:
    """Call what must never break the program's run."""
    try:
        function(*arguments)
    except Exception:
        return


def _tell_failure(message: str, hint: str) -> None:
    events.send("mcpDebugStartFailed", {"message": message, "hint": hint})


def _note(text: str) -> None:
    _quietly(events.send, "mcpDebugNote", {"text": text})


def _tell_seeds(config: Any) -> None:
    if hasattr(config.option, "randomly_seed"):
        events.send("mcpDebugSeed", {"text": "--randomly-seed=%s" % config.option.randomly_seed})
    random_order = sys.modules.get("random_order.config")
    if random_order is not None and hasattr(config.option, "random_order_seed"):
        plugin = random_order.Config(config)
        if plugin.is_enabled:
            events.send("mcpDebugSeed", {"text": "--random-order-seed=%s" % plugin.seed})
