"""The plans: each says in what order to call which tools for one kind of trouble, the arguments filled in.

Every call stands between backticks as it is to be made; tests read them from there and hold them against the tools.
"""

from __future__ import annotations

import json


def failing_test(test: str) -> str:
    """Why does this test fail?"""
    node = json.dumps(test, ensure_ascii=False)
    return f"""\
Find out with the debugger why the test {test} fails, then mend the cause.
1. `start(pytest=[{node}])` runs it to the failing assertion and answers with source, stack, locals and fixtures. \
If it passes, it is flaky: `stop()`, then `start(pytest=[{node}], repeat=20)` runs it until it fails.
2. Look before you guess: `get_variables(path="NAME")`, `evaluate(expression="EXPRESSION")`; the caller is \
`get_variables(frame=1)`.
3. Where a value is wrong already, go to where it is made: `set_breakpoint(file="FILE", text="A PIECE OF THE LINE")`, \
`restart()`, then `step(kind="over")` or `step(kind="into")` until it turns wrong.
4. Say the cause in one sentence, with the values that prove it.
5. Mend it, then `restart()`: exit code 0 is the proof. `stop()` at the end."""


def crash(program: str) -> str:
    """Why does this program crash?"""
    name = json.dumps(program, ensure_ascii=False)
    return f"""\
Find out with the debugger why {program} crashes.
1. `start(program={name})` runs it, and stops where an uncaught exception was raised: no breakpoint is needed. Give \
args, env or cwd as the user runs it; input goes in by `get_output(send="LINE\\n")`.
2. Read the exception and its causes, then the frames that led there: `get_stack()`, `get_variables(frame=1)`, \
`evaluate(expression="EXPRESSION", frame=1)`.
3. If it was raised far from its cause: `set_breakpoint(file="FILE", text="A PIECE OF THE LINE", \
condition="CONDITION")` where the bad value comes from, then `restart()`.
4. If an exception is swallowed: `start(program={name}, break_on=["raised"])` stops at each one that is raised.
5. Say which value was wrong, where it came from and which line let it through. Mend it, then `restart()`: exit code 0 \
is the proof. `stop()` at the end."""


def hang_of_program(program: str) -> str:
    """Why does this program hang?"""
    name = json.dumps(program, ensure_ascii=False)
    return _hang(
        f"Find out with the debugger why {program} hangs.",
        f"`start(program={name}, timeout_s=10)` answers 'still running' once it hangs.",
    )


def hang_of_process(pid: int) -> str:
    """Why does this running process hang?"""
    return _hang(
        f"Find out with the debugger why process {pid} hangs.",
        f"`attach(pid={pid})` joins it as it is; it goes on running.",
    )


def _hang(what: str, first: str) -> str:
    return f"""\
{what}
1. {first}
2. `pause()` stops it where it is, also in a sleep, a lock, input() or a socket.
3. `get_stack(thread="all")` shows where every thread, task and process is: look for two that wait for each other, one \
that waits for what never comes, or a loop.
4. What is waited for: `get_variables(frame=0)`, `evaluate(expression="EXPRESSION")`; another thread by its name: \
`get_variables(thread="THREAD", frame=0)`.
5. Is it a loop? `step(kind="over", count=20)` and see which variables change, or `continue(timeout_s=2)` and \
`pause()` again: the same place twice is where it hangs.
6. Say who waits for whom or which condition never comes true, with the values. `stop()` ends what was started here \
and lets go what was attached to."""


def state_change(program: str, expression: str) -> str:
    """Where does this expression change its value?"""
    name, asked = json.dumps(program, ensure_ascii=False), json.dumps(expression, ensure_ascii=False)
    return f"""\
Find the line of {program} at which {expression} gets its wrong value.
1. Read the source for the lines that may change it, then log there without stopping, one for each: \
`set_breakpoint(file={name}, text="A PIECE OF THE LINE", log_message={json.dumps(f"{{{expression}!r}}")})`.
2. `start(program={name})`, then `get_output(stream="log")`: the first log line that is wrong names the stretch in \
which it happens.
3. Stop there and only when it is wrong: `set_breakpoint(file={name}, text="A PIECE OF THE LINE", \
condition="CONDITION")`, then `restart()`.
4. `evaluate(expression={asked})` before and after `step(kind="over")`; where a call changes it, `restart()` and go \
in: `step(kind="into")`. Halve the stretch with breakpoints instead of stepping through all of it.
5. Say the line, the value before and after, and who called it (`get_stack()`). Mend it, then `restart()` and check. \
`stop()` at the end."""
