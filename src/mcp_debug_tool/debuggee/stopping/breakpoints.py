"""When to stop: conditions, hit counts and log messages of our breakpoints, decided inside the program.

pydevd keeps one breakpoint a line, ignores a hit count beside a condition, and passes over a condition that
raises. So each line we set carries the one condition `hit(key)`, and the rules of all breakpoints on that line
stand here.
"""

from __future__ import annotations

import operator
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import CodeType
from typing import Any

from .. import events, read_only
from ..places import seen, sources
from ..running import native

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "%": lambda count, number: count % number == 0,
}

_table: dict[str, list[_Rule]] = {}
_stops: dict[int, dict[str, Any]] = {}
_counts: dict[str, int] = {}
_passed: dict[str, int] = {}
_included: set[str] = set()
_pid = os.getpid()
_lock = native.Lock()


class _Rule(object):
    """One breakpoint of ours on one line."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self.id: str = entry["id"]
        self.condition = compiled(entry.get("condition"), "<condition>")
        self.hit_condition: tuple[str, int] | None = entry.get("hit_condition")
        message = entry.get("log_message")
        self.log = None if message is None else compiled(log_expression(message), "<log message>")


def log_expression(message: str) -> str:
    """The expression for a log message, as an f-string would be: `{x!r:>8}` means what it means in Python.

    Everything outside the braces is taken to the letter, quotes and backslashes too; `{{` is a brace.

    Raises:
        SyntaxError: a brace is not closed, or not opened.
    """
    parts: list[str] = []
    literal, at = "", 0
    while at < len(message):
        if message[at : at + 2] in ("{{", "}}"):
            literal, at = literal + message[at], at + 2
        elif message[at] == "{":
            end = _field_end(message, at)
            parts += [repr(literal), _field(message[at:end])]
            literal, at = "", end
        elif message[at] == "}":
            raise SyntaxError("single '}' is not allowed")
        else:
            literal, at = literal + message[at], at + 1
    return " + ".join([*parts, repr(literal)])


def _field_end(message: str, start: int) -> int:
    """Where the replacement field that begins at `start` ends; braces in strings do not count."""
    for quotes in ("'\"", ""):  # a quote may also be the fill character of a format: then without them
        depth, quote = 0, ""
        for at in range(start, len(message)):
            character = message[at]
            if quote:
                quote = "" if character == quote else quote
            elif character in quotes:
                quote = character
            elif character in "{}":
                depth += 1 if character == "{" else -1
                if depth == 0:
                    return at + 1
    raise SyntaxError("'{' was never closed")


def _field(field: str) -> str:
    for quote in ('"""', "'''", '"', "'"):
        if quote not in field:
            return "f" + quote + field + quote
    raise SyntaxError("too many kinds of quotes in %s" % field)


def compiled(source: str | None, name: str) -> CodeType | None:
    """The code of an expression, or None where there is none."""
    return None if not source else compile(source.strip(), name, "eval", dont_inherit=True)


def check(entry: dict[str, Any]) -> str | None:
    """The syntax error of an entry's condition or log message, as text, or None."""
    for field, make in (("condition", lambda text: text), ("log_message", log_expression)):
        source = entry.get(field)
        if source is not None:
            if read_only.is_on:
                return "%s runs code in the program%s" % (field, read_only.INSTEAD)
            try:
                compiled(make(source), "<%s>" % field)
            except (SyntaxError, ValueError) as error:
                return "%s is not valid Python: %s (%r)" % (field, getattr(error, "msg", error), source)
    return None


def set_table(lines: dict[str, list[dict[str, Any]]], files: list[str]) -> dict[str, Any]:
    """Replace the rules: `lines` maps a key to the breakpoints on that line, which are in `files`.

    Answers {refused: {id: why}, library: {file that just_my_code would have skipped: root of its package}}.
    """
    global _table
    refused: dict[str, str] = {}
    table: dict[str, list[_Rule]] = {}
    for key, entries in lines.items():
        rules = []
        for entry in entries:
            error = check(entry)
            if error is None:
                rules.append(_Rule(entry))
            else:
                refused[entry["id"]] = error
        table[key] = rules
    _table = table
    return {"refused": refused, "library": count_library_as_user_code(files)}


def ids(key: str) -> list[str]:
    """The breakpoints on a line."""
    return [rule.id for rule in _table.get(key, ())]


def reports(also_run: Iterable[str] = ()) -> dict[str, dict[str, Any]]:
    """How each breakpoint on a line has fared here: {hits, passed, loaded, same_name}, by id.

    `also_run`: files that are no Python, and whose lines were come to.
    """
    known: seen.Seen | None = None
    answer: dict[str, dict[str, Any]] = {}
    for key, rules in list(_table.items()):
        for rule in rules:
            entry = counted(rule.id)
            if not entry["hits"] and not entry["passed"]:
                known = known or seen.Seen(also_run)
                entry.update(known.look_for(key.rpartition(":")[0]))
            answer[rule.id] = entry
    return answer


