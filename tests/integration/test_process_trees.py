"""Trees of processes: many that stand at once, one named while another is shown, how each ended, all ended by stop."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest
import pythons
from agent import Agent, Reply, line_of
from pythons import python_of

from conftest import Program, programs
from mcp_debug_tool.views import PAGE_BYTES

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(os.name != "posix", reason="children are followed on POSIX only"),
]
# Where pydevd traces, where it does so in C, and where it is told by sys.monitoring.
VERSIONS = ("3.8", "3.11", "3.13")


async def begin(agent: Agent, path: Path, *marks: str, **arguments: Any) -> Reply:
    """Start the program in its folder with a breakpoint at each mark."""
    breakpoints = [f"{path}:{line_of(path, mark)}" for mark in marks]
    return await agent.ok("start", program=str(path), cwd=str(path.parent), breakpoints=breakpoints, **arguments)


def name_of(stop: Reply) -> str:
    """The process the page is about, such as `p1.1`."""
    return str(stop.data.get("process", "")).partition(" ")[0]


def notes_of(reply: Reply) -> list[str]:
    return list(reply.data.get("notes", []))


async def where(agent: Agent, pattern: str) -> Reply:
    """Where all processes are, as soon as the page matches."""
    with anyio.fail_after(20):
        while True:
            page = await agent.ok("get_stack", thread="all")
            if re.search(pattern, page.text):
                return page
            await anyio.sleep(0.05)


# --- thirty at once -------------------------------------------------------------------------------------------

# Ten that are spawned; each of them forks one and starts one as a program. Each writes down that it was there.
THIRTY = """
    import multiprocessing, os, subprocess, sys

    def hit(who):
        with open("oracle", "a") as oracle:
            oracle.write(f"{who} {os.getpid()}\\n")
        done = f"{who} {os.getpid()}"
        return done  # @hit

    def branch(number):
        pid = os.fork()
        if not pid:
            hit(f"fork-{number}")
            os._exit(0)
        leaf = subprocess.Popen([sys.executable, __file__, f"program-{number}"])
        hit(f"spawn-{number}")
        os.waitpid(pid, 0)
        leaf.wait()

    if __name__ == "__main__":
        if len(sys.argv) > 1:
            hit(sys.argv[1])
        else:
            context = multiprocessing.get_context("spawn")
            branches = [context.Process(target=branch, args=(number,)) for number in range(10)]
            for process in branches:
                process.start()
            for process in branches:
                process.join()
