"""The calls that a line is about to make, found in its text and in its code. Other Pythons: test_steps.py."""

from __future__ import annotations

import linecache
from collections.abc import Iterator
from types import CodeType, SimpleNamespace
from typing import Any

import pytest

from mcp_debug_tool.debuggee.stepping import call_sites, targets

FILE = "<calls>"
SOURCE = """\
def work(f, g, h, obj, x, y):
    a = f(g(x), h(y))
    b = obj.method(x).other(g(y))
    c = f(
        g(x),
        key=h(y),
    )
    d = [h(i) for i in g(x)]
    e = sorted(x, key=lambda v: g(v))
    if f(x) and h(y): g(x)
    for i in g(x):
        h(i)
    w = f"{g(x)!r}"; z = h(y)
    u = f(*x, **g(y))(y)
    v = x + y
    try:
        a = 1
    finally:
        h(a)
"""


@pytest.fixture(autouse=True)
def source() -> Iterator[None]:
    linecache.cache[FILE] = (len(SOURCE), None, SOURCE.splitlines(True), FILE)
    yield
    del linecache.cache[FILE]


def code() -> CodeType:
    names: dict[str, Any] = {}
    exec(compile(SOURCE, FILE, "exec"), names)
    found: CodeType = names["work"].__code__
    return found


def at(line: int, offset: int | None = None) -> Any:
    """A frame that stands at the first instruction of `line`."""
    function = code()
    starts = [start for start, _, number in function.co_lines() if number == line]
    return SimpleNamespace(
        f_code=function, f_lineno=line, f_lasti=min(starts) if offset is None else offset, f_globals={}
    )


def names(line: int) -> list[str]:
    return [call.name for call in call_sites.calls_to_come(at(line))[0]]


@pytest.mark.parametrize(
    ("line", "calls"),
    [
        (2, ["g", "h", "f"]),
        (3, ["obj.method", "g", "obj.method(x).other"]),
        (4, ["g", "h", "f"]),
        (8, ["h", "g"]),
        (9, ["g", "sorted"]),
        (10, ["f", "h", "g"]),
        (11, ["g"]),
        (12, ["h"]),
        (13, ["g", "h"]),
        (14, ["g", "f", "f(*x,**g(y))"]),
        (15, []),
        (17, []),
        (19, ["h", "h"]),
    ],
)
def test_the_calls_of_a_line_come_in_the_order_in_which_they_are_made(line: int, calls: list[str]) -> None:
    assert names(line) == calls


def test_a_statement_of_several_lines_is_one() -> None:
    assert call_sites.calls_to_come(at(4))[1] == range(4, 8)
    assert call_sites.calls_to_come(at(5))[1] == range(4, 8)


def test_calls_that_have_been_made_are_not_to_come() -> None:
    frame = at(2)
    first = call_sites.calls_to_come(frame)[0][0]
    frame.f_lasti = first.ranges[0][1]
    assert [call.name for call in call_sites.calls_to_come(frame)[0]] == ["h", "f"]


def test_a_text_that_does_not_fit_has_no_calls() -> None:
    linecache.cache[FILE] = (3, None, ["def work(:\n"], FILE)
    assert names(2) == []
    assert call_sites.parsed(at(2)) is None


@pytest.mark.parametrize(
    ("wanted", "call"),
    [
        ("other", "obj.method(x).other"),
        ("obj.method(x).other", "obj.method(x).other"),
        ("obj.method( x ).other(g(y))", "obj.method(x).other"),
        ("method", "obj.method"),
        ("obj.method(...)", "obj.method"),
        ("g()", "g"),
        ("obj", None),
        ("thod", None),
        ("", None),
        (")", None),
    ],
)
def test_a_call_goes_by_its_whole_name_or_the_end_of_it_and_its_arguments_do_not_matter(
    wanted: str, call: str | None
) -> None:
    assert targets.aim_at(at(3), wanted) == call
    targets.forget()


def test_an_aim_is_taken_by_its_frame_alone_and_only_once() -> None:
    frame, other = at(2), at(2)
    assert targets.aim_at(frame, "h(y)") == "h"
    assert targets.take(other) is None
    aim = targets.take(frame)
    assert aim is not None
    assert aim.may_come(frame)
    assert not aim.may_come(other)
    assert targets.take(frame) is None


def test_an_aim_is_met_while_its_call_is_under_way() -> None:
    frame = at(2)
    targets.aim_at(frame, "h")
    aim = targets.take(frame)
    assert aim is not None
    assert not aim.is_met(frame, is_own=True)
    frame.f_lasti = call_sites.calls_to_come(at(2))[0][1].ranges[0][0]
    assert not aim.is_met(at(2, frame.f_lasti), is_own=True), "another code object of the same text"
    assert aim.is_met(frame, is_own=True)
    assert not aim.is_met(frame, is_own=False), "a call of the same function further in"
