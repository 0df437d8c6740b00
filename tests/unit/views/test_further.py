"""Pages of the further tools: modules and completions, a line each, with how many more there are."""

from __future__ import annotations

from typing import Any

from mcp_debug_tool.views import completions_page, modules_page

CWD = "/home/u/project"


def modules(*items: list[Any], total: int = 0, users: int = 0) -> dict[str, Any]:
    return {"items": list(items), "total": total or len(items), "users": users}


def test_a_module_is_a_line_with_version_and_file() -> None:
    own, library, built_in = (
        ["shop.report", "", f"{CWD}/shop/report.py", True],
        ["six", "1.16", "/lib/six.py", False],
        [
            "_io",
            "",
            "",
            False,
        ],
    )
    answer = modules_page("s1", modules(own, library, built_in, users=1), 0, CWD)
    assert answer.headline == "s1 modules: 3, 1 of them the user's own"
    assert answer.data()["modules"] == [
        "shop.report shop/report.py",
        "six 1.16 /lib/six.py (library)",
        "_io no file (library)",
    ]
    assert "shown" not in answer.data()


def test_modules_are_paged_and_hostile_names_are_bounded_and_visible() -> None:
    answer = modules_page("s1", modules(["\x1b" * 500, "v" * 500, "/" + "f" * 500, False], total=812), 50, CWD)
    (line,) = answer.data()["modules"]
    assert "\x1b" not in line
    assert len(line) < 400
    assert answer.data()["shown"] == "1 of 812 from 50"
    assert answer.data()["next"] == "start=51 for more"


def test_completions_say_what_has_been_typed_and_how_many_there_are() -> None:
    page = {"prefix": "it", "total": 2, "items": [["items", "list"], ["iterate", "function"]]}
    answer = completions_page("s1", page)
    assert answer.headline == "s1 completions: 2"
    assert answer.data()["completions"] == ["items: list", "iterate: function"]
    assert answer.data()["completes"] == "it"
    assert "shown" not in answer.data()


def test_completions_that_are_not_all_shown_are_counted() -> None:
    answer = completions_page("s1", {"prefix": "", "total": 154, "items": [["a", "int"]]})
    assert answer.data()["shown"] == "1 of 154: type more of the name"
    assert "completes" not in answer.data()


def test_no_completion_is_an_answer() -> None:
    assert completions_page("s1", {"prefix": "zz", "total": 0, "items": []}).text().startswith("s1 completions: 0")
