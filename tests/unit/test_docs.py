"""The records of decisions: what they name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECORDS = sorted((ROOT / "docs" / "issues").glob("*.md"))
# Where a path in a record may begin.
BEGINNINGS = (ROOT, ROOT / "src" / "mcp_debug_tool", ROOT / "tests", ROOT / "tests" / "integration")
PATH = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.py|(?:[\w.-]+/)+)(?:::(\w+))?`")


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_files_and_tests_that_a_record_names_are_there(record: Path) -> None:
    for path, test in PATH.findall(record.read_text(encoding="utf-8")):
        if "/" not in path and not path.startswith("test_"):
            continue  # a file of somebody's program, or one whose room the sentence names
        found = [file for beginning in BEGINNINGS if (file := beginning / path).exists()]
        found = found or [file for file in (ROOT / "tests").rglob(path) if file.exists()]
        assert found, f"{record.name} names {path}"
        if test:
            assert f"def {test}(" in found[0].read_text(encoding="utf-8"), f"{record.name} names {test}"


def test_each_record_has_a_number_of_its_own() -> None:
    numbers = [record.name[:4] for record in RECORDS]
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]
