"""Reads stops and stacks out of the program: what DAP says of them, and what our inspector adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .dap_client import DAPClient
from .inspector import Inspector
from .placement import BreakpointPlacer
from .stops import Frame, Link, Stop, failed_test_from_program, frame_from_dap, link_from_program, view_from_program

# Deeper stacks are paged by get_stack.
MAX_FRAMES = 100
SHOWN_FRAMES_AT_CRASH = 3
# In the body of `stopped`: the answer to stackTrace, where the program has sent it along.
STACK = "stack"


class StopReader:
    """Turns `stopped` events of one process into stops."""

    def __init__(self, client: DAPClient, inspector: Inspector, placer: BreakpointPlacer) -> None:
        self._client = client
        self._inspector = inspector
        self._placer = placer

    async def read(self, body: Mapping[str, Any]) -> Stop:
        """The stop that DAP's `stopped` event announced, in full.

        Raises:
            AdapterError: the program's debugger does not tell.
            ProtocolError: the program has ended meanwhile.
        """
        thread_id = int(body["threadId"])
        reason = str(body.get("reason", "stop"))
        frames, depth = self._seen_here(body[STACK]) if STACK in body else await self._all_frames(thread_id)
        shown = _shown_frames(frames, reason)
        if not shown:
            return Stop(reason, thread_id, tuple(frames), depth=depth)
        page = await self._inspector.call(
            "stop_page",
            {
                "frame_ids": [frame.id for frame in shown],
                "source_lines": 5,
                "max_names": 40,
                "max_chars": 200,
                "is_exception": reason == "exception",
            },
            frame_id=int(shown[0].id),
        )
        cause = page.get("stop") or {}
        return Stop(
            reason=str(cause.get("reason") or reason),
            thread_id=thread_id,
            frames=tuple(frames),
            views=tuple(map(view_from_program, shown, page["frames"])),
            depth=depth,
            breakpoints=tuple((str(name), int(count)) for name, count in cause.get("breakpoints", ())),
            errors=tuple(map(str, cause.get("errors", ()))),
            exception=tuple(self._link(entry) for entry in page.get("exception", ())),
            uncaught=bool(page.get("uncaught")),
            unhandled=bool(cause.get("unhandled")),
            test=failed_test_from_program(page["test"]) if page.get("test") else None,
            thread_name=str(page.get("thread", "")),
            task=str(page.get("task", "")),
            tasks=int(page.get("tasks", 0)),
            returned=tuple((str(name), str(value)) for name, value in page.get("returned", ())),
            process=str(page.get("process", "")),
        )

    def _link(self, entry: Mapping[str, Any]) -> Link:
        link = link_from_program(entry)
        return link if link.file is None else replace(link, file=self._placer.paths.local(link.file))

    async def stack(self, thread_id: int, start: int = 0, count: int = MAX_FRAMES) -> list[Frame]:
        """Frames of a thread, innermost first; works while it runs, too."""
        frames, _ = await self._all_frames(thread_id, start, count)
        return frames

    async def _all_frames(self, thread_id: int, start: int = 0, count: int = MAX_FRAMES) -> tuple[list[Frame], int]:
        """Some frames of a thread, and how many it has in all."""
        asked = {"threadId": thread_id, "startFrame": start, "levels": count}
        return self._seen_here(await self._client.request("stackTrace", asked), start)

    def _seen_here(self, body: Mapping[str, Any], start: int = 0) -> tuple[list[Frame], int]:
        frames = [self._placer.as_seen_here(frame_from_dap(frame)) for frame in body.get("stackFrames", ())]
        # pydevd appends the frames of the exceptions before this one.
        frames = [frame for frame in frames if not frame.function.startswith("[Chained Exc:")]
        return frames, max(int(body.get("totalFrames") or 0), start + len(frames))


def _shown_frames(frames: list[Frame], reason: str) -> list[Frame]:
    """The frames to look into: where the program was told to stop; else the user's, at an exception some more."""
    if reason not in ("pause", "exception"):
        return frames[:1]
    user = [frame for frame in frames if frame.user] or frames
    return user[: SHOWN_FRAMES_AT_CRASH if reason == "exception" else 1]
