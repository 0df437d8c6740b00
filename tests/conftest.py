"""What all tests share."""

from __future__ import annotations

import signal

import pytest

# A run in the background of a shell ignores it, and so would every program of a test, where a plain one would not.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
