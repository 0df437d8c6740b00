"""Which parts a value of a well-known type has: one table, by name of the type or one of its bases.

What is told whole in its one line has none. Nothing here runs code of the program, but for what its own subclasses and
the libraries' do when they are asked for an element.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import kinds
from .builtin_types import set_items
from .pages import Joined, Parts, attributes, indexed, iterated, key_name, keyed, listed, pairs
from .stdlib_types import structure_fields

_NONE = listed([])


def _nothing(value: Any, base: Any) -> Parts:
    return _NONE


def _with_attributes(items: Callable[[Any, Any], Parts]) -> Callable[[Any, Any], Parts]:
    """A subclass may keep more than its items."""

    def found(value: Any, base: Any) -> Parts:
        own = kinds.attributes(value)
        return Joined(items(value, base), attributes(value)) if own else items(value, base)

    return found


def _sequence(value: Any, base: Any) -> Parts:
    return indexed(base.__len__(value), lambda index: base.__getitem__(value, index))


def _tuple(value: Any, base: Any) -> Parts:
    names = kinds.lookup(type(value), "_fields")
    if type(names) is tuple and len(names) == tuple.__len__(value):
        return listed([(".%s" % name, item) for name, item in zip(names, tuple.__iter__(value))])
    return _sequence(value, base)


def _in_order(value: Any, base: Any) -> Parts:
    return iterated(base.__len__(value), lambda: base.__iter__(value))


def _set(value: Any, base: Any) -> Parts:
    return iterated(base.__len__(value), lambda: set_items(value), "{%d}")


def _dict(value: Any, base: Any) -> Parts:
    return pairs(dict.__len__(value), lambda: base.items(value))


def _kept_in(attribute: str) -> Callable[[Any, Any], Parts]:
    """Parts of what the value is made around; its attributes while that is not there."""

    def found(value: Any, base: Any) -> Parts:
        kept = kinds.attributes(value).get(attribute)
        for kind, known in ((dict, _dict), (list, _sequence)):
            if type(kept) is kind:
                return known(kept, kind)
        return attributes(value)

    return found


def _class(value: Any, base: Any) -> Parts:
    members = kinds.own_names(value).get("_member_map_")
    if type(members) is dict:
        return listed([(".%s" % name, member) for name, member in members.items()])
    return _public(list(kinds.own_names(value).items()))


def _module(value: Any, base: Any) -> Parts:
    return _public(list(dict.items(kinds.attributes(value))))


def _public(found: list[tuple[str, Any]]) -> Parts:
    return listed([(".%s" % name, item) for name, item in found if not name.startswith("__")])


def _enum(value: Any, base: Any) -> Parts:
    own = kinds.attributes(value)
    more = [(name, item) for name, item in own.items() if not name.startswith("_")]
    return listed([(".name", own.get("_name_")), (".value", own.get("_value_")), *((".%s" % n, i) for n, i in more)])


def _exception(value: Any, base: Any) -> Parts:
    names = ["args", "exceptions", "__cause__", "__context__"]
    found = [
        (name, kinds.lookup(type(value), name).__get__(value)) for name in names if kinds.lookup(type(value), name)
    ]
    return Joined(listed([(".%s" % name, item) for name, item in found if item]), attributes(value))


def _named(*names: str) -> Callable[[Any, Any], Parts]:
    def found(value: Any, base: Any) -> Parts:
        return listed([(".%s" % name, getattr(value, name)) for name in names])

    return found


def _structure(value: Any, base: Any) -> Parts:
    return listed([(".%s" % name, item) for name, item in structure_fields(value)])


def _by_index(value: Any, base: Any) -> Parts:
    return indexed(len(value), lambda index: value[index])


def _memoryview(value: Any, base: Any) -> Parts:
    return _by_index(value, base) if value.ndim == 1 else _NONE


def _array(value: Any, base: Any) -> Parts:
    return indexed(value.shape[0], lambda index: value[index]) if value.shape else _NONE


def _record(value: Any, base: Any) -> Parts:
    return keyed(len(value.dtype.names), value.dtype.names, lambda name: value[name]) if value.dtype.names else _NONE


def _series(value: Any, base: Any) -> Parts:
    items, labels = value.array, value.index
    return Parts(len(items), range(len(items)), lambda index: key_name(labels[index]), lambda index: items[index])


def _frame(value: Any, base: Any) -> Parts:
    """Columns, then rows."""
    rows, columns = value.shape
    named = Parts(
        columns, range(columns), lambda index: key_name(value.columns[index]), lambda index: value.iloc[:, index]
    )
    return Joined(named, indexed(rows, lambda index: value.iloc[index], ".iloc[%d]"))


def _polars_frame(value: Any, base: Any) -> Parts:
    columns = keyed(value.shape[1], value.columns, value.get_column)
    return Joined(columns, indexed(value.shape[0], lambda index: value[index]))


def _pydantic(value: Any, base: Any) -> Parts:
    """Fields, extras and private attributes, without the model's own book-keeping."""
    found = list(kinds.attributes(value).items())
    for name in ("__pydantic_extra__", "__pydantic_private__"):
        member = kinds.lookup(type(value), name)
        found += list((dict(kinds.instance_items(value)).get(name) or {}).items()) if member else []
    return listed([(".%s" % name, item) for name, item in found])


