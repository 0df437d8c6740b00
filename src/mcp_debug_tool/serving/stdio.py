"""Serve one agent over stdin and stdout."""

from __future__ import annotations

import anyio

from ..calls import Note
from ..server import build
from ..settings import Settings
from .signals import leave_on_signal


async def serve_stdio(settings: Settings, note: Note) -> int:
    """Serve until stdin ends or a signal comes; every program is ended first. Answers the exit status.

    The SDK's own runner dies of SIGTERM without a clean-up and does not end at SIGINT: its reader sits in a thread
    that cannot be interrupted, so after the clean-up the process leaves by itself.
    """
    server = build(settings, note=note)
    async with anyio.create_task_group() as tasks:
        await tasks.start(leave_on_signal, tasks.cancel_scope.cancel)
        await server.run_stdio_async()
        tasks.cancel_scope.cancel()
    return 0