def forget() -> None:
    """Begin again: no rules, no counts. For a new owner of this process."""
    global _table, _pid, _lock
    _table, _pid, _lock = {}, os.getpid(), native.Lock()
    for record in (_stops, _counts, _passed, _included):
        record.clear()


def hit(key: str) -> bool:
    """Whether one of the breakpoints on this line wants to stop; what it logs is sent on the way."""
    caller = sys._getframe(2)
    return reached([key], caller.f_globals, caller.f_locals)


def reached(keys: Sequence[str], names: dict[str, Any], local_names: Mapping[str, Any]) -> bool:
    """The same for several lines at once, where these names are seen."""
    if os.getpid() != _pid:
        return False
    stopping: list[str] = []
    errors: list[str] = []
    for rule in [rule for key in keys for rule in _table.get(key, ())]:
        try:
            if _wants_stop(rule, names, local_names):
                stopping.append(rule.id)
        except Exception as error:
            stopping.append(rule.id)
            errors.append("%s: the condition or log message raised %s: %s" % (rule.id, type(error).__name__, error))
    if stopping:
        note_stop({"breakpoints": [[i, _counts.get(i, 0)] for i in stopping], "errors": errors})
    return bool(stopping)


def _wants_stop(rule: _Rule, names: dict[str, Any], local_names: Mapping[str, Any]) -> bool:
    if rule.condition is not None and not evaluated(rule.condition, names, local_names):
        count_passed(rule.id)
        return False
    count = count_hit(rule.id)
    if rule.hit_condition is not None and not _count_matches(rule.hit_condition, count):
        return False
    if rule.log is None:
        return True
    text = evaluated(rule.log, names, local_names)
    events.send("mcpDebugLog", {"breakpoint": rule.id, "text": text[:4096]})
    return False


def count_hit(rule_id: str) -> int:
    """Count a hit of a breakpoint; how many there have been with it."""
    with _lock:
        count = _counts[rule_id] = _counts.get(rule_id, 0) + 1
    return count


def count_passed(rule_id: str) -> None:
    """Count that a breakpoint's condition was false."""
    with _lock:
        _passed[rule_id] = _passed.get(rule_id, 0) + 1


def counted(rule_id: str) -> dict[str, Any]:
    """How a breakpoint has fared here: {hits, passed, loaded}."""
    return {"hits": _counts.get(rule_id, 0), "passed": _passed.get(rule_id, 0), "loaded": True}


def _count_matches(hit_condition: tuple[str, int], count: int) -> bool:
    compare, number = hit_condition
    return _COMPARE[compare](count, number)


def note_stop(why: dict[str, Any]) -> None:
    """Keep why this thread is about to stop: {breakpoints, errors, reason, unhandled}, as far as there is any."""
    _stops[native.get_ident()] = why


def take_stop(thread_ident: int) -> dict[str, Any] | None:
    """Why this thread is to stop, once."""
    return _stops.pop(thread_ident, None)


def evaluated(code: CodeType, names: dict[str, Any], local_names: Mapping[str, Any]) -> Any:
    """The value of a compiled expression; a comprehension in it sees the locals too."""
    if any(hasattr(constant, "co_code") for constant in code.co_consts):
        merged = dict(names)
        merged.update(local_names)
        return eval(code, merged)
    return eval(code, names, local_names)


def count_library_as_user_code(files: list[str]) -> dict[str, str]:
    """Let pydevd stop in these files although just_my_code leaves their kind out; their packages come along."""
    import pydevd
    from _pydevd_bundle.pydevd_filtering import ExcludeFilter

    debugger = pydevd.get_global_debugger()
    if not debugger.get_use_libraries_filter():
        return {}
    names = {name for file in files for name in seen.names_of(file)}
    library = {name for name in names if not debugger._files_filtering.in_project_roots(name)}
    if library - _included:
        _included.update(library)
        debugger.set_exclude_filters([ExcludeFilter(_glob(file), False, True) for file in sorted(_included)])
    return {file: _package_root(file) for file in library if not sources.is_made_up(file)}


def _glob(file: str) -> str:
    root = _package_root(file)
    literal = re.sub(r"([*?\[])", r"[\1]", root)
    return literal if root == file else os.path.join(literal, "**")


def _package_root(file: str) -> str:
    """The outermost package folder around `file`, or the file itself where it is in none."""
    folder, package = os.path.dirname(file), None
    while folder and os.path.exists(os.path.join(folder, "__init__.py")):
        package, folder = folder, os.path.dirname(folder)
    return package or file
