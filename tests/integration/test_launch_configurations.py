"""`env_file`, and `configuration`: a named entry of .vscode/launch.json, run as VS Code would run it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from agent import Agent, line_of

from conftest import TAG, Program, programs, served

pytestmark = pytest.mark.anyio

SHOWN = """
    import json, os, sys
    names = ("FROM_FILE", "FROM_ENTRY", "FROM_CALL", "BOTH")
    seen = {name: os.environ[name] for name in names if name in os.environ}
    folder = os.getcwd()  # @seen
    print(json.dumps([sys.argv[1:], folder, seen]))
"""


def launch_json(folder: Path, *entries: dict[str, Any], text: str | None = None) -> Path:
    path = folder / ".vscode" / "launch.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text if text is not None else json.dumps({"version": "0.2.0", "configurations": entries}))
    return path


def entry(**keys: Any) -> dict[str, Any]:
    return {"name": "it", "type": "debugpy", "request": "launch", **keys}


# --- env_file -------------------------------------------------------------------------------------------------


async def test_an_env_file_sets_variables_and_env_wins_over_it(both: Agent, program: Program, tmp_path: Path) -> None:
    path = program(SHOWN)
    (tmp_path / "local.env").write_text(
        "# comment\nexport FROM_FILE='a b'\nBOTH=file\nFROM_ENTRY=${FROM_FILE}!\n", encoding="utf-8"
    )
    gone = await both.ok("start", program=str(path), env_file="local.env", env={"BOTH": "call"}, cwd=str(tmp_path))
    _, _, seen = json.loads(gone.data["output"])
    assert seen == {"FROM_FILE": "a b", "FROM_ENTRY": "a b!", "BOTH": "call"}


async def test_an_env_file_that_cannot_be_read_is_refused(agent: Agent, program: Program, tmp_path: Path) -> None:
    path = program(SHOWN)
    text = await agent.error("start", program=str(path), env_file="missing.env", cwd=str(tmp_path))
    assert text.startswith("env_file: ")
    assert "does not exist" in text
    (tmp_path / "bad.env").write_bytes(b"SECRET=hunter2\n\xff\xfe=\n")
    text = await agent.error("start", program=str(path), env_file="bad.env", cwd=str(tmp_path))
    assert text.startswith("env_file: ")
    assert "hunter2" not in text


# --- entries that launch --------------------------------------------------------------------------------------


async def test_an_entry_with_comments_launches_its_program(both: Agent, program: Program, tmp_path: Path) -> None:
    path = program(SHOWN, "src/tool.py")
    (tmp_path / "dev.env").write_text("FROM_FILE=file\nBOTH=file\n")
    launch_json(
        tmp_path,
        text="""{
            // Use IntelliSense to learn about possible attributes.
            "version": "0.2.0",
            "configurations": [
                {"name": "other", "type": "node", "request": "launch"},
                {
                    "name": "My tool", /* the one */
                    "type": "debugpy",
                    "request": "launch",
                    "program": "${workspaceFolder}/src/tool.py",
                    "args": ["--root", "${workspaceFolder}", "x y"],
                    "env": {"FROM_ENTRY": "entry", "BOTH": "entry"},
                    "envFile": "${workspaceFolder}/dev.env",
                    "cwd": "${workspaceFolder}/tools",
                    "console": "integratedTerminal",
                    "justMyCode": false,
                },
            ],
        }""",
    )
    stop = await both.ok(
        "start",
        configuration="My tool",
        cwd=str(tmp_path / "src"),
        env={"FROM_CALL": "call"},
        breakpoints=[f"{path}:{line_of(path, 'seen')}"],
    )
    assert stop.line == line_of(path, "seen")
    args, cwd, seen = json.loads((await both.ok("continue")).data["output"])
    assert args == ["--root", str(tmp_path), "x y"]
    assert seen == {"FROM_FILE": "file", "FROM_ENTRY": "entry", "BOTH": "entry", "FROM_CALL": "call"}
    assert Path(cwd) == tmp_path / "src", "what the call says wins"


async def test_an_entrys_own_cwd_is_taken_where_the_call_names_none(program: Program, tmp_path: Path) -> None:
    program(SHOWN, "tools/tool.py")
    (tmp_path / "open").mkdir()
    launch_json(tmp_path, entry(program="${workspaceFolder}/tools/tool.py", cwd="${workspaceFolder}/tools"))
    async with served(cwd=tmp_path / "open") as agent:
        gone = await agent.ok("start", configuration="it")
        _, cwd, _ = json.loads(gone.data["output"])
    assert Path(cwd) == tmp_path / "tools"


async def test_an_entry_launches_a_module(agent: Agent, program: Program, tmp_path: Path) -> None:
    path = program(SHOWN, "package/tool.py")
    launch_json(tmp_path, entry(module="package.tool", args=["a"], stopOnEntry=True))
    stop = await agent.ok("start", configuration="it", cwd=str(tmp_path))
    assert stop.reason == "entry"
    assert stop.data["at"].startswith(str(path.relative_to(tmp_path)))
    args, cwd, _ = json.loads((await agent.ok("continue")).data["output"])
    assert (args, Path(cwd)) == (["a"], tmp_path)


async def test_the_open_file_of_an_entry_is_given_as_program(agent: Agent, program: Program, tmp_path: Path) -> None:
    path = program(SHOWN, "one.py")
    launch_json(tmp_path, entry(program="${file}", args=["${fileBasenameNoExtension}"]))
    gone = await agent.ok("start", configuration="it", program="one.py", cwd=str(tmp_path), args=[])
    assert json.loads(gone.data["output"])[0] == ["one"]
    gone = await agent.ok("start", configuration="it", program=str(path), cwd=str(tmp_path), args=["mine"])
    assert json.loads(gone.data["output"])[0] == ["mine"]
    text = await agent.error("start", configuration="it", cwd=str(tmp_path))
    assert "${file}" in text


async def test_restart_runs_an_entry_again(agent: Agent, program: Program, tmp_path: Path) -> None:
    program(SHOWN, "one.py")
    launch_json(tmp_path, entry(program="${workspaceFolder}/one.py", args=["a"]))
    first = await agent.ok("start", configuration="it", cwd=str(tmp_path))
    assert (await agent.ok("restart")).data["output"] == first.data["output"]


# --- entries that attach --------------------------------------------------------------------------------------


@contextmanager
def listening(path: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The program under `python -m debugpy --listen`, waiting for a client; ended with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "debugpy", "--listen", str(port), "--wait-for-client", str(path)],
        env={**os.environ, TAG: "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


async def test_an_entry_attaches_to_a_port_with_its_path_mappings(
    agent: Agent, program: Program, tmp_path: Path
) -> None:
    source = "import time\nwhile True:\n    time.sleep(0.01)  # @here\n"
    local, remote = program(source, "local/app.py"), program(source, "remote/app.py")
    port = free_port()
    launch_json(
        tmp_path,
        entry(
            request="attach",
            connect={"host": "localhost", "port": port},
            pathMappings=[{"localRoot": "${workspaceFolder}/local", "remoteRoot": str(remote.parent)}],
        ),
    )
    with listening(remote, port) as process:
        stop = await agent.ok(
            "start", configuration="it", cwd=str(tmp_path), breakpoints=[f"{local}:{line_of(local, 'here')}"]
        )
        assert stop.data["at"].startswith("local/app.py:3")
        assert (await agent.ok("stop")).reason == "let go, it runs on"
        assert process.poll() is None


async def test_an_entry_that_listens_says_how_to_come(agent: Agent, tmp_path: Path) -> None:
    port = free_port()
    launch_json(tmp_path, entry(request="attach", listen={"host": "127.0.0.1", "port": port}))
    waiting = await agent.ok("start", configuration="it", cwd=str(tmp_path), timeout_s=0)
    assert waiting.data["waits for"] == f"debugpy.connect(('127.0.0.1', {port}))"


# --- what is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"type": "node"}, ["its type is node", "Name an entry of such a type"]),
        ({"request": "test"}, ["neither launch nor attach"]),
        ({"program": ""}, ["has nothing to run"]),
        ({"module": "a"}, ["program and module"]),
        ({"preLaunchTask": "build"}, ["preLaunchTask is not done here", "Run the task yourself", "one.py"]),
        ({"args": ["${input:who}"]}, ["input"]),
        ({"args": ["${command:pickArgs}"]}, ["Call start", "args="]),
        ({"args": ["${config:a.b}"]}, ["config"]),
        ({"args": "a | b"}, ["args is a text that needs a shell"]),
        ({"env": {"A": 1}}, ["env.A is not a text"]),
        ({"progam": "x"}, ["progam is unknown here", "Did you mean program?"]),
        ({"sudo": True}, ["sudo is not done here"]),
        ({"justMyCode": "no"}, ["justMyCode is neither true nor false"]),
        ({"connect": {"port": 1}}, ["connect belongs to attach"]),
        ({"program": "${workspaceFolder}/missing.py"}, ["missing.py does not exist"]),
        ({"request": "attach"}, ["neither connect nor listen nor processId"]),
        ({"request": "attach", "connect": {"host": "192.0.2.1", "port": 5678}}, ["192.0.2.1 is another machine"]),
    ],
)
async def test_an_entry_that_asks_for_what_is_not_done_is_refused(
    agent: Agent, program: Program, tmp_path: Path, keys: dict[str, Any], words: list[str]
) -> None:
    program(SHOWN, "one.py")
    launch_json(tmp_path, entry(**{"program": "${workspaceFolder}/one.py", **keys}))
    text = await agent.error("start", configuration="it", cwd=str(tmp_path))
    for word in words:
        assert word in text
    assert (await agent.ok("sessions")).data["sessions"] == 0
    assert not programs()


async def test_an_unknown_entry_is_told_with_the_others(agent: Agent, program: Program, tmp_path: Path) -> None:
    path = program(SHOWN, "one.py")
    launch_json(tmp_path, entry(name="Run server"), entry(name="Run tests"))
    text = await agent.error("start", configuration="Run servr", cwd=str(tmp_path))
    assert "Did you mean Run server?" in text
    assert "Run tests" in text
    text = await agent.error("start", configuration="it", code="1", cwd=str(tmp_path))
    assert "code: does not go with configuration" in text
    path.unlink()


async def test_a_folder_without_launch_json_is_told(agent: Agent, tmp_path: Path) -> None:
    text = await agent.error("start", configuration="it", cwd=str(tmp_path))
    assert "there is no .vscode/launch.json at or above" in text


async def test_a_broken_launch_json_is_told_when_named_and_harms_nobody_else(
    agent: Agent, program: Program, tmp_path: Path
) -> None:
    path = program(SHOWN, "one.py")
    file = launch_json(tmp_path, text='{"configurations": [{"name": "it", "env": {"KEY": "hunter2"},\n  ]]}')
    text = await agent.error("start", configuration="it", cwd=str(tmp_path))
    assert f"{file} does not parse: 2:" in text
    assert "hunter2" not in text
    gone = await agent.ok("start", program=str(path), cwd=str(tmp_path))
    assert gone.reason == "exit code 0"
    file.unlink()
    os.mkfifo(file)
    assert (await agent.ok("start", program=str(path), cwd=str(tmp_path))).reason == "exit code 0"
    assert "is not a regular file" in await agent.error("start", configuration="it", cwd=str(tmp_path))
