"""What a typed command runs, and what is refused because only a shell, or no debugger, could do it."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mcp_debug_tool.errors import InvalidArgument
from mcp_debug_tool.preparing import commands, shell_words
from mcp_debug_tool.preparing.commands import Command, parse

SHIM = '#!/usr/bin/env bash\nset -e\nexec "/opt/pyenv/libexec/pyenv" exec "$program" "$@"\n'
PYTHON3 = "#!/usr/bin/env python3\n"


def executable(path: Path, text: str | bytes = b"\x7fELF\x02") -> str:
    """An executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o755)
    return str(path)


def plain(path: Path, text: str = "") -> str:
    """A file without the right to execute it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with an environment, a script, and folders `first` and `second` on PATH."""
    root = tmp_path / "project"
    python = executable(root / ".venv" / "bin" / "python")
    plain(root / ".venv" / "pyvenv.cfg")
    executable(root / ".venv" / "bin" / "pytest", f"#!{python}\nimport sys\n")
    plain(root / "app.py")
    executable(tmp_path / "first" / "python3.12")
    return root


def parsed(project: Path, command: str, *, python: str | None = None, **environ: str) -> Command:
    """What `command` means in the project."""
    path = os.pathsep.join(str(project.parent / name) for name in ("first", "second"))
    surroundings = {"PATH": path, "HOME": str(project.parent / "home"), **environ}
    return parse(command, cwd=str(project), environ=surroundings, python=python)


def refused(project: Path, command: str, *, python: str | None = None) -> str:
    """What is said against `command`, with the cure."""
    with pytest.raises(InvalidArgument) as caught:
        parsed(project, command, python=python)
    assert caught.value.parameter == "command"
    assert caught.value.hint
    return f"{caught.value} {caught.value.hint}"


# --- python ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "args", "flags"),
    [
        ("python app.py", (), ()),
        ("python app.py --x -u", ("--x", "-u"), ()),
        ("python3 app.py 'a b' \"c d\" e\\ f ''", ("a b", "c d", "e f", ""), ()),
        ("python ./app.py", (), ()),
        ("python -- app.py", (), ()),
        ("python -X dev -W error -u -O app.py 1", ("1",), ("-X", "dev", "-W", "error", "-u", "-O")),
        ("python -Xdev -Werror -uO -OO app.py", (), ("-Xdev", "-Werror", "-uO", "-OO")),
        ("python -uW error -uXdev app.py", (), ("-uW", "error", "-uXdev")),
        ("python --check-hash-based-pycs always app.py", (), ("--check-hash-based-pycs", "always")),
        ("python app.py \\\n  --port 1", ("--port", "1"), ()),
        ("python app.py a#b # the rest", ("a#b",), ()),
    ],
)
def test_python_runs_a_script(project: Path, command: str, args: tuple[str, ...], flags: tuple[str, ...]) -> None:
    assert parsed(project, command) == Command("program", str(project / "app.py"), args, flags)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python3 -m pkg.mod a -b", Command("module", "pkg.mod", ("a", "-b"))),
        ("python -mpkg", Command("module", "pkg")),
        ("python -um pkg -u", Command("module", "pkg", ("-u",), ("-u",))),
        ("python -X dev -m pkg", Command("module", "pkg", (), ("-X", "dev"))),
        ("python -c 'print($HOME); x > 1' a", Command("code", "print($HOME); x > 1", ("a",))),
        ('python -c "print(\\"a\\", \'$\')"', Command("code", "print(\"a\", '$')")),
        ("python -Ocpass", Command("code", "pass", (), ("-O",))),
    ],
)
def test_python_runs_a_module_or_code(project: Path, command: str, expected: Command) -> None:
    assert parsed(project, command) == expected


def test_a_folder_or_zip_with_a_main_runs_as_a_script(project: Path) -> None:
    plain(project / "package" / "__main__.py")
    with zipfile.ZipFile(project / "app.zip", "w") as archive:
        archive.writestr("__main__.py", "")
    executable(project / "tool", (project / "app.zip").read_bytes())
    assert parsed(project, "python package").name == str(project / "package")
    assert parsed(project, "python app.zip x") == Command("program", str(project / "app.zip"), ("x",))
    assert parsed(project, "./tool") == Command("program", str(project / "tool"))


