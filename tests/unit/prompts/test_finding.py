"""What completes the arguments of prompts: found among files and processes, within a budget."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mcp_debug_tool.prompts import finding
from mcp_debug_tool.prompts.finding import MAX_VALUES, Budget, defined_tests, node_ids, processes, programs

TESTS = """
import unittest

def helper(): ...
def test_first(): ...
async def test_second(): ...

class TestOrder:
    def test_total(self): ...
    def total(self): ...
    class TestEmpty:
        def test_none(self): ...

class Order:
    def test_not_one(self): ...

class Case(unittest.TestCase):
    def test_case(self): ...
"""
NAMES = [
    "test_first",
    "test_second",
    "TestOrder::test_total",
    "TestOrder::TestEmpty::test_none",
    "Case::test_case",
]


def ample() -> Budget:
    """A budget whose time does not pass."""
    return Budget(clock=lambda: 0.0)


@pytest.fixture
def project(tmp_path: Path) -> str:
    """A folder of programs and tests, and of what is passed over."""
    for name in ("main.py", "shop/till.py", "shop/deep/er/far.py", "notes.txt", ".hidden.py", ".venv/lib/in.py",
                 "node_modules/x/n.py", "__pycache__/c.py"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n", encoding="utf-8")
    for name in ("tests/test_orders.py", "tests/till_test.py", "tests/conftest.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(TESTS, encoding="utf-8")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    return str(tmp_path)


def test_programs_are_python_files_near_ones_first(project: str) -> None:
    found = programs(project, "", ample())
    assert found.values == (
        "main.py",
        "shop/till.py",
        "tests/conftest.py",
        "tests/test_orders.py",
        "tests/till_test.py",
        "shop/deep/er/far.py",
    )
    assert not found.more


@pytest.mark.parametrize(
    ("begun", "expected"),
    [
        ("shop/t", ("shop/till.py",)),
        ("sho", ("shop/till.py", "shop/deep/er/far.py")),
        ("shop/deep/", ("shop/deep/er/far.py",)),
        ("main.py", ("main.py",)),
        ("../", ()),
        ("/", ()),
        ("zzz", ()),
    ],
)
def test_programs_begin_with_what_is_typed(project: str, begun: str, expected: tuple[str, ...]) -> None:
    assert programs(project, begun, ample()).values == expected


def test_nothing_outside_of_the_folder_is_ever_found(project: str) -> None:
    inner = os.path.join(project, "shop", "deep")
    assert programs(inner, "", ample()).values == ("er/far.py",)
    for begun in ("../till", "..", f"{project}/main", "er/../../till"):
        assert programs(inner, begun, ample()).values == ()


def test_tests_are_named_as_pytest_names_them(project: str) -> None:
    found = node_ids(project, "", ample()).values
    assert found == tuple(
        f"{file}::{name}" for file in ("tests/test_orders.py", "tests/till_test.py") for name in NAMES
    )


@pytest.mark.parametrize(
    ("begun", "expected"),
    [
        ("tests/test_orders.py::TestOrder::", NAMES[2:4]),
        ("tests/test_orders.py::test_f", NAMES[:1]),
        ("tests/test_o", NAMES),
        ("tests/test_o::", []),
        ("tests/conftest.py::", []),
    ],
)
def test_tests_begin_with_what_is_typed(project: str, begun: str, expected: list[str]) -> None:
    assert node_ids(project, begun, ample()).values == tuple(f"tests/test_orders.py::{name}" for name in expected)


@pytest.mark.parametrize("source", ["def test_(:", "\0", "(" * 5000, "x = '\udcff'"])
def test_a_file_that_is_no_python_has_no_tests(tmp_path: Path, source: str) -> None:
    path = tmp_path / "test_bad.py"
    path.write_bytes(source.encode("utf-8", "surrogateescape"))
    assert defined_tests(str(path), ample()) == []
    assert defined_tests(str(tmp_path / "gone.py"), ample()) == []


def test_more_than_a_hundred_are_not_told_but_said_to_be(tmp_path: Path) -> None:
    for number in range(MAX_VALUES + 1):
        (tmp_path / f"p{number:03}.py").touch()
    found = programs(str(tmp_path), "", ample())
    assert len(found.values) == MAX_VALUES
    assert found.more
    assert programs(str(tmp_path), "p1", ample()).values == ("p100.py",)


@pytest.mark.parametrize(
    "spent",
    [
        lambda: Budget(clock=lambda: 0.0, entries=0),
        lambda: Budget(clock=lambda: 0.0, seconds=0),
    ],
)
def test_what_is_spent_ends_every_search_and_says_so(project: str, spent: Callable[[], Budget]) -> None:
    for found in (programs(project, "", spent()), node_ids(project, "", spent()), processes("", spent())):
        assert found.values == ()
        assert found.more


def test_a_search_looks_at_so_many_entries_and_reads_so_many_bytes(project: str) -> None:
    assert programs(project, "", Budget(clock=lambda: 0.0, entries=3)).more
    assert node_ids(project, "", Budget(clock=lambda: 0.0, bytes=0)).values == ()
    # Files that were found are read, although no more may be looked for: the hidden ones are entries too.
    entries = len(os.listdir(project)) + len(os.listdir(os.path.join(project, "shop"))) + 3
    late = node_ids(project, "", Budget(clock=lambda: 0.0, entries=entries))
    assert len(late.values) == 2 * len(NAMES)
    assert late.more
    few = node_ids(project, "", Budget(clock=lambda: 0.0, bytes=10))
    assert few.values == tuple(f"tests/test_orders.py::{name}" for name in NAMES)
    assert few.more


def test_a_large_file_is_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "test_large.py").write_text(TESTS, encoding="utf-8")
    monkeypatch.setattr(finding, "MAX_TEST_FILE", 100)
    assert node_ids(str(tmp_path), "", ample()).values == ()


@pytest.mark.skipif(sys.platform != "linux", reason="processes are listed from /proc")
def test_a_python_process_of_this_user_is_found_and_this_one_is_not() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        try:
            assert str(child.pid) in processes(str(child.pid), ample()).values
            assert str(os.getpid()) not in processes(str(os.getpid()), ample()).values
        finally:
            child.kill()
