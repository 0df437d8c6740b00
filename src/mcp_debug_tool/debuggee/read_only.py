"""Whether the server was run with --read-only: then no code of the program's is run to show it, and nothing is changed.

The server offers no tool for it then; this is the second lock. It is asked wherever the debugger would otherwise call
what the program has written: a `__repr__`, a property, a `__getitem__`, a stream's flush, a loader.
"""

from __future__ import annotations

INSTEAD = ", which this server does not do: it is read-only"
is_on = False


def switch(on: bool) -> None:
    """Turn it on or off, for a new owner of this process."""
    global is_on
    is_on = on


def require_off(what: str) -> None:
    """Refuse `what` while it is on.

    Raises:
        PermissionError: it is on.
    """
    if is_on:
        raise PermissionError("%s runs code in the program%s" % (what, INSTEAD))
