"""The processes of a run: their names, which of them stand, and which one is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest

from mcp_debug_tool.dap_process import DAPProcess
from mcp_debug_tool.process_tree import ProcessTree, describe
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
    name: str = ""
    stop: Stop | None = None


def process(pid: int, parent_pid: int = UNKNOWN, title: str = "app.py") -> DAPProcess:
    """A process that has come and has no name yet."""
    return cast(DAPProcess, Standin(pid, parent_pid, title))


def rooted() -> ProcessTree:
    """A tree with the program in it, as it is when its children come."""
    tree = ProcessTree()
    tree.root = entered(tree, ROOT)
    return tree


def entered(tree: ProcessTree, pid: int, parent_pid: int = UNKNOWN, *, by_pid: bool = True) -> DAPProcess:
    """A process that has entered the tree."""
    newcomer = process(pid, parent_pid)
    tree.enter(newcomer, by_pid=by_pid)
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
    assert not tree.enter(process(ROOT), by_pid=True)
    assert not tree.enter(process(101, ROOT), by_pid=True)


def test_a_process_keeps_its_name_after_an_exec_and_takes_the_place_of_what_it_was() -> None:
    tree = rooted()
    before, after = entered(tree, 101, ROOT), process(101, ROOT)
    assert tree.enter(after, by_pid=True)
    assert after.name == "p1.1"
    assert tree.living == [tree.root, after]
    assert before not in tree.living


def test_the_root_is_still_the_root_after_an_exec() -> None:
    tree = rooted()
    after = process(ROOT)
    assert tree.enter(after, by_pid=True)
    assert tree.root is after
    assert tree.living == [after]
    assert entered(tree, 101, 9999).name == "p1.1"


def test_an_exec_of_a_child_leaves_the_root_as_it_is() -> None:
    tree = rooted()
    root = tree.root
    entered(tree, 101, ROOT)
    assert tree.enter(process(101, ROOT), by_pid=True)
    assert tree.root is root


def test_an_exec_is_known_when_the_connection_of_what_it_was_has_ended_before() -> None:
    tree = rooted()
    assert tree.root is not None
    tree.leave(tree.root)
    after = process(ROOT)
    assert tree.enter(after, by_pid=True)
    assert (after.name, tree.root, tree.living) == ("p1", after, [after])


def test_the_end_of_what_it_was_does_not_end_what_it_became() -> None:
    tree = rooted()
    before, after = tree.root, process(ROOT)
    assert before is not None
    tree.enter(after, by_pid=True)
    stands(tree, after)
    tree.leave(before)
    assert (tree.living, tree.root, tree.focus) == ([after], after, after)


def test_what_stood_before_an_exec_stands_no_more() -> None:
    tree = rooted()
    before, other = entered(tree, 101, ROOT), entered(tree, 102, ROOT)
    stands(tree, before, other)
    tree.enter(process(101, ROOT), by_pid=True)
    assert tree.focus is other
    assert standing(tree) == ["p1.2"]


def test_where_a_pid_names_several_processes_each_has_its_own_name() -> None:
    tree = ProcessTree()
    first, second = entered(tree, 7, by_pid=False), process(7)
    assert not tree.enter(second, by_pid=False)
    assert (first.name, second.name) == ("p1", "p2")
    assert tree.living == [first, second]


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
    assert tree.root is not None
    assert not tree.needs_names(tree.root)
    tree.enter(process(ROOT), by_pid=True)
    assert not tree.needs_names(tree.root)


def test_a_program_with_a_child_needs_a_name_even_after_the_child_has_ended() -> None:
    tree = rooted()
    assert tree.root is not None
    child = entered(tree, 101, ROOT)
    assert tree.needs_names(child)
    assert tree.needs_names(tree.root)
    tree.leave(child)
    assert tree.needs_names(tree.root)


def test_several_programs_need_names() -> None:
    tree = ProcessTree()
    first = entered(tree, 11)
    assert not tree.needs_names(first)
    second = entered(tree, 12)
    assert tree.needs_names(first)
    assert tree.needs_names(second)


def test_a_line_tells_name_title_pid_and_whether_it_stands() -> None:
    tree = rooted()
    tree.enter(process(101, ROOT, "-m worker"), by_pid=True)
    assert tree.lines() == ["p1 app.py (pid 100)", "p1.1 -m worker (pid 101)"]
    stands(tree, tree.living[1])
    assert tree.lines() == ["p1 app.py (pid 100)", "p1.1 -m worker (pid 101), stopped"]
    goes_on(tree, tree.living[1], step=True)
    assert tree.lines()[1] == describe(tree.living[1]) == "p1.1 -m worker (pid 101)"
