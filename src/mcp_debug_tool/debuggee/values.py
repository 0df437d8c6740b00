"""Values as a person would want to read them: one line, bounded, without addresses, whatever the object does.

The types of Python itself are walked here under a budget, so that a million items cost as little as ten. Other
objects are asked for their repr(), and what goes wrong there is shown in its place.
"""

from __future__ import annotations

import collections
import collections.abc
import itertools
import re
import types
from collections.abc import Iterator
from typing import Any

from .limits import TimeLimit

_PLAIN = (str, bytes, int, float, bool, complex, type(None))
LINE = 120
MAX_DEPTH = 4
# What differs from run to run and tells nothing: addresses, and a thread's number.
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+|(?<=started) \d+(?=\)>$)|(?<=started daemon) \d+(?=\)>$)")
_OPEN_CLOSE: dict[type[Any], str] = {
    list: "[]",
    tuple: "()",
    set: "{}",
    frozenset: "{}",
    dict: "{}",
    collections.deque: "[]",
}
# Shown as the dictionary they are, with their name before it.
_NAMED_DICTS = (collections.OrderedDict, collections.defaultdict, collections.Counter, types.MappingProxyType)
_CODE_TYPES = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)


def runs_no_code(value: object) -> bool:
    """Whether `describe` only meets Python's own types in it, and so needs no time limit."""
    kind = type(value)
    if kind in _PLAIN:
        return True
    if kind is dict:
        items: Any = value
        pairs = itertools.islice(items.items(), 100)
        return all(type(key) in _PLAIN and type(item) in _PLAIN for key, item in pairs)
    if kind in (list, tuple, set, frozenset):
        parts: Any = value
        return all(type(item) in _PLAIN for item in itertools.islice(parts, 100))
    return False


def describe(value: object, limit: int = LINE) -> str:
    """`value` in at most `limit` characters, on one line."""
    return cut(_render(value, limit, MAX_DEPTH, ()), limit)


def cut(text: str, limit: int) -> str:
    """`text` in one line of at most `limit` characters; a cut says how much there was."""
    if "\n" in text or "\r" in text:
        text = " ".join(text.split())
    if len(text) <= limit:
        return text
    note = "… (%s chars)" % format(len(text), ",")
    return text[: max(limit - len(note), 1)] + note


def type_name(value: object) -> str:
    """The name of a value's type; with its module where that is not the program or Python itself."""
    kind = type(value)
    module = kind.__module__
    name = kind.__qualname__
    return name if module in ("builtins", "__main__") or not isinstance(module, str) else "%s.%s" % (module, name)


def is_code(value: object) -> bool:
    """Whether a module-level name is a part of the program's text rather than its data."""
    return issubclass(type(value), _CODE_TYPES) or type(value).__module__ in (
        "typing",
        "__future__",
        "_frozen_importlib",
    )


def _render(value: Any, limit: int, depth: int, above: tuple[int, ...]) -> str:
    kind: Any = type(value)
    try:
        if kind is str or kind is bytes:
            return _text(value, limit)
        if kind is int and value.bit_length() > 4096:
            return "<int of %s bits>" % format(value.bit_length(), ",")
        if issubclass(kind, _CODE_TYPES):
            return _code(value)
        shape = _container_shape(kind)
        if shape:
            return _container(value, shape, limit, depth, above)
        fields = _generated_fields(value, kind)
        if fields is not None:
            return _fields("%s(" % kind.__qualname__, fields, ")", limit, depth, above + (id(value),))
        if kind.__repr__ is object.__repr__:
            return _plain_object(value, kind, limit, depth, above)
        return _own_repr(value, kind)
    except TimeLimit:
        raise
    except BaseException as error:
        return "<%s: repr failed with %s>" % (kind.__name__, _failure(error))


def _failure(error: BaseException) -> str:
    try:
        text = str(error)
    except BaseException:
        text = ""
    return "%s: %s" % (type(error).__name__, text[:60]) if text else type(error).__name__


