"""Where everything is: groups on lines, processes with their stops, a page that stays small."""

from __future__ import annotations

from typing import Any

import pytest

from mcp_debug_tool.stops import Frame, Stop
from mcp_debug_tool.views import PAGE_BYTES, overview_page
from mcp_debug_tool.whereabouts import Group, Whereabouts

CWD = "/home/u/project"


def frame(function: str, line: int, file: str = f"{CWD}/app.py", *, user: bool = True) -> Frame:
    return Frame(0, function, file, line, user)


def group(*names: str, count: int = 0, kind: str = "thread", state: str = "running", frames: int = 2) -> Group:
    return Group(kind, names, count or len(names), state, tuple((n, frame(f"f{n}", n + 1)) for n in range(frames)))


def alone(stop: Stop | None, *known: Any, **more: Any) -> Whereabouts:
    """The only process of a run."""
    return Whereabouts("p1", "app.py", 1, stop, *known, **more)


def child(number: int, stop: Stop | None = None, *groups: Group, title: str = "fork", **more: Any) -> Whereabouts:
    """One of several."""
    return Whereabouts(f"p1.{number}", title, 100 + number, stop, len(groups), 0, groups, **more)


def hit(number: int = 1, line: int = 7) -> Stop:
    frames = (frame("work", line),)
    return Stop("breakpoint", 1, frames, thread_name="Main", breakpoints=(("b1", number),))


def lines(*processes: Whereabouts) -> list[str]:
    return list(overview_page("s1", processes, CWD).data()["threads"])


def test_a_thread_is_one_line_with_its_state_and_its_frames() -> None:
    assert lines(alone(None, 1, 0, (group("Main"),))) == ["Main, running: #0 f0 app.py:1 < #1 f1 app.py:2"]


def test_threads_at_one_place_are_counted_and_the_first_are_named() -> None:
    (line,) = lines(alone(None, 97, 0, (group("w-1", "w-2", count=97),)))
    assert line.startswith("97 threads (w-1, w-2, …), running: #0 f0")


def test_a_task_is_told_from_a_thread() -> None:
    waits = group("Task-3", kind="task", state="waits for Task-4")
    assert lines(alone(None, 1, 1, (waits,)))[0].startswith("task Task-3, waits for Task-4: #0")


def test_the_headline_counts_processes_threads_and_tasks() -> None:
    page = overview_page("s1", [alone(None, 2, 1000), alone(None, 1, 0)], CWD)
    assert page.headline == "s1 has 2 processes, 3 threads, 1,000 tasks"
    assert overview_page("s1", [alone(None, 1)], CWD).headline == "s1 has 1 thread"


def test_the_innermost_library_frame_stands_before_those_of_the_user() -> None:
    library = frame("wait", 320, "/lib/threading.py", user=False)
    of = Group("thread", ("w",), 1, "running", ((0, library), (4, frame("work", 12))))
    assert lines(alone(None, 1, 0, (of,))) == ["w, running: #0 wait /lib/threading.py:320 < #4 work app.py:12"]


def test_a_thread_outside_of_python_says_so() -> None:
    assert lines(alone(None, 1, 0, (group("Main", frames=0),))) == ["Main, running: no Python frame"]


def test_the_thread_whose_stop_is_shown_says_why_it_stopped() -> None:
    stop = Stop("breakpoint", 1, (frame("f0", 1),), thread_name="Main", breakpoints=(("b1", 2),))
    shown = lines(alone(stop, 2, 0, (group("Main", state="stopped"), group("other", state="stopped"))))
    assert shown[0].startswith("Main, breakpoint b1 (hit 2): ")
    assert shown[1].startswith("other, stopped: ")


