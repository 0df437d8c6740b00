"""Where code is: from what was asked for to a line that can be stopped at, read from compiled code.

pydevd moves a breakpoint silently to the nearest line before it, even into another function, and calls a
line past the end verified. Here a line is resolved first and the answer says where it really is.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Sequence
from typing import Any

from ..places import code_objects, seen, sources
from ..places.code_objects import Function
from ..places.sources import Unresolved
from ..templating import template_places
from . import named_functions

# What is said of a line that nobody could look at yet.
UNKNOWN_CODE = "the program knows no source of %s yet; it stops when code compiled under that name comes to line %d"


def set_sources(texts: dict[str, str], first_path: str) -> None:
    """Learn the text of code without a file, and where the program's own modules are."""
    sources.given.update(texts)
    named_functions.look_in(first_path)


def main_file(module: str | None = None, program: str | None = None) -> dict[str, str]:
    """The file that `python -m module` or `python program` runs, as {file}; {} where it cannot be found.

    `program` may be an archive or a folder with a `__main__.py` in it.
    """
    if program is not None:
        main = os.path.join(program, "__main__.py")
        return {"file": main if sources.exists(main) else program}
    path = named_functions.module_file("%s.__main__" % module) or named_functions.module_file(str(module))
    return {"file": path} if path else {}


def check_program(file: str) -> dict[str, Any]:
    """The first syntax error of `file`, as {line, column, message, text}, or {} when it compiles."""
    try:
        code_objects.compiled(file, sources.read(file))
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
    """Resolve each place to {file, line, text, function}, or to {error}.

    And what applies of: `moved_from`; `real`, the canonical name of the file; `unverified`, why nobody can say whether
    the line can be stopped at; `template`, it is one of a template and no Python; `edited`, after it was loaded.
    """
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
    _look_at_files([answer for answer in answers if "error" not in answer])
    return answers


def _look_at_files(answers: list[dict[str, Any]]) -> None:
    """Add to the answers what is to be said of their files."""
    known: seen.Seen | None = None
    for answer in answers:
        file = answer["file"]
        real = sources.canonical(file)
        if real != file:
            answer["real"] = real
        if seen.was_written_since(file) and not answer.get("template"):
            known = known or seen.Seen()
            if known.look_for(real)["loaded"]:
                answer["edited"] = True


def _resolve_one(place: dict[str, Any], roots: Sequence[str], program: str | None) -> dict[str, Any]:
    if place.get("function"):
        return named_functions.resolve(place["function"], place.get("file"), roots, program)
    file: str = place["file"]
    wanted: Any = place.get("line")
    if file == "<string>" and file not in sources.given:
        raise Unresolved(
            "code that exec() is given as a string has no name of its own to stop by; "
            "give it one with compile(text, '<name>', 'exec')"
        )
    if sources.is_made_up(file) and not place.get("find") and not _can_be_read(file):
        return {"file": file, "line": wanted, "text": "", "function": "", "unverified": UNKNOWN_CODE % (file, wanted)}
    text = sources.source_lines(sources.read(file))
    if place.get("find"):
        wanted = _line_of_text(file, text, place["find"], wanted)
    elif place.get("anchor"):
        wanted = _follow_edit(text, wanted, place["anchor"])
    if wanted < 1 or wanted > len(text):
        raise Unresolved("line %d is outside %s, which has %d lines" % (wanted, file, len(text)))
    is_template = file != program and template_places.is_template(file)
    answer = template_places.resolve(file, wanted) if is_template else _resolve_line(file, wanted)
    answer.update(file=file, text=text[answer["line"] - 1].strip())
    if answer["line"] != wanted:
        answer["moved_from"] = wanted
    return answer


def _can_be_read(made_up: str) -> bool:
    """Whether the whole source of code that stands in no file is at hand, and no piece of it."""
    text = sources.of_code(made_up)
    try:
        return text is not None and bool(code_objects.compiled(made_up, text))
    except (SyntaxError, ValueError):
        return False


def _resolve_line(file: str, wanted: int) -> dict[str, Any]:
    line, function = _executable_line(file, wanted)
    return {"line": line, "function": function}


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
    found = code_objects.functions(file)
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


def _innermost(found: list[Function], line: int) -> Function:
    holding = [f for f in found if f.name == "<module>" or f.first <= line <= f.last]
    return max(holding, key=lambda f: (f.name != "<module>", f.first))


def _statement_start(file: str, line: int) -> int | None:
    """First line of the simple statement that spans `line`, for a line in the middle of a long call."""
    best: int | None = None
    for node in ast.walk(code_objects.tree(file)):
        if isinstance(node, ast.stmt) and not hasattr(node, "body") and node.lineno <= line <= (node.end_lineno or 0):
            is_docstring = isinstance(node, ast.Expr) and isinstance(getattr(node.value, "value", None), str)
            if not is_docstring and (best is None or node.lineno > best):
                best = node.lineno
    return best
