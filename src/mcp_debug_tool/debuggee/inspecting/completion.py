"""The names that may stand at the cursor of an expression, found without running anything of the program's.

`dir()` and `getattr()` would ask the objects, and each property would be computed. Here the dictionaries are read in
which the names are; what an object makes up only when it is asked is not found.
"""

from __future__ import annotations

import ast
import builtins
import re
import types
from collections.abc import Iterator
from types import FrameType
from typing import Any

from .. import values
from ..running.limits import time_limit
from . import frames, paths
from .paths import Unknown

SECONDS = 2.0
_KEY = re.compile(r"\[\s*(['\"])([^'\"\]]*)$")
_ATTRIBUTE = re.compile(r"\.\s*(\w*)$")
_NAME = re.compile(r"(\w*)$")


def complete(frame_id: int | str, text: str, column: int | None, most: int) -> dict[str, Any]:
    """{prefix, total, items: [[name, kind]]} for the cursor behind `column` characters of `text`, or {error}.

    The names of the nearest scope come first.
    """
    frame = frames.find(frame_id)
    try:
        with time_limit(SECONDS):
            prefix, names = at_cursor(frame, text if column is None else text[:column])
    except Unknown as error:
        return {"error": str(error)}
    return {"prefix": prefix, "total": len(names), "items": names[:most]}


def at_cursor(frame: FrameType, head: str) -> tuple[str, list[list[str]]]:
    """What has been typed of the name that `head` ends with, and the [name, kind] of all that could be meant.

    Raises:
        Unknown: what stands before it is no value that can be looked at.
    """
    prefix, found = _candidates(frame, head)
    kinds: dict[str, tuple[int, str]] = {}
    for nearness, name, kind in found:  # what is found later stands before what was found earlier
        kinds[name] = (nearness, kind)
    wants_private = prefix.lstrip("'\"").startswith("_")
    names = [n for n in kinds if n.startswith(prefix) and (wants_private or not n.startswith("__"))]
    names.sort(key=lambda name: (kinds[name][0], name.startswith("_"), name))
    return prefix, [[name, kinds[name][1]] for name in names]


def _candidates(frame: FrameType, head: str) -> tuple[str, list[tuple[int, str, str]]]:
    """What has been typed of the name, and all (nearness, name, kind) that could be meant, the nearest last."""
    key, attribute = _KEY.search(head), _ATTRIBUTE.search(head)
    if key is not None:
        quote, typed = key.groups()
        return quote + typed, list(_keys(_value_before(frame, head[: key.start()]), quote))
    if attribute is not None:
        value = _value_before(frame, head[: attribute.start()])
        return attribute.group(1), [(0, name, _kind(member)) for name, member in _members(value)]
    word = _NAME.search(head)
    return word.group(1) if word else "", list(_names(frame))


def _names(frame: FrameType) -> Iterator[tuple[int, str, str]]:
    scopes = (list(vars(builtins).items()), list(frame.f_globals.items()), frames.visible_names(frame)[0])
    for nearness, names in zip((2, 1, 0), scopes):
        yield from ((nearness, name, _kind(value)) for name, value in names if type(name) is str)


def _keys(value: Any, quote: str) -> Iterator[tuple[int, str, str]]:
    if not issubclass(type(value), dict):
        raise Unknown("what stands before the bracket is no dict, but of type %s" % values.type_name(value))
    for key, item in list(dict.items(value)):
        if type(key) is str and quote not in key and key.isprintable():
            yield 0, quote + key + quote, _kind(item)


def _value_before(frame: FrameType, head: str) -> Any:
    """The value of the expression that `head` ends with: the longest that is one of names, attributes, subscripts."""
    for start in re.finditer(r"(?<![\w.])[^\W\d]", head):
        try:
            tree = ast.parse(head[start.start() :].strip(), mode="eval").body
        except (SyntaxError, ValueError):
            continue
        if isinstance(tree, (ast.Name, ast.Attribute, ast.Subscript)):
            return paths.value(frame, tree)
    raise Unknown("before the cursor there must be a path such as order.items[3]")


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    """(name, what stands for it) of all attributes, the nearest definition of each last."""
    if not issubclass(type(value), types.ModuleType):
        for base in reversed(type(value).__mro__):
            yield from ((name, _slot(value, member)) for name, member in list(base.__dict__.items()))
    yield from [(name, item) for name, item in list(dict.items(paths.own(value))) if type(name) is str]


def _slot(value: Any, member: Any) -> Any:
    """What is in a slot of an object; anything else of its class as it is."""
    try:
        return member.__get__(value) if type(member) is types.MemberDescriptorType else member
    except (AttributeError, TypeError):
        return member


def _kind(member: Any) -> str:
    """`function`, `class`, `module`, `property`; of a value the name of its type."""
    kind = type(member)
    if issubclass(kind, types.ModuleType):
        return "module"
    if issubclass(kind, type):
        return "class"
    if issubclass(kind, paths.FUNCTIONS):
        return "function"
    if issubclass(kind, property) or kind is types.GetSetDescriptorType or kind.__name__ == "cached_property":
        return "property"
    return "attribute" if kind is types.MemberDescriptorType else values.type_name(member)
