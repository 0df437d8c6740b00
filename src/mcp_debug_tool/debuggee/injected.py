"""First code of ours in a program that is already running: its text is run in the program's main thread.

It may run at any instruction of that thread (gdb) or inside a signal handler, so it does as little there as can
be: it makes `pause` heard and starts a thread, in which all else happens. It needs no module of ours, and no
failure of it reaches the program: what went wrong is left beside the settings, in a file that ends in `.failed`.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from typing import Any


def attach(settings_file: str) -> None:
    """Begin to connect to the server that the settings in `settings_file` name; returns at once."""
    try:
        import _thread

        # Up to 3.12 the thread that is first to import it counts as the main thread.
        import threading

        _hear_pauses()
        start, ident = _of_system("start_new_thread"), _of_system("get_ident")()
        if start is _thread.start_new_thread:
            start(_begin, (settings_file, threading))
        else:
            start(_connect, (settings_file, ident))
    except BaseException as error:
        _give_up(settings_file, error)


def _of_system(name: str) -> Any:
    """What `_thread` held before gevent made greenlets of the program's threads; native.original says the same."""
    import _thread
    import sys

    saved: Any = getattr(sys.modules.get("gevent.monkey"), "saved", None) or {}
    return saved.get("_thread", {}).get(name) or getattr(_thread, name)


def _hear_pauses() -> None:
    """Install what pause_signal.hear installs: only the main thread may."""
    import _signal  # type: ignore[import-not-found]

    number = getattr(_signal, "SIGURG", None)
    if number is None or _signal.getsignal(number) != _signal.SIG_DFL:
        return
    names: dict[str, Any] = {}
    # The names are those of pause_signal.PAUSE_FUNCTION and PAUSE_FILE.
    source = "def __mcp_debug_pause__(signum, frame):\n    return None\n"
    exec(compile(source, "<ipython mcp-debug pause>", "exec"), names)
    try:
        _signal.signal(number, names["__mcp_debug_pause__"])
    except ValueError:
        # Not the main thread: a pause then takes effect when the blocking call returns.
        return


def _begin(settings_file: str, threading: Any) -> None:
    """Go on in a thread with a name, that ends without a trace; this one `threading` does not know."""
    try:
        thread = threading.Thread(target=_connect, args=(settings_file,), name="mcp-debug attach", daemon=True)
        thread.is_pydev_daemon_thread = thread.pydev_do_not_trace = True
        thread.start()
    except BaseException as error:
        _give_up(settings_file, error)


def _connect(settings_file: str, main: int = 0) -> None:
    """Load our package and start. `main`: the ident of the main thread, where `threading` tells that of a greenlet."""
    import sys

    before = set(sys.modules)
    finder: Any = _LibraryFirst()
    sys.meta_path.insert(0, finder)
    try:
        settings = _read(settings_file)
        _load_package(settings["package"])
        from _mcp_debuggee import attached
        from _mcp_debuggee.running import native

        native.main_ident = main or native.main_ident
        attached.start(settings_file)
    except BaseException as error:
        _give_up(settings_file, error)
    finally:
        sys.meta_path.remove(finder)
        _forget_shadowing_modules(before)


class _LibraryFirst(object):
    """Finds modules of the library for our thread, where the program has files of the same names."""

    def __init__(self) -> None:
        import os
        from importlib.machinery import PathFinder

        self._found = PathFinder.find_spec
        self._ident = _of_system("get_ident")
        self._ours = self._ident()
        library = os.path.dirname(os.__file__)
        self._path = [library, os.path.join(library, "lib-dynload")]

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if path is not None or self._ident() != self._ours:
            return None
        return self._found(name, self._path)


def _forget_shadowing_modules(before: set[str]) -> None:
    """Forget modules of the library that only we imported and that a file of the program is named like.

    pydevd keeps its references; the program, when it imports that name, gets its own file.
    """
    import os
    import sys

    library = os.path.dirname(os.__file__)
    beside: set[str] = set()
    for folder in list(sys.path):
        folder = os.path.abspath(folder or ".")
        if not folder.startswith(library) and not folder.endswith(".zip"):
            try:
                beside |= {entry.partition(".")[0] for entry in os.listdir(folder)}
            except OSError:
                continue
    for name in set(sys.modules) - before:
        origin = getattr(getattr(sys.modules.get(name), "__spec__", None), "origin", None) or ""
        if name.partition(".")[0] in beside and origin.startswith(library) and "site-packages" not in origin:
            sys.modules.pop(name, None)


def _read(settings_file: str) -> Any:
    import json

    with open(settings_file, "rb") as file:
        return json.loads(file.read().decode("utf-8"))


def _load_package(package: str) -> None:
    """Load the code of ours under the name `_mcp_debuggee`, once."""
    import importlib.util
    import os
    import sys

    if "_mcp_debuggee" in sys.modules:
        return
    spec: Any = importlib.util.spec_from_file_location(
        "_mcp_debuggee", os.path.join(package, "__init__.py"), submodule_search_locations=[package]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[spec.name]
        raise


def _give_up(settings_file: str, error: BaseException) -> None:
    """Tell the server why, then take the settings away: it waits for that."""
    import os

    try:
        if os.path.exists(settings_file):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            descriptor = os.open(settings_file + ".failed", flags, 0o600)
            os.write(descriptor, ("%s: %s" % (type(error).__name__, error)).encode("utf-8", "backslashreplace"))
            os.close(descriptor)
            os.remove(settings_file)
    except OSError:
        return
