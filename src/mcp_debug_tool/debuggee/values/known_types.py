"""Which types are shown in a way of their own: one table, asked for every value.

A type is known by its name and those of its bases, so that no library is imported and none needs to be there. An entry
holds where the type's repr is the one the entry stands for; a repr that somebody wrote in a subclass is asked instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import read_only
from . import addresses, arrays, builtin_types, generated, kinds, stdlib_types, tables
from .layouts import Layout, Text, items

_SHOWN: dict[str, Callable[[Any, int], Any]] = {**builtin_types.SHOWN, **stdlib_types.SHOWN}
_ASKING_NOBODY = frozenset(
    "builtins.function builtins.builtin_function_or_method builtins.range builtins.ellipsis builtins.code"
    " builtins.NotImplementedType builtins.wrapper_descriptor builtins.method_descriptor builtins.getset_descriptor"
    " builtins.member_descriptor builtins.classmethod_descriptor _thread.lock _thread.RLock decimal.Decimal"
    " fractions.Fraction uuid.UUID datetime.timezone zoneinfo.ZoneInfo pathlib.PosixPath pathlib.PurePosixPath"
    " pathlib.WindowsPath pathlib.PureWindowsPath ipaddress.IPv4Address ipaddress.IPv6Address ipaddress.IPv4Network"
    " ipaddress.IPv6Network".split()
)
# A library's subclasses are many, and have reprs that it wrote for each.
_OF_A_LIBRARY: dict[str, Callable[[Any, Any, int], Any]] = {**arrays.SHOWN, **tables.SHOWN}


def layout(value: Any, limit: int) -> Layout | str | None:
    """How `value` is shown in some `limit` characters; None where its own repr() has to tell."""
    kind = type(value)
    if type(kind) is type:
        exact = builtin_types.EXACT.get(kind)
        if exact is not None:
            found: Layout | str | None = exact(value, limit)
            return found
    known = generated.layout(value) or _by_name(value, kind, limit)
    return known or (_whatever_its_repr(value, kind, limit) if read_only.is_on else None)


def _whatever_its_repr(value: Any, kind: type[Any], limit: int) -> Layout | str | None:
    """How a value is shown that may not be asked for its repr: as the nearest of its bases is, at last `object`."""
    if asks_nobody(value):
        return None
    nearest = next(name for name in map(kinds.known_as, kinds.bases(kind)) if name in _SHOWN)
    found: Layout | str = _SHOWN[nearest](value, limit)
    return found


def asks_nobody(value: object) -> bool:
    """Whether its repr is Python's own, and is made without a word from any other object."""
    kind = type(value)
    if issubclass(kind, type):
        return kinds.same_method(kind, type, "__repr__")
    return kinds.known_as(kind) in _ASKING_NOBODY


def _by_name(value: Any, kind: type[Any], limit: int) -> Layout | str | None:
    found: Layout | str | None = None
    for base in kinds.bases(kind):
        name = kinds.known_as(base)
        if name in _WHATEVER_THE_REPR or (name in _OF_A_LIBRARY and _repr_is_of_its_package(kind, base)):
            found = (_WHATEVER_THE_REPR.get(name) or _OF_A_LIBRARY[name])(value, base, limit)
        elif name in _SHOWN and kinds.same_method(kind, base, "__repr__"):
            found = _SHOWN[name](value, limit)
        if found is not None:
            return found
    return None


def _repr_is_of_its_package(kind: type[Any], base: type[Any]) -> bool:
    writer = next(each for each in kinds.bases(kind) if "__repr__" in kinds.own_names(each))
    return kinds.package(writer) == kinds.package(base)


def _mock(value: Any, base: Any, limit: int) -> str:
    """As mocks show themselves; a `__repr__` that is a mock too would count the call."""
    return addresses.without(kinds.own_names(base)["__repr__"](value))


def _query_set(value: Any, base: Any, limit: int) -> str | Layout:
    """Its rows when it has them; it is not made to ask the database for them."""
    own = kinds.attributes(value)
    rows = own.get("_result_cache")
    if rows is None:
        return "<%s of %s, not evaluated>" % (kinds.name(type(value)), kinds.name(own["model"]))
    return items("<%s [" % kinds.name(type(value)), iter(rows), "]>", len(rows))


_WHATEVER_THE_REPR: dict[str, Callable[[Any, Any, int], Any]] = {
    "unittest.NonCallableMock": _mock,
    "django.QuerySet": _query_set,
    "polars.LazyFrame": lambda value, base, limit: Text("<LazyFrame, not collected>"),
}
