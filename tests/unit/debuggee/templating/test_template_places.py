"""Whether a file is a template, and where a breakpoint in it comes to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mcp_debug_tool.debuggee.places.sources import Unresolved
from mcp_debug_tool.debuggee.stopping import lines
from mcp_debug_tool.debuggee.templating import template_places

is_template: Callable[[str], bool] = template_places.is_template
nearest: Callable[[set[int], int], int | None] = template_places.nearest

HTML = "<p>\n{{ name }}\n</p>\n"
PYTHON = "x = '{{ %s }}' % 1\n"


def written(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("page.html", HTML, True),
        ("page.html", "{{ name }}\n", True),  # Python, too: a set in a set
        ("page.jinja2", "{% set x = 1 %}\n", True),
        ("Makefile.in", "{# a comment #}\n", True),
        ("nginx", "server {{ name }};\n", True),
        ("main.py", PYTHON, False),
        ("main.pyw", PYTHON, False),
        ("app.wsgi", PYTHON, False),
        ("tool", PYTHON, False),
        ("tool.script", "#!/usr/bin/python\n" + PYTHON, False),
        ("<gen>", "", False),
    ],
)
def test_a_template_is_told_by_its_ending_and_its_marks(tmp_path: Path, name: str, text: str, expected: bool) -> None:
    file = name if name.startswith("<") else written(tmp_path, name, text)
    assert is_template(file) is expected


def test_what_is_neither_is_refused_as_neither(tmp_path: Path) -> None:
    with pytest.raises(Unresolved, match=r"is neither Python \(line 1: .*\) nor a template with {{ or {% in it"):
        is_template(written(tmp_path, "page.html", "<p>plain</p>\n"))
    with pytest.raises(SyntaxError):
        is_template(written(tmp_path, "main.py", "x = = '{{'\n"))


@pytest.mark.parametrize(("wanted", "expected"), [(1, 2), (2, 2), (3, 5), (5, 5), (6, None)])
def test_a_line_moves_on_to_the_next_that_can_be_stopped_at(wanted: int, expected: int | None) -> None:
    assert nearest({2, 5}, wanted) == expected


def test_a_template_that_no_engine_has_loaded_is_taken_at_its_word(tmp_path: Path) -> None:
    file = written(tmp_path, "page.html", HTML)
    (found,) = lines.resolve([{"file": file, "line": 1}])
    assert (found["line"], found["text"], found["template"]) == (1, "<p>", True)
    assert "Django or Jinja2" in found["unverified"]
    (found,) = lines.resolve([{"file": file, "find": "{{ name"}])
    assert found["line"] == 2
    (found,) = lines.resolve([{"file": file, "line": 4}])
    assert "line 4 is outside" in found["error"]


def test_the_engines_lines_decide_once_they_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "page.html", HTML)
    known: list[Any] = [{2}]
    monkeypatch.setattr(template_places, "lines_of", lambda file: known[0])
    (found,) = lines.resolve([{"file": file, "line": 1}])
    assert (found["line"], found["moved_from"], "unverified" in found) == (2, 1, False)
    (found,) = lines.resolve([{"file": file, "line": 3}])
    assert found["error"].startswith("nothing at or after line 3 of")
    assert found["error"].endswith("the last line that can be stopped at is 2")
    known[0] = set()
    assert "error" in lines.resolve([{"file": file, "line": 1}])[0]


def test_a_template_is_the_same_under_a_relative_name_and_through_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, "page.html", HTML)
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "page.html").symlink_to(file)
    monkeypatch.chdir(tmp_path)
    assert template_places.is_same("page.html", file)
    assert template_places.is_same(str(tmp_path / "links/page.html"), file)
    assert not template_places.is_same("other.html", file)
    assert not template_places.is_same(None, file)
