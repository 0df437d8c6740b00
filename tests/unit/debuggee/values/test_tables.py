"""How polars frames are shown, by look-alikes; pandas itself stands in gallery_libraries.py."""

from __future__ import annotations

from typing import Any

from mcp_debug_tool.debuggee import values
from mcp_debug_tool.debuggee.values import parts


class Series:
    dtype = "Int64"

    def __init__(self, name: str, length: int) -> None:
        self.name = name
        self.length = length
        self.read: list[int] = []

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> int:
        self.read.append(index)
        return index

    def __repr__(self) -> str:
        raise AssertionError("it was asked for all of it")


class DataFrame:
    def __init__(self, rows: int, columns: list[str]) -> None:
        self.shape = (rows, len(columns))
        self.columns = columns
        self.dtypes = ["Int64"] * len(columns)
        self.read: list[str] = []

    def get_column(self, name: str) -> Series:
        self.read.append(name)
        return Series(name, self.shape[0])

    def __getitem__(self, index: int) -> str:
        return f"row {index}"

    __repr__ = Series.__repr__


class LazyFrame:
    def __repr__(self) -> str:
        raise AssertionError("it was asked for its plan")


for kind in (Series, DataFrame, LazyFrame):
    kind.__module__ = "polars.some.module"


def test_a_frame_shows_the_first_values_of_the_columns_there_is_room_for() -> None:
    assert values.describe(DataFrame(2, ["a", "b"])) == "DataFrame (2, 2) {'a': Int64 [0, 1], 'b': Int64 [0, 1]}"
    wide = DataFrame(10**9, [f"c{n}" for n in range(10_000)])
    shown = values.describe(wide)
    assert shown.startswith("DataFrame (1000000000, 10000) {'c0': Int64 [0, 1, ")
    assert shown.endswith("…}")
    assert len(shown) <= values.LINE
    assert len(wide.read) < 10


def test_a_series_shows_its_name_its_length_and_its_first_values() -> None:
    series = Series("price", 10**9)
    assert values.describe(series).startswith("Series 'price' (1000000000,) Int64 [0, 1, 2, ")
    assert len(series.read) < 100


def test_a_repr_that_somebody_wrote_for_his_own_kind_of_frame_is_asked() -> None:
    class Map(DataFrame):
        def __repr__(self) -> str:
            return "<Map of Rome>"

    assert values.describe(Map(2, ["a"])) == "<Map of Rome>"


def test_a_lazy_frame_is_not_asked_for_anything() -> None:
    assert values.describe(LazyFrame()) == "<LazyFrame, not collected>"


def test_a_frame_opens_as_its_columns_and_then_its_rows() -> None:
    frame = parts.of(DataFrame(10**9, ["a", "b"]))
    assert frame.total == 10**9 + 2
    found: list[tuple[str, Any]] = frame.page(1, 2)
    assert found[0][0] == "['b']"
    assert found[1] == ("[0]", "row 0")
