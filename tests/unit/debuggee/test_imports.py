"""Being told of an import without making it, and without a trace of having waited."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from mcp_debug_tool.debuggee.imports import after_import

FIND_SPEC = importlib.machinery.PathFinder.__dict__["find_spec"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on sys.path whose modules are forgotten afterwards, and the import system as it was before."""
    monkeypatch.syspath_prepend(str(tmp_path))
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]
    assert importlib.machinery.PathFinder.__dict__["find_spec"] is FIND_SPEC


def module(folder: Path, name: str, source: str = "VALUE = 1\n") -> None:
    path = folder / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    importlib.invalidate_caches()


def test_the_function_is_called_once_with_the_executed_module(folder: Path) -> None:
    module(folder, "waited_once")
    seen: list[int] = []
    after_import("waited_once", lambda found: seen.append(found.VALUE))
    assert "waited_once" not in sys.modules
    importlib.reload(importlib.import_module("waited_once"))
    assert seen == [1]


def test_a_module_that_is_loaded_already_is_told_of_at_once() -> None:
    seen: list[ModuleType] = []
    after_import("threading", seen.append)
    assert seen == [threading]


def test_several_wait_for_the_same_module_and_for_others(folder: Path) -> None:
    module(folder, "waited_a")
    module(folder, "waited_b")
    seen: list[str] = []
    after_import("waited_a", lambda found: seen.append("first"))
    after_import("waited_a", lambda found: seen.append("second"))
    after_import("waited_b", lambda found: seen.append("other"))
    importlib.import_module("waited_a")
    importlib.import_module("waited_b")
    assert seen == ["first", "second", "other"]


def test_nothing_is_seen_on_the_meta_path_or_of_the_loader(folder: Path) -> None:
    module(folder, "waited_plain")
    before = list(sys.meta_path)
    after_import("waited_plain", lambda found: None)
    assert sys.meta_path == before
    found = importlib.import_module("waited_plain")
    assert found.__spec__ is not None
    assert found.__loader__ is found.__spec__.loader
    assert type(found.__loader__) is importlib.machinery.SourceFileLoader
    assert set(vars(found.__loader__)) == {"name", "path"}


def test_looking_for_a_module_is_no_import(folder: Path) -> None:
    module(folder, "waited_spec")
    seen: list[str] = []
    after_import("waited_spec", lambda found: seen.append("executed"))
    spec = importlib.util.find_spec("waited_spec")
    assert spec is not None
    assert isinstance(spec.loader, importlib.machinery.SourceFileLoader)
    assert spec.loader.get_source("waited_spec") == "VALUE = 1\n"
    importlib.import_module("waited_spec")
    assert seen == ["executed"]


def test_a_module_made_by_hand_from_its_spec_counts(folder: Path) -> None:
    module(folder, "waited_hand")
    seen: list[ModuleType] = []
    after_import("waited_hand", seen.append)
    spec = importlib.util.find_spec("waited_hand")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert seen == [made]


def test_an_import_that_fails_is_waited_for_again(folder: Path) -> None:
    module(folder, "waited_twice", "raise ValueError('not yet')\n")
    seen: list[int] = []
    after_import("waited_twice", lambda found: seen.append(found.VALUE))
    with pytest.raises(ValueError, match="not yet"):
        importlib.import_module("waited_twice")
    assert seen == []
    module(folder, "waited_twice", "VALUE = 22\n")
    importlib.import_module("waited_twice")
    assert seen == [22]


def test_an_error_of_the_function_does_not_reach_the_import(folder: Path) -> None:
    module(folder, "waited_error")
    seen: list[int] = []

    def fail(found: ModuleType) -> None:
        raise RuntimeError("ours")

    after_import("waited_error", fail)
    after_import("waited_error", lambda found: seen.append(found.VALUE))
    assert importlib.import_module("waited_error").VALUE == 1
    assert seen == [1]


def test_a_submodule_of_a_namespace_package_is_told_of(folder: Path) -> None:
    module(folder, "waited_space/inner")
    seen: list[str] = []
    after_import("waited_space.inner", lambda found: seen.append(found.__name__))
    importlib.import_module("waited_space.inner")
    assert seen == ["waited_space.inner"]


def test_a_module_in_a_zip_archive_is_told_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = folder / "library.zip"
    with zipfile.ZipFile(archive, "w") as stream:
        stream.writestr("waited_zipped.py", "VALUE = 3\n")
        stream.writestr("not_waited_zipped.py", "VALUE = 4\n")
    monkeypatch.syspath_prepend(str(archive))
    seen: list[int] = []
    after_import("waited_zipped", lambda found: seen.append(found.VALUE))
    assert importlib.import_module("not_waited_zipped").VALUE == 4
    importlib.import_module("waited_zipped")
    assert seen == [3]


def test_a_lazily_loaded_module_is_told_of_when_it_is_executed(folder: Path) -> None:
    module(folder, "waited_lazy")
    seen: list[str] = []
    after_import("waited_lazy", lambda found: seen.append("executed"))
    spec = importlib.util.find_spec("waited_lazy")
    assert spec is not None
    assert spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    lazy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lazy)
    assert seen == []
    assert lazy.VALUE == 1
    assert seen == ["executed"]


def test_a_module_that_puts_another_in_its_place_is_told_of_as_that(folder: Path) -> None:
    module(folder, "waited_other", "import sys, types\nsys.modules[__name__] = types.ModuleType('instead')\n")
    seen: list[str] = []
    after_import("waited_other", lambda found: seen.append(found.__name__))
    importlib.import_module("waited_other")
    assert seen == ["instead"]


def test_threads_that_import_at_once_call_the_function_once(folder: Path) -> None:
    module(folder, "waited_threads")
    seen: list[int] = []
    after_import("waited_threads", lambda found: seen.append(found.VALUE))
    start = threading.Barrier(8)

    def work() -> None:
        start.wait(timeout=5)
        importlib.import_module("waited_threads")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=5)
    assert seen == [1]


def test_a_module_that_is_nowhere_stays_an_import_error(folder: Path) -> None:
    after_import("waited_nowhere", lambda found: None)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("waited_nowhere")
    module(folder, "waited_nowhere")
    importlib.import_module("waited_nowhere")
