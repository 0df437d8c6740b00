"""A program's own processes: each way in which Python starts another one is followed, or named where it is not."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest
import pythons
from agent import Agent, Reply, line_of

from conftest import Program, programs

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(os.name != "posix", reason="children are followed on POSIX only"),
]
VERSIONS = ("3.8", "3.11", "3.13")

KID = """
    import sys
    def work(n):
        result = n * 2
        return result  # @kid
    def main():
        print("kid has", work(21), flush=True)
    if __name__ == "__main__":
        main()
"""
PARENT = """
    import asyncio, concurrent.futures, multiprocessing, os, subprocess, sys
    import kid
    def main():
{body}
        print("done", flush=True)
    if __name__ == "__main__":
        main()
"""
# What the parent does, and what its child is called.
WAYS = {
    "a script": ("subprocess.run([sys.executable, 'kid.py'], check=True)", r"p1\.1 kid\.py"),
    "a module": ("subprocess.run([sys.executable, '-m', 'kid'], check=True)", r"p1\.1 -m kid"),
    "code": ("subprocess.run([sys.executable, '-c', 'import kid; kid.main()'], check=True)", r"p1\.1 -c code"),
    "spawn": (
        "p = multiprocessing.get_context('spawn').Process(target=kid.main); p.start(); p.join()",
        r"p1\.1 SpawnProcess-1",
    ),
    "fork": (
        "p = multiprocessing.get_context('fork').Process(target=kid.main); p.start(); p.join()",
        r"p1\.1 ForkProcess-1",
    ),
    "forkserver": (
        "p = multiprocessing.get_context('forkserver').Process(target=kid.main); p.start(); p.join()",
        r"p1\.1 ForkServerProcess-1",
    ),
    "a pool": (
        "with multiprocessing.Pool(1) as pool: print('kid has', *pool.map(kid.work, [21]))",
        r"p1\.1 (Fork|Spawn|ForkServer)PoolWorker-1",
    ),
    "an executor": (
        "with concurrent.futures.ProcessPoolExecutor(1) as pool: print('kid has', *pool.map(kid.work, [21]))",
        r"p1\.1 (Fork|Spawn|ForkServer)Process-1",
    ),
    "os.fork": (
        """
        pid = os.fork()
        if not pid:
            kid.main()
            os._exit(0)
        os.waitpid(pid, 0)
        """,
        r"p1\.1 fork",
    ),
}
MORE_WAYS = {
    "all descriptors kept": ("subprocess.run([sys.executable, 'kid.py'], close_fds=False)", r"p1\.1 kid\.py"),
    "descriptors passed": (
        "subprocess.run([sys.executable, 'kid.py'], pass_fds=[os.open(os.devnull, os.O_RDONLY)])",
        r"p1\.1 kid\.py",
    ),
    "another environment": ("subprocess.run([sys.executable, 'kid.py'], env={'LANG': 'C'})", r"p1\.1 kid\.py"),
    "no environment": ("subprocess.run([sys.executable, 'kid.py'], env={})", r"p1\.1 kid\.py"),
    "another folder": (
        "os.mkdir('sub'); subprocess.run([sys.executable, '../kid.py'], cwd='sub')",
        r"p1\.1 kid\.py",
    ),
    "options": ("subprocess.run([sys.executable, '-u', '-Wignore', '-X', 'utf8', 'kid.py'])", r"p1\.1 kid\.py"),
    "stdin": ("subprocess.run([sys.executable, '-'], input=b'import kid; kid.main()')", r"p1\.1 python[\d.]*"),
    "captured": ("print(subprocess.run([sys.executable, 'kid.py'], stdout=-1).stdout.decode())", r"p1\.1 kid\.py"),
    "env": (
        "subprocess.run(['env', 'A=1', 'python', 'kid.py'], "
        "env={**os.environ, 'PATH': os.path.dirname(sys.executable) + ':' + os.environ['PATH']})",
        r"p1\.1 kid\.py",
    ),
    "a script of its own": (
        """
        with open("tool", "w") as tool:
            tool.write("#!" + sys.executable + "\\nimport kid\\nkid.main()\\n")
        os.chmod("tool", 0o755)
        subprocess.run(["./tool"])
        """,
        r"p1\.1 tool",
    ),
    "before the exec": ("subprocess.run([sys.executable, 'kid.py'], preexec_fn=lambda: None)", r"p1\.1 kid\.py"),
    "a session": ("subprocess.run([sys.executable, 'kid.py'], start_new_session=True)", r"p1\.1 kid\.py"),
    "posix_spawn": (
        "os.waitpid(os.posix_spawn(sys.executable, [sys.executable, 'kid.py'], os.environ), 0)",
        r"p1\.1 kid\.py",
    ),
    "posix_spawn with file actions": (
        "null = os.open(os.devnull, os.O_RDONLY); "
        "os.waitpid(os.posix_spawnp(sys.executable, [sys.executable, 'kid.py'], os.environ, "
        "file_actions=[(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_CLOSE, null)]), 0)",
        r"p1\.1 kid\.py",
    ),
    "os.spawnv": ("os.spawnv(os.P_WAIT, sys.executable, [sys.executable, 'kid.py'])", r"p1\.1 kid\.py"),
    "fork and exec": (
        """
        pid = os.fork()
        if not pid:
            os.execv(sys.executable, [sys.executable, "kid.py"])
        os.waitpid(pid, 0)
        """,
        r"p1\.1 kid\.py",
    ),
    "asyncio": (
        """
        async def run():
            child = await asyncio.create_subprocess_exec(sys.executable, "kid.py")
            await child.wait()
        asyncio.run(run())
        """,
        r"p1\.1 kid\.py",
    ),
    "a child of a child": (
        "subprocess.run([sys.executable, '-c', "
        "\"import subprocess, sys; subprocess.run([sys.executable, 'kid.py'])\"])",
        r"p1\.1\.1 kid\.py",
    ),
}
NOT_FOLLOWED = {
    "a shell": ("subprocess.run(sys.executable + ' kid.py', shell=True)", "kid.py (started through a shell)"),
    "os.system": ("os.system(sys.executable + ' kid.py')", "kid.py (started through a shell)"),
    "-I": ("subprocess.run([sys.executable, '-I', 'kid.py'])", "-I kid.py (its flags keep the debugger out)"),
    "-S": ("subprocess.run([sys.executable, '-S', 'kid.py'])", "-S kid.py (its flags keep the debugger out)"),
    "-E": ("subprocess.run([sys.executable, '-uE', 'kid.py'])", "-uE kid.py (its flags keep the debugger out)"),
}


@pytest.fixture(params=VERSIONS)
def python(request: pytest.FixtureRequest) -> str:
    """A Python of this machine, oldest, middle and newest."""
    found = pythons.find(request.param)
    if found is None:
        pytest.skip(f"no Python {request.param} here")
    return found


def family(program: Program, body: str, *, kid: str = KID) -> tuple[Path, Path]:
    """A parent that does `body`, and the module its child runs."""
    indented = textwrap.indent(textwrap.dedent(body).strip(), " " * 8)
    return program(PARENT.replace("{body}", indented), "parent.py"), program(kid, "kid.py")


async def begin(agent: Agent, path: Path, *places: tuple[Path, str], **arguments: Any) -> Reply:
    """Start the program in its folder with a breakpoint at each mark."""
    breakpoints = [f"{file}:{line_of(file, mark)}" for file, mark in places]
    return await agent.ok("start", program=str(path), cwd=str(path.parent), breakpoints=breakpoints, **arguments)


def name_of(stop: Reply) -> str:
    """The process the page is about, such as `p1.1`."""
    return str(stop.data.get("process", "")).partition(" ")[0]


async def session_line(agent: Agent, pattern: str) -> str:
    """The line of `sessions`, as soon as it matches."""
    with anyio.fail_after(10):
        while True:
            (line,) = (await agent.ok("sessions")).data["sessions"]
            if re.search(pattern, line):
                return str(line)
            await anyio.sleep(0.02)


async def check_child(agent: Agent, stop: Reply, process: str) -> None:
    """It stands in a child of this name; then the whole program comes to its end."""
    assert stop.state == "stopped", stop
    assert re.fullmatch(rf"{process} \(pid \d+\)", stop.data["process"]), stop
    assert stop.locals == {"n": "21", "result": "42"}
    gone = await agent.ok("continue")
    assert gone.state == "exited", gone
    assert gone.data["exit_code"] == 0
    output = (await agent.ok("get_output", since=0)).data["output"].split("\n")
    assert output.count("kid has 42") == 1
    assert output.count("done") == 1


# --- each way to start one ------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
async def test_a_breakpoint_stops_in_a_child_on_every_python(
    agent: Agent, program: Program, python: str, way: str
) -> None:
    body, process = WAYS[way]
    parent, kid = family(program, body)
    await check_child(agent, await begin(agent, parent, (kid, "kid"), python=python), process)


@pytest.mark.parametrize("way", MORE_WAYS)
async def test_a_breakpoint_stops_in_a_child_however_it_is_started(agent: Agent, program: Program, way: str) -> None:
    body, process = MORE_WAYS[way]
    parent, kid = family(program, body)
    await check_child(agent, await begin(agent, parent, (kid, "kid")), process)


async def test_a_console_script_as_a_child_is_followed(agent: Agent, program: Program) -> None:
    script = Path(sys.executable).with_name("pytest")
    parent, kid = family(program, f"subprocess.run([{str(script)!r}, '-q', '-p', 'no:cacheprovider', 'test_kid.py'])")
    program("import kid\ndef test_kid(capsys):\n    kid.main()\n", "test_kid.py")
    stop = await begin(agent, parent, (kid, "kid"))
    assert re.fullmatch(r"p1\.1 pytest \(pid \d+\)", stop.data["process"])
    gone = await agent.ok("continue")
    assert "1 passed" in gone.data["output"]


@pytest.mark.parametrize(("version", "other"), [("3.8", "3.13"), ("3.13", "3.8"), ("3.11", "3.12")])
async def test_a_child_on_another_python_is_followed(agent: Agent, program: Program, version: str, other: str) -> None:
    ours, theirs = pythons.find(version), pythons.find(other)
    if ours is None or theirs is None:
        pytest.skip(f"Python {version} and {other} are not both here")
    parent, kid = family(program, f"subprocess.run([{theirs!r}, 'kid.py'], check=True)")
    stop = await begin(agent, parent, (kid, "kid"), python=ours)
    answer = await agent.ok("evaluate", expression="__import__('sys').version_info[:2]")
    assert answer.data["value"].startswith(f"({other.replace('.', ', ')})")
    await check_child(agent, stop, r"p1\.1 kid\.py")


async def test_a_program_that_replaces_itself_is_debugged_as_the_process_it_was(
    agent: Agent, program: Program, python: str
) -> None:
    parent, kid = family(program, "print(kid.work(1)); os.execv(sys.executable, [sys.executable, 'kid.py'])")
    stop = await begin(agent, parent, (kid, "kid"), python=python)
    assert stop.locals["n"] == "1"
    before = (await agent.ok("evaluate", expression="__import__('os').getpid()")).data["value"]
    stop = await agent.ok("continue")
    assert stop.locals["n"].startswith("21"), stop
    assert "process" not in stop.data
    assert (await agent.ok("evaluate", expression="__import__('os').getpid()")).data["value"] == before
    listed = (await agent.ok("list_breakpoints")).text
    assert "hits 2" in listed, listed
    gone = await agent.ok("continue")
    assert gone.data["exit_code"] == 0
    assert gone.data["output"] == "kid has 42\n"


# --- those that are not followed ------------------------------------------------------------------------------


@pytest.mark.parametrize("way", NOT_FOLLOWED)
async def test_a_child_that_is_not_followed_is_named(agent: Agent, program: Program, way: str) -> None:
    body, told = NOT_FOLLOWED[way]
    parent, kid = family(program, f"{body}\nhere = 1  # @here")
    stop = await begin(agent, parent, (kid, "kid"), (parent, "here"))
    assert stop.line == line_of(parent, "here")
    if way not in ("-I", "-E"):
        assert "kid has 42" in stop.data["output"]
    listed = await agent.ok("list_breakpoints")
    (child,) = listed.data["children without the debugger"]
    assert child.endswith(told)
    gone = await agent.ok("continue")
    notes = "\n".join(gone.data["notes"])
    assert "never hit" in notes
    assert told in notes


async def test_children_are_left_alone_when_the_agent_says_so(agent: Agent, program: Program) -> None:
    parent, kid = family(program, f"{WAYS['a script'][0]}\n{WAYS['fork'][0]}")
    gone = await begin(agent, parent, (kid, "kid"), follow_children=False)
    assert gone.state == "exited"
    assert gone.data["exit_code"] == 0
    assert gone.data["output"].count("kid has 42") == 2


async def test_the_helpers_of_multiprocessing_never_show(agent: Agent, program: Program) -> None:
    parent, kid = family(
        program,
        """
        from multiprocessing import shared_memory
        memory = shared_memory.SharedMemory(create=True, size=16)
        context = multiprocessing.get_context("spawn")
        lock = context.Lock()
        child = context.Process(target=kid.main); child.start(); child.join()
        memory.close(); memory.unlink()
        """,
    )
    stop = await begin(agent, parent, (kid, "kid"))
    assert name_of(stop) == "p1.1"
    pages = [stop.text, await session_line(agent, "p1"), (await agent.ok("list_breakpoints")).text]
    gone = await agent.ok("continue")
    assert gone.data["exit_code"] == 0
    assert not [page for page in [*pages, gone.text] if "tracker" in page]


# --- several at once ------------------------------------------------------------------------------------------


async def test_an_uncaught_exception_in_a_child_stops_there(agent: Agent, program: Program, python: str) -> None:
    parent, kid = family(
        program,
        "print('ended with', subprocess.run([sys.executable, 'kid.py']).returncode)",
        kid='def main():\n    order = {}\n    return order["total"]  # @kid\nif __name__ == "__main__":\n    main()\n',
    )
    stop = await begin(agent, parent, python=python)
    assert stop.reason == "uncaught exception"
    assert re.fullmatch(r"p1\.1 kid\.py \(pid \d+\)", stop.data["process"])
    assert stop.line == line_of(kid, "kid")
    assert stop.data["exception"][0].startswith("KeyError: 'total'")
    assert stop.locals["order"] == "{}"
    gone = await agent.ok("continue")
    assert "ended with 1" in gone.data["output"]
    assert "KeyError: 'total'" in gone.data["output"]
    assert gone.data["exit_code"] == 0


async def test_children_that_stop_at_once_are_shown_one_after_the_other(agent: Agent, program: Program) -> None:
    parent, kid = family(
        program,
        """
        children = [subprocess.Popen([sys.executable, "kid.py"]) for _ in range(3)]
        print([child.wait() for child in children])
        """,
    )
    stop = await begin(agent, parent, (kid, "kid"))
    await session_line(agent, r"(kid\.py \(pid \d+\), stopped.*){3}")
    seen = []
    while stop.state == "stopped":
        seen.append(name_of(stop))
        stop = await agent.ok("continue")
    assert sorted(seen) == ["p1.1", "p1.2", "p1.3"]
    assert stop.data["exit_code"] == 0
    assert stop.data["output"].count("kid has 42") == 3 or "[0, 0, 0]" in stop.data["output"]
    assert "hits 3" in (await agent.ok("list_breakpoints")).text


async def test_a_pool_of_workers_loses_no_stop(agent: Agent, program: Program, python: str) -> None:
    parent, kid = family(
        program,
        """
        with multiprocessing.Pool(2) as pool:
            print(sum(pool.map(kid.work, range(6), chunksize=1)))
        """,
    )
    stop = await begin(agent, parent, (kid, "kid"), python=python)
    seen = []
    while stop.state == "stopped":
        seen.append(int(stop.locals["n"].split(" ")[0]))
        stop = await agent.ok("continue")
    assert sorted(seen) == [0, 1, 2, 3, 4, 5]
    assert stop.state == "exited", stop
    assert "30" in stop.data["output"]


async def test_children_started_by_many_threads_are_all_stopped_in(agent: Agent, program: Program, python: str) -> None:
    parent, kid = family(
        program,
        """
        import threading
        def fork():
            pid = os.fork()
            if not pid:
                kid.work(21)
                os._exit(0)
            os.waitpid(pid, 0)
        def run():
            subprocess.run([sys.executable, "kid.py"])
        threads = [threading.Thread(target=start) for start in (fork, run) * 3]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        """,
    )
    stop = await begin(agent, parent, (kid, "kid"), python=python)
    seen = set()
    while stop.state == "stopped":
        assert stop.locals["result"].startswith("42")
        seen.add(name_of(stop))
        stop = await agent.ok("continue")
    assert seen == {f"p1.{number}" for number in range(1, 7)}
    assert stop.data["exit_code"] == 0


async def test_a_child_that_a_daemon_thread_has_forked_stays_under_the_debugger(
    agent: Agent, program: Program, python: str
) -> None:
    """pydevd counts no daemon as the program's: in a pool each worker that replaces another is forked by one."""
    parent, kid = family(
        program,
        """
        import threading
        def fork():
            pid = os.fork()
            if not pid:
                kid.work(21)
                kid.main()
                os._exit(0)
            os.waitpid(pid, 0)
        thread = threading.Thread(target=fork, daemon=True)
        thread.start()
        thread.join()
        """,
    )
    stop = await begin(agent, parent, (kid, "kid"), python=python)
    assert name_of(stop) == "p1.1"
    still = await agent.ok("wait", **{"for": "exit", "timeout_s": 1})
    assert still.state == "stopped", still
    await check_child(agent, await agent.ok("continue"), r"p1\.1 fork")


