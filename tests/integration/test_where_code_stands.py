"""Breakpoints and pages wherever code stands: archives, generated code, links, odd names and encodings, many files."""

from __future__ import annotations

import sys
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import pytest
from agent import Agent, Reply, line_of
from pythons import VERSIONS, find

from conftest import Program

pytestmark = pytest.mark.anyio
everywhere = pytest.mark.parametrize("version", [pytest.param(v, marks=pytest.mark.interpreters) for v in VERSIONS])


def on(version: str) -> dict[str, str]:
    """The parameter of `start` that takes this Python."""
    python = find(version)
    if python is None:
        pytest.skip(f"there is no Python {version}")
    return {"python": python}


def stack(reply: Reply) -> list[str]:
    return list(reply.data["stack"])


def notes(reply: Reply) -> str:
    return "\n".join(reply.data.get("notes", []))


# --- archives ---------------------------------------------------------------------------------------------------------

MODULE = """def total(prices):
    return sum(prices)  # @sum

class Till:
    def open(self):
        return "open"  # @open
"""


def archive(folder: Path, name: str = "lib.zip") -> Path:
    """An archive with a package `shop` in it, compressed; and the program that imports it from where argv says."""
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("shop/__init__.py", "")
        opened.writestr("shop/till.py", MODULE)
    main = "import sys\nsys.path.insert(0, sys.argv[1])\nfrom shop import till\n"
    (folder / "main.py").write_text(main + "till.total([1, 2])\ntill.Till().open()\n", encoding="utf-8")
    return path


@everywhere
@pytest.mark.parametrize("name", ["lib.zip", "lib.pyz"])
async def test_a_member_of_an_archive_is_stopped_in(agent: Agent, tmp_path: Path, version: str, name: str) -> None:
    path = archive(tmp_path, name)
    breakpoints = [
        f"{name}/shop/till.py:2",
        {"file": f"{path}/shop/till.py", "text": "return 'open'".replace("'", '"')},
    ]
    stop = await agent.ok(
        "start", program="main.py", args=[str(path)], cwd=str(tmp_path), breakpoints=breakpoints, **on(version)
    )
    assert stop.reason == "breakpoint b1 (hit 1)"
    assert stop.data["at"] == f"{name}/shop/till.py:2 in total"
    assert "> 2     return sum(prices)  # @sum" in stop.data["source"]
    assert stack(stop) == [f"#0 total {name}/shop/till.py:2", "#1 <module> main.py:4"]
    listed = await agent.ok("list_breakpoints")
    assert f"b2 {name}/shop/till.py:6 in Till.open: return" in listed.text
    assert (await agent.ok("continue")).data["at"] == f"{name}/shop/till.py:6 in open"
    assert (await agent.ok("continue")).data["exit_code"] == 0


@everywhere
async def test_an_archive_on_a_relative_path_is_the_same(agent: Agent, tmp_path: Path, version: str) -> None:
    archive(tmp_path)
    stop = await agent.ok(
        "start",
        program="main.py",
        args=["lib.zip"],
        cwd=str(tmp_path),
        breakpoints=["lib.zip/shop/till.py:2"],
        **on(version),
    )
    assert stop.data["at"] == "lib.zip/shop/till.py:2 in total"
    assert stop.locals["prices"] == "[1, 2]"


async def test_a_function_in_an_archive_is_found_by_its_name(agent: Agent, tmp_path: Path) -> None:
    path = archive(tmp_path)
    stop = await agent.ok(
        "start",
        program="main.py",
        args=[str(path)],
        cwd=str(tmp_path),
        env={"PYTHONPATH": str(path)},
        breakpoints=[{"function": "shop.till.Till.open"}],
    )
    assert stop.data["at"] == "lib.zip/shop/till.py:6 in open"
    assert "b2 lib.zip/shop/till.py:2 in total" in (await agent.ok("set_breakpoint", function="shop.till.total")).text


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("lib.zip/shop/tills.py", ["lib.zip has no shop/tills.py", "Name a member as"]),
        ("lib.zip/till.py", ["lib.zip has no till.py", "It has shop/till.py."]),
        ("main.py/till.py", ["cannot be reached", "Not a directory"]),
        ("lib.zip", ["cannot be read"]),
    ],
)
async def test_what_an_archive_does_not_have_is_named(
    agent: Agent, tmp_path: Path, file: str, words: list[str]
) -> None:
    archive(tmp_path)
    text = await agent.error("start", program="main.py", cwd=str(tmp_path), breakpoints=[f"{file}:1"])
    for word in words:
        assert word in text


