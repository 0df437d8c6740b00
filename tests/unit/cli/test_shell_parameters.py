"""Words of a command line, and the arguments of tools that they become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from mcp_debug_tool.cli import parameters
from mcp_debug_tool.cli.definitions import all_tools, first_sentence
from mcp_debug_tool.cli.main import commands
from mcp_debug_tool.cli.verbs import verb

START = all_tools()["start"]["inputSchema"]["properties"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("app.py:12", {"file": "app.py", "line": 12}),
        ("app.py:12 if total < 0", {"file": "app.py", "line": 12, "condition": "total < 0"}),
        ("a:b/app.py:12", {"file": "a:b/app.py", "line": 12}),
        (r"C:\app.py:12", {"file": r"C:\app.py", "line": 12}),
        ("app.py", {"file": "app.py"}),
        ("app.py:x", {"file": "app.py:x"}),
    ],
)
def test_a_place_is_taken_apart(text: str, place: dict[str, Any]) -> None:
    assert parameters.place(text) == place


def test_a_file_of_this_folder_is_named_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app.py").touch()
    monkeypatch.chdir(tmp_path)
    here = str(tmp_path / "app.py")
    assert parameters.place("app.py:3") == {"file": here, "line": 3}
    assert parameters.argument("until", "app.py:3", {"type": "string"}) == f"{here}:3"
    assert parameters.argument("until", "elsewhere.py:3", {"type": "string"}) == "elsewhere.py:3"


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("breakpoints", ("a.py:1", '{"function": "f"}'), [{"file": "a.py", "line": 1}, {"function": "f"}]),
        ("break_on", ("none",), []),
        ("break_on", ("uncaught", "KeyError"), ["uncaught", "KeyError"]),
        ("pytest", (".",), []),
        ("pytest", ("tests/test_a.py::test_b",), ["tests/test_a.py::test_b"]),
        ("env", ("A=1", "B=x=y", "C="), {"A": "1", "B": "x=y", "C": ""}),
        ("ready", "5001", 5001),
        ("ready", "Listening on", "Listening on"),
        ("trigger", "http://127.0.0.1:1/", {"url": "http://127.0.0.1:1/"}),
        ("trigger", '{"url": "http://127.0.0.1:1/", "method": "PUT"}', {"url": "http://127.0.0.1:1/", "method": "PUT"}),
        ("repeat", 3, 3),
        ("send", "Ada", "Ada\n"),
        ("send", "Ada\n", "Ada\n"),
        ("send", "", "\n"),
        ("send", "^D", "\x04"),
        ("just_my_code", False, False),
    ],
)
def test_what_was_typed_becomes_what_the_tool_takes(name: str, typed: Any, value: Any) -> None:
    assert parameters.argument(name, typed, START.get(name, {"type": "string"})) == value


@pytest.mark.parametrize(("name", "typed"), [("env", ("A",)), ("env", ("=1",)), ("breakpoints", ("{",))])
def test_what_is_malformed_is_refused(name: str, typed: Any) -> None:
    with pytest.raises(click.BadParameter):
        parameters.argument(name, typed, START[name])


def test_only_what_was_typed_is_given_on() -> None:
    assert parameters.given({"a": None, "b": (), "c": False, "d": 0, "e": ""}) == {"c": False, "d": 0, "e": ""}


@pytest.mark.parametrize("name", all_tools())
def test_every_parameter_of_a_tool_has_an_option_that_says_what_it_is(name: str) -> None:
    command = verb(name)
    assert command is not None
    options = {each.name: each for each in command.params if isinstance(each, click.Option)}
    wanted = set(all_tools()[name]["inputSchema"]["properties"]) - {"args"}
    assert set(options) == wanted | {"as_json"}
    assert all(each.help for each in options.values())
    assert command.callback is not None


def test_dashes_and_underscores_are_one_and_what_is_no_tool_is_no_verb() -> None:
    dashed, joined = verb("get-variables"), verb("get_variables")
    assert dashed is not None
    assert joined is not None
    assert dashed.name == joined.name == "get-variables"
    assert verb("print") is None


def test_each_command_is_listed_and_can_be_had() -> None:
    context = click.Context(commands)
    assert isinstance(commands, click.Group)
    for name in commands.list_commands(context):
        command = commands.get_command(context, name)
        assert command is not None
        assert command.name == name


def test_the_first_sentence_of_a_tool_is_one() -> None:
    assert all(first_sentence(tool).endswith(".") for tool in all_tools().values())
    assert first_sentence({"description": "One. Two."}) == "One."
