"""By which names an exception can be asked for, and which classes are no errors at all."""

from __future__ import annotations

import sys
from types import ModuleType

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from collections.abc import Sequence

# How loops, generators and tasks end: only who names this very class means them.
_CONTROL_FLOW = (
    ("builtins", "StopIteration"),
    ("builtins", "StopAsyncIteration"),
    ("builtins", "GeneratorExit"),
    ("asyncio.exceptions", "CancelledError"),
    ("greenlet", "GreenletExit"),
    ("trio", "Cancelled"),
)


def is_control_flow(kind: type[BaseException]) -> bool:
    """Whether exceptions of this very class are how a loop, a generator or a task ends."""
    return (kind.__module__, kind.__name__) in _CONTROL_FLOW


def is_named(kind: type[BaseException], name: str) -> bool:
    """Whether the class or one of its bases is called `name`, plainly or with its module.

    A name it is imported under will do, too: `subprocess.TimeoutExpired`, `IOError`, `json.JSONDecodeError`.
    """
    module, _, last = name.rpartition(".")
    imported = _named_in(module or "builtins", last)
    return any(base is imported or _is_called(base, module, last) for base in _told_bases(kind))


def _named_in(module_name: str, name: str) -> object:
    """What a module that is loaded has under that name; no code of it runs."""
    module = sys.modules.get(module_name)
    return object.__getattribute__(module, "__dict__").get(name) if isinstance(module, ModuleType) else None


def _told_bases(kind: type[BaseException]) -> Sequence[type]:
    """The classes by which one can be named: of one that is no error only those that are none either."""
    if is_control_flow(kind):
        return (kind,)
    if issubclass(kind, SystemExit):
        return [base for base in kind.__mro__ if issubclass(base, SystemExit)]
    return kind.__mro__


def _is_called(base: type, module: str, last: str) -> bool:
    if base.__name__ != last:
        return False
    return not module or "%s.%s" % (base.__module__, base.__qualname__) == "%s.%s" % (module, last)
