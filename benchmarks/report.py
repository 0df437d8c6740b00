"""From numbers to a table: what is compared with what, which aim it has, and whether that holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from joining import BY_PID, BY_PORT
from ours import Size
from passing_test import FIGURE, PARTS
from samples import Samples

Compared = Literal["ratio", "difference", "value"]

PLAIN = "ours, plain client"
OFFICIAL = "ours, official client"
EMPTY_PLAIN = "empty server, plain client"
EMPTY_OFFICIAL = "empty server, official client"


@dataclass(frozen=True)
class Row:
    """One figure: ours beside what it is compared with. An aim is the most that `compared` may be."""

    figure: str
    against: str
    baseline: float | None
    ours: float | None
    unit: Literal["ms", "MB"]
    kind: Compared
    aim: float | None = None
    fastest: tuple[float | None, float | None] = (None, None)
    """Baseline and ours again, among the fastest fifth of each."""

    @property
    def compared(self) -> float | None:
        """Ours in relation to the baseline."""
        return self._relation(self.baseline, self.ours)

    @property
    def compared_fastest(self) -> float | None:
        """The same among the fastest fifth of each."""
        return self._relation(*self.fastest)

    @property
    def holds(self) -> bool | None:
        """Whether the aim is met; None without an aim or a number."""
        return None if self.aim is None or self.compared is None else self.compared <= self.aim

    def cells(self) -> list[str]:
        """The row as it is shown."""
        verdict = {True: "yes", False: "NO", None: "" if self.aim is None else "not measured"}[self.holds]
        aim = "" if self.aim is None else f"<= {self._shown(self.aim, aim=True)}"
        baseline = "" if self.baseline is None else f"{_number(self.baseline)} {self.unit}"
        mine = "not measured" if self.ours is None else f"{_number(self.ours)} {self.unit}"
        compared = "" if self.compared is None or self.kind == "value" else self._shown(self.compared)
        fastest = "" if self.compared_fastest is None else self._shown(self.compared_fastest)
        return [self.figure, self.against, baseline, mine, compared, fastest, aim, verdict]

    def _relation(self, baseline: float | None, ours: float | None) -> float | None:
        if ours is None or self.kind == "value":
            return ours
        if baseline is None:
            return None
        return ours / baseline if self.kind == "ratio" else ours - baseline

    def _shown(self, value: float, *, aim: bool = False) -> str:
        if self.kind == "ratio":
            return f"{value:.1f} x" if aim else f"{value:.2f} x"
        sign = "+" if self.kind == "difference" else ""
        return f"{value:{sign}.0f} {self.unit}" if aim else f"{value:{sign}.1f} {self.unit}"


HEADINGS = ("figure", "compared with", "it takes", "ours", "ratio or difference", "fastest fifth", "aim", "holds")


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def rows(samples: Samples) -> list[Row]:
    """Every figure of the run."""
    return [
        *_times(samples, PLAIN, EMPTY_PLAIN, ""),
        *_times(samples, OFFICIAL, EMPTY_OFFICIAL, ", official client"),
        *_ways(samples),
        *_memory(samples),
    ]


def _times(samples: Samples, side: str, empty: str, suffix: str) -> Iterable[Row]:
    def row(figure: str, baseline: str, against: str, kind: Compared, aim: float | None = None) -> Row:
        medians = samples.median(figure, baseline), samples.median(figure, side)
        fastest = samples.fastest(figure, baseline), samples.fastest(figure, side)
        return Row(figure + suffix, against, *medians, unit="ms", kind=kind, aim=aim, fastest=fastest)

    yield row("first stop", "raw", "raw client", "ratio", 1.3)
    yield row("first stop", "adapter", "debugpy's adapter", "ratio")
    yield row("step", "raw", "raw client", "difference", 3.0)
    yield row("evaluate", "raw", "raw client", "difference", 3.0)
    yield row("variables", "raw", "raw client", "difference", 3.0)
    yield row("continue to exit", "raw", "raw client", "ratio")
    yield row("empty call", empty, "empty MCP server", "difference")


def _ways(samples: Samples) -> Iterable[Row]:
    def row(figure: str, baseline: str, against: str, kind: Compared, aim: float | None = None) -> Row:
        medians = samples.median(figure, baseline), samples.median(figure, PLAIN)
        fastest = samples.fastest(figure, baseline), samples.fastest(figure, PLAIN)
        return Row(figure, against, *medians, unit="ms", kind=kind, aim=aim, fastest=fastest)

    yield row(FIGURE, PARTS, PARTS, "ratio", 1.3)
    yield row(BY_PORT, "raw", "raw client, same port", "ratio")
    yield row(BY_PID, "", "", "value")


def _memory(samples: Samples) -> Iterable[Row]:
    def row(name: str, baseline: str, against: str, kind: Compared, aim: float | None = None) -> Row:
        figure = name.replace(" at rest", "").replace("stopped ", "")
        return Row(name, against, samples.median(figure, baseline), samples.median(figure, "ours"), "MB", kind, aim)

    cold = samples.median("cold start", "empty server"), samples.median("cold start", "ours")
    yield Row("server, spawn to tools listed", "empty MCP server", *cold, unit="ms", kind="ratio")
    yield row("server at rest, PSS", "empty server", "empty MCP server", "value", 90.0)
    yield row("server at rest, RSS", "empty server", "empty MCP server", "difference")
    after = samples.median("server, RSS", "ours"), samples.median("server after, RSS", "ours")
    yield Row("server after all rounds, RSS", "itself at rest", *after, unit="MB", kind="difference")
    yield row("stopped program, PSS", "plain", "plain program", "difference", 25.0)
    yield row("stopped program, RSS", "plain", "plain program", "difference")
    for beside in ("keeper of a program, PSS", "nursery of the server, PSS"):
        yield row(beside, "", "", "value")


def table(lines: Sequence[Sequence[str]]) -> str:
    """Cells as a Markdown table that reads well as plain text too; the first line is the heading."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]

    def joined(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    return "\n".join([joined(lines[0]), joined(["-" * width for width in widths]), *map(joined, lines[1:])])


def figures_table(found: Sequence[Row]) -> str:
    """The figures."""
    return table([HEADINGS, *(row.cells() for row in found)])


def sizes_table(sizes: Mapping[str, Size]) -> str:
    """The bytes of the answers."""
    heading = ("answer", "structured, bytes", "text, bytes", "tokens of the larger")
    lines = ((name, str(size.structured), str(size.text or ""), str(size.tokens)) for name, size in sizes.items())
    return table([heading, *lines])


def as_json(found: Sequence[Row], sizes: Mapping[str, Size], samples: Samples, facts: dict[str, Any]) -> dict[str, Any]:
    """All of the run as data."""
    return {
        "facts": facts,
        "figures": [_row_as_json(row) for row in found],
        "bytes": {name: {**asdict(size), "tokens": size.tokens} for name, size in sizes.items()},
        "spread": samples.spread(),
    }


def _row_as_json(row: Row) -> dict[str, Any]:
    found = {"compared": row.compared, "compared_fastest": row.compared_fastest, "holds": row.holds}
    return {**asdict(row), **found}
