"""What the command line of a Python is read as, and which commands start a Python at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_debug_tool.debuggee.command_lines import CommandLine, read_arguments, read_command


def parts(line: CommandLine | None) -> tuple[str, str, str] | None:
    """The options, the kind and the name; a CommandLine has no equality of its own."""
    return None if line is None else (line.options, line.kind, line.name)


def executable(folder: Path, name: str, first: bytes) -> str:
    """A file of that name that begins with `first`."""
    path = folder / name
    path.write_bytes(first)
    path.chmod(0o755)
    return str(path)


def runs(args: Sequence[str], executables: Sequence[str] = ()) -> str | None:
    """What a command has a Python run; None where it starts none."""
    line = read_command(args, executables)
    return None if line is None else line.name


# --- what an interpreter makes of its arguments ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "options", "kind", "name"),
    [
        (["a.py"], "", "script", "a.py"),
        (["a.py", "-I", "-W", "x"], "", "script", "a.py"),
        (["-u", "a.py"], "u", "script", "a.py"),
        (["-I", "a.py"], "I", "script", "a.py"),
        (["-IB", "-OO", "a.py"], "IBOO", "script", "a.py"),
        # Options with a value: in the same word, or the next one whatever that looks like.
        (["-W", "error", "a.py", "-S"], "", "script", "a.py"),
        (["-Werror", "a.py"], "", "script", "a.py"),
        (["-W", "-I", "a.py"], "", "script", "a.py"),
        (["-W", "-m", "a.py"], "", "script", "a.py"),
        (["-W", "a", "-W", "b", "a.py"], "", "script", "a.py"),
        (["-u", "-W", "-u", "a.py"], "u", "script", "a.py"),
        (["-uW", "error", "a.py"], "u", "script", "a.py"),
        (["-uXdev", "-B", "a.py"], "uB", "script", "a.py"),
        (["-X", "dev", "-X", "utf8", "-u", "a.py"], "u", "script", "a.py"),
        (["-Wignore::ImportWarning", "a.py"], "", "script", "a.py"),
        (["-Xpycache_prefix=/SRV", "a.py"], "", "script", "a.py"),
        (["-Xfrozen_modules=off", "-m", "pkg"], "", "module", "pkg"),
        (["--check-hash-based-pycs", "never", "a.py"], "", "script", "a.py"),
        (["--check-hash-based-pycs", "-I", "a.py"], "", "script", "a.py"),
        # What ends the options; all behind it is the program's own.
        (["-m", "pkg", "a.py"], "", "module", "pkg"),
        (["-mpkg", "-I"], "", "module", "pkg"),
        (["-um", "pkg"], "u", "module", "pkg"),
        (["-um", "pkg", "-S"], "u", "module", "pkg"),
        (["-umpkg.IES"], "u", "module", "pkg.IES"),
        (["-u", "-m", "pkg", "-I"], "u", "module", "pkg"),
        (["-c", "print(1)", "-I"], "", "code", "print(1)"),
        (["-cimport IES", "-I"], "", "code", "import IES"),
        (["-Ec", "pass"], "E", "code", "pass"),
        (["-E", "-c", "-m"], "E", "code", "-m"),
        (["-c", ""], "", "code", ""),
        (["-"], "", "stdin", ""),
        (["-u", "-", "a.py"], "u", "stdin", ""),
        # Nothing to run: Python reads from the keyboard, or complains.
        ([], "", "stdin", ""),
        (["-u"], "u", "stdin", ""),
        (["-W"], "", "stdin", ""),
        (["--check-hash-based-pycs"], "", "stdin", ""),
        (["-m"], "", "module", ""),
        (["-c"], "", "code", ""),
    ],
)
def test_the_interpreters_options_are_told_from_what_it_runs(
    arguments: list[str], options: str, kind: str, name: str
) -> None:
    assert parts(read_arguments(arguments)) == (options, kind, name)


@pytest.mark.parametrize(
    "arguments",
    [["-I", "a.py"], ["-E", "a.py"], ["-S", "a.py"], ["-Es", "a.py"], ["-uI", "-m", "pkg"], ["-X", "dev", "-Ec", "x"]],
)
def test_an_interpreter_that_looks_at_no_pythonpath_or_site_is_closed(arguments: list[str]) -> None:
    assert read_arguments(arguments).is_closed


@pytest.mark.parametrize(
    "arguments",
    [
        ["a.py", "-I"],
        ["-s", "a.py"],
        ["-P", "a.py"],
        ["-i", "a.py"],
        ["-Wignore::ImportWarning", "a.py"],
        ["-W", "ignore::ImportWarning", "a.py"],
        ["-Xpycache_prefix=/SRV", "a.py"],
        ["-X", "pycache_prefix=/SRV", "a.py"],
        ["-mpkg", "-I"],
        ["-mISE"],
        ["-cIES"],
        ["-c", "pass", "-E"],
        ["-", "-I"],
        [],
    ],
)
def test_letters_that_are_no_options_close_nothing(arguments: list[str]) -> None:
    assert not read_arguments(arguments).is_closed


def test_code_is_no_path_even_where_it_looks_like_one() -> None:
    for arguments in (["-c", "/srv/app.py"], ["-c/srv/app.py"], ["-uc", "/srv/app.py"]):
        line = read_arguments(arguments)
        assert (line.kind, line.name) == ("code", "/srv/app.py")


@given(st.lists(st.one_of(st.text("-uIEWXmc a", max_size=5), st.sampled_from(["--check-hash-based-pycs", "a.py"]))))
def test_any_arguments_are_read_and_left_as_they_are(arguments: list[str]) -> None:
    before = list(arguments)
    line = read_arguments(arguments)
    assert arguments == before
    assert line.kind in ("script", "module", "code", "stdin")
    assert not set("WXmc") & set(line.options)


# --- whether a command starts a Python ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["python", "python3", "python3.8", "python3.13", "python3.13t", "python.exe", "pythonw.exe", "/opt/py/bin/python3"],
)
def test_a_program_named_like_a_python_is_one(name: str) -> None:
    assert parts(read_command([name, "-u", "app.py"], ())) == ("u", "script", "app.py")


@pytest.mark.parametrize(
    "name", ["python-config", "python3-config", "ipython", "pythonx", "py", "pypy3", "bash", "/bin/ls", ""]
)
def test_a_program_named_otherwise_is_none(name: str) -> None:
    assert read_command([name, "-u", "app.py"], ()) is None


def test_the_interpreter_that_runs_is_a_python_whatever_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/opt/blender/runtime")
    assert runs(["/opt/blender/runtime", "a.py"]) == "a.py"
    assert runs(["env", "/opt/blender/runtime", "a.py"]) == "a.py"


def test_a_command_of_nothing_starts_nothing() -> None:
    assert read_command([], ()) is None


def test_what_is_executed_counts_and_not_what_it_is_called(tmp_path: Path) -> None:
    python = executable(tmp_path, "python3", b"\x7fELF")
    other = executable(tmp_path, "other", b"\x7fELF")
    assert runs(["worker: 1", "a.py"], [python]) == "a.py"
    assert runs(["python3", "a.py"], [other]) is None


def test_of_several_places_on_the_path_the_first_that_exists_is_executed(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    python = executable(tmp_path, "python3", b"\x7fELF")
    missing = str(tmp_path / "empty" / "python3")
    assert runs(["python3", "a.py"], [missing, python]) == "a.py"
    # None exists: the name it is called by is all that is known.
    assert runs(["python3", "a.py"], [missing]) == "a.py"
    assert runs(["ls"], [missing]) is None


# --- behind env -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["env", "python3", "a.py"], ("", "script", "a.py")),
        (["/usr/bin/env", "A=1", "B=", "python3", "-m", "pkg"], ("", "module", "pkg")),
        (["env", "-u", "HOME", "python3", "a.py"], ("", "script", "a.py")),
        (["env", "-uHOME", "python3", "a.py"], ("", "script", "a.py")),
        (["env", "--unset", "HOME", "-C", "/srv", "A=1", "python3", "-I", "a.py"], ("I", "script", "a.py")),
        (["env", "--unset=HOME", "--chdir=/srv", "-v", "python3", "a.py"], ("", "script", "a.py")),
        (["env", "-u", "python3", "python3.12", "a.py"], ("", "script", "a.py")),
        (["env", "--", "python3", "a.py"], ("", "script", "a.py")),
        (["env", "python3"], ("", "stdin", "")),
        # An environment of its own making has neither our PYTHONPATH nor our settings.
        (["env", "-i", "python3", "a.py"], None),
        (["env", "-", "python3", "a.py"], None),
        (["env", "--ignore-environment", "A=1", "python3", "a.py"], None),
        # A text that env takes apart itself.
        (["env", "-S", "python3 -u", "a.py"], None),
        (["env", "-Spython3 -u", "a.py"], None),
        (["env", "ls", "python3"], None),
        (["env", "A=1"], None),
        (["env", "-u"], None),
        (["env"], None),
    ],
)
def test_a_python_behind_env_is_found(args: list[str], expected: tuple[str, str, str] | None) -> None:
    assert parts(read_command(args, ())) == expected


def test_a_script_behind_env_is_found_by_its_path(tmp_path: Path) -> None:
    tool = executable(tmp_path, "tool", b"#!/usr/bin/env python3\n")
    env = executable(tmp_path, "env", b"\x7fELF")
    assert parts(read_command(["env", tool, "a"], [env])) == ("", "script", tool)
    assert parts(read_command(["env", "A=1", tool, "-I"], ())) == ("", "script", tool)


# --- scripts that start a Python by their first line ----------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (b"#!/usr/bin/env python3\nimport sys\n", ""),
        (b"#!/venv/bin/python\n", ""),
        (b"#!/usr/bin/python3.11 -u", "u"),
        (b"#! /usr/bin/python3\r\n", ""),
        (b"#!/usr/bin/python3 -Es\n", "Es"),
        (b"#!/usr/bin/python3 -Wignore::ImportWarning\n", ""),
        (b"#!/usr/bin/env -S python3 -u -I\n", "uI"),
        (b"#!/usr/bin/env -Spython3 -E\n", "E"),
        (b"#!/bin/sh\nexec python app.py\n", None),
        (b"#!/usr/bin/perl\n", None),
        (b"import sys  # python\n", None),
        (b"\n#!/usr/bin/env python3\n", None),
        (b"\x7fELF python", None),
        (b"", None),
    ],
)
def test_the_first_line_of_a_script_names_its_python_and_its_options(
    tmp_path: Path, content: bytes, options: str | None
) -> None:
    tool = executable(tmp_path, "tool", content)
    expected = None if options is None else (options, "script", tool)
    assert parts(read_command([tool, "-x", "a.py"], [tool])) == expected


def test_a_script_whose_first_line_shuts_the_debugger_out_is_closed(tmp_path: Path) -> None:
    closed = read_command(["tool"], [executable(tmp_path, "tool", b"#!/usr/bin/python3 -Es\n")])
    open_ = read_command(["other", "-Es"], [executable(tmp_path, "other", b"#!/usr/bin/python3 -s\n")])
    assert closed is not None
    assert closed.is_closed
    assert open_ is not None
    assert not open_.is_closed


def test_a_script_reached_by_its_name_on_the_path_is_found_where_it_is_executed(tmp_path: Path) -> None:
    tool = executable(tmp_path, "tool", b"#!/venv/bin/python\n")
    missing = str(tmp_path / "none" / "tool")
    assert runs(["tool", "-x"], [missing, tool]) == tool
    assert runs(["tool", "-x"], [missing]) is None


def test_a_file_that_cannot_be_read_starts_no_python(tmp_path: Path) -> None:
    for path in (str(tmp_path / "none"), str(tmp_path)):
        assert read_command([path, "a.py"], [path]) is None


def test_a_script_of_odd_bytes_is_read(tmp_path: Path) -> None:
    tool = executable(tmp_path, "tool", b"#!/srv/\xff/python3 -E\n\xfe")
    assert parts(read_command([tool], [os.fsdecode(tool)])) == ("E", "script", tool)
