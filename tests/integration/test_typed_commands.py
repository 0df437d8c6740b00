"""`command`: what a person would type in a shell, run without one by the right interpreter of a real environment."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from agent import Agent, line_of
from apps import PYTHON, needed

from conftest import Program, programs, served

pytestmark = pytest.mark.anyio

SHOWN = """
    import os, sys
    seen = sys.argv[1:], os.environ.get("COLOUR"), sys.flags.dev_mode, sys.flags.optimize, sys.prefix  # @seen
    print(*seen, sep="\\n")
"""


def no_program_runs() -> bool:
    return not programs()


@pytest.fixture(scope="module")
async def in_apps(anyio_backend: str) -> AsyncIterator[Agent]:
    """A server that was started in an activated environment, .venv-apps."""
    environment = Path(PYTHON).parent.parent
    path = os.pathsep.join([str(environment / "bin"), os.environ["PATH"]])
    async with served(env={"VIRTUAL_ENV": str(environment), "PATH": path}) as agent:
        yield agent


@pytest.fixture
async def active(in_apps: Agent) -> AsyncIterator[Agent]:
    yield in_apps
    await in_apps.end_all()


async def test_a_script_is_run_with_its_arguments_and_stops(both: Agent, program: Program) -> None:
    path = program(SHOWN)
    stop = await both.ok(
        "start", command=f"python {path} a 'b c' --x=1", breakpoints=[f"{path}:{line_of(path, 'seen')}"]
    )
    assert stop.line == line_of(path, "seen")
    assert (await both.ok("continue")).data["output"].startswith("['a', 'b c', '--x=1']\nNone\nFalse\n0\n")


async def test_variables_in_front_and_options_of_python_reach_the_program(agent: Agent, program: Program) -> None:
    path = program(SHOWN)
    gone = await agent.ok("start", command=f"COLOUR='deep red' python -X dev -O {path}", cwd=str(path.parent))
    assert gone.data["output"].startswith("[]\ndeep red\nTrue\n1\n")
    gone = await agent.ok("start", command=f"env COLOUR=blue python3 -Xdev {path.name}", cwd=str(path.parent))
    assert gone.data["output"].startswith("[]\nblue\nTrue\n0\n")


async def test_a_module_and_code_are_run_as_typed(both: Agent, program: Program) -> None:
    path = program(SHOWN, "package/tool.py")
    where = {"cwd": str(path.parent.parent)}
    gone = await both.ok("start", command="python -m package.tool 'one two'", **where)
    assert gone.data["output"].startswith("['one two']\n")
    gone = await both.ok("start", command="""python -c "import sys; print('a  b', sys.argv)" last""", **where)
    assert gone.data["output"] == "a  b ['-c', 'last']\n"


async def test_a_script_that_names_its_interpreter_is_run_by_it(agent: Agent, program: Program) -> None:
    path = program(SHOWN, "tool")
    path.write_text(f"#!{sys.executable}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    path.chmod(0o755)
    stop = await agent.ok(
        "start", command="./tool now", cwd=str(path.parent), breakpoints=[f"{path}:{line_of(path, 'seen')}"]
    )
    assert stop.line == line_of(path, "seen")
    gone = await agent.ok("continue")
    assert gone.data["output"].startswith("['now']\n")
    assert gone.data["output"].endswith(f"{sys.prefix}\n")


@needed
@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("pytest --version", "pytest "),
        ("flask --version", "Flask "),
        ("python -m flask --version", "Flask "),
        ("django-admin --version", "."),
    ],
)
async def test_console_scripts_of_the_environment_run(active: Agent, tmp_path: Path, command: str, words: str) -> None:
    gone = await active.ok("start", command=command, cwd=str(tmp_path))
    assert (gone.state, gone.reason) == ("exited", "exit code 0")
    assert words in gone.data["output"]
    assert ".venv-apps" in gone.data["python"]


@needed
async def test_a_console_script_named_by_its_path_brings_its_environment(agent: Agent, program: Program) -> None:
    path = program("def test_it():\n    value = 3  # @here\n    assert value == 3\n", "test_small.py")
    script = Path(PYTHON).with_name("pytest")
    stop = await agent.ok(
        "start",
        command=f"{script} -q -p no:cacheprovider {path.name}",
        cwd=str(path.parent),
        breakpoints=[f"{path}:{line_of(path, 'here')}"],
    )
    assert stop.line == line_of(path, "here")
    assert ".venv-apps" in (await agent.ok("evaluate", expression="__import__('sys').prefix")).text
    assert (await agent.ok("continue")).reason == "exit code 0"


async def test_restart_runs_the_command_again(agent: Agent, program: Program) -> None:
    path = program(SHOWN)
    first = await agent.ok("start", command=f"COLOUR=red python {path} again")
    second = await agent.ok("restart")
    assert first.data["output"] == second.data["output"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("", ["there is nothing to run", "python app.py"]),
        ("python program.py | head", ["|"]),
        ("python program.py > out", [">"]),
        ("python program.py && echo", ["&"]),
        ("python $PROGRAM", ["$"]),
        ("python 'program.py", ["quot"]),
        ("cd folder", ["cwd="]),
        ("sudo python program.py", ["run the server as that user"]),
        ("ls -l", ["is", "not Python", "Give the Python command"]),
        ("python", ["reads its program from the keyboard", "Name a script"]),
        ("python -i program.py", ["-i is for a keyboard"]),
        ("python -I program.py", ["-I switches off"]),
        ("python -m", ["-m needs a value"]),
        ("python -m no-such", ["is no module name"]),
        ("python -m pdb program.py", ["pdb traces the program itself"]),
        ("python progam.py", ["progam.py does not exist", "program.py"]),
        ("./progam.py", ["progam.py does not exist", "program.py"]),
        ("program.py.bak", ["is found neither beside", "nor on PATH"]),
        ("./data.txt", ["not Python"]),
        ("python3.2 program.py", ["python3.2 is not found", "There is python"]),
        ("/no/such/python program.py", ["there is no interpreter at /no/such/python"]),
    ],
)
async def test_a_command_that_cannot_be_run_is_refused_with_its_cure(
    agent: Agent, program: Program, command: str, words: list[str]
) -> None:
    path = program(SHOWN)
    (path.parent / "data.txt").write_text("no program\n")
    text = await agent.error("start", command=command, cwd=str(path.parent))
    assert text.startswith("command: ")
    assert "\nnext: " in text
    for word in words:
        assert word in text
    assert (await agent.ok("sessions")).data["sessions"] == 0
    assert no_program_runs()


@needed
async def test_an_unknown_console_script_is_told_with_the_nearest_ones(active: Agent, tmp_path: Path) -> None:
    text = await active.error("start", command="flaks run", cwd=str(tmp_path))
    assert "flaks is found neither beside" in text
    assert "The nearest names are flask" in text
    assert no_program_runs()


async def test_a_command_goes_with_no_other_way_to_name_a_program(agent: Agent) -> None:
    text = await agent.error("start", command="python a.py", program="a.py")
    assert "exactly one of" in text
    text = await agent.error("start", command="python a.py", args=["b"])
    assert "args: does not go with command" in text
    assert "Write them into the command" in text
