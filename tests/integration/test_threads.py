"""Threads: a stop for each that has a reason, steps that move one, every thread in sight however many there are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from agent import Agent, Reply, line_of
from pythons import VERSIONS, python_of

from conftest import Program

pytestmark = pytest.mark.anyio

# Three threads that reach one line at the same moment, again and again; each passage is written down.
TOGETHER = """
    import sys, threading

    ROUNDS, THREADS = 5, 4
    gate = threading.Barrier(THREADS)
    oracle = open(sys.argv[1], "a", buffering=1)

    def work(name):
        for round in range(ROUNDS):
            gate.wait()
            oracle.write(f"{name} {round}\\n")  # @here

    threads = [threading.Thread(target=work, args=(f"w{n}",), name=f"w{n}") for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_threads_that_hit_at_once_are_one_stop_after_the_other_and_none_is_lost(
    agent: Agent, program: Program, tmp_path: Path, version: str
) -> None:
    path, oracle = program(TOGETHER), tmp_path / "oracle"
    here = line_of(path, "here")
    seen: Counter[str] = Counter()
    stop = await agent.ok(
        "start", program=str(path), args=[str(oracle)], python=python_of(version), breakpoints=[f"{path}:{here}"]
    )
    hits: Counter[str] = Counter()
    while stop.state == "stopped":
        assert stop.line == here
        hits[stop.reason] += 1
        seen[f"{stop.data['thread']} {stop.locals['round'].split()[0]}"] += 1
        stop = await agent.ok("continue")
    assert stop.state == "exited", stop
    assert hits == Counter(f"breakpoint b1 (hit {number})" for number in range(1, 21))
    assert sorted(seen) == sorted(oracle.read_text().splitlines())
    assert set(seen.values()) == {1}


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_steps_of_one_thread_leave_the_stops_of_the_others_for_later(
    agent: Agent, program: Program, tmp_path: Path, version: str
) -> None:
    path, oracle = program(TOGETHER), tmp_path / "oracle"
    stop = await agent.ok(
        "start",
        program=str(path),
        args=[str(oracle)],
        python=python_of(version),
        breakpoints=[f"{path}:{line_of(path, 'here')}"],
    )
    first = stop.data["thread"]
    step = await agent.ok("step")
    assert (step.reason, step.data["thread"]) == ("step", first)
    assert oracle.read_text() == f"{first} 0\n"
    threads = {first}
    for _ in range(3):
        stop = await agent.ok("continue")
        assert stop.reason.startswith("breakpoint b1")
        assert stop.locals["round"].split()[0] == "0"
        threads.add(stop.data["thread"])
    assert threads == {"w0", "w1", "w2", "w3"}


async def test_a_stop_says_that_others_have_stopped_too(agent: Agent, program: Program, tmp_path: Path) -> None:
    path = program(TOGETHER)
    await agent.ok(
        "start", program=str(path), args=[str(tmp_path / "oracle")], breakpoints=[f"{path}:{line_of(path, 'here')}"]
    )
    others = "3 more threads of this process: continue shows the next"
    for _ in range(100):
        stop = await agent.ok("pause")  # it is stopped: this is but another look at it
        if stop.data.get("also stopped") == others:
            return
    raise AssertionError(stop)


WAITING = """
    import threading, time
    lock, started, may_go = threading.Lock(), threading.Event(), []

    def holder():
        with lock:
            started.set()
            while not may_go:
                time.sleep(0.001)

    thread = threading.Thread(target=holder, name="holder")
    thread.start()
    started.wait()
    may_go.append(1) or lock.acquire()  # @acquire
    after = 2  # @after
    lock.release()
    thread.join()
"""


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_step_that_waits_for_another_thread_lets_it_run(agent: Agent, program: Program, version: str) -> None:
    path = program(WAITING)
    stop = await agent.ok(
        "start",
        program=str(path),
        python=python_of(version),
        breakpoints=[f"{path}:{line_of(path, 'acquire')}"],
    )
    assert (stop.state, stop.line) == ("stopped", line_of(path, "acquire"))
    # The holder stands inside of the lock, and only this step lets it leave: no haste of either changes anything.
    stop = await agent.ok("step", timeout_s=10)
    assert stop.line == line_of(path, "after")
    assert "so the other threads were let run too" in stop.text
    assert (await agent.ok("continue")).data["exit_code"] == 0


COUNTING = """
    import threading, time

    counts = {"a": 0, "b": 0}
    go_on = True

    def count(name):
        while go_on:
            counts[name] += 1  # @count

    threads = [threading.Thread(target=count, args=(name,), name=name) for name in counts]
    for thread in threads:
        thread.start()
    while min(counts.values()) < 10:
        time.sleep(0.001)
    here = 1  # @here
    go_on = False
    for thread in threads:
        thread.join()
"""


async def counts(agent: Agent) -> dict[str, int]:
    reply = await agent.ok("evaluate", expression=["counts['a']", "counts['b']"], thread="MainThread")
    first, second = (int(line.split(" = ")[1].split()[0]) for line in reply.data["results"])
    return {"a": first, "b": second}


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_one_thread_is_stepped_or_let_run_while_the_others_stand(
    agent: Agent, program: Program, version: str
) -> None:
    path = program(COUNTING)
    await agent.ok(
        "start", program=str(path), python=python_of(version), breakpoints=[f"{path}:{line_of(path, 'here')}"]
    )
    before = await counts(agent)
    stop = await agent.ok("step", thread="a", count=6)
    assert stop.data["thread"] == "a"
    stepped = await counts(agent)
    assert stepped["b"] == before["b"]
    assert stepped["a"] in range(before["a"] + 2, before["a"] + 5)
    running = await agent.ok("continue", thread="b", timeout_s=0.2)
    assert running.state == "running"
    assert "only b runs, the other threads stand" in running.text
    stop = await agent.ok("pause", thread="b")
    assert stop.data["thread"] == "b"
    alone = await counts(agent)
    assert alone["a"] == stepped["a"]
    assert alone["b"] > stepped["b"]
    stop = await agent.ok("step", thread="MainThread")
    assert stop.line == line_of(path, "here") + 1
    assert (await agent.ok("continue")).data["exit_code"] == 0


async def test_a_thread_to_be_paused_is_the_one_that_is_shown(agent: Agent, program: Program) -> None:
    path = program(COUNTING.replace("go_on = False", "thread.join()"))
    running = await agent.ok("start", program=str(path), timeout_s=0.5)
    assert running.state == "running"
    for name in ("a", "b", "a"):
        stop = await agent.ok("pause", thread=name)
        assert (stop.state, stop.data["thread"]) == ("stopped", name)
        await agent.ok("continue", timeout_s=0)


async def test_a_thread_inside_a_call_is_paused_with_the_others_and_named(agent: Agent, program: Program) -> None:
    path = program("""
        import threading, time
        done = threading.Event()
        thread = threading.Thread(target=done.wait, name="waits")
        thread.start()
        print("up", flush=True)
        while not done.is_set():
            time.sleep(0.001)
    """)
    await agent.ok("start", program=str(path), ready="up")
    stop = await agent.ok("pause", thread="waits")
    assert stop.state == "stopped"
    assert "waits is in a call that has to return first" in stop.text
    stack = await agent.ok("get_stack", thread="waits")
    assert any("wait " in line for line in stack.data["stack"])


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_page_of_a_hundred_threads_is_short_and_says_what_it_left_out(
    agent: Agent, program: Program, version: str
) -> None:
    path = program("""
        import threading, time
        done, up = threading.Event(), threading.Semaphore(0)

        def idle(number):
            up.release()
            done.wait()

        def busy(number):
            up.release()
            while not done.is_set():
                time.sleep(0.001)

        threads = [threading.Thread(target=idle if n % 10 else busy, args=(n,), name=f"worker-{n}") for n in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            up.acquire()
        here = 1  # @here
        done.set()
        for thread in threads:
            thread.join()
    """)
    stop = await agent.ok(
        "start", program=str(path), python=python_of(version), breakpoints=[f"{path}:{line_of(path, 'here')}"]
    )
    assert stop.tokens <= 350
    every = await agent.ok("get_stack", thread="all")
    assert every.text.splitlines()[0].endswith("has 101 threads")
    assert every.data["threads"][0].startswith("MainThread, breakpoint b1 (hit 1): #0 <module> ")
    waiting = [line for line in every.data["threads"] if line.startswith("90 threads (worker-1, worker-2, worker-3, ")]
    assert len(waiting) == 1
    assert "program.py:6" in waiting[0]
    assert every.tokens <= 1000
    one = await agent.ok("get_variables", thread="worker-55")
    assert one.data["items"] == ["number: int = 55"]


async def test_where_every_thread_is_can_be_asked_while_the_program_runs(agent: Agent, program: Program) -> None:
    path = program("""
        import threading
        first, second = threading.Lock(), threading.Lock()
        meet = threading.Barrier(2)

        def one():
            with first:
                meet.wait()
                second.acquire()  # @one

        def two():
            with second:
                meet.wait()
                print("deadlock", flush=True)
                first.acquire()  # @two

        threads = [threading.Thread(target=one, name="one", daemon=True), threading.Thread(target=two, name="two")]
        for thread in threads:
            thread.start()
    """)
    await agent.ok("start", program=str(path), ready="deadlock")

    async def where() -> Reply:
        return await agent.ok("get_stack", thread="all")

    every = await where()
    while not all(f"/program.py:{line_of(path, mark)}" in every.text for mark in ("one", "two")):
        every = await where()
    assert f"/program.py:{line_of(path, 'one')}" in every.text
    assert (await agent.ok("wait", timeout_s=0)).state == "running"


async def test_what_no_thread_is_called_is_refused_with_the_names_there_are(agent: Agent, program: Program) -> None:
    path = program("import threading\nhere = 1\n")
    await agent.ok("start", program=str(path), breakpoints=[f"{path}:2"])
    assert "there is no 'nobody'; there is MainThread" in await agent.error("get_stack", thread="nobody")
    assert "there is no process p7" in await agent.error("continue", thread="p7")
    assert "there is no frame 7; the stack has 0 to 0" in await agent.error("evaluate", expression="1", frame=7)
    await agent.ok("continue")
    assert "has exited" in await agent.error("get_stack", thread="all")
    assert "has exited" in await agent.error("get_variables", thread="MainThread")


async def test_values_of_another_thread_are_read_and_changed_there(agent: Agent, program: Program) -> None:
    path = program("""
        import threading
        go_on = threading.Event()

        def work(number):
            go_on.wait()
            print("number", number)

        threads = [threading.Thread(target=work, args=(n,), name=f"w{n}") for n in range(2)]
        for thread in threads:
            thread.start()
        here = 1  # @here
        go_on.set()
        for thread in threads:
            thread.join()
    """)
    await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'here')}"])
    for n in range(2):
        value = await agent.ok("evaluate", expression="number * 10", thread=f"w{n}")
        assert value.data["value"].startswith(f"{n * 10} ")
    # Should it stand in its wait() already, that is library code: the frame taken is the innermost of the user's.
    stack = await agent.ok("get_stack", thread="w1")
    assert any(line.split()[1] == "work" for line in stack.data["stack"])