"""


async def check_each_hit_is_seen_once(agent: Agent, stop: Reply, path: Path) -> None:
    seen: Counter[str] = Counter()
    while stop.state == "stopped":
        assert stop.line == line_of(path, "hit")
        seen[stop.locals["done"].strip("'")] += 1
        stop = await agent.ok("continue")
    assert stop.state == "exited", stop
    assert stop.data["exit_code"] == 0
    oracle = (path.parent / "oracle").read_text().splitlines()
    assert len(oracle) == 30
    assert seen == Counter(oracle)
    assert not programs()


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_thirty_processes_that_stand_at_once_are_on_one_page_and_no_hit_is_lost(
    agent: Agent, program: Program, version: str
) -> None:
    path = program(THIRTY)
    await begin(agent, path, "hit", python=python_of(version))
    page = await where(agent, r"31 processes \(30 stopped\)")
    assert len(page.text.encode()) <= PAGE_BYTES
    (line,) = (await agent.ok("sessions")).data["sessions"]
    assert "30 stopped (p1." in line
    assert "1 running (p1)" in line
    assert len(line) < 1000
    names = sorted(re.search(r"30 stopped \((.*?)\)", line)[1].split(", "))  # type: ignore[index]
    assert len(set(names)) == 30
    assert all(re.search(rf"\b{re.escape(name)} \w", page.text) for name in names)
    assert sum(bool(re.fullmatch(r"p1\.\d+", name)) for name in names) == 10
    assert sum(bool(re.fullmatch(r"p1\.\d+\.[12]", name)) for name in names) == 20
    answer = await agent.ok("evaluate", expression="who", thread=names[-1])
    assert re.match(r"'(fork|spawn|program)-\d'", answer.data["value"])
    await check_each_hit_is_seen_once(agent, await agent.ok("wait"), path)


async def test_of_thirty_processes_that_go_on_one_after_the_other_no_hit_is_lost(
    agent: Agent, program: Program
) -> None:
    path = program(THIRTY)
    await check_each_hit_is_seen_once(agent, await begin(agent, path, "hit"), path)


# --- several threads in several processes ---------------------------------------------------------------------

CROWD = """
    import os, subprocess, sys, threading

    PROCESSES, THREADS, ROUNDS = 3, 4, 5

    def run(number):
        gate = threading.Barrier(THREADS)
        oracle = open("oracle", "a", buffering=1)

        def work(name):
            for round in range(ROUNDS):
                gate.wait()
                done = f"{number} {name} {round}"
                oracle.write(done + "\\n")  # @hit
                last = done  # @next

        threads = [threading.Thread(target=work, args=(f"w{n}",), name=f"w{n}") for n in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    if __name__ == "__main__":
        if len(sys.argv) > 1:
            run(sys.argv[1])
        else:
            children = [subprocess.Popen([sys.executable, __file__, str(n)]) for n in range(PROCESSES)]
            print([child.wait() for child in children])
"""


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("steps", [False, True], ids=["continued", "stepped between"])
async def test_hits_of_several_threads_in_several_processes_are_each_seen_once(
    agent: Agent, program: Program, version: str, steps: bool
) -> None:
    path = program(CROWD)
    seen: Counter[str] = Counter()
    stop = await begin(agent, path, "hit", python=python_of(version))
    while stop.state == "stopped":
        assert stop.line == line_of(path, "hit"), stop
        done = stop.locals["done"].split(" (was ")[0].strip("'")
        seen[done] += 1
        if steps and seen.total() % 4 == 0:
            moved = await agent.ok("step")
            while moved.reason != "step":
                # Another thread of it has come to its own stop while that step took long.
                assert moved.state == "stopped", moved
                seen[moved.locals["done"].split(" (was ")[0].strip("'")] += 1
                moved = await agent.ok("continue")
            assert moved.line == line_of(path, "next")
            assert name_of(moved) == name_of(stop)
            assert moved.data["thread"] == stop.data["thread"]
        stop = await agent.ok("continue")
    assert stop.state == "exited", stop
    assert "[0, 0, 0]" in stop.data["output"]
    oracle = (path.parent / "oracle").read_text().splitlines()
    assert len(oracle) == 60
    assert seen == Counter(oracle)


# --- one named while another is shown -------------------------------------------------------------------------

TEAM = """
    import os, subprocess, sys, time

    def work(name):
        first = name.upper()  # @first
        second = first * 2  # @second
        return second  # @third

    def idle():
        while not os.path.exists("enough"):
            time.sleep(0.01)

    if __name__ == "__main__":
        if len(sys.argv) > 1:
            print("kid", work(sys.argv[1]), flush=True)
            if "idle" in sys.argv:
                idle()
        else:
            more = sys.argv[1:]
            kids = [subprocess.Popen([sys.executable, __file__, name, *os.environ["MORE"].split()]) for name in "ab"]
            print("main", work("m"), flush=True)
            print([kid.wait() for kid in kids])
"""


async def test_each_process_is_stepped_continued_and_looked_into_by_its_name(agent: Agent, program: Program) -> None:
    path = program(TEAM, "team.py")
    await begin(agent, path, "first", env={"MORE": ""})
    await where(agent, r"3 processes \(3 stopped\)")
    shown = name_of(await agent.ok("wait"))
    names = {}
    for process in ("p1", "p1.1", "p1.2"):
        names[process] = (await agent.ok("evaluate", expression="name", thread=process)).data["value"][:3]
        assert "first" not in (await agent.ok("get_variables", thread=process)).text
        assert f"work team.py:{line_of(path, 'first')}" in (await agent.ok("get_stack", thread=process)).text
    assert names["p1"] == "'m'"
    assert {names["p1.1"], names["p1.2"]} == {"'a'", "'b'"}
    assert name_of(await agent.ok("wait")) == shown
    await agent.ok("set_variable", path="name", value="'z'", thread="p1.2")
    stop = await agent.ok("step", thread="p1.2")
    assert (name_of(stop), stop.line, stop.locals["first"]) == ("p1.2", line_of(path, "second"), "'Z'")
    assert (await agent.ok("step", thread="p1.1")).locals["first"] == names["p1.1"].upper()
    assert name_of(await agent.ok("step", thread="p1.2/MainThread")) == "p1.2"
    stop = await agent.ok("continue", thread="p1.1")
    assert (name_of(stop), stop.line) == ("p1.2", line_of(path, "third"))
    assert notes_of(stop) == ["p1.1 runs; this process stood before and stands still"]
    await agent.ok("wait", **{"for": "kid [AB]{2}"})
    await where(agent, "2 processes")
    stop = await agent.ok("continue", thread="p1.2")
    assert name_of(stop) == "p1"
    gone = await agent.ok("continue")
    assert gone.data["exit_code"] == 0
    output = (await agent.ok("get_output", since=0)).data["output"]
    assert sorted(output.split()) == sorted(f"main MM kid ZZ kid {names['p1.1'][1].upper() * 2} [0, 0]".split())
    assert notes_of(gone) == ["2 children, all ended with code 0"]


async def test_a_running_child_is_paused_by_its_name_while_its_parent_stands(agent: Agent, program: Program) -> None:
    path = program(TEAM, "team.py")
    await begin(agent, path, "first", env={"MORE": "idle"})
    await where(agent, r"3 processes \(3 stopped\)")
    for child in ("p1.1", "p1.2"):
        await agent.ok("continue", thread=child)
    await where(agent, r"(p1\.\d team\.py \(pid \d+\) runs: .* idle .*\s+){2}")
    assert name_of(await agent.ok("wait")) == "p1"
    assert "idle team.py" in (await agent.ok("get_stack", thread="p1.2")).text
    for call, arguments in (
        ("step", {}),
        ("continue", {}),
        ("get_variables", {}),
        ("evaluate", {"expression": "1"}),
        ("set_variable", {"path": "n", "value": "1"}),
    ):
        assert "p1.2 is running" in await agent.error(call, thread="p1.2", **arguments)
    stop = await agent.ok("pause", thread="p1.2")
    assert name_of(stop) == "p1.2", stop
    assert "idle" in stop.text
    assert stop.data["also stopped"] == "p1 team.py: continue shows the next"
    again = await agent.ok("pause", thread="p1")
    assert (name_of(again), notes_of(again)) == ("p1", ["it was stopped already"])
    again = await agent.ok("pause", thread="p1.2")
    assert (name_of(again), again.data["also stopped"]) == ("p1.2", "p1 team.py: continue shows the next")
    (path.parent / "enough").touch()
    assert name_of(await agent.ok("continue", thread="p1.2")) == "p1"
    gone = await agent.ok("continue")
    assert gone.data["exit_code"] == 0, gone


async def test_a_process_that_is_not_there_is_refused_with_those_that_are(agent: Agent, program: Program) -> None:
    path = program(TEAM, "team.py")
    await begin(agent, path, "first", env={"MORE": ""})
    await where(agent, r"3 processes \(3 stopped\)")
    await agent.ok("continue", thread="p1.1")
    await where(agent, "2 processes")
    for call in ("continue", "step", "pause", "get_stack", "get_variables"):
        told = await agent.error(call, thread="p1.1")
        assert re.match(r"p1\.1 team\.py \(pid \d+\) has ended\n", told), told
        told = await agent.error(call, thread="p1.7")
        assert told.startswith("thread: there is no process p1.7; there are p1, p1.2\n"), told
    assert "there is no 'nobody'; there is MainThread" in await agent.error("get_stack", thread="nobody")
    await agent.ok("continue", thread="p1.2")
    assert (await agent.ok("continue")).state == "exited"
    assert "cannot continue: the program has exited" in await agent.error("continue", thread="p1.1")
    assert "no process of the program lives" in await agent.error("pause", thread="p1.1")


# --- how they ended -------------------------------------------------------------------------------------------

ENDS = """
    import asyncio, multiprocessing, os, signal, subprocess, sys, time

    def end(how):
        if how == "exit":
            sys.exit(3)
        if how == "_exit":
            os._exit(4)
        if how == "segv":
            os.kill(os.getpid(), signal.SIGSEGV)
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)

    def polled(how):
        child = subprocess.Popen([sys.executable, __file__, how])
        while child.poll() is None:
            time.sleep(0.01)

    async def awaited(how):
        child = await asyncio.create_subprocess_exec(sys.executable, __file__, how)
        await child.wait()

    def main():
        for method in ("fork", "spawn", "forkserver"):
            child = multiprocessing.get_context(method).Process(target=end, args=("segv",))
            child.start()
            child.join()
        with multiprocessing.get_context("fork").Pool(2) as pool:
            pool.map(end, ["well"] * 4)
        print("processes done", flush=True)  # @processes
        subprocess.run([sys.executable, __file__, "exit"])
        polled("_exit")
        asyncio.run(awaited("kill"))
        subprocess.run([sys.executable, __file__, "well"])
        print("programs done", flush=True)  # @programs

    if __name__ == "__main__":
        if len(sys.argv) > 1:
            end(sys.argv[1])
        else:
            main()
