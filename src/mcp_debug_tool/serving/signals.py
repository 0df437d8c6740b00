"""Leave in good order at SIGTERM, SIGINT or SIGHUP: programs are ended first, and nothing may keep the server."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable

import anyio
import anyio.abc

# After a signal the programs are ended within this time, in seconds; then the process leaves anyhow.
SHUTDOWN_SECONDS = 2.5


async def leave_on_signal(
    leave: Callable[[], None], *, task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """At the first such signal call `leave`, which begins the end; what has not ended by then ends with the process."""
    wanted = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    # Under nohup, or in the background of a shell, one is to be ignored: by us, and by the programs we start.
    numbers = [number for number in wanted if signal.getsignal(number) is not signal.SIG_IGN]
    with anyio.open_signal_receiver(*numbers) as signals:
        task_status.started()
        async for number in signals:
            _leave_at_the_latest(number)
            leave()
            return


def _leave_at_the_latest(number: int) -> None:
    def end() -> None:
        sys.stderr.flush()
        os._exit(128 + number)

    timer = threading.Timer(SHUTDOWN_SECONDS, end)
    timer.daemon = True
    timer.start()
