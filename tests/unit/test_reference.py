"""The pages of docs/ that are written from the code: as committed, and complete."""

from __future__ import annotations

import re
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest

from mcp_debug_tool import errors
from mcp_debug_tool.server import tools

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "mcp_debug_tool"
DOCS = ROOT / "docs"
# What only our own launcher and our own code in the program say to each other, and a locale for gdb.
INTERNAL = {"MCP_DEBUG_BOOT", "LC_ALL"}


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    """The names of scripts/reference.py."""
    return runpy.run_path(str(ROOT / "scripts" / "reference.py"))


def test_the_pages_say_what_the_code_says(reference: dict[str, Any]) -> None:
    assert reference["stale"](DOCS) == []


def test_a_page_that_differs_is_shown_as_a_diff(reference: dict[str, Any], tmp_path: Path) -> None:
    shutil.copytree(DOCS, tmp_path / "docs")
    page = tmp_path / "docs" / "reference" / "errors.md"
    page.write_text(page.read_text(encoding="utf-8").replace("WrongState", "BadState"), encoding="utf-8")
    (difference,) = reference["stale"](tmp_path / "docs")
    assert "-| `BadState` |" in difference
    assert "+| `WrongState` |" in difference


def test_every_tool_and_parameter_is_there(reference: dict[str, Any]) -> None:
    page = reference["tools_page"]()
    for made in tools("full"):
        section = page.partition(f"\n## {made.name}\n")[2].partition("\n## ")[0]
        assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(made.parameters["properties"])


def test_bounds_and_defaults_that_no_definition_says_are_there(reference: dict[str, Any]) -> None:
    page = reference["tools_page"]()
    assert "| `repeat` | integer | ≥ 1, ≤ 1,000 | `1` |" in page
    assert "| `timeout_s` | number | ≥ 0, ≤ 50 | `20` |" in page
    assert "With `--read-only` without `condition`, `log_message`." in page


def test_every_kind_of_error_is_there(reference: dict[str, Any]) -> None:
    page = reference["errors_page"]()
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.DebugError)]
    assert all(f"`{kind.__name__}`" in page for kind in kinds if kind is not errors.DebugError)


def test_every_variable_that_is_read_is_there(reference: dict[str, Any]) -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    read = set(re.findall(r"environ(?:\.get\(|\[|\.pop\()\"([A-Z_]+)\"", text))
    read |= set(re.findall(r"^(?:TOKEN_VARIABLE|_HASH_SEED) = \"(\w+)\"", text, re.MULTILINE))
    assert read - INTERNAL == set(reference["VARIABLES"])


def test_every_field_of_an_answer_about_a_state_is_explained() -> None:
    text = (SOURCE / "views" / "state.py").read_text(encoding="utf-8")
    named = set(re.findall(r"fields\[\"([\w ]+)\"\]", text)) | set(
        re.findall(r"\"(\w+)\": (?:scene|reason|at)\b", text)
    )
    page = (DOCS / "reference" / "answers.md").read_text(encoding="utf-8")
    assert len(named) > 20
    assert not {name for name in named if f"`{name}`" not in page}
