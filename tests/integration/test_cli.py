"""The command line as a person meets it: --version, doctor, and what it says to a wrong word."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mcp_debug_tool import __version__


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command and end its stdin at once."""
    command = [str(Path(sys.executable).parent / "mcp-debug"), *arguments]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False, cwd=cwd
    )


@pytest.mark.parametrize("name", ["mcp-debug", "mcp-debug-tool"])
def test_both_commands_are_the_same_program(name: str) -> None:
    command = [str(Path(sys.executable).parent / name), "--version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert done.stdout == f"mcp-debug {__version__}\n"


def test_without_a_command_it_serves_until_stdin_ends() -> None:
    done = run()
    assert done.returncode == 0
    assert done.stdout == ""


def test_an_unknown_command_is_refused_with_those_there_are() -> None:
    done = run("debug")
    assert done.returncode == 2
    assert "there is no command 'debug'" in done.stderr
    assert "start" in done.stderr
    assert "doctor" in done.stderr


def test_a_word_that_is_nearly_a_command_is_answered_with_those_near() -> None:
    assert "there is no command 'continu'; there are: continue" in run("continu").stderr


def test_an_unknown_profile_of_tools_is_refused_with_those_there_are() -> None:
    done = run("serve", "--tools", "all")
    assert done.returncode == 2
    assert "Invalid value for '--tools': 'all' is not one of 'core', 'full'" in done.stderr
    assert done.stdout == ""
