"""Where a function is that was asked for by its name: `f`, `K.method` or `package.module.f`."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from ..places import code_objects, sources
from ..places.code_objects import Function
from ..places.sources import Unresolved

# sys.path[0] of the program to come, and what its PYTHONPATH says.
_first_paths: list[str] = []

MAX_FILES = 2000
SKIPPED_DIRS = {"node_modules", "__pycache__", "site-packages", "venv"}


def look_in(first_path: str) -> None:
    """Learn where the program's own modules are; CPython computes sys.path[0] after we have been asked."""
    # Taken off sys.path while we import our own (see inject/sitecustomize.py), and back before the program runs.
    theirs = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    _first_paths[:] = [first_path, *theirs] if first_path else theirs


def resolve(wanted: str, file: str | None, roots: Sequence[str], program: str | None) -> dict[str, Any]:
    """The first line of the function's body: {file, line, text, function}.

    Raises:
        Unresolved: there is none of that name, or several.
    """
    matches: list[tuple[str, Function]] = []
    for candidate, name in _candidates(wanted, file, roots, program):
        try:
            found = code_objects.functions(candidate)
        except (Unresolved, SyntaxError, ValueError):
            continue
        for function in found:
            if function.name == name or function.name.endswith("." + name):
                matches.append((candidate, function))
        exact = [match for match in matches if match[1].name == name]
        matches = exact or matches
        if matches:
            break
    if not matches:
        where = file or "the program, the modules it has loaded and the files beside it"
        raise Unresolved(
            "no function %r in %s; give `file` too, or a dotted name such as package.module.function" % (wanted, where)
        )
    if len(matches) > 1:
        shown = ", ".join("%s (line %d)" % (f.name, f.first) for _, f in matches[:5])
        raise Unresolved("%r is ambiguous in %s: %s; give file and line" % (wanted, matches[0][0], shown))
    candidate, function = matches[0]
    line = _first_body_line(candidate, function)
    text = sources.source_lines(sources.read(candidate))[line - 1].strip()
    return {"file": candidate, "line": line, "text": text, "function": function.name}


def _first_body_line(file: str, function: Function) -> int:
    """First line of the body: the docstring and the decorators are no stops."""
    for node in ast.walk(code_objects.tree(file)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno] + [d.lineno for d in node.decorator_list])
            if function.first in (first, node.lineno) and function.name.split(".")[-1] == node.name:
                body = node.body
                after = (
                    body[0].lineno if len(body) == 1 or ast.get_docstring(node, clean=False) is None else body[1].lineno
                )
                later = sorted(line for line in function.lines if line >= after)
                if later:
                    return later[0]
    return min(function.lines)


def _candidates(wanted: str, file: str | None, roots: Sequence[str], program: str | None) -> Iterator[tuple[str, str]]:
    """Files that may hold the function, and its name within each, likeliest first."""
    if file:
        yield file, wanted
        return
    for module, name in _splits(wanted):
        path = module_file(module)
        if path:
            yield path, name
    if program:
        yield program, wanted
    for path in _loaded_user_files(roots):
        yield path, wanted
    pattern = re.compile(r"^\s*(async\s+)?def\s+%s\b" % re.escape(wanted.split(".")[-1]), re.MULTILINE)
    for path in _python_files(roots):
        try:
            if pattern.search(sources.read(path)):
                yield path, wanted
        except Unresolved:
            continue


def _splits(dotted: str) -> Iterator[tuple[str, str]]:
    parts = dotted.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        yield ".".join(parts[:cut]), ".".join(parts[cut:])


def module_file(module: str) -> str | None:
    """The source file of a module, found without importing anything; it may be in an archive."""
    loaded = sys.modules.get(module)
    path: str | None = getattr(loaded, "__file__", None)
    origin = getattr(getattr(loaded, "__spec__", None), "origin", None)
    for name in (path, origin):
        if isinstance(name, str) and sources.is_made_up(name):
            return name  # what a loader of the program's own has made
    if path and path.endswith(".py"):
        return os.path.abspath(path)
    from importlib.machinery import PathFinder

    search = _first_paths + sys.path
    spec = None
    name = ""
    for part in module.split("."):
        # The full name: a finder looks for the last part of it, in the folders it is given.
        name = "%s.%s" % (name, part) if name else part
        spec = PathFinder.find_spec(name, search)
        if spec is None:
            return None
        search = spec.submodule_search_locations or []
    return os.path.abspath(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def _loaded_user_files(roots: Sequence[str]) -> Iterator[str]:
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if path and path.endswith(".py") and any(os.path.abspath(path).startswith(root + os.sep) for root in roots):
            yield os.path.abspath(path)


def _python_files(roots: Sequence[str]) -> Iterator[str]:
    """Python files below `roots`, nearest first, environments and hidden folders left out."""
    seen = 0
    for root in roots:
        for folder, dirs, files in os.walk(root):
            dirs[:] = sorted(
                d
                for d in dirs
                if d not in SKIPPED_DIRS
                and not d.startswith(".")
                and not os.path.exists(os.path.join(folder, d, "pyvenv.cfg"))
            )
            for name in sorted(files):
                if name.endswith(".py"):
                    seen += 1
                    if seen > MAX_FILES:
                        return
                    yield os.path.join(folder, name)
