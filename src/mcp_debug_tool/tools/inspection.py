"""get_stack, get_variables, evaluate, set_variable: look into the stopped program."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context
from pydantic import Field

from ..errors import AdapterError, InvalidArgument, WrongState
from ..protocol.state import State
from ..session import Session
from ..session_manager import SessionManager
from ..stops import Frame
from ..subjects import Subject
from ..uris import value_uri
from ..views import Answer, assigned_page, evaluation_page, is_cut, overview_page, stack_page, variables_page, visible
from ..whereabouts import everywhere
from ..whole_values import MAX_CHARS, MAX_VALUES
from .callers import masks
from .outcomes import compiled
from .parameters import FrameIndex, SessionId, ThreadName, manager

# The program ends an evaluation at its own limit; the request waits a little longer to hear of it.
GRACE_SECONDS = 3.0
MAX_VALUE_CHARS = 16_000
# What the program may take to show all of a value that was cut.
WHOLE_SECONDS = 1.0


async def get_stack(
    context: Context[SessionManager, Any],
    thread: Annotated[str | None, Field(description="Or 'all': where every thread, task and process is.")] = None,
    start: Annotated[int, Field(ge=0, description="First frame.")] = 0,
    count: Annotated[int, Field(ge=1, le=100, description="Frames.")] = 20,
    session: SessionId = None,
) -> Answer:
    """Get the call stack of the stopped program, innermost frame first, library frames included, and who awaits its
    task. The index before each frame is what other tools take as frame."""
    found = manager(context).get(session)
    cwd = found.prepared.cwd
    if thread == "all":
        _require_alive(found)
        return overview_page(found.id, await everywhere(found.wrapper.tree), cwd)
    if thread is None:
        _require_stopped(found)
    subject = await found.wrapper.subject(thread)
    return stack_page(found.id, subject.name, await subject.stack(start, count), cwd, start)


async def get_variables(
    context: Context[SessionManager, Any],
    path: Annotated[str | None, Field(description="A value to open, such as order.items[3].price.")] = None,
    frame: FrameIndex = None,
    thread: ThreadName = None,
    scope: Annotated[Literal["locals", "globals"], Field(description="Without path.")] = "locals",
    filter: Annotated[str | None, Field(description="Regular expression on names.")] = None,
    depth: Annotated[int, Field(ge=1, le=4, description="Levels.")] = 1,
    start: Annotated[int, Field(ge=0, description="First item.")] = 0,
    count: Annotated[int, Field(ge=1, le=200, description="Items.")] = 30,
    session: SessionId = None,
) -> Answer:
    """Get the variables of a frame, or with path the attributes and items inside one value, paged however large it is.
    Names, types and values; long ones are cut and say so."""
    found = manager(context).get(session)
    if filter is not None:
        compiled("filter", filter)
    subject, where = await _frame(found, thread, frame)
    page = await subject.inspect(
        "variables",
        where,
        {
            "scope": scope,
            "path": path,
            "pattern": filter,
            "depth": depth,
            "start": start,
            "count": count,
            "max_chars": 200,
        },
        seconds=10.0,
    )
    if "error" in page:
        raise InvalidArgument("path", page["error"], hint="See get_variables without path, or use evaluate.")
    return variables_page(found.id, path or f"{scope} of {where.function}", page)


async def evaluate(
    context: Context[SessionManager, Any],
    expression: Annotated[str | list[str], Field(description="Expression or statements, or a list of them.")],
    frame: FrameIndex = None,
    thread: ThreadName = None,
    timeout_s: Annotated[float, Field(gt=0, le=30, description="Seconds for each; then it is interrupted.")] = 5.0,
    max_chars: Annotated[int, Field(ge=20, le=MAX_VALUE_CHARS, description="Longest value.")] = 1000,
    session: SessionId = None,
) -> Answer:
    """Evaluate Python in a frame of the stopped program: expressions give their value and type, statements run and may
    change variables, an exception is shown."""
    found = manager(context).get(session)
    expressions = [expression] if isinstance(expression, str) else expression
    if not expressions or not all(text.strip() for text in expressions) or len(expressions) > 20:
        raise InvalidArgument("expression", "give 1 to 20 expressions, none of them empty")
    async with found.command("evaluate"):
        subject, where = await _frame(found, thread, frame)
        page = await subject.inspect(
            "evaluate",
            where,
            {
                "expressions": expressions,
                "seconds": timeout_s,
                "max_chars": max_chars,
                "whole": (MAX_CHARS // len(expressions), WHOLE_SECONDS),
            },
            seconds=(timeout_s + WHOLE_SECONDS) * len(expressions) + GRACE_SECONDS,
        )
        wholes = [
            masks(context).named(asked, visible(result["whole"]))
            for asked, result in zip(expressions, page["results"], strict=True)
            if "whole" in result and not is_cut(result["whole"])
        ]
        kept = [value_uri(found.id, found.whole_values.keep(whole)) for whole in wholes[-MAX_VALUES:]]
        return evaluation_page(found.id, expressions, page, found.new_output(), kept)


async def set_variable(
    context: Context[SessionManager, Any],
    path: Annotated[str, Field(description="What to assign to: total, order.items[3].price.")],
    value: Annotated[str, Field(description="A Python expression, evaluated in the frame.")],
    frame: FrameIndex = None,
    thread: ThreadName = None,
    timeout_s: Annotated[float, Field(gt=0, le=30)] = 5.0,
    session: SessionId = None,
) -> Answer:
    """Change a variable, attribute or item of the stopped program; the new value is read back. A value that raises is
    an error and changes nothing."""
    found = manager(context).get(session)
    async with found.command("set_variable"):
        subject, where = await _frame(found, thread, frame)
        page = await subject.inspect(
            "set_variable",
            where,
            {"path": path, "value": value, "seconds": timeout_s, "max_chars": 1000},
            seconds=timeout_s + GRACE_SECONDS,
        )
        if "error" in page:
            raise AdapterError(f"{path} was not set: {page['error']}", hint="Mend value or path; nothing has changed.")
        found.changes.forget()
        return assigned_page(found.id, path, page, found.new_output())


def _require_stopped(session: Session) -> None:
    hint = "Call wait or pause first." if session.state is State.RUNNING else "Call restart or start."
    session.wrapper.require("inspect", hint)


def _require_alive(session: Session) -> None:
    if session.state not in (State.RUNNING, State.STOPPED):
        session.wrapper.require("inspect", "Call restart or start.")


async def _frame(session: Session, thread: str | None, index: int | None) -> tuple[Subject, Frame]:
    """The frame at `index` of the thread's stack, by default the one its stop page shows."""
    _require_stopped(session)
    subject = await session.wrapper.subject(thread)
    if subject.stop is None:
        raise WrongState(f"{subject.process.name} is running", hint="Call pause with this thread first.")
    return subject, await subject.frame(index)