@everywhere
async def test_a_program_that_is_an_archive_begins_in_its_main(agent: Agent, tmp_path: Path, version: str) -> None:
    with zipfile.ZipFile(tmp_path / "app.pyz", "w") as opened:
        opened.writestr("__main__.py", "name = 'tea'\nprint(name)\n")
    stop = await agent.ok(
        "start",
        program="app.pyz",
        cwd=str(tmp_path),
        stop_on_entry=True,
        breakpoints=["app.pyz/__main__.py:2"],
        **on(version),
    )
    assert stop.data["at"] == "app.pyz/__main__.py:1 in <module>"
    assert (await agent.ok("continue")).data["at"] == "app.pyz/__main__.py:2 in <module>"


# --- generated code ---------------------------------------------------------------------------------------------------

GENERATED = """
    import linecache

    KEPT = "def kept(x):\\n    y = x + 1\\n    return y\\n"
    LOST = "def lost(x):\\n    y = x\\n    breakpoint()\\n    return 1 / y\\n"
    names = {}
    linecache.cache["<kept>"] = (len(KEPT), None, KEPT.splitlines(True), "<kept>")
    exec(compile(KEPT, "<kept>", "exec"), names)
    exec(compile(LOST, "<lost>", "exec"), names)
    names["kept"](1)  # @kept
    names["lost"](0)  # @lost
"""


@everywhere
async def test_generated_code_is_shown_as_far_as_anybody_knows_it(agent: Agent, program: Program, version: str) -> None:
    path = program(GENERATED)
    await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'kept')}"], **on(version))
    into = await agent.ok("step", kind="into")
    assert into.data["at"] == "<kept>:2 in kept"
    assert "> 2     y = x + 1" in into.data["source"]
    assert into.locals == {"x": "1"}
    stop = await agent.ok("continue")
    assert stop.reason == "breakpoint() in the program"
    assert stop.data["at"].startswith("<lost>:")
    assert "source" not in stop.data
    assert stop.locals == {"x": "0", "y": "0"}
    assert stack(stop)[1] == f"#1 <module> {path}:{line_of(path, 'lost')}"
    crash = await agent.ok("continue")
    assert crash.data["at"] == "<lost>:4 in lost"
    assert crash.data["exception"] == ["ZeroDivisionError: division by zero, raised at <lost>:4 in lost"]
    assert crash.locals == {"x": "0", "y": "0"}


@everywhere
async def test_a_breakpoint_in_generated_code_waits_for_it(agent: Agent, program: Program, version: str) -> None:
    path = program(GENERATED)
    last = f"{path}:{line_of(path, 'lost')}"
    stop = await agent.ok(
        "start", program=str(path), breakpoints=["<kept>:3", "<lost>:2", "<never>:7", last], **on(version)
    )
    assert stop.reason == "breakpoint b1 (hit 1)"
    assert stop.data["at"] == "<kept>:3 in kept"
    listed = (await agent.ok("list_breakpoints")).data["breakpoints"]
    assert "NOT VERIFIED: the program knows no source of <never> yet" in listed[2]
    assert "no code that was compiled as <never> has run" in listed[2]
    again = await agent.ok("set_breakpoint", file="<kept>", text="y = x")
    assert again.data["breakpoint"] == "b5 <kept>:2 in kept: y = x + 1"
    assert again.data["verified"] == "yes"
    assert (await agent.ok("set_breakpoint", file="<never>", line=9)).data["verified"] == "not yet"
    assert (await agent.ok("continue")).reason == "breakpoint b4 (hit 1)"
    lost = await agent.ok("continue")
    assert (lost.reason, lost.data["at"]) == ("breakpoint b2 (hit 1)", "<lost>:2 in lost")
    assert lost.locals == {"x": "0"}
    await agent.ok("remove_breakpoint", file="<lost>")
    assert "<lost>" not in (await agent.ok("list_breakpoints")).text


