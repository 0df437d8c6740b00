"""What is shown of a value: one line of it (`rendering`), and its parts by the page (`parts`).

Types are known by their names, in tables: `builtin_types`, `stdlib_types`, `generated` (dataclasses, attrs, pydantic),
`arrays` and `tables` say how one is laid out, `known_parts` what is in it. No library is imported for that, and no code
of the program runs that the value's own `__repr__` would not run; none at all where `read_only` is on.
"""

from .builtin_types import arguments
from .rendering import LINE, cut, describe, failure, is_code, runs_no_code, type_name

__all__ = ["LINE", "arguments", "cut", "describe", "failure", "is_code", "runs_no_code", "type_name"]
