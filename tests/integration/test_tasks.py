"""Tasks of asyncio and trio: pages name them, steps stay in them, what each waits for is shown."""

from __future__ import annotations

import apps
import pytest
from agent import Agent, line_of
from pythons import VERSIONS, python_of

from conftest import Program

pytestmark = pytest.mark.anyio

GATHERED = """
    import asyncio

    async def count(n):
        total = 0
        for i in range(3):
            await asyncio.sleep(0)  # @await
            total += i * n  # @add
        return total  # @return

    async def boss(n):
        result = await count(n)  # @call
        return result  # @result

    async def main():
        tasks = [asyncio.ensure_future(boss(n)) for n in range(5)]
        if hasattr(tasks[0], "set_name"):
            for n, task in enumerate(tasks):
                task.set_name(f"boss-{n}")
        print(await asyncio.gather(*tasks))  # @gather

    asyncio.run(main())
"""


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_step_over_an_await_stays_in_its_task(agent: Agent, program: Program, version: str) -> None:
    path = program(GATHERED)
    here = {"file": str(path), "line": line_of(path, "await"), "condition": "n == 2", "temporary": True}
    stop = await agent.ok("start", program=str(path), python=python_of(version), breakpoints=[here])
    assert stop.data["task"] == "boss-2"
    walked = []
    for _ in range(10):
        stop = await agent.ok("step")
        assert stop.data["task"] == "boss-2"
        assert stop.reason == "step"
        walked.append(stop.line)
    add, head, wait = line_of(path, "add"), line_of(path, "await") - 1, line_of(path, "await")
    assert walked[:9] == [add, head, wait, add, head, wait, add, head, line_of(path, "return")]
    # The coroutine has returned to the one that awaits it, in the same task.
    assert walked[9] in (line_of(path, "call"), line_of(path, "result"))
    end = await agent.ok("continue")
    assert "[0, 3, 6, 9, 12]" in end.text


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_step_out_of_a_coroutine_comes_to_the_one_that_awaits_it(
    agent: Agent, program: Program, version: str
) -> None:
    path = program(GATHERED)
    here = {"file": str(path), "line": line_of(path, "await"), "condition": "n == 3", "temporary": True}
    await agent.ok("start", program=str(path), python=python_of(version), breakpoints=[here])
    stop = await agent.ok("step", kind="out")
    assert stop.data["task"] == "boss-3"
    assert " in boss" in stop.data["at"]


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_the_chain_of_awaiting_tasks_is_shown(agent: Agent, program: Program, version: str) -> None:
    path = program(GATHERED)
    here = {"file": str(path), "line": line_of(path, "add"), "condition": "n == 2", "temporary": True}
    await agent.ok("start", program=str(path), python=python_of(version), breakpoints=[here])
    stack = await agent.ok("get_stack")
    assert [line.split()[1] for line in stack.data["stack"]][:2] == ["count", "boss"]
    (above,) = stack.data["awaited by"]
    assert above.startswith("Task-1: main ")
    assert above.endswith(f"program.py:{line_of(path, 'gather')}")
    every = await agent.ok("get_stack", thread="all")
    assert every.text.splitlines()[0].endswith(" has 1 thread, 6 tasks")
    assert "task Task-1, waits for boss-0, boss-1, boss-2, …: " in every.text
    assert "task boss-2, runs now: " in every.text


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_waiting_task_shows_its_stack_and_its_variables(agent: Agent, program: Program, version: str) -> None:
    path = program(GATHERED)
    here = {"file": str(path), "line": line_of(path, "add"), "condition": "n == 2", "temporary": True}
    await agent.ok("start", program=str(path), python=python_of(version), breakpoints=[here])
    stack = await agent.ok("get_stack", thread="boss-1")
    frames = [line.split()[1] for line in stack.data["stack"]]
    assert frames[-2:] == ["count", "boss"]
    variables = await agent.ok("get_variables", thread="boss-1")
    assert "n: int = 1" in variables.data["items"]
    outer = await agent.ok("get_variables", thread="boss-1", frame=len(frames) - 1)
    assert outer.data["items"] == ["n: int = 1"]
    value = await agent.ok("evaluate", thread="boss-1", expression="n * 1000")
    assert value.data["value"] == "1000  (int)"
    assert "boss-1 waits, no thread runs it" in await agent.error("step", thread="boss-1")


async def test_a_task_that_waits_may_be_changed(agent: Agent, program: Program) -> None:
    path = program(GATHERED)
    here = {"file": str(path), "line": line_of(path, "add"), "condition": "n == 2", "temporary": True}
    await agent.ok("start", program=str(path), breakpoints=[here])
    await agent.ok("set_variable", thread="boss-1", path="total", value="1000")
    end = await agent.ok("continue")
    assert "[0, 1003, 6, 9, 12]" in end.text


async def test_a_step_at_the_end_of_a_task_comes_to_another_one_and_says_so(agent: Agent, program: Program) -> None:
    path = program(GATHERED)
    here = {"file": str(path), "line": line_of(path, "result"), "condition": "n == 1", "temporary": True}
    stop = await agent.ok("start", program=str(path), breakpoints=[here])
    assert stop.data["task"] == "boss-1"
    stop = await agent.ok("step")
    assert stop.state == "stopped"
    assert stop.data["task"] != "boss-1"


