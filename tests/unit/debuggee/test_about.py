"""What a process calls itself, read off its command line; and what it hands back when the debugger leaves."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from mcp_debug_tool.debuggee import about, introduction
from mcp_debug_tool.debuggee.places import sources
from mcp_debug_tool.debuggee.stopping import named_functions

title: Callable[[list[str]], str] = about._title
introduce: Callable[[dict[str, str], str], dict[str, Any]] = introduction.introduce

SPAWN = "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)"
TRACKER = "from multiprocessing.resource_tracker import main;main(5)"
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
        # As a debugpy that follows children by itself has rewritten them.
        (["/d/pydevd.py", "--port", "1", "--file", "/srv/kid.py", "hello"], "kid.py"),
        (["-u", "/d/pydevd.py", "--module", "--port", "1", "--file", "kid", "--file"], "-m kid"),
        (
            ["-c", f"import sys; import pydevd; pydevd.settrace(host='h', x={{'a': {{}}}}); {SPAWN}"],
            "multiprocessing spawn",
        ),
        (["-c", f"import pydevd; pydevd.settrace(x={{}}); {TRACKER}"], "multiprocessing resource_tracker"),
        (["pydevd.py"], "pydevd.py"),
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


# --- what it was before, and what others call it --------------------------------------------------------------


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that knows nothing of itself yet."""
    for name, value in (("_replaces", 0), ("_name", ""), ("_inherited", None)):
        monkeypatch.setattr(about, name, value)
    monkeypatch.setattr(sys, "orig_argv", ["python", "app.py"], raising=False)


def as_multiprocessing(monkeypatch: pytest.MonkeyPatch, name: str, parent_pid: int | None) -> None:
    process = SimpleNamespace(_name=name, _parent_pid=parent_pid)
    monkeypatch.setitem(sys.modules, "multiprocessing.process", SimpleNamespace(_current_process=process))


@pytest.mark.usefixtures("fresh")
def test_only_the_process_that_has_replaced_itself_says_so() -> None:
    for replaces, told in ((None, False), (0, False), (os.getpid() + 1, False), (os.getpid(), True)):
        about.note_exec({"replaces": replaces})
        assert introduce({}, "/app")["replaced"] is told


@pytest.mark.usefixtures("fresh")
def test_a_fork_of_what_has_replaced_itself_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    about.note_exec({"replaces": os.getpid()})
    monkeypatch.setattr(about, "_began", os.getpid() + 1)
    assert introduce({}, "/app")["replaced"] is False


@pytest.mark.usefixtures("fresh")
def test_a_process_of_multiprocessing_has_its_name_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    as_multiprocessing(monkeypatch, "MainProcess", None)
    assert about.title() == "app.py"
    as_multiprocessing(monkeypatch, "SpawnPoolWorker-2", 17)
    assert about.title() == "SpawnPoolWorker-2"


@pytest.mark.usefixtures("fresh")
def test_a_fork_has_no_name_of_its_parents(monkeypatch: pytest.MonkeyPatch) -> None:
    as_multiprocessing(monkeypatch, "Process-1", 17)
    about.call_it("pytest gw0")
    assert about.title() == "pytest gw0"
    about.note_fork()
    monkeypatch.setattr(about, "_began", os.getpid() + 1)
    assert about.title() == "fork"
    as_multiprocessing(monkeypatch, "Process-1:1", 18)
    assert about.title() == "Process-1:1"


@pytest.mark.usefixtures("fresh")
def test_a_server_of_forks_is_a_helper(monkeypatch: pytest.MonkeyPatch) -> None:
    assert introduce({}, "/app")["helper"] is False
    monkeypatch.setattr(sys, "orig_argv", ["python", "-c", FORKSERVER], raising=False)
    assert introduce({}, "/app")["helper"] is True
