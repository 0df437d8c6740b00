"""Where hosts keep their configuration, and what of it is about us. Nothing here runs anything."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import json5

# Claude Code keeps more than its configuration in its file.
MAX_BYTES = 16 * 1024 * 1024
# json5 is written in Python: so much takes it a second.
MAX_COMMENTED_BYTES = 200_000
_OUR_WORD = re.compile(r"mcp[-_]debug([-_]tool)?(\.exe)?([@=<>~!\[ ].*)?")


@dataclass(frozen=True)
class Host:
    """A program that starts MCP servers."""

    name: str
    user_file: Path | None
    """None: not a file, or one whose place is not known."""
    project_file: str | None
    key: str
    """Under which the servers stand."""
    comments: bool = False
    """Whether its JSON may have comments and trailing commas."""


@dataclass(frozen=True)
class Entry:
    """What a host's file says of our server: a command, or an address."""

    command: str
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    url: str = ""

    @property
    def has_variables(self) -> bool:
        """Whether it holds what only the host can fill in."""
        return any("${" in word for word in (self.command, *self.args, *dict(self.env).values()))


class Unreadable(Exception):
    """A file is not what its host takes; the text says where."""


def hosts(environ: Mapping[str, str], home: Path, platform: str) -> tuple[Host, ...]:
    """All hosts whose files are known, with their places on such a platform."""
    settings = _settings_folder(environ, home, platform)
    zed = settings / "Zed" if platform == "win32" else Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "zed")
    codex = Path(environ.get("CODEX_HOME") or home / ".codex")
    return (
        Host("Claude Code", home / ".claude.json", ".mcp.json", "mcpServers"),
        Host("Claude Desktop", settings / "Claude" / "claude_desktop_config.json", None, "mcpServers"),
        Host("VS Code", settings / "Code" / "User" / "mcp.json", ".vscode/mcp.json", "servers", comments=True),
        Host("Cursor", home / ".cursor" / "mcp.json", ".cursor/mcp.json", "mcpServers", comments=True),
        Host("Codex", codex / "config.toml", ".codex/config.toml", "mcp_servers"),
        Host("Gemini CLI", home / ".gemini" / "settings.json", ".gemini/settings.json", "mcpServers", comments=True),
        Host("Zed", zed / "settings.json", ".zed/settings.json", "context_servers", comments=True),
        Host("Junie", home / ".junie" / "mcp" / "mcp.json", ".junie/mcp/mcp.json", "mcpServers"),
        Host("Windsurf", home / ".codeium" / "windsurf" / "mcp_config.json", None, "mcpServers"),
    )


def _settings_folder(environ: Mapping[str, str], home: Path, platform: str) -> Path:
    if platform == "win32":
        return Path(environ.get("APPDATA") or home / "AppData" / "Roaming")
    if platform == "darwin":
        return home / "Library" / "Application Support"
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config")


def read(path: Path, *, comments: bool) -> dict[str, Any]:
    """The settings in a host's file.

    Raises:
        Unreadable: it is too large, or not what the host takes.
        OSError: it cannot be opened.
    """
    if path.stat().st_size > MAX_BYTES:
        raise Unreadable(f"larger than {MAX_BYTES // 1024 // 1024} MiB")
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    parsed = _toml(text) if path.suffix == ".toml" else _json(text, comments=comments)
    if not isinstance(parsed, dict):
        raise Unreadable("not an object")
    return parsed


def _toml(text: str) -> Any:
    if sys.version_info < (3, 11):
        raise Unreadable("not looked into: that takes Python 3.11 or newer")
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f"not valid TOML: {error}") from None


def _json(text: str, *, comments: bool) -> Any:
    if not text.strip():
        return {}
    try:
        return json.loads(text)
    except ValueError as error:
        if not comments:
            raise Unreadable(f"not valid JSON: {error}") from None
    if len(text) > MAX_COMMENTED_BYTES:
        raise Unreadable(f"not looked into: with comments, and larger than {MAX_COMMENTED_BYTES // 1000} kB")
    try:
        return json5.loads(text)
    except ValueError as error:
        raise Unreadable(f"not valid JSON: {error}") from None


def entries(settings: Mapping[str, Any], key: str, cwd: str) -> list[Entry]:
    """What they say of us, each once; Claude Code has a part of its own for each project folder."""
    projects = settings.get("projects")
    here = projects.get(cwd) if isinstance(projects, dict) else None
    found = [entry for part in (settings, here) for entry in _of_us(part, key)]
    return list(dict.fromkeys(found))


def _of_us(settings: Any, key: str) -> Iterator[Entry]:
    servers = settings.get(key) if isinstance(settings, dict) else None
    for name, server in servers.items() if isinstance(servers, dict) else ():
        if isinstance(server, dict):
            entry = _entry(server)
            if name in ("mcp-debug", "mcp-debug-tool") or any(map(is_ours, (entry.command, *entry.args))):
                yield entry


def is_ours(word: str) -> bool:
    """Whether a word of a command names our program: `mcp-debug-tool`, also with a version, a path or an extra."""
    return _OUR_WORD.fullmatch(PurePath(word.replace("\\", "/")).name) is not None


def _entry(server: Mapping[str, Any]) -> Entry:
    args, env = server.get("args"), server.get("env")
    return Entry(
        command=str(server.get("command", "")),
        args=tuple(map(str, args)) if isinstance(args, list) else (),
        env=tuple((str(name), str(value)) for name, value in env.items()) if isinstance(env, dict) else (),
        url=str(server.get("url", "")),
    )
