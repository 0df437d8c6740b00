"""The contract of a target: bring a program up so that it connects back, and own what was brought up."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from ..processes import ChildProcess, Sink


@dataclass(frozen=True)
class Rendezvous:
    """Where the program connects back to, and the tokens by which both sides prove themselves."""

    host: str
    port: int
    token: str
    server_token: str


class Target(Protocol):
    """A way to a debuggee. `open` may be entered again for a restart."""

    def open(self, rendezvous: Rendezvous, sink: Sink) -> AbstractAsyncContextManager[ChildProcess]:
        """Bring the program up until the block ends; it will connect to `rendezvous`.

        Raises:
            TargetError: it cannot be brought up.
        """
        ...

    def dap_arguments(self) -> Mapping[str, Any]:
        """Arguments of the DAP `attach` request."""
        ...

    def sources(self) -> Mapping[str, str]:
        """Source text by file name, for code that stands in no file."""
        ...

    async def why_not_connected(self) -> str | None:
        """A reason why the program never came, found by looking closer; None when there is none to see."""
        ...
