"""continue, step, pause, wait: the program runs, and every call comes back."""

from __future__ import annotations

import anyio
import pytest
from agent import Agent, line_of

from conftest import Program

pytestmark = pytest.mark.anyio


async def test_continue_reports_still_running_when_no_stop_arrives(both: Agent, program: Program) -> None:
    path = program("import time\nprint('up', flush=True)\ntime.sleep(60)  # @sleep\n")
    running = await both.ok("start", program=str(path), timeout_s=0.5)
    assert running.state == "running"
    assert running.data["waited"] == "0.5 s"
    assert running.data["next"] == "wait, pause, get_output"
    assert (await both.ok("wait", timeout_s=0)).state == "running"


@pytest.mark.parametrize(
    "blocking",
    [
        "time.sleep(60)",
        "input('? ')",
        "lock.acquire()",
        "server.accept()",
        "select.select([server], [], [])",
        "sys.stdin.read()",
        "event.wait()",
        "queue.Queue().get()",
        "subprocess.run(['sleep', '60'])",
    ],
)
async def test_pause_stops_a_program_in_a_blocking_call_and_it_goes_on_unharmed(
    agent: Agent, program: Program, blocking: str
) -> None:
    path = program(f"""
        import queue, select, socket, subprocess, sys, threading, time
        lock = threading.Lock()
        lock.acquire()
        event = threading.Event()
        server = socket.create_server(("127.0.0.1", 0))
        print("ready", flush=True)
        {blocking}  # @block
        print("never")
    """)
    await agent.ok("start", program=str(path), timeout_s=0)
    await agent.ok("wait", **{"for": "ready"})
    stop = await agent.pause_at(line_of(path, "block"))
    assert stop.reason == "pause"
    assert (await agent.ok("continue", timeout_s=0.2)).state == "running"
    again = await agent.ok("pause")
    assert again.state == "stopped"
    assert (
        (await agent.ok("evaluate", expression="'still ' + 'here'", frame=0)).data["value"].startswith("'still here'")
    )


async def test_pause_stops_a_busy_loop(both: Agent, program: Program) -> None:
    path = program("n = 0\nwhile True:\n    n += 1\n")
    await both.ok("start", program=str(path), timeout_s=0.3)
    stop = await both.ok("pause")
    assert stop.reason == "pause"
    assert "n" in stop.locals
    assert "it was stopped already" in (await both.ok("pause")).text


async def test_a_step_out_of_a_paused_sleep_ends_behind_it(agent: Agent, program: Program) -> None:
    path = program("""
        import time
        print("ready", flush=True)
        time.sleep(1.5)  # @sleep
        done = 1  # @done
        print("end")
    """)
    await agent.ok("start", program=str(path), timeout_s=0)
    await agent.ok("wait", **{"for": "ready"})
    await agent.pause_at(line_of(path, "sleep"))
    stop = await agent.ok("step")
    assert stop.reason == "step"
    assert stop.line == line_of(path, "done")


async def test_wait_returns_on_output_on_stop_and_on_exit(both: Agent, program: Program) -> None:
    path = program("""
        import sys
        print("listening on 8000", flush=True)
        sys.stdin.readline()
        value = 1  # @here
        sys.exit(4)
    """)
    await both.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'here')}"], timeout_s=0)
    up = await both.ok("wait", **{"for": r"listening on \d+"})
    assert up.state == "running"
    assert up.data["matched"] == "listening on 8000"
    await both.ok("get_output", send="\n")
    assert (await both.ok("wait")).line == line_of(path, "here")
    still = await both.ok("wait", **{"for": "exit"}, timeout_s=0.2)
    assert still.state == "stopped"
    assert (await both.ok("continue")).data["exit_code"] == 4
    assert (await both.ok("wait", **{"for": "exit"})).state == "exited"


async def test_steps_stop_counting_at_a_breakpoint_and_at_the_end(both: Agent, program: Program) -> None:
    path = program("""
        total = 0  # @first
        for n in range(3):
            total += n
        print(total)  # @print
        done = True
    """)
    first, last = (f"{path}:{line_of(path, mark)}" for mark in ("first", "print"))
    await both.ok("start", program=str(path), breakpoints=[first, last])
    stop = await both.ok("step", count=100)
    assert stop.line == line_of(path, "print")
    assert "8 of 100 steps taken" in stop.text
    gone = await both.ok("step", count=100)
    assert gone.state == "exited"


async def test_stepping_with_several_threads_stays_in_its_thread(agent: Agent, program: Program) -> None:
    path = program("""
        import threading

        def work(name):
            total = 0  # @begin
            for n in range(5):
                total += n
            return total

        threads = [threading.Thread(target=work, args=(n,), name=f"worker-{n}") for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print("done")
    """)
    stop = await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'begin')}"])
    await agent.ok("remove_breakpoint", all=True)
    name = stop.data["thread"]
    assert name.startswith("worker-")
    for _ in range(4):
        stop = await agent.ok("step")
        if stop.data.get("reason") != "step":
            break
        assert stop.data["thread"] == name
    stacks = await agent.ok("get_stack", thread="all")
    assert any(line.startswith("MainThread") for line in stacks.data["threads"])


async def test_a_cancelled_wait_loses_nothing(agent: Agent, program: Program) -> None:
    path = program("""
        import time
        time.sleep(0.6)
        here = 1  # @here
    """)
    await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'here')}"], timeout_s=0)
    with anyio.move_on_after(0.2):
        await agent.call("wait", timeout_s=20)
    assert (await agent.ok("wait")).line == line_of(path, "here")


async def test_a_second_command_on_a_busy_session_is_told_what_runs(agent: Agent, program: Program) -> None:
    path = program("import time\nvalue = 1  # @here\ntime.sleep(60)\n")
    await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'here')}"])
    async with anyio.create_task_group() as tasks:

        async def go_on() -> None:
            await agent.ok("continue", timeout_s=3)

        tasks.start_soon(go_on)
        while (await agent.ok("sessions")).data["sessions"][0].split()[1].rstrip(",") != "running":
            pass
        assert "is busy with continue since" in await agent.error("step")
        assert (await agent.ok("pause")).state == "stopped"
