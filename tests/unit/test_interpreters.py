"""Which Python is taken, and why one cannot be used."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import pytest

from mcp_debug_tool import interpreters
from mcp_debug_tool.errors import InvalidArgument
from mcp_debug_tool.interpreters import DEBUGPY, INJECT, Interpreter, choose, site_packages, unusable_because

pytestmark = pytest.mark.anyio


def executable(path: Path, text: str = "#!/bin/sh\n") -> str:
    """An executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def environment(folder: Path) -> str:
    """The interpreter of a new virtual environment in `folder`."""
    python = executable(folder / "bin" / "python")
    (folder / "pyvenv.cfg").write_text("")
    return python


def chosen(cwd: Path, *, program: Path | None = None, python: str | None = None, **environ: str) -> Interpreter:
    """What `choose` takes."""
    return choose(python, cwd=str(cwd), program=str(program) if program else None, environ=environ)


# --- which one ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [".venv", "venv"])
def test_the_environment_beside_the_program_is_taken(tmp_path: Path, name: str) -> None:
    python = environment(tmp_path / name)
    assert chosen(Path("/"), program=tmp_path / "app.py") == Interpreter(python, "the project's environment")


def test_the_environment_of_a_folder_above_is_taken(tmp_path: Path) -> None:
    python = environment(tmp_path / ".venv")
    assert chosen(Path("/"), program=tmp_path / "src" / "deep" / "app.py").path == python
    assert chosen(tmp_path / "src").path == python


def test_the_nearest_environment_wins_and_the_programs_over_the_cwds(tmp_path: Path) -> None:
    environment(tmp_path / ".venv")
    near, of_cwd = environment(tmp_path / "a" / ".venv"), environment(tmp_path / "b" / ".venv")
    assert chosen(tmp_path / "b", program=tmp_path / "a" / "app.py").path == near
    assert chosen(tmp_path / "b").path == of_cwd


def test_a_hidden_environment_wins_over_one_named_plainly(tmp_path: Path) -> None:
    plain = environment(tmp_path / "venv")
    assert chosen(tmp_path).path == plain
    assert environment(tmp_path / ".venv") == chosen(tmp_path).path != plain


def test_the_projects_environment_wins_over_the_active_one(tmp_path: Path) -> None:
    project = environment(tmp_path / "project" / ".venv")
    environment(tmp_path / "active")
    assert chosen(tmp_path / "project", VIRTUAL_ENV=str(tmp_path / "active")).path == project


def test_the_active_environment_is_taken_where_the_project_has_none(tmp_path: Path) -> None:
    active = environment(tmp_path / "active")
    found = chosen(tmp_path / "elsewhere", VIRTUAL_ENV=str(tmp_path / "active"))
    assert found == Interpreter(active, "VIRTUAL_ENV")


@pytest.mark.parametrize("broken", ["no pyvenv.cfg", "no interpreter", "not executable"])
def test_a_folder_that_is_no_environment_is_passed_over(tmp_path: Path, broken: str) -> None:
    python = Path(environment(tmp_path / ".venv"))
    if broken == "no pyvenv.cfg":
        (tmp_path / ".venv" / "pyvenv.cfg").unlink()
    elif broken == "no interpreter":
        python.unlink()
    else:
        python.chmod(0o644)
    assert chosen(tmp_path).path == sys.executable


def test_the_servers_own_interpreter_is_the_last_resort(tmp_path: Path) -> None:
    assert chosen(tmp_path, VIRTUAL_ENV=str(tmp_path / "gone")).path == sys.executable
    assert chosen(tmp_path, VIRTUAL_ENV="").path == sys.executable


def test_the_one_that_is_named_is_taken_before_all_others(tmp_path: Path) -> None:
    environment(tmp_path / ".venv")
    named = executable(tmp_path / "bin" / "mypython")
    assert chosen(tmp_path, python=named) == Interpreter(named, "as given")
    assert chosen(tmp_path, python="bin/mypython").path == named
    assert chosen(tmp_path / "bin", python="./mypython").path == named