async def test_children_that_end_at_once_are_no_news(agent: Agent, program: Program, python: str) -> None:
    parent, _ = family(
        program,
        """
        for _ in range(40):
            pid = os.fork()
            if not pid:
                os._exit(7)
            assert os.waitpid(pid, 0)[1] == 7 << 8
        """,
    )
    gone = await begin(agent, parent, python=python)
    assert gone.data["exit_code"] == 0, gone
    assert "notes" not in gone.data


async def test_a_step_stays_in_its_process_while_another_one_stands(agent: Agent, program: Program) -> None:
    parent, kid = family(
        program,
        """
        child = subprocess.Popen([sys.executable, "kid.py"])
        first = 1  # @first
        second = 2  # @second
        third = 3  # @third
        child.wait()
        """,
    )
    stop = await begin(agent, parent, (parent, "first"), (kid, "kid"))
    if name_of(stop) == "p1.1":
        stop = await agent.ok("continue")
        pytest.fail(f"the child was there before its parent's next line: {stop}")
    await session_line(agent, r"kid\.py \(pid \d+\), stopped")
    for mark in ("second", "third"):
        stop = await agent.ok("step")
        assert stop.reason == "step"
        assert stop.line == line_of(parent, mark)
        assert stop.data["process"].startswith("p1 parent.py")
    stop = await agent.ok("continue")
    assert name_of(stop) == "p1.1"
    assert stop.locals["result"] == "42"
    assert name_of(await agent.ok("step")) == "p1.1"
    assert (await agent.ok("continue")).data["exit_code"] == 0


