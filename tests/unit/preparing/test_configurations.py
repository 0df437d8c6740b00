"""Entries of launch.json: what they become, and what is refused by its name and with what cure."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mcp_debug_tool.errors import InvalidArgument
from mcp_debug_tool.preparing import configurations, launch_json
from mcp_debug_tool.preparing.configurations import Configuration

ENVIRON = {"HOME": "/home/ada", "TOKEN": "s3cret", "NAME": "api"}
LAUNCH = {"name": "it", "type": "debugpy", "request": "launch", "program": "app.py"}
ATTACH = {"name": "it", "type": "debugpy", "request": "attach", "connect": {"port": 5678}}


def write(folder: Path, content: str | bytes) -> Path:
    """A launch.json in `folder`."""
    path = folder / ".vscode" / "launch.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def found(
    folder: Path, name: str = "it", *, file: str | None = None, environ: Mapping[str, str] = ENVIRON
) -> Configuration:
    """The entry, looked for from `folder`."""
    return configurations.read(name, cwd=str(folder), file=file, environ=environ)


def entry(folder: Path, keys: Mapping[str, Any], *, file: str | None = None) -> Configuration:
    """What a single entry becomes."""
    write(folder, json.dumps({"version": "0.2.0", "configurations": [keys]}))
    return found(folder, file=file)


def launch(folder: Path, **keys: Any) -> Configuration:
    """What a launch of app.py with these keys becomes."""
    return entry(folder, {**LAUNCH, **keys})


def attach(folder: Path, **keys: Any) -> Configuration:
    """What an attach with these keys becomes; without a way in it is by port 5678."""
    ways = {"listen", "connect", "processId", "host", "port"}
    base = {key: value for key, value in ATTACH.items() if key != "connect" or not ways & set(keys)}
    return entry(folder, {**base, **keys})


@contextlib.contextmanager
def refused() -> Any:
    """The error of the block; it names the parameter and shows nothing secret."""
    with pytest.raises(InvalidArgument) as caught:
        yield caught
    error = caught.value
    assert error.parameter == "configuration"
    assert error.hint
    assert "s3cret" not in f"{error} {error.hint}"


# --- the file -------------------------------------------------------------------------------------------------


def test_comments_trailing_commas_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        b"""\xef\xbb\xbf// Use IntelliSense
        {
            "version": "0.2.0", /* block
            comment */
            "configurations": [
                {
                    "name": "it", // the name
                    "type": "debugpy", "request": "launch",
                    "program": "${workspaceFolder}/app.py",
                    "args": ["http://host//path", "/* no comment */", "a, ]",],
                },
            ],
        }""",
    )
    assert found(tmp_path).args == ("http://host//path", "/* no comment */", "a, ]")


def test_plain_json_and_commented_json_say_the_same(tmp_path: Path) -> None:
    text = json.dumps({"configurations": [{**LAUNCH, "args": ["é", "\n", '"']}]})
    write(tmp_path, text)
    plain = found(tmp_path)
    write(tmp_path, text + "// end")
    assert found(tmp_path) == plain


def test_the_nearest_file_above_is_taken_and_its_folder_is_the_workspace(tmp_path: Path) -> None:
    write(tmp_path, json.dumps({"configurations": [LAUNCH]}))
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert found(deep).program == str(tmp_path / "app.py")
    write(tmp_path / "a", json.dumps({"configurations": [{**LAUNCH, "program": "near.py"}]}))
    assert found(deep).program == str(tmp_path / "a" / "near.py")


def test_a_missing_file_is_an_error_with_a_cure(tmp_path: Path) -> None:
    with refused():
        found(tmp_path)


@pytest.mark.parametrize("kind", ["directory", "fifo", "dangling", "large", "latin-1"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, "{" + " " * (1 << 20) if kind == "large" else b"\xe9")
    if kind in ("directory", "fifo", "dangling"):
        path.unlink()
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "dangling":
        path.symlink_to(tmp_path / "nowhere")
    with refused():
        found(tmp_path)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ('{\n  "a": 1,\n  "b" 2\n}', "3:7"),
        ('{"a": [1,', "1:10"),
        ('{"a":1}{', "1:8"),
        ("{/* open ", "1:10"),
        ("", "1:1"),
        ('{"a": tru}', "1:10"),
    ],
)
def test_a_file_that_does_not_parse_is_refused_with_line_and_column(tmp_path: Path, content: str, place: str) -> None:
    write(tmp_path, content)
    with refused() as caught:
        found(tmp_path)
    assert f" {place}: " in str(caught.value)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":[{},'])
@pytest.mark.parametrize("times", [30, 3000])
def test_a_file_nested_too_deeply_is_refused(tmp_path: Path, opening: str, times: int) -> None:
    write(tmp_path, opening * times)
    with refused():
        found(tmp_path)


def test_a_large_file_is_read_as_plain_json_only(tmp_path: Path) -> None:
    many = [{**LAUNCH, "name": f"entry {i}"} for i in range(2000)]
    text = json.dumps({"configurations": [*many, LAUNCH]})
    assert len(text) > launch_json.MAX_COMMENTED
    write(tmp_path, text)
    assert found(tmp_path).name == "it"
    write(tmp_path, "// x\n" + text)
    with refused():
        found(tmp_path)


@pytest.mark.parametrize("content", ["[]", "1", "null", "{}", '{"configurations": {}}', '{"configurations": null}'])
def test_a_file_without_a_list_of_configurations_is_refused(tmp_path: Path, content: str) -> None:
    write(tmp_path, content)
    with refused():
        found(tmp_path)


# --- the entry ------------------------------------------------------------------------------------------------


def test_an_unknown_name_lists_the_names_and_the_nearest(tmp_path: Path) -> None:
    names = ["Web server", "Worker", "ünï\n"]
    write(tmp_path, json.dumps({"configurations": [{"name": name} for name in names] + [3, {}, {"name": 4}]}))
    with refused() as caught:
        found(tmp_path, "web serve")
    assert "mean Web server?" in caught.value.hint
    assert "Worker" in caught.value.hint
    assert r"ünï\n" in caught.value.hint


def test_a_list_without_entries_says_so(tmp_path: Path) -> None:
    write(tmp_path, '{"configurations": []}')
    with refused():
        found(tmp_path)


def test_a_name_that_stands_twice_is_ambiguous(tmp_path: Path) -> None:
    write(tmp_path, json.dumps({"configurations": [LAUNCH, {**LAUNCH, "program": "b.py"}]}))
    with refused():
        found(tmp_path)


def test_a_compound_is_refused_as_one(tmp_path: Path) -> None:
    write(tmp_path, json.dumps({"configurations": [LAUNCH], "compounds": [{"name": "both"}, 5]}))
    with refused() as caught:
        found(tmp_path, "both")
    assert "compound" in str(caught.value)


@pytest.mark.parametrize("type_", ["python", "debugpy"])
def test_both_types_of_python_entries_are_read(tmp_path: Path, type_: str) -> None:
    assert launch(tmp_path, type=type_).program == str(tmp_path / "app.py")


@pytest.mark.parametrize("type_", ["node", "", None, 5, ["debugpy"]])
def test_another_type_is_refused_naming_those_that_are_not(tmp_path: Path, type_: Any) -> None:
    with refused() as caught:
        launch(tmp_path, type=type_)
    assert "debugpy and python" in str(caught.value)


@pytest.mark.parametrize("request_", ["test", None, 1, {}])
def test_a_request_other_than_launch_and_attach_is_refused(tmp_path: Path, request_: Any) -> None:
    with refused():
        launch(tmp_path, request=request_)


def test_the_block_of_this_platform_wins_and_the_others_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = {"linux": {"program": "l.py"}, "osx": {"program": "o.py"}, "windows": {"program": "w.py"}}
    for platform, program in (("linux", "l.py"), ("darwin", "o.py"), ("freebsd14", "app.py")):
        monkeypatch.setattr(sys, "platform", platform)
        assert launch(tmp_path, **blocks).program == str(tmp_path / program)
    monkeypatch.setattr(sys, "platform", "linux")
    with refused():
        launch(tmp_path, linux="program")


# --- variables ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${workspaceFolder}/x", "{folder}/x"),
        ("${workspaceRoot}", "{folder}"),
        ("${workspaceFolderBasename}", "{base}"),
        ("${workspaceFolder:{base}}", "{folder}"),
        ("${file}", "{folder}/src/pkg/app.test.py"),
        ("${fileWorkspaceFolder}", "{folder}"),
        ("${relativeFile}", "src/pkg/app.test.py"),
        ("${relativeFileDirname}", "src/pkg"),
        ("${fileBasename}", "app.test.py"),
        ("${fileBasenameNoExtension}", "app.test"),
        ("${fileExtname}", ".py"),
        ("${fileDirname}", "{folder}/src/pkg"),
        ("${fileDirnameBasename}", "pkg"),
        ("${cwd}", "{folder}"),
        ("${userHome}/.x", "/home/ada/.x"),
        ("a${pathSeparator}b${/}c", f"a{os.sep}b{os.sep}c"),
        ("${env:NAME}-${env:NAME}", "api-api"),
        ("${env:MISSING}", ""),
        ("$NAME $(x) ${", "$NAME $(x) ${"),
    ],
)
def test_each_variable_stands_for_what_vs_code_puts_there(tmp_path: Path, text: str, expected: str) -> None:
    def filled(template: str) -> str:
        return template.replace("{folder}", str(tmp_path)).replace("{base}", tmp_path.name)

    read = entry(tmp_path, {**LAUNCH, "args": [filled(text)]}, file=str(tmp_path / "src" / "pkg" / "app.test.py"))
    assert read.args == (filled(expected),)


def test_a_file_beside_the_folder_has_a_dot_as_its_relative_folder(tmp_path: Path) -> None:
    keys = {**LAUNCH, "args": ["${relativeFileDirname}"]}
    assert entry(tmp_path, keys, file=str(tmp_path / "a.py")).args == (".",)


def test_what_a_variable_of_the_environment_holds_is_not_replaced_again(tmp_path: Path) -> None:
    write(tmp_path, json.dumps({"configurations": [{**LAUNCH, "args": ["${env:ODD}"]}]}))
    assert found(tmp_path, environ={"ODD": "${input:x}"}).args == ("${input:x}",)


def test_variables_are_replaced_in_every_key_that_is_read(tmp_path: Path) -> None:
    read = launch(
        tmp_path,
        program="${workspaceFolder}/a.py",
        cwd="${workspaceFolder}/c",
        env={"A_${env:NAME}": "${workspaceFolder}/lib"},
        envFile="${workspaceFolder}/.env",
        python="${workspaceFolder}/.venv/bin/python",
        pathMappings=[{"localRoot": "${workspaceFolder}/src", "remoteRoot": "/srv/${env:NAME}"}],
    )
    folder = str(tmp_path)
    assert (read.program, read.cwd, read.env_file) == (f"{folder}/a.py", f"{folder}/c", f"{folder}/.env")
    assert read.env == {"A_api": f"{folder}/lib"}
    assert read.python == f"{folder}/.venv/bin/python"
    assert read.path_map == ((f"{folder}/src", "/srv/api"),)


@pytest.mark.parametrize(
    "variable", ["file", "relativeFile", "fileDirname", "fileBasenameNoExtension", "fileWorkspaceFolder"]
)
def test_a_variable_of_the_open_file_without_one_asks_for_program(tmp_path: Path, variable: str) -> None:
    with refused() as caught:
        launch(tmp_path, program="${" + variable + "}")
    assert "program" in caught.value.hint
    assert "${" + variable + "}" in str(caught.value)


def test_a_file_outside_the_workspace_has_no_workspace_folder(tmp_path: Path) -> None:
    with refused():
        entry(tmp_path, {**LAUNCH, "args": ["${fileWorkspaceFolder}"]}, file="/elsewhere/a.py")


@pytest.mark.parametrize(
    ("key", "value", "where", "cure"),
    [
        ("args", ["a", "${input:port}"], "args[1]", "start("),
        ("args", "${command:pickArgs}", "args", "args=["),
        ("env", {"A": "${config:python.x}"}, "env.A", "start("),
        ("env", {"${input:a}": "1"}, "env", "start("),
        ("cwd", "${workspaceFolder:other}", "cwd", "start("),
        ("program", "${command:x.y}", "program", "program=..."),
        ("program", "${lineNumber}", "program", "start("),
        ("program", "${execPath}", "program", "start("),
        ("program", "${}", "program", "start("),
        ("program", "${env:}", "program", "start("),
        ("program", "${a${b}}", "program", "start("),
        ("args", ["${TOKEN}"], "args[0]", "${env:TOKEN}"),
    ],
)
def test_a_variable_without_a_value_here_is_refused_by_name_and_place(
    tmp_path: Path, key: str, value: Any, where: str, cure: str
) -> None:
    with refused() as caught:
        launch(tmp_path, **{key: value})
    assert where in str(caught.value)
    assert "${" in str(caught.value)
    assert cure in caught.value.hint


def test_a_process_to_be_picked_is_refused_with_attach(tmp_path: Path) -> None:
    with refused() as caught:
        attach(tmp_path, processId="${command:pickProcess}")
    assert "attach(pid=" in caught.value.hint


def test_a_variable_in_a_key_that_changes_nothing_is_not_looked_at(tmp_path: Path) -> None:
    assert launch(tmp_path, consoleName="${input:x}", _note="${command:y}").program


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_texts_that_no_program_can_be_given_are_refused(tmp_path: Path, text: str) -> None:
    for keys in ({"args": [text]}, {"program": text}, {"env": {"A": text}}, {"env": {text: "1"}}):
        with refused() as caught:
            launch(tmp_path, **keys)
        (str(caught.value) + caught.value.hint).encode()


# --- launch ---------------------------------------------------------------------------------------------------


def test_a_plain_entry_has_the_defaults_of_vs_code(tmp_path: Path) -> None:
    assert launch(tmp_path) == Configuration(
        name="it", request="launch", program=str(tmp_path / "app.py"), cwd=str(tmp_path)
    )


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"program": "/abs/app.py"}, {"program": "/abs/app.py"}),
        ({"program": "", "module": "pkg.mod"}, {"program": None, "module": "pkg.mod"}),
        ({"program": "", "code": "a = 1"}, {"code": "a = 1"}),
        ({"program": "", "code": ["a = 1", "print(a)"]}, {"code": "a = 1\nprint(a)"}),
        ({"args": "--x 'two words' \"a b\" c\\ d"}, {"args": ("--x", "two words", "a b", "c d")}),
        ({"args": "'$HOME' \"*?\" \\&"}, {"args": ("$HOME", "*?", "&")}),
        ({"args": ""}, {"args": ()}),
        ({"args": ["*", "$HOME", ""]}, {"args": ("*", "$HOME", "")}),
        ({"pythonArgs": ["-X", "dev"]}, {"flags": ("-X", "dev")}),
        ({"pythonArgs": ["-Wignore::ImportWarning"]}, {"flags": ("-Wignore::ImportWarning",)}),
        ({"python": "python3.12"}, {"python": "python3.12", "flags": ()}),
        ({"python": ["/py", "-B"], "pythonArgs": ["-s"]}, {"python": "/py", "flags": ("-B", "-s")}),
        ({"python": []}, {"python": None}),
        ({"pythonPath": "/old"}, {"python": "/old"}),
        ({"pythonPath": "/old", "python": "/new"}, {"python": "/new"}),
        ({"python": "${command:python.interpreterPath}"}, {"python": None}),
        ({"pythonPath": "${command:python.interpreterPath}"}, {"python": None}),
        ({"python": ["${command:python.interpreterPath}", "-u"]}, {"python": None, "flags": ("-u",)}),
        ({"env": {"A": "1", "B": None, "C": ""}}, {"env": {"A": "1", "B": None, "C": ""}}),
        ({"env": {"A": "1"}, "gevent": True}, {"env": {"A": "1", "GEVENT_SUPPORT": "True"}}),
        ({"gevent": False}, {"env": {}}),
        ({"justMyCode": False}, {"just_my_code": False}),
        ({"stopOnEntry": True}, {"stop_on_entry": True}),
        ({"subProcess": False}, {"follow_children": False}),
        ({"debugOptions": ["RedirectOutput", "Django"]}, {"just_my_code": True, "stop_on_entry": False}),
        ({"debugOptions": ["DebugStdLib", "StopOnEntry"]}, {"just_my_code": False, "stop_on_entry": True}),
        ({"debugOptions": ["Multiprocess"], "subProcess": False}, {"follow_children": True}),
        ({"pathMappings": []}, {"path_map": ()}),
    ],
)
def test_each_key_of_a_launch_becomes_ours(tmp_path: Path, keys: dict[str, Any], expected: dict[str, Any]) -> None:
    read = launch(tmp_path, **keys)
    assert {name: getattr(read, name) for name in expected} == expected


def test_relative_paths_begin_at_the_workspace_and_the_programs_at_its_cwd(tmp_path: Path) -> None:
    read = launch(tmp_path, cwd="sub", program="../app.py", envFile="conf/.env", python=".venv/bin/python")
    assert read.cwd == str(tmp_path / "sub")
    assert read.program == str(tmp_path / "app.py")
    assert read.env_file == str(tmp_path / "conf" / ".env")
    assert read.python == str(tmp_path / ".venv" / "bin" / "python")


@pytest.mark.parametrize("key", sorted(configurations.IGNORED - {"name", "type", "request"}))
def test_keys_that_change_nothing_for_us_are_passed_over(tmp_path: Path, key: str) -> None:
    plain = launch(tmp_path)
    for value in (True, "text", {"a": ["${input:x}"]}, None):
        assert launch(tmp_path, **{key: value}) == plain


@pytest.mark.parametrize("key", ["$schema", "_comment", "// note"])
def test_keys_that_are_comments_are_passed_over(tmp_path: Path, key: str) -> None:
    assert launch(tmp_path, **{key: "why"}) == launch(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("preLaunchTask", "build"),
        ("postDebugTask", {"task": "clean"}),
        ("serverReadyAction", {"action": "openExternally"}),
        ("autoStartBrowser", True),
        ("autoReload", {"enable": True}),
        ("autoReload", True),
        ("sudo", True),
        ("rules", [{"path": "**", "include": False}]),
        ("breakOnSystemExitZero", True),
        ("debugServer", 4711),
        ("noDebug", True),
        ("debugOptions", ["Sudo"]),
        ("connect", {"port": 5678}),
        ("port", 5678),
        ("progam", "a.py"),
        ("somethingNew", False),
    ],
)
def test_what_is_not_done_here_is_refused_by_its_key_with_the_call_instead(
    tmp_path: Path, key: str, value: Any
) -> None:
    with refused() as caught:
        launch(tmp_path, **{key: value}, program="${workspaceFolder}/it.py", env={"A": "s3cret"}, args=["s3cret"])
    assert key in str(caught.value)
    call = f"start(program='{tmp_path}/it.py', args=..., env=...)"
    assert call in caught.value.hint
    assert "{call}" not in caught.value.hint


def test_an_entry_that_runs_pytest_is_refused_with_pytests_own_parameter(tmp_path: Path) -> None:
    keys = {"program": "", "module": "pytest", "args": ["-k", "s3cret"], "env": {"A": "s3cret"}}
    with refused() as caught:
        launch(tmp_path, **keys, preLaunchTask="build")
    assert "start(pytest=[...], env=...)" in caught.value.hint
    with refused() as caught:
        launch(tmp_path, request="test")
    assert "start(pytest=[...])" in caught.value.hint


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("preLaunchTask", ""),
        ("autoReload", {"enable": False}),
        ("autoReload", {}),
        ("sudo", False),
        ("rules", []),
        ("serverReadyAction", None),
    ],
)
def test_a_key_that_asks_for_nothing_is_not_refused(tmp_path: Path, key: str, value: Any) -> None:
    assert launch(tmp_path, **{key: value}) == launch(tmp_path)


@pytest.mark.parametrize(
    "keys",
    [
        {"program": ""},
        {"module": "pkg"},
        {"module": "pkg", "code": "x"},
        {"program": 5},
        {"program": None},
        {"program": ["app.py"]},
        {"args": [1]},
        {"args": {"a": "b"}},
        {"args": "a 'b"},
        {"args": "a > b"},
        {"args": "$HOME"},
        {"args": '"$HOME"'},
        {"args": "~/x"},
        {"args": "*.py"},
        {"env": []},
        {"env": {"A": 1}},
        {"env": {"A": True}},
        {"env": {"A": ["s3cret"]}},
        {"env": {"": "1"}},
        {"env": {"A=B": "1"}},
        {"envFile": 1},
        {"cwd": []},
        {"python": 5},
        {"python": ["/py", 5]},
        {"pythonArgs": {}},
        {"pythonArgs": ["-I"]},
        {"pythonArgs": ["-uE"]},
        {"python": ["/py", "-S"]},
        {"pythonArgs": ["-m", "coverage", "run"]},
        {"pythonArgs": ["other.py"]},
        {"gevent": "yes"},
        {"justMyCode": "false"},
        {"justMyCode": None},
        {"justMyCode": 0},
        {"stopOnEntry": 1},
        {"subProcess": "no"},
        {"debugOptions": [1]},
        {"pathMappings": {}},
        {"pathMappings": [1]},
        {"pathMappings": [{"localRoot": "/a"}]},
        {"pathMappings": [{"localRoot": "", "remoteRoot": "/b"}]},
        {"pathMappings": [{"localRoot": "/a", "remoteRoot": 1}]},
    ],
)
def test_a_key_of_the_wrong_kind_is_refused(tmp_path: Path, keys: dict[str, Any]) -> None:
    with refused():
        launch(tmp_path, **keys)


def test_the_environment_of_an_entry_does_not_show_in_its_repr(tmp_path: Path) -> None:
    assert "s3cret" not in repr(launch(tmp_path, env={"A": "s3cret"}))


# --- attach ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"connect": {"host": "db", "port": 5678}}, {"host": "db", "port": 5678}),
        ({"connect": {"port": "5678"}}, {"host": "127.0.0.1", "port": 5678}),
        ({"host": "localhost", "port": 5678}, {"host": "localhost", "port": 5678}),
        ({"port": 5678}, {"host": "127.0.0.1", "port": 5678}),
        ({"listen": {"host": "0.0.0.0", "port": 5678}}, {"listen": ("0.0.0.0", 5678), "host": None, "port": None}),
        ({"listen": {"port": 1}}, {"listen": ("127.0.0.1", 1)}),
        ({"processId": 4711}, {"pid": 4711, "port": None}),
        ({"processId": "4711"}, {"pid": 4711}),
        ({"justMyCode": False}, {"just_my_code": False, "port": 5678}),
        ({"program": "${input:x}", "env": 5, "cwd": "x"}, {"program": None, "cwd": None, "env": {}}),
        (
            {"pathMappings": [{"localRoot": "/a", "remoteRoot": "."}, {"localRoot": "/b/", "remoteRoot": "/r"}]},
            {"path_map": (("/a", "."), ("/b", "/r"))},
        ),
        ({"localRoot": "/a", "remoteRoot": "/r"}, {"path_map": (("/a", "/r"),)}),
    ],
)
def test_each_way_to_attach_becomes_ours(tmp_path: Path, keys: dict[str, Any], expected: dict[str, Any]) -> None:
    read = attach(tmp_path, **keys)
    assert read.request == "attach"
    assert {name: getattr(read, name) for name in expected} == expected


@pytest.mark.parametrize(
    "keys",
    [
        {"connect": {}},
        {"connect": 5},
        {"connect": []},
        {"connect": {"port": 0}},
        {"connect": {"port": 65536}},
        {"connect": {"port": True}},
        {"connect": {"port": 5678.5}},
        {"connect": {"port": "५"}},
        {"connect": {"port": "9" * 5000}},
        {"connect": {"port": 1, "host": 5}},
        {"connect": {"port": 1}, "listen": {"port": 2}},
        {"connect": {"port": 1}, "processId": 5},
        {"connect": {"port": 1}, "host": "x"},
        {"host": "x"},
        {"processId": 0},
        {"processId": -1},
        {"processId": None},
        {"processId": "me"},
        {"processId": 10**30},
        {"localRoot": "/a"},
    ],
)
def test_an_attach_that_cannot_be_is_refused(tmp_path: Path, keys: dict[str, Any]) -> None:
    with refused():
        attach(tmp_path, **keys)


def test_an_attach_without_a_way_in_names_the_three(tmp_path: Path) -> None:
    with refused() as caught:
        entry(tmp_path, {key: value for key, value in ATTACH.items() if key != "connect"})
    assert all(word in caught.value.hint for word in ("port=", "listen=", "pid="))


def test_a_refused_key_of_an_attach_has_attach_as_its_cure(tmp_path: Path) -> None:
    with refused() as caught:
        attach(tmp_path, preLaunchTask="serve")
    assert "attach(host=" in caught.value.hint


# --- anything -------------------------------------------------------------------------------------------------

# The name of a variable may be shown, so the secret is a value only.
NAMES = st.one_of(
    st.sampled_from(["", "a", "${file}", "${workspaceFolder}/a", "${env:NAME}", "${input:x}", "${", "a 'b", "5678"]),
    st.text(st.characters(), max_size=6),
)
TEXTS = NAMES | st.sampled_from(["${env:TOKEN}", "a ${env:TOKEN}"])
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
SAID = {*LAUNCH, *ATTACH, "module", "code", "args", "pythonArgs", "env", "envFile", "cwd", "python", "gevent", "listen"}
MORE = {"processId", "host", "port", "justMyCode", "subProcess", "pathMappings", "localRoot", "debugOptions", "linux"}
KEYS = st.sampled_from(sorted(SAID | MORE | {"preLaunchTask", "autoReload", "console", "rules"}))


def read_or_refused(folder: Path) -> Configuration | InvalidArgument:
    """What becomes of the entry, one way or the other."""
    try:
        return found(folder, file=str(folder / "a.py"))
    except InvalidArgument as error:
        return error


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(base=st.sampled_from([LAUNCH, ATTACH, {"name": "it"}]), keys=st.dictionaries(KEYS | NAMES, VALUES, max_size=4))
@example(base=LAUNCH, keys={"args": "\ud800"})
@example(base=LAUNCH, keys={"env": {"${env:NAME}": ["${env:TOKEN}"]}})
@example(base=LAUNCH, keys={"args": "${env:TOKEN} > '"})
@example(base=LAUNCH, keys={"debugOptions": "${env:TOKEN}"})
@example(base=ATTACH, keys={"connect": {"host": "${env:TOKEN}", "port": "${env:TOKEN}"}})
@example(base=LAUNCH, keys={"linux": {"name": 5, "request": "attach"}})
def test_any_entry_is_read_or_refused(tmp_path: Path, base: dict[str, Any], keys: dict[str, Any]) -> None:
    write(tmp_path, json.dumps({"configurations": [{**base, **keys, "name": "it"}]}))
    outcome = read_or_refused(tmp_path)
    if isinstance(outcome, InvalidArgument):
        assert outcome.parameter == "configuration"
        assert "s3cret" not in f"{outcome} {outcome.hint}"
        assert f"{outcome} {outcome.hint}".encode()
    else:
        assert outcome.name == "it"


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.one_of(st.binary(max_size=60), st.text("{}[]\",:/*\\'0ae \n", max_size=40)))
def test_any_file_is_read_or_refused(tmp_path: Path, content: str | bytes) -> None:
    write(tmp_path, content)
    with pytest.raises(InvalidArgument):
        found(tmp_path)
