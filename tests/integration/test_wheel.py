"""What is built and published: the wheel's files, what installing it brings along, and the source it is made of."""

from __future__ import annotations

import json
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from built import ROOT, build, environment, run

from mcp_debug_tool import __version__

SRC = ROOT / "src" / "mcp_debug_tool"
METADATA = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
MOST_PACKAGES = 45
# Whoever builds, tests or reads from the source distribution needs them.
IN_SOURCE = {
    ".claude-plugin", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md", "benchmarks", "docs",
    "examples", "mcpb", "mkdocs.yml", "plugin", "pyproject.toml", "scripts", "server.json", "src", "tests",
}  # fmt: skip
# hatchling adds these of itself.
ADDED = {".gitignore", "PKG-INFO"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


def test_the_wheel_holds_the_package_and_its_metadata_and_nothing_else(wheel: Path) -> None:
    written = {path.relative_to(SRC.parent) for path in SRC.rglob("*") if path.is_file()}
    package = {path.as_posix() for path in written if "__pycache__" not in path.parts}
    metadata = {f"mcp_debug_tool-{__version__}.dist-info/{name}" for name in METADATA}
    with zipfile.ZipFile(wheel) as archive:
        assert set(archive.namelist()) == package | metadata
    # One file that is no code: what the tools are, for the verbs of the shell.
    others = {name for name in package if not name.endswith(".py")}
    assert others == {"mcp_debug_tool/py.typed", "mcp_debug_tool/cli/definitions.json"}
    assert [name for name in package if "tests" in name.split("/")] == []


def test_the_source_distribution_holds_what_it_takes_to_build_and_test(wheel: Path) -> None:
    (source,) = wheel.parent.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = [name.split("/", 1)[1] for name in archive.getnames()]
    assert {name.split("/")[0] for name in names} == IN_SOURCE | ADDED
    assert [name for name in names if "__pycache__" in name or name.endswith(".pyc")] == []


def test_installing_it_brings_few_packages_and_both_commands(wheel: Path, tmp_path: Path) -> None:
    env = environment(wheel, tmp_path)
    home = tmp_path / "venv"
    run("uv", "venv", "--quiet", str(home), env=env)
    run("uv", "pip", "install", "--quiet", "--python", str(home), "mcp-debug-tool", env=env)
    listed = json.loads(run("uv", "pip", "list", "--python", str(home), "--format", "json", env=env))
    packages = [package["name"] for package in listed]
    assert "mcp-debug-tool" in packages
    assert "pip" not in packages
    assert 10 < len(packages) <= MOST_PACKAGES, sorted(packages)
    folder = home / ("Scripts" if os.name == "nt" else "bin")
    for name in ("mcp-debug", "mcp-debug-tool"):
        assert run(str(folder / name), "--version", env=env) == f"mcp-debug {__version__}\n"
