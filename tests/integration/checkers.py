"""Checkers that others wrote, of the protocol and of packages: npm packages and a Node for them.

scripts/setup-checkers puts them in place.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from conftest import TAG

_FOLDER = Path(__file__).parents[2] / ".tools"
_MODULES = _FOLDER / "node_modules"
NODE = str(_MODULES / "node" / "bin" / "node")
CONFORMANCE = str(_MODULES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js")
INSPECTOR = str(_MODULES / "@modelcontextprotocol" / "inspector" / "clients" / "launcher" / "build" / "index.js")
MCPB = str(_MODULES / "@anthropic-ai" / "mcpb" / "dist" / "cli" / "cli.js")
CLAUDE = str(_MODULES / ".bin" / "claude")

needed = pytest.mark.skipif(
    os.environ.get("MCP_DEBUG_CHECKERS") != "required" and not (_FOLDER / ".set-up").exists(),
    reason=".tools is missing: scripts/setup-checkers makes it, where there is npm",
)
"""Marks a test, or a module, that runs one of these; where they are required it fails without."""


def run(
    folder: Path, script: str, *arguments: str, seconds: float = 60, **env: str
) -> subprocess.CompletedProcess[str]:
    """A script of theirs, or of ours that uses their packages, run to its end in `folder`."""
    return subprocess.run(
        [NODE, script, *arguments],
        cwd=folder,
        env={
            **os.environ,
            TAG: "1",
            "HOME": str(folder),
            "PATH": os.pathsep.join([str(Path(NODE).parent), os.environ["PATH"]]),
            "PACKAGES": str(_MODULES),
            **env,
        },
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
