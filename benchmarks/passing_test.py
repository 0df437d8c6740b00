"""A passing test under the debugger, beside the plain run of it and the life of an empty program through our server.

What both take together is what it has to cost: pytest's own work, and the debugger that is brought up for any program.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from ours import Caller
from programs import Programs
from raw import LIFE_SECONDS
from samples import Samples

# Its pytest has the plugins that people have: xdist, cov, randomly, timeout.
_BIN = Path(__file__).resolve().parent.parent / ".venv-apps" / ("Scripts" if os.name == "nt" else "bin")
PYTHON = str(_BIN / "python")

FIGURE = "passing test to its exit"
PARTS = "plain run + empty program"


def can_run() -> bool:
    """Whether there is an environment with pytest: scripts/setup makes it."""
    return os.access(PYTHON, os.X_OK)


async def test_round(agent: Caller, side: str, programs: Programs, samples: Samples) -> None:
    """One run of the test in each way."""
    folder, node = str(programs.folder), f"{programs.passing_test.name}::test_sum"
    began = time.perf_counter()
    await _to_exit(agent, program=str(programs.nothing))
    _plain_run(folder, node)
    samples.add(FIGURE, PARTS, (time.perf_counter() - began) * 1000)
    await agent.ok("stop")
    await samples.awaited(FIGURE, side, lambda: _to_exit(agent, pytest=[node], cwd=folder))
    await agent.ok("stop")


def _plain_run(folder: str, node: str) -> None:
    command = [PYTHON, "-m", "pytest", "-s", node]
    subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=LIFE_SECONDS)


async def _to_exit(agent: Caller, **what: object) -> None:
    reply = await agent.ok("start", python=PYTHON, **what)
    assert reply.data["exit_code"] == 0, reply
