"""What becomes of the events that a run's processes send of themselves."""

from __future__ import annotations

from typing import Any

import pytest
from test_process_tree import ROOT, entered, rooted

from mcp_debug_tool.breakpoints import BreakpointTable
from mcp_debug_tool.dap_process import DAPProcess
from mcp_debug_tool.findings import Findings
from mcp_debug_tool.journal import Journal
from mcp_debug_tool.process_events import ProcessEvents
from mcp_debug_tool.protocol.messages import Event
from mcp_debug_tool.shared_breakpoints import SharedBreakpoints

CHILD = 101


class Run:
    """As much of a run as its events change."""

    def __init__(self) -> None:
        tree = rooted()
        self.child: DAPProcess = entered(tree, CHILD, ROOT)
        self.findings = Findings()
        self.journal = Journal()
        self.called: list[Event] = []
        self.events = ProcessEvents(
            tree,
            SharedBreakpoints(BreakpointTable()),
            findings=self.findings,
            journal=self.journal,
            call_child=self.called.append,
            drain_output=lambda: None,
            notify=lambda: None,
        )

    def tell(self, name: str, **body: Any) -> None:
        self.events.told(self.child, Event(name, body))


@pytest.fixture
def run() -> Run:
    return Run()


def test_a_log_point_stands_in_the_output_with_its_name(run: Run) -> None:
    run.tell("mcpDebugLog", breakpoint="b1", text="n = 3 \ud800")
    assert run.journal.read(0, limit=100).text == "b1: n = 3 \\ud800\n"


@pytest.mark.parametrize(
    ("code", "news"),
    [(0, []), (-15, []), (3, ["p1.1 app.py (pid 101) has ended with code 3"])],
    ids=["well", "by a pool", "ill"],
)
def test_only_a_child_that_failed_is_told_of(run: Run, code: int, news: list[str]) -> None:
    run.tell("mcpDebugChildEnded", pid=CHILD, code=code)
    assert run.findings.take_news() == news


def test_the_end_of_a_process_that_was_never_ours_is_not_told(run: Run) -> None:
    run.tell("mcpDebugChildEnded", pid=CHILD + 1, code=3)
    assert run.findings.take_news() == []


def test_a_child_that_an_adapter_tells_of_is_called(run: Run) -> None:
    run.tell("debugpyAttach", subProcessId=CHILD)
    assert [event.body["subProcessId"] for event in run.called] == [CHILD]
    assert run.findings.take_news() == []


def test_what_is_none_of_these_is_a_finding(run: Run) -> None:
    run.tell("mcpDebugNote", text="b2 in app.py: moved from line 3 to 4")
    assert run.findings.take_news() == ["b2 in app.py: moved from line 3 to 4"]
