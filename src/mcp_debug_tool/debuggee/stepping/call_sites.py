"""The calls that a line is about to make: their names in its text, and where they are in its code.

From 3.11 on each call of the code knows where it stands in the text. Before, the calls of a statement are matched with
those of its code by their order, which is that in which they are made.
"""

from __future__ import annotations

import ast
import dis
import re
import sys
import warnings
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

from ..places import sources

MAX_NAME = 60
# Code inside a statement that has a frame of its own, and what it is in the text.
_SCOPES: dict[str, Any] = {
    "<listcomp>": ast.ListComp,
    "<setcomp>": ast.SetComp,
    "<dictcomp>": ast.DictComp,
    "<genexpr>": ast.GeneratorExp,
    "<lambda>": ast.Lambda,
}
_SCOPE_NODES = tuple(_SCOPES.values())


class Call(object):
    """One call in the code of a line: its name, and the offsets at which its code is while it runs."""

    def __init__(self, name: str, code: CodeType, ranges: list[tuple[int, int]]) -> None:
        self.name = name
        self.code = code
        self.ranges = ranges


def calls_to_come(frame: FrameType) -> tuple[list[Call], range]:
    """The calls that the line of `frame` may still make, as they are made, and the lines of its statement."""
    parts = _parts_of_line(frame)
    if not parts:
        return [], range(0)
    located = list(_located(parts))
    span = range(min(node.lineno for node in located), max(node.end_lineno for node in located) + 1)
    finder = _Finder(parts, _text(frame))
    own = frame.f_code
    found = finder.calls(own, span)
    return [call for call in found if call.code is not own or finder.is_to_come(call, frame.f_lasti, span)], span


def parsed(frame: FrameType) -> ast.AST | None:
    """The syntax tree of the text that a frame's code is from; None where there is none, or it has become wrong."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(_text(frame))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _text(frame: FrameType) -> str:
    return sources.of_frame(frame) or ""


def _parts_of_line(frame: FrameType) -> list[ast.AST]:
    """What the statements on the frame's line evaluate themselves: of an `if` the test, and not what it decides on."""
    tree, line = parsed(frame), frame.f_lineno or 0
    found: list[ast.AST] = []
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.stmt):
            parts = list(_evaluated(node))
            located = [node, *_located(parts)]
            end = max([node.lineno] + [part.end_lineno or part.lineno for part in located[1:]])
            if min(part.lineno for part in located) <= line <= end:
                found += parts
    return found


def _located(parts: list[ast.AST]) -> Iterator[Any]:
    return (node for part in parts for node in ast.walk(part) if hasattr(node, "lineno"))


# --- the text -------------------------------------------------------------------------------------------------


def _evaluated(node: Any) -> Iterator[ast.AST]:
    """The parts of a node in the order in which they are evaluated, without the statements inside."""
    parts: list[Any]
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        parts = [node.value, *(node.targets if isinstance(node, ast.Assign) else [node.target])]
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        parts = [node.iter, node.target]
    elif isinstance(node, ast.Dict):
        parts = [part for pair in zip(node.keys, node.values) for part in pair]
    elif isinstance(node, ast.Lambda):
        parts = [*node.args.defaults, *node.args.kw_defaults]
    elif isinstance(node, _SCOPE_NODES):
        parts = [node.generators[0].iter]
    else:
        parts = list(ast.iter_child_nodes(node))
    for part in parts:
        holds_statements = isinstance(part, ast.stmt) or isinstance(getattr(part, "body", None), list)
        if part is not None and not holds_statements:
            yield part


def _inside(scope: Any) -> list[ast.AST]:
    """What the code of a comprehension or a lambda evaluates, in its order."""
    if isinstance(scope, ast.Lambda):
        return [scope.body]
    parts: list[ast.AST] = []
    for index, generator in enumerate(scope.generators):
        parts += [*([generator.iter] if index else []), *generator.ifs]
    return parts + ([scope.key, scope.value] if isinstance(scope, ast.DictComp) else [scope.elt])


def _in_order(node: Any) -> Iterator[Any]:
    """The calls below a node as they are made; a scope comes where its code is loaded, and is not entered."""
    if isinstance(node, _SCOPE_NODES):
        yield node
    for part in _evaluated(node):
        yield from _in_order(part)
    if isinstance(node, ast.Call):
        yield node


# --- the code -------------------------------------------------------------------------------------------------


