"""Every Python from 3.8 on is debugged, without a debugpy of its own; and how the interpreter is chosen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import anyio.to_thread
import pytest
import pythons
from agent import Agent, line_of

from conftest import Program

pytestmark = [pytest.mark.anyio, pytest.mark.interpreters]

TOO_OLD = ("3.6", "3.7")

SHOP = """
    import sys

    RATE = 10

    class Item:
        def __init__(self, name, price):
            self.name = name
            self.price = price
            self.tags = {"sizes": list(range(100))}

    def priced(item, times):
        gross = item.price * times  # @gross
        return gross  # @return

    def basket(items):
        total = 0
        for index, item in enumerate(items):
            total += priced(item, index)  # @add
        return total * RATE  # @total

    def logged(n):
        half = n / 2  # @log
        return half

    def named(word):
        return word.upper()  # @named

    def explain(data):
        try:
            return data["missing"]  # @cause
        except KeyError as error:
            raise ValueError("nothing there") from error  # @boom

    def main():
        print("basket", basket([Item("pen", 2), Item("ink", 7), Item("pad", 4)]))
        print(sum(logged(n) for n in range(3)))
        print(named("end"))
        breakpoint()
        after = 1  # @after
        explain({})

    main()
"""

BLOCKING = """
    import socket, sys, threading, time

    lock = threading.Lock()
    lock.acquire()
    near, far = socket.socketpair()

    print("LOCK", flush=True); lock.acquire()  # @lock
    print("RECV", flush=True); print(near.recv(10))  # @recv
    name = input("name? ")  # @input
    print("hello", name, flush=True)
    print(repr(sys.stdin.read()), flush=True)  # @read
    print("SLEEP", flush=True); time.sleep(600)  # @sleep
