"""The files by which others install us: one version, one name, one repository, and each valid for who reads it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mcp_debug_tool import __version__

ROOT = Path(__file__).parents[2]
REGISTRY_SCHEMA = Path(__file__).parent / "schemas" / "mcp-registry-2025-12-11" / "server.schema.json"
REPOSITORY = "https://github.com/mcp-debug/mcp-debug"


def read(path: str) -> dict[str, Any]:
    return dict(json.loads((ROOT / path).read_text(encoding="utf-8")))


def pyproject(path: str, name: str) -> str:
    """The first value of this name in a pyproject.toml."""
    found = re.search(rf'^{name} = "(.*)"$', (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None, name
    return found[1]


def valid(schema: list[str], *files: str) -> None:
    """Assert that check-jsonschema, which needs no network for it, finds the files valid."""
    command = [str(Path(sys.executable).parent / "check-jsonschema"), *schema, *(str(ROOT / file) for file in files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_file_names_the_version_of_the_package() -> None:
    registry = read("server.json")
    assert {
        "pyproject.toml": pyproject("pyproject.toml", "version"),
        "server.json": registry["version"],
        "its package": registry["packages"][0]["version"],
        "the plugin": read("plugin/.claude-plugin/plugin.json")["version"],
        "the bundle": read("mcpb/manifest.json")["version"],
        "its project": pyproject("mcpb/pyproject.toml", "version"),
        "what it installs": re.findall(r'"mcp-debug-tool==(.*)"', (ROOT / "mcpb/pyproject.toml").read_text())[0],
    } == dict.fromkeys(
        ["pyproject.toml", "server.json", "its package", "the plugin", "the bundle", "its project", "what it installs"],
        __version__,
    )


def test_every_file_names_the_same_package_and_repository() -> None:
    registry, bundle, plugin = (
        read("server.json"),
        read("mcpb/manifest.json"),
        read("plugin/.claude-plugin/plugin.json"),
    )
    assert pyproject("pyproject.toml", "name") == registry["packages"][0]["identifier"] == bundle["name"]
    places = [registry["repository"]["url"], bundle["repository"]["url"], plugin["repository"]]
    assert [*places, pyproject("pyproject.toml", "Repository")] == [REPOSITORY] * 4
    assert pyproject("pyproject.toml", "requires-python") == bundle["compatibility"]["runtimes"]["python"]
    # The registry looks for this line in what the package index shows of us.
    assert f"<!-- mcp-name: {registry['name']} -->" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_marketplace_offers_the_plugin_where_it_is() -> None:
    (offered,) = read(".claude-plugin/marketplace.json")["plugins"]
    plugin = read(f"{offered['source']}/.claude-plugin/plugin.json")
    assert plugin["name"] == offered["name"]
    servers = read(f"{offered['source']}/.mcp.json")
    assert servers == read("examples/hosts/claude-code/.mcp.json")


def test_the_entry_for_the_registry_is_one_by_its_schema() -> None:
    assert read("server.json")["$schema"] == json.loads(REGISTRY_SCHEMA.read_text(encoding="utf-8"))["$id"]
    valid(["--schemafile", str(REGISTRY_SCHEMA)], "server.json")


@pytest.mark.parametrize("page", ["CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_a_page_of_the_project_names_what_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    linked = re.findall(r"\]\((?!http)([^)#]+)\)", text)
    commands = re.findall(r"^(?:\.ci|scripts)/[\w-]+", text, re.MULTILINE)
    floors = re.findall(r"`([\w./]+(?:/|\.py))`", text.partition("| floor |")[2])
    places = [ROOT, ROOT / "src" / "mcp_debug_tool"]
    for name in [*linked, *commands, *floors]:
        assert any((place / name).exists() for place in places), name


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.github-workflows", ".github/workflows/ci.yml"),
        ("vendor.github-issue-forms", ".github/ISSUE_TEMPLATE/bug.yml"),
        ("vendor.github-issue-forms", ".github/ISSUE_TEMPLATE/feature.yml"),
        ("vendor.github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
    ],
)
def test_what_github_reads_is_as_it_wants_it(schema: str, file: str) -> None:
    valid(["--builtin-schema", schema], file)


def test_the_workflow_calls_the_scripts_that_are_here() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    called = re.findall(r"(?:\.ci|scripts)/[\w-]+", workflow)
    assert {".ci/run", "scripts/test"} <= set(called)
    assert [script for script in called if not (ROOT / script).is_file()] == []