async def test_a_made_up_name_is_told_apart_from_a_line_not_reached(agent: Agent, program: Program) -> None:
    path = program("""
        def run(text):
            names = {}
            exec(compile(text, "<rules>", "exec"), names)
        run("def rule():\\n    return 1\\nused = 1")
    """)
    gone = await agent.ok("start", program=str(path), breakpoints=["<rules>:2", "<other>:2"])
    assert "b1 <rules>:2 never hit: its line was never reached; code of that name has run" in notes(gone)
    assert "b2 <other>:2 never hit: no code that was compiled as <other> has run" in notes(gone)


async def test_text_that_exec_is_given_without_a_name_cannot_be_stopped_in_and_says_so(
    agent: Agent, program: Program
) -> None:
    path = program("exec('x = 1')\n")
    text = await agent.error("start", program=str(path), breakpoints=["<string>:1"])
    assert "compile(text, '<name>', 'exec')" in text


@everywhere
async def test_a_module_that_a_loader_has_made_is_shown_from_its_loader(
    agent: Agent, program: Program, version: str
) -> None:
    path = program("""
        import importlib.abc, importlib.util, sys

        class Stored(importlib.abc.ExecutionLoader):
            def get_filename(self, name):
                return "<stored %s>" % name
            def get_source(self, name):
                return "def rate(x):\\n    return x * 2\\n"

        spec = importlib.util.spec_from_loader("rates", Stored(), origin="<stored rates>")
        rates = importlib.util.module_from_spec(spec)
        sys.modules["rates"] = rates
        spec.loader.exec_module(rates)
        rates.rate(4)  # @call
    """)
    await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'call')}"], **on(version))
    assert (await agent.ok("set_breakpoint", function="rates.rate")).data["breakpoint"] == (
        "b2 <stored rates>:2 in rate: return x * 2"
    )
    stop = await agent.ok("step", kind="into")
    assert stop.data["at"] == "<stored rates>:2 in rate"
    assert "> 2     return x * 2" in stop.data["source"]


async def test_code_that_a_library_has_generated_for_itself_is_passed_over(agent: Agent, program: Program) -> None:
    folder = program(
        """
        names = {}
        exec(compile("def inner(f):\\n    x = 1\\n    return f()\\n", "<library made>", "exec"), names)
        def call(f):
            return names["inner"](f)
    """,
        "site-packages/made.py",
    ).parent
    path = program("""
        import made
        def mine():
            return 5  # @mine
        made.call(mine)  # @call
    """)
    call = f"{path}:{line_of(path, 'call')}"
    await agent.ok("start", program=str(path), env={"PYTHONPATH": str(folder)}, breakpoints=[call])
    stop = await agent.ok("step", kind="into")
    assert stop.line == line_of(path, "mine")
    assert stack(stop)[:2] == [f"#0 mine {path}:{stop.line}", f"#1 <module> {path}:{line_of(path, 'call')}"]


@everywhere
async def test_code_under_a_relative_name_that_is_no_file_is_the_programs_own(
    agent: Agent, program: Program, version: str
) -> None:
    path = program("""
        names = {}
        exec(compile("def h(x):\\n    z = x\\n    return 1 / z\\n", "gen/mod.py", "exec"), names)
        names["h"](0)
    """)
    crash = await agent.ok("start", program=str(path), cwd=str(path.parent), **on(version))
    assert crash.data["at"] == "gen/mod.py:3 in h"
    assert crash.data["exception"] == ["ZeroDivisionError: division by zero, raised at gen/mod.py:3 in h"]
    assert "source" not in crash.data
    assert crash.locals == {"x": "0", "z": "0"}


