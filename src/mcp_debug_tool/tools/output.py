"""get_output: what the program prints, and what it reads."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import anyio
from mcp.server.mcpserver import Context
from pydantic import Field

from ..journal import Excerpt, Journal
from ..session_manager import SessionManager
from ..views import Answer, output_page
from .outcomes import compiled
from .parameters import SessionId, manager

# Ctrl-D, as at a terminal.
END_OF_INPUT = "\x04"
# How long a program gets to answer what was sent; `wait` is there for more.
REPLY_SECONDS = 0.3


async def get_output(
    context: Context[SessionManager, Any],
    since: Annotated[
        int | None, Field(ge=0, description="Cursor to read from, 0: the beginning; default: what is new.")
    ] = None,
    stream: Literal["stdout", "stderr", "log"] | None = None,
    pattern: Annotated[str | None, Field(description="Only lines that match this regular expression.")] = None,
    send: Annotated[
        str | None, Field(description="Write this to the program's stdin first, newline included; \\x04 closes it.")
    ] = None,
    limit: Annotated[int, Field(ge=100, le=40_000, description="Bytes.")] = 8000,
    session: SessionId = None,
) -> Answer:
    """Get what the program has printed (stdout, stderr, log points), or send input to its stdin. Answers with the text
    and a cursor to read on from."""
    found = manager(context).get(session)
    lines = compiled("pattern", pattern) if pattern is not None else None
    if send is not None:
        found.wrapper.require("send input", "Call restart or start.")
        before = found.journal.end
        text, closing, _ = send.partition(END_OF_INPUT)
        await found.wrapper.send_input(text.encode(), close=bool(closing))
        with anyio.move_on_after(REPLY_SECONDS):
            await found.wrapper.wait(lambda: found.journal.end > before or not found.alive)
    found.wrapper.drain_output()
    begin = found.seen if since is None else since
    excerpt = found.journal.read(begin, limit=_whole(found.journal) if lines else limit, stream=stream)
    if since is None:
        found.seen = excerpt.next
    if lines is not None:
        matching = [line for line in excerpt.text.splitlines() if lines.search(line)]
        text = "\n".join(matching)
        excerpt = Excerpt(text[-limit:], excerpt.next, excerpt.dropped)
    return output_page(found.id, found.state.value, excerpt)


def _whole(journal: Journal) -> int:
    return journal.end + 1
