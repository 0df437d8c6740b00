"""Where everything is: the processes of a run with their threads and tasks, on one page however many they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..stops import Stop
from ..whereabouts import Group, Whereabouts
from .answer import Answer, Field, cut
from .state import PAGE_BYTES, place, stop_reason

# Frames shown of each; fewer where the page would be too long.
_FRAMES = (3, 2, 1)
_MAX_LINE = 400
# So many processes in the same state at the same place are told at once, the first of them by name.
_ALIKE = 3
_NAMED = 40
# What a thread says of itself; of each in a process that runs it goes without saying.
_RUNS = "running"


def overview_page(session: str, processes: Sequence[Whereabouts], cwd: str) -> Answer:
    """One line for each group of threads or tasks at the same place; what does not fit is counted."""
    lines: list[str] = []
    for frames in _FRAMES:
        if len(processes) == 1:
            lines = list(_lines(processes[0], cwd, frames))
        else:
            lines = list(_lines_of_many(processes, cwd, frames))
        if sum(map(_size, lines)) <= PAGE_BYTES:
            break
    fields: dict[str, Field] = {"session": session, "threads": _as_many_as_fit(lines)}
    return Answer(f"{session} has {_counted(processes)}", fields)


def _size(line: str) -> int:
    return len(line.encode()) + 3


def _as_many_as_fit(lines: list[str]) -> list[str]:
    room, shown = PAGE_BYTES, list[str]()
    for line in lines:
        room -= _size(line)
        if room < 40:
            return [*shown, f"… {len(lines) - len(shown)} more lines"]
        shown.append(line)
    return shown


def _counted(processes: Sequence[Whereabouts]) -> str:
    threads, tasks = sum(p.threads for p in processes), sum(p.tasks for p in processes)
    parts = [_number(len(processes), "process", "es")] if len(processes) > 1 else []
    if parts and (standing := sum(p.stop is not None for p in processes)):
        parts[0] += f" ({standing} stopped)"
    parts.append(_number(threads, "thread"))
    return ", ".join([*parts, _number(tasks, "task")] if tasks else parts)


def _number(count: int, noun: str, plural: str = "s") -> str:
    return f"{count:,} {noun}{plural if count != 1 else ''}"


def _lines_of_many(processes: Sequence[Whereabouts], cwd: str, frames: int) -> Iterator[str]:
    """A line for each process, and lines below it for what that leaves out; many that are alike are told at once."""
    alike: dict[tuple[str, ...], list[Whereabouts]] = {}
    for process in processes:
        alike.setdefault(tuple(_told_of(process, cwd, frames)), []).append(process)
    for (state, *below), those in alike.items():
        if len(those) < _ALIKE:
            for process in those:
                yield f"{cut(process.name, 40)} {cut(process.title, 60)} (pid {process.pid}) {state}"
                yield from (f"  {line}" for line in below)
        else:
            yield f"{len(those)} processes, each {state}"
            yield f"  {_names(those)}"
            yield from (f"  {line}" for line in below)


def _names(processes: Sequence[Whereabouts]) -> str:
    left = len(processes) - _NAMED
    told = ", ".join(f"{cut(process.name, 40)} {cut(process.title, 30)}" for process in processes[:_NAMED])
    return f"{told} and {left} more" if left > 0 else told


def _told_of(process: Whereabouts, cwd: str, frames: int) -> Iterator[str]:
    """Whether a process stands, and where; then a line for each of the threads and tasks that this does not tell of."""
    stop, groups = process.stop, process.groups
    if process.problem:
        yield f"does not tell where it is: {cut(process.problem, 200)}"
    elif stop is not None:
        yield _standing(stop, cwd)
        yield from _lines(process, cwd, frames, [group for group in groups if group.names != (stop.thread_name,)])
    elif len(groups) == 1 and groups[0].count == 1 and groups[0].kind == "thread":
        yield f"runs: {_places(groups[0], cwd, frames)}"[:_MAX_LINE]
    else:
        yield "runs"
        yield from _lines(process, cwd, frames, [replace(g, state="") if g.state == _RUNS else g for g in groups])


def _standing(stop: Stop, cwd: str) -> str:
    at = f" at {place(stop.frame, cwd, 120)} in {cut(stop.frame.function, 60)}" if stop.frame else ""
    return f"stands{at}: {cut(stop_reason(stop), 120)}"


def _lines(process: Whereabouts, cwd: str, frames: int, groups: Sequence[Group] | None = None) -> Iterator[str]:
    """A line for each of the groups, by default of all that a process has."""
    if process.problem:
        yield f"does not tell where it is: {cut(process.problem, 200)}"
    for group in process.groups if groups is None else groups:
        yield _group_line(group, process.stop, cwd, frames)
    if process.left:
        yield f"… {process.left} more groups"


def _group_line(group: Group, stop: Stop | None, cwd: str, frames: int) -> str:
    names = ", ".join(cut(name, 40) for name in group.names)
    if group.count == 1:
        who = names if group.kind == "thread" else f"{group.kind} {names}"
    else:
        more = ", …" if group.count > len(group.names) else ""
        who = f"{group.count:,} {group.kind}s ({names}{more})"
    is_shown = stop is not None and group.kind == "thread" and group.names == (stop.thread_name,)
    state = stop_reason(stop) if stop is not None and is_shown else group.state
    return f"{who}{f', {cut(state, 100)}' if state else ''}: {_places(group, cwd, frames)}"[:_MAX_LINE]


def _places(group: Group, cwd: str, most: int) -> str:
    """The user's frames, and the innermost one where that is none of them."""
    own = [pair for pair in group.frames if pair[1].user][:most]
    shown = [*[pair for pair in group.frames[:1] if not pair[1].user], *own]
    if not shown:
        return "no Python frame"
    return " < ".join(f"#{index} {cut(f.function, 60)} {place(f, cwd, 120)}" for index, f in shown)
