"""How arrays are shown: type, shape, dtype, and as much of the beginning as there is room for.

Of an array only single elements are taken, never a copy of more: it may be a file of gigabytes or on another device.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import kinds, layouts
from .builtin_types import text
from .layouts import Layout, Text

_MAX_DTYPE = 40
_SHORT_NUMBER = 10


def _ndarray(value: Any, base: Any, limit: int) -> Layout:
    """A numpy array. Subclasses are looked at as the plain array they are, but for masked ones."""
    is_masked = kinds.lookup(type(value), "_baseclass") is not None
    plain = value if is_masked else base.view(value, base)
    kind = plain.dtype.kind
    opening = "%s %s %s " % (kinds.name(type(value)), plain.shape, dtype_name(plain.dtype))
    return nested(plain, plain.shape, lambda element: number(element, kind), opening)


def nested(array: Any, shape: tuple[int, ...], shown: Callable[[Any], Any], opening: str = "") -> Layout:
    """Elements in as many brackets as there are dimensions; `shown` makes a part of each."""
    if not shape:
        return layouts.one(opening, shown(array[()]), "")
    if len(shape) == 1:
        parts = (("", shown(array[index])) for index in range(shape[0]))
    else:
        parts = (("", nested(array[index], shape[1:], shown)) for index in range(shape[0]))
    return Layout(opening + "[", parts, "]", shape[0], share=1 if len(shape) == 1 else 3, counted=False)


def number(element: Any, kind: str) -> Any:
    """One element of an array of dtype kind `kind`, in the few digits in which arrays are printed."""
    if kind in "biumM" or kinds.name(type(element)) in ("MaskedConstant", "mvoid"):
        return Text(str(element))
    if kind == "f":
        return Text(_rounded(element))
    if kind == "c":
        return Text("%s%sj" % (_rounded(element.real), _rounded(element.imag, "+")))
    return element.item() if kind in "USV" else element


def scalar(value: Any) -> Any:
    """A numpy scalar as arrays show it, anything else as it is."""
    is_numpys = any(kinds.known_as(base) == "numpy.generic" for base in kinds.bases(type(value)))
    return number(value, value.dtype.kind) if is_numpys else value


def _rounded(value: Any, sign: str = "") -> str:
    """A float in eight digits, or fewer if they say the same."""
    shown = str(value) if not sign and len(str(value)) <= _SHORT_NUMBER else format(float(value), sign + ".8g")
    return shown if any(mark in shown for mark in ".en") else shown + ".0"


def dtype_name(dtype: Any) -> str:
    """`int64`; of a structured one its first fields."""
    names = getattr(dtype, "names", None)
    if not names:
        name = str(dtype)
        return name if len(name) <= _MAX_DTYPE else name[: _MAX_DTYPE - 1] + "…"
    shown = ", ".join("%s %s" % (name, dtype_name(dtype[name])) for name in names[:4])
    return "{%s%s}" % (shown, ", … %s fields" % len(names) if len(names) > 4 else "")


def _record(value: Any, base: Any, limit: int) -> Layout | None:
    """A row of a structured array."""
    names = value.dtype.names
    if not names:
        return None
    return layouts.fields("%s(" % kinds.name(type(value)), [(name, scalar(value[name])) for name in names], ")")


def _numpy_str(value: Any, base: Any, limit: int) -> str:
    return "np.str_(%s)" % text(value, limit - len("np.str_()"))


def _numpy_bytes(value: Any, base: Any, limit: int) -> str:
    return "np.bytes_(%s)" % text(value, limit - len("np.bytes_()"), bytes)


def _tensor(value: Any, base: Any, limit: int) -> Layout:
    """A torch tensor, and the device it is on. Of one that has no elements to take its own repr tells."""
    device = str(value.device)
    words = (kinds.name(type(value)), tuple(value.shape), str(value.dtype).rpartition(".")[2])
    opening = "%s %s %s " % words + ("" if device == "cpu" else device + " ")
    return nested(value.detach(), tuple(value.shape), _tensor_element, opening)


def _tensor_element(element: Any) -> Any:
    found = element.item()
    return Text(_rounded(found)) if type(found) is float else found


SHOWN: dict[str, Callable[[Any, Any, int], Any]] = {
    "numpy.ndarray": _ndarray,
    "numpy.void": _record,
    "numpy.str_": _numpy_str,
    "numpy.bytes_": _numpy_bytes,
    "torch.Tensor": _tensor,
}
"""By name of a base; given the value, that base and the room there is."""
