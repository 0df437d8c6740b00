"""How types of the standard library are shown, where their own repr tells too little, too much or an address."""

from __future__ import annotations

import _io
import _weakref
from collections.abc import Callable
from typing import Any

from . import kinds, layouts
from .layouts import Layout


def _in_words(value: Any, limit: int) -> str:
    """`date(2024-01-02)`: what it is, and as it is printed."""
    return "%s(%s)" % (kinds.name(type(value)), str(value))


def _timedelta(value: Any, limit: int) -> str:
    return "%s(%s)" % (kinds.name(type(value)), "-(%s)" % -value if value.days < 0 else value)


def _enum(value: Any, limit: int) -> Layout:
    own = kinds.attributes(value)
    return layouts.one("<%s.%s: " % (kinds.name(type(value)), own["_name_"]), own["_value_"], ">")


def _called_with(attribute: str) -> Callable[[Any, int], Layout]:
    """`UserList([1])`: the type around what it keeps."""

    def shown(value: Any, limit: int) -> Layout:
        return layouts.one("%s(" % kinds.name(type(value)), kinds.attributes(value)[attribute], ")")

    return shown


def _chain_map(value: Any, limit: int) -> Layout:
    maps = kinds.attributes(value)["maps"]
    return layouts.items("%s(" % kinds.name(type(value)), iter(maps), ")", len(maps))


def _namespace(value: Any, limit: int) -> Layout:
    return layouts.fields("%s(" % kinds.name(type(value)), kinds.instance_items(value), ")")


def _with(*attributes: str) -> Callable[[Any, int], Layout]:
    """`<Semaphore value=1>`: the type and what it keeps under these names, of which not every version has each."""

    def shown(value: Any, limit: int) -> Layout:
        own = kinds.attributes(value)
        found = [(name.lstrip("_"), own[name]) for name in attributes if name in own]
        return layouts.fields("<%s " % kinds.name(type(value)), found, ">")

    return shown


def _flag(attribute: str) -> Callable[[Any, int], str]:
    def shown(value: Any, limit: int) -> str:
        return "<%s %s>" % (kinds.name(type(value)), "set" if kinds.attributes(value)[attribute] else "unset")

    return shown


def _queue(kept: str, most: str) -> Callable[[Any, int], Layout]:
    """`<Queue maxsize=5 [1, 2]>`, whatever waits in it left there."""

    def shown(value: Any, limit: int) -> Layout:
        own = kinds.attributes(value)
        maxsize = "maxsize=%s " % own[most] if own[most] else ""
        opening = "<%s %s[" % (kinds.name(type(value)), maxsize)
        return layouts.items(opening, iter(own[kept]), "]>", len(own[kept]))

    return shown


def _array(value: Any, limit: int) -> Layout:
    return layouts.items("%s(%r, [" % (kinds.name(type(value)), value.typecode), iter(value), "])", len(value))


def _structure(value: Any, limit: int) -> Layout:
    return layouts.fields("%s(" % kinds.name(type(value)), structure_fields(value), ")")


def structure_fields(value: Any) -> list[tuple[str, Any]]:
    """(name, value) of the fields of a ctypes Structure or Union."""
    declared = [kinds.own_names(base).get("_fields_", ()) for base in reversed(kinds.bases(type(value)))]
    return [(field[0], kinds.lookup(type(value), field[0]).__get__(value)) for fields in declared for field in fields]


def _ctypes_array(value: Any, limit: int) -> Layout:
    return layouts.items("%s([" % kinds.name(type(value)), (value[n] for n in range(len(value))), "])", len(value))


def _pointer(value: Any, limit: int) -> str:
    """An address tells nothing, and what it points to may not be there."""
    return "<%s>" % kinds.name(type(value)) if value else "%s(None)" % kinds.name(type(value))