async def test_a_step_that_waits_for_a_standing_child_can_be_left(agent: Agent, program: Program) -> None:
    parent, kid = family(program, "here = 1  # @here\nsubprocess.run([sys.executable, 'kid.py'])")
    await begin(agent, parent, (parent, "here"), (kid, "kid"))
    await agent.ok("step")
    waits = await agent.ok("step", timeout_s=1)
    if waits.state == "running":
        waits = await agent.ok("wait")
    assert name_of(waits) == "p1.1", waits
    stop = await agent.ok("continue")
    while stop.state == "stopped":
        assert name_of(stop) == "p1"
        stop = await agent.ok("continue")
    assert stop.data["exit_code"] == 0


async def test_a_child_outlives_its_parent_under_the_debugger(agent: Agent, program: Program) -> None:
    parent, kid = family(program, "subprocess.Popen([sys.executable, 'kid.py'])\nsys.exit(5)")
    stop = await begin(agent, parent, (kid, "kid"))
    assert name_of(stop) == "p1.1"
    with anyio.fail_after(10):
        while "notes" not in stop.data:
            stop = await agent.ok("wait", **{"for": "exit", "timeout_s": 0.2})
    (told,) = stop.data["notes"]
    assert re.match(r"p1 has ended with code 5; its children live on: p1\.1 kid\.py \(pid \d+\), stopped$", told)
    assert (await agent.ok("evaluate", expression="result + 1")).data["value"].startswith("43")
    assert name_of(await agent.ok("step")) == "p1.1"
    gone = await agent.ok("continue")
    assert gone.state == "exited"
    assert gone.data["exit_code"] == 5
    assert (await agent.ok("get_output", since=0)).data["output"] == "kid has 42\n"


