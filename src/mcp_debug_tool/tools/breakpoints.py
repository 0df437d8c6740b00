"""set_breakpoint, list_breakpoints, remove_breakpoint."""

from __future__ import annotations

import os
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from pydantic import Field

from ..breakpoints import Breakpoint, BreakpointSpec
from ..errors import InvalidArgument, UsageError
from ..session import Session
from ..session_manager import SessionManager
from ..sessions import Sessions, absolute
from ..unhit import why_not_hit
from ..views import Answer, breakpoint_line, breakpoints_page, cut
from .parameters import SessionId, manager


async def set_breakpoint(
    context: Context[SessionManager, Any],
    file: Annotated[str | None, Field(description="Source file, with line or text.")] = None,
    line: Annotated[int | None, Field(description="1-based; moved to the next line with code.")] = None,
    text: Annotated[str | None, Field(description="A piece of the line's source, instead of its number.")] = None,
    function: Annotated[str | None, Field(description="Stop on entry: f, K.method or package.module.f.")] = None,
    exception: Annotated[
        str | None, Field(description="Stop when this or a subclass is raised: ValueError, pkg.errors.Bad.")
    ] = None,
    condition: Annotated[
        str | None, Field(description="Expression: stop only when true. For exception, `exception` is the object.")
    ] = None,
    hit_condition: Annotated[str | None, Field(description="5, >=5, >5 or %5, counting true conditions.")] = None,
    log_message: Annotated[str | None, Field(description="Print this instead of stopping: 'x={x!r}'.")] = None,
    temporary: Annotated[bool, Field(description="Remove after the first stop.")] = False,
    session: SessionId = None,
) -> Answer:
    """Set a breakpoint, conditional breakpoint, log point or exception breakpoint, at any time; before a start it waits
    for it. Answers with its id, its real line and that line's source."""
    spec = BreakpointSpec(file, line, text, function, exception, condition, hit_condition, log_message, temporary)
    spec.check()
    sessions = manager(context)
    if session is None and not any(s.alive for s in sessions.all()):
        return _pending(sessions, spec)
    found = sessions.get(session)
    found.wrapper.require("set breakpoints", "Call restart or start.")
    limit = sessions.settings.max_breakpoints
    if len(found.wrapper.breakpoints.table.all()) >= limit:
        raise UsageError(f"{limit} breakpoints are set, which is the limit", hint="Call remove_breakpoint.")
    breakpoint = await found.wrapper.breakpoints.set(absolute(spec, found.prepared.source_folders))
    shown = breakpoint_line(breakpoint, found.prepared.cwd)
    place = breakpoint.place
    fields: dict[str, Any] = {"session": found.id, "breakpoint": shown, "verified": "yes"}
    if place is not None and place.unverified:
        fields["verified"] = "not yet"
    if place is not None and found.wrapper.breakpoints.is_library(place.in_program):
        fields["note"] = "library code: its package now counts as your code for steps and stacks"
    if place is not None and place.is_edited:
        fields["note"] = "the file was edited after the program started: restart to run the new text"
    return Answer(f"{found.id} set {shown}", fields)


def _pending(sessions: Sessions, spec: BreakpointSpec) -> Answer:
    folders = sessions.all()[-1].prepared.source_folders if sessions.all() else (sessions.settings.cwd,)
    spec = absolute(spec, folders)
    if len(sessions.pending) >= sessions.settings.max_breakpoints:
        raise UsageError("too many breakpoints wait for a start", hint="Call remove_breakpoint with all=true.")
    if spec not in sessions.pending:
        sessions.pending.append(spec)
    text = f"{spec.what()}: waits for the next start or restart, where its line is verified"
    return Answer(text, {"breakpoint": text, "next": "start or restart"})


async def list_breakpoints(context: Context[SessionManager, Any], session: SessionId = None) -> Answer:
    """List the breakpoints of a session: id, line, its source, condition, hits so far, and why one is not set."""
    sessions = manager(context)
    waiting = [spec.what() for spec in sessions.pending]
    if session is None and not sessions.all():
        return Answer(f"{len(waiting)} breakpoints wait for start", {"waiting": waiting, "next": "start"})
    found = sessions.get(session)
    if found.alive:
        await found.wrapper.breakpoints.refresh()
    every = found.wrapper.breakpoints.table.all()
    headline = f"{found.id} has {len(every)} breakpoint{'s' if len(every) != 1 else ''}"
    unhit = {b.id: why_not_hit(b) for b in every if not b.hits}
    page = breakpoints_page(found.id, every, found.prepared.cwd, headline, unhit)
    left_out = [cut(child, 160) for child in found.wrapper.findings.unfollowed] if unhit else []
    return Answer(
        headline, {**page.fields, "waiting for start or restart": waiting, "children without the debugger": left_out}
    )


async def remove_breakpoint(
    context: Context[SessionManager, Any],
    breakpoint: Annotated[str | None, Field(description="Id, such as b2.")] = None,
    file: Annotated[str | None, Field(description="All in this file.")] = None,
    all: Annotated[bool, Field(description="All of the session.")] = False,
    session: SessionId = None,
) -> Answer:
    """Remove one breakpoint by id, those of a file, or all. Answers with what is left."""
    if sum((breakpoint is not None, file is not None, all)) != 1:
        raise InvalidArgument("breakpoint", "give exactly one of breakpoint, file and all")
    sessions = manager(context)
    if all and session is None and not any(s.alive for s in sessions.all()):
        sessions.pending.clear()
        if not sessions.all():
            return Answer("no breakpoint is left", {"breakpoints": 0})
    found = sessions.get(session)
    chosen = _chosen(found, breakpoint, file)
    if found.alive:
        await found.wrapper.breakpoints.remove([b.id for b in chosen])
    else:
        found.wrapper.breakpoints.table.remove(b.id for b in chosen)
    left = found.wrapper.breakpoints.table.all()
    removed = ", ".join(b.id for b in chosen) or "nothing"
    return breakpoints_page(found.id, left, found.prepared.cwd, f"{found.id} removed {removed}; {len(left)} left")


def _chosen(session: Session, breakpoint: str | None, file: str | None) -> list[Breakpoint]:
    every = session.wrapper.breakpoints.table.all()
    if breakpoint is not None:
        one = [b for b in every if b.id == breakpoint]
        if not one:
            known = ", ".join(b.id for b in every) or "none"
            raise InvalidArgument(
                "breakpoint", f"there is no {breakpoint!r}; set: {known}", hint="See list_breakpoints."
            )
        return one
    if file is not None:
        wanted = os.path.realpath(session.resolve_path(file))
        return [b for b in every if b.place is not None and os.path.realpath(b.place.file) == wanted]
    return every
