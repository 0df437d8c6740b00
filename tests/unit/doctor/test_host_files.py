"""What is said of a host's file, from what was read in it and what starting it came to."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mcp_debug_tool.doctor.checks import Check
from mcp_debug_tool.doctor.host_files import HostFile, Tried, about, files_of, shortened
from mcp_debug_tool.doctor.host_starts import Trouble, can_be_tried, start_trouble
from mcp_debug_tool.doctor.hosts import Entry, Host

CURSOR = Host("Cursor", None, ".cursor/mcp.json", "mcpServers")
PYTHON = Entry(sys.executable, ("-m", "mcp_debug_tool"))


def check(*found: Entry, problem: str = "", tried: Tried | None = None) -> Check:
    return about(HostFile(CURSOR, Path("/etc/mcp.json"), True, found, problem), tried or {})


def test_a_file_that_names_nobody_is_well() -> None:
    assert check() == Check("Cursor", "ok", "/etc/mcp.json does not name mcp-debug")


def test_a_server_that_has_answered_starts() -> None:
    assert check(PYTHON, tried={PYTHON: None}) == Check("Cursor", "ok", f"/etc/mcp.json: {sys.executable} starts")


def test_a_server_that_was_not_tried_is_only_named() -> None:
    assert check(PYTHON).found.endswith("is named")
    assert check(Entry("", url="http://127.0.0.1:8765/mcp")).found.endswith(":8765/mcp is named")


def test_what_went_wrong_is_told_with_its_cure() -> None:
    assert check(PYTHON, tried={PYTHON: Trouble("slow", "wait", "warning")}) == Check(
        "Cursor", "warning", "/etc/mcp.json: slow", "wait"
    )
    lost = check(Entry("no-such-command-here"))
    assert (lost.verdict, lost.found) == ("failed", "/etc/mcp.json: no-such-command-here is not found")
    assert "uv" in lost.mend
    assert check(Entry("")).verdict == "failed"
    assert check(problem="not valid JSON: line 2").verdict == "failed"
    assert check(problem="not looked into: too large").verdict == "warning"


def test_a_command_is_tried_where_it_is_there_and_complete() -> None:
    assert can_be_tried(PYTHON)
    assert not can_be_tried(Entry("no-such-command-here"))
    assert not can_be_tried(Entry(sys.executable, ("${workspaceFolder}/x.py",)))
    assert not can_be_tried(Entry("", url="http://127.0.0.1:8765/mcp"))


def test_a_projects_file_is_read_and_marked_as_such(tmp_path: Path) -> None:
    (tmp_path / ".cursor").mkdir()
    file = tmp_path / ".cursor" / "mcp.json"
    file.write_text('{"mcpServers": {"mcp-debug": {"command": "uvx"}}}', encoding="utf-8")
    assert list(files_of(CURSOR, tmp_path)) == [HostFile(CURSOR, file, False, (Entry("uvx"),))]
    file.write_text("{", encoding="utf-8")
    (broken,) = files_of(CURSOR, tmp_path)
    assert "not valid JSON" in broken.problem
    assert list(files_of(CURSOR, tmp_path / ".cursor")) == []


def test_a_path_is_told_from_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert shortened(tmp_path / "a" / "b") == str(Path("~/a/b"))
    assert shortened(tmp_path.parent) == str(tmp_path.parent)


@pytest.mark.anyio
async def test_a_program_that_is_no_server_is_told_by_its_last_words() -> None:
    code = "import sys; sys.stdin.readline(); print('first', file=sys.stderr); sys.exit('no \\x1b[31mlicence')"
    trouble = await start_trouble(Entry(sys.executable, ("-c", code)))
    assert trouble is not None
    assert trouble.found == f"{sys.executable} ends without an answer: no \\x1b[31mlicence"
    assert trouble.verdict == "failed"
    assert "-c" not in trouble.mend