"""


@pytest.fixture(params=pythons.VERSIONS)
def python(request: pytest.FixtureRequest) -> str:
    """Each version in turn; the test is skipped where it is not installed."""
    version: str = request.param
    found = pythons.find(version)
    if found is None:
        pytest.skip(f"no CPython {version} on this machine")
    return found


async def test_breakpoints_steps_values_and_a_crash(agent: Agent, program: Program, python: str) -> None:
    path = program(SHOP)
    at = {mark: {"file": str(path), "line": line_of(path, mark)} for mark in ("add", "log")}
    stop = await agent.ok(
        "start",
        program=str(path),
        python=python,
        breakpoints=[
            {**at["add"], "condition": "index == 1 and item.name == 'ink'"},
            {**at["log"], "log_message": "n={n!r:>3} {n + 0.5:.2f}"},
            {"function": "named"},
        ],
    )
    assert stop.data["python"].endswith(" (as given)")
    assert stop.reason == "breakpoint b1 (hit 1)"
    assert stop.locals["index"] == "1"
    await steps_are_taken(agent, path)
    await values_are_shown_and_changed(agent)
    stop = await agent.ok("continue")
    assert stop.reason == "breakpoint b3 (hit 1)"
    assert stop.line == line_of(path, "named")
    # (0 * 2 + 500 + 2 * 4) * 100: what was set has been used.
    printed = await agent.ok("get_output", since=0, stream="stdout")
    assert printed.data["output"] == "basket 50800\n1.5\n"
    log = await agent.ok("get_output", since=0, stream="log")
    assert log.data["output"] == "b2: n=  0 0.50\nb2: n=  1 1.50\nb2: n=  2 2.50\n"
    stop = await agent.ok("continue")
    assert stop.reason == "breakpoint() in the program"
    assert stop.line == line_of(path, "after")
    await the_crash_is_explained(agent, path)


async def steps_are_taken(agent: Agent, path: Path) -> None:
    into = await agent.ok("step", kind="into")
    assert into.line == line_of(path, "gross")
    assert into.locals["times"] == "1"
    over = await agent.ok("step")
    assert over.line == line_of(path, "return")
    assert over.locals["gross"] == "7"
    outer = await agent.ok("step", kind="out")
    assert "basket" in outer.data["at"]
    assert [entry.split()[1] for entry in outer.data["stack"]][-1] == "<module>"


async def values_are_shown_and_changed(agent: Agent) -> None:
    at = (await agent.ok("step")).data["at"]
    assert "basket" in at
    assert (await agent.ok("get_variables", path="item.name")).data["value"] in ("'ink'", "'pad'")
    page = await agent.ok("get_variables", path="item.tags['sizes']", start=97, count=2)
    assert page.data["items"] == ["[97]: int = 97", "[98]: int = 98"]
    assert page.data["next"] == "start=99 for more"
    answers = await agent.ok(
        "evaluate",
        expression=["len(items) + index * 0", "fresh = [i.price + len(items) for i in items]", "fresh", "1 / 0"],
    )
    for expected in ("3  (int)", "[5, 10, 7]", "ZeroDivisionError"):
        assert expected in answers.text
    assert "500  (int)" in (await agent.ok("set_variable", path="total", value="250 * 2")).text
    assert "100  (int)" in (await agent.ok("set_variable", path="RATE", value="RATE * RATE")).text


async def the_crash_is_explained(agent: Agent, path: Path) -> None:
    crash = await agent.ok("continue")
    assert crash.reason == "uncaught exception"
    assert crash.line == line_of(path, "boom")
    raised, cause = crash.data["exception"]
    assert raised.startswith("ValueError: nothing there, raised at")
    assert cause.startswith("caused by KeyError: 'missing'")
    assert f":{line_of(path, 'cause')} in explain" in cause
    assert crash.locals["data"] == "{}"
    gone = await agent.ok("continue")
    assert gone.data["exit_code"] == 1
    assert "ValueError: nothing there" in gone.data["output"]
    again = await agent.ok("restart")
    assert again.reason == "breakpoint b1 (hit 1)"
    assert again.line == line_of(path, "add")
    assert (await agent.ok("stop")).state == "ended"


async def test_blocking_calls_are_paused_and_go_on_and_input_is_sent(
    agent: Agent, program: Program, python: str
) -> None:
    path = program(BLOCKING)
    await agent.ok("start", program=str(path), python=python, timeout_s=0)
    for mark, output, release in (
        ("lock", "LOCK", "lock.release()"),
        ("recv", "RECV", "far.send(b'data')"),
        ("input", r"name\?", None),
    ):
        await agent.ok("wait", **{"for": output})
        await is_paused_at(agent, path, mark)
        if release is not None:
            assert "error" not in (await agent.ok("evaluate", expression=release)).data
        await agent.ok("continue", timeout_s=0)
    await agent.ok("get_output", send="Ada\n")
    await agent.ok("wait", **{"for": "hello Ada"})
    await is_paused_at(agent, path, "read")
    await agent.ok("continue", timeout_s=0)
    await agent.ok("get_output", send="rest\n\x04")
    await agent.ok("wait", **{"for": "SLEEP"})
    await is_paused_at(agent, path, "sleep")
    whole = await agent.ok("get_output", since=0, stream="stdout")
    assert whole.data["output"] == "LOCK\nRECV\nb'data'\nname? hello Ada\n'rest\\n'\nSLEEP\n"
    assert (await agent.ok("stop")).state == "ended"


async def is_paused_at(agent: Agent, path: Path, mark: str) -> None:
    assert (await agent.pause_at(line_of(path, mark))).reason == "pause"


async def test_the_environment_of_a_project_is_found(agent: Agent, tmp_path: Path, python: str) -> None:
    await make_environment(python, tmp_path / "project" / ".venv")
    folder = tmp_path / "project" / "src" / "package"
    folder.mkdir(parents=True)
    path = folder / "program.py"
    path.write_text("import sys\nprefix = sys.prefix\nbreakpoint()\n\nsys.exit(4)\n")
    stop = await agent.ok("start", program=str(path))
    assert stop.data["python"].endswith(".venv/bin/python (the project's environment)")
    assert stop.locals["prefix"] == repr(str(tmp_path / "project" / ".venv"))
    assert (
        (await agent.ok("evaluate", expression="__import__('importlib.util').util.find_spec('debugpy')"))
        .data["value"]
        .startswith("None")
    )
    assert (await agent.ok("continue")).data["exit_code"] == 4
    # For a module the folder it runs in tells the project.
    gone = await agent.ok("start", module="package.program", cwd=str(folder.parent), env={"PYTHONBREAKPOINT": "0"})
    assert gone.data["python"].endswith(".venv/bin/python (the project's environment)")
    assert gone.data["exit_code"] == 4


async def test_virtual_env_is_taken_where_no_project_has_one(agent: Agent, tmp_path: Path, python: str) -> None:
    active = tmp_path / "active"
    await make_environment(python, active)
    launch = {"code": "import sys; print(sys.prefix)", "cwd": str(tmp_path), "env": {"VIRTUAL_ENV": str(active)}}
    gone = await agent.ok("start", **launch)
    assert gone.data["python"].endswith("active/bin/python (VIRTUAL_ENV)")
    assert gone.data["output"] == f"{active}\n"
    # The folder of an environment names its interpreter, too.
    gone = await agent.ok("start", **launch, python=str(active))
    assert gone.data["python"].endswith("active/bin/python (as given)")


async def make_environment(python: str, folder: Path) -> None:
    command = [python, "-m", "venv", "--without-pip", str(folder)]
    await anyio.to_thread.run_sync(lambda: subprocess.run(command, check=True, capture_output=True, timeout=30))


async def test_without_any_environment_the_servers_own_is_taken_and_said_so(agent: Agent, tmp_path: Path) -> None:
    gone = await agent.ok("start", code="print('on')", cwd=str(tmp_path), env={"VIRTUAL_ENV": None})
    assert "(the server's own; no environment of a project was found)" in gone.data["python"]


async def test_a_name_on_path_is_found(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "own-python").symlink_to(sys.executable)
    gone = await agent.ok("start", code="print('on')", python="own-python", env={"PATH": str(tmp_path)})
    assert gone.data["python"].endswith("own-python (as given)")
    assert gone.data["output"] == "on\n"


@pytest.mark.parametrize(
    ("python", "what"),
    [
        ("/bin/ls", "/bin/ls is not a Python interpreter"),
        ("/bin/false", "/bin/false is not a Python interpreter"),
        ("no/such/python", "there is no interpreter at"),
        ("no-such-python-on-path", "there is no interpreter at"),
        ("folder", "there is no interpreter at"),
        ("notes.txt", "notes.txt is not executable"),
        ("script", "script is not a Python interpreter"),
        ("broken", "broken"),
        ("", "there is no interpreter at"),
    ],
)
async def test_what_is_no_interpreter_is_an_error_that_names_python(
    agent: Agent, tmp_path: Path, python: str, what: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.txt").write_text("print('not run')\n")
    for name, text in (("script", "#!/bin/sh\necho hello\n"), ("broken", "#!/no/such/shell\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    path = tmp_path / "program.py"
    path.write_text("print('not run')\n")
    given = python if python in ("", "no-such-python-on-path") or os.path.isabs(python) else str(tmp_path / python)
    error = await agent.error("start", program=str(path), cwd=str(tmp_path), python=given)
    assert what in error
    assert "python" in error.replace(str(tmp_path), "").replace("not a Python", "")
    assert "not run" not in error


@pytest.mark.parametrize("version", TOO_OLD)
async def test_a_python_that_is_too_old_is_refused_before_the_program_runs(
    agent: Agent, program: Program, version: str
) -> None:
    python = pythons.find(version)
    if python is None:
        pytest.skip(f"no CPython {version} on this machine")
    path = program("print('not run')\n")
    error = await agent.error("start", program=str(path), python=python)
    assert f"is Python {version}; debugging needs 3.8 or newer" in error
    assert "python" in error.splitlines()[-1]
    assert "not run" not in error
