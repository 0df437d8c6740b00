"""Where everything is: the processes of a run with their threads and tasks, on one page however many they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..stops import Stop
from ..whereabouts import Group, Whereabouts
from .answer import Answer, Field, cut
from .state import PAGE_BYTES, place, stop_reason

# Frames shown of each; fewer where the page would be too long.
_FRAMES = (3, 2, 1)
_MAX_LINE = 400


def overview_page(session: str, processes: Sequence[Whereabouts], cwd: str) -> Answer:
    """One line for each group of threads or tasks at the same place; what does not fit is counted."""
    lines: list[str] = []
    for frames in _FRAMES:
        if len(processes) == 1:
            lines = list(_lines(processes[0], cwd, frames))
        else:
            lines = [line for process in processes for line in _lines_of_one(process, cwd, frames)]
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
    parts.append(_number(threads, "thread"))
    return ", ".join([*parts, _number(tasks, "task")] if tasks else parts)


def _number(count: int, noun: str, plural: str = "s") -> str:
    return f"{count:,} {noun}{plural if count != 1 else ''}"


def _lines_of_one(process: Whereabouts, cwd: str, frames: int) -> Iterator[str]:
    """A line for one of several processes, and lines below it for what its stop does not show."""
    stop = process.stop
    told = [group for group in process.groups if stop is None or group.names != (stop.thread_name,)]
    alone = len(process.groups) == 1 and stop is None and not process.problem
    head = cut(process.title, 100)
    if alone:
        yield f"{head}: {_group_line(process.groups[0], None, cwd, frames)}"
        return
    yield f"{head} {_standing(stop, cwd)}" if not process.problem else head
    for line in _lines(process, cwd, frames, told):
        yield f"  {line}"


def _standing(stop: Stop | None, cwd: str) -> str:
    if stop is None:
        return "is running"
    at = f" at {place(stop.frame, cwd, 120)} in {cut(stop.frame.function, 60)}" if stop.frame else ""
    return f"stands{at}: {cut(stop_reason(stop), 120)}"


def _lines(process: Whereabouts, cwd: str, frames: int, groups: Sequence[Group] | None = None) -> Iterator[str]:
    if process.problem:
        yield f"does not tell where it is: {cut(process.problem, 200)}"
    for group in process.groups if groups is None else groups:
        yield _group_line(group, process.stop, cwd, frames)
    if process.left:
        yield f"… {process.left} more groups"


def _group_line(group: Group, stop: Stop | None, cwd: str, frames: int) -> str:
    names = ", ".join(cut(name, 40) for name in group.names)
    if group.count == 1:
        who = f"task {names}" if group.kind == "task" else names
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
