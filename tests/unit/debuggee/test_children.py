"""Which of the programs a program starts are Pythons, and what they are told to run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from mcp_debug_tool.debuggee import children

Action = tuple[object, ...]

python_arguments: Callable[[Sequence[str], Sequence[str]], list[str] | None] = children._python_arguments
starts_python: Callable[[str], bool] = children._starts_python
flags: Callable[[Sequence[str]], list[str]] = children._flags
script: Callable[[Sequence[str]], str] = children._script
mapping: Callable[[object], dict[str, str] | None] = children._mapping
kept_open: Callable[[Sequence[Action], int], tuple[list[Action], int]] = children._kept_open


def executable(folder: Path, name: str, first: bytes) -> str:
    """A file of that name that begins with `first`."""
    path = folder / name
    path.write_bytes(first)
    return str(path)


# --- whether a Python is started ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["python", "python3", "python3.8", "python3.13", "python3.13t", "python.exe", "pythonw.exe", "/opt/py/bin/python3"],
)
def test_a_program_named_like_a_python_is_one(name: str) -> None:
    assert python_arguments([name, "-u", "app.py"], ()) == ["-u", "app.py"]


@pytest.mark.parametrize(
    "name", ["python-config", "python3-config", "ipython", "pythonx", "py", "pypy3", "bash", "/bin/ls", ""]
)
def test_a_program_named_otherwise_is_none(name: str) -> None:
    assert python_arguments([name, "-u", "app.py"], ()) is None


def test_the_interpreter_that_runs_is_a_python_whatever_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/opt/blender/runtime")
    assert python_arguments(["/opt/blender/runtime", "a.py"], ()) == ["a.py"]


def test_a_command_of_nothing_starts_nothing() -> None:
    assert python_arguments([], ()) is None


def test_what_is_executed_counts_and_not_what_it_is_called(tmp_path: Path) -> None:
    python = executable(tmp_path, "python3", b"\x7fELF")
    other = executable(tmp_path, "other", b"\x7fELF")
    assert python_arguments(["worker: 1", "a.py"], [python]) == ["a.py"]
    assert python_arguments(["python3", "a.py"], [other]) is None


def test_of_several_places_on_the_path_the_first_that_exists_is_executed(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    python = executable(tmp_path, "python3", b"\x7fELF")
    missing = str(tmp_path / "empty" / "python3")
    assert python_arguments(["python3", "a.py"], [missing, python]) == ["a.py"]
    # None exists: the name it is called by is all that is known.
    assert python_arguments(["python3", "a.py"], [missing]) == ["a.py"]
    assert python_arguments(["ls"], [missing]) is None


@pytest.mark.parametrize(
    ("args", "arguments"),
    [
        (["env", "python3", "a.py"], ["a.py"]),
        (["/usr/bin/env", "A=1", "B=", "python3", "-m", "pkg"], ["-m", "pkg"]),
        (["env", "-i", "A=1", "python3", "a.py"], ["a.py"]),
        (["env", "python3"], []),
        (["env", "ls", "python3"], None),
        (["env", "A=1"], None),
        (["env"], None),
    ],
)
def test_a_python_behind_env_is_found(args: list[str], arguments: list[str] | None) -> None:
    assert python_arguments(args, ()) == arguments


# --- scripts that start a Python by their first line ----------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "starts"),
    [
        (b"#!/usr/bin/env python3\nimport sys\n", True),
        (b"#!/venv/bin/python\n", True),
        (b"#!/usr/bin/python3.11 -u", True),
        (b"#! /usr/bin/python3\r\n", True),
        (b"#!/bin/sh\nexec python app.py\n", False),
        (b"import sys  # python\n", False),
        (b"\n#!/usr/bin/env python3\n", False),
        (b"\x7fELF python", False),
        (b"", False),
    ],
)
def test_the_first_line_of_a_script_names_its_python(tmp_path: Path, content: bytes, starts: bool) -> None:
    assert starts_python(executable(tmp_path, "tool", content)) == starts


def test_a_file_that_cannot_be_read_starts_no_python(tmp_path: Path) -> None:
    assert not starts_python(str(tmp_path / "none"))
    assert not starts_python(str(tmp_path))


def test_a_console_script_is_a_python_whose_first_argument_is_the_script(tmp_path: Path) -> None:
    tool = executable(tmp_path, "pytest", b"#!/venv/bin/python\n")
    arguments = python_arguments([tool, "-x", "tests"], [tool])
    assert arguments == [tool, "-x", "tests"]
    assert (flags(arguments), script(arguments)) == ([], tool)


def test_a_shell_script_and_a_binary_start_no_python(tmp_path: Path) -> None:
    for name, content in (("run.sh", b"#!/bin/sh\n"), ("tool", b"\x7fELF")):
        path = executable(tmp_path, name, content)
        assert python_arguments([path, "a.py"], [path]) is None


# --- what it is told to run -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "own", "runs"),
    [
        ([], [], ""),
        (["a.py"], [], "a.py"),
        (["a.py", "-I", "-W", "x"], [], "a.py"),
        (["-u", "a.py"], ["-u"], "a.py"),
        (["-I", "a.py"], ["-I"], "a.py"),
        (["-IB", "-OO", "a.py"], ["-IB", "-OO"], "a.py"),
        (["-W", "error", "a.py", "-S"], ["-W"], "a.py"),
        (["-Werror", "a.py"], ["-Werror"], "a.py"),
        (["-W", "-I", "a.py"], ["-W"], "a.py"),
        (["-W", "a", "-W", "b", "a.py"], ["-W", "-W"], "a.py"),
        (["-u", "-W", "-u", "a.py"], ["-u", "-W"], "a.py"),
        (["-X", "dev", "-X", "utf8", "-u", "a.py"], ["-X", "-X", "-u"], "a.py"),
        (["--check-hash-based-pycs", "never", "a.py"], ["--check-hash-based-pycs"], "a.py"),
        (["-m", "pkg", "a.py"], [], ""),
        (["-u", "-m", "pkg", "-I"], ["-u"], ""),
        (["-m"], [], ""),
        (["-c", "print(1)", "-I"], [], "print(1)"),
        (["-E", "-c", "-m"], ["-E"], "-m"),
        (["-"], [], ""),
        (["-u", "-", "a.py"], ["-u"], ""),
        (["-W"], ["-W"], ""),
        (["-u"], ["-u"], ""),
    ],
)
def test_options_of_the_interpreter_are_told_from_what_it_runs(arguments: list[str], own: list[str], runs: str) -> None:
    assert flags(arguments) == own
    assert script(arguments) == runs


# --- environments ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("env", "names"),
    [
        (None, None),
        ({}, {}),
        ([], {}),
        ({"A": "1", "B": ""}, {"A": "1", "B": ""}),
        ({b"A": b"1"}, {"A": "1"}),
        ({"A": Path("/srv")}, {"A": "/srv"}),
        ([b"A=1", b"B="], {"A": "1", "B": ""}),
        (["A=x=y", "B==", b"C= "], {"A": "x=y", "B": "=", "C": " "}),
    ],
)
def test_an_environment_is_read_in_any_form(env: object, names: dict[str, str] | None) -> None:
    assert mapping(env) == names


def test_an_environment_of_odd_bytes_is_the_same_when_it_is_handed_on() -> None:
    read = mapping([b"A=\xff\xfe"])
    assert read is not None
    assert {os.fsencode(name): os.fsencode(value) for name, value in read.items()} == {b"A": b"\xff\xfe"}


def test_an_environment_is_a_copy() -> None:
    env: Mapping[str, str] = {"A": "1"}
    read = mapping(env)
    assert read is not None
    read["B"] = "2"
    assert env == {"A": "1"}


# --- descriptors for posix_spawn ------------------------------------------------------------------------------

CLOSE_FROM = 77


def test_file_actions_that_do_not_close_it_leave_a_descriptor_as_it_is() -> None:
    actions = [(1, 4), (2, 5, 0)]
    assert kept_open(actions, 9) == (actions, 9)
    assert kept_open((), 9) == ([], 9)


@pytest.mark.skipif(not hasattr(os, "POSIX_SPAWN_DUP2"), reason="there is no posix_spawn")
def test_a_descriptor_is_moved_below_those_that_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "POSIX_SPAWN_CLOSEFROM", CLOSE_FROM, raising=False)
    first: Action = (os.POSIX_SPAWN_DUP2, 6, 1)
    actions, number = kept_open([first, (CLOSE_FROM, 3)], 9)
    assert actions == [first, (os.POSIX_SPAWN_DUP2, 9, 3), (CLOSE_FROM, 4)]
    assert number == 3