def test_a_bare_name_is_looked_up_in_the_path_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "python9").write_text("not executable")
    second = executable(tmp_path / "second" / "python9")
    path = f"{tmp_path / 'none'}:{tmp_path / 'first'}:{tmp_path / 'second'}"
    assert chosen(tmp_path, python="python9", PATH=path).path == second


def test_an_environments_folder_stands_for_its_interpreter(tmp_path: Path) -> None:
    python = environment(tmp_path / "py311")
    assert chosen(tmp_path, python="py311").path == python
    assert chosen(tmp_path, python=str(tmp_path / "py311")).path == python


def test_an_environments_folder_wins_over_a_command_that_is_no_python(tmp_path: Path) -> None:
    python = environment(tmp_path / "env")
    assert chosen(tmp_path, python="env", PATH="/usr/bin").path == python


def test_a_home_folder_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    python = environment(tmp_path / "env")
    assert chosen(Path("/"), python="~/env").path == python


@pytest.mark.parametrize("python", ["missing", "missing/python", "", "folder", "text"])
def test_a_name_that_is_no_interpreter_is_refused(tmp_path: Path, python: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("hello")
    with pytest.raises(InvalidArgument) as error:
        chosen(tmp_path, python=python, PATH=str(tmp_path))
    assert error.value.parameter == "python"
    assert error.value.hint


def test_what_is_lent_to_the_program_is_there() -> None:
    assert (Path(DEBUGPY) / "_vendored" / "pydevd" / "pydevd.py").is_file()
    assert (Path(INJECT) / "sitecustomize.py").is_file()


def test_the_packages_of_an_environment_are_seen_from_its_layout(tmp_path: Path) -> None:
    python = environment(tmp_path / "env")
    assert site_packages(Interpreter(python, "as given")) == []
    packages = tmp_path / "env" / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    assert site_packages(Interpreter(python, "as given")) == [str(packages)]


# --- why not --------------------------------------------------------------------------------------------------


async def reason(python: str) -> str | None:
    """Why this interpreter cannot be used."""
    with anyio.fail_after(5):
        return await unusable_because(Interpreter(python, "as given"), {"PATH": "/usr/bin:/bin"})


async def test_our_own_interpreter_can_be_used() -> None:
    assert await reason(sys.executable) is None


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("cpython 3 8", None),
        ("cpython 3 99", None),
        ("cpython 4 0", None),
        ("cpython 3 7", "3.7"),
        ("cpython 2 7", "2.7"),
        ("pypy 3 10", "pypy"),
        ("", "not a Python"),
        ("hello world", "not a Python"),
        ("cpython three eight", "not a Python"),
    ],
)
async def test_an_interpreter_is_judged_by_what_it_says_of_itself(tmp_path: Path, answer: str, why: str | None) -> None:
    found = await reason(executable(tmp_path / "python", f"#!/bin/sh\necho '{answer}'\n"))
    if why is None:
        assert found is None
    else:
        assert found is not None
        assert why in found


async def test_bytes_that_are_no_text_are_no_interpreters_answer(tmp_path: Path) -> None:
    found = await reason(executable(tmp_path / "python", "#!/bin/sh\nprintf '\\377\\376 3 9'\n"))
    assert found is not None


@pytest.mark.parametrize("text", ["#!/no/such/interpreter\n", "\x7fELF nonsense"])
async def test_a_file_that_does_not_run_is_named_with_the_systems_reason(tmp_path: Path, text: str) -> None:
    python = executable(tmp_path / "python", text)
    found = await reason(python)
    assert found is not None
    assert python in found


async def test_an_interpreter_that_does_not_answer_is_given_up_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interpreters, "_PROBE_SECONDS", 0.1)
    found = await reason(executable(tmp_path / "python", "#!/bin/sh\nexec tail -f /dev/null\n"))
    assert found is not None
    assert not found.endswith(": ")