@pytest.mark.interpreters
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_page_in_a_program_of_a_thousand_tasks_is_short(agent: Agent, program: Program, version: str) -> None:
    path = program("""
        import asyncio

        async def child(k):
            await asyncio.sleep(100)  # @child

        async def job(k):
            await child(k)

        async def main():
            tasks = [asyncio.ensure_future(job(k)) for k in range(1000)]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            here = 1  # @here
            for task in tasks:
                task.cancel()

        asyncio.run(main())
    """)
    stop = await agent.ok(
        "start", program=str(path), python=python_of(version), breakpoints=[f"{path}:{line_of(path, 'here')}"]
    )
    assert stop.tokens <= 350
    every = await agent.ok("get_stack", thread="all")
    assert every.text.splitlines()[0].endswith(" has 1 thread, 1,001 tasks")
    assert "1,000 tasks (Task-2, Task-3, Task-4, Task-5, …): " in every.text
    assert every.tokens <= 300
    one = await agent.ok("get_variables", thread="Task-501")
    assert one.data["items"] == ["k: int = 499"]


async def test_tasks_in_a_loop_of_another_thread_are_seen(agent: Agent, program: Program) -> None:
    path = program("""
        import asyncio, threading
        up = threading.Event()

        async def serve():
            up.set()
            await asyncio.Event().wait()  # @wait

        thread = threading.Thread(target=lambda: asyncio.run(serve()), name="loop", daemon=True)
        thread.start()
        up.wait()
        here = 1  # @here
    """)
    stop = await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'here')}"])
    assert "task" not in stop.data
    every = await agent.ok("get_stack", thread="all")
    assert "serve " in every.text
    assert every.text.splitlines()[0].endswith(" has 2 threads, 1 task")


@pytest.mark.interpreters
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
async def test_a_task_group_and_an_async_generator_are_seen_through(
    agent: Agent, program: Program, version: str
) -> None:
    path = program("""
        import asyncio

        async def numbers():
            await asyncio.sleep(100)
            yield 1

        async def reader():
            async for number in numbers():
                print(number)

        async def stopper():
            await asyncio.sleep(0.01)
            here = 1  # @here
            raise ValueError("enough")

        async def main():
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(reader(), name="reader")
                    group.create_task(stopper(), name="stopper")
            except* ValueError:
                print("ended")

        asyncio.run(main())
    """)
    await agent.ok(
        "start", program=str(path), python=python_of(version), breakpoints=[f"{path}:{line_of(path, 'here')}"]
    )
    stack = await agent.ok("get_stack", thread="reader")
    assert [line.split()[1] for line in stack.data["stack"]][-2:] == ["numbers", "reader"]
    assert stack.data["awaited by"][0].startswith("Task-1: main ")
    own = await agent.ok("get_stack")
    assert own.data["awaited by"][0].startswith("Task-1: main ")
    assert "ended" in (await agent.ok("continue")).text


@apps.needed
async def test_tasks_of_trio_are_named_stepped_and_seen(agent: Agent, program: Program) -> None:
    path = program("""
        import trio

        async def child(n):
            total = 0
            for i in range(3):
                await trio.sleep(0.01 if n == 2 else 1)  # @await
                total += i * n  # @add
            return total

        async def main():
            async with trio.open_nursery() as nursery:
                for n in range(3):
                    nursery.start_soon(child, n, name=f"child-{n}")

        trio.run(main)
    """)
    here = {"file": str(path), "line": line_of(path, "await"), "condition": "n == 2", "temporary": True}
    stop = await agent.ok("start", program=str(path), python=apps.PYTHON, breakpoints=[here])
    assert stop.data["task"] == "child-2"
    for mark in ("add", "", "await", "add"):
        stop = await agent.ok("step")
        assert stop.data["task"] == "child-2"
        assert not mark or stop.line == line_of(path, mark)
    every = await agent.ok("get_stack", thread="all")
    assert every.text.splitlines()[0].endswith(" has 1 thread, 4 tasks")
    other = await agent.ok("get_variables", thread="child-1")
    assert "n: int = 1" in other.data["items"]
    stack = await agent.ok("get_stack")
    assert stack.data["awaited by"][0].startswith("__main__.main: main ")
    assert (await agent.ok("continue")).data["exit_code"] == 0


async def test_a_pause_in_an_idle_loop_says_how_many_tasks_wait(agent: Agent, program: Program) -> None:
    path = program("""
        import asyncio

        async def wait_for(what):
            print("up", flush=True)
            await what.wait()

        async def main():
            await asyncio.gather(*(wait_for(asyncio.Event()) for n in range(3)))

        asyncio.run(main())
    """)
    await agent.ok("start", program=str(path), ready="up\nup\nup")
    stop = await agent.ok("pause")
    for _ in range(20):
        if "tasks" in stop.data:
            break
        await agent.ok("continue", timeout_s=0.05)
        stop = await agent.ok("pause")
    assert stop.data["tasks"] == "4 wait: get_stack(thread='all') shows where"
    every = await agent.ok("get_stack", thread="all")
    assert "3 tasks (Task-2, Task-3, Task-4): " in every.text
