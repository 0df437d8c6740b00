"""What all tests share."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

# A gate must not depend on luck: the same examples every time. MCP_DEBUG_EXPLORE=1 looks for new ones.
settings.register_profile("repeatable", derandomize=True)
if "MCP_DEBUG_EXPLORE" not in os.environ:
    settings.load_profile("repeatable")

# A run in the background of a shell ignores it, and so would every program of a test, where a plain one would not.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
