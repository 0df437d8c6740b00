"""The modules the program has loaded: where each comes from, and whether it is the user's own."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from typing import Any

from ..stopping import post_mortem

_DEBUGGERS = (__name__.partition(".")[0], "_pydev", "pydev")
_PYDEVD = os.path.join("_vendored", "pydevd")


def page(pattern: str | None, start: int, count: int) -> dict[str, Any]:
    """{total, users, items: [[name, version, file, user]]}: the user's own first, then by name."""
    search = re.compile(pattern).search if pattern else None
    found = sorted(entry for entry in _all() if search is None or search(entry[1]))
    items = [[name, version, file, not library] for library, name, version, file in found[start : start + count]]
    return {"total": len(found), "users": sum(not entry[0] for entry in found), "items": items}


def _all() -> Iterator[tuple[bool, str, str, str]]:
    for name, module in list(sys.modules.items()):
        if not isinstance(name, str) or name.startswith(_DEBUGGERS):
            continue
        # Nothing is asked of the module: a lazy one would load itself.
        names = _namespace(module)
        file = _text(names, "__file__")
        if _PYDEVD not in file:
            is_library = name != "__main__" and not (file and post_mortem.is_users(file))
            yield is_library, name, _text(names, "__version__"), file


def _namespace(module: object) -> dict[str, Any]:
    try:
        names = object.__getattribute__(module, "__dict__")
    except AttributeError:
        return {}
    return names if type(names) is dict else {}


def _text(names: dict[str, Any], name: str) -> str:
    value = names.get(name)
    return value if type(value) is str else ""
