"""What a run has let us know of itself beside its stops."""

from __future__ import annotations

from mcp_debug_tool.errors import StartFailed
from mcp_debug_tool.findings import MAX_NEWS, TRACING_LOST, Findings
from mcp_debug_tool.protocol.messages import Event


def findings_of(*events: Event) -> Findings:
    """What is known after these events."""
    findings = Findings()
    for event in events:
        findings.take(event)
    return findings


def not_followed(number: int) -> Event:
    """A child that runs without the debugger."""
    return Event("mcpDebugNotFollowed", {"command": f"tool-{number}", "reason": "no Python"})


def test_at_first_nothing_is_known() -> None:
    findings = Findings()
    assert (findings.notes, findings.news, findings.unfollowed, findings.seeds) == ([], [], [], [])
    assert findings.failure is None


def test_lost_tracing_is_told_with_the_exit() -> None:
    findings = findings_of(Event("mcpDebugTracingLost"))
    assert findings.notes == [TRACING_LOST]
    assert findings.take_news() == []


def test_a_child_that_is_not_followed_is_named_with_the_reason() -> None:
    assert findings_of(not_followed(1)).unfollowed == ["tool-1 (no Python)"]


def test_only_the_first_children_that_are_not_followed_are_kept() -> None:
    findings = findings_of(*map(not_followed, range(MAX_NEWS + 5)))
    assert findings.unfollowed == [f"tool-{number} (no Python)" for number in range(MAX_NEWS)]


def test_a_note_is_told_with_the_next_answer_and_not_with_the_exit() -> None:
    findings = findings_of(Event("mcpDebugNote", {"text": "the first test has failed"}))
    assert findings.news == ["the first test has failed"]
    assert findings.notes == []


def test_seeds_are_kept_in_their_order() -> None:
    seeds = ("--randomly-seed=1", "--random-order-seed=2")
    findings = findings_of(*(Event("mcpDebugSeed", {"text": seed}) for seed in seeds))
    assert findings.seeds == list(seeds)


def test_a_run_that_is_none_says_why_and_what_mends_it() -> None:
    findings = findings_of(Event("mcpDebugStartFailed", {"message": "no test of that name", "hint": "Name another."}))
    assert isinstance(findings.failure, StartFailed)
    assert str(findings.failure) == "no test of that name"
    assert findings.failure.hint == "Name another."
    assert findings.notes == ["no test of that name"]


def test_a_run_that_is_none_may_have_no_hint() -> None:
    failure = findings_of(Event("mcpDebugStartFailed", {"message": "no tests"})).failure
    assert failure is not None
    assert failure.hint == ""


def test_other_events_are_passed_over() -> None:
    events = (Event("output", {"text": "out"}), Event("mcpDebugOfLater", {"text": "new"}), Event("thread"))
    assert findings_of(*events) == Findings()


def test_news_are_told_once() -> None:
    findings = Findings()
    findings.tell("one")
    findings.tell("two")
    assert findings.take_news() == ["one", "two"]
    assert findings.take_news() == []


def test_news_that_were_taken_do_not_grow_with_what_comes_later() -> None:
    findings = Findings()
    findings.tell("one")
    taken = findings.take_news()
    findings.tell("two")
    assert taken == ["one"]
    assert findings.take_news() == ["two"]


def test_only_the_first_news_are_kept_until_they_are_told() -> None:
    findings = Findings()
    for number in range(MAX_NEWS + 5):
        findings.take(Event("mcpDebugNote", {"text": str(number)}))
    assert findings.take_news() == [str(number) for number in range(MAX_NEWS)]
    findings.tell("there is room again")
    assert findings.take_news() == ["there is room again"]


def test_what_happens_again_and_again_may_be_told_once() -> None:
    findings = Findings()
    for news in ("again", "again", "other"):
        findings.tell_once(news)
    assert findings.take_news() == ["again", "other"]
