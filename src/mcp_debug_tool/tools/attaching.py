"""attach: debug a program that runs already, or that will come to us."""

from __future__ import annotations

from typing import Annotated, Any

from mcp.server.mcpserver import Context
from pydantic import BeforeValidator, Field

from ..preparing.attaching import Attachment
from ..preparing.break_on import exception_classes
from ..session_manager import SessionManager
from ..views import Answer
from .asking import process_to_attach
from .outcomes import outcome
from .parameters import Breakpoints, JustMyCode, Timeout, as_list, manager
from .progress import Progress

# An attached program runs on; without breakpoints there is nothing to wait for.
_LOOK_SECONDS = 0.3


async def attach(
    context: Context[SessionManager, Any],
    pid: Annotated[int | None, Field(ge=1, description="A running Python process of this machine.")] = None,
    port: Annotated[int | None, Field(description="Where debugpy listens (debugpy.listen, --listen).")] = None,
    host: Annotated[str | None, Field(description="With port; default 127.0.0.1.")] = None,
    listen: Annotated[
        str | None, Field(description="host:port to wait on for programs that call debugpy.connect.")
    ] = None,
    token: Annotated[str | None, Field(description="With listen: the access_token they must name.")] = None,
    path_map: Annotated[
        dict[str, str], Field(description="Folder here: folder there, for a program that sees other paths.")
    ] = {},  # noqa: B006
    breakpoints: Annotated[Breakpoints, Field(description="As in start.")] = [],  # noqa: B006
    break_on: Annotated[list[str], BeforeValidator(as_list), Field(description="As in start.")] = ["uncaught"],  # noqa: B006
    just_my_code: JustMyCode = True,
    timeout_s: Timeout = None,
) -> Answer:
    """Attach the debugger to a running Python program: by process id, to a debugpy port, or wait for programs that
    connect. Answers with the first stop when breakpoints are given, else with the state. stop lets the program go."""
    if port is None and pid is None and listen is None:
        pid = await process_to_attach(context)
    asked = Attachment(
        host,
        port,
        pid,
        listen,
        token,
        list(path_map.items()),
        None,
        break_on,
        just_my_code,
    )
    progress, specs = Progress(context), [*(b.spec() for b in breakpoints), *exception_classes(break_on)]
    session = await progress.of_beginning(
        "attaching", manager(context).settings.connect_limit, lambda: manager(context).start(asked, specs)
    )
    seconds = timeout_s if breakpoints and listen is None else _LOOK_SECONDS
    return await outcome(session, seconds, progress, notes=session.terms)
