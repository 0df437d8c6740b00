"""Numbers by figure and by side (raw, ours and so on): what is compared was measured in the same run."""

from __future__ import annotations

import math
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable


class Samples:
    """Numbers as they are measured; asked for their medians at the end."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, str], list[float]] = defaultdict(list)

    def add(self, figure: str, side: str, value: float) -> None:
        """Keep one number."""
        self._taken[figure, side].append(value)

    def timed(self, figure: str, side: str, action: Callable[[], object]) -> None:
        """Keep how many milliseconds `action` took."""
        began = time.perf_counter()
        action()
        self.add(figure, side, (time.perf_counter() - began) * 1000)

    async def awaited(self, figure: str, side: str, action: Callable[[], Awaitable[object]]) -> None:
        """Keep how many milliseconds it took until `action` had answered."""
        began = time.perf_counter()
        await action()
        self.add(figure, side, (time.perf_counter() - began) * 1000)

    def take_over(self, others: Samples) -> None:
        """Keep what others have taken."""
        for key, values in others._taken.items():
            self._taken[key] += values

    def median(self, figure: str, side: str) -> float | None:
        """The median of a figure, None where it was not measured."""
        taken = self._taken.get((figure, side))
        return statistics.median(taken) if taken else None

    def fastest(self, figure: str, side: str) -> float | None:
        """The median of the fastest fifth, which other work on the machine disturbs least."""
        taken = sorted(self._taken.get((figure, side), ()))
        return statistics.median(taken[: math.ceil(len(taken) / 5)]) if taken else None

    def spread(self) -> dict[str, dict[str, float]]:
        """Number, median and quartiles of everything that was measured."""
        return {f"{figure} ({side})": _spread(taken) for (figure, side), taken in self._taken.items()}


def _spread(taken: list[float]) -> dict[str, float]:
    quartiles = statistics.quantiles(taken, n=4) if len(taken) > 1 else [taken[0]] * 3
    return {
        "n": len(taken),
        "median": round(statistics.median(taken), 3),
        "p25": round(quartiles[0], 3),
        "p75": round(quartiles[2], 3),
    }
