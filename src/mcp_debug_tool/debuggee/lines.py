"""Where code is: the lines of a file that can be stopped at, read from its compiled code.

pydevd moves a breakpoint silently to the nearest line before it, even into another function, and calls a
line past the end verified. Here a line is resolved first and the answer says where it really is.
"""

from __future__ import annotations

import ast
import os
import re
import sys
import tokenize
import warnings
from collections.abc import Iterator, Sequence
from types import CodeType
from typing import Any

# Source of code that has no file (`python -c`), by the file name its frames carry.
sources: dict[str, str] = {}
# sys.path[0] of the program to come; CPython computes it after we have been asked.
_first_paths: list[str] = []

MAX_FILES = 2000
MAX_BYTES = 4 * 1024 * 1024
SKIPPED_DIRS = {"node_modules", "__pycache__", "site-packages", "venv"}


class Unresolved(Exception):
    """A breakpoint's place cannot be found; the text says why."""


class _Function(object):
    """One code object: its qualified name and the lines that can be stopped at inside it."""

    def __init__(self, name: str, code: CodeType) -> None:
        self.name = name
        self.first = code.co_firstlineno
        self.lines = code_lines(code)
        self.last = max(self.lines) if self.lines else self.first


def set_sources(texts: dict[str, str], first_path: str) -> None:
    """Learn the text of code without a file, and where the program's own modules are."""
    sources.update(texts)
    # Taken off sys.path while we import our own (see inject/sitecustomize.py), and back before the program runs.
    theirs = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    _first_paths[:] = [first_path, *theirs] if first_path else theirs


def main_file(module: str) -> dict[str, str]:
    """The file `python -m module` runs, as {file}; {} where it has none or cannot be found."""
    path = _module_file(module + ".__main__") or _module_file(module)
    return {"file": path} if path else {}


def check_program(file: str) -> dict[str, Any]:
    """The first syntax error of `file`, as {line, column, message, text}, or {} when it compiles."""
    try:
        _compile(file, read(file))
    except SyntaxError as error:
        return {
            "line": error.lineno or 1,
            "column": error.offset or 1,
            "message": str(error.msg),
            "text": (error.text or "").strip(),
        }
    except (MemoryError, RecursionError, ValueError, Unresolved) as error:
        return {"line": 1, "column": 1, "message": str(error) or type(error).__name__, "text": ""}
    return {}


def resolve(
    places: list[dict[str, Any]], roots: Sequence[str] = (), program: str | None = None
) -> list[dict[str, Any]]:
    """Resolve each place to {file, line, text, function, moved_from}, or to {error}."""
    answers: list[dict[str, Any]] = []
    for place in places:
        try:
            answers.append(_resolve_one(place, roots, program))
        except Unresolved as error:
            answers.append({"error": str(error)})
        except (MemoryError, RecursionError, ValueError) as error:
            answers.append({"error": "%s cannot be compiled: %s" % (place.get("file"), error or type(error).__name__)})
        except SyntaxError as error:
            file = error.filename or place.get("file")
            message = "%s has a syntax error at line %s: %s" % (file, error.lineno or 1, error.msg)
            answers.append({"error": message})
    return answers


def read(file: str) -> str:
    """The source text of `file`, decoded as Python would decode it."""
    if file in sources:
        return sources[file]
    try:
        if os.path.getsize(file) > MAX_BYTES:
            raise Unresolved("%s is larger than %d MiB" % (file, MAX_BYTES >> 20))
        with tokenize.open(file) as stream:
            return stream.read()
    except FileNotFoundError:
        raise Unresolved("there is no %s for the program%s" % (file, _same_name(file)))
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise Unresolved("%s cannot be read: %s" % (file, error))


def _same_name(file: str) -> str:
    """The files of that name whose code has run, for one who looks in another folder."""
    name = os.path.basename(file)
    paths = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    found = sorted({os.path.abspath(path) for path in paths if path and os.path.basename(path) == name})
    return ", which runs %s: see path_map" % ", ".join(found[:3]) if found else ""