def test_an_interpreter_named_by_its_path_is_kept_with_its_links(project: Path) -> None:
    (project / "venv" / "bin").mkdir(parents=True)
    (project / "venv" / "bin" / "python").symlink_to(project / ".venv" / "bin" / "python")
    expected = str(project / "venv" / "bin" / "python")
    assert parsed(project, "./venv/bin/python app.py").python == expected
    assert parsed(project, f"{expected} -m pkg").python == expected


def test_a_versioned_interpreter_comes_from_the_environment_or_path_but_no_shim(project: Path) -> None:
    executable(project.parent / "shims" / "python3.12", SHIM)
    path = os.pathsep.join([str(project.parent / "shims"), str(project.parent / "first")])
    assert parsed(project, "python3.12 app.py", PATH=path).python == str(project.parent / "first" / "python3.12")
    own = executable(project / ".venv" / "bin" / "python3.12")
    assert parsed(project, "python3.12 app.py").python == own


def test_an_interpreter_that_is_missing_is_refused_with_those_that_are_there(project: Path) -> None:
    assert "python3.12" in refused(project, "python3.99 app.py")
    assert str(project / ".venv/bin/python") in refused(project, "./gone/bin/python app.py")


def test_the_calls_own_interpreter_wins_over_all_others(project: Path) -> None:
    for command in ("python3.99 app.py", "./gone/python app.py", "pytest"):
        assert parsed(project, command, python=str(project / ".venv")).python is None


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("python -I app.py", "-I"),
        ("python -E app.py", "-E"),
        ("python -S app.py", "-S"),
        ("python -Is app.py", "-I"),
        ("python -uEm pkg", "-E"),
        ("python -i app.py", "-i"),
        ("python", "keyboard"),
        ("python -u", "keyboard"),
        ("python -", "keyboard"),
        ("python -V", "-V"),
        ("python --version", "--version"),
        ("python -h", "-h"),
        ("python --help-env", "--help-env"),
        ("python -z app.py", "-z"),
        ("python -u- app.py", "--"),
        ("python -W", "-W"),
        ("python -m", "-m"),
        ("python -c", "-c"),
        ("python --check-hash-based-pycs", "--check-hash-based-pycs"),
        ("python gone.py", "gone.py"),
        ("python ap.py", "app.py"),
        ("python .venv", "__main__"),
        ("python pytest", "python -m pytest"),
    ],
)
def test_what_python_would_not_run_under_a_debugger_is_refused_by_name(project: Path, command: str, named: str) -> None:
    assert named in refused(project, command)


# --- what stands in front -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "environ"),
    [
        ("DEBUG=1 NAME='a b' EMPTY= python app.py", {"DEBUG": "1", "NAME": "a b", "EMPTY": ""}),
        ("env A=1 'B=2 3' python app.py", {"A": "1", "B": "2 3"}),
        ("A=1 /usr/bin/env B=2 uv run env C=3 python app.py", {"A": "1", "B": "2", "C": "3"}),
        ("A=a=b python app.py", {"A": "a=b"}),
    ],
)
def test_variables_in_front_are_set(project: Path, command: str, environ: dict[str, str]) -> None:
    assert parsed(project, command) == Command("program", str(project / "app.py"), environ=environ)


def test_a_quoted_name_is_no_variable(project: Path) -> None:
    assert "A=1" in refused(project, "'A'=1 python app.py")


def test_a_path_set_in_front_is_where_programs_are_looked_for(project: Path) -> None:
    tool = executable(project / "bin" / "tool", PYTHON3)
    assert parsed(project, "PATH=bin tool").name == tool


def test_a_home_folder_is_put_in_where_a_shell_would(project: Path) -> None:
    home = project.parent / "home"
    script = plain(home / "app.py")
    found = parsed(project, "D=~/d python ~/app.py ~ ~/x '~/y' a~/z")
    assert found == Command("program", script, (str(home), f"{home}/x", "~/y", "a~/z"), environ={"D": f"{home}/d"})