def _mock(value: Any, base: Any) -> Parts:
    """What was called how, and the mocks below; nothing is asked of the mock, which would make more of them."""
    own = kinds.attributes(value)
    asked = ("called", "call_count", "call_args", "call_args_list", "return_value", "side_effect")
    found = [(".%s" % name, own["_mock_" + name]) for name in asked if "_mock_" + name in own]
    below = own.get("_mock_children") or {}
    return listed(found + [(".%s" % name, item) for name, item in dict.items(below) if name.isidentifier()])


_TEXTS_AND_NUMBERS = ("builtins.str", "builtins.bytes", "builtins.bytearray", "builtins.int", "builtins.float")
_ATOMS = (
    "builtins.bool builtins.complex builtins.NoneType builtins.function builtins.builtin_function_or_method"
    " datetime.datetime datetime.date datetime.time datetime.timedelta datetime.timezone zoneinfo.ZoneInfo"
    " decimal.Decimal fractions.Fraction uuid.UUID pathlib.PurePath ipaddress._IPAddressBase"
    " numpy.generic numpy.dtype"
)

KNOWN: dict[str, Callable[[Any, Any], Parts]] = {
    **dict.fromkeys(_ATOMS.split(), _nothing),
    **dict.fromkeys(_TEXTS_AND_NUMBERS, _with_attributes(_nothing)),
    "builtins.list": _with_attributes(_sequence),
    "builtins.tuple": _with_attributes(_tuple),
    "builtins.range": _sequence,
    "builtins.set": _with_attributes(_set),
    "builtins.frozenset": _with_attributes(_set),
    "builtins.dict": _with_attributes(_dict),
    "collections.OrderedDict": _with_attributes(_dict),
    "collections.deque": _with_attributes(_in_order),
    **dict.fromkeys(("collections.UserDict", "collections.UserList"), _kept_in("data")),
    **dict.fromkeys(("builtins.dict_keys", "builtins.dict_values", "builtins.dict_items"), _in_order),
    "builtins.memoryview": _memoryview,
    "builtins.mappingproxy": lambda value, base: pairs(len(value), value.items),
    "builtins.type": _class,
    "builtins.module": _module,
    "builtins.BaseException": _exception,
    "builtins.method": _named("__self__", "__func__"),
    "functools.partial": _named("func", "args", "keywords"),
    "enum.Enum": _enum,
    "array.array": _sequence,
    "_ctypes.Array": _by_index,
    "_ctypes.Structure": _structure,
    "_ctypes.Union": _structure,
    "unittest.NonCallableMock": _mock,
    "django.QuerySet": _kept_in("_result_cache"),
    "pydantic.BaseModel": _pydantic,
    "numpy.ndarray": _array,
    "numpy.void": _record,
    "pandas.DataFrame": _frame,
    "pandas.Series": _series,
    **dict.fromkeys(("pandas.Index", "pandas.ExtensionArray", "polars.Series"), _by_index),
    "polars.DataFrame": _polars_frame,
    "torch.Tensor": _array,
}
