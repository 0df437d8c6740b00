"""How data frames, series and indexes are shown: size, dtypes and the first values of each column.

Single values are taken, never a slice or a conversion of a column, and only of the columns there is room for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from . import kinds, layouts
from .arrays import dtype_name, scalar
from .layouts import Key, Layout, Text

_MOST_IN_COLUMN = 8
_SCALARS = ("Timestamp", "Timedelta", "Period", "Interval", "NaTType", "NAType")


def _element(values: Any, index: int) -> Any:
    """One value of an index, or of the array behind a series: its dtype has been told."""
    value = values[index]
    if type(value) is tuple:
        return tuple(map(_label, value))
    is_pandas = kinds.known_as(type(value)).startswith("pandas.")
    return Text(str(value)) if is_pandas and kinds.name(type(value)) in _SCALARS else scalar(value)


def _label(value: Any) -> Any:
    """A part of a MultiIndex's label: a number of Python's for one of numpy's."""
    return value.item() if kinds.module(type(value)) == "numpy" else value


def _head(values: Any, opening: str, most: int = layouts.MOST_PARTS) -> Layout:
    """`int64 [1, 2, …]`."""
    parts = (("", _element(values, index)) for index in range(len(values)))
    return Layout(opening + "[", parts, "]", len(values), most=most, counted=False)


def _named(value: Any, name: object = None) -> str:
    shown = "" if name is None else "%s " % repr(name)[:40]
    return "%s %s%s %s " % (kinds.name(type(value)), shown, (len(value),), dtype_name(value.dtype))


def _series(value: Any, base: Any, limit: int) -> Layout:
    values, index, opening = value.array, value.index, _named(value, value.name)
    if _just_counts(index):
        return _head(values, opening)
    found = ((_element(index, n), _element(values, n)) for n in range(len(values)))
    return layouts.pairs(opening + "{", found, "}", len(values), counted=False)


def _just_counts(index: Any) -> bool:
    """Whether rows are simply numbered."""
    return kinds.name(type(index)) == "RangeIndex" and (index.start, index.step) == (0, 1)


def _index(value: Any, base: Any, limit: int) -> Layout | None:
    return None if kinds.name(type(value)) == "RangeIndex" else _head(value, _named(value))


def _extension_array(value: Any, base: Any, limit: int) -> Layout:
    return _head(value, _named(value))


def _frame(value: Any, base: Any, limit: int) -> Layout:
    rows, columns = value.shape
    opening = "%s %s {" % (kinds.name(type(value)), (rows, columns))
    return Layout(opening, _columns(value), "}", columns + (not _just_counts(value.index)), share=3, counted=False)


def _columns(value: Any) -> Iterator[tuple[Any, Layout]]:
    if not _just_counts(value.index):
        yield "index: ", _head(value.index, "%s " % dtype_name(value.index.dtype), _MOST_IN_COLUMN)
    for position in range(value.shape[1]):
        column = value.iloc[:, position].array
        yield Key(value.columns[position]), _head(column, "%s " % dtype_name(column.dtype), _MOST_IN_COLUMN)


def _polars_series(value: Any, base: Any, limit: int) -> Layout:
    return _head(value, _named(value, value.name or None))


def _polars_frame(value: Any, base: Any, limit: int) -> Layout:
    columns = (
        (Key(name), _head(value.get_column(name), "%s " % dtype, _MOST_IN_COLUMN))
        for name, dtype in zip(value.columns, value.dtypes)
    )
    opening = "%s %s {" % (kinds.name(type(value)), value.shape)
    return Layout(opening, columns, "}", value.shape[1], share=3, counted=False)


SHOWN: dict[str, Callable[[Any, Any, int], Any]] = {
    "pandas.DataFrame": _frame,
    "pandas.Series": _series,
    "pandas.Index": _index,
    "pandas.ExtensionArray": _extension_array,
    "polars.DataFrame": _polars_frame,
    "polars.Series": _polars_series,
}
"""By name of a base; given the value, that base and the room there is."""
