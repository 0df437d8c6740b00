"""A place on loopback where programs that carry our code come to, each proving itself by a token."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.abc

from ..interpreters import DEBUGPY, PACKAGE
from ..transports.sockets import Listener, Peer
from .base import Arrival, close_unreceived

HOST = "127.0.0.1"
ARRIVALS = 64


@dataclass(frozen=True)
class Rendezvous:
    """An open place: what a program must know to come, and the programs that have come."""

    settings: Mapping[str, Any]
    """For `debuggee/boot.py`: address, tokens, and where the code is it shall load."""
    arrivals: anyio.abc.ObjectReceiveStream[Arrival]


@asynccontextmanager
async def rendezvous(
    arguments: Mapping[str, Any],
    is_welcome: Callable[[Peer], Awaitable[bool]],
    *,
    tells_when_attached: bool = False,
) -> AsyncIterator[Rendezvous]:
    """Listen until the block ends. `is_welcome` is a second lock; the others are as in each Arrival."""
    listener = Listener(token=secrets.token_hex(32), server_token=secrets.token_hex(32), is_welcome=is_welcome)
    send, receive = anyio.create_memory_object_stream[Arrival](ARRIVALS)
    async with send, receive, listener.open() as streams, anyio.create_task_group() as tasks:

        async def announce() -> None:
            async for stream in streams:
                await send.send(Arrival(stream, arguments, tells_when_attached=tells_when_attached))

        tasks.start_soon(announce)
        token, server_token = listener.tokens
        settings = {
            "host": HOST,
            "port": listener.port,
            "token": token,
            "server_token": server_token,
            "debugpy": DEBUGPY,
            "package": PACKAGE,
        }
        try:
            yield Rendezvous(settings, receive)
        finally:
            tasks.cancel_scope.cancel()
            await close_unreceived(receive)


def attach_arguments(just_my_code: bool) -> dict[str, Any]:
    """Arguments of the DAP attach request: output comes by pipes of our own, a step moves its thread alone."""
    return {
        "justMyCode": just_my_code,
        "redirectOutput": False,
        "showReturnValue": False,
        "steppingResumesAllThreads": False,
    }
