"""What a call that lets the program run comes back with: a stop, an exit, or "still running"."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

import anyio

from ..protocol.state import State
from ..sessions import Session
from ..views import Answer, Scene, exit_page, lost_page, running_page, stop_page

# A match may begin in output that has been searched already, this many bytes before its end.
OVERLAP = 4096


async def outcome(
    session: Session,
    seconds: float,
    *,
    full: bool = False,
    pattern: re.Pattern[str] | None = None,
    exit_only: bool = False,
    notes: Sequence[str] = (),
    start: str = "",
    until: str | None = None,
) -> Answer:
    """Wait at most `seconds` for what the call is about, then answer with the state there is."""
    wrapper, began = session.wrapper, time.monotonic()
    unsearched = session.resumed_at
    matched = ""

    def happened() -> bool:
        nonlocal matched, unsearched
        if pattern is not None and not matched and unsearched < session.journal.end:
            found = session.journal.search(pattern, unsearched)
            matched = found[0] or "(empty)" if found else ""
            unsearched = max(unsearched, session.journal.end - OVERLAP)
        if wrapper.state in (State.EXITED, State.LOST) or matched:
            return True
        return wrapper.stop is not None and not exit_only

    with anyio.move_on_after(seconds):
        await wrapper.wait(happened)
    if matched:
        session.resumed_at = session.journal.end
    if until is not None and wrapper.stop is not None and wrapper.stop.reason != "reached until":
        notes = [*notes, f"{until} was not reached; it is no longer waited for"]
    return page(session, time.monotonic() - began, full=full, matched=matched, notes=notes, start=start)


def page(
    session: Session,
    waited: float = 0.0,
    *,
    full: bool = False,
    matched: str = "",
    notes: Sequence[str] = (),
    start: str = "",
) -> Answer:
    """The session as it is now; what was printed since the last answer comes along and counts as shown."""
    wrapper = session.wrapper
    stop = wrapper.stop
    scene = Scene(
        session=session.id,
        cwd=session.prepared.cwd,
        output=session.new_output(),
        changed=session.changes.since_last(stop) if stop is not None else {},
        notes=[*notes, *wrapper.notes] if wrapper.exit is not None else notes,
        start=start,
    )
    answer = _answer(session, scene, waited, full=full, matched=matched)
    session.came_to = answer.headline.partition(" ")[2]
    return answer


def _answer(session: Session, scene: Scene, waited: float, *, full: bool, matched: str) -> Answer:
    wrapper = session.wrapper
    if wrapper.stop is not None:
        return stop_page(wrapper.stop, scene, full=full)
    if wrapper.exit is not None:
        return exit_page(wrapper.exit, scene)
    if wrapper.state is State.LOST:
        return lost_page(scene, wrapper.lost_reason)
    return running_page(scene, waited, matched=matched)
