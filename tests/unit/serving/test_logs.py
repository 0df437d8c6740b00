from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest

from mcp_debug_tool.serving.logs import NeverWaits

READ_AT_ONCE = 1024 * 1024


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The two ends of one that nobody reads."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def logged(handler: NeverWaits, text: str) -> None:
    handler.emit(logging.makeLogRecord({"msg": text}))


def test_lines_come_out_whole_and_in_order(pipe: tuple[int, int]) -> None:
    handler = NeverWaits(pipe[1])
    logged(handler, "first")
    logged(handler, "x" * 20_000)
    logged(handler, "a surrogate: \udcff")
    assert os.read(pipe[0], READ_AT_ONCE).decode().split("\n") == ["first", "x" * 20_000, "a surrogate: \\udcff", ""]


def test_a_full_pipe_holds_nothing_up_and_lines_come_again_once_it_is_read(pipe: tuple[int, int]) -> None:
    handler = NeverWaits(pipe[1])
    for number in range(10_000):
        logged(handler, f"line {number}")
    before = os.read(pipe[0], READ_AT_ONCE).decode().splitlines()
    assert before == [f"line {number}" for number in range(len(before))]
    assert 1000 < len(before) < 10_000
    logged(handler, "again")
    assert os.read(pipe[0], READ_AT_ONCE) == b"again\n"


def test_after_a_line_that_was_cut_off_the_next_begins_on_its_own(pipe: tuple[int, int]) -> None:
    handler = NeverWaits(pipe[1])
    logged(handler, "x" * 2 * READ_AT_ONCE)
    assert set(os.read(pipe[0], READ_AT_ONCE)) == set(b"x")
    logged(handler, "next")
    assert os.read(pipe[0], READ_AT_ONCE) == b"\nnext\n"
    logged(handler, "further")
    assert os.read(pipe[0], READ_AT_ONCE) == b"further\n"


def test_a_reader_that_has_gone_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    logged(NeverWaits(writing), "to nobody")
    os.close(writing)
