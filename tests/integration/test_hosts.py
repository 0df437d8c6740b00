"""What stands in examples/hosts starts the server: the package is built, and each file's own command finds it."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import anyio
import checkers
import pytest
from agent import Agent
from built import ROOT, build, environment, run
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from conftest import Era
from mcp_debug_tool import __version__
from mcp_debug_tool.server import tools

pytestmark = pytest.mark.anyio

HOSTS = ROOT / "examples" / "hosts"
# Under which key each host looks for servers.
KEYS = {
    "claude-code/.mcp.json": "mcpServers",
    "claude-desktop/claude_desktop_config.json": "mcpServers",
    "codex/config.toml": "mcp_servers",
    "cursor/mcp.json": "mcpServers",
    "gemini-cli/settings.json": "mcpServers",
    "jetbrains/mcp.json": "mcpServers",
    "vscode/mcp.json": "servers",
    "windsurf/mcp_config.json": "mcpServers",
    "zed/settings.json": "context_servers",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def uv(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which uv and uvx install our wheel; what that needs is fetched here."""
    env = environment(wheel, tmp_path_factory.mktemp("uv"))
    # Compiled once: else each start does it, where Python is told to keep no compiled files.
    run("uvx", "mcp-debug-tool", "--version", env={**env, "UV_COMPILE_BYTECODE": "1"})
    return {**env, "UV_OFFLINE": "1"}


def entry(path: Path, key: str) -> dict[str, Any]:
    """What the host's file says of our server."""
    text = path.read_text(encoding="utf-8")
    settings = _toml(text) if path.suffix == ".toml" else json.loads(text)
    assert list(settings) == [key]
    (name,) = settings[key]
    assert name == "mcp-debug"
    return dict(settings[key][name])


def _toml(text: str) -> Any:
    return pytest.importorskip("tomllib").loads(text)


async def serves(command: str, arguments: list[str], env: dict[str, str], folder: Path) -> None:
    """Assert that the command is our server, to clients of both eras at once."""
    parameters = StdioServerParameters(command=command, args=arguments, env=env, cwd=folder)
    eras: tuple[Era, ...] = ("auto", "legacy")

    async def serves_in(era: Era) -> None:
        async with Client(stdio_client(parameters), mode=era) as client:
            agent = Agent(client)
            assert [tool.name for tool in await agent.tools()] == [tool.name for tool in tools()]
            assert (await agent.ok("sessions")).data == {"sessions": 0, "next": "start"}

    async with anyio.create_task_group() as tasks:
        for era in eras:
            tasks.start_soon(serves_in, era)


def test_uvx_runs_the_wheel_that_was_just_built(wheel: Path, uv: dict[str, str]) -> None:
    assert run("uvx", "mcp-debug-tool", "--version", env=uv) == f"mcp-debug {__version__}\n"
    ask = "from importlib import metadata as m; print(m.distribution('mcp-debug-tool').read_text('direct_url.json'))"
    origin = json.loads(run("uvx", "--from", "mcp-debug-tool", "python", "-c", ask, env=uv))
    assert origin["url"] == wheel.as_uri()


def test_every_file_is_one_of_a_host_that_the_page_names() -> None:
    files = {str(path.relative_to(HOSTS)) for path in HOSTS.rglob("*") if path.is_file()}
    assert files == {*KEYS, "README.md"}
    page = (HOSTS / "README.md").read_text(encoding="utf-8")
    linked = re.findall(r"\]\((?!http)([^)]+)\)", page)
    assert set(KEYS) <= set(linked)
    assert [link for link in linked if not (HOSTS / link).exists()] == []


@pytest.mark.parametrize("file", KEYS)
async def test_a_hosts_file_starts_the_server(file: str, uv: dict[str, str], tmp_path: Path) -> None:
    found = entry(HOSTS / file, KEYS[file])
    await serves(found["command"], found["args"], {**uv, **found.get("env", {})}, tmp_path)


async def test_a_bundle_starts_the_server(wheel: Path, uv: dict[str, str], tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(ROOT / "mcpb", bundle)
    with (bundle / "pyproject.toml").open("a", encoding="utf-8") as project:
        project.write(f'\n[tool.uv.sources]\nmcp-debug-tool = {{ path = "{wheel}" }}\n')
    server = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))["server"]
    assert (bundle / server["entry_point"]).is_file()
    config = server["mcp_config"]
    arguments = [argument.replace("${__dirname}", str(bundle)) for argument in config["args"]]
    # For a project uv asks the index about every platform, not this one alone.
    await serves(config["command"], arguments, {**uv, "UV_OFFLINE": "0"}, tmp_path)


@checkers.needed
def test_the_bundle_is_one_for_mcpb(tmp_path: Path) -> None:
    valid = checkers.run(tmp_path, checkers.MCPB, "validate", str(ROOT / "mcpb" / "manifest.json"))
    assert valid.returncode == 0, valid.stdout + valid.stderr
    packed = checkers.run(tmp_path, checkers.MCPB, "pack", str(ROOT / "mcpb"), str(tmp_path / "debugger.mcpb"))
    assert packed.returncode == 0, packed.stdout + packed.stderr
    shutil.unpack_archive(tmp_path / "debugger.mcpb", tmp_path / "unpacked", "zip")
    files = sorted(path.name for path in (tmp_path / "unpacked").rglob("*") if path.is_file())
    assert files == ["manifest.json", "pyproject.toml", "server.py"]


def claude(env: dict[str, str], folder: Path, *arguments: str) -> str:
    """What Claude Code prints, run as somebody who has just installed it: nothing of this machine's user is seen."""
    kept = ("PATH", "LANG", "TMPDIR", "SSL_CERT_FILE")
    alone = {name: value for name, value in env.items() if name in kept or name.startswith("UV_")}
    offline = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}
    return run(checkers.CLAUDE, *arguments, env={**alone, **offline, "HOME": str(folder)}, cwd=folder)


@checkers.needed
@pytest.mark.parametrize("manifest", [".claude-plugin/marketplace.json", "plugin"])
def test_the_plugin_is_one_for_claude_code(manifest: str, tmp_path: Path) -> None:
    said = claude(dict(os.environ), tmp_path, "plugin", "validate", "--strict", str(ROOT / manifest))
    assert "Validation passed" in said


@checkers.needed
def test_claude_code_installs_the_plugin_with_its_skill_and_server(tmp_path: Path) -> None:
    env = dict(os.environ)
    claude(env, tmp_path, "plugin", "marketplace", "add", str(ROOT))
    claude(env, tmp_path, "plugin", "install", "mcp-debug@mcp-debug")
    details = claude(env, tmp_path, "plugin", "details", "mcp-debug")
    assert re.search(r"Skills \(1\) +debugging-python", details), details
    assert re.search(r"MCP servers \(1\) +mcp-debug", details), details


@checkers.needed
def test_claude_code_connects_by_the_line_that_people_copy(uv: dict[str, str], tmp_path: Path) -> None:
    line = "claude mcp add mcp-debug -- uvx mcp-debug-tool"
    for page in (ROOT / "README.md", HOSTS / "README.md"):
        assert line in page.read_text(encoding="utf-8")
    claude(uv, tmp_path, *line.split()[1:])
    assert "mcp-debug: uvx mcp-debug-tool - ✔ Connected" in claude(uv, tmp_path, "mcp", "list")
