"""`mcp-debug doctor` on this machine, with ports taken, tools missing and hosts' files right and wrong."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import TAG

COMMAND = Path(sys.executable).parent / "mcp-debug"
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what is looked up in /proc")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of somebody who has no host yet."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def doctor(home: Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, TAG: "1", "HOME": str(home), "USERPROFILE": str(home), "XDG_CONFIG_HOME": "", **environ}
    return subprocess.run(
        [str(COMMAND), "doctor"], cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def lines(run: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What each check says, by its name: the verdict and what it found."""
    found = re.findall(r"^(ok|warning|failed) +([^:]+): (.*)$", run.stdout, re.MULTILINE)
    return {name: f"{verdict} {text}" for verdict, name, text in found}


def entry(command: str, *args: str) -> str:
    return json.dumps({"mcpServers": {"mcp-debug": {"command": command, "args": args}}})


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """A run with nothing special about it."""
    folder = tmp_path_factory.mktemp("plain")
    return doctor(folder, folder)


def test_every_check_answers_and_a_program_is_really_debugged(plain: subprocess.CompletedProcess[str]) -> None:
    run = plain
    assert run.returncode == 0, run.stdout + run.stderr
    found = lines(run)
    assert list(found) == [
        "versions", "interpreter", "pythons", "compiled files", "peer check", "gdb", "ptrace", "http port",
        "debugpy ports", "hosts", "self test",
    ]  # fmt: skip
    assert found["self test"] == "ok a program was started, stopped and continued"
    assert found["hosts"] == "ok no configuration file of a host was found"
    assert ".".join(map(str, sys.version_info[:3])) in found["pythons"]
    assert "--tools full also offers goto, modules and complete" in run.stdout


def test_an_environment_that_does_not_run_is_named_with_what_to_do(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    (folder / "python").write_text("#!/bin/sh\nexit 3\n")
    os.chmod(folder / "python", 0o755)
    run = doctor(home, tmp_path)
    assert run.returncode == 1
    assert f"failed   interpreter: {folder / 'python'} is not a Python interpreter" in run.stdout
    assert "mend: repair that environment, or give start another with python=" in run.stdout


@LINUX
def test_gdb_and_ptrace_are_what_attaching_by_pid_will_find(plain: subprocess.CompletedProcess[str]) -> None:
    found = lines(plain)
    gdb = shutil.which("gdb")
    if gdb is None:
        assert found["gdb"].startswith("warning not found")
    else:
        assert re.match(rf"ok {gdb}, \d+\.\d+\S*, (Python scripting works|without)", found["gdb"])
    assert "CAP_SYS_PTRACE is " in found["ptrace"]


@LINUX
def test_without_gdb_it_says_how_to_come_by_it_and_what_works_without(home: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    run = doctor(home, tmp_path, PATH=str(tmp_path / "bin"))
    assert run.returncode == 0
    assert lines(run)["gdb"] == "warning not found: running programs cannot be attached to by pid"
    assert re.search(r"mend: install gdb .*, or start programs with PYTHONPATH=\$\(mcp-debug hook\)", run.stdout)


@pytest.fixture
def taken() -> Iterator[None]:
    """The port of `serve --http` is in use by this process."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", 8765))
        except OSError:
            pytest.skip("8765 is in use here")
        server.listen()
        yield


@LINUX
def test_a_port_that_is_taken_is_told_with_its_owner(home: Path, tmp_path: Path, taken: None) -> None:
    run = doctor(home, tmp_path)
    assert run.returncode == 0
    said = lines(run)["http port"]
    assert said.startswith(f"warning 127.0.0.1:8765 is taken by process {os.getpid()}: ")
    assert "mend: give serve --http another --port" in run.stdout


@LINUX
def test_a_server_of_ours_on_that_port_is_known_as_one(home: Path, tmp_path: Path) -> None:
    command = [str(COMMAND), "serve", "--http", "--no-auth"]
    env = {**os.environ, TAG: "1", "HOME": str(home)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            said = server.stdout.readline()
            if ":8765" not in said:
                pytest.skip(f"8765 is in use here: {said}")
            found = lines(doctor(home, tmp_path))["http port"]
            assert found.startswith(f"ok 127.0.0.1:8765 is served by process {server.pid}: ")
        finally:
            server.terminate()


@LINUX
def test_a_port_on_which_debugpy_listens_is_told_as_a_call(home: Path, tmp_path: Path) -> None:
    code = "import debugpy, sys; print(debugpy.listen(('127.0.0.1', 0))[1], flush=True); sys.stdin.read()"
    program = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, TAG: "1"},
    )  # fmt: skip
    with program:
        assert program.stdout is not None
        port = program.stdout.readline().strip()
        said = lines(doctor(home, tmp_path))["debugpy ports"]
        assert re.search(rf"attach\(port={port}\) for process \d+: \S*python\S* .*debugpy", said), said


def test_hosts_files_are_read_and_the_users_commands_started(home: Path, tmp_path: Path) -> None:
    files = {
        ".cursor/mcp.json": "// ours\n" + entry(str(COMMAND)),
        ".gemini/settings.json": entry("no-such-command-here"),
        ".junie/mcp/mcp.json": entry(sys.executable, "-c", "import sys; sys.exit('I am no server')", "mcp-debug"),
        ".codeium/windsurf/mcp_config.json": "{",
        ".claude.json": "{}",
    }
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
    run = doctor(home, tmp_path)
    assert run.returncode == 1
    found = lines(run)
    assert found["Cursor"] == f"ok {Path('~/.cursor/mcp.json')}: {COMMAND} starts"
    assert found["Gemini CLI"] == f"failed {Path('~/.gemini/settings.json')}: no-such-command-here is not found"
    assert found["Junie"].endswith("ends without an answer: I am no server")
    assert "not valid JSON" in found["Windsurf"]
    assert found["Claude Code"] == f"ok {Path('~/.claude.json')} does not name mcp-debug"


def test_what_a_project_brings_along_is_read_and_never_started(home: Path, tmp_path: Path) -> None:
    mark = tmp_path / "started"
    project = tmp_path / "project"
    project.mkdir()
    code = f"open({str(mark)!r}, 'w')"
    (project / ".mcp.json").write_text(entry(sys.executable, "-c", code, "mcp-debug"), encoding="utf-8")
    found = lines(doctor(home, project))
    assert found["Claude Code"] == f"ok {project / '.mcp.json'}: {sys.executable} is named"
    assert not mark.exists()