def _text(value: str | bytes, limit: int) -> str:
    if len(value) <= limit:
        return repr(value)
    note = "… (%s %s)" % (format(len(value), ","), "chars" if type(value) is str else "bytes")
    shown = repr(value[: max(limit - len(note) - 3, 1)])
    return shown[: max(limit - len(note), 1)] + note


def without_addresses(text: str) -> str:
    """`text` without what differs from run to run and tells nothing."""
    return _ADDRESS.sub("", text)


def _code(value: object) -> str:
    if isinstance(value, types.ModuleType):
        return "<module %s>" % getattr(value, "__name__", "?")
    return without_addresses(repr(value))


def _container_shape(kind: type[Any]) -> tuple[str, str, bool] | None:
    """The brackets to draw `kind` with, or None when it draws itself."""
    for base, brackets in _OPEN_CLOSE.items():
        if kind.__repr__ is base.__repr__:
            return "" if kind is base and base is not collections.deque else kind.__qualname__, brackets, base is dict
    if kind in _NAMED_DICTS:
        return kind.__qualname__, "{}", True
    return None


def _container(value: Any, shape: tuple[str, str, bool], limit: int, depth: int, above: tuple[int, ...]) -> str:
    name, brackets, is_dict = shape
    opening, closing = brackets[0], brackets[1]
    if name:
        opening, closing = "%s(%s" % (name, opening), closing + ")"
    elif isinstance(value, frozenset):
        opening, closing = "frozenset({", "})"
    if isinstance(value, (set, frozenset)) and not value:
        return "set()" if isinstance(value, set) else "frozenset()"
    if id(value) in above or (depth == 0 and len(value)):
        return opening + "…" + closing
    above = above + (id(value),)
    parts: list[str] = []
    left = limit - len(opening) - len(closing)
    total = len(value)
    for item in value.items() if is_dict else value:
        if left <= 0 or len(parts) >= 100:
            break
        if is_dict:
            part = "%s: %s" % (_render(item[0], min(left, 60), 1, above), _render(item[1], left, depth - 1, above))
        else:
            part = _render(item, left, depth - 1, above)
        parts.append(part)
        left -= len(part) + 2
    one_tuple = isinstance(value, tuple) and total == 1
    return _joined(opening, parts, total, closing, limit, one_tuple, outermost=len(above) == 1)


def _joined(
    opening: str,
    parts: list[str],
    total: int,
    closing: str,
    limit: int,
    one_tuple: bool = False,
    outermost: bool = False,
) -> str:
    """The parts that fit, and how many there are in all when some of the outermost do not."""
    text = opening + ", ".join(parts) + ("," if one_tuple else "") + closing
    if len(parts) == total and len(text) <= limit:
        return text
    note = "… %s in all" % format(total, ",") if outermost else "…"
    while parts and len(opening) + sum(len(part) + 2 for part in parts) + len(note) + len(closing) > limit:
        parts = parts[:-1]
    return opening + ", ".join(parts + [note]) + closing


def _generated_fields(value: Any, kind: Any) -> list[tuple[str, Any]] | None:
    """(name, value) pairs of a dataclass or named tuple whose repr nobody wrote by hand."""
    if "__dataclass_fields__" in kind.__dict__ and hasattr(kind.__repr__, "__wrapped__"):
        shown = [field.name for field in kind.__dataclass_fields__.values() if field.repr]
        return [(name, object.__getattribute__(value, name)) for name in shown]
    if issubclass(kind, tuple) and isinstance(getattr(kind, "_fields", None), tuple) and _is_generated(kind.__repr__):
        return list(zip(kind._fields, value))
    return None


def _is_generated(method: Any) -> bool:
    """Whether a named tuple's repr is the one `collections` made."""
    return getattr(method, "__module__", None) == "collections"


