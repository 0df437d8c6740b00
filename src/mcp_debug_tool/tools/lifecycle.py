"""start, restart, stop, sessions: how a session begins and ends."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context
from pydantic import Field

from ..launching import Launch
from ..sessions import Session, SessionManager
from ..views import Answer, cut, exit_reason, path, sessions_page, tail
from .outcomes import outcome
from .parameters import Breakpoints, Detail, SessionId, Timeout, manager

BreakOn = Literal["uncaught", "raised", "user_unhandled"]


async def start(
    context: Context[SessionManager, Any],
    program: Annotated[str | None, Field(description="Path of a Python script.")] = None,
    module: Annotated[str | None, Field(description="Module to run as python -m does.")] = None,
    code: Annotated[str | None, Field(description="Code to run as python -c does.")] = None,
    args: Annotated[list[str], Field(description="Command line.")] = [],  # noqa: B006
    env: Annotated[
        dict[str, str | None] | None, Field(description="Variables added to the server's; null removes.")
    ] = None,
    cwd: Annotated[str | None, Field(description="Default: the server's.")] = None,
    python: Annotated[
        str | None, Field(description="Interpreter; default: the project's .venv or venv, VIRTUAL_ENV, the server's.")
    ] = None,
    breakpoints: Breakpoints = [],  # noqa: B006
    stop_on_entry: Annotated[bool, Field(description="Stop at the first line.")] = False,
    break_on: Annotated[list[BreakOn], Field(description="Exceptions to stop at; [] for none.")] = ["uncaught"],  # noqa: B006
    just_my_code: Annotated[bool, Field(description="Skip library code.")] = True,
    timeout_s: Timeout = 20.0,
    detail: Detail = "page",
) -> Answer:
    """Debug a Python program: launch a script, module or code under the debugger, set breakpoints, run. Answers with
    the first stop (breakpoint, uncaught exception: why, source, stack, variables) or with exit code and output. Use it
    to explain a crash, a wrong value or a hang. debugpy need not be installed in the program's environment."""
    launch = Launch(program, module, code, args, env, cwd, python, stop_on_entry, break_on, just_my_code)
    session = await manager(context).start(launch, [b.spec() for b in breakpoints])
    return await outcome(session, timeout_s, full=detail == "full", notes=_moved(session), start=_python(session))


async def restart(
    context: Context[SessionManager, Any],
    session: SessionId = None,
    timeout_s: Timeout = 20.0,
    detail: Detail = "page",
) -> Answer:
    """Run the same program again from the beginning, after an edit for example. Every breakpoint is set again, found by
    its line's text where lines have moved. Answers with the first stop or the exit."""
    found = manager(context).get(session)
    with found.command("restart"):
        came_to = found.came_to
        before = {b.id: b.place.line for b in found.wrapper.breakpoints.all() if b.place is not None}
        breakpoints = await manager(context).restart(found)
        notes = [f"{b.id} NOT SET: {b.problem}" for b in breakpoints if b.problem is not None]
        notes += [
            f"{b.id} followed its line from {before[b.id]} to {b.place.line}"
            for b in breakpoints
            if b.place is not None and b.id in before and before[b.id] != b.place.line
        ]
        notes += [f"the run before: {came_to}"] if came_to else []
        return await outcome(found, timeout_s, full=detail == "full", notes=notes)


async def stop(context: Context[SessionManager, Any], session: SessionId = None) -> Answer:
    """End a debugging session and its program; the line it stands at does not run. Answers with how it ended and the
    last of its output."""
    found = manager(context).get(session)
    ended_before = found.wrapper.exit
    await manager(context).stop(found)
    exit_ = ended_before or found.wrapper.exit
    how = exit_reason(exit_) if exit_ is not None else "ended"
    fields = {"session": found.id, "state": "ended", "reason": how, "output": tail(found.new_output(), 2000)}
    return Answer(f"{found.id} ended: {how}", fields)


async def sessions(context: Context[SessionManager, Any]) -> Answer:
    """List all debugging sessions: state, place, program, interpreter, process id and age."""
    return sessions_page([_line(session) for session in manager(context).all()])


def _line(session: Session) -> str:
    wrapper = session.wrapper
    state = wrapper.state.value
    if wrapper.stop is not None and wrapper.stop.frame is not None:
        frame = wrapper.stop.frame
        state += f" at {path(frame.file, session.prepared.cwd)}:{frame.line}"
    elif wrapper.exit is not None:
        state += f" ({exit_reason(wrapper.exit)})"
    parts = [f"{session.id} {state}", cut(session.prepared.what, 120), f"in {session.prepared.cwd}"]
    if session.alive:
        parts.append(f"pid {wrapper.pid}")
    unset = [b.id for b in wrapper.breakpoints.all() if b.problem is not None]
    if unset:
        parts.append(f"not set: {', '.join(unset)}")
    parts.append(f"age {time.monotonic() - session.started:.0f} s")
    return ", ".join(parts)


def _python(session: Session) -> str:
    interpreter = session.prepared.interpreter
    return f"{path(interpreter.path, session.prepared.cwd)} ({interpreter.origin})"


def _moved(session: Session) -> list[str]:
    return [
        f"{b.id} moved from line {b.place.moved_from} to {b.place.line}: {b.place.text}"
        for b in session.wrapper.breakpoints.all()
        if b.place is not None and b.place.moved_from is not None
    ]