def source_lines(text: str) -> list[str]:
    """The lines of a source text as Python numbers them: a form feed or U+2028 ends none."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _compile(file: str, text: str) -> CodeType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile(text, file, "exec", dont_inherit=True)


def code_lines(code: CodeType) -> set[int]:
    """The lines of a code object that can be stopped at."""
    if hasattr(code, "co_lines"):
        lines = {line for start, end, line in code.co_lines() if line and start != end}
    else:
        import dis

        lines = {line for _, line in dis.findlinestarts(code) if line}
    if code.co_name != "<module>" and len(lines) > 1:
        # The `def` line inside the function is where a call begins; no line event is sent for it.
        lines.discard(code.co_firstlineno)
    elif code.co_name == "<module>":
        lines.discard(0)
    return lines


def functions(file: str) -> list[_Function]:
    """Every code object of `file`, outermost first."""
    text = read(file)
    found: list[_Function] = []

    def visit(code: CodeType, name: str) -> None:
        found.append(_Function(name, code))
        for constant in code.co_consts:
            if hasattr(constant, "co_firstlineno"):
                inner = constant.co_name
                visit(constant, inner if name == "<module>" else "%s.%s" % (name, inner))

    visit(_compile(file, text), "<module>")
    return found


def _resolve_one(place: dict[str, Any], roots: Sequence[str], program: str | None) -> dict[str, Any]:
    if place.get("function"):
        return _resolve_function(place["function"], place.get("file"), roots, program)
    file = place["file"]
    text = source_lines(read(file))
    wanted: Any = place.get("line")
    if place.get("find"):
        wanted = _line_of_text(file, text, place["find"], wanted)
    elif wanted is not None and place.get("anchor") is not None:
        wanted = _follow_edit(text, wanted, place["anchor"])
    if wanted < 1 or wanted > len(text):
        raise Unresolved("line %d is outside %s, which has %d lines" % (wanted, file, len(text)))
    line, function = _executable_line(file, wanted)
    answer = {"file": file, "line": line, "text": text[line - 1].strip(), "function": function}
    if line != wanted:
        answer["moved_from"] = wanted
    return answer


def _line_of_text(file: str, text: list[str], find: str, near: int | None) -> int:
    matches = [number for number, line in enumerate(text, 1) if find.strip() in line]
    if not matches:
        raise Unresolved("no line of %s contains %r" % (file, find))
    if near is not None:
        return min(matches, key=lambda number: abs(number - near))
    if len(matches) > 1:
        shown = ", ".join("%d: %s" % (n, text[n - 1].strip()[:60]) for n in matches[:5])
        raise Unresolved(
            "%d lines of %s contain %r (%s); add `line` to take the nearest" % (len(matches), file, find, shown)
        )
    return matches[0]


def _follow_edit(text: list[str], line: int, anchor: str) -> int:
    """The line the breakpoint's text has moved to since it was set; the old number when it is gone."""
    if line <= len(text) and text[line - 1].strip() == anchor:
        return line
    same = [number for number, source in enumerate(text, 1) if source.strip() == anchor]
    return min(same, key=lambda number: abs(number - line)) if same else min(line, max(len(text), 1))


def _executable_line(file: str, wanted: int) -> tuple[int, str]:
    """The line to stop at for `wanted`: itself, its statement's first line, or the next one in its function."""
    found = functions(file)
    inner = _innermost(found, wanted)
    # A line may belong to several code objects (a def, a lambda, a comprehension): any will do.
    owners = [f for f in found if wanted in f.lines]
    if owners:
        return wanted, max(owners, key=lambda f: f.first).name
    start = _statement_start(file, wanted)
    for function in [inner] + found:
        if start is not None and start in function.lines:
            return start, function.name
    later = sorted(line for line in inner.lines if line > wanted)
    if later:
        return later[0], inner.name
    everywhere = sorted((line, f.name) for f in found for line in f.lines if line > wanted)
    if everywhere:
        return everywhere[0]
    last = max((line for f in found for line in f.lines), default=0)
    raise Unresolved("no code at or after line %d of %s; its last line with code is %d" % (wanted, file, last))


def _innermost(found: list[_Function], line: int) -> _Function:
    holding = [f for f in found if f.name == "<module>" or f.first <= line <= f.last]
    return max(holding, key=lambda f: (f.name != "<module>", f.first))


def _statement_start(file: str, line: int) -> int | None:
    """First line of the simple statement that spans `line`, for a line in the middle of a long call."""
    best: int | None = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(read(file), file)
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body") and node.lineno <= line <= (node.end_lineno or 0):
            is_docstring = isinstance(node, ast.Expr) and isinstance(getattr(node.value, "value", None), str)
            if not is_docstring and (best is None or node.lineno > best):
                best = node.lineno
    return best


def _resolve_function(wanted: str, file: str | None, roots: Sequence[str], program: str | None) -> dict[str, Any]:
    matches: list[tuple[str, _Function]] = []
    for candidate, name in _candidates(wanted, file, roots, program):
        try:
            found = functions(candidate)
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
    text = source_lines(read(candidate))[line - 1].strip()
    return {"file": candidate, "line": line, "text": text, "function": function.name}


def _first_body_line(file: str, function: _Function) -> int:
    """First line of the body: the docstring and the decorators are no stops."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(read(file), file)
    for node in ast.walk(tree):
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
        path = _module_file(module)
        if path:
            yield path, name
    if program:
        yield program, wanted
    for path in _loaded_user_files(roots):
        yield path, wanted
    pattern = re.compile(r"^\s*(async\s+)?def\s+%s\b" % re.escape(wanted.split(".")[-1]), re.MULTILINE)
    for path in _python_files(roots):
        try:
            if pattern.search(read(path)):
                yield path, wanted
        except Unresolved:
            continue


def _splits(dotted: str) -> Iterator[tuple[str, str]]:
    parts = dotted.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        yield ".".join(parts[:cut]), ".".join(parts[cut:])


def _module_file(module: str) -> str | None:
    """The source file of a module, found without importing anything."""
    loaded = sys.modules.get(module)
    path: str | None = getattr(loaded, "__file__", None)
    if path and path.endswith(".py"):
        return path
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
    return spec.origin if spec is not None and spec.origin and spec.origin.endswith(".py") else None


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