async def test_a_child_that_comes_after_its_parent_has_ended_is_waited_for(agent: Agent, program: Program) -> None:
    slow = program('#!/bin/sh\nsleep 1\nexec "$REAL" "$@"\n', "python3")
    slow.chmod(0o755)
    parent, kid = family(program, f"os.environ['REAL'] = sys.executable; subprocess.Popen([{str(slow)!r}, 'kid.py'])")
    stop = await begin(agent, parent, (kid, "kid"))
    assert (stop.state, name_of(stop)) == ("stopped", "p1.1"), stop
    assert "p1 has ended with code 0" in (stop.data.get("notes") or (await agent.ok("wait")).data["notes"])[0]
    assert (await agent.ok("continue")).data["exit_code"] == 0


LOOP = """
    import os, time
    def work(n):
        result = n + 1
        return result  # @kid
    def main():
        n = 0
        print("kid runs", flush=True)
        while not os.path.exists("enough"):
            n = work(n)
            time.sleep(0.005)
    if __name__ == "__main__":
        main()
"""


@pytest.mark.parametrize("way", ["a script", "fork"])
async def test_breakpoints_come_and_go_while_children_run(
    agent: Agent, program: Program, python: str, way: str
) -> None:
    parent, kid = family(program, WAYS[way][0], kid=LOOP)
    await begin(agent, parent, python=python, timeout_s=0)
    await agent.ok("wait", **{"for": "kid runs"})
    await agent.ok("set_breakpoint", file=str(kid), line=line_of(kid, "kid"))
    for _ in range(2):
        stop = await agent.ok("wait")
        assert name_of(stop) == "p1.1", stop
        assert stop.line == line_of(kid, "kid")
        await agent.ok("continue", timeout_s=0)
    stop = await agent.ok("wait")
    await agent.ok("remove_breakpoint", all=True)
    (parent.parent / "enough").touch()
    gone = await agent.ok("continue")
    assert gone.state == "exited", gone
    assert gone.data["exit_code"] == 0


