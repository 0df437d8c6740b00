"""What is read in the files of hosts: where they lie, what is no valid file, and which entries are ours."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from mcp_debug_tool.doctor import hosts as reading
from mcp_debug_tool.doctor.hosts import Entry, Unreadable, entries, hosts, is_ours, read

EXAMPLES = Path(__file__).parents[3] / "examples" / "hosts"
HOME = Path("/home/ann")
UVX = Entry("uvx", ("mcp-debug-tool",))


def user_files(platform: str, **environ: str) -> dict[str, str]:
    return {host.name: str(host.user_file) for host in hosts(environ, HOME, platform)}


def test_each_host_keeps_its_file_where_its_documentation_says() -> None:
    assert user_files("linux") == {
        "Claude Code": "/home/ann/.claude.json",
        "Claude Desktop": "/home/ann/.config/Claude/claude_desktop_config.json",
        "VS Code": "/home/ann/.config/Code/User/mcp.json",
        "Cursor": "/home/ann/.cursor/mcp.json",
        "Codex": "/home/ann/.codex/config.toml",
        "Gemini CLI": "/home/ann/.gemini/settings.json",
        "Zed": "/home/ann/.config/zed/settings.json",
        "Junie": "/home/ann/.junie/mcp/mcp.json",
        "Windsurf": "/home/ann/.codeium/windsurf/mcp_config.json",
    }
    on_mac = user_files("darwin")
    assert on_mac["Claude Desktop"] == "/home/ann/Library/Application Support/Claude/claude_desktop_config.json"
    assert on_mac["VS Code"] == "/home/ann/Library/Application Support/Code/User/mcp.json"
    assert on_mac["Zed"] == "/home/ann/.config/zed/settings.json"
    on_windows = user_files("win32", APPDATA="/C/Roaming")
    assert on_windows["Claude Desktop"] == "/C/Roaming/Claude/claude_desktop_config.json"
    assert on_windows["Zed"] == "/C/Roaming/Zed/settings.json"


def test_a_place_of_its_own_is_heard() -> None:
    assert user_files("linux", CODEX_HOME="/srv/codex")["Codex"] == "/srv/codex/config.toml"
    moved = user_files("linux", XDG_CONFIG_HOME="/srv/config")
    assert (moved["VS Code"], moved["Zed"]) == ("/srv/config/Code/User/mcp.json", "/srv/config/zed/settings.json")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="TOML is read from Python 3.11 on")
def test_every_example_names_us_under_the_key_of_its_host() -> None:
    names = {
        "claude-code": "Claude Code", "claude-desktop": "Claude Desktop", "vscode": "VS Code", "cursor": "Cursor",
        "codex": "Codex", "gemini-cli": "Gemini CLI", "zed": "Zed", "jetbrains": "Junie", "windsurf": "Windsurf",
    }  # fmt: skip
    known = {host.name: host for host in hosts({}, HOME, "linux")}
    for folder, name in names.items():
        (file,) = (EXAMPLES / folder).iterdir()
        assert entries(read(file, comments=False), known[name].key, "/work") == [UVX], folder


def test_comments_are_taken_where_the_host_takes_them(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{\n  // ours\n  "servers": {},\n}\n', encoding="utf-8")
    assert read(file, comments=True) == {"servers": {}}
    with pytest.raises(Unreadable, match=r"not valid JSON: .*line 2"):
        read(file, comments=False)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "{", "not valid JSON"),
        ("a.json", "[1]", "not an object"),
        pytest.param("a.toml", "[mcp_servers", "not valid TOML|3.11", id="toml"),
    ],
)
def test_what_is_no_configuration_says_so(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(Unreadable, match=said):
        read(tmp_path / name, comments=True)


def test_an_empty_file_is_one_that_names_nobody(tmp_path: Path) -> None:
    (tmp_path / "mcp.json").touch()
    assert read(tmp_path / "mcp.json", comments=False) == {}


def test_what_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.json"
    file.write_text("{} // " + "x" * 100, encoding="utf-8")
    monkeypatch.setattr(reading, "MAX_COMMENTED_BYTES", 50)
    with pytest.raises(Unreadable, match="not looked into"):
        read(file, comments=True)
    monkeypatch.setattr(reading, "MAX_BYTES", 50)
    with pytest.raises(Unreadable, match="larger than"):
        read(file, comments=True)


@pytest.mark.parametrize(
    "word",
    ["mcp-debug", "mcp-debug-tool", "mcp_debug_tool", "/opt/bin/mcp-debug", r"C:\Tools\mcp-debug.exe",
     "mcp-debug-tool@0.1.0", "mcp-debug-tool==0.1", "mcp-debug-tool[x]"],
)  # fmt: skip
def test_our_program_is_known_by_its_names(word: str) -> None:
    assert is_ours(word)


@pytest.mark.parametrize("word", ["mcp-debugger", "mcp-debug-tools", "debug", "my-mcp-debug", "mcp", ""])
def test_another_program_is_not_ours(word: str) -> None:
    assert not is_ours(word)


def test_entries_of_ours_are_known_by_name_or_by_command() -> None:
    servers = {
        "mcp-debug": {"command": "/opt/run", "env": {"A": "1"}},
        "python debugger": {"command": "uvx", "args": ["mcp-debug-tool"]},
        "other": {"command": "npx", "args": ["mcp-debugger"]},
        "broken": "uvx mcp-debug-tool",
    }
    assert entries({"mcpServers": servers}, "mcpServers", "/work") == [Entry("/opt/run", (), (("A", "1"),)), UVX]


def test_claude_codes_entry_for_this_project_alone_is_one_too() -> None:
    servers = {"mcpServers": {"mcp-debug": {"command": "uvx", "args": ["mcp-debug-tool"]}}}
    settings = {"projects": {"/work": servers, "/other": {"mcpServers": {"mcp-debug": {"command": "no"}}}}}
    assert entries(settings, "mcpServers", "/work") == [UVX]


@pytest.mark.parametrize("settings", [{}, {"mcpServers": None}, {"mcpServers": []}, {"projects": []}])
def test_settings_of_other_shapes_name_nobody(settings: dict[str, Any]) -> None:
    assert entries(json.loads(json.dumps(settings)), "mcpServers", "/work") == []


def test_what_only_the_host_can_fill_in_is_seen() -> None:
    assert Entry("${workspaceFolder}/run").has_variables
    assert Entry("uvx", env=(("A", "${input:key}"),)).has_variables
    assert not UVX.has_variables
