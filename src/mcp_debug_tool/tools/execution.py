"""continue, step, pause, wait: let the program run, and see where it comes to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import anyio
from mcp.server.mcpserver import Context
from pydantic import Field

from ..breakpoints import BreakpointSpec
from ..errors import InvalidArgument
from ..protocol.state import State
from ..session import Session
from ..session_manager import SessionManager
from ..stop_reader import MAX_FRAMES
from ..stops import Stop
from ..subjects import thread_to_move
from ..views import Answer
from .outcomes import compiled, outcome, page
from .parameters import Detail, SessionId, ThreadName, Timeout, TriggerAgain, manager
from .progress import Progress

_STEPS = {"over": "next", "into": "stepIn", "out": "stepOut"}


async def continue_(
    context: Context[SessionManager, Any],
    until: Annotated[str | None, Field(description="Run to this file:line, as a breakpoint for once.")] = None,
    trigger: TriggerAgain = None,
    thread: ThreadName = None,
    timeout_s: Timeout = None,
    session: SessionId = None,
    detail: Detail = "page",
) -> Answer:
    """Continue the stopped program to the next breakpoint, exception or its end; with thread only that one. Answers
    with the stop page, the exit, or 'still running'."""
    found, progress = manager(context).get(session), Progress(context)
    async with found.command("continue"):
        _require_stopped(found, "continue")
        subject, before = await found.wrapper.subject(thread), found.wrapper.stop
        if trigger is not None:
            await trigger.request().addresses(any_host=manager(context).settings.allow_remote)
        notes = await _run_until(found, until) if until is not None else []
        found.resumed_at = found.journal.end
        await found.wrapper.resume("continue", subject)
        if trigger is not None:
            await found.trigger(trigger.request())
        answer = await outcome(found, timeout_s, progress, full=detail == "full", notes=notes, until=until)
        if found.wrapper.stop is before:
            return _with_note(answer, f"{subject.process.name} runs; this process stood before and stands still")
        if subject.alone and found.state is State.RUNNING:
            return _with_note(
                answer, f"only {subject.name} runs, the other threads stand: pause, then continue for all"
            )
        return answer


def _with_note(answer: Answer, note: str) -> Answer:
    told = answer.fields.get("notes", ())
    notes = [*(told if isinstance(told, list) else ()), note]
    ahead = {name: value for name, value in answer.fields.items() if name not in ("notes", "next")}
    return Answer(answer.headline, {**ahead, "notes": notes, "next": answer.fields.get("next", "")})


async def _run_until(session: Session, until: str) -> list[str]:
    file, colon, line = until.rpartition(":")
    if not colon or not line.strip().isdigit():
        raise InvalidArgument("until", f"{until!r} is not file:line", hint="Such as app.py:42.")
    spec = BreakpointSpec(file=session.resolve_path(file, "until"), line=int(line))
    breakpoints = session.wrapper.breakpoints
    with anyio.CancelScope(shield=True):
        place = (await breakpoints.set(spec, internal=True)).place
    try:
        await anyio.lowlevel.checkpoint_if_cancelled()
    except anyio.get_cancelled_exc_class():
        # Left there, it would stop the program at some later time.
        with anyio.CancelScope(shield=True):
            await breakpoints.remove(breakpoints.table.internal_ids())
        raise
    if place is None or place.moved_from is None:
        return []
    return [f"line {place.moved_from} has no code: ran until {place.line}: {place.text}"]


def _require_stopped(session: Session, action: str) -> None:
    hint = "Call wait or pause first." if session.state is State.RUNNING else "Call restart or start."
    session.wrapper.require(action, hint)


async def step(
    context: Context[SessionManager, Any],
    kind: Annotated[
        Literal["over", "into", "out"], Field(description="over: the next line of this function.")
    ] = "over",
    count: Annotated[int, Field(ge=1, le=1000, description="Steps to take; another stop ends them.")] = 1,
    target: Annotated[str | None, Field(description="Step into this call of the line.")] = None,
    thread: ThreadName = None,
    timeout_s: Timeout = None,
    session: SessionId = None,
    detail: Detail = "page",
) -> Answer:
    """Step the stopped thread: over a line, into a call, or out of the function. Answers with the stop page, changed
    variables marked with their old value."""
    found, progress = manager(context).get(session), Progress(context)
    async with found.command("step"):
        _require_stopped(found, "step")
        subject = await found.wrapper.subject(thread)
        before = found.wrapper.stop
        if target is not None:
            thread_to_move(subject)
            await subject.aim(target)
        found.resumed_at = found.journal.end
        for taken in range(1, count + 1):
            await found.wrapper.resume(_STEPS[kind if target is None or taken > 1 else "over"], subject)
            notes = [f"{taken} of {count} steps taken"] if count > 1 else []
            answer = await outcome(found, timeout_s, progress, full=detail == "full", notes=notes)
            stop = found.wrapper.stop
            if stop is None or stop.reason != "step" or stop.breakpoints:
                return answer
            subject = await found.wrapper.subject(None)
        if count == 1 and (note := _of_calls_passed(found, kind, target, before, stop)):
            return _with_note(answer, note)
        return answer


def _of_calls_passed(session: Session, kind: str, target: str | None, before: Stop | None, after: Stop | None) -> str:
    """What is to be said of a step that was to enter a call, and has entered none."""
    if before is None or after is None or before.frame is None or len(before.frames) >= MAX_FRAMES:
        return ""
    if len(after.frames) > len(before.frames):
        return ""
    if target is not None:
        return f"{target} was not entered: it was not called, or only C or library code was"
    if kind != "into" or not before.views or not session.just_my_code or len(after.frames) != len(before.frames):
        return ""
    view = before.views[0]
    line = view.source[view.frame.line - view.first_line] if view.source else ""
    only_library = "only library code was called there, and just_my_code passes over it: set a breakpoint in it"
    return only_library if "(" in line else ""


async def pause(
    context: Context[SessionManager, Any],
    thread: ThreadName = None,
    timeout_s: Timeout = 5.0,
    session: SessionId = None,
) -> Answer:
    """Pause the running program where it is, even in a sleep, a lock, input() or a socket: find out why it hangs.
    Answers with the stop page."""
    found = manager(context).get(session)
    subject = await found.wrapper.subject(thread) if thread is not None else None
    if found.state is State.STOPPED if subject is None else subject.stop is not None:
        if subject is not None:
            found.wrapper.show(subject)
        return page(found, notes=["it was stopped already"])
    if found.state is not State.STOPPED:
        found.wrapper.require("pause", "Call restart or start.")
        found.wrapper.stop_waiting_for_step()
    await found.wrapper.pause(subject)
    answer = await outcome(found, timeout_s, Progress(context))
    if found.state is State.RUNNING:
        note = "the pause is pending: the program is inside C code and stops when that returns; wait, or stop to end it"
        return _with_note(answer, note)
    stop = found.wrapper.stop
    if subject is not None and stop is not None and subject.thread_id not in (0, stop.thread_id):
        return _with_note(
            answer, f"{subject.name} is in a call that has to return first: get_stack(thread=...) shows it"
        )
    return answer


async def wait(
    context: Context[SessionManager, Any],
    for_: Annotated[
        str, Field(description="stop (or exit), exit, or a regular expression to be found in the output since it runs.")
    ] = "stop",
    timeout_s: Timeout = None,
    session: SessionId = None,
) -> Answer:
    """Wait for the running program: until it stops or exits, or until its output matches a pattern."""
    found = manager(context).get(session)
    pattern = None
    if for_ not in ("stop", "exit"):
        pattern = compiled("for", for_)
    found.wrapper.stop_waiting_for_step()
    return await outcome(found, timeout_s, Progress(context), pattern=pattern, exit_only=for_ == "exit")
