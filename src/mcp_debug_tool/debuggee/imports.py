"""Run a function right after a module has been imported, without importing it and without a trace of the wait.

A finder of our own on sys.meta_path would be seen there by every program, also by those that never import the
module. So the finder that is there already is asked through us, and only while something is waited for.
"""

from __future__ import annotations

import sys
import threading

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_waiting: dict[str, list[Callable[[Any], None]]] = {}
_lock = threading.RLock()


def after_import(module_name: str, function: Callable[[Any], None]) -> None:
    """Call `function(module)` once that module has been executed, at once where it has been already.

    It is called in the thread that imports; what it raises is dropped, for the program must not see it.
    """
    with _lock:
        module = sys.modules.get(module_name)
        if module is None or getattr(getattr(module, "__spec__", None), "_initializing", False):
            _waiting.setdefault(module_name, []).append(function)
            _finder.watch()
            return
    _call(function, module)


def _call(function: Callable[[Any], None], module: Any) -> None:
    try:
        function(module)
    except Exception:
        return  # what we wanted to add is missing then; the program is as it would be without us


class _Finder(object):
    """Stands before PathFinder.find_spec, which finds all modules that come from files and archives."""

    def __init__(self) -> None:
        self._replaced: Any = None

    def watch(self) -> None:
        """See every module that is looked for from now on."""
        if self._replaced is not None:
            return
        path_finder = _path_finder()
        original = path_finder.__dict__.get("find_spec")
        if not isinstance(original, classmethod):
            return
        find = original.__func__

        def find_spec(cls: Any, fullname: str, *args: Any, **options: Any) -> Any:
            spec = find(cls, fullname, *args, **options)
            if spec is not None and fullname in _waiting:
                try:
                    _watch_execution(spec)
                except Exception:
                    return spec
            return spec

        self._ours = classmethod(find_spec)
        self._replaced = original
        path_finder.find_spec = self._ours

    def rest(self) -> None:
        """Leave PathFinder as it was; unless someone else has stood before it since, who would be lost."""
        path_finder = _path_finder()
        if self._replaced is not None and path_finder.__dict__.get("find_spec") is self._ours:
            path_finder.find_spec = self._replaced
            self._replaced = None


def _path_finder() -> Any:
    # The very class the import system uses; `importlib.machinery` need not be loaded yet.
    module: Any = sys.modules["_frozen_importlib_external"]
    return module.PathFinder


_finder = _Finder()


def _watch_execution(spec: Any) -> None:
    """Have the spec's own loader tell when it has executed the module; type and identity of it stay."""
    loader = spec.loader
    if loader is None or isinstance(loader, type):
        return  # a namespace package, or one loader for all
    for name in ("exec_module", "load_module"):  # the latter: zipimport before 3.10
        if hasattr(loader, name):
            _replace_once(loader, name, spec.name)
            return


def _replace_once(loader: Any, method: str, module_name: str) -> None:
    """Stand before a loader's method until it has executed that module."""
    before = vars(loader).get(method)
    original = getattr(loader, method)

    def told(argument: Any) -> Any:
        name = argument if isinstance(argument, str) else getattr(argument, "__name__", None)
        if name == module_name and vars(loader).get(method) is told:
            if before is None:
                delattr(loader, method)
            else:
                setattr(loader, method, before)
        answer = original(argument)
        if name == module_name:
            _executed(module_name, argument if answer is None else answer)
        return answer

    setattr(loader, method, told)


def _executed(module_name: str, module: Any) -> None:
    with _lock:
        functions = _waiting.pop(module_name, [])
        if not _waiting:
            _finder.rest()
    module = sys.modules.get(module_name, module)
    for function in functions:
        _call(function, module)
