"""The text of code: files, members of archives, and names that are none of a file."""

from __future__ import annotations

import importlib.abc
import importlib.util
import linecache
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from mcp_debug_tool.debuggee.places import sources
from mcp_debug_tool.debuggee.places.sources import Unresolved

read: Callable[[str], str] = sources.read
exists: Callable[[str], bool] = sources.exists
of_code: Callable[..., str | None] = sources.of_code


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "lib.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("pkg/mod.py", "name = 'tea'\n")
        opened.writestr("pkg/latin.py", "# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1"))
    return path


@pytest.mark.parametrize("name", ["<gen>", "<string>", "<doctest x[0]>"])
def test_a_name_in_angle_brackets_is_no_file(name: str) -> None:
    assert sources.is_made_up(name)
    assert sources.canonical(name) == name


@pytest.mark.parametrize("name", ["gen.py", "<gen>.py", "a<b>", "<mcp-debug>/x.py", ""])
def test_other_names_may_be_files(name: str) -> None:
    assert not sources.is_made_up(name)


def test_a_member_of_an_archive_is_read_as_python_would_decode_it(archive: Path) -> None:
    assert read(f"{archive}/pkg/mod.py") == "name = 'tea'\n"
    assert read(f"{archive}/pkg/latin.py").endswith("name = 'é'\n")


def test_a_member_is_read_under_a_relative_name_too(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(archive.parent)
    assert read("lib.zip/pkg/mod.py") == "name = 'tea'\n"
    assert exists("lib.zip/pkg/mod.py")


def test_what_is_in_no_archive_does_not_exist(archive: Path, tmp_path: Path) -> None:
    file = tmp_path / "main.py"
    file.write_text("x = 1\n")
    for path in (f"{archive}/pkg/other.py", f"{archive}/pkg", f"{file}/mod.py", f"{tmp_path}/none.zip/mod.py"):
        assert not exists(path)
        with pytest.raises(Unresolved, match="there is no"):
            read(path)


def test_an_archive_is_read_without_a_zlib_that_stands_beside_the_program(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zlib.py").write_text("raise RuntimeError('the program has its own')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "zlib")
    assert read(f"{archive}/pkg/mod.py") == "name = 'tea'\n"
    assert "zlib" not in sys.modules


def test_a_member_larger_than_the_cap_is_refused(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", 5)
    with pytest.raises(Unresolved, match="is larger than"):
        read(f"{archive}/pkg/mod.py")


def test_a_damaged_archive_is_told_of(archive: Path) -> None:
    content = archive.read_bytes()
    start = content.index(b"pkg/mod.py") + len(b"pkg/mod.py")
    archive.write_bytes(content[:start] + b"\xff" * 4 + content[start + 4 :])
    with pytest.raises(Unresolved, match="cannot be read: the archive is damaged"):
        read(f"{archive}/pkg/mod.py")


def test_what_linecache_keeps_of_generated_code_is_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(linecache.cache, "<kept>", (4, None, ["x = 1\n", "y = 2\n"], "<kept>"))
    assert read("<kept>") == "x = 1\ny = 2\n"
    with pytest.raises(Unresolved, match="knows no source of <lost>"):
        read("<lost>")


def test_what_the_server_has_given_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(linecache.cache, "<string>", (4, None, ["x = 1\n"], "<string>"))
    monkeypatch.setattr(sources, "given", {"<string>": "y = 2\n"})
    assert read("<string>") == "y = 2\n"


class Stored(importlib.abc.InspectLoader):
    def get_source(self, fullname: str) -> str:
        return f"name = {fullname!r}\n"


def test_a_loader_gives_the_source_of_a_module_without_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_loader("rates", Stored(), origin="<stored rates>")
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "rates", module)
    assert of_code("<stored rates>") == "name = 'rates'\n"
    assert of_code("<stored rates>", vars(module)) == "name = 'rates'\n"
    assert of_code("<other>", vars(module)) is None, "it was compiled in that module, but is not it"


def test_a_loader_that_fails_gives_none(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("broken")
    module.__file__ = "<broken>"
    vars(module)["__loader__"] = Stored()
    monkeypatch.setattr(Stored, "get_source", lambda self, name: 1 / 0)
    assert of_code("<broken>", vars(module)) is None
