"""The expression that brings our code into a program: whole, small, and readable by the oldest Python we know."""

from __future__ import annotations

import ast
import base64
import json
import sys
import zlib
from pathlib import Path

import pytest

from mcp_debug_tool import loading
from mcp_debug_tool.interpreters import PACKAGE
from mcp_debug_tool.loading import loader

OLDEST = (3, 8)
# It goes over the wire once for each process that comes without our code.
MAX_BYTES = 160 * 1024


def sent_texts() -> dict[str, str]:
    """The sources in the expression, by module name, as the program will unpack them."""
    strings = [
        node.value
        for node in ast.walk(ast.parse(loader(), mode="eval"))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    packed = max((text for text in strings if text != loading._LOADER), key=len)
    texts = json.loads(zlib.decompress(base64.b85decode(packed)))
    assert isinstance(texts, dict)
    return texts


def test_it_is_one_expression_of_one_line() -> None:
    compile(loader(), "<loader>", "eval")
    ast.parse(loader(), mode="eval", feature_version=OLDEST)
    assert "\n" not in loader()


def test_it_is_plain_ascii_within_its_size() -> None:
    assert loader().isascii()
    assert len(loader()) < MAX_BYTES


def test_its_own_code_is_python_for_the_oldest_we_know() -> None:
    compile(loading._LOADER, "<loader>", "exec")
    ast.parse(loading._LOADER, feature_version=OLDEST)


def test_it_holds_every_module_of_the_package_to_the_letter() -> None:
    sent = sent_texts()
    folder = Path(PACKAGE)
    for name, path in {
        "": "__init__.py",
        ".boot": "boot.py",
        ".family.children": "family/children.py",
        ".stopping.lines": "stopping/lines.py",
        ".values": "values/__init__.py",
        ".values.arrays": "values/arrays.py",
    }.items():
        assert sent["_mcp_debuggee" + name] == (folder / path).read_text(encoding="utf-8")
    run_by_path = {"inject", "dormant"}
    assert len(sent) == len([path for path in folder.rglob("*.py") if path.parent.name not in run_by_path])


def test_it_holds_the_package_before_its_modules() -> None:
    assert next(iter(sent_texts())) == "_mcp_debuggee"


@pytest.mark.parametrize("folder", ["inject", "dormant", "__pycache__"])
def test_it_holds_nothing_of_the_folders_inside_the_package(folder: str) -> None:
    names = set(sent_texts())
    assert not any(folder in name.split(".") for name in names)
    assert not {"sitecustomize", "usercustomize"} & {name.rpartition(".")[2] for name in names}
    for path in Path(PACKAGE, folder).glob("**/*.py"):
        assert path.read_text(encoding="utf-8") not in sent_texts().values()


def test_every_module_it_holds_is_python_for_the_oldest_we_know() -> None:
    for name, text in sent_texts().items():
        ast.parse(text, name, feature_version=OLDEST)


def test_it_is_made_once() -> None:
    assert loader() is loader()


def test_the_same_code_is_loaded_once_and_other_code_replaces_it(monkeypatch: pytest.MonkeyPatch) -> None:
    settled: list[str] = []
    monkeypatch.setattr("builtins.settled", settled, raising=False)
    monkeypatch.delitem(sys.modules, "_mcp_debuggee", raising=False)

    def load(word: str) -> object:
        text = f"def settle():\n    settled.append({word!r})\n"
        exec(loading._LOADER, {"code": zlib.compress(json.dumps({"_mcp_debuggee": text}).encode())})
        return sys.modules["_mcp_debuggee"]

    first = load("one")
    assert load("one") is first
    assert load("two") is not first
    assert settled == ["one", "one", "two"]
