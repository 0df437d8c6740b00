"""Every limit and default in one place, frozen; nothing else reads the server's environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Profile = Literal["core", "full"]
TOKEN_VARIABLE = "MCP_DEBUG_TOKEN"  # noqa: S105 - its name


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE}


@dataclass(frozen=True)
class Settings:
    """What the server is run with; times in seconds, sizes in bytes unless said otherwise."""

    environ: Mapping[str, str] = field(default_factory=lambda: _environ())
    """Environment programs inherit, ours but for our secrets unless told otherwise."""
    cwd: str = field(default_factory=os.getcwd)
    """Where relative paths of a first call begin."""
    wait_default: float = 20.0
    """How long a call waits for a stop when it does not say."""
    connect_limit: float = 15.0
    """A program not under the debugger by then will not come."""
    answer_limit: float = 30.0
    """How long a person who is asked something has for the answer: a host cuts a call at 60 s, and it goes on then."""
    max_sessions: int = 32
    max_ended_sessions: int = 8
    """Sessions kept after their program has ended, for their output and for restart."""
    max_breakpoints: int = 1000
    tools: Profile = "core"
    """Which tools are offered; `full` adds those that only a few tasks need."""
    read_only: bool = False
    """Whether nothing is offered that runs code in a program or changes it: running programs are looked into."""
    lease: float | None = None
    """A session that no call has named for so long is ended; None: never, for the server ends with its agent."""
    allow_remote: bool = False
    """Whether a call may name another machine: to attach to, to listen on, or to send a trigger to."""
    mask: tuple[re.Pattern[str], ...] = ()
    """What is masked in all that the program shows, beside what stands under the name of a secret."""
    show_secrets: bool = False
    """Whether what stands under the name of a secret is shown as it is."""


@dataclass(frozen=True)
class HttpSettings:
    """How the server is reached over HTTP; times in seconds, sizes in bytes."""

    host: str = "127.0.0.1"
    port: int = 8765
    """0: any that is free."""
    token: str = field(default_factory=lambda: os.environ.get(TOKEN_VARIABLE, ""), repr=False)
    """That of a single principal, unless a file is named."""
    token_file: Path | None = None
    """One `name: token` a line; without it and `token` one is made and kept in `state_folder`."""
    authentication: bool = True
    tls_cert: Path | None = None
    tls_key: Path | None = None
    behind_proxy: bool = False
    """Whether another server in front of this one speaks TLS."""
    allowed_hosts: tuple[str, ...] = ()
    """Values of `Host` beside those of the address that is listened on."""
    allowed_origins: tuple[str, ...] = ()
    """Values of `Origin` beside those: of web pages that may call."""
    state_folder: Path = field(default_factory=lambda: _state_folder())
    max_body: int = 1024 * 1024
    max_clients: int = 256
    """MCP sessions of clients that begin with `initialize`."""
    client_idle: float = 600.0
    """Such a session without a request for so long is forgotten; the debugging sessions stay."""
    idle: float | None = None
    """Without a session and a call for so long the server ends; None: it never does."""
    request_seconds: float = 10.0
    """A connection has so long for the whole of a request."""
    graceful_seconds: int = 1
    """What is still open at the end of the server has so long."""


def _state_folder() -> Path:
    """Where a program keeps what is to last: XDG's on POSIX, %LOCALAPPDATA% on Windows."""
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "mcp-debug"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "mcp-debug"