async def test_a_thread_without_a_name_of_its_own_is_told_by_its_number(agent: Agent, program: Program) -> None:
    path = program("""
        import threading
        done = threading.Event()
        threads = [threading.Thread(target=done.wait, name="same") for n in range(2)]
        for thread in threads:
            thread.start()
        here = 1  # @here
        done.set()
    """)
    await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'here')}"])
    every = await agent.ok("get_stack", thread="all")
    names = every.text.split("2 threads (")[1].split(")),")[0].split(", ")
    assert len(set(names)) == 2
    for name in names:
        number = name.rstrip(")").split("(")[1]
        assert (await agent.ok("get_stack", thread=number)).data["thread"] == "same"


SERVED = """
    import queue, threading
    asked, answers = queue.Queue(), queue.Queue()

    def serve():
        while True:
            number = asked.get()
            if number is None:
                return
            answers.put(number * 2)

    def ask(number):
        asked.put(number)
        return answers.get()

    thread = threading.Thread(target=serve, name="server")
    thread.start()
    lock = threading.Lock()
    print(ask(1))
    here = 1  # @here
    asked.put(None)
"""


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_an_evaluation_that_waits_for_another_thread_is_answered(
    agent: Agent, program: Program, version: str
) -> None:
    path = program(SERVED)
    await agent.ok(
        "start", program=str(path), python=python_of(version), breakpoints=[f"{path}:{line_of(path, 'here')}"]
    )
    for number in (21, 22):
        value = await agent.ok("evaluate", expression=f"ask({number})", timeout_s=10)
        assert value.data["value"] == f"{number * 2}  (int)"
    assert "the other threads were let run until it was over" in value.data["note"]
    quick = await agent.ok("evaluate", expression="1 + 1")
    assert "note" not in quick.data
    assert (await agent.ok("continue")).data["exit_code"] == 0


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_an_evaluation_that_nobody_can_end_is_interrupted_and_leaves_the_program_as_it_was(
    agent: Agent, program: Program, version: str
) -> None:
    path = program(SERVED)
    await agent.ok(
        "start", program=str(path), python=python_of(version), breakpoints=[f"{path}:{line_of(path, 'here')}"]
    )
    value = await agent.ok("evaluate", expression=["answers.get()", "1 + 1"], timeout_s=1)
    assert "TimeoutError: interrupted after 1" in value.data["results"][0]
    assert value.data["results"][1] == "1 + 1 = 2  (int)"
    assert (await agent.ok("continue")).data["exit_code"] == 0
