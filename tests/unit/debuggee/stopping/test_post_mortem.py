"""Which frames of a failed test are shown, and how its assertion is explained."""

from __future__ import annotations

import unittest
from collections.abc import Callable
from types import TracebackType

from mcp_debug_tool.debuggee.stopping.post_mortem import MAX_LINE, MAX_LINES, FailedTest, Failure, visible


def raised_by(function: Callable[[], object]) -> BaseException:
    try:
        function()
    except Exception as error:
        return error
    raise LookupError("it did not raise")


def functions(trace: TracebackType | None) -> list[str]:
    names = []
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    return names


def explanation(error: BaseException) -> list[str]:
    trace = error.__traceback__ or raised_by(lambda: 1 / 0).__traceback__
    assert trace is not None
    return Failure(error, trace, FailedTest("test_x")).explanation()


def test_frames_that_ask_to_be_hidden_are_left_out_at_the_inner_end_only() -> None:
    def hidden() -> None:
        __tracebackhide__ = True
        raise ValueError

    def passes_on() -> None:
        __tracebackhide__ = True
        shown()

    def shown() -> None:
        hidden()

    assert functions(visible(raised_by(passes_on).__traceback__)) == ["raised_by", "passes_on", "shown"]


def test_an_assertion_method_of_unittest_is_left_out() -> None:
    def compares() -> None:
        unittest.TestCase().assertEqual(1, 2)  # noqa: PT009 - its own frames are what is left out

    assert functions(visible(raised_by(compares).__traceback__)) == ["raised_by", "compares"]


def test_a_traceback_of_a_runner_alone_shows_nothing() -> None:
    trace = raised_by(lambda: unittest.TestCase().fail()).__traceback__
    assert trace is not None
    assert trace.tb_next is not None
    assert visible(trace.tb_next.tb_next) is None
    assert visible(None) is None


def test_a_traceback_keeps_the_lines_at_which_it_was_raised() -> None:
    def fails() -> None:
        raise ValueError

    trace = raised_by(fails).__traceback__
    shown = visible(trace)
    assert trace is not None
    assert trace.tb_next is not None
    assert shown is not None
    assert shown.tb_next is not None
    assert shown.tb_next.tb_lineno == trace.tb_next.tb_lineno


def test_an_assertion_is_explained_by_the_lines_of_its_message() -> None:
    assert explanation(AssertionError("assert 2 == 3\n +  where 2 = add(1, 1)")) == [
        "assert 2 == 3",
        " +  where 2 = add(1, 1)",
    ]


def test_a_message_that_the_exception_shows_in_full_is_no_explanation() -> None:
    assert explanation(AssertionError("1 != 2")) == []
    assert explanation(AssertionError()) == []
    assert explanation(ValueError("assert this\nor that")) == []


def test_an_explanation_is_bounded_in_lines_and_their_length() -> None:
    lines = explanation(AssertionError("assert " + "x" * 1000 + "\nline" * 50))
    assert len(lines) == MAX_LINES
    assert lines[-1] == "… 40 more lines"
    assert max(map(len, lines)) == MAX_LINE