async def test_a_breakpoint_removed_while_children_run_stops_nobody(agent: Agent, program: Program) -> None:
    parent, kid = family(program, WAYS["a script"][0], kid=LOOP)
    await begin(agent, parent, (kid, "kid"))
    await agent.ok("remove_breakpoint", breakpoint="b1")
    await agent.ok("continue", timeout_s=0)
    assert (await agent.ok("wait", timeout_s=0.3)).state == "running"
    paused = await agent.ok("pause")
    assert paused.state == "stopped"
    (parent.parent / "enough").touch()
    gone = await agent.ok("continue")
    assert gone.state == "exited", gone


COUNTS = """
    import sys
    def work(n):
        return n  # @kid
    def main():
        for n in range(4):
            work(n)
    if __name__ == "__main__":
        main()
"""


@pytest.mark.parametrize("way", ["a script", "fork"])
async def test_hits_are_counted_in_each_process_and_listed_as_a_sum(
    agent: Agent, program: Program, python: str, way: str
) -> None:
    body = WAYS[way][0]
    parent, kid = family(program, f"{body}\n{body}\nhere = 1  # @here", kid=COUNTS)
    breakpoints = [
        {"file": str(kid), "line": line_of(kid, "kid"), "condition": "n > 0", "hit_condition": "2"},
        {"file": str(parent), "line": line_of(parent, "here")},
    ]
    arguments = {"program": str(parent), "cwd": str(parent.parent), "python": python, "breakpoints": breakpoints}
    stop = await agent.ok("start", **arguments)
    for name in ("p1.1", "p1.2"):
        assert name_of(stop) == name
        assert stop.reason == "breakpoint b1 (hit 2)"
        assert stop.locals["n"] == "2"
        stop = await agent.ok("continue")
    assert stop.line == line_of(parent, "here")
    listed = (await agent.ok("list_breakpoints")).data["breakpoints"]
    assert "hits 6" in listed[0]
    assert "hits 1" in listed[1]