class _Finder(object):
    """Finds the calls in the text of a line in the code it was compiled to."""

    def __init__(self, parts: list[ast.AST], text: str) -> None:
        self._parts = parts
        self._lines = sources.source_lines(text)
        self._read: dict[CodeType, list[tuple[Any, int]]] = {}
        nodes = [node for node in _located(parts) if isinstance(node, ast.Call)]
        # Every call ends with a parenthesis of its own.
        self._by_end = {(node.end_lineno, node.end_col_offset): node for node in nodes}

    def calls(self, code: CodeType, span: range) -> list[Call]:
        """Those of `code` on the lines `span`, and those of the code inside it."""
        if sys.version_info >= (3, 11):
            return list(self._by_place(code, span))
        if code.co_name in _SCOPES:  # the thread stands inside a comprehension
            return self._of_scope(code)
        return list(self._by_order(code, self._parts, span))

    def is_to_come(self, call: Call, now: int, span: range) -> bool:
        """Whether a call has not been made yet at the offset `now`, or is in a loop that may make it again."""
        start = call.ranges[0][0]
        return start > now or any(
            instruction.offset > now and instruction.argval <= start
            for instruction, line in self._instructions(call.code)
            if line in span and instruction.opname.startswith(("JUMP_BACKWARD", "JUMP_ABSOLUTE"))
        )

    def _by_place(self, code: CodeType, span: range | None) -> Iterator[Call]:
        for index, (instruction, line) in enumerate(self._instructions(code)):
            if span is not None and line not in span:
                continue
            if _is_scope(instruction):
                yield from self._by_place(instruction.argval, None)
            place = instruction.positions
            node = self._by_end.get((place.end_lineno, place.end_col_offset)) if place is not None else None
            if node is not None and _is_call(instruction):
                yield self._call(node, code, index)

    def _by_order(self, code: CodeType, parts: list[ast.AST], span: range | None) -> Iterator[Call]:
        nodes = [node for part in parts for node in _in_order(part)]
        called = [node for node in nodes if isinstance(node, ast.Call)]
        scopes = [node for node in nodes if not isinstance(node, ast.Call)]
        found = [
            (index, instruction)
            for index, (instruction, line) in enumerate(self._instructions(code))
            if span is None or line in span
        ]
        indices = [index for index, instruction in found if _is_call(instruction) and not self._is_hidden(code, index)]
        if called and len(indices) % len(called) == 0:  # the code of a `finally` is there more than once
            for position, index in enumerate(indices):
                yield self._call(called[position % len(called)], code, index)
        loaded = [instruction.argval for _, instruction in found if _is_scope(instruction)]
        if len(loaded) == len(scopes):
            for inner, scope in zip(loaded, scopes):
                yield from self._by_order(inner, _inside(scope), None)

    def _of_scope(self, code: CodeType) -> list[Call]:
        for node in (node for part in self._parts for node in ast.walk(part)):
            if isinstance(node, _SCOPES[code.co_name]):
                found = list(self._by_order(code, _inside(node), None))
                if found:
                    return found
        return []

    def _is_hidden(self, code: CodeType, index: int) -> bool:
        """Whether a call is not in the text: of a comprehension, of a context manager's exit, of AssertionError."""
        found = self._instructions(code)
        before = found[index - 1][0].opname if index else ""
        after = found[index + 1][0].opname if index + 1 < len(found) else ""
        return before in ("GET_ITER", "GET_AITER", "DUP_TOP") or (
            after == "RAISE_VARARGS" and _is_assertion(found, index)
        )

    def _instructions(self, code: CodeType) -> list[tuple[Any, int]]:
        """(instruction, its line) of a code object."""
        found = self._read.get(code)
        if found is None:
            found = self._read[code] = list(_with_lines(code))
        return found

    def _call(self, node: ast.Call, code: CodeType, index: int) -> Call:
        """A call with its offsets, and those of the `await` of what it gives: a coroutine runs only there."""
        found = self._instructions(code)
        indices = [index]
        if index + 3 < len(found) and found[index + 1][0].opname == "GET_AWAITABLE":
            indices.append(index + 3)
        ends = [instruction.offset for instruction, _ in found[1:]] + [len(code.co_code)]
        return Call(self._name(node.func), code, [(found[at][0].offset, ends[at]) for at in indices])

    def _name(self, node: Any) -> str:
        """The text of what is called, in one short line."""
        text = [line.encode("utf-8") for line in self._lines[node.lineno - 1 : node.end_lineno]]
        text[-1] = text[-1][: node.end_col_offset]
        text[0] = text[0][node.col_offset :]
        name = re.sub(r"\s+", "", b" ".join(text).decode("utf-8", "replace"))
        return name if len(name) <= MAX_NAME else "…" + name[1 - MAX_NAME :]


def _with_lines(code: CodeType) -> Iterator[tuple[Any, int]]:
    line = 0
    for instruction in dis.get_instructions(code):
        positions = getattr(instruction, "positions", None)
        starts: Any = instruction.starts_line
        if positions is not None:
            line = positions.lineno or line
        elif starts is not None:
            line = starts
        yield instruction, line


def _is_call(instruction: Any) -> bool:
    return instruction.opname.startswith("CALL") and not instruction.opname.startswith(("CALL_FINALLY", "CALL_INTR"))


def _is_scope(instruction: Any) -> bool:
    return isinstance(instruction.argval, CodeType) and instruction.argval.co_name in _SCOPES


def _is_assertion(found: list[tuple[Any, int]], index: int) -> bool:
    recent = [instruction for instruction, _ in found[max(index - 30, 0) : index]]
    return any(i.opname == "LOAD_ASSERTION_ERROR" or i.argval == "AssertionError" for i in recent)
