"""The file by which the command line finds its server."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from mcp_debug_tool.known_server import FILE, KnownServer, read

ONE = KnownServer(port=1, token="secret", pid=10, version="1", variables=("A", "B"))
OTHER = KnownServer(port=2, token="other", pid=11, version="1", variables=())


def test_what_is_written_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    ONE.write(folder)
    assert read(folder) == ONE
    OTHER.write(folder)
    assert read(folder) == OTHER
    assert [path.name for path in folder.iterdir()] == [FILE]


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_only_its_user_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    ONE.write(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600


def test_a_server_withdraws_only_itself(tmp_path: Path) -> None:
    OTHER.write(tmp_path)
    ONE.remove(tmp_path)
    assert read(tmp_path) == OTHER
    OTHER.remove(tmp_path)
    assert read(tmp_path) is None
    OTHER.remove(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"port": 1}', '{"variables": 1}', "\x00"])
def test_what_is_no_such_file_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    assert read(tmp_path) is None
