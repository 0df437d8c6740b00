"""The processes of a run: their names, which of them stand, and which one is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest

from mcp_debug_tool.dap_process import DAPProcess
from mcp_debug_tool.process_tree import TOLD_BY_NAME, TOLD_IN_FULL, ProcessTree, describe
from mcp_debug_tool.stops import Stop

ROOT = 100
# Of no process in the tree.
UNKNOWN = 1
STOP = Stop("step", 1, ())


@dataclass(eq=False)
class Standin:
    """What a tree reads of a process."""

    pid: int
    parent_pid: int = UNKNOWN
    title: str = "app.py"
    replaced: bool = False
    is_helper: bool = False
    name: str = ""
    stop: Stop | None = None
    more_stops: int = 0


def process(
    pid: int, parent_pid: int = UNKNOWN, title: str = "app.py", *, replaced: bool = False, is_helper: bool = False
) -> DAPProcess:
    """A process that has come and has no name yet."""
    return cast(DAPProcess, Standin(pid, parent_pid, title, replaced, is_helper))


def execed(pid: int) -> DAPProcess:
    """What a process of this pid has become by an exec."""
    return process(pid, replaced=True)


def rooted() -> ProcessTree:
    """A tree with the program in it, as it is when its children come."""
    tree = ProcessTree()
    tree.root = entered(tree, ROOT)
    return tree


def entered(tree: ProcessTree, pid: int, parent_pid: int = UNKNOWN, *, is_helper: bool = False) -> DAPProcess:
    """A process that has entered the tree."""
    newcomer = process(pid, parent_pid, is_helper=is_helper)
    tree.enter(newcomer)
    return newcomer


def stands(tree: ProcessTree, *processes: DAPProcess) -> None:
    """Each of them stops, in this order."""
    for each in processes:
        each.stop = STOP
        tree.stand(each)


def goes_on(tree: ProcessTree, each: DAPProcess, *, step: bool = False) -> None:
    """A process is let run, as `resume` does it."""
    tree.go_on(each, step=step)
    each.stop = None
    tree.look_around()


def standing(tree: ProcessTree) -> list[str]:
    """Names of the processes that stand, in the order in which they are looked at."""
    found = []
    while tree.focus is not None:
        found.append(tree.focus.name)
        goes_on(tree, tree.focus)
    return found


# --- names ----------------------------------------------------------------------------------------------------


def test_an_empty_tree_has_nothing_to_look_at() -> None:
    tree = ProcessTree()
    assert (tree.living, tree.root, tree.focus, bool(tree.standing), tree.lines()) == ([], None, None, False, [])


def test_a_process_is_named_after_its_parent() -> None:
    tree = rooted()
    names = [entered(tree, pid, parent).name for pid, parent in ((101, ROOT), (102, ROOT), (103, 101), (104, 103))]
    assert tree.living[0].name == "p1"
    assert names == ["p1.1", "p1.2", "p1.1.1", "p1.1.1.1"]


def test_the_living_are_in_the_order_in_which_they_came() -> None:
    tree = rooted()
    young, younger = entered(tree, 102, ROOT), entered(tree, 101, 102)
    assert tree.living == [tree.root, young, younger]


def test_a_child_of_an_unknown_parent_stands_under_the_root() -> None:
    tree = rooted()
    assert entered(tree, 101, 9999).name == "p1.1"
    assert entered(tree, 102, ROOT).name == "p1.2"


def test_a_child_whose_parent_has_ended_stands_under_the_root() -> None:
    tree = rooted()
    parent = entered(tree, 101, ROOT)
    tree.leave(parent)
    assert entered(tree, 102, 101).name == "p1.2"


def test_children_stand_under_the_root_even_after_its_end() -> None:
    tree = rooted()
    assert tree.root is not None
    tree.leave(tree.root)
    assert entered(tree, 101, ROOT).name == "p1.1"


def test_without_a_root_each_program_is_one_of_its_own() -> None:
    tree = ProcessTree()
    assert [entered(tree, pid).name for pid in (11, 12)] == ["p1", "p2"]
    assert entered(tree, 13, 12).name == "p2.1"
    assert entered(tree, 14).name == "p3"
    assert tree.root is None


def test_a_name_is_not_given_again_after_its_process_has_ended() -> None:
    tree = rooted()
    tree.leave(entered(tree, 101, ROOT))
    assert entered(tree, 102, ROOT).name == "p1.2"


# --- exec -----------------------------------------------------------------------------------------------------


def test_a_process_that_has_come_is_not_known_before() -> None:
    tree = ProcessTree()
    assert not tree.enter(process(ROOT))
    assert not tree.enter(process(101, ROOT))


def test_a_process_keeps_its_name_after_an_exec_and_takes_the_place_of_what_it_was() -> None:
    tree = rooted()
    before, after = entered(tree, 101, ROOT), execed(101)
    assert tree.enter(after)
    assert after.name == "p1.1"
    assert tree.living == [tree.root, after]
    assert before not in tree.living


def test_the_root_is_still_the_root_after_an_exec() -> None:
    tree = rooted()
    after = execed(ROOT)
    assert tree.enter(after)
    assert tree.root is after
    assert tree.living == [after]
    assert entered(tree, 101, 9999).name == "p1.1"


def test_an_exec_of_a_child_leaves_the_root_as_it_is() -> None:
    tree = rooted()
    root = tree.root
    entered(tree, 101, ROOT)
    assert tree.enter(execed(101))
    assert tree.root is root


def test_an_exec_is_known_when_the_connection_of_what_it_was_has_ended_before() -> None:
    tree = rooted()
    assert tree.root is not None
    tree.leave(tree.root)
    after = execed(ROOT)
    assert tree.enter(after)
    assert (after.name, tree.root, tree.living) == ("p1", after, [after])


def test_the_end_of_what_it_was_does_not_end_what_it_became() -> None:
    tree = rooted()
    before, after = tree.root, execed(ROOT)
    assert before is not None
    tree.enter(after)
    stands(tree, after)
    tree.leave(before)
    assert (tree.living, tree.root, tree.focus) == ([after], after, after)


def test_what_stood_before_an_exec_stands_no_more() -> None:
    tree = rooted()
    before, other = entered(tree, 101, ROOT), entered(tree, 102, ROOT)
    stands(tree, before, other)
    tree.enter(execed(101))
    assert tree.focus is other
    assert standing(tree) == ["p1.2"]


def test_a_pid_that_is_given_again_is_another_process() -> None:
    tree = rooted()
    dead = entered(tree, 101, ROOT)
    tree.leave(dead)
    assert tree.note_end(101, 3)
    again = entered(tree, 101, ROOT)
    assert again.name == "p1.2"
    assert tree.living == [tree.root, again]
    assert tree.ended("p1.1").endswith("has ended with code 3")
    assert tree.note_end(101, 0) == describe(again)


def test_a_pid_that_names_two_processes_at_once_names_each() -> None:
    tree = ProcessTree()
    first, second = entered(tree, 7), process(7)
    assert not tree.enter(second)
    assert (first.name, second.name) == ("p1", "p2")
    assert tree.living == [first, second]


def test_an_exec_of_a_process_that_nobody_knew_is_a_process_of_its_own() -> None:
    tree = rooted()
    assert not tree.enter(execed(101))
    assert [p.name for p in tree.living] == ["p1", "p1.1"]


# --- helpers --------------------------------------------------------------------------------------------------


def test_what_a_helper_starts_is_a_child_of_the_helpers_parent() -> None:
    tree = rooted()
    helper = entered(tree, 101, ROOT, is_helper=True)
    assert helper.name == "p1.helper1"
    assert [entered(tree, pid, 101).name for pid in (102, 103)] == ["p1.1", "p1.2"]
    assert entered(tree, 104, 103).name == "p1.2.1"


def test_a_helper_is_told_of_only_while_it_stands() -> None:
    tree = rooted()
    helper = entered(tree, 101, ROOT, is_helper=True)
    child = entered(tree, 102, 101)
    assert [p.name for p in tree.shown] == ["p1", "p1.1"]
    assert not [line for line in tree.lines() if "helper" in line]
    stands(tree, helper)
    assert tree.shown == [tree.root, helper, child]


# --- how they ended -------------------------------------------------------------------------------------------


def test_an_end_is_told_by_name_while_it_lives_and_when_it_has_gone() -> None:
    tree = rooted()
    one, two = entered(tree, 101, ROOT), entered(tree, 102, ROOT)
    assert tree.note_end(101, -11) == "p1.1 app.py (pid 101)"
    tree.leave(two)
    assert tree.note_end(102, 3) == "p1.2 app.py (pid 102)"
    assert tree.ended("p1.1") == ""
    tree.leave(one)
    assert tree.ended("p1.1") == "p1.1 app.py (pid 101) has ended by SIGSEGV"
    assert tree.ended("p1.2") == "p1.2 app.py (pid 102) has ended with code 3"


def test_an_end_is_noted_once_and_of_our_own_processes_only() -> None:
    tree = rooted()
    entered(tree, 101, ROOT)
    assert tree.note_end(101, 1)
    assert tree.note_end(101, 1) == ""
    assert tree.note_end(999, 1) == ""


def test_a_process_whose_parent_has_not_told_has_just_ended() -> None:
    tree = rooted()
    tree.leave(entered(tree, 101, ROOT))
    assert tree.ended("p1.1") == "p1.1 app.py (pid 101) has ended"
    assert tree.ended("p1.7") == ""


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ([], ""),
        ([None, None], ""),
        ([0], "1 child, ended with code 0"),
        ([0, 0, 0], "3 children, all ended with code 0"),
        ([3], "1 child: 1 ended with code 3"),
        ([0, -9, 3, 0, None], "5 children: 2 ended with code 0, 1 ended with code 3, 1 ended by SIGKILL, "
         "of 1 only the parent knows"),
    ],
)  # fmt: skip
def test_how_all_children_ended_is_one_sentence(codes: list[int | None], told: str) -> None:
    tree = rooted()
    tree.note_end(ROOT, 7)
    for pid, code in enumerate(codes, 101):
        entered(tree, pid, ROOT)
        if code is not None:
            tree.note_end(pid, code)
    entered(tree, 200, ROOT, is_helper=True)
    assert tree.ends_of_children() == told


# --- standing and looking -------------------------------------------------------------------------------------


def test_the_first_that_stands_is_looked_at_and_the_others_wait_for_their_turn() -> None:
    tree = rooted()
    one, two, three = (entered(tree, pid, ROOT) for pid in (101, 102, 103))
    stands(tree, two, three, one)
    assert tree.focus is two
    assert standing(tree) == ["p1.2", "p1.3", "p1.1"]
    assert not tree.standing


def test_a_process_that_stops_again_waits_behind_the_others() -> None:
    tree = rooted()
    one, two = entered(tree, 101, ROOT), entered(tree, 102, ROOT)
    stands(tree, one, two)
    goes_on(tree, one)
    stands(tree, one)
    assert standing(tree) == ["p1.2", "p1.1"]


def test_the_next_that_stands_is_looked_at_when_one_goes_on() -> None:
    tree = rooted()
    one, two = entered(tree, 101, ROOT), entered(tree, 102, ROOT)
    stands(tree, one, two)
    goes_on(tree, one)
    assert tree.focus is two
    goes_on(tree, two)
    assert tree.focus is None
    assert not tree.standing


def test_the_one_that_is_looked_at_stays_so_when_another_goes_on() -> None:
    tree = rooted()
    one, two, three = (entered(tree, pid, ROOT) for pid in (101, 102, 103))
    stands(tree, one, two, three)
    tree.look_at(two)
    goes_on(tree, three)
    assert tree.focus is two
    goes_on(tree, two)
    assert tree.focus is one


def test_the_next_that_stands_is_looked_at_when_one_ends() -> None:
    tree = rooted()
    one, two = entered(tree, 101, ROOT), entered(tree, 102, ROOT)
    stands(tree, one, two)
    tree.leave(one)
    assert tree.focus is two
    tree.leave(two)
    assert tree.focus is None
    assert tree.living == [tree.root]


def test_the_end_of_another_changes_nothing_for_the_one_that_is_looked_at() -> None:
    tree = rooted()
    one, two, three = (entered(tree, pid, ROOT) for pid in (101, 102, 103))
    stands(tree, one, two, three)
    tree.leave(two)
    assert standing(tree) == ["p1.1", "p1.3"]


def test_a_process_that_has_left_may_leave_again() -> None:
    tree = rooted()
    one = entered(tree, 101, ROOT)
    tree.leave(one)
    tree.leave(one)
    assert tree.living == [tree.root]


# --- steps ----------------------------------------------------------------------------------------------------


def test_a_process_that_takes_a_step_stays_the_one_that_is_looked_at() -> None:
    tree = rooted()
    one, two = entered(tree, 101, ROOT), entered(tree, 102, ROOT)
    stands(tree, one, two)
    goes_on(tree, one, step=True)
    assert tree.focus is one
    stands(tree, one)
    assert tree.focus is one
    goes_on(tree, one)
    assert tree.focus is two


def test_a_stop_elsewhere_waits_while_a_step_is_taken() -> None:
    tree = rooted()
    one, two = entered(tree, 101, ROOT), entered(tree, 102, ROOT)
    stands(tree, one)
    goes_on(tree, one, step=True)
    stands(tree, two)
    assert tree.focus is one
    assert tree.standing


def test_another_is_looked_at_when_a_process_ends_in_its_step() -> None:
    tree = rooted()
    one, two = entered(tree, 101, ROOT), entered(tree, 102, ROOT)
    stands(tree, one, two)
    goes_on(tree, one, step=True)
    tree.leave(one)
    assert tree.focus is two


def test_a_step_that_does_not_come_back_is_left_for_what_stands() -> None:
    tree = rooted()
    one, two = entered(tree, 101, ROOT), entered(tree, 102, ROOT)
    stands(tree, one, two)
    goes_on(tree, one, step=True)
    tree.stop_waiting_for_step()
    assert tree.focus is two
    stands(tree, one)
    assert standing(tree) == ["p1.2", "p1.1"]


def test_a_step_is_waited_for_where_nothing_else_stands() -> None:
    tree = rooted()
    assert tree.root is not None
    stands(tree, tree.root)
    goes_on(tree, tree.root, step=True)
    tree.stop_waiting_for_step()
    assert tree.focus is tree.root


def test_a_step_that_has_come_back_is_not_left_for_another_that_stands() -> None:
    tree = rooted()
    one, two = entered(tree, 101, ROOT), entered(tree, 102, ROOT)
    stands(tree, one)
    goes_on(tree, one, step=True)
    stands(tree, two, one)
    tree.stop_waiting_for_step()
    assert tree.focus is one


@pytest.mark.parametrize("step", [True, False])
def test_a_process_that_was_not_let_run_is_looked_at_still(step: bool) -> None:
    tree = rooted()
    one, two = entered(tree, 101, ROOT), entered(tree, 102, ROOT)
    stands(tree, one, two)
    tree.go_on(one, step=step)
    tree.stay(one)
    tree.look_around()
    assert tree.focus is one
    assert standing(tree) == ["p1.1", "p1.2"]


# --- what is told of them -------------------------------------------------------------------------------------


def test_a_program_alone_needs_no_name() -> None:
    tree = rooted()
    assert not tree.needs_names()
    tree.enter(execed(ROOT))
    assert not tree.needs_names()


def test_a_program_with_a_child_needs_a_name_even_after_the_child_has_ended() -> None:
    tree = rooted()
    child = entered(tree, 101, ROOT)
    assert tree.needs_names()
    tree.leave(child)
    assert tree.needs_names()


def test_several_programs_need_names() -> None:
    tree = ProcessTree()
    entered(tree, 11)
    assert not tree.needs_names()
    entered(tree, 12)
    assert tree.needs_names()


def test_a_line_tells_name_title_pid_and_whether_it_stands() -> None:
    tree = rooted()
    tree.enter(process(101, ROOT, "-m worker"))
    assert tree.lines() == ["p1 app.py (pid 100)", "p1.1 -m worker (pid 101)"]
    stands(tree, tree.living[1])
    assert tree.lines() == ["p1 app.py (pid 100)", "p1.1 -m worker (pid 101), stopped"]
    goes_on(tree, tree.living[1], step=True)
    assert tree.lines()[1] == describe(tree.living[1]) == "p1.1 -m worker (pid 101)"


def test_of_many_processes_the_names_are_told_by_what_they_do() -> None:
    tree = rooted()
    children = [entered(tree, pid, ROOT) for pid in range(101, 101 + TOLD_IN_FULL)]
    assert tree.lines() == [f"{len(children) + 1} running (p1, {', '.join(child.name for child in children)})"]
    stands(tree, children[0], children[2])
    assert tree.lines()[0] == "2 stopped (p1.1, p1.3)"
    assert tree.lines()[1].startswith(f"{len(children) - 1} running (p1, p1.2, p1.4")


def test_of_very_many_processes_the_first_are_named() -> None:
    tree = rooted()
    for pid in range(101, 101 + TOLD_BY_NAME + 4):
        entered(tree, pid, ROOT)
    (line,) = tree.lines()
    assert line.endswith(f"p1.{TOLD_BY_NAME - 1} and 5 more)")


def test_what_waits_is_named_and_of_many_the_first() -> None:
    tree = rooted()
    assert tree.waiting() == ""
    children = [entered(tree, pid, ROOT) for pid in range(101, 107)]
    stands(tree, *children[:2])
    assert tree.waiting() == "p1.2 app.py"
    stands(tree, *children[2:])
    assert tree.waiting() == "p1.2 app.py, p1.3 app.py, p1.4 app.py, p1.5 app.py and 1 more"


def test_other_threads_of_the_process_that_is_looked_at_wait_before_other_processes() -> None:
    tree = rooted()
    one, two = entered(tree, 101, ROOT), entered(tree, 102, ROOT)
    stands(tree, one, two)
    cast(Standin, one).more_stops = 3
    assert tree.waiting() == "3 more threads of this process, p1.2 app.py"