@everywhere
async def test_a_file_compiled_under_its_relative_name_is_that_file(
    agent: Agent, program: Program, version: str
) -> None:
    module = program("def h(x):\n    return x + 1  # @h\n", "gen/mod.py")
    path = program("""
        import os
        names = {}
        exec(compile(open("gen/mod.py").read(), "gen/mod.py", "exec"), names)
        os.chdir("/")
        names["h"](0)
    """)
    breakpoints = [f"{module}:{line_of(module, 'h')}", "gen/mod.py:1"]
    stop = await agent.ok("start", program=str(path), cwd=str(path.parent), breakpoints=breakpoints, **on(version))
    assert stop.data["at"] == "gen/mod.py:1 in <module>"
    hit = await agent.ok("continue")
    assert (hit.reason, hit.data["at"]) == ("breakpoint b1 (hit 1)", "gen/mod.py:2 in h")
    assert "> 2     return x + 1  # @h" in hit.data["source"]


# --- links and names --------------------------------------------------------------------------------------------------


@pytest.fixture
def linked(program: Program) -> Path:
    """A folder with a module that goes by four paths, and a program that imports it by the one that argv names."""
    folder = program("def f(x):\n    y = x + 1\n    return y\n", "real/pkg/mod.py").parents[2]
    (folder / "linked").symlink_to("real", target_is_directory=True)
    (folder / "real" / "pkg" / "alias.py").symlink_to("mod.py")
    program(
        """
        import sys, importlib
        sys.path.insert(0, sys.argv[1])
        mod = importlib.import_module("pkg." + sys.argv[2])
        mod.f(1)
    """,
        "main.py",
    )
    return folder


@everywhere
@pytest.mark.parametrize("asked", ["real/pkg/mod.py", "linked/pkg/mod.py", "real/pkg/alias.py", "linked/pkg/alias.py"])
async def test_any_name_of_a_file_will_do(agent: Agent, linked: Path, version: str, asked: str) -> None:
    for folder, name in (("real", "mod"), ("linked", "alias")):
        stop = await agent.ok(
            "start", program="main.py", args=[folder, name], cwd=str(linked), breakpoints=[f"{asked}:2"], **on(version)
        )
        assert stop.reason == "breakpoint b1 (hit 1)"
        assert stop.data["at"] == f"{folder}/pkg/{name}.py:2 in f", "where it is, in the program's own words"
        listed = await agent.ok("list_breakpoints")
        assert listed.data["breakpoints"] == [f"b1 {asked}:2 in f: y = x + 1 | hits 1"], "and in the agent's"
        await agent.ok("stop")


async def test_two_names_of_one_line_are_both_hit(agent: Agent, linked: Path) -> None:
    breakpoints: list[Any] = [{"file": "real/pkg/alias.py", "line": 2, "condition": "False"}, "linked/pkg/mod.py:2"]
    stop = await agent.ok("start", program="main.py", args=["real", "mod"], cwd=str(linked), breakpoints=breakpoints)
    assert stop.reason == "breakpoint b2 (hit 1)"
    listed = await agent.ok("list_breakpoints")
    assert "its condition was false 1 time" in listed.data["breakpoints"][0]
    await agent.ok("remove_breakpoint", file="real/pkg/mod.py")
    assert (await agent.ok("list_breakpoints")).data["count"] == 0


async def test_a_line_not_reached_is_not_called_an_import_that_did_not_happen(agent: Agent, linked: Path) -> None:
    breakpoints = [
        {"file": "real/pkg/alias.py", "line": 3, "hit_condition": "9"},
        {"file": "real/pkg/mod.py", "line": 1},
    ]
    gone = await agent.ok(
        "start",
        program="main.py",
        args=["linked", "mod"],
        cwd=str(linked),
        breakpoints=[{**b, "condition": "0"} for b in breakpoints],
    )
    assert "never imported" not in notes(gone)
    assert notes(gone).count("its condition was false 1 time") == 2


