"""The code objects of a source file, and the lines of each that can be stopped at."""

from __future__ import annotations

import ast
import warnings
from types import CodeType

from . import sources


class Function(object):
    """One code object: its qualified name and the lines that can be stopped at inside it."""

    def __init__(self, name: str, code: CodeType) -> None:
        self.name = name
        self.code = code
        self.first = code.co_firstlineno
        self.lines = code_lines(code)
        self.last = max(self.lines) if self.lines else self.first


def functions(file: str) -> list[Function]:
    """Every code object of `file`, outermost first.

    Raises:
        SyntaxError, ValueError, Unresolved: it is no Python, or cannot be read.
    """
    found: list[Function] = []

    def visit(code: CodeType, name: str) -> None:
        found.append(Function(name, code))
        for constant in code.co_consts:
            if hasattr(constant, "co_firstlineno"):
                inner = constant.co_name
                visit(constant, inner if name == "<module>" else "%s.%s" % (name, inner))

    visit(compiled(file, sources.read(file)), "<module>")
    return found


def is_in(code: CodeType, file: str) -> bool:
    """Whether the present text of `file` still has this code in it, at the same line."""
    try:
        return any(function.code == code for function in functions(file))
    except (SyntaxError, ValueError, sources.Unresolved):
        return False


def compiled(file: str, text: str) -> CodeType:
    """The code of a module's text; nobody is warned of what is in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile(text, file, "exec", dont_inherit=True)


def tree(file: str) -> ast.Module:
    """The syntax tree of a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(sources.read(file), file)


def code_lines(code: CodeType) -> set[int]:
    if hasattr(code, "co_lines"):
        lines = {line for start, end, line in code.co_lines() if line and start != end}
    else:
        import dis

        lines = {line for _, line in dis.findlinestarts(code) if line}
    if code.co_name != "<module>" and len(lines) > 1:
        # The `def` line inside the function is where a call begins; no line event is sent for it.
        lines.discard(code.co_firstlineno)
    elif code.co_name == "<module>":
        lines.discard(0)
    return lines
