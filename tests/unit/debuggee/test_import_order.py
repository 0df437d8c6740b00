"""Any module that runs inside the program may be the first to be imported: launching and attaching differ."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mcp_debug_tool.debuggee

PACKAGE = Path(mcp_debug_tool.debuggee.__file__).parent
# They are run by path.
NOT_IMPORTED = ("inject", "dormant")
IMPORT_EACH_FIRST = """
import importlib, importlib.util, sys
package, *names = sys.argv[1:]
before = set(sys.modules)
for name in names:
    for loaded in set(sys.modules) - before:
        if loaded.startswith("_mcp_debuggee"):
            del sys.modules[loaded]
    spec = importlib.util.spec_from_file_location(
        "_mcp_debuggee", package + "/__init__.py", submodule_search_locations=[package]
    )
    sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[spec.name])
    try:
        importlib.import_module("_mcp_debuggee." + name)
    except ImportError as error:
        if "_mcp_debuggee" in str(error):
            print(name, error)
"""


def test_any_module_can_be_imported_first() -> None:
    files = [path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py") if path.stem != "__init__"]
    names = sorted(".".join(file.parts) for file in files if file.parts[0] not in NOT_IMPORTED)
    command = [sys.executable, "-c", IMPORT_EACH_FIRST, str(PACKAGE), *names]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (run.stdout, run.stderr) == ("", "")
