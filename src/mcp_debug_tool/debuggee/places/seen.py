"""Which files' code has run in this process, and by which names it is known here."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from types import CodeType
from typing import Any

from . import sources

# A module this deep in packages is none.
MAX_DEPTH = 10
# The names of files, as long as they are looked for in the same folders: all are asked for at each change.
_names: dict[str, set[str]] = {}
_searched: list[str] = []
# Wall-clock time, for it is compared with the time stamps of files.
_began = time.time()


class Seen(object):
    """The files of which code has run: of modules, of the program, and of whatever else the debugger has come by.

    It has heard of every file that has a breakpoint, too, and that says nothing: only code objects count. Made-up
    names, such as `<gen>`, are among them.
    """

    def __init__(self, also_run: Iterable[str] = ()) -> None:
        names = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        # CPython takes `__file__` from the script's module once it has run: at the end only its loader knows.
        names.append(getattr(getattr(sys.modules.get("__main__"), "__loader__", None), "path", None))
        self.files = {_absolute(name) for name in names if isinstance(name, str)} | _traced() | set(also_run)
        self._identities: set[tuple[int, int]] | None = None

    def look_for(self, file: str) -> dict[str, Any]:
        """Whether code of `file` has run: {loaded}; if not, `same_name` are the files of its name that have."""
        if file in self.files or self._has_run_under_another_name(file):
            return {"loaded": True}
        name = os.path.basename(file)
        same_name = {os.path.realpath(other) for other in self.files if os.path.basename(other) == name}
        mistakable = [other for other in same_name if not _is_installed(other)]
        return {"loaded": False, "same_name": sorted(mistakable)[:3]}

    def _has_run_under_another_name(self, file: str) -> bool:
        if self._identities is None:
            self._identities = {found for found in map(_identity, self.files) if found is not None}
        return _identity(file) in self._identities


def _absolute(name: str) -> str:
    return name if sources.is_made_up(name) else os.path.abspath(name)


def _traced() -> set[str]:
    """What the debugger has seen run, also by runpy.run_path or exec."""
    pydevd = sys.modules.get("pydevd")
    debugger = pydevd.get_global_debugger() if pydevd is not None else None
    known = list(debugger.get_cache_file_type()) if debugger is not None else []
    return {path for _, path, code in known if isinstance(code, CodeType)}


def _identity(file: str) -> tuple[int, int] | None:
    try:
        status = os.stat(file)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def _is_installed(file: str) -> bool:
    """Whether a file belongs to a library: nobody means that one by a file of his own."""
    library = os.path.dirname(os.path.realpath(os.__file__))
    return file.startswith(library + os.sep) or "site-packages" in file or "dist-packages" in file


def was_written_since(file: str) -> bool:
    """Whether a file was written after the program, or our part in it, began."""
    try:
        return os.stat(file).st_mtime > _began
    except (OSError, ValueError):
        return False


def names_of(file: str) -> set[str]:
    """Every path by which the program may import `file`: its folder may be linked to, and the file itself."""
    global _searched
    if _searched != sys.path:
        _searched = list(sys.path)
        _names.clear()
    if file not in _names:
        _names[file] = {file} if sources.is_made_up(file) else {file} | set(_linked(file))
    return _names[file]


def _linked(file: str) -> Iterator[str]:
    parts = file.split(os.sep)
    for length in range(1, min(len(parts), MAX_DEPTH)):
        tail = os.path.join(*parts[-length:])
        for folder in _searched:
            path = os.path.join(os.path.abspath(folder), tail)
            if os.path.exists(path) and os.path.realpath(path) == file:
                yield path
