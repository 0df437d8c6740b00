"""get_output: by cursor, by stream, by pattern; and input sent to the program."""

from __future__ import annotations

import pytest
from agent import Agent, line_of

from conftest import Program

pytestmark = pytest.mark.anyio


async def test_output_is_read_by_cursor_and_nothing_twice(both: Agent, program: Program) -> None:
    path = program("""
        import sys
        print("one")
        print("error", file=sys.stderr)
        pass  # @first
        print("two")
        pass  # @second
    """)
    places = [f"{path}:{line_of(path, mark)}" for mark in ("first", "second")]
    stop = await both.ok("start", program=str(path), breakpoints=places)
    assert sorted(stop.data["output"].split()) == ["error", "one"]
    stop = await both.ok("continue")
    assert stop.data["output"] == "two\n"
    assert "no new output" in (await both.ok("get_output")).text
    whole = await both.ok("get_output", since=0, stream="stdout")
    assert whole.data["output"] == "one\ntwo\n"
    assert (await both.ok("get_output", since=0, stream="stderr")).data["output"] == "error\n"
    assert (await both.ok("get_output", since=0, pattern="^t")).data["output"] == "two"
    piece = await both.ok("get_output", since=whole.data["cursor"])
    assert "no new output" in piece.text


async def test_what_is_printed_is_there_at_a_stop_although_it_is_buffered(both: Agent, program: Program) -> None:
    path = program("import sys\nsys.stdout.write('partial')\nx = 1  # @here\n")
    stop = await both.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'here')}"])
    assert stop.data["output"] == "partial"


async def test_a_program_is_driven_through_its_prompts(both: Agent, program: Program) -> None:
    path = program("""
        name = input("name? ")
        age = input("age? ")
        print(f"{name} is {age}")
        import sys
        print(repr(sys.stdin.read()))
    """)
    await both.ok("start", program=str(path), timeout_s=0)
    await both.ok("wait", **{"for": "name"})
    await both.ok("get_output", send="Ada\n")
    await both.ok("get_output", send="36\nrest\n\x04")
    gone = await both.ok("wait", **{"for": "exit"})
    assert gone.data["exit_code"] == 0
    assert "Ada is 36\n'rest\\n'" in (await both.ok("get_output", since=0)).data["output"]
    assert "has exited" in await both.error("get_output", send="too late\n")


async def test_a_flood_of_output_is_kept_in_bounds_and_counted(agent: Agent, program: Program) -> None:
    path = program("""
        import sys
        for n in range(200_000):
            sys.stdout.write(f"line {n:06}\\n")
    """)
    gone = await agent.ok("start", program=str(path))
    assert gone.data["exit_code"] == 0
    assert gone.data["output"].endswith("line 199999\n")
    assert gone.tokens < 1000
    start = await agent.ok("get_output", since=0, limit=1000)
    dropped = int(start.data["dropped"].split()[0].replace(",", ""))
    produced = 200_000 * len("line 000000\n")
    assert dropped + 1024 * 1024 == produced
    assert start.data["cursor"] == dropped + 1000


async def test_bytes_that_are_no_text_become_visible(agent: Agent, program: Program) -> None:
    path = program(r"""
        import os
        os.write(1, b"caf\xc3\xa9 \xff\x00\x1b[2J\x1b[31m\n")  # colours say nothing and are left out
    """)
    gone = await agent.ok("start", program=str(path))
    assert gone.data["output"] == "café \\xff\\x00\\x1b[2J\n"


async def test_output_of_a_program_that_writes_like_a_protocol_stays_output(agent: Agent, program: Program) -> None:
    path = program("""
        print('{"jsonrpc": "2.0", "id": 1, "result": {}}')
        print("Content-Length: 2\\r\\n\\r\\n{}")
    """)
    gone = await agent.ok("start", program=str(path))
    assert '"jsonrpc": "2.0"' in gone.data["output"]
    assert (await agent.ok("sessions")).data["sessions"]
