"""When a server is up, and the request that is then sent to it: what `start` waits for beside a stop."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

import anyio

from ..errors import InvalidArgument
from ..preparing.attaching import MAX_PORT_DIGITS
from ..session import Session
from ..transports import ports
from ..triggers.request import Request
from ..views import Answer
from .outcomes import compiled, happening, page
from .progress import Progress


@dataclass(frozen=True)
class Readiness:
    """What says that a server is up: a pattern in its output, or a port that listens."""

    pattern: re.Pattern[str] | None = None
    port: int | None = None


def checked_readiness(ready: str | int | None) -> Readiness | None:
    """What `ready` means.

    Raises:
        InvalidArgument: no pattern and no port, or a port that somebody has already.
    """
    if ready is None:
        return None
    if isinstance(ready, str) and not ready.isdecimal():
        return Readiness(pattern=compiled("ready", ready))
    port = int(str(ready)[: MAX_PORT_DIGITS + 1])
    if not 0 < port < 65536:
        raise InvalidArgument("ready", f"{port} is no port", hint="From 1 to 65535, or a pattern of the output.")
    if ports.is_listening(port):
        pid = ports.listener_pid(port)
        by = f" by process {pid} ({ports.process_name(pid)})" if pid is not None else ""
        raise InvalidArgument("ready", f"port {port} is in use already{by}", hint="End that, or take another port.")
    return Readiness(port=port)


async def first_outcome(
    session: Session,
    seconds: float | None,
    progress: Progress,
    *,
    readiness: Readiness | None,
    trigger: Request | None,
    full: bool,
    notes: Sequence[str],
    start: str,
) -> Answer:
    """The first stop or exit; or that the server is up; or, with a trigger, what that led to."""
    began = time.monotonic()
    left = session.wait_default if seconds is None else seconds
    ready = ""
    if readiness is not None:
        ready = await _until_ready(session, left, readiness, progress)
        left = max(left - (time.monotonic() - began), 0.0)
    if trigger is not None and (ready or readiness is None):
        await session.trigger(trigger)
    if readiness is None or (ready and trigger is not None):
        await happening(session, left, progress)
    waited = time.monotonic() - began
    if ready and trigger is not None:
        notes, ready = [*notes, f"ready: {ready}"], ""
    return page(session, waited, full=full, matched=ready, ready=True, notes=notes, start=start)


async def _until_ready(session: Session, seconds: float, readiness: Readiness, progress: Progress) -> str:
    """Wait for the server to be up, and say how it is known; empty where it is not, or something else came first."""
    if readiness.port is None:
        return await happening(session, seconds, progress, pattern=readiness.pattern)
    listens = False

    async def watch(port: int) -> None:
        nonlocal listens
        await ports.wait_listening(port, owner=None)
        listens = True
        session.notify()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch, readiness.port)
        also = lambda: f"port {readiness.port} listens" if listens else ""  # noqa: E731
        ready = await happening(session, seconds, progress, also=also)
        tasks.cancel_scope.cancel()
    return ready