"""


@pytest.mark.interpreters
@pytest.mark.parametrize("version", pythons.VERSIONS)
async def test_a_child_that_fails_is_named_with_its_code_or_signal(
    agent: Agent, program: Program, version: str
) -> None:
    path = program(ENDS, "ends.py")
    stop = await begin(agent, path, "processes", "programs", python=python_of(version))
    assert stop.line == line_of(path, "processes")
    told = [re.sub(r"\(pid \d+\)", "", note) for note in notes_of(stop)]
    assert told == [f"p1.{number} {title}  has ended by SIGSEGV" for number, title in enumerate(SEGV_TITLES, 1)]
    stop = await agent.ok("continue")
    assert stop.line == line_of(path, "programs")
    told = [re.sub(r"p1\.\d+ ends\.py \(pid \d+\) has ended ", "", note) for note in notes_of(stop)]
    assert told == ["with code 3", "with code 4", "by SIGKILL"]
    gone = await agent.ok("continue")
    assert gone.data["exit_code"] == 0
    # The workers of the pool were ended by it, with SIGTERM, unless they were quicker: that is no news.
    (sums,) = notes_of(gone)
    assert re.match(r"[789] children: ", sums)
    for part in ("1 ended with code 3", "1 ended with code 4", "3 ended by SIGSEGV", "1 ended by SIGKILL"):
        assert part in sums


SEGV_TITLES = ("fork", "multiprocessing spawn", "fork")


async def test_a_program_sees_its_children_end_as_it_would_without_us(agent: Agent, program: Program) -> None:
    path = program(
        """
        import multiprocessing, subprocess, sys
        def work():
            sys.exit(7)
        if __name__ == "__main__":
            child = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
            print(child.returncode, child.wait(), child.returncode, sorted(vars(child)))
            print(hasattr(subprocess.Popen, "returncode"), repr(child).partition(" args")[0])
            process = multiprocessing.get_context("fork").Process(target=work)
            process.start(); process.join()
            print(process.exitcode, sorted(vars(process._popen)))
            try:
                subprocess.run([sys.executable, "-c", "1/0"], check=True, stderr=subprocess.DEVNULL)
            except subprocess.CalledProcessError as error:
                print(error.returncode)
        """
    )
    plain = await anyio.run_process([sys.executable, str(path)], check=True)
    gone = await begin(agent, path, break_on=[])
    assert gone.data["output"] == plain.stdout.decode()


LAST_PID = Path("/proc/sys/kernel/ns_last_pid")


@pytest.mark.skipif(not os.access(LAST_PID, os.W_OK), reason="which pid is given next is root's to say")
async def test_a_pid_that_is_given_again_is_another_process(agent: Agent, program: Program) -> None:
    path = program(
        f"""
        import os, subprocess, sys
        def run():
            child = subprocess.Popen([sys.executable, "-c", "pid = __import__('os').getpid(); print(pid, flush=True)"])
            child.wait()
            return child.pid
        def have_given_next(pid):
            with open({str(LAST_PID)!r}, "w") as last:
                last.write(str(pid - 1))
        first = run()
        for _ in range(50):
            have_given_next(first)
            if run() == first:
                break
        else:
            sys.exit("somebody else has that pid")
        """
    )
    gone = await begin(agent, path)
    assert gone.data["exit_code"] == 0, gone
    pids = gone.data["output"].split()
    assert pids[0] == pids[-1]
    assert notes_of(gone) == [f"{len(pids)} children, all ended with code 0"]


# --- stop ends them all ---------------------------------------------------------------------------------------

FAMILY = """
    import ctypes, multiprocessing, os, subprocess, sys, time

    def sleep_in_c():
        ctypes.PyDLL(None).sleep(600)

    def live(how):
        if how == "session":
            os.setsid()
        here = how
        print("lives", how, flush=True)  # @live
        if how == "in C":
            sleep_in_c()
        while True:
            time.sleep(0.01)

    def start(how):
        if how == "fork":
            if os.fork() == 0:
                live(how)
        elif how == "spawn":
            multiprocessing.get_context("spawn").Process(target=live, args=(how,), daemon=False).start()
        else:
            subprocess.Popen([sys.executable, __file__, how], start_new_session=how == "new session")

    if __name__ == "__main__":
        if len(sys.argv) > 1:
            live(sys.argv[1])
        for how in ("fork", "spawn", "program", "in C", "session", "new session"):
            start(how)
        subprocess.Popen(["sleep", "600"], start_new_session=True)
        print("all started", flush=True)
        if os.environ.get("END"):
            os._exit(0)
        live("main")
