"""What a breakpoint is set in: a file, a member of an archive, a made-up name."""

from __future__ import annotations

import unicodedata
import zipfile
from pathlib import Path

import pytest

from mcp_debug_tool.errors import InvalidArgument
from mcp_debug_tool.preparing.arguments import as_on_disk
from mcp_debug_tool.preparing.code_files import code_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text("x = 1\n")
    with zipfile.ZipFile(tmp_path / "lib.zip", "w") as opened:
        opened.writestr("pkg/mod.py", "x = 1\n")
        opened.writestr("pkg/only.pyc", b"")
    return tmp_path


@pytest.mark.parametrize("name", ["<gen>", "<string>", "<doctest a.b[0]>"])
def test_a_made_up_name_is_left_as_it_is(folder: Path, name: str) -> None:
    assert code_file("file", name, (str(folder),)) == name


def test_a_file_and_a_member_are_found_in_the_first_folder_that_has_them(folder: Path, tmp_path: Path) -> None:
    folders = (str(tmp_path / "none"), str(folder))
    assert code_file("file", "main.py", folders) == str(folder / "main.py")
    assert code_file("file", "lib.zip/pkg/mod.py", folders) == str(folder / "lib.zip/pkg/mod.py")
    assert code_file("file", str(folder / "lib.zip/pkg/mod.py"), folders) == str(folder / "lib.zip/pkg/mod.py")


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("lib.zip/pkg/none.py", "has no pkg/none.py"),
        ("lib.zip/mod.py", "has no mod.py"),
        ("lib.zip/pkg/only.py", "has pkg/only.pyc only"),
        ("lib.zip/pkg", "has no pkg"),
        ("main.py/mod.py", "cannot be reached"),
        ("none.py", "does not exist"),
        ("a\0b", "contains a NUL character"),
    ],
)
def test_what_is_not_there_is_named(folder: Path, file: str, reason: str) -> None:
    with pytest.raises(InvalidArgument, match=reason) as raised:
        code_file("until", file, (str(folder),))
    assert str(raised.value).startswith("until: ")


def test_a_path_is_spelled_as_on_disk(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "été/café.py") for form in ("NFC", "NFD"))
    file = tmp_path / decomposed
    file.parent.mkdir()
    file.write_text("x = 1\n")
    assert as_on_disk(str(tmp_path / composed)) == str(file)
    assert as_on_disk(str(file)) == str(file)
    assert code_file("file", composed, (str(tmp_path),)) == str(file)
    assert as_on_disk(str(tmp_path / "été/none.py")) == str(file.parent / "none.py")