def _bytes_io(value: Any, limit: int) -> str:
    name = kinds.name(type(value))
    try:
        position = _io.BytesIO.tell(value)
        with _io.BytesIO.getbuffer(value) as view:
            total, head = view.nbytes, bytes(view[:limit])
    except ValueError:
        return "<%s closed>" % name
    return _stream(name, position, total, head, limit, bytes)


def _string_io(value: Any, limit: int) -> str:
    name = kinds.name(type(value))
    try:
        position, whole = _io.StringIO.tell(value), _io.StringIO.getvalue(value)
    except ValueError:
        return "<%s closed>" % name
    return _stream(name, position, len(whole), whole[:limit], limit, str)


def _stream(name: str, position: int, total: int, head: Any, limit: int, kind: Any) -> str:
    opening = "<%s at %s of %s: " % (name, format(position, ","), format(total, ","))
    room = limit - len(opening) - 1
    shown: str = kind.__repr__(head)
    if total > len(head) or len(shown) > room:
        shown = shown[: max(room - 1, 1)] + "…"
    return "%s%s>" % (opening, shown)


def _popen(value: Any, limit: int) -> Layout:
    own = kinds.attributes(value)
    code = own.get("returncode")
    how = "running" if code is None else "returncode=%s" % code
    return layouts.one("<%s %s " % (kinds.name(type(value)), how), own.get("args"), ">")


def _partial(value: Any, limit: int) -> Layout:
    given = [("", value.func), *(("", argument) for argument in value.args), *value.keywords.items()]
    return layouts.fields("%s(" % kinds.name(type(value)), given, ")")


def _cached(value: Any, limit: int) -> Layout:
    return layouts.one("<lru_cache ", kinds.attributes(value)["__wrapped__"], ">")


def _weak_reference(value: Any, limit: int) -> str | Layout:
    target = _weakref.ref.__call__(value)
    return "<weakref dead>" if target is None else layouts.one("<weakref to ", target, ">")


def _socket(value: Any, limit: int) -> Layout | str:
    if value.fileno() < 0:
        return "<%s closed>" % kinds.name(type(value))
    ends = []
    for name, address in (("laddr", value.getsockname), ("raddr", value.getpeername)):
        try:
            ends.append((name, address()))
        except OSError:
            continue
    kind = " ".join(str(getattr(part, "name", part)) for part in (value.family, value.type))
    return layouts.fields("<%s %s " % (kinds.name(type(value)), kind), ends, ">")


SHOWN: dict[str, Callable[[Any, int], Any]] = {
    **dict.fromkeys(("datetime.datetime", "datetime.date", "datetime.time"), _in_words),
    "datetime.timedelta": _timedelta,
    "enum.Enum": _enum,
    **dict.fromkeys(("collections.UserDict", "collections.UserList", "collections.UserString"), _called_with("data")),
    "collections.ChainMap": _chain_map,
    "types.SimpleNamespace": _namespace,
    "argparse.Namespace": _namespace,
    "array.array": _array,
    **dict.fromkeys(("_ctypes.Structure", "_ctypes.Union"), _structure),
    "_ctypes.Array": _ctypes_array,
    **dict.fromkeys(("ctypes.c_void_p", "ctypes.c_char_p", "ctypes.c_wchar_p", "_ctypes._Pointer"), _pointer),
    "_io.BytesIO": _bytes_io,
    "_io.StringIO": _string_io,
    "queue.Queue": _queue("queue", "maxsize"),
    "asyncio.Queue": _queue("_queue", "_maxsize"),
    "threading.Event": _flag("_flag"),
    "asyncio.Event": _flag("_value"),
    "threading.Semaphore": _with("_value"),
    "threading.Barrier": _with("_parties", "_count"),
    "subprocess.Popen": _popen,
    "functools.partial": _partial,
    "functools._lru_cache_wrapper": _cached,
    "builtins.weakref": _weak_reference,
    "weakref.ReferenceType": _weak_reference,
    "socket.socket": _socket,
}
"""By name of the type whose repr is in force."""