TALK = """
    import sys
    if __name__ == "__main__":
        print("to stdout")
        print("to stderr", file=sys.stderr)
        here = 1  # @kid
        print("after")
"""


async def test_what_a_child_prints_is_there_at_its_stop(agent: Agent, program: Program) -> None:
    parent, kid = family(
        program,
        "print('parent', flush=True)\nsubprocess.run([sys.executable, 'kid.py'])",
        kid=TALK,
    )
    stop = await begin(agent, parent, (kid, "kid"))
    assert sorted(stop.data["output"].splitlines()) == ["parent", "to stderr", "to stdout"]
    gone = await agent.ok("continue")
    assert gone.data["output"] == "after\ndone\n"


DAEMON = """
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            print("daemon runs", os.getpid(), flush=True)
            while True:
                time.sleep(0.01)
        os._exit(0)
    os.wait()
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
"""


@pytest.mark.parametrize("parent_is", ["alive", "gone"])
async def test_stop_ends_every_process_daemons_included(agent: Agent, program: Program, parent_is: str) -> None:
    waits = "time.sleep(600)" if parent_is == "alive" else "pass"
    path = program(f"import os, subprocess, sys, time\n{textwrap.dedent(DAEMON).strip()}\n{waits}\n")
    await begin(agent, path, timeout_s=0)
    await agent.ok("wait", **{"for": r"daemon runs \d+"})
    alive = 3 if parent_is == "alive" else 2
    while len(programs()) != alive:  # noqa: ASYNC110 - nothing tells us of them
        await anyio.sleep(0.02)
    if parent_is == "gone":
        await session_line(agent, r"processes: (?!p1 )")
    left = programs()
    await agent.ok("stop")
    assert not psutil.wait_procs(left, timeout=3)[1]


