"""What is met when a program's debugger answers with well-formed JSON that is not what was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .errors import AdapterError

MALFORMED = (AttributeError, LookupError, TypeError, ValueError, OverflowError, RecursionError)
"""What reading such an answer raises: a field is missing, or is of another kind."""


@contextmanager
def understood(what: str) -> Iterator[None]:
    """Read an answer in this block; `what` is the question it came to.

    Raises:
        AdapterError: the answer is malformed.
    """
    try:
        yield
    except MALFORMED as error:
        reason = f"the program's debugger answered {what} with what cannot be read: {error!r:.200}"
        raise AdapterError(reason) from error
