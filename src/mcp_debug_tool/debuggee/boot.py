"""Bring pydevd up inside the program and connect it back to the server.

The settings come as JSON through an inherited pipe, whose number stands in the environment: no secret stands in
argv, in the environment or in a file. Where a pipe cannot be inherited (Windows) they come by environment.
"""

from __future__ import annotations

import json
import os
import sys

from .running import monkey, thread_names

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from typing import Any


def start(settings: str, before: set[str], folders: list[str]) -> None:
    """Connect to the server named in `settings` and return once it lets the program run.

    `before`: names of the modules that were loaded before we began; `folders`: those on PYTHONPATH.
    """
    config = _read(settings)
    _restore_environment(config["environ"])
    pydevd = import_pydevd(config["debugpy"])

    from . import about, connecting, patches
    from .family import children, ends, forks, multiprocess
    from .stopping import breakpoint_calls
    from .testing import test_frameworks

    about.note_exec(config)
    patches.apply(pydevd)
    connecting.connect(pydevd, config)
    patches.end_with_server(pydevd)
    forks.leave_forks_alone(pydevd)
    forks.fork_without_warning()
    if config.get("follow"):
        children.follow(pydevd, config)
        multiprocess.install()
        ends.tell_from_now_on()
    _forget_shadowing_modules([config["first_path"], *folders], before)
    thread_names.begin_anew()
    patches.stop_at_exceptions_without_tracing(pydevd)
    patches.tell_when_tracing_was_lost(pydevd)
    patches.report_breakpoints_at_end()
    breakpoint_calls.install()
    test_frameworks.install(bool(config.get("pytest")))
    patches.trace_from_the_first_frame(pydevd)


def _read(settings: str) -> Any:
    if not settings.startswith("fd:"):
        return json.loads(settings)
    with open(int(settings[3:]), "rb") as pipe:
        return json.loads(pipe.read().decode("utf-8"))


def _restore_environment(environ: dict[str, str | None]) -> None:
    """Give the program and its children the environment the caller asked for."""
    for name, value in environ.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def import_pydevd(debugpy: str) -> Any:
    """Import debugpy's own pydevd with debugpy's settings, without the package around it (30 ms less)."""
    # GEVENT_SUPPORT would import gevent before the program does, or complain of its absence; see `monkey`.
    ours = {"PYDEVD_USE_FRAME_EVAL": "NO", "PYDEVD_DISABLE_FILE_VALIDATION": "1", "GEVENT_SUPPORT": "NO"}
    theirs = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    root = os.path.join(debugpy, "_vendored", "pydevd")
    sys.path.insert(0, root)
    # A plugin of pydevd's looks for Django and would leave it loaded.
    django = sys.modules.setdefault("django", None)  # type: ignore[arg-type]
    try:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from _pydevd_bundle import pydevd_constants

            # As debugpy sets it: values are cut where they are shown.
            pydevd_constants.MAXIMUM_VARIABLE_REPRESENTATION_SIZE = 2**32
            monkey.lend()
            thread_names.import_without_number()
            import pydevd
            from _pydevd_bundle.pydevd_defaults import PydevdCustomization
    finally:
        if django is None:
            sys.modules.pop("django", None)
        sys.path.remove(root)
        _restore_environment(theirs)
    _keep_out_of_sight()
    _import_what_pydevd_imports_late()
    monkey.watch(pydevd)
    PydevdCustomization.DEFAULT_PROTOCOL = pydevd_constants.HTTP_JSON_PROTOCOL
    PydevdCustomization.DEBUG_MODE = "debugpy-dap"
    return pydevd


def _keep_out_of_sight() -> None:
    """Take back what pydevd shows the program: two built-in functions, and messages of its own on stderr."""
    import builtins

    from _pydev_bundle import pydev_log
    from _pydevd_bundle.pydevd_constants import DebugInfoHolder

    for name in ("execfile", "runfile"):
        if hasattr(builtins, name):
            delattr(builtins, name)
    if DebugInfoHolder.DEBUG_TRACE_LEVEL <= 0:
        # Initialised, with the stream it begins with: one that writes nowhere.
        pydev_log._LoggingGlobals._debug_stream_initialized = True


def _import_what_pydevd_imports_late() -> None:
    """Let pydevd have its ctypes now: later it might meet a ctypes.py of the program's.

    It would take django along, wherever that is installed, to show some of its types.
    """
    import builtins
    from types import FunctionType

    from _pydevd_bundle import pydevd_save_locals, pydevd_xml

    def import_of_library(name: str, *args: Any, **options: Any) -> Any:
        if name not in ("collections", "ctypes"):
            raise ImportError(name)
        return builtins.__import__(name, *args, **options)

    del pydevd_save_locals
    code = pydevd_xml._create_default_type_map.__code__
    names = dict(vars(pydevd_xml), __builtins__=dict(vars(builtins), __import__=import_of_library))
    pydevd_xml._create_default_type_map = FunctionType(code, names)
    pydevd_xml.get_type(None)


def _forget_shadowing_modules(folders: list[str], before: set[str]) -> None:
    """Forget stdlib modules that only we imported and that the program's own files are named like.

    Otherwise a program with a `queue.py` beside it would import the stdlib's. pydevd keeps its references.
    """
    beside = set()
    library = os.path.dirname(os.__file__)
    for folder in folders:
        if os.path.realpath(folder).startswith(os.path.realpath(library)):
            continue
        try:
            beside |= {entry.partition(".")[0] for entry in os.listdir(folder)}
        except OSError:
            continue
    for name in set(sys.modules) - before:
        top = name.partition(".")[0]
        if (
            top in beside
            and top not in sys.builtin_module_names
            and not top.startswith(("_mcp_debuggee", "pydev", "_pydev"))
        ):
            sys.modules.pop(name, None)
