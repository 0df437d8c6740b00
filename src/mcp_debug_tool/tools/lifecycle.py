"""start, restart, stop, sessions: how a session begins and ends; attach has a file of its own."""

from __future__ import annotations

import time
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from pydantic import BeforeValidator, Field

from ..preparing.break_on import exception_classes
from ..preparing.launching import Launch
from ..session import Session
from ..session_manager import SessionManager
from ..views import Answer, cut, exit_reason, path, sessions_page, tail
from .outcomes import outcome
from .parameters import BreakOn, Breakpoints, Detail, JustMyCode, SessionId, Timeout, Trigger, as_list, manager
from .progress import Progress
from .readiness import checked_readiness, first_outcome


async def start(
    context: Context[SessionManager, Any],
    program: Annotated[str | None, Field(description="A Python script.")] = None,
    module: Annotated[str | None, Field(description="As python -m.")] = None,
    code: Annotated[str | None, Field(description="As python -c.")] = None,
    pytest: Annotated[
        list[str] | None,
        BeforeValidator(as_list),
        Field(description="Node ids, such as tests/test_x.py::test_y[1]; [] for all. Stops at each failing assertion."),
    ] = None,
    command: Annotated[
        str | None, Field(description="Command line as typed: 'uvicorn app:app --reload', './manage.py runserver'.")
    ] = None,
    configuration: Annotated[
        str | None, Field(description="Name of an entry in .vscode/launch.json; program is its ${file}.")
    ] = None,
    args: list[str] = [],  # noqa: B006
    env: Annotated[
        dict[str, str | None] | None, Field(description="Variables added to the server's; null removes.")
    ] = None,
    env_file: str | None = None,
    cwd: Annotated[str | None, Field(description="Default: the server's.")] = None,
    python: Annotated[
        str | None, Field(description="Default: the project's .venv or venv, VIRTUAL_ENV, the server's.")
    ] = None,
    breakpoints: Breakpoints = [],  # noqa: B006
    stop_on_entry: bool = False,
    break_on: BreakOn = ["uncaught"],  # noqa: B006
    just_my_code: JustMyCode = True,
    follow_children: bool = True,
    ready: Annotated[
        str | int | None, Field(description="A server is up when its output matches this, or this port listens.")
    ] = None,
    trigger: Trigger = None,
    repeat: Annotated[int, Field(ge=1, le=1000, description="Run until it fails, this often at most.")] = 1,
    timeout_s: Timeout = None,
    detail: Detail = "page",
) -> Answer:
    """Debug a Python program: launch a script, module, code, pytest or any command under the debugger, set breakpoints,
    run. Answers with the first stop (breakpoint, uncaught exception, failing test: why, source, stack, variables), or
    with exit code and output. Explains a crash, a failing test, a wrong value, a hang. Nothing need be installed in
    its environment."""
    launch = Launch(
        program=program,
        module=module,
        code=code,
        pytest=pytest,
        command=command,
        configuration=configuration,
        args=args,
        env=env,
        env_file=env_file,
        cwd=cwd,
        python=python,
        stop_on_entry=stop_on_entry,
        break_on=break_on,
        just_my_code=just_my_code,
        follow_children=follow_children,
    )
    readiness = checked_readiness(ready)
    request = trigger.request() if trigger is not None else None
    if request is not None:
        # Names are looked up now, so that a refusal comes before anything is started.
        await request.addresses(any_host=manager(context).settings.allow_remote)
    specs = [*(b.spec() for b in breakpoints), *exception_classes(break_on)]
    progress, beginning = Progress(context), manager(context).settings.connect_limit
    session = await progress.of_beginning(
        "starting", beginning, lambda: manager(context).start(launch, specs, repeat=repeat)
    )
    answer = await first_outcome(
        session,
        timeout_s,
        progress,
        readiness=readiness,
        trigger=request,
        full=detail == "full",
        notes=[*session.prepared.notes, *session.terms, *_moved(session)],
        start=session.prepared.python,
    )
    if session.wrapper.findings.failure is not None:
        failure = session.wrapper.findings.failure
        failure.output = failure.output or session.new_output().text
        await manager(context).stop(session)
        raise failure
    return answer


