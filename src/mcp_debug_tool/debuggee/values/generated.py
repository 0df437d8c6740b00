"""The fields of dataclasses, attrs classes, named tuples and pydantic models whose repr nobody wrote by hand."""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Any

from .. import read_only
from . import kinds, layouts
from .layouts import Layout


def layout(value: Any) -> Layout | None:
    """`Item(name='pen')`, or None for a value of another making."""
    kind = type(value)
    method = kinds.lookup(kind, "__repr__")
    if type(method) is not types.FunctionType:
        return None
    for fields in (_dataclass, _attrs, _named_tuple, _pydantic):
        found = fields(value, kind, method)
        if found is not None:
            return layouts.fields("%s(" % kinds.name(kind), found, ")")
    return None


def _dataclass(value: Any, kind: Any, method: Any) -> list[tuple[str, Any]] | None:
    fields = kinds.lookup(kind, "__dataclass_fields__")
    inner = getattr(method, "__wrapped__", None)
    if type(fields) is not dict or type(inner) is not types.FunctionType or inner.__code__.co_filename != "<string>":
        return None
    return _present(value, [field.name for field in fields.values() if field.repr and _is_field(field)])


def _is_field(field: Any) -> bool:
    """Neither a ClassVar nor an InitVar: of those no instance has a value."""
    return getattr(field._field_type, "name", "_FIELD") == "_FIELD"


def _attrs(value: Any, kind: Any, method: Any) -> list[tuple[str, Any]] | None:
    fields = kinds.lookup(kind, "__attrs_attrs__")
    if not isinstance(fields, tuple) or not method.__code__.co_filename.startswith("<attrs generated"):
        return None
    if any(callable(field.repr) for field in fields):
        return None
    return _present(value, [field.name for field in fields if field.repr])


def _named_tuple(value: Any, kind: Any, method: Any) -> list[tuple[str, Any]] | None:
    names = kinds.lookup(kind, "_fields")
    if not issubclass(kind, tuple) or type(names) is not tuple or method.__module__ != "collections":
        return None
    return list(zip(names, tuple.__iter__(value)))


def _pydantic(value: Any, kind: Any, method: Any) -> list[tuple[str, Any]] | None:
    """Fields and extras; computed fields are code of the program, which nobody asked to run."""
    fields = kinds.lookup(kind, "__pydantic_fields__")
    arguments = kinds.lookup(kind, "__repr_args__")
    if type(fields) is not dict or not all(_is_of("pydantic", function) for function in (method, arguments)):
        return None
    own = kinds.attributes(value)
    shown = [(name, own[name]) for name, field in fields.items() if field.repr and name in own]
    extras = _present(value, ["__pydantic_extra__"])
    return shown + list(extras[0][1].items()) if extras and extras[0][1] else shown


def _is_of(package: str, function: object) -> bool:
    return str(getattr(function, "__module__", "")).startswith(package + ".")


def _present(value: Any, names: Iterable[str]) -> list[tuple[str, Any]]:
    """Those that are there: an object may be looked at before its `__init__` has come to all of them."""
    if read_only.is_on:
        own = dict(kinds.instance_items(value))  # a property would be asked below
        return [(name, own[name]) for name in names if name in own]
    found = []
    for name in names:
        try:
            found.append((name, object.__getattribute__(value, name)))
        except AttributeError:
            continue
    return found
