"""gevent: breakpoints, steps, values and crashes in greenlets, without anybody having to do something for it."""

from __future__ import annotations

import re

import apps
import pytest
from agent import Agent, line_of

from conftest import Program

pytestmark = [pytest.mark.anyio, apps.needed]

PATCHED = """
    from gevent import monkey
    monkey.patch_all()
    import threading, time
    import gevent

    def work(n):
        total = 0
        for i in range(3):
            time.sleep(0.01)  # @sleep
            total += i * n  # @add
        return total

    jobs = [gevent.spawn(work, n) for n in range(4)]
    gevent.joinall(jobs)
    thread = threading.Thread(target=print, args=("thread",))
    thread.start()
    thread.join()
    print([job.value for job in jobs])
"""


async def test_each_greenlet_hits_as_often_as_it_comes_by(agent: Agent, program: Program) -> None:
    path = program(PATCHED)
    stop = await agent.ok(
        "start", program=str(path), python=apps.PYTHON, breakpoints=[f"{path}:{line_of(path, 'add')}"]
    )
    seen = []
    while stop.state == "stopped":
        assert stop.line == line_of(path, "add")
        seen.append((stop.locals["n"].split()[0], stop.locals["i"].split()[0]))
        stop = await agent.ok("continue")
    assert sorted(seen) == [(str(n), str(i)) for n in range(4) for i in range(3)]
    assert stop.data["exit_code"] == 0
    assert stop.data["output"] == "thread\n[0, 3, 6, 9]\n"


async def test_a_step_over_a_switch_stays_in_its_greenlet_which_the_page_names(agent: Agent, program: Program) -> None:
    path = program(PATCHED)
    here = {"file": str(path), "line": line_of(path, "sleep"), "condition": "n == 2", "temporary": True}
    stop = await agent.ok("start", program=str(path), python=apps.PYTHON, breakpoints=[here])
    name = stop.data["task"]
    for mark in ("add", "", "sleep", "add"):
        stop = await agent.ok("step")
        assert stop.locals["n"] == "2"
        assert stop.data["task"] == name
        assert not mark or stop.line == line_of(path, mark)


async def test_greenlets_that_wait_are_shown_with_their_variables(agent: Agent, program: Program) -> None:
    path = program(PATCHED)
    here = {"file": str(path), "line": line_of(path, "add"), "condition": "n == 1", "temporary": True}
    await agent.ok("start", program=str(path), python=apps.PYTHON, breakpoints=[here])
    every = await agent.ok("get_stack", thread="all")
    waiting = re.findall(r"Greenlet \d+: work", every.text)
    assert len(waiting) >= 2
    variables = await agent.ok("get_variables", thread=waiting[0])
    assert any(item.startswith("n: int = ") for item in variables.data["items"])


async def test_a_greenlet_that_crashes_stops_where_it_raised(agent: Agent, program: Program) -> None:
    path = program("""
        from gevent import monkey
        monkey.patch_all()
        import gevent

        def work(n):
            return 1 / n  # @crash

        gevent.joinall([gevent.spawn(work, n) for n in (1, 0)])
        print("after")
    """)
    stop = await agent.ok("start", program=str(path), python=apps.PYTHON)
    assert stop.reason == "uncaught exception"
    assert stop.line == line_of(path, "crash")
    end = await agent.ok("continue")
    assert end.data["exit_code"] == 0
    assert "after" in end.text


async def test_a_program_that_waits_in_the_hub_is_paused_evaluated_in_and_goes_on(
    agent: Agent, program: Program
) -> None:
    path = program("""
        from gevent import monkey
        monkey.patch_all()
        import gevent, gevent.event
        go_on = gevent.event.Event()

        def work():
            print("up", flush=True)
            go_on.wait()  # @wait

        def tick():
            while not go_on.is_set():
                gevent.sleep(0.01)

        gevent.joinall([gevent.spawn(work), gevent.spawn(tick)])
        print("end")
    """)
    await agent.ok("start", program=str(path), python=apps.PYTHON, ready="up")
    stop = await agent.ok("pause")
    assert stop.state == "stopped"
    value = await agent.ok("evaluate", expression="__import__('__main__').go_on.set() or 1 + 1")
    assert value.data["value"] == "2  (int)"
    end = await agent.ok("continue")
    assert end.data["exit_code"] == 0
    assert "end" in end.text
