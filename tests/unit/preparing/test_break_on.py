"""The words of break_on: filters, class names, and what is neither."""

from __future__ import annotations

import pytest

from mcp_debug_tool.errors import InvalidArgument
from mcp_debug_tool.preparing.break_on import FILTERS, exception_classes, exception_filters


def classes(*words: str) -> list[str | None]:
    exception_filters(words)
    return [spec.exception for spec in exception_classes(words)]


def test_filters_and_classes_are_told_apart() -> None:
    words = ["uncaught", "ValueError", "raised", "mypkg.errors.Bad", "user_unhandled"]
    assert exception_filters(words) == FILTERS
    assert classes(*words) == ["ValueError", "mypkg.errors.Bad"]
    assert exception_filters([]) == frozenset()
    assert classes() == []


@pytest.mark.parametrize(
    "word",
    [
        "Exception", "BaseException", "Error", "KeyError", "_Private", "Übel", "E1", "a.b.C", "socket.timeout",
        "struct.error", "pkg.Outer.Inner", "CrashReport",
    ],
)  # fmt: skip
def test_a_plausible_class_name_is_taken(word: str) -> None:
    assert classes(word) == [word]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("userUnhandled", "user_unhandled"),
        ("UserUnhandled", "user_unhandled"),
        ("user-unhandled", "user_unhandled"),
        ("unhandled", "uncaught"),
        ("Uncaught", "uncaught"),
        ("uncought", "uncaught"),
        ("all", "raised"),
        ("All", "raised"),
        ("caught", "raised"),
        ("always", "raised"),
        ("raise", "raised"),
        ("none", "[]"),
        ("None", "[]"),
        ("never", "[]"),
    ],
)
def test_what_another_debugger_would_call_it_is_named(word: str, meant: str) -> None:
    with pytest.raises(InvalidArgument, match="break_on") as refused:
        exception_filters(["uncaught", word])
    assert f"{word!r} is neither" in str(refused.value)
    assert refused.value.hint.startswith(f"Did you mean {meant}?")


@pytest.mark.parametrize("word", ["", " ", "sometimes", "valueerror", "a..b", "3E", "Value Error", "x\0", "E.", "(E)"])
def test_what_is_neither_is_refused_with_what_there_is(word: str) -> None:
    with pytest.raises(InvalidArgument, match="break_on") as refused:
        exception_filters([word])
    assert "raised, uncaught, user_unhandled, and class names" in refused.value.hint


def test_a_word_of_any_length_is_refused_in_a_line() -> None:
    with pytest.raises(InvalidArgument) as refused:
        exception_filters(["no class " * 10_000])
    assert len(str(refused.value)) < 400
