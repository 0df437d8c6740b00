"""docs/performance.md, written from one run: the tables, which aims are missed, how it was measured, what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from joining import BY_PORT
from ours import Size
from passing_test import FIGURE as TEST
from passing_test import can_run
from raw import STEPS
from report import Row, figures_table, sizes_table

_PAGE = """\
# Performance

What debugging through this server costs, beside a raw client that speaks DAP with a stock debugpy. This page is
written by `python benchmarks/main_job.py --write` from the figures of one run. Another machine has other figures:
compare the ratios and differences, not the milliseconds.

## Figures

All are medians, and they alone decide whether an aim holds. "Fastest fifth" is the same comparison among the fastest
fifth of both, which other work on the machine disturbs least. MB are 1,000,000 bytes.

{figures}

{verdict}

## Size of the answers

Every answer is sent twice, as structured content and as text, and a host shows its model one of them. A token counts
as four bytes. The programs are small ones: a stop page never grows past 4,000 bytes unless `detail="full"` asks for it.

{sizes}

## How it was measured

- Machine: {system}, {cores} cores, shared with other work. Load average before: {load_before}; after: {load_after}.
  A fixed loop of pure Python, run once a round, took {loop:.0f} ms at its median and {best_loop:.0f} ms in its
  fastest fifth: the nearer the two are, the quieter the machine was. All milliseconds here grow and shrink with it.
- Python {python}, mcp {mcp}, debugpy {debugpy}, anyio {anyio}, pydantic {pydantic}.
- {rounds} rounds in {seconds} s, after one round that does not count. In each round the sides take turns on the same
  program and interpreter: the raw client, our server with the plain client, our server with the official one. A round
  has one first stop and one exit a side, and {steps} each of the other calls.
- **raw client**: the best a client does without changing the program. The program's wrapper calls `debugpy.connect`
  back to it, with no adapter in between; it sets TCP_QUICKACK, so that no message waits 40 ms for an
  acknowledgement, and hangs up at `terminated`. A stop counts when `stackTrace`, `scopes` and `variables` are
  answered too, for a stop page holds as much. An exit counts when `waitpid` has told it.
- **debugpy's adapter**: `python -m debugpy --listen --wait-for-client`, then `attach`, as its manual shows, in every
  fifth round. Attempts in which the adapter lost its client, and which were repeated: {failures}.
- **passing test**: `start(pytest=[node])` to its exit, in every fourth round, beside what has to be: a plain
  `python -m pytest -s node` as a process of its own, and an empty program from `start` to its exit.
  {test_python}
- **attach by port**: a program that runs under `python -m debugpy --listen` is attached to by our server and by the raw
  client, each a new one. **By pid**: a running program, with gdb. Both until the first stop, in every fourth round.
- **plain client**: to MCP what the raw client is to DAP, one line of JSON out, one in. **official client**: the
  Python client of the MCP SDK, whose own work then counts as ours.
- **empty MCP server**: the same SDK with one tool that answers "pong". It is the floor of any server on that SDK.
- Memory is read from `/proc/PID/smaps_rollup`: the server's when `tools/list` is answered; the stopped program's
  while the same program, plainly run, waits at the same line. PSS shares out the pages that several processes have
  in common; the benchmark itself is one more Python, so a server alone on a machine is between its PSS and its RSS.

## What the figures mean

- **The first stop** is one `start` call, answered with reason, source, stack and variables. It takes {first:.2f} times
  as long as the raw client's and {adapter:.2f} times as long as the adapter's. There is no adapter process to start,
  pydevd is imported without the debugpy package around it, and its fixed sleep of 100 ms is gone. Most of what is
  left is Python importing pydevd.
- **A step, an evaluation, a look at variables** cost {step:.1f}, {evaluate:.1f} and {variables:.1f} ms more than raw
  DAP. Of each, {empty:.1f} ms is what MCP takes for an empty call. The official client adds {client:.1f} ms to a call
  by its own work. On a busy machine each call of ours waits for one process more than raw DAP does, and grows by it.
  A model takes seconds to decide on a call: none of this is what an agent waits for.
- **The exit** is answered in {exit:.2f} times the raw client's time. The threads of a stock pydevd wait for each other
  when the program has ended; that wait is cured.
- **A passing test** is run under the debugger in {test} times what its plain run and an empty program take together.
- **Attaching** to a running program takes {by_port:.2f} times as long as the raw client takes at the same port.
- **Memory**: the SDK with nothing in it takes {empty_rss:.0f} MB of RSS, ours {rss_more:.1f} MB more. A debugged
  program grows by {program:.1f} MB (PSS), which is pydevd. After all rounds the server has changed by {growth:+.1f} MB.
- **Tokens**: all tool definitions together are {tool_tokens} tokens, once; a stop of a small program is {stop_tokens}.
"""


def document(found: Sequence[Row], sizes: Mapping[str, Size], facts: Mapping[str, Any]) -> str:
    """The page. Where the system keeps no books of memory, those figures read 0."""
    rows = {row.figure: row for row in reversed(found)}  # "first stop" comes twice: the raw client's is the first
    against_adapter = next(row for row in found if "adapter" in row.against)
    tools = next(size for name, size in sizes.items() if "definitions" in name)
    return _PAGE.format(
        figures=figures_table(found),
        verdict=verdict(found),
        sizes=sizes_table(sizes),
        **{name: facts[name] for name in ("system", "cores", "python", "rounds", "seconds")},
        **facts["packages"],
        loop=facts["loop_median"],
        best_loop=facts["loop_fastest"],
        load_before=", ".join(map(str, facts["load_before"])),
        load_after=", ".join(map(str, facts["load_after"])),
        steps=STEPS,
        failures=facts["adapter_failures"],
        test_python=(
            "All three run on the interpreter of .venv-apps, whose pytest has xdist, cov, randomly and timeout."
            if can_run()
            else "Not measured: there is no .venv-apps, which scripts/setup makes."
        ),
        test="(not measured)" if (test := rows[TEST].compared) is None else f"{test:.2f}",
        by_port=rows[BY_PORT].compared or 0,
        first=rows["first stop"].compared or 0,
        adapter=against_adapter.compared or 0,
        step=rows["step"].compared or 0,
        evaluate=rows["evaluate"].compared or 0,
        variables=rows["variables"].compared or 0,
        empty=rows["empty call"].ours or 0,
        client=(rows["empty call, official client"].ours or 0) - (rows["empty call"].ours or 0),
        exit=rows["continue to exit"].compared or 0,
        empty_rss=rows["server at rest, RSS"].baseline or 0,
        rss_more=rows["server at rest, RSS"].compared or 0,
        program=rows["stopped program, PSS"].compared or 0,
        growth=rows["server after all rounds, RSS"].compared or 0,
        tool_tokens=tools.tokens,
        stop_tokens=sizes["stop page (start)"].tokens,
    )


def verdict(found: Sequence[Row]) -> str:
    """Which aims are missed, in plain words."""
    missed = [row for row in found if row.holds is False]
    if not missed:
        return "Every aim holds in this run."
    lines = ["**Missed in this run:**", ""]
    for row in missed:
        cells = row.cells()
        lines.append(f"- {row.figure}: {cells[4] or cells[3]} where the aim is {cells[6]}.")
    calls = [row.figure for row in missed if row.figure.endswith("official client")]
    if calls:
        floor = next(row for row in found if row.figure == "empty call, official client")
        lines += [
            "",
            f"With the official client an empty call to an empty server takes {floor.baseline or 0:.1f} ms by itself.",
            "Those aims are set beside a raw client, so that much of each difference is the SDK and not the debugger.",
        ]
    return "\n".join(lines)