async def test_a_link_among_installed_packages_is_stopped_in_by_the_name_of_its_checkout(
    agent: Agent, linked: Path, program: Program
) -> None:
    installed = linked / "site-packages"
    installed.mkdir()
    (installed / "pkg").symlink_to("../real/pkg", target_is_directory=True)
    stop = await agent.ok(
        "start",
        program="main.py",
        args=[str(installed), "mod"],
        cwd=str(linked),
        env={"PYTHONPATH": str(installed)},
        breakpoints=["real/pkg/mod.py:2"],
    )
    assert stop.data["at"] == "site-packages/pkg/mod.py:2 in f"
    assert stack(stop)[0] == "#0 f site-packages/pkg/mod.py:2"


ODD = [
    unicodedata.normalize("NFC", "café"),
    unicodedata.normalize("NFD", "café"),
    "日本語",
    "two words",
    "party🎉",
    "a#b",
    "100%25",
    "a&b;c",
    'it\'s "quoted"',
    "[brackets]*?",
    "back\\slash",
    "tab\there",
]


@pytest.mark.parametrize("name", ODD, ids=ascii)
async def test_odd_names_are_stopped_in(agent: Agent, program: Program, name: str) -> None:
    module = program("def f(x):\n    return x  # @f\n", f"{name}/{name}.py")
    path = program(
        f"""
        import importlib.util
        spec = importlib.util.spec_from_file_location("odd", {str(module)!r})
        odd = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(odd)
        odd.f(1)
    """,
        f"{name}/main.py",
    )
    stop = await agent.ok("start", program=str(path), breakpoints=[{"file": str(module), "line": 2}])
    assert stop.reason == "breakpoint b1 (hit 1)"
    assert stop.line == line_of(module, "f")
    assert "return x  # @f" in stop.data["source"]


async def test_a_name_is_found_in_whichever_form_the_disk_spells_it(agent: Agent, program: Program) -> None:
    composed, decomposed = (unicodedata.normalize(form, "été/café.py") for form in ("NFC", "NFD"))
    path = program("x = 1\nprint(x)\n", decomposed)
    stop = await agent.ok("start", program=composed, cwd=str(path.parents[1]), breakpoints=[f"{composed}:2"])
    assert stop.reason == "breakpoint b1 (hit 1)"
    assert stop.data["at"] == f"{decomposed}:2 in <module>"


# --- encodings and line ends ------------------------------------------------------------------------------------------

TEXTS = {
    "latin-1": "# -*- coding: latin-1 -*-\nname = 'café'\nprint(len(name))  # @here\n".encode("latin-1"),
    "utf-16 is none of Python's": None,
    "bom": "\ufeffname = 'é'\nprint(len(name))  # @here\n".encode(),
    "crlf": b"name = 1\r\n\r\nprint(name)  # @here\r\n",
    "cr": b"name = 1\rprint(name)  # @here\r",
    "form feed": b"name = 1\n\x0c\nother = '\x0c'\nprint(name)  # @here\n",
    "form feed before code": b"name = 1\n\x0cprint(name)  # @here\n",
    "line separator in a string": "name = 'a\u2028b'\nprint(len(name))  # @here\n".encode(),
    "no line end at the end": b"name = 1\nprint(name)  # @here",
}


@everywhere
@pytest.mark.parametrize("text", [name for name, content in TEXTS.items() if content], ids=lambda name: name)
async def test_the_line_that_is_shown_is_the_line_that_stops(
    agent: Agent, tmp_path: Path, version: str, text: str
) -> None:
    path, content = tmp_path / "program.py", TEXTS[text]
    assert content is not None
    path.write_bytes(content)
    stop = await agent.ok("start", program=str(path), breakpoints=[{"file": str(path), "text": "@here"}], **on(version))
    assert stop.reason == "breakpoint b1 (hit 1)"
    shown = next(line for line in stop.data["source"].splitlines() if line.startswith(">"))
    assert shown.endswith("# @here")
    assert shown.split()[1] == str(stop.line)


# --- many files -------------------------------------------------------------------------------------------------------


