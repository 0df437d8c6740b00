"""Breakpoints in templates: whether a file is one, and which of its lines can be stopped at."""

from __future__ import annotations

import os
from typing import Any

from ..places import code_objects, sources
from ..places.sources import Unresolved
from . import django_templates, jinja2_templates

UNRENDERED = "it is a template: whether this line can be stopped at is known when Django or Jinja2 renders it"
NOTHING_THERE = "nothing at or after line %d of %s is rendered as code; the last line that can be stopped at is %d"
_MARKS = ("{{", "{%", "{#")
# A template may be named so, but such a name is no reason to take a file for one.
_PYTHON = (".py", ".pyw", ".pyi", ".wsgi", ".cgi")


def is_template(file: str) -> bool:
    """Whether a file is a template rather than Python.

    Raises:
        SyntaxError: it is Python that does not compile.
        Unresolved: it is neither, as far as one can see.
    """
    if sources.is_made_up(file):
        return False
    text, ending = sources.read(file), os.path.splitext(file)[1]
    has_marks = any(mark in text for mark in _MARKS)
    if has_marks and ending and ending not in _PYTHON and not text.startswith("#!"):
        return True  # even where it compiles: `{{ name }}` is Python too
    try:
        code_objects.compiled(file, text)
    except SyntaxError as error:
        if lines_of(file) is not None or (has_marks and not ending):
            return True
        if ending in _PYTHON:
            raise
        raise Unresolved(
            "%s is neither Python (line %s: %s) nor a template with {{ or {%% in it" % (file, error.lineno, error.msg)
        )
    return False


def resolve(file: str, wanted: int) -> dict[str, Any]:
    """The line of a template to stop at: {line, function, template, unverified}.

    Raises:
        Unresolved: its engine says that nothing there can be stopped at.
    """
    answer: dict[str, Any] = {"line": wanted, "function": "template", "template": True}
    lines = lines_of(file)
    if lines is None:
        answer["unverified"] = UNRENDERED
        return answer
    line = nearest(lines, wanted)
    if line is None:
        raise Unresolved(NOTHING_THERE % (wanted, file, max(lines, default=0)))
    answer["line"] = line
    return answer


def nearest(lines: set[int], wanted: int) -> int | None:
    """The wanted line where it can be stopped at, else the next that can."""
    return min((line for line in lines if line >= wanted), default=None)


def lines_of(file: str) -> set[int] | None:
    """The lines that can be stopped at; None where no engine has loaded this template yet."""
    found = [engine.lines_loaded(file, is_same) for engine in (jinja2_templates, django_templates)]
    known = [lines for lines in found if lines is not None]
    return set().union(*known) if known else None


def is_same(name: object, file: str) -> bool:
    """Whether a template's own name for its file means this file."""
    if not isinstance(name, str) or os.path.basename(name) != os.path.basename(file):
        return False
    return sources.canonical(name) == sources.canonical(file)
