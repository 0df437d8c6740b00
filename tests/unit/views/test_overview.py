"""Where everything is: groups on lines, processes with their stops, a page that stays small."""

from __future__ import annotations

from mcp_debug_tool.stops import Frame, Stop
from mcp_debug_tool.views import PAGE_BYTES, overview_page
from mcp_debug_tool.whereabouts import Group, Whereabouts

CWD = "/home/u/project"


def frame(function: str, line: int, file: str = f"{CWD}/app.py", *, user: bool = True) -> Frame:
    return Frame(0, function, file, line, user)


def group(*names: str, count: int = 0, kind: str = "thread", state: str = "running", frames: int = 2) -> Group:
    return Group(kind, names, count or len(names), state, tuple((n, frame(f"f{n}", n + 1)) for n in range(frames)))


def lines(*processes: Whereabouts) -> list[str]:
    return list(overview_page("s1", processes, CWD).data()["threads"])


def test_a_thread_is_one_line_with_its_state_and_its_frames() -> None:
    assert lines(Whereabouts("p1", None, 1, 0, (group("Main"),))) == ["Main, running: #0 f0 app.py:1 < #1 f1 app.py:2"]


def test_threads_at_one_place_are_counted_and_the_first_are_named() -> None:
    (line,) = lines(Whereabouts("p1", None, 97, 0, (group("w-1", "w-2", count=97),)))
    assert line.startswith("97 threads (w-1, w-2, …), running: #0 f0")


def test_a_task_is_told_from_a_thread() -> None:
    waits = group("Task-3", kind="task", state="waits for Task-4")
    assert lines(Whereabouts("p1", None, 1, 1, (waits,)))[0].startswith("task Task-3, waits for Task-4: #0")


def test_the_headline_counts_processes_threads_and_tasks() -> None:
    page = overview_page("s1", [Whereabouts("p1", None, 2, 1000), Whereabouts("p2", None, 1, 0)], CWD)
    assert page.headline == "s1 has 2 processes, 3 threads, 1,000 tasks"
    assert overview_page("s1", [Whereabouts("p1", None, 1)], CWD).headline == "s1 has 1 thread"


def test_the_innermost_library_frame_stands_before_those_of_the_user() -> None:
    library = frame("wait", 320, "/lib/threading.py", user=False)
    of = Group("thread", ("w",), 1, "running", ((0, library), (4, frame("work", 12))))
    assert lines(Whereabouts("p1", None, 1, 0, (of,))) == [
        "w, running: #0 wait /lib/threading.py:320 < #4 work app.py:12"
    ]


def test_a_thread_outside_of_python_says_so() -> None:
    assert lines(Whereabouts("p1", None, 1, 0, (group("Main", frames=0),))) == ["Main, running: no Python frame"]


def test_the_thread_whose_stop_is_shown_says_why_it_stopped() -> None:
    stop = Stop("breakpoint", 1, (frame("f0", 1),), thread_name="Main", breakpoints=(("b1", 2),))
    shown = lines(Whereabouts("p1", stop, 2, 0, (group("Main", state="stopped"), group("other", state="stopped"))))
    assert shown[0].startswith("Main, breakpoint b1 (hit 2): ")
    assert shown[1].startswith("other, stopped: ")


def test_several_processes_have_a_line_each_and_what_their_stop_does_not_show_below_it() -> None:
    stop = Stop("step", 1, (frame("f0", 1),), thread_name="Main")
    shown = lines(
        Whereabouts("p1 app.py (pid 1)", stop, 2, 0, (group("Main"), group("other"))),
        Whereabouts("p1.1 fork (pid 2)", None, 1, 0, (group("Main"),)),
        Whereabouts("p1.2 fork (pid 3)", None, problem="no answer"),
    )
    assert shown[0] == "p1 app.py (pid 1) stands at app.py:1 in f0: step"
    assert shown[1].startswith("  other, running: ")
    assert shown[2].startswith("p1.1 fork (pid 2): Main, running: ")
    assert shown[3:] == ["p1.2 fork (pid 3)", "  does not tell where it is: no answer"]


def test_a_page_of_very_many_groups_is_short_and_says_what_it_left_out() -> None:
    groups = tuple(group(f"thread-{n:04}" + "x" * 30, state=f"state {n}") for n in range(60))
    page = overview_page("s1", [Whereabouts("p1", None, 500, 0, groups, left=440)] * 3, CWD)
    shown = list(page.data()["threads"])
    assert len(page.text().encode()) <= PAGE_BYTES + 200
    assert shown[-1].endswith(" more lines")


def test_frames_go_before_groups_do() -> None:
    groups = tuple(group(f"thread-{n}", frames=3) for n in range(60))
    shown = lines(Whereabouts("p1", None, 60, 0, groups))
    assert len(shown) == 60
    assert all(line.count(" < ") == 1 for line in shown)
