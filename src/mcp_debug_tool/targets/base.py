"""The contract of a target: bring a program up or find one, give its DAP connections, and own what was brought up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import anyio
import anyio.abc

from ..path_map import PathMap
from ..processes import ChildProcess, Sink
from ..starting import Starter


@dataclass(frozen=True)
class Arrival:
    """A DAP stream to one process of the program."""

    stream: anyio.abc.ByteStream
    arguments: Mapping[str, Any]
    """Of the DAP attach request."""
    has_adapter: bool = False
    """A debug adapter stands between; it answers `attach` only after configurationDone."""
    has_our_code: bool = True
    """Whether `debuggee/` is in the program already; else it is sent over."""
    tells_when_attached: bool = False
    """Whether the program says, after configurationDone, that all of its threads are under the debugger."""
    client_token: str | None = None
    """What pydevd must name when asked; None: it has proved itself, or need not."""


@dataclass(frozen=True)
class Reach:
    """What an open target gives."""

    arrivals: anyio.abc.ObjectReceiveStream[Arrival]
    """The program's processes, as they come; the first is the program itself."""
    process: ChildProcess | None = None
    """The program where it is ours: it tells how it ended, and it is ended with the session."""
    is_here: bool = True
    """Whether its processes run on this machine, where signals reach them."""
    awaited: str = ""
    """For a target that programs come to in their own time: what one has to do to come."""
    call_child: Callable[[Mapping[str, Any]], Awaitable[None]] | None = None
    """Connect to a child that an adapter announced, with the body of its `debugpyAttach` event."""


class Target(Protocol):
    """A way to a debuggee. `open` may be entered again for a restart."""

    @property
    def just_my_code(self) -> bool:
        """Whether library code is passed over."""
        ...

    @property
    def path_map(self) -> PathMap:
        """Where the program's files stand here."""
        ...

    def open(self, sink: Sink, starter: Starter) -> AbstractAsyncContextManager[Reach]:
        """Bring the program up by `starter`, or find it, until the block ends. What it prints goes to `sink`.

        Raises:
            TargetError: it cannot be reached.
        """
        ...

    def sources(self) -> Mapping[str, str]:
        """Source text by file name, for code that stands in no file."""
        ...

    async def why_not_connected(self) -> str | None:
        """A reason why the program never came, found by looking closer; None when there is none to see."""
        ...


async def close_unreceived(arrivals: anyio.abc.ObjectReceiveStream[Arrival]) -> None:
    """Close the streams nobody has taken."""
    with anyio.CancelScope(shield=True):
        while True:
            try:
                arrival = arrivals.receive_nowait()  # type: ignore[attr-defined]
            except (anyio.WouldBlock, anyio.EndOfStream, anyio.ClosedResourceError):
                return
            await anyio.aclose_forcefully(arrival.stream)