@pytest.mark.parametrize("runner", ["uv", "poetry", "pipenv", "pdm", "hatch", "rye"])
def test_runners_are_taken_off(project: Path, runner: str) -> None:
    expected = Command("program", str(project / "app.py"), ("-v",))
    assert parsed(project, f"{runner} run python app.py -v") == expected
    assert parsed(project, f"{runner} run -- app.py -v") == expected
    assert parsed(project, f"{runner} run pytest -k y").args == ("-k", "y")


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("uv run --with foo app.py", "--with"),
        ("uv --project x run app.py", "--project"),
        ("uv run -m pytest", "python -m"),
        ("env -i python app.py", "-i"),
        ("uvx pytest", "python="),
        ("coverage run -m pytest", "coverage"),
        ("python -m coverage run app.py", "coverage"),
        ("python -m pdb app.py", "pdb"),
        ("time python app.py", "time"),
        ("nice python app.py", "nice"),
        ("sudo python app.py", "as that user"),
        ("uv run sudo python app.py", "as that user"),
        ("source .venv/bin/activate", "python="),
        ("", "nothing"),
        ("  \n ", "nothing"),
        ("A=1", "nothing"),
        ("env", "nothing"),
        ("uv run", "nothing"),
        ("# a comment", "nothing"),
    ],
)
def test_what_cannot_stand_in_front_is_refused_with_a_cure(project: Path, command: str, named: str) -> None:
    assert named in refused(project, command)


def test_coverage_without_run_is_a_program_like_others(project: Path) -> None:
    assert parsed(project, "python -m coverage report") == Command("module", "coverage", ("report",))


# --- what only a shell does -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "python app.py | head",
        "python app.py || true",
        "python app.py && echo",
        "python app.py &",
        "python app.py; echo",
        "python app.py\npython app.py",
        "python app.py > out",
        "python app.py 2>&1",
        "python app.py &> out",
        "python app.py < in",
        "python app.py `date`",
        "python app.py $(date)",
        "python app.py $HOME",
        "python app.py ${HOME}",
        'python app.py "$HOME"',
        'python app.py "\\\\$HOME"',
        'python app.py "`date`"',
        "python app.py $'a'",
        "python app.py $[1]",
        "python app.py $\\\nHOME",
        "(python app.py)",
        "python -c print(1)",
        "python app.py 'a",
        'python app.py "a',
        "python app.py a\\",
        "python app.py a\0b",
        "python app.py \ud800",
        "python app.py {a,b}",
        "python app.py *.py",
        "python app.py ap?.py",
        "python app.py [a]pp.py",
    ],
)
def test_what_only_a_shell_does_is_refused(project: Path, command: str) -> None:
    refused(project, command)


@pytest.mark.parametrize(
    ("typed", "argument"),
    [
        ("'a | b && c; d > e < f `g` $h (i) *.py {a,b}'", "a | b && c; d > e < f `g` $h (i) *.py {a,b}"),
        ('"a | b && c; d > e < f (i) *.py {a,b}"', "a | b && c; d > e < f (i) *.py {a,b}"),
        ("a\\|b\\&\\$HOME", "a|b&$HOME"),
        ('"\\$HOME \\`date\\` \\n \\\\"', "$HOME `date` \\n \\"),
        ("tests/test_x.py::test_y[param]", "tests/test_x.py::test_y[param]"),
        ("*.nothing", "*.nothing"),
        ("[b-a]", "[b-a]"),
        ("a$ ", "a$"),
        ('"a$"', "a$"),
        ("{a}", "{a}"),
        ("a'b'\"c\"d", "abcd"),
        ("--k=~/x", "--k=~/x"),
    ],
)
def test_what_a_shell_would_pass_on_is_passed_on(project: Path, typed: str, argument: str) -> None:
    assert parsed(project, f"python app.py {typed}").args == (argument,)


@pytest.mark.parametrize(
    ("command", "cures"),
    [
        ("cd 'a b' && python app.py -x", ["cwd='a b'", "command='python app.py -x'"]),
        ("cd sub; pytest", ["cwd='sub'", "command='pytest'"]),
        ("source .venv/bin/activate && pytest", ["python='.venv'", "command='pytest'"]),
        (". venv/bin/activate; pytest", ["python='venv'"]),
        ("export A=1 && pytest", ["command='A=1 pytest'"]),
        ("python app.py | tee log", ["get_output"]),
    ],
)
def test_a_shells_own_command_in_front_is_answered_with_the_parameter_for_it(
    project: Path, command: str, cures: list[str]
) -> None:
    said = refused(project, command)
    assert all(cure in said for cure in cures)


