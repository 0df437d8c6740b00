"""goto, modules, complete: what only a few tasks need, in the full profile."""

from __future__ import annotations

from typing import Annotated, Any

from mcp.server.mcpserver import Context
from pydantic import Field

from ..errors import AdapterError, InvalidArgument, WrongState
from ..protocol.state import State
from ..session import Session
from ..session_manager import SessionManager
from ..stops import Frame
from ..subjects import Subject, thread_to_move
from ..views import Answer, completions_page, modules_page, path
from .outcomes import compiled, outcome
from .parameters import FrameIndex, SessionId, ThreadName, manager
from .progress import Progress

GOTO_SECONDS = 10.0
COMPLETE_SECONDS = 10.0
MAX_COMPLETIONS = 50


async def goto(
    context: Context[SessionManager, Any],
    line: Annotated[int, Field(description="In the function that is stopped.")],
    file: Annotated[str | None, Field(description="To be sure of it: its file.")] = None,
    thread: ThreadName = None,
    session: SessionId = None,
) -> Answer:
    """Set the next statement: the stopped thread goes on at another line of its function. What lies between is not run,
    and nothing is undone. Answers with the stop page."""
    found = manager(context).get(session)
    async with found.command("goto"):
        _require(found, "step")
        subject = await found.wrapper.subject(thread)
        thread_to_move(subject)
        frame = await _frame_to_move(found, subject, file)
        target = await subject.line_target(frame, line)
        found.resumed_at = found.journal.end
        try:
            await found.wrapper.resume("goto", subject, target)
        except AdapterError as error:
            reason = str(error).partition(": ")[2]
            raise InvalidArgument("line", f"Python does not go to line {line} from {frame.line}: {reason}") from error
        return await outcome(found, GOTO_SECONDS, Progress(context))


async def _frame_to_move(session: Session, subject: Subject, file: str | None) -> Frame:
    """The frame the thread stands in, where it can be moved within it.

    Raises:
        WrongState: the thread stands where Python lets no line be chosen.
        InvalidArgument: it stands in another file.
    """
    stop = subject.stop
    if stop is not None and not subject.key and stop.exception:
        raise WrongState(
            f"{subject.name} stands at an exception: from there Python goes to no other line",
            hint="Set a breakpoint before it and restart.",
        )
    frame = await subject.frame(0)
    if file is not None and session.resolve_path(file) != frame.file:
        cwd = session.prepared.cwd
        raise InvalidArgument("file", f"{subject.name} stands in {frame.function} of {path(frame.file, cwd)}")
    return frame


async def modules(
    context: Context[SessionManager, Any],
    filter: Annotated[str | None, Field(description="Regular expression on names.")] = None,
    start: Annotated[int, Field(ge=0, description="First module.")] = 0,
    count: Annotated[int, Field(ge=1, le=200, description="Modules.")] = 30,
    thread: ThreadName = None,
    session: SessionId = None,
) -> Answer:
    """List the modules the program has loaded, each with version and file: which copy of a package is it? The user's
    own come first."""
    found = manager(context).get(session)
    if filter is not None:
        compiled("filter", filter)
    if found.state not in (State.RUNNING, State.STOPPED):
        _require(found, "inspect")
    subject = await found.wrapper.subject_of_any_state(thread)
    page = await subject.modules(filter, start, count)
    return modules_page(found.id, page, start, found.prepared.cwd)


async def complete(
    context: Context[SessionManager, Any],
    text: Annotated[str, Field(description="An expression as far as it is written: order.it, data['a.")],
    column: Annotated[int | None, Field(ge=0, description="Characters before the cursor; by default all.")] = None,
    frame: FrameIndex = None,
    thread: ThreadName = None,
    session: SessionId = None,
) -> Answer:
    """Complete an expression at the cursor: the names of a frame, the attributes of a value or the keys of a dict, each
    with its kind. Nothing of the program is run for it."""
    found = manager(context).get(session)
    _require(found, "inspect")
    subject = await found.wrapper.subject(thread)
    where = await subject.frame(frame)
    arguments = {"text": text, "column": column, "most": MAX_COMPLETIONS}
    page = await subject.inspect("complete", where, arguments, seconds=COMPLETE_SECONDS)
    if "error" in page:
        raise InvalidArgument("text", page["error"])
    return completions_page(found.id, page)


def _require(session: Session, action: str) -> None:
    hint = "Call wait or pause first." if session.state is State.RUNNING else "Call restart or start."
    session.wrapper.require(action, hint)
