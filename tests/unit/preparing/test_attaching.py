"""From what `attach` was asked for to a target: what is refused, and by which parameter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mcp_debug_tool.errors import InvalidArgument
from mcp_debug_tool.path_map import PathMap
from mcp_debug_tool.preparing.attaching import LOOPBACK, Attachment, is_loopback, prepare_attachment
from mcp_debug_tool.preparing.prepared import Prepared
from mcp_debug_tool.settings import Settings
from mcp_debug_tool.targets.listen import ListenTarget
from mcp_debug_tool.targets.pid import PidTarget
from mcp_debug_tool.targets.port import PortTarget


def prepared(folder: Path, *, allow_remote: bool = False, **asked: Any) -> Prepared:
    """What becomes of an attachment, for a server that stands in `folder`."""
    settings = Settings(environ={}, cwd=str(folder), allow_remote=allow_remote)
    return prepare_attachment(Attachment(**asked), settings)


def refused(folder: Path, *, allow_remote: bool = False, **asked: Any) -> InvalidArgument:
    """The refusal of an attachment."""
    with pytest.raises(InvalidArgument) as caught:
        prepared(folder, allow_remote=allow_remote, **asked)
    return caught.value


# --- ways -----------------------------------------------------------------------------------------------------


def test_a_port_is_reached_on_this_machine_unless_told_otherwise(tmp_path: Path) -> None:
    run = prepared(tmp_path, port=5678)
    assert run.target == PortTarget(LOOPBACK, 5678)
    assert run.what == "127.0.0.1:5678"
    assert prepared(tmp_path, host="localhost", port=5678).target == PortTarget("localhost", 5678)
    assert prepared(tmp_path, host="", port=1).target == PortTarget(LOOPBACK, 1)


def test_a_process_is_reached_by_its_number(tmp_path: Path) -> None:
    run = prepared(tmp_path, pid=4711, just_my_code=False)
    assert run.target == PidTarget(4711, just_my_code=False)
    assert run.what == "process 4711"


def test_programs_are_listened_for(tmp_path: Path) -> None:
    run = prepared(tmp_path, listen="127.0.0.1:5678", token="s3cret")
    assert run.target == ListenTarget("127.0.0.1", 5678, "s3cret")
    assert "127.0.0.1:5678" in run.what
    assert "s3cret" not in repr(run)


def test_nothing_that_is_attached_to_was_launched(tmp_path: Path) -> None:
    for asked in ({"port": 5678}, {"pid": 4711}, {"listen": "5678"}):
        run = prepared(tmp_path, **asked, break_on=["raised"])
        assert not run.is_launched
        assert run.plan.break_on == {"raised"}
        assert (run.plan.program_file, run.plan.module, run.plan.first_path) == (None, None, "")


def test_the_users_code_is_in_the_folder_of_the_call(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for cwd, folder in ((None, tmp_path), ("sub", tmp_path / "sub"), (str(tmp_path / "sub"), tmp_path / "sub")):
        run = prepared(tmp_path, port=5678, cwd=cwd)
        assert run.cwd == str(folder)
        assert run.plan.roots == run.source_folders == (str(folder),)


@pytest.mark.parametrize("asked", [{"port": 5678}, {"pid": 4711}, {"listen": "5678"}])
def test_each_way_takes_a_path_map(tmp_path: Path, asked: dict[str, Any]) -> None:
    run = prepared(tmp_path, **asked, path_map=[("/here/", "/srv")], just_my_code=False)
    assert run.target.path_map == PathMap((("/here", "/srv"),))
    assert not run.target.just_my_code


# --- addresses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [
        ("5678", LOOPBACK, 5678),
        (":5678", LOOPBACK, 5678),
        ("127.0.0.1:1", "127.0.0.1", 1),
        ("localhost:65535", "localhost", 65535),
        ("[::1]:5678", "::1", 5678),
        ("::1:5678", "::1", 5678),
    ],
)
def test_an_address_to_listen_on_is_a_port_with_or_without_a_host(
    tmp_path: Path, listen: str, host: str, port: int
) -> None:
    assert prepared(tmp_path, listen=listen).target == ListenTarget(host, port)


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("example.org", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        # Names and short forms that a resolver might take for anything.
        ("127.1", False),
        ("2130706433", False),
        ("", False),
    ],
)
def test_only_addresses_that_are_surely_this_machines_own_are_loopback(host: str, own: bool) -> None:
    assert is_loopback(host) is own


def test_another_machine_is_refused_unless_the_server_allows_it(tmp_path: Path) -> None:
    for asked, parameter in (
        ({"host": "example.org", "port": 5678}, "host"),
        ({"host": "0.0.0.0", "port": 5678}, "host"),
        ({"listen": "0.0.0.0:5678", "token": "t"}, "listen"),
        ({"listen": "[::]:5678"}, "listen"),
    ):
        error = refused(tmp_path, **asked)
        assert error.parameter == parameter
        assert "--allow-remote" in error.hint


def test_another_machine_is_reached_where_the_server_allows_it(tmp_path: Path) -> None:
    run = prepared(tmp_path, allow_remote=True, host="example.org", port=5678)
    assert run.target == PortTarget("example.org", 5678)
    run = prepared(tmp_path, allow_remote=True, listen="0.0.0.0:5678", token="t")
    assert run.target == ListenTarget("0.0.0.0", 5678, "t")


def test_a_port_that_is_open_to_other_machines_needs_a_token(tmp_path: Path) -> None:
    for token in (None, ""):
        error = refused(tmp_path, allow_remote=True, listen="0.0.0.0:5678", token=token)
        assert error.parameter == "token"
        assert "access_token" in error.hint
    assert prepared(tmp_path, allow_remote=True, listen="127.0.0.1:5678").target == ListenTarget(LOOPBACK, 5678)


# --- what is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"host": "localhost"},
        {"port": 1, "pid": 2},
        {"port": 1, "listen": "1"},
        {"pid": 1, "listen": "1"},
        {"port": 1, "pid": 2, "listen": "3"},
    ],
)
def test_exactly_one_way_is_given(tmp_path: Path, asked: dict[str, Any]) -> None:
    error = refused(tmp_path, **asked)
    assert error.parameter == "port"
    assert all(word in error.hint for word in ("port", "pid", "listen"))


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ({"port": 0}, "port"),
        ({"port": -1}, "port"),
        ({"port": 65536}, "port"),
        ({"port": 1, "host": "a\0"}, "host"),
        ({"port": 1, "token": "t"}, "token"),
        ({"pid": 1, "token": "t"}, "token"),
        ({"listen": "1", "token": "t\0"}, "token"),
        ({"listen": ""}, "listen"),
        ({"listen": "localhost"}, "listen"),
        ({"listen": "localhost:"}, "listen"),
        ({"listen": "localhost:http"}, "listen"),
        ({"listen": "localhost:-1"}, "listen"),
        ({"listen": "localhost:+1"}, "listen"),
        ({"listen": "0"}, "listen"),
        ({"listen": "65536"}, "listen"),
        ({"listen": "1\0"}, "listen"),
        ({"port": 1, "cwd": "missing"}, "cwd"),
        ({"port": 1, "cwd": "a\0"}, "cwd"),
        ({"port": 1, "break_on": ["sometimes"]}, "break_on"),
        ({"port": 1, "path_map": [("here", "/srv")]}, "path_map"),
        ({"pid": 1, "path_map": [("/here", "")]}, "path_map"),
    ],
)
def test_what_cannot_be_attached_to_is_refused_by_its_parameter(
    tmp_path: Path, asked: dict[str, Any], parameter: str
) -> None:
    assert refused(tmp_path, **asked).parameter == parameter