def test_several_processes_have_a_line_each_and_what_their_stop_does_not_show_below_it() -> None:
    stop = Stop("step", 1, (frame("f0", 1),), thread_name="Main")
    shown = lines(
        alone(stop, 2, 0, (group("Main"), group("other", state="stopped"))),
        child(1, None, group("Main")),
        child(2, None, group("Main"), group("w-1", "w-2")),
        child(3, problem="no answer"),
    )
    assert shown == [
        "p1 app.py (pid 1) stands at app.py:1 in f0: step",
        "  other, stopped: #0 f0 app.py:1 < #1 f1 app.py:2",
        "p1.1 fork (pid 101) runs: #0 f0 app.py:1 < #1 f1 app.py:2",
        "p1.2 fork (pid 102) runs",
        "  Main: #0 f0 app.py:1 < #1 f1 app.py:2",
        "  2 threads (w-1, w-2): #0 f0 app.py:1 < #1 f1 app.py:2",
        "p1.3 fork (pid 103) does not tell where it is: no answer",
    ]


def test_processes_that_are_alike_are_told_at_once_by_their_names() -> None:
    idle, busy = group("Main", frames=1), group("Main", frames=3)
    shown = lines(
        alone(None, 1, 0, (busy,)),
        *(child(n, hit(), group("Main")) for n in (1, 2, 3)),
        *(child(n, None, idle, title=f"Worker-{n}") for n in range(4, 8)),
    )
    assert shown == [
        "p1 app.py (pid 1) runs: #0 f0 app.py:1 < #1 f1 app.py:2 < #2 f2 app.py:3",
        "3 processes, each stands at app.py:7 in work: breakpoint b1 (hit 1)",
        "  p1.1 fork, p1.2 fork, p1.3 fork",
        "4 processes, each runs: #0 f0 app.py:1",
        "  p1.4 Worker-4, p1.5 Worker-5, p1.6 Worker-6, p1.7 Worker-7",
    ]


def test_two_that_are_alike_and_those_that_are_not_keep_their_lines() -> None:
    shown = lines(child(1, hit(1)), child(2, hit(1)), child(3, hit(2)), child(4, hit(1, line=8)))
    assert [line.partition(" ")[0] for line in shown] == ["p1.1", "p1.2", "p1.3", "p1.4"]


def test_the_headline_says_how_many_processes_stand() -> None:
    page = overview_page("s1", [child(1, hit(), group("Main")), child(2, hit(), group("Main")), child(3)], CWD)
    assert page.headline == "s1 has 3 processes (2 stopped), 2 threads"


@pytest.mark.parametrize("number", [30, 1000])
def test_very_many_processes_are_on_one_page(number: int) -> None:
    stop = Stop("breakpoint", 1, (frame("work", 7, "/srv/" + "x" * 200 + "/app.py"),), thread_name="Main")
    kinds = [(stop, "multiprocessing spawn"), (None, "worker.py"), (stop, "fork")]
    processes = [child(n, kinds[n % 3][0], group("Main"), title=kinds[n % 3][1]) for n in range(number)]
    page = overview_page("s1", processes, CWD)
    assert len(page.text().encode()) <= PAGE_BYTES
    told = "\n".join(page.data()["threads"])
    named = sum(f"p1.{n} {kinds[n % 3][1]}" in told for n in range(number))
    assert named == 30 or "more" in told


def test_a_page_of_very_many_groups_is_short_and_says_what_it_left_out() -> None:
    groups = tuple(group(f"thread-{n:04}" + "x" * 30, state=f"state {n}") for n in range(60))
    page = overview_page("s1", [alone(None, 500, 0, groups, left=440)] * 3, CWD)
    shown = list(page.data()["threads"])
    assert len(page.text().encode()) <= PAGE_BYTES + 200
    assert shown[-1].endswith(" more lines")


def test_frames_go_before_groups_do() -> None:
    groups = tuple(group(f"thread-{n}", frames=3) for n in range(60))
    shown = lines(alone(None, 60, 0, groups))
    assert len(shown) == 60
    assert all(line.count(" < ") == 1 for line in shown)
