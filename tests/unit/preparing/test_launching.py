"""From what `start` was asked for to a target: what is refused, and by which parameter."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcp_debug_tool.errors import InvalidArgument
from mcp_debug_tool.interpreters import Interpreter
from mcp_debug_tool.path_map import PathMap
from mcp_debug_tool.preparing.arguments import MAX_ARGUMENT, source_file
from mcp_debug_tool.preparing.launching import Launch, prepare
from mcp_debug_tool.preparing.prepared import Prepared
from mcp_debug_tool.settings import Settings
from mcp_debug_tool.targets.launch import LaunchTarget, Program
from mcp_debug_tool.targets.listen import ListenTarget
from mcp_debug_tool.targets.pid import PidTarget
from mcp_debug_tool.targets.port import PortTarget


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
        {"program": "app.py", "pytest": []},
        {"module": "pytest", "pytest": ["tests"]},
        {"pytest": [], "command": "pytest"},
        {"code": "1", "command": "python app.py"},
        {"program": "", "command": "python app.py"},
        {"args": ["app.py"]},
        {"env": {"A": "1"}, "cwd": "sub"},
    ],
)
def test_exactly_one_thing_is_run(folder: Path, launch: dict[str, Any]) -> None:
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
        ({"code": "1", "env_file": "missing.env"}, "env_file"),
        ({"code": "1", "env_file": "sub"}, "env_file"),
        ({"code": "1", "env_file": "a\0"}, "env_file"),
        ({"pytest": ["a\0"]}, "pytest"),
        ({"pytest": ["x" * (MAX_ARGUMENT + 1)]}, "pytest"),
        ({"pytest": [], "args": ["a\0"]}, "args"),
        ({"pytest": [], "stop_on_entry": True}, "stop_on_entry"),
        ({"pytest": [], "python": "no-such-python"}, "python"),
        ({"command": "python app.py", "args": ["-v"]}, "args"),
        ({"command": ""}, "command"),
        ({"command": "python missing.py"}, "command"),
        ({"command": "python app.py > out"}, "command"),
        ({"command": "python -m a/b"}, "command"),
        ({"command": "python -I app.py"}, "command"),
        ({"command": "python app.py a\0"}, "command"),
        ({"configuration": "none"}, "configuration"),
        ({"configuration": "a\0"}, "configuration"),
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


# --- command --------------------------------------------------------------------------------------------------


def test_a_command_runs_what_it_would_in_a_shell(folder: Path) -> None:
    run = prepared(folder, command="MODE=fast python -u sub/other.py -v 'x y'", env={"MODE": "slow", "A": "1"})
    script = str(folder / "sub" / "other.py")
    assert target(run).program == Program("program", script, ("-v", "x y"), ("-u",))
    assert target(run).environ == {"PATH": "/bin", "MODE": "fast", "A": "1"}
    assert target(run).cwd == str(folder)
    assert run.plan.program_file == script
    assert run.plan.first_path == os.path.realpath(folder / "sub")
    assert run.what == "MODE=fast python -u sub/other.py -v 'x y'"
    assert not target(run).pytest


def test_a_command_runs_a_module_or_code(folder: Path) -> None:
    run = prepared(folder, command="python -X dev -m package.module 1")
    assert target(run).program == Program("module", "package.module", ("1",), ("-X", "dev"))
    assert (run.plan.program_file, run.plan.module) == (None, "package.module")
    run = prepared(folder, command="python -c 'print(1)' a")
    assert target(run).program == Program("code", "print(1)", ("a",))
    assert (run.plan.program_file, run.plan.module) == (None, None)


def test_a_command_is_typed_in_the_folder_of_the_call(folder: Path) -> None:
    run = prepared(folder, command="python other.py", cwd="sub")
    assert target(run).program.name == str(folder / "sub" / "other.py")
    assert target(run).cwd == str(folder / "sub")


def test_the_interpreter_that_a_command_names_runs_it_unless_the_call_names_one(folder: Path) -> None:
    (folder / "py").mkdir()
    (folder / "py" / "python").symlink_to(sys.executable)
    command = "py/python app.py"
    assert target(prepared(folder, command=command, python=None)).interpreter.path == str(folder / "py" / "python")
    assert target(prepared(folder, command=command)).interpreter.path == sys.executable


# --- pytest ---------------------------------------------------------------------------------------------------


def test_pytest_runs_as_a_module_that_captures_nothing(folder: Path) -> None:
    run = prepared(folder, pytest=["tests/test_a.py::test_b", "-x"], args=["-k", "c"])
    expected = ("--capture=no", "tests/test_a.py::test_b", "-x", "-k", "c")
    assert target(run).program == Program("module", "pytest", expected)
    assert target(run).pytest
    assert run.plan.module == "pytest"
    assert run.plan.program_file is None
    assert run.plan.first_path == str(folder)
    assert run.what == "pytest tests/test_a.py::test_b -x -k c"


def test_an_empty_list_runs_all_tests(folder: Path) -> None:
    run = prepared(folder, pytest=[])
    assert target(run).program == Program("module", "pytest", ("--capture=no",))
    assert run.what == "pytest"


@pytest.mark.parametrize("own", ["-s", "--capture=fd", "--capture=tee-sys"])
def test_what_the_call_says_of_capturing_is_said_last(folder: Path, own: str) -> None:
    assert target(prepared(folder, pytest=["tests"], args=[own])).program.args == ("tests", own)
    # pytest takes the last of several.
    assert target(prepared(folder, pytest=["tests", own])).program.args[-1] == own


def test_the_environment_near_the_test_is_taken(folder: Path) -> None:
    environment = folder / "sub" / ".venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "pyvenv.cfg").write_text("")
    (environment / "bin" / "python").symlink_to(sys.executable)
    python = str(environment / "bin" / "python")
    assert target(prepared(folder, pytest=["sub/other.py::test_a"], python=None)).interpreter.path == python
    assert target(prepared(folder, pytest=["-x"], python=None)).interpreter.path != python


# --- env_file -------------------------------------------------------------------------------------------------


def test_variables_of_a_file_win_over_the_servers_and_lose_to_the_calls_own(folder: Path) -> None:
    (folder / "sub" / "dev.env").write_text("SERVER=file\nFILE=${BASE}/x\nCALL=file\nGONE=file\n")
    environ = {"SERVER": "server", "BASE": "/srv", "CALL": "server"}
    launch: dict[str, Any] = {"code": "1", "cwd": "sub", "env_file": "dev.env"}
    run = prepared(folder, environ, **launch, env={"CALL": "call", "GONE": None})
    assert target(run).environ == {"SERVER": "file", "BASE": "/srv", "FILE": "/srv/x", "CALL": "call"}
    assert environ == {"SERVER": "server", "BASE": "/srv", "CALL": "server"}


def test_a_command_wins_over_the_file_of_variables(folder: Path) -> None:
    (folder / ".env").write_text("A=file\nB=file\n")
    run = prepared(folder, command="A=command python app.py", env_file=".env")
    assert target(run).environ == {"PATH": "/bin", "A": "command", "B": "file"}


def test_a_file_of_variables_that_does_not_parse_is_refused_without_its_values(folder: Path) -> None:
    (folder / ".env").write_text("A='hunter2\n")
    error = refused(folder, code="1", env_file=".env")
    assert error.parameter == "env_file"
    assert "hunter2" not in f"{error} {error.hint}"


# --- configuration --------------------------------------------------------------------------------------------


def configured(folder: Path, **keys: Any) -> None:
    """Write a launch.json with one entry, `it`."""
    (folder / ".vscode").mkdir(exist_ok=True)
    entry = {"name": "it", "type": "debugpy", "request": "launch", **keys}
    (folder / ".vscode" / "launch.json").write_text(json.dumps({"configurations": [entry]}))


def test_a_configuration_runs_what_its_entry_says(folder: Path) -> None:
    (folder / "dev.env").write_text("A=file\nB=file\n")
    configured(
        folder,
        program="${workspaceFolder}/sub/other.py",
        args=["-v"],
        pythonArgs=["-u"],
        env={"A": "entry", "PATH": None},
        envFile="dev.env",
        cwd="${workspaceFolder}/sub",
        stopOnEntry=True,
        justMyCode=False,
        subProcess=False,
    )
    run = prepared(folder, configuration="it")
    assert target(run).program == Program("program", str(folder / "sub" / "other.py"), ("-v",), ("-u",))
    assert target(run).environ == {"A": "entry", "B": "file"}
    assert target(run).cwd == run.cwd == str(folder / "sub")
    assert run.plan.stop_on_entry
    assert not target(run).just_my_code
    assert not target(run).follow_children


def test_what_the_call_says_wins_over_the_entry(folder: Path) -> None:
    (folder / "call.env").write_text("C=file\n")
    configured(
        folder,
        program="app.py",
        args=["entry"],
        env={"A": "entry", "B": "entry"},
        envFile="missing.env",
        python="missing-python",
    )
    run = prepared(
        folder,
        configuration="it",
        args=["call"],
        env={"A": "call"},
        env_file="call.env",
        stop_on_entry=True,
        just_my_code=False,
        follow_children=False,
    )
    assert target(run).program == Program("program", str(folder / "app.py"), ("call",))
    assert target(run).environ == {"PATH": "/bin", "A": "call", "B": "entry", "C": "file"}
    assert target(run).interpreter.path == sys.executable
    assert run.plan.stop_on_entry
    assert not target(run).just_my_code
    assert not target(run).follow_children


def test_a_configuration_is_looked_for_at_and_above_the_folder_of_the_call(folder: Path) -> None:
    configured(folder, module="package.module")
    run = prepared(folder, configuration="it", cwd="sub")
    assert target(run).program == Program("module", "package.module")
    assert target(run).cwd == str(folder / "sub")
    configured(folder, code="print(1)")
    assert target(prepared(folder / "sub", configuration="it")).program == Program("code", "print(1)")


def test_the_program_of_the_call_is_the_file_of_the_entry(folder: Path) -> None:
    configured(folder, program="${file}")
    run = prepared(folder, configuration="it", program="sub/other.py")
    assert target(run).program == Program("program", str(folder / "sub" / "other.py"))
    assert refused(folder, configuration="it").parameter == "configuration"
    assert refused(folder, configuration="it", program="missing.py").parameter == "program"


@pytest.mark.parametrize(
    ("launch", "parameter"),
    [
        ({"module": "app"}, "module"),
        ({"code": "1"}, "code"),
        ({"pytest": []}, "pytest"),
        ({"command": "python app.py"}, "command"),
    ],
)
def test_a_configuration_goes_with_nothing_else_to_run(folder: Path, launch: dict[str, Any], parameter: str) -> None:
    configured(folder, program="app.py")
    assert refused(folder, configuration="it", **launch).parameter == parameter


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"connect": {"port": 5678}}, PortTarget("127.0.0.1", 5678)),
        ({"port": 5678, "justMyCode": False}, PortTarget("127.0.0.1", 5678, just_my_code=False)),
        ({"processId": 4711}, PidTarget(4711)),
        ({"listen": {"host": "::1", "port": 5678}}, ListenTarget("::1", 5678)),
        (
            {"port": 5678, "pathMappings": [{"localRoot": "${workspaceFolder}", "remoteRoot": "/srv"}]},
            PortTarget("127.0.0.1", 5678, path_map=PathMap((("{folder}", "/srv"),))),
        ),
    ],
)
def test_a_configuration_that_attaches_becomes_an_attachment(folder: Path, keys: dict[str, Any], expected: Any) -> None:
    configured(folder, request="attach", **keys)
    run = prepared(folder, configuration="it", break_on=["raised"])
    pairs = tuple((local.format(folder=folder), remote) for local, remote in expected.path_map.pairs)
    assert run.target == replace(expected, path_map=PathMap(pairs))
    assert run.plan.break_on == {"raised"}
    assert not run.is_launched
    assert run.cwd == str(folder)


def test_a_configuration_that_attaches_to_another_machine_is_refused(folder: Path) -> None:
    configured(folder, request="attach", connect={"host": "example.org", "port": 5678})
    error = refused(folder, configuration="it")
    assert error.parameter == "host"
    assert "--allow-remote" in error.hint


# --- the command line -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "command"),
    [
        (Program("program", "/a.py"), ["/py", "/a.py"]),
        (Program("program", "/a.py", ("-u", "b"), ("-u", "-X", "dev")), ["/py", "-u", "-X", "dev", "/a.py", "-u", "b"]),
        (Program("module", "pkg", ("-x",), ("-O",)), ["/py", "-O", "-m", "pkg", "-x"]),
        (Program("code", "pass", ("a",), ("-W", "error")), ["/py", "-W", "error", "-c", "pass", "a"]),
    ],
)
def test_options_of_the_interpreter_stand_before_what_it_runs(program: Program, command: list[str]) -> None:
    assert program.command(Interpreter("/py", "as given")) == command


def test_options_go_with_each_way_that_names_what_runs(folder: Path) -> None:
    launches: list[dict[str, Any]] = [{"program": "app.py"}, {"module": "app"}, {"code": "1"}, {"pytest": []}]
    for launch in launches:
        assert target(prepared(folder, **launch, flags=["-X", "dev"])).program.flags == ("-X", "dev")
