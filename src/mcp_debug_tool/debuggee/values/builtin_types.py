"""How Python's own types are shown. Only their own methods are called, whatever a subclass has made of them."""

from __future__ import annotations

import collections
import itertools
import types
from collections.abc import Callable, Iterator
from typing import Any

from . import kinds, layouts
from .layouts import Layout

# Longer ones take Python too long to write out, and from 3.11 on it refuses.
_SHORT_INT_BITS = 4096
_DIGITS_AT_ONCE = 4000
_MAX_SORTED = 1000
_SORTED_TYPES = frozenset((str, bytes, int, float, bool))
arguments: Any = BaseException.__dict__["args"].__get__
_filename: Any = OSError.__dict__["filename"].__get__


def text(value: Any, limit: int, kind: Any = str) -> str:
    """A str or bytes; of a long one its beginning and how long it is."""
    head = kind.__getitem__(value, slice(0, limit))
    return _quoted(head, kind.__len__(value), limit, "chars" if kind is str else "bytes")


def _quoted(head: Any, length: int, limit: int, unit: str) -> str:
    shown = repr(head)
    if length <= len(head) and len(shown) <= limit:
        return shown
    note = "… (%s %s)" % (format(length, ","), unit)
    return shown[: max(limit - len(note), 1)] + note


def _bytes(value: Any, limit: int) -> str:
    return text(value, limit, bytes)


def _bytearray(value: Any, limit: int) -> str:
    opening = "%s(" % kinds.name(type(value))
    head = bytes(bytearray.__getitem__(value, slice(0, limit)))
    return opening + _quoted(head, bytearray.__len__(value), limit - len(opening) - 1, "bytes") + ")"


def _memoryview(value: Any, limit: int) -> str | Layout:
    try:
        size, form, shape = value.nbytes, value.format, value.shape
    except ValueError:
        return "<memoryview released>"
    if len(shape) != 1:
        return "<memoryview of %s, format %r>" % (shape, form)
    if form in ("B", "b", "c"):
        return "<memoryview %s>" % _quoted(bytes(value[:limit]), size, limit - len("<memoryview >"), "bytes")
    numbers = (value[index] for index in range(shape[0]))
    return layouts.items("<memoryview %s %r [" % (shape, form), numbers, "]>", shape[0], counted=False)


def _int(value: Any, limit: int) -> str:
    bits = int.bit_length(value)
    if bits <= _SHORT_INT_BITS:
        return int.__repr__(value)
    if bits * 0.30103 + 2 > limit:
        return "<int of %s bits>" % format(bits, ",")
    pieces, rest = [], int.__abs__(value)
    while rest:
        rest, piece = divmod(rest, 10**_DIGITS_AT_ONCE)
        pieces.append(str(piece).zfill(_DIGITS_AT_ONCE))
    return ("-" if int.__lt__(value, 0) else "") + "".join(reversed(pieces)).lstrip("0")


def _written_by(kind: Any) -> Callable[[Any, int], str]:
    """The type's own way to write a value, which is short."""

    def written(value: Any, limit: int) -> str:
        return str(kind.__repr__(value))

    return written


def _around(value: Any, base: Any, brackets: str) -> tuple[str, str]:
    """What stands around the parts; a subclass gives its name."""
    kind = type(value)
    return (
        (brackets[0], brackets[1]) if kind is base else ("%s(%s" % (kinds.name(kind), brackets[0]), brackets[1] + ")")
    )


def _list(value: Any, limit: int) -> Layout:
    opening, closing = _around(value, list, "[]")
    return layouts.items(opening, list.__iter__(value), closing, list.__len__(value))


def _tuple(value: Any, limit: int) -> Layout:
    opening, closing = _around(value, tuple, "()")
    total = tuple.__len__(value)
    return layouts.items(opening, tuple.__iter__(value), ",%s" % closing if total == 1 else closing, total)


def _set(value: Any, limit: int) -> str | Layout:
    base: Any = set if isinstance(value, set) else frozenset
    total = base.__len__(value)
    if not total:
        return "%s()" % kinds.name(type(value))
    opening, closing = _around(value, set, "{}")
    return layouts.items(opening, set_items(value), closing, total)


def set_items(value: Any) -> Iterator[Any]:
    """The items of a set; plain ones sorted, as their own order changes from run to run."""
    base: Any = set if isinstance(value, set) else frozenset
    if base.__len__(value) <= _MAX_SORTED:
        try:
            return iter(sorted(base.__iter__(value), key=_sort_key))
        except TypeError:
            pass
    found: Iterator[Any] = base.__iter__(value)
    return found


def _sort_key(value: Any) -> tuple[str, Any]:
    kind = type(value)
    if type(kind) is type:
        if kind in _SORTED_TYPES:
            return kind.__name__, value
        if kind is tuple:
            return "tuple", tuple(map(_sort_key, value))
        if value is None:
            return "None", 0
    raise TypeError("of no known order")


