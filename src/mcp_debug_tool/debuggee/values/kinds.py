"""What can be told of a value's type and attributes without running any code of the program.

A metaclass may answer for a class, and `__getattr__`, `__class__` or a property for a value: none of them is asked
here. What Python itself keeps of a type is read through the descriptors of `type`.
"""

from __future__ import annotations

import types
from typing import Any

_bases: Any = type.__dict__["__mro__"].__get__
_namespace: Any = type.__dict__["__dict__"].__get__
_module: Any = type.__dict__["__module__"].__get__
_qualname: Any = type.__dict__["__qualname__"].__get__
_DESCRIPTORS = (types.GetSetDescriptorType, types.MemberDescriptorType)


def bases(kind: type[Any]) -> tuple[type[Any], ...]:
    """The classes of `kind`, itself first."""
    found: tuple[type[Any], ...] = _bases(kind)
    return found


def own_names(kind: type[Any]) -> types.MappingProxyType[str, Any]:
    """What the body of this class made, without its bases."""
    names: types.MappingProxyType[str, Any] = _namespace(kind)
    return names


def lookup(kind: type[Any], name: str) -> Any:
    """What instances of `kind` have as `name` from their class, not bound to anything; None without it."""
    for base in _bases(kind):
        names = _namespace(base)
        if name in names:
            return names[name]
    return None


def module(kind: type[Any]) -> str:
    """Name of the module a class says it is of."""
    name = _module(kind)
    return name if type(name) is str else ""


def name(kind: type[Any]) -> str:
    """The class as its own module calls it; the function around a local class is left out."""
    text: str = _qualname(kind)
    return text.rpartition("<locals>.")[2]


def full_name(kind: type[Any]) -> str:
    """The class with its module, where that is not the program or Python itself."""
    where = module(kind)
    text: str = _qualname(kind)
    return text if where in ("builtins", "__main__", "") else "%s.%s" % (where, text)


def package(kind: type[Any]) -> str:
    """The part before the first dot of the module a class says it is of."""
    return module(kind).partition(".")[0]


def known_as(kind: type[Any]) -> str:
    """`pandas.DataFrame`: the package and the class, in whichever of its modules that version keeps it."""
    return "%s.%s" % (package(kind), _qualname(kind))


def same_method(kind: type[Any], base: type[Any], method: str) -> bool:
    """Whether nothing between `kind` and its `base` has written a `method` of its own."""
    return lookup(kind, method) is lookup(base, method)


def attributes(value: object) -> dict[str, Any]:
    """An instance's own `__dict__`, even where the class hides it; {} without one. To be read only."""
    for base in _bases(type(value)):
        descriptor = _namespace(base).get("__dict__")
        if type(descriptor) in _DESCRIPTORS:
            found = descriptor.__get__(value)
            return found if isinstance(found, dict) else {}
    return {}


def instance_items(value: object) -> list[tuple[str, Any]]:
    """(name, value) of an instance's own attributes, slots last."""
    items = [(name, item) for name, item in list(dict.items(attributes(value))) if type(name) is str]
    for base in _bases(type(value)):
        names = _namespace(base)
        if "__slots__" in names:
            items.extend(_slots(value, names))
    return items


def _slots(value: object, names: Any) -> list[tuple[str, Any]]:
    members = {name: member for name, member in names.items() if type(member) is types.MemberDescriptorType}
    declared = names["__slots__"]
    # Python keeps them sorted by name; the order they were written in tells more.
    order = [name for name in declared if name in members] if type(declared) in (tuple, list) else []
    found = []
    for name in dict.fromkeys([*order, *members]):
        try:
            found.append((name, members[name].__get__(value)))
        except AttributeError:
            continue
    return found


def is_c_method(method: object) -> bool:
    """Whether a method was not written in Python."""
    return type(method) in (types.WrapperDescriptorType, types.MethodDescriptorType)
