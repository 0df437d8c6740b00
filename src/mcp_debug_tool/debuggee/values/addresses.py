"""What a text of the program tells that differs from run to run and says nothing of the value."""

from __future__ import annotations

import re

# Addresses, in all the words that libraries put around them; a thread's number; the id in a mock's name.
_RUN_DEPENDENT = re.compile(
    r" at 0x[0-9A-Fa-f]+|(?<=started) \d+(?=\)>)|(?<=started daemon) \d+(?=\)>)| id='\d+'(?=>)"
    r"|, handle [0-9a-f]+(?=>)| owner=\d+"
)


def without(text: str) -> str:
    """`text` without addresses and their like."""
    return _RUN_DEPENDENT.sub("", text)