def _dict(value: Any, limit: int) -> Layout:
    opening, closing = _around(value, dict, "{}")
    return layouts.pairs(opening, dict.items(value), closing, dict.__len__(value))


def _ordered_dict(value: Any, limit: int) -> Layout:
    opening, closing = _around(value, dict, "{}")
    return layouts.pairs(opening, collections.OrderedDict.items(value), closing, dict.__len__(value))


def _mapping_proxy(value: Any, limit: int) -> Layout:
    return layouts.pairs("mappingproxy({", value.items(), "})", len(value))


def _dict_items(value: Any, limit: int) -> Layout:
    return layouts.items("%s([" % kinds.name(type(value)), iter(value), "])", len(value))


def _deque(value: Any, limit: int) -> Layout:
    most = collections.deque.maxlen.__get__(value)
    closing = "])" if most is None else "], maxlen=%s)" % most
    opening = "%s([" % kinds.name(type(value))
    return layouts.items(opening, collections.deque.__iter__(value), closing, collections.deque.__len__(value))


def _object(value: Any, limit: int) -> str | Layout:
    """An object without a repr of its own: its class and its attributes instead of its address."""
    name = kinds.name(type(value))
    found = kinds.instance_items(value)
    return layouts.fields("<%s " % name, found, ">", brief="<%s>" % name) if found else "<%s>" % name


def _exception(value: Any, limit: int) -> Layout:
    given = [("", argument) for argument in arguments(value)]
    if isinstance(value, OSError) and _filename(value) is not None:
        given.append(("filename", _filename(value)))
    return layouts.fields("%s(" % kinds.name(type(value)), given, ")")


def _module(value: Any, limit: int) -> str:
    name = kinds.attributes(value).get("__name__")
    return "<module %s>" % (name if type(name) is str else "?")


def _function_name(function: Any) -> str:
    return str(function.__qualname__) if type(function) is types.FunctionType else kinds.name(type(function))


def _bound_method(value: Any, limit: int) -> str:
    owner = value.__self__
    whose = "class %s" % kinds.name(owner) if issubclass(type(owner), type) else "%s object" % kinds.name(type(owner))
    return "<bound method %s of %s>" % (_function_name(value.__func__), whose)


def _decorated(name: str, holder: str) -> Callable[[Any, int], str]:
    def shown(value: Any, limit: int) -> str:
        return "<%s %s>" % (name, _function_name(getattr(value, holder)))

    return shown


def _suspended(name: str, prefix: str) -> Callable[[Any, int], str]:
    """A generator or coroutine and how far it has come; it is not asked for anything."""

    def shown(value: Any, limit: int) -> str:
        frame = getattr(value, prefix + "_frame")
        if frame is None:
            where = "finished"
        elif getattr(value, prefix + "_running"):
            where = "running at line %s" % frame.f_lineno
        elif frame.f_lasti < 0 or getattr(value, prefix + "_suspended", None) is False:
            where = "not started"
        else:
            where = "at line %s" % frame.f_lineno
        return "<%s %s %s>" % (name, value.__qualname__, where)

    return shown


def _traceback(value: Any, limit: int) -> str:
    deep = 1
    while value.tb_next is not None and deep < 10_000:
        value, deep = value.tb_next, deep + 1
    return "<traceback to line %s in %s, %s deep>" % (value.tb_lineno, value.tb_frame.f_code.co_name, deep)


EXACT: dict[type[Any], Callable[[Any, int], Any]] = {
    str: text,
    int: _int,
    float: _written_by(float),
    bool: _written_by(bool),
    type(None): _written_by(type(None)),
    list: _list,
    dict: _dict,
    tuple: _tuple,
    set: _set,
    frozenset: _set,
    bytes: _bytes,
    complex: _written_by(complex),
}
"""The commonest types, when they are exactly that."""

SHOWN: dict[str, Callable[[Any, int], Any]] = {
    **{kinds.known_as(kind): shown for kind, shown in EXACT.items()},
    "builtins.object": _object,
    "builtins.bytearray": _bytearray,
    "builtins.memoryview": _memoryview,
    "builtins.mappingproxy": _mapping_proxy,
    "builtins.BaseException": _exception,
    "builtins.module": _module,
    "builtins.method": _bound_method,
    "builtins.property": _decorated("property", "fget"),
    "builtins.classmethod": _decorated("classmethod", "__func__"),
    "builtins.staticmethod": _decorated("staticmethod", "__func__"),
    "builtins.generator": _suspended("generator", "gi"),
    "builtins.coroutine": _suspended("coroutine", "cr"),
    "builtins.async_generator": _suspended("async_generator", "ag"),
    "builtins.traceback": _traceback,
    "collections.OrderedDict": _ordered_dict,
    "collections.defaultdict": _dict,
    "collections.Counter": _dict,
    "collections.deque": _deque,
    **dict.fromkeys(
        ("builtins.%s_%s" % pair for pair in itertools.product(("dict", "odict"), ("keys", "values", "items"))),
        _dict_items,
    ),
}
"""By name of the type whose repr is in force."""
