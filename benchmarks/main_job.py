"""The main job, measured: our server beside a raw DAP client, on the same programs and interpreter, in one run.

    python benchmarks/main_job.py [--runs N] [--json] [--write]

Raw and ours take turns, so that a busy machine is busy for both. It says what holds and what does not, and always
exits with 0: a benchmark is no test.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
import watch
from document import document
from joining import joining_round
from ours import SERVER, Caller, Size, cold_round, empty_round, keep_memory, our_round, program_memory, served, sizes
from passing_test import can_run, test_round
from pipe import piped
from programs import Programs, write
from raw import adapter_round, direct_round
from report import EMPTY_OFFICIAL, EMPTY_PLAIN, OFFICIAL, PLAIN, as_json, figures_table, rows, sizes_table
from samples import Samples

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
# A slow machine gets fewer rounds, not a longer run.
BUDGET_SECONDS = 65.0
COLD_SECONDS = 20.0
# Every single wait has its own, shorter limit; this one is for all of them together.
LIMIT_SECONDS = 150.0
# What takes a second or more does not come in every round.
ADAPTER_EVERY = 5
COLD_EVERY = 3
# A quarter of the rounds, and of the time.
TEST_EVERY = 4
JOINING_EVERY = 4
MEMORY_ROUNDS = 3


@dataclass
class Run:
    """What one run has found."""

    samples: Samples = field(default_factory=Samples)
    sizes: dict[str, Size] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


async def measure(programs: Programs, wanted: int, run: Run) -> None:
    """All that is measured, after one round of each that does not count: it fills the caches of the disk."""
    began = time.monotonic()
    await cold_round(programs, Samples())
    for done in range(max(wanted // COLD_EVERY, 1)):
        if done == 0 or time.monotonic() - began < COLD_SECONDS:
            await cold_round(programs, run.samples)
    async with AsyncExitStack() as stack:
        plain = stack.enter_context(piped(programs, SERVER))
        official = await stack.enter_async_context(served(programs))
        empty_server = (str(programs.empty_server),)
        empty_plain = stack.enter_context(piped(programs, empty_server))
        empty_official = await stack.enter_async_context(served(programs, empty_server))
        callers: dict[str, Caller] = {
            PLAIN: plain,
            OFFICIAL: official,
            EMPTY_PLAIN: empty_plain,
            EMPTY_OFFICIAL: empty_official,
        }
        await one_round(programs, callers, Samples())
        if can_run():
            await test_round(plain, PLAIN, programs, Samples())
        rounds = failures = 0
        while rounds == 0 or (rounds < wanted and time.monotonic() - began < BUDGET_SECONDS):
            await one_round(programs, callers, run.samples)
            if rounds % ADAPTER_EVERY == 0:
                failures += adapter_round(programs, run.samples)
            if rounds % TEST_EVERY == 0 and can_run():
                await test_round(plain, PLAIN, programs, run.samples)
            if rounds % JOINING_EVERY == 1:
                await joining_round(plain, PLAIN, programs, run.samples)
            rounds += 1
            run.samples.timed("fixed loop", "python", fixed_loop)
        keep_memory(run.samples, "server after", "ours", plain.pid)
        for _ in range(MEMORY_ROUNDS):
            await program_memory(plain, programs, run.samples)
        run.sizes = await sizes(official, programs)
    run.facts.update(rounds=rounds, adapter_failures=failures, seconds=round(time.monotonic() - began))
    run.facts["loop_median"] = run.samples.median("fixed loop", "python")
    run.facts["loop_fastest"] = run.samples.fastest("fixed loop", "python")


async def one_round(programs: Programs, callers: Mapping[str, Caller], samples: Samples) -> None:
    """One life of the program in each way, and the floor beside it."""
    direct_round(programs, samples)
    for side in (PLAIN, OFFICIAL):
        await our_round(callers[side], side, programs, samples)
    for side in (EMPTY_PLAIN, EMPTY_OFFICIAL):
        await empty_round(callers[side], side, samples)


def fixed_loop() -> int:
    """The same work each time: how long it takes tells how fast the machine is just now."""
    total = 0
    for number in range(300_000):
        total += number
    return total


def facts() -> dict[str, Any]:
    """The machine and the versions, as far as they matter."""
    packages = ("mcp", "debugpy", "anyio", "pydantic")
    return {
        "system": platform.system(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
        "load_before": [round(load, 2) for load in os.getloadavg()],
    }


def main() -> int:
    """Measure, print, and write what was asked for."""
    options = _options()
    run = Run(facts=facts())
    watch.mark_children()
    measured = _measured(options.runs, run)
    run.facts["load_after"] = [round(load, 2) for load in os.getloadavg()]
    found = rows(run.samples)
    if options.json:
        print(json.dumps(as_json(found, run.sizes, run.samples, run.facts), indent=2))
    else:
        print(figures_table(found), sizes_table(run.sizes), json.dumps(run.facts), sep="\n\n")
    if options.write and measured:
        DOCUMENT.write_text(document(found, run.sizes, run.facts), encoding="utf-8")
    return 0


def _measured(rounds: int, run: Run) -> bool:
    """Whether everything could be measured; what could is in `run`, and no process is left of it."""

    async def limited(programs: Programs) -> None:
        with anyio.fail_after(LIMIT_SECONDS):
            await measure(programs, rounds, run)

    try:
        with tempfile.TemporaryDirectory() as folder:
            anyio.run(limited, write(Path(folder)))
    except Exception:
        traceback.print_exc()
        return False
    finally:
        run.facts["left_behind"] = watch.left_behind()
    return True


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the main job beside a raw DAP client.")
    parser.add_argument("--runs", type=int, default=15, metavar="N", help="rounds (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md from this run")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
