"""The words of break_on: filters, and the names of exception classes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from ..breakpoints import BreakpointSpec
from ..errors import InvalidArgument

FILTERS = frozenset({"uncaught", "raised", "user_unhandled"})
# What other debuggers call them, and what else comes to mind; without case, - and _.
_MEANT = {
    **{word.replace("_", ""): word for word in FILTERS},
    "unhandled": "uncaught",
    **dict.fromkeys(("all", "always", "any", "caught", "every", "handled"), "raised"),
    **dict.fromkeys(("never", "none", "nothing", "off"), "[]"),
}
_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def exception_filters(break_on: Sequence[str]) -> frozenset[str]:
    """The filters among these words; the others must be names of exception classes.

    Raises:
        InvalidArgument: a word is neither.
    """
    for word in break_on:
        if word not in FILTERS and not _is_class_name(word):
            _refuse_break_on(word)
    return FILTERS.intersection(break_on)


def exception_classes(break_on: Sequence[str]) -> list[BreakpointSpec]:
    """A breakpoint for each exception class among these words."""
    return [BreakpointSpec(exception=word) for word in break_on if word not in FILTERS]


def _is_class_name(word: str) -> bool:
    # Some of the library's begin with a small letter, as socket.timeout does: those are known by their module.
    return _NAME.fullmatch(word) is not None and ("." in word or not word[0].islower()) and _plain(word) not in _MEANT


def _plain(word: str) -> str:
    return word.lower().replace("-", "").replace("_", "")


def _refuse_break_on(word: str) -> None:
    close = difflib.get_close_matches(word.lower(), sorted(FILTERS), 1, 0.7)
    meant = _MEANT.get(_plain(word)) or next(iter(close), None)
    ask = f"Did you mean {meant}? " if meant else ""
    hint = f"{ask}Of {', '.join(sorted(FILTERS))}, and class names such as ValueError or pkg.errors.Bad; [] for none."
    raise InvalidArgument("break_on", f"{word[:80]!r} is neither a filter nor a class name", hint=hint)
