"""Some hosts take the server's stderr and never read it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from web import web

pytestmark = pytest.mark.anyio

# What a pipe holds, many times over; each refusal is logged with the name that was called.
LONG_NAME = "e" * 4000
REFUSALS = 100


async def test_a_log_that_nobody_reads_holds_neither_calls_nor_the_end_up(tmp_path: Path) -> None:
    with web(tmp_path, "--no-auth", tokens=None) as server:
        async with server.client(Host=LONG_NAME) as client:
            for _ in range(REFUSALS):
                assert (await client.get(f"{server.base}/healthz")).status_code == 421
        assert (await server.get("/healthz")).status_code == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(3.5) == 0
