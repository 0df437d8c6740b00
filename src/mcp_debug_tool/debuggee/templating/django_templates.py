"""Django: a template is a tree of nodes; seen from the frame in which one of them is rendered.

Nothing here imports Django: what is looked at is what the program has loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any
from weakref import WeakKeyDictionary

_BASE = "django.template.base"
_CONSTANTS = ("True", "False", "None")
# First line of the body of Node.render_annotated, by its code.
_first_lines: dict[CodeType, int] = {}
# Lines that can be stopped at, of each template.
_lines: WeakKeyDictionary[Any, set[int]] = WeakKeyDictionary()


def is_code(frame: FrameType) -> bool:
    """Whether a node is rendered in this frame."""
    return frame.f_code.co_name == "render_annotated" and frame.f_globals.get("__name__") == _BASE


def file(frame: FrameType) -> str:
    """The template's file as its loader names it, or a made-up name."""
    return str(getattr(getattr(frame.f_locals["self"], "origin", None), "name", None) or "<template>")


def line(frame: FrameType, code_line: int) -> int | None:
    """The template line at which the node's tag begins; None for the text between the tags."""
    return _line(frame.f_locals["self"])


def _line(node: Any) -> int | None:
    return None if type(node).__name__ == "TextNode" else getattr(getattr(node, "token", None), "lineno", None)


def begins_line(frame: FrameType) -> bool:
    """Whether the frame has just begun with its node."""
    code = frame.f_code
    first = _first_lines.get(code)
    if first is None:
        from ..places.code_objects import Function

        first = _first_lines[code] = min(Function("", code).lines)
    return frame.f_lineno == first


def part(frame: FrameType) -> object:
    """What tells one tag of a line from the next."""
    return id(frame.f_locals["self"])


def lines(frame: FrameType) -> set[int]:
    """The lines of the template that can be stopped at; none where they cannot be told."""
    template = _template(frame)
    if template is None:
        return set()
    found = _lines.get(template)
    if found is None:
        found = _lines[template] = set(_node_lines(template.nodelist))
    return found


def _template(frame: FrameType) -> Any:
    """The template that a node is of: those that extend another are still being rendered while that one is."""
    name = file(frame)
    back: FrameType | None = frame
    while back is not None:
        template = back.f_locals.get("self") if back.f_globals.get("__name__") == _BASE else None
        if hasattr(template, "engine") and getattr(getattr(template, "origin", None), "name", None) == name:
            return template
        back = back.f_back
    return None


def lines_loaded(filename: str, is_same: Any) -> set[int] | None:
    """The same for a template that the program has loaded; None where it has loaded none from this file."""
    import gc

    template_class = getattr(sys.modules.get(_BASE), "Template", None)
    if template_class is None:
        return None
    loaded = [
        t
        for t in gc.get_objects()
        if issubclass(type(t), template_class) and is_same(getattr(t.origin, "name", None), filename)
    ]
    return set(_node_lines(loaded[-1].nodelist)) if loaded else None


def _node_lines(nodes: Any) -> Iterator[int]:
    for node in nodes:
        line = _line(node)
        if line is not None:
            yield line
        for name in getattr(node, "child_nodelists", ()):
            yield from _node_lines(getattr(node, name, None) or ())


def title(frame: FrameType) -> str:
    """The tag, as it stands in the template."""
    node = frame.f_locals["self"]
    contents = str(getattr(node.token, "contents", ""))
    return "{{ %s }}" % contents if type(node).__name__ == "VariableNode" else "{%% %s %%}" % contents


def names(frame: FrameType) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the template's names stand for, innermost first, and what stands in all templates."""
    found: dict[str, Any] = {}
    common: dict[str, Any] = {}
    for pushed in reversed(list(getattr(frame.f_locals.get("context"), "dicts", ()))):
        for name, value in list(pushed.items()):
            into = common if name in _CONSTANTS or type(value).__name__ == "BlockNode" else found
            into.setdefault(name, value)
    return found, common


def is_call(frame: FrameType) -> bool:
    """Whether a frame begins a template that another calls: included, not extended."""
    if frame.f_code.co_name != "render" or frame.f_globals.get("__name__") != _BASE:
        return False
    return "nodelist" in getattr(frame.f_locals.get("self"), "__dict__", ())


def misread(error: BaseException | None) -> Any:
    """The tag that a syntax error is in, if `error` is one of a template; the template's name it does not tell."""
    return getattr(error, "token", None) if type(error).__name__ == "TemplateSyntaxError" else None


def place_of_tag(frame: FrameType, token: Any) -> list[Any] | None:
    """[file, line, tag] where `frame` is one of the parser that has met `token`."""
    name = getattr(getattr(frame.f_locals.get("self"), "origin", None), "name", None)
    line = getattr(token, "lineno", None)
    return [name, line, "{%% %s %%}" % getattr(token, "contents", "")] if name and line else None


def assign(frame: FrameType, name: str, value: object) -> None:
    """Give a name of the template another value, where it has one now."""
    context = frame.f_locals["context"]
    holders = [pushed for pushed in reversed(context.dicts) if name in pushed]
    (holders[0] if holders else context.dicts[-1])[name] = value
