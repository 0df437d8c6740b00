"""All threads and tasks of the process at a glance, whether it runs or stands: where each is, grouped where they agree.

pydevd shows one stack at a time, and waits half a second for each thread that runs. Here the interpreter's own table
of frames is read at once.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

from .. import about
from . import greenlets, native, tasks
from .pause_signal import is_handler

MAX_DEPTH = 3000
UNNAMED = "unnamed thread"
STOPPED = "stopped"


class Thread(object):
    """One thread of the program under the id that DAP has for it."""

    def __init__(self, ident: int, thread: threading.Thread | None) -> None:
        self.ident = ident
        self.thread = thread
        self.name = thread.name if thread is not None else UNNAMED

    @property
    def dap_id(self) -> int:
        """0 where pydevd does not know it."""
        from _pydevd_bundle._debug_adapter.pydevd_base_schema import BaseSchema
        from _pydevd_bundle.pydevd_constants import get_thread_id

        return 0 if self.thread is None else int(BaseSchema._translate_id_to_dap(get_thread_id(self.thread)))

    @property
    def state(self) -> str:
        """`stopped`, `running`, or that it is to stop as soon as it comes back from C code."""
        from _pydevd_bundle.pydevd_constants import STATE_SUSPEND

        info = getattr(self.thread, "additional_info", None)
        if getattr(info, "pydev_state", None) != STATE_SUSPEND:
            return "running"
        return STOPPED if getattr(info, "is_in_wait_loop", False) else "inside a call; it stops when that returns"

    def frames(self) -> list[FrameType]:
        """Its frames, innermost first, without those of the debugger."""
        frame = sys._current_frames().get(self.ident)
        return _visible(_stopped_in(frame) if self.state == STOPPED else frame)


def every() -> list[Thread]:
    """The program's threads: the main thread first, then by their names."""
    known: dict[int | None, threading.Thread] = {thread.ident: thread for thread in native.threads.enumerate()}
    frames = sys._current_frames()
    found = [Thread(ident, known.get(ident)) for ident, frame in frames.items() if not _is_pydevds(frame)]
    main = native.main_ident
    return sorted(found, key=lambda thread: (thread.ident != main, tasks.natural(thread.name), thread.ident))


def _is_pydevds(frame: FrameType | None) -> bool:
    """Whether a thread is one of pydevd's own, which `threading` does not list."""
    while frame is not None:
        if frame.f_code.co_filename.endswith("pydevd_daemon_thread.py"):
            return True
        frame = frame.f_back
    return False


def _stopped_in(frame: FrameType | None) -> FrameType | None:
    """The frame that a waiting thread was stopped in: below what the debugger waits with, and the debugger itself."""
    while frame is not None and not is_the_debuggers(frame):
        frame = frame.f_back
    while frame is not None and is_the_debuggers(frame):
        frame = frame.f_back
    return frame


def _visible(frame: FrameType | None) -> list[FrameType]:
    found: list[FrameType] = []
    while frame is not None and len(found) < MAX_DEPTH:
        if not is_the_debuggers(frame):
            found.append(frame)
        frame = frame.f_back
    return found


def is_the_debuggers(frame: FrameType) -> bool:
    """Whether a frame is ours or pydevd's, and not the program's."""
    import pydevd

    debugger = pydevd.get_global_debugger()
    if frame.f_globals.get("__name__", "").partition(".")[0] == __name__.partition(".")[0]:
        return True
    return debugger.get_file_type(frame) == debugger.PYDEV_FILE or is_handler(frame)


def overview(most: int, names: int) -> dict[str, Any]:
    """Everything that runs here: {process, threads, tasks, groups: [{kind, names, count, state, frames, total}], left}.

    Threads, and tasks, that stand at the same lines are one group; at most `most` of them, with so many `names` each.
    """
    groups: dict[tuple[Any, ...], dict[str, Any]] = {}
    threads, waiting, switched = every(), tasks.every(), greenlets.all_greenlets()
    for kind, name, state, frames in _members(threads, waiting, switched):
        shown, total = _outline(frames), len(frames)
        group = groups.setdefault(
            (kind, state, total, repr(shown)),
            {"kind": kind, "names": [], "count": 0, "state": state, "frames": shown, "total": total},
        )
        group["count"] += 1
        if len(group["names"]) < names:
            group["names"].append(name)
    found = list(groups.values())
    return {
        "process": about.title(),
        "threads": len(threads),
        "tasks": len(waiting) + len(switched),
        "groups": found[:most],
        "left": len(found[most:]),
    }


