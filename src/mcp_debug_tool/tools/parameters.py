"""Parameters that several tools share, each with its unit, bounds and default."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from ..breakpoints import BreakpointSpec
from ..session_manager import SessionManager
from ..sessions import Sessions
from ..triggers.request import Request
from .callers import principal


def as_list(value: Any) -> Any:
    """One word as a list of it, for those who write it so."""
    return [value] if isinstance(value, str) else value


# What needs no word: it is optional while one session is alive, as the instructions say.
SessionId = str | None
# A host cuts a call at 60 s; what is left out is Settings.wait_default.
Timeout = Annotated[float | None, Field(ge=0, le=50)]
Detail = Literal["page", "full"]
BreakOn = Annotated[
    list[str],
    BeforeValidator(as_list),
    Field(description="Exceptions to stop at: uncaught, raised, user_unhandled, class names; [] for none."),
]
JustMyCode = Annotated[bool, Field(description="Skip library code.")]
FrameIndex = Annotated[int | None, Field(ge=0)]
ThreadName = str | None


class PlainBreakpoint(BaseModel):
    """One breakpoint without code of its own: as `attach` takes it from an agent that may run none."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"description": ""})

    file: str | None = None
    line: int | None = None
    text: str | None = None
    function: str | None = None
    exception: str | None = None
    hit_condition: str | None = None
    temporary: bool = False

    def spec(self) -> BreakpointSpec:
        """As the session knows it."""
        return BreakpointSpec(**self.model_dump())


class BreakpointArgument(PlainBreakpoint):
    """One breakpoint as `start` takes it; the same parameters as set_breakpoint."""

    condition: str | None = None
    log_message: str | None = None


def from_place(value: Any) -> Any:
    """`file:line` as a breakpoint, for those who write it so."""
    if isinstance(value, str):
        file, colon, line = value.rpartition(":")
        if colon and line.strip().isdigit():
            return {"file": file, "line": int(line)}
    return value


class TriggerArgument(BaseModel):
    """An HTTP request."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"description": ""})

    url: str
    method: str = "GET"
    headers: dict[str, str] = {}
    body: Any = None

    def request(self) -> Request:
        """As the session knows it."""
        return Request(**self.model_dump())


# Its schema stands in `start`.
TriggerAgain = Annotated[TriggerArgument | None, WithJsonSchema({"type": "object"}), Field(description="As in start.")]
Trigger = Annotated[
    TriggerArgument | None,
    Field(description="HTTP request sent once the program runs, to stop in its handler."),
]


# Their schema would say again what set_breakpoint's says.
Breakpoints = Annotated[
    list[Annotated[BreakpointArgument, BeforeValidator(from_place), WithJsonSchema({})]],
    Field(description="Objects with the parameters of set_breakpoint, or 'file:line'."),
]


PlainBreakpoints = Annotated[
    list[Annotated[PlainBreakpoint, BeforeValidator(from_place), WithJsonSchema({})]],
    Field(description="Objects with the parameters of set_breakpoint, or 'file:line'."),
]


def manager(context: Context[SessionManager, Any]) -> Sessions:
    """The sessions of who calls."""
    return context.request_context.lifespan_context.of(principal(context))
