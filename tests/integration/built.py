"""The package as people get it: built once a run, and an environment in which uv installs just that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from conftest import TAG

ROOT = Path(__file__).parents[2]
# uv is installed beside the tests' own Python.
_PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def build(folder: Path) -> Path:
    """The wheel, made in `folder` from the source distribution that is made beside it."""
    run("uv", "build", "--quiet", "--out-dir", str(folder), str(ROOT), env={**os.environ, "PATH": _PATH})
    (wheel,) = folder.glob("*.whl")
    return wheel


def environment(wheel: Path, folder: Path) -> dict[str, str]:
    """Variables with which uv takes this wheel for mcp-debug-tool, whatever an index offers under that name."""
    constraint = folder / "constraint.txt"
    constraint.write_text(f"mcp-debug-tool @ {wheel.as_uri()}\n", encoding="utf-8")
    return {
        **os.environ,
        TAG: "1",
        "PATH": _PATH,
        "UV_CACHE_DIR": str(folder / "cache"),
        "UV_CONSTRAINT": str(constraint),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
    }


def run(*command: str, env: dict[str, str], cwd: Path | None = None, seconds: float = 90) -> str:
    """What the command prints; it has to succeed."""
    done = subprocess.run(
        command,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout
