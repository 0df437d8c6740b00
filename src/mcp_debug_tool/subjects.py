"""Subjects: what an agent means by `thread`, a thread or task of one process, and the frames it stands in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .dap_process import DAPProcess
from .errors import InvalidArgument, WrongState
from .process_tree import ProcessTree, names
from .stop_reader import MAX_FRAMES
from .stops import Frame, Stop, frame_from_program

# The text of the frame's file is read and parsed for it.
AIM_SECONDS = 10.0
_HINT = "get_stack with thread='all' lists them."
_PROCESS = re.compile(r"p\d+(\.(helper)?\d+)*")


@dataclass(frozen=True)
class Stack:
    """Some frames of a subject and the tasks that wait for it."""

    frames: tuple[Frame, ...]
    total: int
    """How many frames there are at least: more than are here when there are more."""
    awaited_by: tuple[tuple[str, Frame], ...] = ()


@dataclass(frozen=True)
class Subject:
    """A thread or a task. `key` names it inside the program; empty for the thread whose stop is shown."""

    process: DAPProcess
    name: str
    thread_id: int = 0
    """DAP's id; 0 for a task that no thread runs at the moment."""
    key: str = ""
    alone: bool = False
    """Whether a thread was named, and not merely its process: then that thread is meant to go on alone."""

    @property
    def stop(self) -> Stop | None:
        """The stop of its process that is shown."""
        return self.process.stop

    async def stack(self, start: int, count: int) -> Stack:
        """`count` of its frames from `start` on, innermost first.

        Raises:
            AdapterError: it has ended.
        """
        if not self.key and self.stop is not None:
            frames = await self._stopped_frames(start + count + 1)
            awaiting = await self.process.inspector.call("awaiting", frame_id=self._stopped_frame)
            return Stack(tuple(frames[start : start + count]), len(frames), self._awaited_by(awaiting))
        body = await self.process.inspector.call("stack", {"key": self.key, "start": start, "count": count})
        frames = [
            self.process.placer.as_seen_here(frame_from_program(entry, f"{self.key}:{index}"))
            for index, entry in enumerate(body["frames"], start)
        ]
        return Stack(tuple(frames), int(body["total"]), self._awaited_by(body.get("awaited_by", ())))

    async def _stopped_frames(self, count: int) -> list[Frame]:
        """The innermost `count` frames of the stop that is shown; from its top on, for a frame of ours is left out."""
        return await self.process.reader.stack(self.thread_id, 0, count + 1)

    def _awaited_by(self, entries: Any) -> tuple[tuple[str, Frame], ...]:
        seen_here = self.process.placer.as_seen_here
        return tuple((str(entry[0]), seen_here(frame_from_program([*entry[1:], True]))) for entry in entries)

    async def frame(self, index: int | None) -> Frame:
        """The frame at `index` of its stack; by default the one its stop page shows, or the innermost of the user's.

        Raises:
            InvalidArgument: there is no such frame.
            WrongState: nothing of Python is on its stack.
        """
        stop = self.stop
        if not self.key and stop is not None and stop.frames:
            if index is None:
                return stop.views[0].frame if stop.views else stop.frames[0]
            frames: Sequence[Frame] = stop.frames
            if len(frames) <= index < stop.depth:
                frames = await self._stopped_frames(index + 1)
        else:
            frames = (await self.stack(0, MAX_FRAMES)).frames
            if index is None and frames:
                return next((frame for frame in frames if frame.user), frames[0])
        if not frames:
            raise WrongState(f"{self.name} has no Python frame", hint=_HINT)
        assert index is not None
        if index >= len(frames):
            last = max(stop.depth if stop is not None and not self.key else 0, len(frames)) - 1
            raise InvalidArgument("frame", f"there is no frame {index}; the stack has 0 to {last}")
        return frames[index]

    async def aim(self, wanted: str) -> None:
        """Let its next step over a line go into the call `wanted` of that line.

        Raises:
            InvalidArgument: the line has no such call that is still to come.
        """
        answer = await self.inspect("aim", await self.frame(0), {"wanted": wanted}, seconds=AIM_SECONDS)
        if "target" not in answer:
            calls = ", ".join(answer["calls"]) or "none"
            raise InvalidArgument(
                "target",
                f"the line has no call of {wanted!r} to come; there are {calls}",
                hint="Step without a target, or into one of these.",
            )

    async def line_target(self, frame: Frame, line: int) -> Mapping[str, Any]:
        """The argument of `goto` that lets its innermost frame go on at `line`.

        Raises:
            InvalidArgument: that frame has no such line, or cannot leave the one it is at.
        """
        answer = await self.inspect("destination", frame, {"line": line}, seconds=AIM_SECONDS)
        if "error" in answer:
            raise InvalidArgument("line", answer["error"])
        source = {"path": self.process.placer.paths.remote(frame.file)}
        body = await self.process.client.request("gotoTargets", {"source": source, "line": line})
        return {"targetId": body["targets"][0]["id"]}

    async def modules(self, pattern: str | None, start: int, count: int) -> Mapping[str, Any]:
        """A page of the modules its process has loaded, whose names match; see `inspecting/modules.py`."""
        arguments = {"pattern": pattern, "start": start, "count": count}
        page: dict[str, Any] = dict(await self.process.inspector.call("modules", arguments))
        local = self.process.placer.paths.local
        page["items"] = [[name, version, local(file), user] for name, version, file, user in page["items"]]
        return page

    async def inspect(
        self, entry: str, frame: Frame, arguments: Mapping[str, Any], *, seconds: float
    ) -> Mapping[str, Any]:
        """Ask the inspector about one of its frames, for at most `seconds`; `debuggee/` has the entries."""
        answer: Mapping[str, Any] = await self.process.inspector.call(
            entry, {"frame_id": frame.id, **arguments}, frame_id=self._runs_in(frame), seconds=seconds
        )
        return answer

    def _runs_in(self, frame: Frame) -> int | None:
        """The frame on whose thread the inspector runs: the frame itself, else that of the stop."""
        return frame.id if isinstance(frame.id, int) else self._stopped_frame

    @property
    def _stopped_frame(self) -> int | None:
        top = self.stop.frame if self.stop is not None else None
        return top.id if top is not None and isinstance(top.id, int) else None


