"""Answers for whoever reads them: in colour on a terminal, plain in a pipe, as JSON for a script."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .calls import Result

REFUSED = 1


def show(result: Result, *, as_json: bool) -> None:
    """Print an answer; ends with status 1 where it is a refusal."""
    if as_json:
        print(json.dumps({"error": result.text} if result.is_error else result.data, ensure_ascii=False))
    elif result.is_error:
        _print(f"mcp-debug: {result.text}", error=True)
    else:
        _print(result.text)
    if result.is_error:
        sys.exit(REFUSED)


def _print(text: str, *, error: bool = False) -> None:
    stream = sys.stderr if error else sys.stdout
    if not stream.isatty():
        print(text, file=stream)
        return
    from .colours import printed

    printed(text, error=error)


@contextmanager
def telling() -> Iterator[Callable[[str], None] | None]:
    """How a wait is told of while it lasts: in one line of the terminal that goes with it; not at all elsewhere."""
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        yield None
        return
    shown = False

    def tell(news: str) -> None:
        nonlocal shown
        shown = True
        sys.stderr.write(f"\r\x1b[2K{news[: _columns() - 1]}")
        sys.stderr.flush()

    try:
        yield tell
    finally:
        if shown:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


def _columns() -> int:
    return shutil.get_terminal_size().columns
