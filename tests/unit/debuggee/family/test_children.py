"""What a child is handed on: its environment, its settings, and the descriptor they come through."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from mcp_debug_tool.debuggee import events
from mcp_debug_tool.debuggee.command_lines import CommandLine, read_arguments
from mcp_debug_tool.debuggee.family import children

Action = tuple[object, ...]

mapping: Callable[[object], dict[str, str]] = children._mapping
texts: Callable[[object], list[str]] = children._texts
kept_open: Callable[[Sequence[Action], int], tuple[list[Action], int]] = children._kept_open
CONFIG = {"package": "/ours", "token": "t"}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the server would be told; there is none here."""
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(events, "send", lambda name, body: sent.append({"name": name, **body}))
    return sent


def followed(*args: str) -> CommandLine | None:
    """What a child started so is followed as."""
    follower = children._Follower(None, CONFIG)
    command: CommandLine | None = follower._command(args, (), "/")
    return command


def settings(environ: dict[str, str], arguments: Sequence[str], cwd: Path) -> dict[str, Any]:
    """The settings that a child with these arguments reads, after `environ` was made its environment."""
    (reader,) = children._Follower(None, CONFIG)._settings_for_child(environ, read_arguments(arguments), str(cwd))
    assert environ["MCP_DEBUG_BOOT"] == f"child-fd:{reader}"
    with open(reader, "rb") as pipe:
        read: dict[str, Any] = json.loads(pipe.read())
    return read


# --- which children are followed ------------------------------------------------------------------------------


def test_a_python_is_followed(told: list[dict[str, Any]]) -> None:
    command = followed("python3", "-u", "a.py", "-I")
    assert command is not None
    assert command.name == "a.py"
    assert told == []


def test_another_program_is_not_followed_and_nobody_is_told(told: list[dict[str, Any]]) -> None:
    assert followed("ls", "-c", "python3") is None
    assert followed() is None
    assert told == []


@pytest.mark.parametrize(
    "args",
    [
        ("python3", "-c", "from multiprocessing.resource_tracker import main;main(3)"),
        ("python3", "-c", "from multiprocessing.semaphore_tracker import main;main(3)"),
        ("python3", os.path.join("/lib", "debugpy", "adapter"), "--port", "1"),
    ],
)
def test_processes_that_only_serve_others_are_not_followed(told: list[dict[str, Any]], args: tuple[str, ...]) -> None:
    assert followed(*args) is None
    assert told == []


@pytest.mark.parametrize(
    ("args", "command"),
    [
        (("python3", "-I", "a.py"), "python3 -I a.py"),
        (("/bin/sh", "-c", "python3 a.py"), "python3 a.py"),
        (("bash", "-e", "-c", "python3 a.py"), "python3 a.py"),
    ],
)
def test_the_server_is_told_of_a_child_that_cannot_be_followed(
    told: list[dict[str, Any]], args: tuple[str, ...], command: str
) -> None:
    assert followed(*args) is None
    assert [(event["name"], event["command"]) for event in told] == [("mcpDebugNotFollowed", command)]
    assert told[0]["reason"]


def test_a_long_command_is_told_in_part(told: list[dict[str, Any]]) -> None:
    followed("python3", "-I", "x" * 5000)
    assert len(told[0]["command"]) < 300


# --- its settings ---------------------------------------------------------------------------------------------


def test_a_child_has_our_folder_before_its_own_path_and_gives_it_back(tmp_path: Path) -> None:
    environ = {"A": "1", "PYTHONPATH": "/theirs"}
    read = settings(environ, ["a.py"], tmp_path)
    assert environ["PYTHONPATH"] == os.pathsep.join([os.path.join("/ours", "inject"), "/theirs"])
    assert read["environ"] == {"PYTHONPATH": "/theirs", "MCP_DEBUG_BOOT": None}
    assert read["token"] == "t"
    assert environ["A"] == "1"


def test_a_child_without_a_path_of_its_own_loses_ours_again(tmp_path: Path) -> None:
    environ: dict[str, str] = {}
    assert settings(environ, ["a.py"], tmp_path)["environ"]["PYTHONPATH"] is None
    assert environ["PYTHONPATH"] == os.path.join("/ours", "inject")


def test_a_script_has_its_real_folder_first_and_all_else_the_one_it_is_started_in(tmp_path: Path) -> None:
    folder = Path(os.path.realpath(tmp_path))
    (folder / "sub").mkdir()
    (folder / "sub" / "a.py").write_text("")
    (folder / "link.py").symlink_to(folder / "sub" / "a.py")
    for arguments in (["sub/a.py"], ["link.py"], ["-u", str(folder / "link.py")]):
        assert settings({}, arguments, folder)["first_path"] == str(folder / "sub")
    for arguments in (["-m", "pkg"], ["-c", "/srv/app.py"], ["-"], []):
        assert settings({}, arguments, folder)["first_path"] == str(folder)


def test_a_process_that_is_to_replace_itself_is_named_in_its_settings(tmp_path: Path) -> None:
    """And nobody else: what an earlier exec has left in the settings is of that process."""
    follower = children._Follower(None, {**CONFIG, "replaces": 5})
    for replaces in (77, 0):
        (reader,) = follower._settings_for_child({}, read_arguments(["a.py"]), str(tmp_path), replaces)
        with open(reader) as pipe:
            assert json.loads(pipe.read())["replaces"] == replaces


def test_settings_that_no_pipe_would_hold_are_not_passed(tmp_path: Path) -> None:
    environ = {"PYTHONPATH": "x" * 70_000}
    assert children._Follower(None, CONFIG)._settings_for_child(environ, read_arguments(["a.py"]), str(tmp_path)) == []
    assert environ == {"PYTHONPATH": "x" * 70_000}


# --- environments ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("env", "names"),
    [
        ({}, {}),
        ([], {}),
        ({"A": "1", "B": ""}, {"A": "1", "B": ""}),
        ({b"A": b"1"}, {"A": "1"}),
        ({"A": Path("/srv")}, {"A": "/srv"}),
        ([b"A=1", b"B="], {"A": "1", "B": ""}),
        (["A=x=y", "B==", b"C= "], {"A": "x=y", "B": "=", "C": " "}),
    ],
)
def test_an_environment_is_read_in_any_form(env: object, names: dict[str, str]) -> None:
    assert mapping(env) == names


def test_an_environment_of_odd_bytes_is_the_same_when_it_is_handed_on() -> None:
    read = mapping([b"A=\xff\xfe"])
    assert {os.fsencode(name): os.fsencode(value) for name, value in read.items()} == {b"A": b"\xff\xfe"}


def test_an_environment_is_a_copy() -> None:
    env: Mapping[str, str] = {"A": "1"}
    read = mapping(env)
    read["B"] = "2"
    assert env == {"A": "1"}


def test_arguments_are_read_in_any_form() -> None:
    assert texts(["a", b"b\xff", Path("/srv")]) == ["a", os.fsdecode(b"b\xff"), "/srv"]
    assert texts(()) == []


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
