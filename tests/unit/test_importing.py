"""Importing the package is free: nothing comes along but itself."""

from __future__ import annotations

import subprocess
import sys

CODE = "import sys; before = set(sys.modules); import mcp_debug_tool; print(*sorted(set(sys.modules) - before))"


def test_the_package_imports_nothing_but_itself() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["mcp_debug_tool"]