# --- console scripts and paths --------------------------------------------------------------------------------


def test_a_console_script_is_taken_beside_the_interpreter_before_path(project: Path) -> None:
    executable(project.parent / "first" / "pytest", PYTHON3)
    bin_folder = project / ".venv" / "bin"
    expected = Command("program", str(bin_folder / "pytest"), ("-k", "y"), (), str(bin_folder / "python"))
    assert parsed(project, "pytest -k y") == expected


def test_a_console_script_is_taken_beside_the_calls_own_interpreter(project: Path) -> None:
    other = executable(project.parent / "other" / "bin" / "python")
    script = executable(project.parent / "other" / "bin" / "pytest", f"#!{other}\n")
    assert parsed(project, "pytest", python=other) == Command("program", script)


def test_a_linked_interpreters_environment_is_not_left(project: Path) -> None:
    python = project / ".venv" / "bin" / "python"
    python.unlink()
    executable(project.parent / "base" / "pytest", PYTHON3)
    python.symlink_to(executable(project.parent / "base" / "python"))
    assert parsed(project, "pytest").name == str(project / ".venv" / "bin" / "pytest")


@pytest.mark.parametrize(
    ("first_line", "python", "flags"),
    [
        ("#!{python}\n", "{python}", ()),
        ("#! {python} -u\n", "{python}", ("-u",)),
        ("#!{python} -u -X dev\r\n", "{python}", ("-u", "-X", "dev")),
        ("#!/usr/bin/env python\n", None, ()),
        ("#!/usr/bin/env python3\n", None, ()),
        ("#!/usr/bin/env -S python3 -u\n", None, ("-u",)),
        ("#!/usr/bin/env -Spython3 -u\n", None, ("-u",)),
        ("#!/usr/bin/env python3.12\n", "{first}/python3.12", ()),
        ("#!python\n", None, ()),
        ("#!/bin/sh\n'''exec' \"{spaced}\" \"$0\" \"$@\"\n' '''\n", "{spaced}", ()),
        ("#!/bin/sh\n'''exec' {python} -u \"$0\" \"$@\"\n' '''\n", "{python}", ("-u",)),
        ("#!/bin/sh\n'''exec' '{spaced}' \"$0\" \"$@\"\n' '''\n", "{spaced}", ()),
        (
            "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python3' \"$0\" \"$@\"\n' '''\n",
            "{second}/python3",
            (),
        ),
    ],
)
def test_the_first_line_of_a_script_names_its_interpreter(
    project: Path, first_line: str, python: str | None, flags: tuple[str, ...]
) -> None:
    names = {
        "python": executable(project.parent / "third" / "python3"),
        "spaced": executable(project.parent / "a folder" / "python"),
        "first": str(project.parent / "first"),
        "second": str(project.parent / "second"),
    }
    executable(project.parent / "second" / "python3")
    script = executable(project.parent / "second" / "tool", first_line.format(**names))
    expected = Command("program", script, ("-v",), flags, python.format(**names) if python else None)
    assert parsed(project, "tool -v") == expected


@pytest.mark.parametrize("flags", ["-I", "-Es", "-S"])
def test_a_first_line_that_shuts_the_debugger_out_is_refused_with_the_way_round(project: Path, flags: str) -> None:
    script = executable(project.parent / "first" / "tool", f"#!{project}/.venv/bin/python {flags}\n")
    assert "python" in refused(project, "tool")
    assert parsed(project, f"python {script}").name == script


def test_a_first_line_whose_interpreter_is_gone_is_refused(project: Path) -> None:
    executable(project.parent / "first" / "tool", "#!/gone/bin/python\n")
    assert "/gone/bin/python" in refused(project, "tool")


def test_shims_are_passed_over_for_the_real_script_further_along(project: Path) -> None:
    executable(project.parent / "shims" / "tool", SHIM)
    path = os.pathsep.join([str(project.parent / "shims"), str(project.parent / "first")])
    with pytest.raises(InvalidArgument) as caught:
        parsed(project, "tool", PATH=path)
    assert "python -m tool" in caught.value.hint
    real = executable(project.parent / "first" / "tool", PYTHON3)
    assert parsed(project, "tool", PATH=path).name == real


