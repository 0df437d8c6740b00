"""What the server has done so far, in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ..calls import Call
from ..session_manager import SessionManager

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# A call waits for 50 s at most.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 50)


class Metrics:
    """Counts calls as they are noted; sessions and stops are asked for when they are read."""

    def __init__(self) -> None:
        # When each was first counted doubles the text, and nobody asks.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._calls = Counter("mcp_debug_calls", "Calls of tools.", ["tool", "outcome"], registry=self._registry)
        self._seconds = Histogram(
            "mcp_debug_call_seconds", "How long they took.", ["tool"], buckets=_SECONDS, registry=self._registry
        )

    def watch(self, manager: SessionManager) -> None:
        """Tell of these sessions too."""
        self._registry.register(_Sessions(manager))

    def note(self, call: Call) -> None:
        """Count a call."""
        self._calls.labels(call.tool, call.outcome.value).inc()
        self._seconds.labels(call.tool).observe(call.seconds)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)


class _Sessions(Collector):
    def __init__(self, manager: SessionManager) -> None:
        self._manager = manager

    def collect(self) -> Iterator[Metric]:
        """See Collector."""
        yield GaugeMetricFamily("mcp_debug_sessions", "Sessions whose program lives.", value=self._manager.alive)
        yield CounterMetricFamily("mcp_debug_stops", "Stops of all programs.", value=self._manager.stops)
