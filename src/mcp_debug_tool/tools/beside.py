"""Something that runs beside a call for as long as the call lasts, and that may break it off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import anyio

T = TypeVar("T")
Companion = Callable[[anyio.CancelScope], Coroutine[Any, Any, None]]


async def beside(companion: Companion, call: Callable[[], Awaitable[T]], broken_off: Exception) -> T:
    """What `call` comes back with, or raises; `companion` is cancelled then.

    `companion` is given the scope that holds both; where it cancels it, `broken_off` is raised. A task group would wrap
    what the call raises.
    """
    failure = broken_off
    done: list[T] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(companion, tasks.cancel_scope)
        try:
            done.append(await call())
        except Exception as error:
            failure = error
        tasks.cancel_scope.cancel()
    if not done:
        raise failure
    return done[0]