@pytest.mark.parametrize("command", ["manage.py runserver", "./manage.py runserver", "../project/manage.py runserver"])
def test_a_script_of_the_folder_runs_without_the_right_to_execute_it(project: Path, command: str) -> None:
    script = plain(project / "manage.py", "#!/gone/python\n")
    assert parsed(project, command) == Command("program", script, ("runserver",))


def test_a_path_to_a_script_with_a_python_first_line_runs(project: Path) -> None:
    script = plain(project / "scripts" / "tool", PYTHON3)
    assert parsed(project, "scripts/tool x") == Command("program", script, ("x",))
    assert parsed(project, f"{script} x") == Command("program", script, ("x",))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x7fELF\x02\x01", "ELF"),
        (b"MZ\x90", "Windows"),
        (b"#!/bin/sh\necho\n", "/bin/sh"),
        (b"#!/bin/sh\n'''exec' \"unbalanced\n", "/bin/sh"),
        (b"#!/usr/bin/env node\n", "node"),
        (b"#!/usr/bin/env -S uv run --script\n", "uv"),
        (b"#!/usr/bin/env -S 'python\n", "'python"),
        (b"#!/usr/bin/env\n", "empty"),
        (b"#!\n", "empty"),
        (b"\xff\xfe\x00", "names no interpreter"),
        (b"", "names no interpreter"),
        (b"PK\x03\x04 no zip", "names no interpreter"),
    ],
)
def test_a_program_that_is_not_python_is_refused_by_what_it_is(project: Path, content: bytes, what: str) -> None:
    executable(project.parent / "first" / "tool", content)
    executable(project / "tool", content)
    assert what in refused(project, "tool")
    assert what in refused(project, "./tool")


def test_a_name_that_is_not_found_is_refused_with_the_nearest(project: Path) -> None:
    assert "pytest" in refused(project, "pytst -k y")
    assert "python app.py" in refused(project, "app")
    assert "./tool" in (plain(project / "tool"), refused(project, "tool"))[1]
    plain(project / ".venv" / "lib" / "python3.12" / "site-packages" / "some_tool" / "__main__.py")
    assert "python -m some_tool" in refused(project, "some-tool")
    assert "app.py" in refused(project, "./ap.py")
    assert "python " in refused(project, "./.venv")


def test_a_file_that_is_not_regular_is_refused_and_not_waited_for(project: Path) -> None:
    os.mkfifo(project / "pipe.py")
    for command in ("./pipe.py", "pipe.py", "python pipe.py"):
        refused(project, command)


def test_an_exe_beside_the_interpreter_on_windows_is_a_module(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (commands, shell_words):
        monkeypatch.setattr(module, "WINDOWS", True)
    executable(project / ".venv" / "bin" / "flask.exe", b"MZ")
    assert parsed(project, "flask run") == Command("module", "flask", ("run",))
    assert parsed(project, "python app.py C:\\a\\b").args == ("C:\\a\\b",)


# --- anything -------------------------------------------------------------------------------------------------

PIECES = [
    "python",
    "app.py",
    "pytest",
    "-m",
    "-c",
    "-X",
    "-uI",
    "--",
    "-",
    "A=1",
    "env",
    "uv",
    "run",
    "~/",
    "cd",
    "sudo",
]
PIECES += ["'", '"', "\\", "$", "`", "#", "{a,b}", "[b-a]", "*", "&&", "|", ">", "(", "\n", " ", "\t", "./", "..", "/"]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(st.characters()),
        st.lists(st.sampled_from(PIECES)).map(" ".join),
        st.lists(st.sampled_from(PIECES)).map("".join),
    )
)
@example("python " + "x" * 5000)
@example("./" + "x" * 5000)
@example('"' + "a" * 100_000)
@example("A=" * 10_000)
@example("python app.py " + "\\a" * 50_000)
@example("python app.py {" + "," * 100_000)
@example("python app.py " + "{" * 100_000)
@example("'" * 10_001)
def test_any_text_is_parsed_or_refused_and_nothing_else(project: Path, command: str) -> None:
    try:
        found = parsed(project, command)
    except InvalidArgument:
        pass
    else:
        assert found.kind != "program" or os.path.isabs(found.name)
        assert found.python is None or os.path.isabs(found.python)
