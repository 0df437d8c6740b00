"""Jinja2: a template is compiled to Python functions, whose lines it can translate; seen from a frame of one of them.

Nothing here imports Jinja2: what is looked at is what the program has loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary

# Template line by line of the compiled code, of each template.
_maps: WeakKeyDictionary[Any, dict[int, int]] = WeakKeyDictionary()
# The class of the value of a name that has none.
_NO_VALUE = ("MissingType", "_MissingType")
# Functions of the compiled code that the template calls, as against those that it consists of.
_CALLED = {"macro": "macro", "loop": "recursive loop"}


def is_code(frame: FrameType) -> bool:
    """Whether a frame runs the compiled code of a template."""
    return "__jinja_template__" in frame.f_globals


def is_being_loaded(frame: FrameType) -> bool:
    """Whether a frame makes the functions that a template is compiled to."""
    return frame.f_code.co_name == "<module>" and "environment" in frame.f_globals and "__file__" in frame.f_globals


def is_retold(frame: FrameType) -> bool:
    """Whether a frame is one that Jinja2 puts into tracebacks instead; it names template and line itself."""
    return "__jinja_exception__" in frame.f_globals


def file(frame: FrameType) -> str:
    """The template's file as its loader names it, or a made-up name."""
    template = frame.f_globals.get("__jinja_template__")
    return getattr(template, "filename", None) or frame.f_code.co_filename


def line(frame: FrameType, code_line: int) -> int | None:
    """The template line that `code_line` of the compiled code belongs to."""
    if is_retold(frame):
        return code_line
    found = _map(frame)
    if code_line in found:
        return found[code_line]
    before = [at for at in found if at <= code_line]
    return found[max(before)] if before else 1


def begins_line(frame: FrameType) -> bool:
    """Whether the frame has just come to a line of the template; that takes several lines of the compiled code."""
    return frame.f_lineno in _map(frame)


def part(frame: FrameType) -> object:
    """What tells one tag of a line from the next: nothing, Jinja2 maps only the first of them."""
    return None


def lines(frame: FrameType) -> set[int]:
    """The lines of the template that can be stopped at."""
    return set(_map(frame).values())


def lines_loaded(filename: str, is_same: Any) -> set[int] | None:
    """The same for a template that the program has loaded; None where it has loaded none from this file."""
    import gc

    template_class = getattr(sys.modules.get("jinja2.environment"), "Template", None)
    if template_class is None:
        return None
    loaded = [t for t in gc.get_objects() if issubclass(type(t), template_class) and is_same(t.filename, filename)]
    return {line for line, _ in loaded[-1].debug_info} if loaded else None


def _map(frame: FrameType) -> dict[int, int]:
    template = frame.f_globals["__jinja_template__"]
    found = _maps.get(template)
    if found is None:
        found = _maps[template] = {at: line for line, at in template.debug_info}
    return found


def title(frame: FrameType) -> str:
    """The part of the template, in Jinja2's own words."""
    name = frame.f_code.co_name
    if name == "root":
        return "top-level template code"
    return "block %r" % name[6:] if name.startswith("block_") else _CALLED.get(name, name)


def names(frame: FrameType) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the template's names stand for, innermost first, and what stands in all templates."""
    found: dict[str, Any] = {}
    for _, name, _, value in sorted(_locals(frame), key=lambda local: -local[0]):
        found.setdefault(name, value)
    common: dict[str, Any] = {}
    for name, value in _context(frame):
        into = common if _is_common(frame, name, value) else found
        into.setdefault(name, value)
    return found, common


def _locals(frame: FrameType) -> Iterator[tuple[int, str, str, Any]]:
    """(depth, name, name in the compiled code, value): they are called `l_0_total`; what has no value is left out."""
    for name, value in list(frame.f_locals.items()):
        prefix, _, rest = name.partition("_")
        depth, _, plain = rest.partition("_")
        if prefix == "l" and depth.isdigit() and type(value).__name__ not in _NO_VALUE:
            yield int(depth), plain, name, value


def _context(frame: FrameType) -> list[tuple[str, Any]]:
    if is_retold(frame):
        return list(frame.f_locals.items())
    context = frame.f_locals.get("context")
    if context is None:
        return []
    return [*context.vars.items(), *context.parent.items()]


def _is_common(frame: FrameType, name: str, value: object) -> bool:
    template = frame.f_globals.get("__jinja_template__")
    environment = getattr(template, "environment", None)
    common = getattr(environment, "globals", None)
    if common is None:
        common = getattr(sys.modules.get("jinja2.defaults"), "DEFAULT_NAMESPACE", {})
    return name in common and common[name] is value


def level(frame: FrameType) -> object:
    """What tells a template that is called (included, a macro) from the parts of the one that calls it."""
    return id(frame) if frame.f_code.co_name in _CALLED else id(frame.f_locals.get("context"))


def assign(frame: FrameType, name: str, value: object) -> None:
    """Give a name of the template another value, where the compiled code keeps it and for what it includes later."""
    from _pydevd_bundle import pydevd_save_locals

    kept = sorted((depth, local) for depth, plain, local, _ in _locals(frame) if plain == name)
    if kept:
        frame.f_locals[kept[-1][1]] = value
        pydevd_save_locals.save_locals(frame)
    context = frame.f_locals.get("context")
    if context is not None and (not kept or name in context.vars or name in context.parent):
        (context.vars if name not in context.parent else context.parent)[name] = value