async def find_subject(tree: ProcessTree, wanted: str | None) -> Subject:
    """What `wanted` names: a process (p1.2), a thread or task of the one that is looked at, or both (p1.2/worker-1).

    Raises:
        InvalidArgument: there is no such process, thread or task.
        WrongState: nothing was named and nothing is looked at.
    """
    if wanted is None:
        if tree.focus is None or tree.focus.stop is None:
            raise WrongState("no thread is stopped", hint="Call wait or pause first.")
        return _shown(tree.focus, tree.focus.stop)
    if not tree.living:
        raise WrongState("no process of the program lives", hint="Call restart or start.")
    head, _, rest = wanted.partition("/")
    process = next((process for process in tree.living if process.name == head), None)
    if process is None:
        _refuse_unknown_process(tree, head)
        return await _thread_of_any(tree, wanted)
    if rest:
        return await _thread_of([process], rest)
    return _shown(process, process.stop) if process.stop is not None else Subject(process, process.name)


def _refuse_unknown_process(tree: ProcessTree, name: str) -> None:
    if told := tree.ended(name):
        raise WrongState(told, hint=_HINT)
    if _PROCESS.fullmatch(name):
        there = names(tree.living)
        raise InvalidArgument("thread", f"there is no process {name}; there {_are(tree.living)} {there}", hint=_HINT)


def _are(some: Sequence[object]) -> str:
    return "is" if len(some) == 1 else "are"


def _shown(process: DAPProcess, stop: Stop) -> Subject:
    return Subject(process, stop.thread_name or str(stop.thread_id), stop.thread_id)


async def _thread_of_any(tree: ProcessTree, wanted: str) -> Subject:
    first = tree.focus or tree.root
    return await _thread_of(sorted(tree.living, key=lambda process: process is not first), wanted)


async def _thread_of(processes: list[DAPProcess], wanted: str) -> Subject:
    known: list[str] = []
    for process in processes:
        found = await process.inspector.call("find_thread", {"name": wanted})
        subject = _subject(process, found)
        if subject is not None:
            return subject
        known += found["known"]
    there = list(dict.fromkeys(known))[:20]
    raise InvalidArgument("thread", f"there is no {wanted!r}; there {_are(there)} {', '.join(there)}", hint=_HINT)


def _subject(process: DAPProcess, found: Mapping[str, Any]) -> Subject | None:
    stop = process.stop
    if "task" in found:
        name = str(found["task"])
        if stop is not None and stop.task == name:
            return replace(_shown(process, stop), alone=True)
        return Subject(process, name, key=f"task:{name}", alone=True)
    if "thread" not in found:
        return None
    number = int(found["thread"])
    if stop is not None and stop.thread_id == number:
        return replace(_shown(process, stop), alone=True)
    return Subject(process, str(found["name"]), number, f"thread:{number}", alone=True)


def thread_to_move(subject: Subject) -> int:
    """The thread of a subject that is to go on.

    Raises:
        WrongState: its process does not stand, or it is a task that no thread runs.
    """
    if subject.stop is None:
        raise WrongState(f"{subject.process.name} is running", hint="Call wait, or pause with this thread, first.")
    if subject.key.startswith("task:"):
        raise WrongState(
            f"{subject.name} waits, no thread runs it", hint="Set a breakpoint where it goes on, and continue."
        )
    return subject.thread_id