# --- nothing is different for the program ---------------------------------------------------------------------

TREE = """
    print(sorted(os.environ)[:0], [name for name in os.environ if "MCP_DEBUG_BOOT" in name or "PYTHONPATH" in name])
    print(subprocess.run([sys.executable, "kid.py", "one"], stdout=-1).stdout.decode())
    print(subprocess.run([sys.executable, "-m", "kid", "two"], stdout=-1, env={"LANG": "C"}).stdout.decode())
    print(subprocess.run([sys.executable, "-c", "import kid; kid.main(); 1/0"], stderr=-1).stderr.decode())
    for method in ("spawn", "fork", "forkserver"):
        child = multiprocessing.get_context(method).Process(target=kid.main)
        child.start(); child.join()
        print(method, child.exitcode, flush=True)
    with multiprocessing.Pool(2) as pool:
        print(pool.map(kid.work, range(5)))
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        print(list(pool.map(kid.work, range(5))), flush=True)
    pid = os.fork()
    if not pid:
        kid.main()
        os._exit(7)
    print(os.waitpid(pid, 0)[1], flush=True)
    print(os.system("exit 3"), flush=True)
    try:
        subprocess.run(["./missing"])
    except FileNotFoundError as error:
        print(error)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "kid.py", "last", "exit"])
"""
TELLS = """
    import os, sys, threading
    def work(n):
        return n * 2
    def main():
        names = sorted(name for name in os.environ if name.startswith(("MCP_DEBUG_BOOT", "PYTHON", "PYDEVD")))
        print(sys.argv, sys.flags, sys.path, names, threading.active_count(), flush=True)
        print(sys.modules["__main__"].__dict__.get("__name__"), flush=True)
        if "exit" in sys.argv:
            sys.exit(9)
    if __name__ == "__main__":
        main()
"""


async def test_a_tree_of_processes_prints_and_ends_as_it_would_without_us(
    agent: Agent, program: Program, python: str
) -> None:
    parent, _ = family(program, TREE, kid=TELLS)
    plain = await anyio.run_process([python, str(parent)], cwd=parent.parent, check=False)
    gone = await begin(agent, parent, python=python, break_on=[])
    while gone.state == "stopped":
        gone = await agent.ok("continue")
    debugged = (await agent.ok("get_output", since=0, stream="stdout")).data["output"]
    assert debugged == plain.stdout.decode()
    assert gone.data["exit_code"] == plain.returncode == 9


async def test_a_fork_is_warned_of_only_when_the_program_has_threads_of_its_own(
    agent: Agent, program: Program, python: str
) -> None:
    """CPython counts threads from 3.12 on; the debugger's are none of the program's."""
    path = program("""
        import os, sys, threading, time
        if "threads" in sys.argv:
            threading.Thread(target=time.sleep, args=(0.2,)).start()
        if os.fork() == 0:
            os._exit(0)
        os.wait()
    """)
    for args in ([], ["threads"]):
        plain = await anyio.run_process([python, str(path), *args])
        gone = await begin(agent, path, args=args, python=python)
        assert gone.data["exit_code"] == 0
        assert ("multi-threaded" in gone.data.get("output", "")) == (b"multi-threaded" in plain.stderr), gone
