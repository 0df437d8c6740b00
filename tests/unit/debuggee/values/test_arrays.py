"""How arrays and tables are shown that the tests have no library for: by look-alikes of torch and polars.

The real numpy and pandas stand in tests/integration/debuggees/gallery_libraries.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from mcp_debug_tool.debuggee import values
from mcp_debug_tool.debuggee.values import arrays, parts


def like(name: str) -> Any:
    """Make a class pass for another package's."""

    def passing(kind: Any) -> Any:
        kind.__module__, _, kind.__qualname__ = name.rpartition(".")
        return kind

    return passing


@like("torch.Tensor")
class Tensor:
    """Counts the elements taken from it."""

    def __init__(self, shape: tuple[int, ...], device: str = "cpu", first: float = 0.0) -> None:
        self.shape = shape
        self.dtype = "torch.float32"
        self.device = device
        self.first = first
        self.taken: list[int] = []

    def detach(self) -> Tensor:
        return self

    def __getitem__(self, index: Any) -> Tensor:
        if index == ():
            return self
        below = Tensor(self.shape[1:], self.device, self.first * 10 + index)
        below.taken = self.taken
        return below

    def item(self) -> float:
        assert self.shape == ()
        self.taken.append(1)
        return self.first

    def __repr__(self) -> str:
        return "tensor of its own words"


def test_a_tensor_is_shown_with_shape_dtype_device_and_its_first_elements() -> None:
    assert values.describe(Tensor((2, 2))) == "Tensor (2, 2) float32 [[0.0, 1.0], [10.0, 11.0]]"
    assert values.describe(Tensor((1,), "cuda:0")) == "Tensor (1,) float32 cuda:0 [0.0]"
    assert values.describe(Tensor((), first=2.5)) == "Tensor () float32 2.5"


def test_only_the_elements_that_are_shown_are_taken() -> None:
    huge = Tensor((10**9, 10**9))
    assert values.describe(huge).startswith("Tensor (1000000000, 1000000000) float32 [[0.0, 1.0, ")
    assert len(huge.taken) < 100


def test_a_tensor_without_elements_to_take_shows_itself() -> None:
    class Meta(Tensor):
        def __getitem__(self, index: object) -> Tensor:
            raise RuntimeError("no elements on this device")

    assert values.describe(Meta((2,))) == "tensor of its own words"


def test_the_parts_of_a_tensor_are_reached_by_number() -> None:
    assert parts.count(Tensor((3, 2))) == 3
    ((name, row),) = parts.of(Tensor((10**9, 2))).page(5, 1)
    assert name == "[5]"
    assert row.shape == (2,)


@pytest.mark.parametrize(
    ("element", "kind", "shown"),
    [
        (1.0, "f", "1.0"),
        (1 / 3, "f", "0.33333333"),
        (123456789012.0, "f", "1.2345679e+11"),
        (12345678.25, "f", "12345678.0"),
        (float("nan"), "f", "nan"),
        (1 - 1j, "c", "1.0-1.0j"),
        (7, "i", "7"),
    ],
)
def test_numbers_of_arrays_have_as_many_digits_as_arrays_are_printed_with(element: Any, kind: str, shown: str) -> None:
    assert arrays.number(element, kind) == shown
