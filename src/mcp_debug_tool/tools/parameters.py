"""Parameters that several tools share, each with its unit, bounds and default."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ..breakpoints import BreakpointSpec
from ..sessions import SessionManager

# What needs no word: it is optional while one session is alive, as the instructions say.
SessionId = str | None
Timeout = Annotated[float, Field(ge=0, le=50, description="Seconds until 'still running'.")]
Detail = Annotated[Literal["page", "full"], Field(description="full: no size limit.")]
FrameIndex = Annotated[int | None, Field(ge=0, description="Index in the stack.")]


class BreakpointArgument(BaseModel):
    """One breakpoint as `start` takes it; the same parameters as set_breakpoint."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"description": ""})

    file: str | None = None
    line: int | None = None
    text: str | None = None
    function: str | None = None
    exception: str | None = None
    condition: str | None = None
    hit_condition: str | None = None
    log_message: str | None = None
    temporary: bool = False

    def spec(self) -> BreakpointSpec:
        """As the session knows it."""
        return BreakpointSpec(**self.model_dump())


def from_place(value: Any) -> Any:
    """`file:line` as a breakpoint, for those who write it so."""
    if isinstance(value, str):
        file, colon, line = value.rpartition(":")
        if colon and line.strip().isdigit():
            return {"file": file, "line": int(line)}
    return value


Breakpoints = Annotated[
    list[Annotated[BreakpointArgument, BeforeValidator(from_place)]],
    Field(description="Set before the first line runs; each as in set_breakpoint, or 'file:line'."),
]


def manager(context: Context[SessionManager, Any]) -> SessionManager:
    """The server's sessions."""
    return context.request_context.lifespan_context
