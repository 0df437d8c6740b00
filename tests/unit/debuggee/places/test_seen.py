"""Which files have run, under whichever name, and by which names a file may be imported."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from mcp_debug_tool.debuggee.places import seen
from mcp_debug_tool.debuggee.places.seen import Seen

names_of: Callable[[str], set[str]] = seen.names_of


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """real/pkg/mod.py, also as linked/pkg/mod.py and real/pkg/alias.py."""
    folder = tmp_path / "real" / "pkg"
    folder.mkdir(parents=True)
    (folder / "mod.py").write_text("x = 1\n")
    (tmp_path / "linked").symlink_to("real", target_is_directory=True)
    (folder / "alias.py").symlink_to("mod.py")
    return tmp_path


def imported(monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    module = ModuleType("module")
    module.__file__ = file
    monkeypatch.setitem(sys.modules, "a module of the program", module)


@pytest.mark.parametrize("name", ["real/pkg/mod.py", "linked/pkg/mod.py", "real/pkg/alias.py"])
def test_a_file_has_run_by_whichever_name_it_was_imported(
    linked: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    imported(monkeypatch, str(linked / name))
    assert Seen().look_for(str(linked / "real/pkg/mod.py")) == {"loaded": True}


def test_a_file_that_has_not_run_is_told_with_those_of_its_name(linked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported(monkeypatch, str(linked / "real/pkg/mod.py"))
    assert Seen().look_for(str(linked / "mod.py")) == {"loaded": False, "same_name": [str(linked / "real/pkg/mod.py")]}


def test_what_is_no_python_may_have_been_come_to_as_well() -> None:
    known = Seen(["/app/templates/page.html", "<gen>"])
    assert known.look_for("/app/templates/page.html") == {"loaded": True}
    assert known.look_for("<gen>") == {"loaded": True}
    assert known.look_for("/other/page.html") == {"loaded": False, "same_name": ["/app/templates/page.html"]}
    assert known.look_for("<other>") == {"loaded": False, "same_name": []}


def test_a_file_goes_by_the_names_that_the_path_leads_to_it_by(linked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = str(linked / "real/pkg/mod.py")
    monkeypatch.setattr(sys, "path", [str(linked / "linked"), str(linked / "real/pkg"), str(linked / "none")])
    assert names_of(file) == {file, str(linked / "linked/pkg/mod.py")}
    monkeypatch.setattr(sys, "path", [])
    assert names_of(file) == {file}
    assert names_of("<gen>") == {"<gen>"}


def test_a_file_is_new_when_it_was_written_after_we_began(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("")
    os.utime(file, (0, 0))
    assert not seen.was_written_since(str(file))
    os.utime(file, (time.time() + 60, time.time() + 60))
    assert seen.was_written_since(str(file))
    assert not seen.was_written_since(str(tmp_path / "none.py"))
    assert not seen.was_written_since("a\0b")
