"""What a call that lets the program run comes back with: a stop, an exit, or "still running"."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

import anyio

from ..breakpoints import Breakpoint
from ..errors import InvalidArgument
from ..protocol.state import State
from ..session import Session
from ..triggers import Trigger
from ..unhit import why_not_hit
from ..views import Answer, Scene, exit_page, lost_page, path, running_page, stop_page
from .progress import Progress

# A match may begin in output that has been searched already, this many bytes before its end.
OVERLAP = 4096
# Breakpoints that were never hit are explained up to this number.
MAX_UNHIT = 10
# The last of the output that a look at a session reads, in bytes.
LOOK_BYTES = 4000


async def outcome(
    session: Session,
    seconds: float | None,
    progress: Progress,
    *,
    full: bool = False,
    pattern: re.Pattern[str] | None = None,
    exit_only: bool = False,
    notes: Sequence[str] = (),
    start: str = "",
    until: str | None = None,
) -> Answer:
    """Wait for what the call is about (see `happening`), then answer with the state there is."""
    began = time.monotonic()
    matched = await happening(session, seconds, progress, pattern=pattern, exit_only=exit_only)
    stop = session.wrapper.stop
    if until is not None and stop is not None and stop.reason != "reached until":
        notes = [*notes, f"{until} was not reached; it is no longer waited for"]
    return page(session, time.monotonic() - began, full=full, matched=matched, notes=notes, start=start)


async def happening(
    session: Session,
    seconds: float | None,
    progress: Progress,
    *,
    pattern: re.Pattern[str] | None = None,
    also: Callable[[], str] = lambda: "",
    exit_only: bool = False,
) -> str:
    """Wait at most `seconds` (None: the default) for a stop, the exit or the answer to a request that was sent.

    Or for a match of `pattern` in the output, or what `also` names: these are answered. `exit_only`: not for a stop.
    """
    unsearched = session.resumed_at
    matched = ""

    def happened() -> bool:
        nonlocal matched, unsearched
        if pattern is not None and not matched and unsearched < session.journal.end:
            found = session.journal.search(pattern, unsearched)
            matched = found[0] or "(empty)" if found else ""
            unsearched = max(unsearched, session.journal.end - OVERLAP)
        matched = matched or also()
        if matched or not session.alive or session.state is State.LOST or session.wrapper.findings.failure is not None:
            return True
        return (session.wrapper.stop is not None and not exit_only) or any(map(_is_over, session.triggers))

    limit = session.wait_default if seconds is None else seconds
    with anyio.move_on_after(limit):
        await progress.of_session(session, limit, lambda: session.wait(happened))
    if matched:
        session.resumed_at = session.journal.end
    return matched


def _is_over(trigger: Trigger) -> bool:
    return trigger.response is not None or bool(trigger.failure)


def page(
    session: Session,
    waited: float = 0.0,
    *,
    full: bool = False,
    matched: str = "",
    ready: bool = False,
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
        notes=[*notes, *wrapper.findings.take_news(), *_of_repeat(session), *_at_the_end(session)],
        start=start,
        request_over=_request_over(session),
        triggers=_triggers(session),
        awaited=wrapper.awaited,
        process=stop.process if stop is not None and wrapper.tree.needs_names() else "",
        waiting=wrapper.tree.waiting() if stop is not None else "",
    )
    answer = _answer(session, scene, waited, full=full, matched=matched, ready=ready)
    session.came_to = answer.headline.partition(" ")[2]
    return answer


def look(session: Session) -> Answer:
    """The session as it is now, for who only looks: nothing counts as shown or told by it."""
    wrapper = session.wrapper
    stop = wrapper.stop
    wrapper.drain_output()
    scene = Scene(
        session=session.id,
        cwd=session.prepared.cwd,
        output=session.journal.read(0, limit=LOOK_BYTES, last=True),
        notes=[*_of_repeat(session), *_at_the_end(session)],
        triggers=[trigger.describe() for trigger in session.triggers],
        awaited=wrapper.awaited,
        process=stop.process if stop is not None and wrapper.tree.needs_names() else "",
        waiting=wrapper.tree.waiting() if stop is not None else "",
    )
    return _answer(session, scene, None)


def _of_repeat(session: Session) -> list[str]:
    """Which of several runs this is, and what would repeat it."""
    if session.repeat is None:
        return []
    told = [session.repeat.describe()]
    if session.repeat.passed < session.repeat.limit:
        told += [f"random seed: {seed}" for seed in session.seeds()]
    return told


def _at_the_end(session: Session) -> list[str]:
    """What is to be known of the whole run once it is over: also why a breakpoint was never hit."""
    if session.alive:
        return []
    wrapper = session.wrapper
    unhit = [
        f"{breakpoint.id} {_where(breakpoint, session.prepared.cwd)} never hit: {why_not_hit(breakpoint)}"
        for breakpoint in wrapper.breakpoints.table.all()
        if not breakpoint.hits
    ]
    if unhit and wrapper.findings.unfollowed:
        unhit.append(f"children ran without the debugger: {', '.join(wrapper.findings.unfollowed[:3])}")
    children = wrapper.tree.ends_of_children()
    return [*wrapper.findings.notes, *([children] if children else []), *unhit[:MAX_UNHIT]]


def _where(breakpoint: Breakpoint, cwd: str) -> str:
    place = breakpoint.place
    if place is None:
        return breakpoint.spec.what()
    named = f"{breakpoint.spec.function} at " if breakpoint.spec.function is not None else ""
    return f"{named}{path(place.file, cwd)}:{place.line}"


def _request_over(session: Session) -> str:
    over = [trigger for trigger in session.triggers if _is_over(trigger)]
    if not over:
        return ""
    return "is answered" if over[-1].response is not None else "has failed"


def _triggers(session: Session) -> list[str]:
    """How the requests stand that were sent; an answer is told once."""
    told = []
    for trigger in list(session.triggers):
        text = trigger.describe()
        if trigger.response is not None and trigger.response.text:
            text += f"\n{trigger.response.text}"
        told.append(text)
        if _is_over(trigger):
            session.triggers.remove(trigger)
    return told


def _answer(
    session: Session, scene: Scene, waited: float | None, *, full: bool = False, matched: str = "", ready: bool = False
) -> Answer:
    wrapper = session.wrapper
    if wrapper.stop is not None:
        return stop_page(wrapper.stop, scene, full=full)
    if wrapper.exit is not None and not session.runs_again:
        return exit_page(wrapper.exit, scene)
    if wrapper.state is State.LOST:
        return lost_page(scene, wrapper.lost_reason)
    return running_page(scene, waited, matched=matched, ready=ready)


def compiled(parameter: str, pattern: str) -> re.Pattern[str]:
    """A regular expression from the agent.

    Raises:
        InvalidArgument: it does not compile.
    """
    try:
        return re.compile(pattern, re.MULTILINE)
    except re.error as error:
        raise InvalidArgument(parameter, f"{pattern!r} is no regular expression: {error}") from error
