"""The command line as people and scripts meet it: in pipes, on a terminal, from several shells at once."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from agent import line_of
from shells import Shell, shell

from conftest import TAG, Program

pexpect = pytest.importorskip("pexpect")

LOOP = """
    import time
    count = 0
    print("begun", flush=True)
    while True:
        count += 1  # @count
        time.sleep(0.01)
"""
SUMS = """
    total = 0
    for price in [2, 7, 1]:
        total += price  # @add
    print("total", total)  # @print
"""
ROOT = Path(__file__).parents[2]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def sh(tmp_path: Path) -> Iterator[Shell]:
    """A shell in a folder with nothing in it but what the test writes."""
    with shell(tmp_path, tmp_path / "state") as made:
        yield made


def known(sh: Shell) -> Path:
    return Path(sh.environ["XDG_STATE_HOME"], "mcp-debug", "background.json")


def server_pid(sh: Shell) -> int:
    return int(json.loads(known(sh).read_text(encoding="utf-8"))["pid"])


@contextmanager
def terminal(sh: Shell, line: str, **environ: str) -> Iterator[Any]:
    """bash at a terminal, in which this line was typed."""
    typed = pexpect.spawn(
        "bash",
        ["--norc", "-i"],
        cwd=str(sh.folder),
        env={**sh.environ, "TERM": "xterm-256color", "PS1": "at the prompt> ", **environ},
        encoding="utf-8",
        timeout=30,
        dimensions=(50, 160),
    )
    typed.expect_exact("at the prompt> ")
    typed.sendline(line)
    try:
        yield typed
    finally:
        typed.close(force=True)


def test_a_program_has_the_folder_and_the_environment_of_its_shell(sh: Shell, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    code = "import os, sys; print(os.getcwd(), os.environ.get('CURRENCY'), sys.argv)"
    first = sh.ok(f'mcp-debug start -c "{code}" -- --month 6', folder=tmp_path / "inner", CURRENCY="EUR")
    assert f"{tmp_path / 'inner'} EUR ['-c', '--month', '6']" in first
    second = sh.ok(f'mcp-debug start -c "{code}"')
    assert f"{tmp_path} None ['-c']" in second, "what only the first shell had is not there in the second"
    third = sh.ok(f'mcp-debug start -c "{code}" --env CURRENCY=GBP', CURRENCY="EUR")
    assert "GBP" in third


def test_places_are_those_of_the_folder_in_which_they_are_typed(sh: Shell, program: Program) -> None:
    path = program(SUMS, "inner/sums.py")
    add, end = line_of(path, "add"), line_of(path, "print")
    stop = sh.ok(f"mcp-debug start inner/sums.py -b 'inner/sums.py:{add} if price == 7'")
    assert f"stopped: breakpoint b1 (hit 1) at inner/sums.py:{add}" in stop
    assert "price = 7" in stop
    assert f"set b2 inner/sums.py:{end}" in sh.ok(f"mcp-debug set-breakpoint sums.py:{end}", folder=path.parent)
    assert f"sums.py:{add}" in sh.ok(f"mcp-debug continue --until sums.py:{add}", folder=path.parent)
    assert "b2 (hit 1)" in sh.ok("mcp-debug continue")


def test_each_end_has_its_status(sh: Shell, program: Program) -> None:
    program(SUMS)
    assert sh.run("mcp-debug start program.py").returncode == 0
    assert sh.run("mcp-debug step").returncode == 1
    assert sh.run("mcp-debug step sideways").returncode == 2
    assert sh.run("mcp-debug stepp").returncode == 2
    assert sh.run("mcp-debug stop s1 s2").returncode == 2
    assert sh.run("mcp-debug start program.py --env CURRENCY").returncode == 2
    assert sh.run("mcp-debug start program.py -b '{'").returncode == 2


def test_what_is_refused_says_what_to_do_on_stderr_and_as_json(sh: Shell) -> None:
    done = sh.run("mcp-debug step")
    assert done.stdout == ""
    assert done.stderr == "mcp-debug: no session exists\nnext: Call start first.\n"
    done = sh.run("mcp-debug step --json")
    assert json.loads(done.stdout) == {"error": "no session exists\nnext: Call start first."}
    assert done.stderr == ""


def test_a_reader_that_has_seen_enough_makes_no_trouble(sh: Shell, program: Program) -> None:
    program(SUMS)
    done = sh.run("set -o pipefail; mcp-debug start program.py | head -1")
    assert done.stdout == "s1 exited: exit code 0\n"
    assert done.stderr == ""


def test_it_is_in_colour_on_a_terminal_and_plain_in_a_pipe(sh: Shell, program: Program) -> None:
    path = program(SUMS)
    place = f"program.py:{line_of(path, 'add')}"
    line = f"mcp-debug start program.py -b {place} --no-just-my-code"
    plain = sh.ok(line)
    assert "\x1b" not in plain
    assert sh.ok("mcp-debug stop") != ""
    with terminal(sh, f"clear; {line}; echo do''ne") as typed:
        typed.expect_exact("done")
        shown = typed.before
        assert "\x1b[1;32ms2 stopped: breakpoint" in shown
        words = COLOUR.sub("", shown).replace("\r\n", "\n")
        assert words.endswith(plain.replace("s1", "s2")), "the same words as in the pipe"
        typed.sendline("mcp-debug sessions | cat; NO_COLOR=1 mcp-debug sessions; echo do''ne")
        typed.expect_exact("done")
        piped, _, without = typed.before.partition("1 session")[2].partition("1 session")
        assert not COLOUR.search(piped.rpartition("\r\n")[0])
        assert not re.search(r"\x1b\[[0-9;]*3\d", without), "bold is no colour"


def test_ctrl_c_ends_the_wait_and_leaves_a_usable_session(sh: Shell, program: Program) -> None:
    program(LOOP)
    with terminal(sh, "mcp-debug start program.py -t 40") as typed:
        typed.expect("last output: begun")
        typed.sendintr()
        typed.expect_exact("no longer waited for; what runs, runs on")
        typed.expect_exact("at the prompt> ")
        typed.sendline("echo status $?")
        typed.expect_exact("status 130")
        typed.sendline("mcp-debug pause")
        typed.expect("s1.* stopped")
        typed.sendline("mcp-debug evaluate 'count > 0'")
        typed.expect_exact("True")
        typed.sendline("mcp-debug stop")
        typed.expect("s1.* ended")


def test_shells_at_once_begin_one_server(sh: Shell) -> None:
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(sh.ok("mcp-debug sessions"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == ["no sessions\nnext: start\n"] * 4 or len(set(answers)) == 1
    running = [p for p in psutil.process_iter(["cmdline"]) if "--serve" in (p.info["cmdline"] or [])]
    ours = [p for p in running if p.environ().get("XDG_STATE_HOME") == sh.environ["XDG_STATE_HOME"]]
    assert [p.pid for p in ours] == [server_pid(sh)]


def test_a_server_that_was_killed_is_begun_again(sh: Shell, program: Program) -> None:
    program(SUMS)
    sh.ok("mcp-debug sessions")
    process = psutil.Process(server_pid(sh))
    process.kill()
    process.wait(10)
    assert "exit code 0" in sh.ok("mcp-debug start program.py")


def test_whose_token_it_is_stands_in_one_file_that_others_cannot_read(sh: Shell) -> None:
    sh.ok("mcp-debug sessions")
    token = json.loads(known(sh).read_text(encoding="utf-8"))["token"]
    assert stat.S_IMODE(known(sh).stat().st_mode) == 0o600
    assert stat.S_IMODE(known(sh).parent.stat().st_mode) == 0o700
    assert not [p for p in psutil.process_iter(["cmdline"]) if token in " ".join(p.info["cmdline"] or [])]
    assert [path.name for path in known(sh).parent.iterdir() if token in path.read_text("utf-8", "replace")] == [
        "background.json"
    ]


def test_a_server_of_another_version_is_not_mistaken_for_ours(sh: Shell) -> None:
    sh.ok("mcp-debug sessions")
    text = known(sh).read_text(encoding="utf-8")
    known(sh).write_text(re.sub(r'"version": "[^"]+"', '"version": "0.0.1"', text), encoding="utf-8")
    done = sh.run("mcp-debug sessions")
    assert done.returncode == 3
    assert "the background server is of version 0.0.1" in done.stderr
    assert "mcp-debug background --stop ends it" in done.stderr
    known(sh).write_text(text, encoding="utf-8")


def test_it_ends_with_its_sessions_when_told_to(sh: Shell, program: Program) -> None:
    program(LOOP)
    assert "no background server runs" in sh.ok("mcp-debug background")
    sh.ok("mcp-debug start program.py -t 0")
    pid = int(re.search(r"pid (\d+)", sh.ok("mcp-debug sessions"))[1])  # type: ignore[index]
    assert f"process {server_pid(sh)}, version" in sh.ok("mcp-debug background")
    assert sh.ok("mcp-debug background --stop") == "ended\n"
    assert not psutil.pid_exists(pid)
    assert not known(sh).exists()
    assert sh.ok("mcp-debug background --stop") == "none was there\n"


def test_a_server_that_nobody_needs_ends(tmp_path: Path) -> None:
    serve = (
        "import sys; from functools import partial; from pathlib import Path; import anyio\n"
        "from mcp_debug_tool.serving.background import serve_background\n"
        "anyio.run(partial(serve_background, Path(sys.argv[1]), idle=0.2))"
    )
    done = subprocess.run(
        [sys.executable, "-c", serve, str(tmp_path)],
        env={**os.environ, TAG: "1"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "ready\n"), done.stderr
    assert not (tmp_path / "background.json").exists()


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_hang_up_of_the_shell_that_began_it_does_not_end_it(sh: Shell) -> None:
    with terminal(sh, "mcp-debug sessions") as typed:
        typed.expect_exact("start\x1b[0m\r\n")
    pid = server_pid(sh)
    assert "process" in sh.ok("mcp-debug background")
    assert server_pid(sh) == pid


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_it_has_completions_for_each_shell(sh: Shell, name: str) -> None:
    assert "_MCP_DEBUG_COMPLETE" in sh.ok(f"mcp-debug completion {name}")


def test_what_is_there_is_offered_at_tab(sh: Shell, program: Program) -> None:
    path = program(SUMS)

    def offered(words: str) -> list[str]:
        count = len(words.split()) - (not words.endswith(" "))
        shown = sh.ok("mcp-debug", _MCP_DEBUG_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(count))
        return [line.partition(",")[2] for line in shown.splitlines() if line]

    assert offered("mcp-debug get-v") == ["get-variables"]
    assert offered("mcp-debug stop ") == [], "nothing is begun for a completion"
    assert not known(sh).exists()
    sh.ok(f"mcp-debug start program.py -b program.py:{line_of(path, 'add')}")
    assert offered("mcp-debug stop ") == ["s1"]
    assert offered("mcp-debug remove-breakpoint ") == ["b1"]
    assert offered("mcp-debug get-variables pri") == ["price", "print"]
    assert offered("mcp-debug evaluate price.numer") == ["price.numerator"]
    assert offered("mcp-debug step ") == ["over", "into", "out"]
    assert offered("mcp-debug step --kind ") == ["over", "into", "out"]


def test_the_tools_are_listed_with_what_they_cost(sh: Shell) -> None:
    costs = sh.data("mcp-debug tools --json")
    assert {"start", "set_breakpoint", "continue", "get_variables", "goto"} <= set(costs)
    listed = sh.ok("mcp-debug tools")
    assert f"{costs['start']:6}  start " in listed
    assert re.match(r"\s+2\d{3}  core\n", listed)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="signals of POSIX")
def test_the_help_of_every_verb_describes_every_option(sh: Shell) -> None:
    for name in sh.data("mcp-debug tools --json"):
        shown = sh.ok(f"mcp-debug {name.replace('_', '-')} --help")
        options = re.findall(r"^  (-.*?)(?:  +(\S.*))?$", shown, re.MULTILINE)
        assert options, name
        assert "--json" in shown


def test_what_the_readme_types_is_answered(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.partition("## From a shell")[2].partition("```sh\n")[2].partition("```")[0]
    shutil.copytree(ROOT / "examples" / "shopfront", tmp_path / "shopfront")
    with shell(tmp_path / "shopfront", tmp_path / "state") as typed:
        answers = [typed.ok(line) for line in block.splitlines()]
    assert "s1 stopped: breakpoint b1 (hit 1) at orders.py:18 in total" in answers[0]
    assert "name = 'ink'" in answers[0]
    assert "KeyError: 'ink'" in answers[3]
    assert json.loads(answers[4])["exit_code"] == 1
    assert len(answers) == 6
