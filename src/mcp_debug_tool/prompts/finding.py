"""What an argument of a prompt may be: tests, programs and processes of this machine, found in a moment.

Everything here runs in a worker thread and looks at its clock: what was found in time is the answer.
"""

from __future__ import annotations

import ast
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

# What a client is sent at most; the protocol allows no more.
MAX_VALUES = 100
# A completion has to be there while somebody types; the file that is parsed when time is over takes some 0.06 s more.
SECONDS = 0.08
# Entries of folders looked at, and bytes of test files read, in one search.
MAX_ENTRIES = 5000
MAX_BYTES_READ = 2 * 1024 * 1024
MAX_TEST_FILE = 128 * 1024
_PASSED_OVER = ("node_modules", "__pycache__", "site-packages", "venv", "build", "dist")


@dataclass
class Budget:
    """How much a search may still do."""

    clock: Callable[[], float] = time.monotonic
    seconds: float = SECONDS
    entries: int = MAX_ENTRIES
    bytes: int = MAX_BYTES_READ
    _end: float = field(init=False)

    def __post_init__(self) -> None:
        self._end = self.clock() + self.seconds

    @property
    def may_look(self) -> bool:
        """Whether another entry of a folder may be looked at."""
        return self.entries > 0 and self.clock() < self._end

    @property
    def may_read(self) -> bool:
        """Whether another file may be read."""
        return self.bytes > 0 and self.clock() < self._end

    @property
    def spent(self) -> bool:
        """Whether something may have been left out."""
        return not (self.may_look and self.may_read)


@dataclass(frozen=True)
class Found:
    """Values in their order, and whether there may be more of them."""

    values: tuple[str, ...] = ()
    more: bool = False


def programs(cwd: str, begun: str, budget: Budget) -> Found:
    """Python files below `cwd` whose relative path begins with what is typed, near ones first."""
    return _first(python_files(cwd, begun, budget), budget)


def node_ids(cwd: str, begun: str, budget: Budget) -> Found:
    """Node ids of tests below `cwd` that begin with what is typed."""
    file, colons, _ = begun.partition("::")
    # What stands before the colons is a whole name.
    files = (path for path in python_files(cwd, file, budget) if _is_test_file(path) and (not colons or path == file))
    ids = (f"{path}::{name}" for path in files for name in defined_tests(os.path.join(cwd, path), budget))
    return _first((node for node in ids if node.startswith(begun)), budget)


def processes(begun: str, budget: Budget) -> Found:
    """Ids of Python processes of this user, but for the server's own, newest first."""
    return _first((str(pid) for pid in _python_processes(budget) if str(pid).startswith(begun)), budget)


def _first(values: Iterable[str], budget: Budget) -> Found:
    kept: list[str] = []
    for value in values:
        if len(kept) == MAX_VALUES:
            return Found(tuple(kept), more=True)
        kept.append(value)
    return Found(tuple(kept), more=budget.spent)


def python_files(cwd: str, begun: str, budget: Budget) -> Iterator[str]:
    """Paths of Python files relative to `cwd`, folder by folder, that begin with `begun`; links are not followed."""
    folders = deque([""])
    while folders:
        for name, is_folder in _entries(cwd, folders.popleft(), budget):
            if is_folder:
                if name.startswith(begun) or begun.startswith(name + "/"):
                    folders.append(name)
            elif name.startswith(begun):
                yield name


def _entries(cwd: str, folder: str, budget: Budget) -> list[tuple[str, bool]]:
    """Python files and folders worth a look in `folder`, by name."""
    found = []
    try:
        with os.scandir(os.path.join(cwd, folder)) as entries:
            for entry in entries:
                if not budget.may_look:
                    break
                budget.entries -= 1
                is_folder = entry.is_dir(follow_symlinks=False)
                if entry.name.startswith(".") or (
                    entry.name in _PASSED_OVER if is_folder else entry.name[-3:] != ".py"
                ):
                    continue
                if entry.name.isprintable():
                    found.append((f"{folder}/{entry.name}" if folder else entry.name, is_folder))
    except OSError:
        pass  # unreadable, or gone meanwhile
    return sorted(found)


def _is_test_file(path: str) -> bool:
    name = os.path.basename(path)
    return name.startswith("test_") or name.endswith("_test.py")


def defined_tests(file: str, budget: Budget) -> list[str]:
    """Names of the tests that pytest would find in a file, `Class::test` for methods; parsed, never imported."""
    if not budget.may_read:
        return []
    try:
        with open(file, "rb") as opened:
            source = opened.read(MAX_TEST_FILE + 1)
        budget.bytes -= len(source)
        tree = ast.parse(source) if len(source) <= MAX_TEST_FILE else None
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [] if tree is None else list(_defined_in(tree.body, ""))


def _defined_in(body: Iterable[ast.stmt], within: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test"):
            yield within + node.name
        elif isinstance(node, ast.ClassDef) and _may_hold_tests(node):
            yield from _defined_in(node.body, f"{within}{node.name}::")


def _may_hold_tests(node: ast.ClassDef) -> bool:
    """Whether pytest takes tests from it: by its name, or because it is a unittest.TestCase."""
    bases = [base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases]
    return node.name.startswith("Test") or any(base.endswith("TestCase") for base in bases)


def _python_processes(budget: Budget) -> Iterator[int]:
    try:
        numbers = sorted((int(name) for name in os.listdir("/proc") if name.isdigit()), reverse=True)
    except OSError:
        return  # another system than Linux
    for pid in numbers:
        if not budget.may_look:
            return
        budget.entries -= 1
        if pid != os.getpid() and _is_own_python(pid):
            yield pid


def _is_own_python(pid: int) -> bool:
    try:
        if os.stat(f"/proc/{pid}").st_uid != os.getuid():
            return False
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")).startswith(("python", "pypy"))
    except OSError:
        return False