"""


@pytest.mark.parametrize("main", ["lives", "has ended"])
@pytest.mark.parametrize("they", ["run", "stand"])
async def test_stop_leaves_nothing_of_a_tree(agent: Agent, program: Program, they: str, main: str) -> None:
    path = program(FAMILY, "family.py")
    env = {"END": "1"} if main == "has ended" else {}
    marks = ["live"] if they == "stand" else []
    await begin(agent, path, *marks, env=env, timeout_s=0)
    number = 6 if env else 7
    if they == "stand":
        await where(agent, rf"\({number} stopped\)")
    else:
        await agent.ok("wait", **{"for": rf"(lives [\s\S]*){{{number}}}"})
    left = programs()
    assert len(left) >= number
    await agent.ok("stop")
    assert not psutil.wait_procs(left, timeout=3)[1]


async def test_stop_leaves_nothing_of_a_program_that_goes_on_starting_processes(agent: Agent, program: Program) -> None:
    path = program(
        """
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            if os.fork() == 0:
                os.setsid()
                time.sleep(600)
            print("one more", flush=True)
            time.sleep(0.02)
        """
    )
    await begin(agent, path, timeout_s=0, follow_children=False)
    await agent.ok("wait", **{"for": r"(one more\s+){5}"})
    left = programs()
    await agent.ok("stop")
    assert not psutil.wait_procs(left, timeout=3)[1]
