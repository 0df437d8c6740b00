"""Why a run of pytest had nothing to run, and what was probably meant."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from types import TracebackType
from typing import Any

from ..stopping import post_mortem

NEAREST = 3
# As far as one looks for what was meant.
MAX_TESTS = 2000
MAX_FILES = 2000
_MAX_TEXT = 300
_MEND = "Mend that, then start again."
_NO_TESTS_IN = ("node_modules", "site-packages", "__pycache__", "venv", "build", "dist")


def why_not_configured(error: Exception) -> tuple[str, str]:
    """(message, hint) for what kept pytest from beginning: its options, or a conftest.py."""
    cause = getattr(error, "cause", None) or (getattr(error, "excinfo", None) or (None, None))[1] or error.__cause__
    if isinstance(cause, BaseException) and getattr(error, "path", None) is not None:
        return "%s could not be imported: %s" % (error.path, _cause(cause)), _MEND  # type: ignore[attr-defined]
    # argparse's usage before it and pytest's places after it say nothing here.
    text = str(error).rpartition(" error: ")[2].partition("\n  inifile:")[0]
    return "pytest did not begin: %s" % " ".join(text.split())[
        :_MAX_TEXT
    ], "Look at args, and at the project's pytest settings."


def why_not_collected(node_id: str, error: BaseException) -> tuple[str, str]:
    """(message, hint) for a module that could not be collected."""
    cause = error.__cause__ if type(error).__name__ == "CollectError" and error.__cause__ is not None else error
    return "%s could not be collected: %s" % (node_id or "the tests", _cause(cause)), _MEND


def _cause(error: BaseException) -> str:
    """`Type: message (file:line)` with the innermost place of the user's own."""
    text = error.msg if isinstance(error, SyntaxError) and error.msg else str(error)
    place = _place(error)
    first = text.splitlines()[0][:_MAX_TEXT] if text else ""
    shown = "%s: %s" % (type(error).__name__, first) if first else type(error).__name__
    return "%s (%s)" % (shown, place) if place else shown


def _place(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return "%s:%s" % (error.filename, error.lineno)
    found = ""
    step: TracebackType | None = error.__traceback__
    while step is not None:
        if post_mortem.is_users(step.tb_frame.f_code.co_filename):
            found = "%s:%d" % (step.tb_frame.f_code.co_filename, step.tb_lineno)
        step = step.tb_next
    return found


def nothing_selected(config: Any, deselected: int) -> tuple[str, str]:
    """(message, hint) where the run is over without a test."""
    options = [("-k", config.option.keyword), ("-m", config.option.markexpr)]
    chosen = " ".join("%s %r" % (name, value) for name, value in options if value)
    if deselected:
        by = chosen or "the project's pytest settings or plugins"
        return "no test was selected by %s: %d deselected" % (by, deselected), "Change that selection."
    where = ", ".join(map(str, config.args))[:_MAX_TEXT]
    return "no tests were found in %s" % where, "Name a file or a node id; see the project's python_files setting."


def unknown_selection(session: Any, error: BaseException, collected: Mapping[str, Iterable[Any]]) -> tuple[str, str]:
    """(message, hint) for the first argument that names no file or no test, with the nearest that there are.

    `collected`: what pytest has found in each file it has looked into, by path.
    """
    config = session.config
    base = str(config.invocation_params.dir)
    for argument in map(str, config.args):
        name, _, rest = argument.partition("::")
        file = os.path.normpath(os.path.join(base, name))
        if not os.path.exists(file):
            near = _nearest(os.path.relpath(file, base), _test_files(config, base))
            return "%s does not exist" % name, _did_you_mean(["::".join([n, rest]) if rest else n for n in near])
        if rest:
            ids = list(_ids(collected.get(os.path.realpath(file), ())))
            if not any(known == rest or known.startswith((rest + "::", rest + "[")) for known in ids):
                near = _nearest(rest, ids) or ids[:NEAREST]
                message = "%s has no test %s" % (name, rest)
                return message, _did_you_mean(["%s::%s" % (name, n) for n in near])
    return " ".join(str(error).split())[:_MAX_TEXT], "Look at the node ids and args."


def _did_you_mean(near: list[str]) -> str:
    return "Did you mean %s?" % " or ".join(near) if near else "Nothing there is named like it."


def _nearest(wanted: str, there: Iterable[str]) -> list[str]:
    import difflib

    names = list(there)
    same = [name for name in names if name.replace(os.sep, "::").endswith("::" + os.path.basename(wanted))]
    if same:
        return same[:NEAREST]
    near = difflib.get_close_matches(wanted, names, NEAREST, 0.6)
    if near:
        return near
    # In another class or folder, or without one.
    last = wanted.replace(os.sep, "::").rpartition("::")[2]
    by_last = {name.replace(os.sep, "::").rpartition("::")[2]: name for name in reversed(names)}
    return [by_last[found] for found in difflib.get_close_matches(last, by_last, NEAREST, 0.6)]


def _ids(nodes: Iterable[Any]) -> Iterator[str]:
    """The ids, after the file's, of the tests below these nodes."""
    left = MAX_TESTS
    for item in _items(nodes):
        yield item.nodeid.partition("::")[2]
        left -= 1
        if not left:
            return


def _items(nodes: Iterable[Any]) -> Iterator[Any]:
    for node in nodes:
        if not hasattr(node, "collect"):
            yield node
            continue
        try:
            below = list(node.collect())
        except Exception:
            continue
        for item in _items(below):
            yield item


def _test_files(config: Any, base: str) -> Iterator[str]:
    """Paths of test files below the project's root, relative to `base`."""
    patterns = config.getini("python_files")
    left = MAX_FILES
    for folder, below, names in os.walk(str(config.rootpath)):
        below[:] = sorted(n for n in below if not n.startswith(".") and n not in _NO_TESTS_IN)
        for name in sorted(names):
            left -= 1
            if not left:
                return
            if any(fnmatch(name, pattern) for pattern in patterns):
                yield os.path.relpath(os.path.join(folder, name), base)
