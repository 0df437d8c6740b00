"""The text of each resource, from the sessions of who asks. Reading changes nothing: no output counts as shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import anyio.to_thread

from ..journal import MAX_KEPT
from ..masking import Masks
from ..session import Session
from ..sessions import Sessions
from ..tools.lifecycle import session_line
from ..tools.outcomes import look
from ..uris import SESSIONS, Address, output_uri, session_uri, source_uri, value_uri
from ..views import cut, masked, sessions_page, visible
from ..views.answer import uncoloured
from .source import source_text


@dataclass(frozen=True)
class Listed:
    """One entry of the list of resources."""

    uri: str
    name: str
    description: str


def listed(sessions: Sessions) -> Iterator[Listed]:
    """Everything that can be read now."""
    yield Listed(SESSIONS, "sessions", "Every debugging session in a line: state, place, program.")
    for session in sessions.all():
        what = cut(session.prepared.what, 80)
        yield Listed(session_uri(session.id), f"{session.id} page", f"{what}: where it stands, or how it ended.")
        yield Listed(output_uri(session.id), f"{session.id} output", f"{what}: all that is kept of what it printed.")
        for number in session.whole_values.numbers():
            about = f"{what}: a value that was cut in an answer, whole."
            yield Listed(value_uri(session.id, number), f"{session.id} value {number}", about)
        stop = session.wrapper.stop
        if stop is not None and stop.frame is not None:
            about = f"{what}: the file it stands in, its line and the breakpoints marked."
            yield Listed(source_uri(session.id), f"{session.id} source", about)


async def text_of(sessions: Sessions, address: Address, masks: Masks) -> str:
    """The text at an address, without what is masked.

    Raises:
        UsageError: there is no such session, or no such file that may be read.
    """
    if address.part == "sessions":
        return masked(sessions_page([session_line(session) for session in sessions.all()]), masks).text()
    session = sessions.get(address.session)
    if address.part == "output":
        return await _output(session, masks)
    if address.part == "value":
        return session.whole_values.text(address.number)  # masked before it was kept, under its name
    if address.part == "source":
        return masks.source(await source_text(session, address.file))
    return masked(look(session), masks).text()


async def _output(session: Session, masks: Masks) -> str:
    session.wrapper.drain_output()
    excerpt = session.journal.read(0, limit=MAX_KEPT)
    # Each character of a MiB is looked at; other calls go on meanwhile.
    text = await anyio.to_thread.run_sync(lambda: masks.text(visible(uncoloured(excerpt.text))))
    return f"(… {excerpt.dropped:,} bytes before this are no longer kept)\n{text}" if excerpt.dropped else text
