"""Values that are kept whole: the last few."""

from __future__ import annotations

import pytest

from mcp_debug_tool.errors import UsageError
from mcp_debug_tool.whole_values import MAX_VALUES, WholeValues


def test_each_has_a_number_and_the_oldest_gives_way() -> None:
    values = WholeValues()
    numbers = [values.keep(f"text {n}") for n in range(1, MAX_VALUES + 2)]
    assert numbers == list(range(1, MAX_VALUES + 2))
    assert values.numbers() == numbers[1:]
    assert values.text(MAX_VALUES + 1) == f"text {MAX_VALUES + 1}"


@pytest.mark.parametrize("number", [0, 1, 99])
def test_what_is_not_kept_is_refused_with_what_is(number: int) -> None:
    values = WholeValues()
    for n in range(MAX_VALUES + 1):
        values.keep(str(n))
    with pytest.raises(UsageError, match=rf"value {number} is not kept, only the last 8 that were cut: 2, 3, .*, 9$"):
        values.text(number)


def test_where_nothing_was_cut_nothing_is_kept() -> None:
    with pytest.raises(UsageError, match="cut: none"):
        WholeValues().text(1)
