"""Colour adds nothing and takes nothing away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_debug_tool.cli.colours import coloured
from mcp_debug_tool.views import visible

PAGE = """s1 stopped: uncaught exception at orders.py:18 in total
exception:
  KeyError: 'nothere', raised at orders.py:18 in total
source:
    16     \"\"\"
    17     for name, count in order.items():
  > 18         cents += PRICES[name] * count
    19
stack:
  #0 total orders.py:18
locals of #1:
  order = {'tea': 1}
  [bold]red[/bold] = :smile:
output:
  a = b
next: evaluate, get_variables"""


def styles(text: str, words: str) -> set[str]:
    page = coloured(text)
    start = page.plain.index(words)
    return {str(span.style) for span in page.spans if span.start <= start < span.end}


def test_the_words_are_the_same() -> None:
    assert coloured(PAGE).plain == PAGE


@given(st.text().map(visible))
def test_whatever_a_program_has_put_into_it(text: str) -> None:
    assert coloured(text).plain == text


@given(st.lists(st.sampled_from([*PAGE.split("\n"), "  > 1", "source:", "  \t", "  #", '  > 3 """'])))
def test_in_whatever_order(lines: list[str]) -> None:
    assert coloured("\n".join(lines)).plain == "\n".join(lines)


@pytest.mark.parametrize(
    ("words", "style"),
    [
        ("s1 stopped", "bold red"),
        ("  > 18", "bold yellow"),
        ("    17", "dim"),
        ("locals of #1:", "cyan"),
        ("  order", "blue"),
        ("total orders", "bold"),
    ],
)
def test_what_matters_stands_out(words: str, style: str) -> None:
    assert style in styles(PAGE, words)


def test_output_of_the_program_is_taken_for_nothing_else() -> None:
    assert styles(PAGE, "  a = b") == set()
