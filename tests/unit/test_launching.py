"""From what `start` was asked for to a target: what is refused, and by which parameter."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcp_debug_tool.arguments import MAX_ARGUMENT, source_file
from mcp_debug_tool.errors import InvalidArgument
from mcp_debug_tool.launching import Launch, prepare
from mcp_debug_tool.prepared import Prepared
from mcp_debug_tool.settings import Settings
from mcp_debug_tool.targets.launch import LaunchTarget, Program


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a script, a folder in it, and nothing else."""
    (tmp_path / "app.py").write_text("print()\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "other.py").write_text("print()\n")
    return tmp_path


def prepared(folder: Path, environ: dict[str, str] | None = None, **launch: Any) -> Prepared:
    """What `prepare` makes of a launch on our own interpreter."""
    launch.setdefault("python", sys.executable)
    return prepare(Launch(**launch), Settings(environ=environ or {"PATH": "/bin"}, cwd=str(folder)))


def target(run: Prepared) -> LaunchTarget:
    """The target of a run that we start."""
    assert isinstance(run.target, LaunchTarget)
    assert run.is_launched
    return run.target


def refused(folder: Path, **launch: Any) -> InvalidArgument:
    """The refusal of a launch."""
    with pytest.raises(InvalidArgument) as error:
        prepared(folder, **launch)
    return error.value


def test_a_script_is_found_from_the_servers_folder_and_run_there(folder: Path) -> None:
    run = prepared(folder, program="app.py", args=["-v", "x y"])
    assert target(run).program == Program("program", str(folder / "app.py"), ("-v", "x y"))
    assert run.cwd == target(run).cwd == str(folder)
    assert run.plan.program_file == str(folder / "app.py")
    assert run.plan.roots == (str(folder),)
    assert run.plan.first_path == os.path.realpath(folder)
    assert run.what == "app.py -v x y"
    assert target(run).interpreter.path == sys.executable
    assert run.python == f"{sys.executable} (as given)"


def test_a_script_elsewhere_adds_its_folder_to_the_users_code(folder: Path) -> None:
    run = prepared(folder, program="sub/other.py")
    assert run.plan.roots == (str(folder / "sub"), str(folder))
    assert run.plan.first_path == os.path.realpath(folder / "sub")


def test_a_linked_script_runs_with_the_folder_it_is_really_in_as_its_first_path(folder: Path) -> None:
    (folder / "link.py").symlink_to(folder / "sub" / "other.py")
    run = prepared(folder, program="link.py")
    assert target(run).program.name == str(folder / "link.py")
    assert run.plan.first_path == os.path.realpath(folder / "sub")


def test_relative_paths_begin_at_the_cwd_that_was_given(folder: Path) -> None:
    run = prepared(folder, program="other.py", cwd="sub")
    assert target(run).program.name == str(folder / "sub" / "other.py")
    assert run.cwd == str(folder / "sub")


def test_a_home_folder_is_understood(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert target(prepared(folder / "sub", program="~/app.py")).program.name == str(folder / "app.py")


def test_a_module_runs_by_its_name(folder: Path) -> None:
    run = prepared(folder, module="package.module", args=["1"])
    assert target(run).program == Program("module", "package.module", ("1",))
    assert run.plan.program_file is None
    assert run.plan.first_path == str(folder)
    assert run.what == "-m package.module 1"


def test_code_runs_as_it_is(folder: Path) -> None:
    run = prepared(folder, code="print(1)\n")
    assert target(run).program == Program("code", "print(1)\n")
    assert target(run).sources() == {"<string>": "print(1)\n"}
    assert run.what == "code"


def test_what_stops_the_program_goes_into_the_plan(folder: Path) -> None:
    run = prepared(folder, program="app.py", stop_on_entry=True, break_on=["raised", "uncaught"], just_my_code=False)
    assert run.plan.stop_on_entry
    assert run.plan.break_on == {"raised", "uncaught"}
    assert not target(run).just_my_code
    assert prepared(folder, program="app.py", break_on=[]).plan.break_on == frozenset()


def test_the_environment_is_the_servers_with_changes(folder: Path) -> None:
    environ = {"PATH": "/bin", "KEEP": "1", "GONE": "2"}
    run = prepared(folder, environ, code="1", env={"GONE": None, "NEW": "", "KEEP": "3", "NEVER": None})
    assert target(run).environ == {"PATH": "/bin", "KEEP": "3", "NEW": ""}
    assert environ == {"PATH": "/bin", "KEEP": "1", "GONE": "2"}


def test_the_environment_stands_in_no_repr(folder: Path) -> None:
    assert "hunter2" not in repr(prepared(folder, code="1", env={"PASSWORD": "hunter2"}))


@pytest.mark.parametrize(
    "launch",
    [
        {},
        {"program": "app.py", "module": "app"},
        {"module": "app", "code": "1"},
        {"program": "app.py", "module": "app", "code": "1"},
    ],
)
def test_exactly_one_thing_is_run(folder: Path, launch: dict[str, str]) -> None:
    error = refused(folder, **launch)
    assert error.parameter == "program"
    assert error.hint


@pytest.mark.parametrize(
    ("launch", "parameter"),
    [
        ({"program": "missing.py"}, "program"),
        ({"program": "sub"}, "program"),
        ({"program": ""}, "program"),
        ({"program": "app.py/x"}, "program"),
        ({"program": "x" * 5000}, "program"),
        ({"program": os.devnull}, "program"),
        ({"program": "a\0.py"}, "program"),
        ({"module": ""}, "module"),
        ({"module": "a b"}, "module"),
        ({"module": "a/b.py"}, "module"),
        ({"module": ".a"}, "module"),
        ({"module": "-c"}, "module"),
        ({"module": "a\0"}, "module"),
        ({"code": ""}, "code"),
        ({"code": " \n"}, "code"),
        ({"code": "x\0"}, "code"),
        ({"code": "#" * (MAX_ARGUMENT + 1)}, "code"),
        ({"code": "#" + "é" * (MAX_ARGUMENT // 2 + 1)}, "code"),
        ({"code": "1", "args": ["ok", "a\0b"]}, "args"),
        ({"code": "1", "args": ["x" * (MAX_ARGUMENT + 1)]}, "args"),
        ({"code": "1", "cwd": "missing"}, "cwd"),
        ({"code": "1", "cwd": "app.py"}, "cwd"),
        ({"code": "1", "cwd": "s\0"}, "cwd"),
        ({"code": "1", "python": "p\0"}, "python"),
        ({"code": "1", "python": "no-such-python"}, "python"),
        ({"code": "1", "break_on": ["uncaught", "sometimes"]}, "break_on"),
        ({"code": "1", "env": {"": "x"}}, "env"),
        ({"code": "1", "env": {"A=B": "x"}}, "env"),
        ({"code": "1", "env": {"A\0": "x"}}, "env"),
        ({"code": "1", "env": {"A": "x\0"}}, "env"),
        ({"code": "1", "env": {"A=B": None}}, "env"),
    ],
)
def test_what_cannot_be_started_is_refused_by_its_parameter(
    folder: Path, launch: dict[str, Any], parameter: str
) -> None:
    assert refused(folder, **launch).parameter == parameter


def test_the_longest_argument_that_linux_takes_is_taken(folder: Path) -> None:
    assert target(prepared(folder, code="#" * MAX_ARGUMENT)).program.name == "#" * MAX_ARGUMENT


def test_a_file_that_cannot_be_read_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may read everything, so the system's answer is given here.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InvalidArgument) as error:
        source_file("file", "app.py", (str(folder),))
    assert error.value.parameter == "file"


def test_a_source_file_is_an_absolute_path_without_detours(folder: Path) -> None:
    assert source_file("file", "sub/../app.py", (str(folder),)) == str(folder / "app.py")
    assert source_file("file", str(folder / "app.py"), ("/",)) == str(folder / "app.py")


def test_a_source_file_is_taken_from_the_first_folder_that_has_it(folder: Path) -> None:
    folders = (str(folder / "sub"), str(folder))
    assert source_file("file", "app.py", folders) == str(folder / "app.py")
    (folder / "sub" / "app.py").write_text("")
    assert source_file("file", "app.py", folders) == str(folder / "sub" / "app.py")


def test_source_files_are_looked_for_where_the_program_runs_and_among_its_packages(folder: Path) -> None:
    packages = folder / "env" / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    (folder / "env" / "bin").mkdir()
    (folder / "env" / "bin" / "python").symlink_to(sys.executable)
    run = prepared(folder, program="sub/other.py", python="env/bin/python")
    assert run.source_folders[0] == str(folder)
    assert run.source_folders[-1] == str(packages)
    assert str(folder / "sub") in run.source_folders


@pytest.mark.parametrize("file", ["nothing.py", "sub", "a\0b"])
def test_a_source_file_is_refused_by_the_parameter_it_came_in(folder: Path, file: str) -> None:
    with pytest.raises(InvalidArgument) as error:
        source_file("until", file, (str(folder), "/"))
    assert error.value.parameter == "until"


def test_a_launch_is_plain_data_that_can_be_used_again(folder: Path) -> None:
    launch = Launch(code="1", python=sys.executable)
    settings = Settings(environ={}, cwd=str(folder))
    assert prepare(launch, settings) == prepare(replace(launch), settings)
