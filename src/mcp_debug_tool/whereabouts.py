"""Whereabouts: where all threads and tasks of a process are, whether it runs or stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import anyio

from .dap_process import DAPProcess
from .errors import AdapterError, NotResponding, ProtocolError
from .process_tree import ProcessTree
from .stops import Frame, Stop, frame_from_program

# What one process may tell; a page holds less.
MAX_GROUPS = 60
MAX_NAMES = 4


@dataclass(frozen=True)
class Group:
    """Threads, or tasks, that are at the same place."""

    kind: str
    names: tuple[str, ...]
    """The first of them."""
    count: int
    state: str
    frames: tuple[tuple[int, Frame], ...]
    """The innermost frame and the first ones of the user's, each with its index."""


@dataclass(frozen=True)
class Whereabouts:
    """One process with all that runs in it."""

    name: str
    """`p1`, a child of it `p1.1`."""
    title: str
    pid: int
    stop: Stop | None
    threads: int = 0
    tasks: int = 0
    groups: tuple[Group, ...] = ()
    left: int = 0
    """Groups that were not told."""
    problem: str = ""


async def everywhere(tree: ProcessTree) -> list[Whereabouts]:
    """Where all threads and tasks of every living process are; helpers that nobody asked for are left out."""
    processes = tree.shown
    found: dict[DAPProcess, Whereabouts] = {}

    async def ask(process: DAPProcess) -> None:
        found[process] = await whereabouts(process)

    async with anyio.create_task_group() as tasks:
        for process in processes:
            tasks.start_soon(ask, process)
    return [found[process] for process in processes]


async def whereabouts(process: DAPProcess) -> Whereabouts:
    """Where everything in this process is at the moment; a process that does not answer is a problem told."""
    try:
        body = await process.inspector.call("overview", {"most": MAX_GROUPS, "names": MAX_NAMES})
    except (AdapterError, NotResponding, ProtocolError) as error:
        return Whereabouts(process.name, process.title, process.pid, process.stop, problem=str(error))
    process.title = str(body["process"])
    groups = tuple(_group(process, group) for group in body["groups"])
    threads, tasks, left = int(body["threads"]), int(body["tasks"]), int(body["left"])
    return Whereabouts(process.name, process.title, process.pid, process.stop, threads, tasks, groups, left)


def _group(process: DAPProcess, entry: Mapping[str, Any]) -> Group:
    names, stop = tuple(map(str, entry["names"])), process.stop
    frames = tuple(_frame(process, frame) for frame in entry["frames"])
    if stop is not None and entry["kind"] == "thread" and names == (stop.thread_name,):
        frames = _as_shown(stop)
    return Group(str(entry["kind"]), names, int(entry["count"]), str(entry["state"]), frames)


def _as_shown(stop: Stop) -> tuple[tuple[int, Frame], ...]:
    """The frames of a stop by the indices that the tools take: pydevd leaves library code out of them."""
    return tuple((index, frame) for index, frame in enumerate(stop.frames) if frame.user or not index)


def _frame(process: DAPProcess, entry: Sequence[Any]) -> tuple[int, Frame]:
    return int(entry[0]), process.placer.as_seen_here(frame_from_program(entry[1:]))
