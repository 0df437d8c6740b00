"""The Pythons of a machine: where they are looked for, what they say, and how that is told."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mcp_debug_tool.doctor.pythons import Found, candidates, said, told


def test_an_answer_is_read_and_anything_else_is_none() -> None:
    assert said("cpython|3.12.1|/usr/bin/python3.12\n") == Found("cpython", (3, 12, 1), "/usr/bin/python3.12")
    for other in ("", "pyenv: python3.8: command not found", "cpython|3.12|/x", "Python 2.7.18"):
        assert said(other) is None


def test_pythons_are_told_oldest_first_and_each_once() -> None:
    old, new = Found("cpython", (3, 9, 1), "/b/python"), Found("cpython", (3, 13, 0), "/a/python")
    check = told([new, old, new])
    assert (check.verdict, check.found) == ("ok", "3.9.1 /b/python; 3.13.0 /a/python")


def test_those_that_cannot_be_debugged_say_why() -> None:
    pypy, ancient = Found("pypy", (3, 10, 14), "/p/pypy"), Found("cpython", (3, 7, 16), "/o/python")
    check = told([pypy, ancient])
    assert check.verdict == "warning"
    assert check.found == "none; cannot be debugged: 3.7.16 /o/python is too old; 3.10.14 /p/pypy is pypy"
    assert "python=" in check.mend
    assert told([Found("cpython", (3, 99, 0), "/n/python")]).found == "3.99.0 /n/python (newer than tested)"


@pytest.mark.skipif(os.name == "nt", reason="links and PATH of POSIX")
def test_they_are_looked_for_in_path_and_where_pyenv_and_uv_keep_them(tmp_path: Path) -> None:
    real = os.path.realpath(sys.executable)
    kept = {
        "bin": tmp_path / "path" / "python3",
        "pyenv": tmp_path / ".pyenv" / "versions" / "3.9.1" / "bin" / "python3",
        "uv": tmp_path / ".local" / "share" / "uv" / "python" / "cpython-3.12" / "bin" / "python3",
    }
    for path in kept.values():
        path.parent.mkdir(parents=True)
        path.write_text("#!/bin/sh\n", encoding="utf-8")
        path.chmod(0o755)
    (tmp_path / "path" / "python3.11").symlink_to(sys.executable)
    (tmp_path / "path" / "python3.12").symlink_to(sys.executable)
    (tmp_path / "path" / "python3.13").write_text("not executable", encoding="utf-8")
    found = candidates({"PATH": str(tmp_path / "path")}, tmp_path)
    assert sorted(found) == sorted([real, *map(str, kept.values())])
