"""What a process calls itself, read off its command line; and what it hands back when the debugger leaves."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import pytest

from mcp_debug_tool.debuggee import about, named_functions, sources

title: Callable[[list[str]], str] = about._title
introduce: Callable[[dict[str, str], str], dict[str, Any]] = about.introduce

SPAWN = "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)"
FORKSERVER = "from multiprocessing.forkserver import main; main(5, 6, ['__main__'], **{})"


@pytest.fixture(autouse=True)
def _no_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "given", {})
    monkeypatch.setattr(named_functions, "_first_paths", [])


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["app.py"], "app.py"),
        (["/srv/app/manage.py", "runserver", "--noreload"], "manage.py"),
        (["/venv/bin/pytest", "-x"], "pytest"),
        (["-m", "http.server", "8000"], "-m http.server"),
        (["-m", "pkg", "-c", "x"], "-m pkg"),
        (["-c", "print(1)", "-m", "x"], "-c code"),
        (["-c", ""], "-c code"),
        (["-c", SPAWN, "--multiprocessing-fork"], "multiprocessing spawn"),
        (["-c", FORKSERVER], "multiprocessing forkserver"),
        (["-B", "-S", "-I", "-c", SPAWN], "multiprocessing spawn"),
        (["-c", f"print(1); {SPAWN}"], "-c code"),
        # The interpreter's own options, and those whose value is an argument of its own.
        (["-u", "-OO", "app.py"], "app.py"),
        (["-W", "error", "app.py"], "app.py"),
        (["-Werror", "app.py"], "app.py"),
        (["-X", "dev", "-m", "pkg"], "-m pkg"),
        (["-Xdev", "-m", "pkg"], "-m pkg"),
        (["-um", "pkg", "-m", "other"], "-m pkg"),
        (["-mpkg.mod", "-c", "x"], "-m pkg.mod"),
        (["-uc", SPAWN], "multiprocessing spawn"),
        (["/srv/app/"], "app"),
        (["-W", "-m", "app.py"], "app.py"),
        (["--check-hash-based-pycs", "always", "app.py"], "app.py"),
        # Nothing that could be named: the interpreter itself.
        ([], os.path.basename(sys.executable)),
        (["-"], os.path.basename(sys.executable)),
        (["-i"], os.path.basename(sys.executable)),
        (["-W"], os.path.basename(sys.executable)),
        (["-m"], "-m ?"),
        (["-c"], "-c code"),
    ],
)
def test_a_process_is_called_what_it_runs(arguments: list[str], name: str) -> None:
    assert title(["/usr/bin/python3", *arguments]) == name


def test_a_command_without_even_an_interpreter_has_a_title() -> None:
    assert title([]) == os.path.basename(sys.executable)


def test_a_process_tells_its_own_and_its_parents_number() -> None:
    told = introduce({}, "/app")
    assert (told["pid"], told["ppid"]) == (os.getpid(), os.getppid())


def test_a_process_learns_the_text_of_its_code_and_where_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    introduce({"<string>": "x = 1\n"}, "/app")
    assert sources.given == {"<string>": "x = 1\n"}
    assert named_functions._first_paths == ["/app"]


def test_a_process_that_began_elsewhere_has_no_first_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    introduce({}, "")
    assert named_functions._first_paths == []


def test_a_process_in_which_the_code_was_not_loaded_is_a_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(about, "_began", os.getpid() + 1)
    assert introduce({}, "/app")["title"] == "fork"


def test_a_title_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "orig_argv", ["python", "x" * 500], raising=False)
    assert introduce({}, "/app")["title"] == "x" * 120


@pytest.mark.skipif(not os.path.exists("/proc/self/cmdline"), reason="the command line is read from /proc")
def test_a_python_without_orig_argv_finds_its_command_line_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys, "orig_argv", raising=False)
    command: list[str] = about._command_line()
    assert all(command[:1])
    assert len(command) > 1