def _members(
    threads: list[Thread], waiting: list[tasks.Task], switched: list[tuple[str, FrameType]]
) -> Iterator[tuple[str, str, str, list[FrameType]]]:
    names = [thread.name for thread in threads]
    for thread in threads:
        is_unique = names.count(thread.name) == 1 or thread.thread is None
        unique = thread.name if is_unique else "%s (%s)" % (thread.name, thread.dap_id)
        yield "thread", unique, thread.state, thread.frames()
    for task in waiting:
        yield "task", task.name, _task_state(task), task.frames()
    for name, frame in switched:
        yield "greenlet", name, "", _visible(frame)


def _task_state(task: tasks.Task) -> str:
    others = task.waits_for()
    if not others:
        return "runs now" if task.is_running() else ""
    return "waits for " + ", ".join(others[:3]) + (", …" if len(others) > 3 else "")


def _outline(frames: list[FrameType]) -> list[list[Any]]:
    """[index, function, file, line, user] of the innermost frame and of the first three of the user's."""
    shown: list[list[Any]] = []
    users = 0
    for index, frame in enumerate(frames):
        entry = _entry(frame)
        if index == 0 or entry[3]:
            shown.append([index, *entry])
            users += entry[3]
        if users == 3:
            break
    return shown


def _entry(frame: FrameType) -> list[Any]:
    import pydevd

    code = frame.f_code
    user = bool(pydevd.get_global_debugger().in_project_scope(frame))
    return [code.co_name, code.co_filename, frame.f_lineno or 0, user]


def find(name: str) -> dict[str, Any]:
    """The thread or task of this name (a thread's id will do): {thread, name} or {task}; else {known}."""
    threads = every()
    for thread in threads:
        if name == thread.name or name in (str(thread.dap_id), "%s (%s)" % (thread.name, thread.dap_id)):
            return {"thread": thread.dap_id, "name": thread.name}
    task = tasks.find(name)
    if task is not None:
        return {"task": task.name}
    switched = [called for called, _ in greenlets.all_greenlets()]
    if name in switched:
        return {"task": name}
    known = [thread.name for thread in threads] + [task.name for task in tasks.every()] + switched
    return {"known": known[:20], "left": len(known[20:])}


def stack(key: str, start: int, count: int) -> dict[str, Any]:
    """Frames of a thread or task, innermost first: {frames: [[function, file, line, user]], total, awaited_by}."""
    frames = _frames_of(key)
    shown = [_entry(frame) for frame in frames[start : start + count]]
    answer: dict[str, Any] = {"frames": shown, "total": len(frames)}
    kind, _, name = key.partition(":")
    task = tasks.find(name) if kind == "task" else None
    if task is not None:
        answer["awaited_by"] = awaiting(task)
    return answer


def awaiting(task: tasks.Task | None = None) -> list[list[Any]]:
    """[task, function, file, line] of the tasks that wait for `task`, by default the one that runs here."""
    task = task or tasks.current()
    found: list[list[Any]] = []
    for above in tasks.awaited_by(task) if task is not None else ():
        entries = [_entry(frame) for frame in above.frames()]
        users = [entry for entry in entries if entry[3]] or entries
        found.append([above.name, *(users[0][:3] if users else ["", "", 0])])
    return found


def _frames_of(key: str) -> list[FrameType]:
    """The frames behind `thread:<id of DAP>` or `task:<name>`; without a key those of the main thread.

    Raises:
        LookupError: it has ended.
    """
    kind, _, name = key.partition(":")
    if not key:
        return every()[0].frames()
    if kind == "task":
        task = tasks.find(name)
        if task is not None:
            return task.frames()
        for called, frame in greenlets.all_greenlets():
            if called == name:
                return _visible(frame)
    else:
        for thread in every():
            if str(thread.dap_id) == name:
                return thread.frames()
    raise LookupError("the %s has ended" % kind)


def frame_at(key: str) -> FrameType:
    """The frame behind `thread:<id of DAP>:<index>` or `task:<name>:<index>`.

    Raises:
        LookupError: it has ended, or its stack is not that deep.
    """
    of, _, index = key.rpartition(":")
    frames = _frames_of(of)
    if int(index) >= len(frames):
        raise LookupError("the stack has %d frames" % len(frames))
    return frames[int(index)]


def stands(dap_id: int, seconds: float) -> dict[str, bool]:
    """Whether a thread that is to stop has come to stand within `seconds`."""
    thread = next((thread for thread in every() if thread.dap_id == dap_id), None)
    deadline = time.monotonic() + seconds
    while thread is not None and thread.state != STOPPED and time.monotonic() < deadline:
        native.sleep(0.001)
    return {"stands": thread is not None and thread.state == STOPPED}


def resume_alone(dap_id: int) -> dict[str, Any]:
    """Let one thread run while the others stand."""
    from _pydevd_bundle._debug_adapter.pydevd_base_schema import BaseSchema
    from _pydevd_bundle.pydevd_thread_lifecycle import resume_threads

    resume_threads(BaseSchema._translate_id_from_dap(dap_id))
    return {}
