"""The value that a path such as `order.items[3].price` names, found without running anything of the program's.

Properties, `__getattr__` and `__getitem__` are not asked: the dictionaries are read in which the names are, and
Python's own containers by their own methods. What an object makes up only when it is asked is not found.
"""

from __future__ import annotations

import ast
import builtins
import types
from types import FrameType
from typing import Any

from .. import read_only, values
from ..values import kinds

FUNCTIONS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    types.ClassMethodDescriptorType,
    staticmethod,
    classmethod,
)
_PLAIN = (str, bytes, int, float, bool, complex, type(None))
_MISSING = object()


class Unknown(Exception):
    """A path leads to no value that could be looked at; the text says why."""


def _to_be_computed(what: str) -> Unknown:
    return Unknown(
        "%s would have to be computed%s" % (what, read_only.INSTEAD if read_only.is_on else "; use evaluate")
    )


def named(frame: FrameType, path: str) -> Any:
    """What `path` names in `frame`.

    Raises:
        Unknown: nothing, or it would have to be computed.
        SyntaxError: it is no expression.
    """
    return value(frame, ast.parse(path.strip(), mode="eval").body)


def value(frame: FrameType, node: Any) -> Any:
    """What a parsed path names in `frame`.

    Raises:
        Unknown: nothing, or it would have to be computed.
    """
    if isinstance(node, ast.Name):
        for names in (frame.f_locals, frame.f_globals, vars(builtins)):
            if node.id in names:
                return names[node.id]
        raise Unknown("there is no name %s here" % node.id)
    if isinstance(node, ast.Attribute):
        return _attribute(value(frame, node.value), node.attr)
    if isinstance(node, ast.Subscript):
        return _item(value(frame, node.value), _key(node.slice))
    raise _to_be_computed("it")


def _key(node: Any) -> Any:
    node = getattr(node, "value", node) if type(node).__name__ == "Index" else node  # before 3.9
    try:
        if isinstance(node, ast.Slice):
            return slice(*(part and ast.literal_eval(part) for part in (node.lower, node.upper, node.step)))
        return ast.literal_eval(node)
    except (TypeError, ValueError) as error:
        raise _to_be_computed("what stands in the brackets") from error


def _item(owner: Any, key: Any) -> Any:
    try:
        if issubclass(type(owner), dict):
            return _entry(owner, key)
        for kind in (list, tuple):
            if issubclass(type(owner), kind):
                return kind.__getitem__(owner, key)
    except (LookupError, TypeError, ValueError) as error:
        raise Unknown("%s: %s" % (type(error).__name__, error)) from error
    raise _to_be_computed("an item of a %s" % values.type_name(owner))


def _entry(owner: Any, key: Any) -> Any:
    """The dict's own way would ask a key of the program's whether it is equal to this one."""
    for each, item in list(dict.items(owner)):
        if _is_same(each, key):
            return item
    raise KeyError(key)


def _is_same(each: Any, key: Any) -> bool:
    if type(each) is not type(key):
        return False
    if type(key) is tuple:
        return len(each) == len(key) and all(map(_is_same, each, key))
    return type(key) in _PLAIN and bool(each == key)


def _attribute(owner: Any, name: str) -> Any:
    """An attribute that is there without being computed."""
    of_class, its_own = _of_class(type(owner), name), dict.get(own(owner), name, _MISSING)
    if type(of_class) is types.MemberDescriptorType:
        try:
            return of_class.__get__(owner)
        except AttributeError:
            of_class = _MISSING
    if of_class is not _MISSING and kinds.lookup(type(of_class), "__set__") is not None:
        raise _to_be_computed(name)
    if its_own is not _MISSING:
        return its_own
    if of_class is _MISSING:
        raise Unknown("there is no %s in a %s" % (name, values.type_name(owner)))
    if kinds.lookup(type(of_class), "__get__") is not None and not issubclass(type(of_class), FUNCTIONS):
        raise _to_be_computed(name)
    return of_class


def _of_class(kind: type[Any], name: str) -> Any:
    for base in kinds.bases(kind):
        if name in kinds.own_names(base):
            return kinds.own_names(base)[name]
    return _MISSING


def own(owner: Any) -> dict[str, Any]:
    """The attributes an object has itself; those of a class with its bases'."""
    if not issubclass(type(owner), type):
        return kinds.attributes(owner)
    found: dict[str, Any] = {}
    for base in reversed(kinds.bases(owner)):
        found.update(kinds.own_names(base))
    return found