async def restart(
    context: Context[SessionManager, Any],
    session: SessionId = None,
    timeout_s: Timeout = None,
) -> Answer:
    """Run the same program again from the beginning. Every breakpoint is set again, found by
    its line's text where lines have moved. Answers with the first stop or the exit."""
    found = manager(context).get(session)
    async with found.command("restart"):
        came_to = found.came_to
        seeds = [] if found.repeat is None else found.seeds()[:1]
        before = {b.id: b.place.line for b in found.wrapper.breakpoints.table.all() if b.place is not None}
        progress, beginning = Progress(context), manager(context).settings.connect_limit
        breakpoints = await progress.of_beginning(
            f"{found.id} restarting", beginning, lambda: manager(context).restart(found)
        )
        notes = [f"{b.id} NOT SET: {b.problem}" for b in breakpoints if b.problem is not None]
        notes += [
            f"{b.id} followed its line from {before[b.id]} to {b.place.line}"
            for b in breakpoints
            if b.place is not None and b.id in before and before[b.id] != b.place.line
        ]
        notes += [f"the run before: {came_to}"] if came_to else []
        notes += [f"again with {seed}" for seed in seeds]
        return await outcome(found, timeout_s, progress, notes=notes)


async def stop(context: Context[SessionManager, Any], session: SessionId = None) -> Answer:
    """End a debugging session and its program; the line it stands at does not run. An attached program is let go and
    runs on. Answers with how it ended and the last of its output."""
    found = manager(context).get(session)
    ended_before = found.wrapper.exit
    await manager(context).stop(found)
    exit_ = ended_before or found.wrapper.exit
    how = exit_reason(exit_) if exit_ is not None else "ended" if found.prepared.is_launched else "let go, it runs on"
    fields = {"session": found.id, "state": "ended", "reason": how, "output": tail(found.new_output(), 2000)}
    return Answer(f"{found.id} ended: {how}", fields)


async def sessions(context: Context[SessionManager, Any]) -> Answer:
    """List all debugging sessions: state, place, program, interpreter, process id and age."""
    return sessions_page([session_line(session) for session in manager(context).all()])


def session_line(session: Session) -> str:
    """A session in a line."""
    wrapper = session.wrapper
    state = wrapper.state.value
    if wrapper.stop is not None and wrapper.stop.frame is not None:
        frame = wrapper.stop.frame
        state += f" at {path(frame.file, session.prepared.cwd)}:{frame.line}"
    elif wrapper.exit is not None:
        state += f" ({exit_reason(wrapper.exit)})"
    parts = [f"{session.id} {state}", cut(session.prepared.what, 120), f"in {session.prepared.cwd}"]
    if len(wrapper.tree.shown) > 1:
        parts.append("processes: " + "; ".join(cut(process, 500) for process in wrapper.tree.lines()))
    elif session.alive and wrapper.pid:
        parts.append(f"pid {wrapper.pid}")
    if session.repeat is not None:
        parts.append(session.repeat.describe())
    if unfollowed := [cut(child, 300) for child in wrapper.findings.unfollowed]:
        more = f" and {len(unfollowed) - 3} more: list_breakpoints" if len(unfollowed) > 3 else ""
        parts.append(f"not followed: {'; '.join(unfollowed[:3])}{more}")
    unset = [b.id for b in wrapper.breakpoints.table.all() if b.problem is not None]
    if unset:
        parts.append(f"not set: {', '.join(unset)}")
    parts.append(f"age {time.monotonic() - session.started:.0f} s")
    return ", ".join(parts)


def _moved(session: Session) -> list[str]:
    return [
        f"{b.id} moved from line {b.place.moved_from} to {b.place.line}: {b.place.text}"
        for b in session.wrapper.breakpoints.table.all()
        if b.place is not None and b.place.moved_from is not None
    ]