@everywhere
async def test_a_breakpoint_in_each_of_ten_files_is_hit(agent: Agent, program: Program, version: str) -> None:
    for number in range(10):
        text = f"def f():\n    return {number}  # @f\n"
        program(
            text, ("pkg/__init__.py" if number == 0 else "space/inner/deep.py") if number < 2 else f"part{number}.py"
        )
    path = program("""
        import importlib
        import pkg, part2, part3
        def lazily():
            from space.inner import deep
            import part4, part5
            return [module.f() for module in (deep, part4, part5)]
        print([module.f() for module in (pkg, part2, part3)], lazily())
        print([importlib.import_module("part%d" % number).f() for number in range(6, 10)])
    """)
    files = ["pkg/__init__.py", "part2.py", "part3.py", "space/inner/deep.py", *(f"part{n}.py" for n in range(4, 10))]
    breakpoints = [f"{file}:2" for file in files]
    reply = await agent.ok("start", program="program.py", cwd=str(path.parent), breakpoints=breakpoints, **on(version))
    for number, file in enumerate(files, 1):
        assert (reply.reason, reply.data["at"]) == (f"breakpoint b{number} (hit 1)", f"{file}:2 in f")
        reply = await agent.ok("continue")
    assert reply.data["exit_code"] == 0


@everywhere
async def test_a_module_under_two_names_and_one_that_is_reloaded_count_on(
    agent: Agent, program: Program, version: str
) -> None:
    module = program("def f():\n    return 1  # @f\n", "pkg/mod.py")
    program("", "pkg/__init__.py")
    path = program("""
        import importlib, sys
        import pkg.mod
        sys.path.insert(0, "pkg")
        import mod
        pkg.mod.f()
        mod.f()
        importlib.reload(pkg.mod).f()
    """)
    line = f"pkg/mod.py:{line_of(module, 'f')}"
    reply = await agent.ok("start", program="program.py", cwd=str(path.parent), breakpoints=[line], **on(version))
    for count in (1, 2, 3):
        assert reply.reason == f"breakpoint b1 (hit {count})"
        reply = await agent.ok("continue")
    assert reply.data["exit_code"] == 0


@everywhere
async def test_a_file_run_by_runpy_has_run(agent: Agent, program: Program, version: str) -> None:
    script = program(
        """
        name = "tea"  # @name
        if not name:
            print("never")  # @never
    """,
        "scripts/report.py",
    )
    path = program("import runpy\nrunpy.run_path('scripts/report.py')\nprint('done')\n")
    breakpoints = [f"scripts/report.py:{line_of(script, mark)}" for mark in ("name", "never")]
    stop = await agent.ok("start", program="program.py", cwd=str(path.parent), breakpoints=breakpoints, **on(version))
    assert stop.reason == "breakpoint b1 (hit 1)"
    gone = await agent.ok("continue")
    assert notes(gone) == "b2 scripts/report.py:3 never hit: its line was never reached; the file was imported"
    other = program("x = 1\n", "other/report.py")
    gone = await agent.ok(
        "start", program="program.py", cwd=str(path.parent), breakpoints=[f"{other}:1"], **on(version)
    )
    assert f"never imported; the program ran {script} of the same name" in notes(gone)


async def test_a_file_that_was_edited_after_it_was_loaded_says_so(agent: Agent, program: Program) -> None:
    module = program("def f():\n    x = 1\n    return x  # @f\n", "mod.py")
    path = program("""
        import mod
        print("ready")  # @ready
        mod.f()
    """)
    await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'ready')}"])
    module.write_text("# a new line\n" + module.read_text(encoding="utf-8"), encoding="utf-8")
    told = await agent.ok("set_breakpoint", file=str(module), line=3)
    assert told.data["note"] == "the file was edited after the program started: restart to run the new text"
    stop = await agent.ok("continue")
    assert stop.line == 3
    assert stop.data["at"].endswith("mod.py:3 in f")
    assert "was written after the program started" in notes(stop)


def test_all_names_in_use_are_different() -> None:
    assert len({*ODD}) == len(ODD)
    assert sys.getfilesystemencoding() == "utf-8"
