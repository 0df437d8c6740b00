"""Which running programs a person may choose from: none that we started, none that started us."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mcp_debug_tool.targets.candidates import candidates
from mcp_debug_tool.targets.running import command_line

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
ORPHAN = "import sys; from subprocess import *; print(Popen(sys.argv[1:], stdout=DEVNULL).pid)"
PYTHON = (sys.executable, "-c", "import sys; sys.stdin.read()")


@contextmanager
def orphan(*command: str) -> Iterator[int]:
    """The id of a process that descends from nobody here and reads its stdin to the end."""
    reader, writer = os.pipe()
    try:
        run = subprocess.run([sys.executable, "-c", ORPHAN, *command], stdin=reader, stdout=subprocess.PIPE, check=True)
        yield int(run.stdout)
    finally:
        os.close(writer)
        os.close(reader)


def pids(*taken: int) -> list[int]:
    return [candidate.pid for candidate in candidates(taken)]


@linux
def test_a_program_is_found_unless_it_is_taken() -> None:
    with orphan(*PYTHON) as pid:
        assert pid in pids()
        assert pid not in pids(pid)


@linux
def test_the_newest_comes_first_and_what_is_no_python_not_at_all() -> None:
    with orphan(*PYTHON) as older, orphan("cat") as cat, orphan(*PYTHON) as newer:
        found = pids()
    assert found.index(newer) < found.index(older)
    assert cat not in found


@linux
def test_neither_we_nor_those_above_nor_those_below_us_are_offered() -> None:
    with orphan(*PYTHON) as pid, subprocess.Popen(PYTHON, stdin=subprocess.PIPE) as child:
        found = pids()
        child.communicate()
    assert not set(found) & {os.getpid(), os.getppid(), child.pid}
    assert pid in found


@linux
def test_a_command_line_is_shown_without_what_would_act_on_a_terminal() -> None:
    with orphan(*PYTHON, "\x1b[31mred\x1b[0m") as pid:
        assert command_line(pid).endswith(r"\x1b[31mred\x1b[0m")


def test_where_there_is_no_proc_there_is_nothing_to_choose_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert pids() == []