def _fields(
    opening: str, fields: list[tuple[str, Any]], closing: str, limit: int, depth: int, above: tuple[int, ...]
) -> str:
    if depth == 0 and fields:
        return opening + "…" + closing
    parts: list[str] = []
    left = limit - len(opening) - len(closing)
    for name, item in fields:
        if left <= 0:
            break
        shown = "…" if id(item) in above else _render(item, max(left - len(name) - 1, 12), depth - 1, above)
        parts.append("%s=%s" % (name, shown))
        left -= len(parts[-1]) + 2
    return _joined(opening, parts, len(fields), closing, limit)


def _plain_object(value: object, kind: type[Any], limit: int, depth: int, above: tuple[int, ...]) -> str:
    """An object without a repr of its own: its class and its attributes instead of its address."""
    attributes = _instance_items(value)
    if not attributes or depth <= 1:
        return "<%s>" % kind.__qualname__
    return _fields("<%s " % kind.__qualname__, attributes, ">", limit, depth - 1, above + (id(value),))


def _own_repr(value: object, kind: type[Any]) -> str:
    text = repr(value)
    if not isinstance(text, str):
        return "<%s: repr returned %s>" % (kind.__name__, type(text).__name__)
    # The program can make this as long as it likes; what is cut later is bounded here already.
    return without_addresses(text[:100000]) if len(text) <= 100000 else text[:100000] + "…"


def _instance_items(value: object) -> list[tuple[str, Any]]:
    """(name, value) of an instance's own attributes; no property and no __getattr__ of the program runs."""
    items: list[tuple[str, Any]] = []
    try:
        items.extend(dict.items(object.__getattribute__(value, "__dict__")))
    except (AttributeError, TypeError):
        pass
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            member = base.__dict__.get(name)
            if isinstance(member, types.MemberDescriptorType):
                try:
                    items.append((name, member.__get__(value)))
                except AttributeError:
                    continue
    return items


def child_count(value: Any) -> int:
    """How many parts `children` would give, or 0 for a plain value."""
    kind = type(value)
    if kind in (str, bytes, int, float, bool, complex, type(None)) or issubclass(kind, _CODE_TYPES):
        return 0
    if _is_collection(kind):
        try:
            return len(value)
        except Exception:
            return 0
    return len(_instance_items(value))


def _is_collection(kind: type[Any]) -> bool:
    if issubclass(kind, (str, bytes, bytearray, memoryview)):
        return False
    return issubclass(kind, (list, tuple, dict, set, frozenset, range, collections.deque)) or issubclass(
        kind, (collections.abc.Mapping, collections.abc.Sequence, collections.abc.Set)
    )


def children(value: Any) -> Iterator[tuple[str, Any]]:
    """Iterate over (name, value) of the parts: `[0]`, `['key']`, `.attribute`. Nothing is copied."""
    kind = type(value)
    if issubclass(kind, (types.ModuleType, type)):
        return ((".%s" % name, item) for name, item in list(vars(value).items()) if not name.startswith("__"))
    if not _is_collection(kind):
        return ((".%s" % name, item) for name, item in _instance_items(value))
    if issubclass(kind, collections.abc.Mapping):
        return (("[%s]" % describe(key, 80), item) for key, item in value.items())
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return ((".%s" % name, item) for name, item in zip(kind._fields, value))
    if issubclass(kind, collections.abc.Set):
        return (("{%d}" % index, item) for index, item in enumerate(value))
    return (("[%d]" % index, item) for index, item in enumerate(value))


def page_of_children(value: Any, start: int, count: int) -> list[tuple[str, Any]]:
    """`children` from `start` on, `count` of them; sequences are indexed, not walked."""
    kind = type(value)
    if _is_collection(kind) and issubclass(kind, (list, tuple, range)) and not hasattr(kind, "_fields"):
        total = len(value)
        return [("[%d]" % index, value[index]) for index in range(min(start, total), min(start + count, total))]
    return list(itertools.islice(children(value), start, start + count))
