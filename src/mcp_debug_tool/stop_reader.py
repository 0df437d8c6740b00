"""Reads stops and stacks out of the program: what DAP says of them, and what our inspector adds to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import anyio

from .dap_client import DAPClient
from .inspector import Inspector
from .placement import BreakpointPlacer
from .stops import Frame, Stop, frame_from_dap, link_from_program, view_from_program

# Deeper stacks are paged by get_stack.
MAX_FRAMES = 100
SHOWN_FRAMES_AT_CRASH = 3
# The signal handler of debuggee/patches.py in which a blocking call is stopped.
_PAUSE_FUNCTION = "__mcp_debug_pause__"


class StopReader:
    """Turns `stopped` events into stops; hit numbers go into the placer's table."""

    def __init__(self, client: DAPClient, inspector: Inspector, placer: BreakpointPlacer) -> None:
        self._client = client
        self._inspector = inspector
        self._placer = placer
        self.entry_id: str | None = None
        """The breakpoint of ours that stands for stop_on_entry."""

    async def read(self, body: Mapping[str, Any], number: int) -> Stop | None:
        """The stop that DAP's `stopped` event announced, in full; None when nobody wanted it.

        Raises:
            AdapterError: the program's debugger does not tell.
            ProtocolError: the program has ended meanwhile.
        """
        thread_id = int(body["threadId"])
        reason = str(body.get("reason", "stop"))
        frames = await self._all_frames(thread_id)
        in_handler = bool(frames) and frames[0].function == _PAUSE_FUNCTION
        frames = [frame for frame in frames if frame.function != _PAUSE_FUNCTION]
        shown = _shown_frames(frames, reason)
        if not shown:
            return Stop(number, reason, thread_id, tuple(frames))
        page = await self._inspector.call(
            "stop_page",
            {
                "frame_ids": [frame.id for frame in shown],
                "source_lines": 5,
                "max_names": 40,
                "max_chars": 200,
                "is_exception": reason == "exception",
            },
            frame_id=shown[0].id,
        )
        raised = page.get("raised")
        if raised is not None and not raised.get("wanted"):
            return None
        cause = page.get("stop") or raised or {}
        return Stop(
            number=number,
            reason=self._reason(reason, cause),
            thread_id=thread_id,
            frames=tuple(frames),
            views=tuple(map(view_from_program, shown, page["frames"])),
            breakpoints=self._hit(cause),
            removed=tuple(name for name, _ in self._hit(cause) if self._is_temporary(name)),
            errors=tuple(cause.get("errors", ())),
            exception=tuple(link_from_program(entry) for entry in page.get("exception", ())),
            uncaught=bool(page.get("uncaught")),
            thread_name=str(page.get("thread", "")),
            in_pause_handler=in_handler,
        )

    def _is_temporary(self, name: str) -> bool:
        breakpoint = self._placer.table.get(name)
        return breakpoint is not None and breakpoint.spec.temporary

    def _hit(self, cause: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
        hit = [(str(name), int(count)) for name, count in cause.get("breakpoints", ())]
        for name, count in hit:
            breakpoint = self._placer.table.get(name)
            if breakpoint is not None:
                breakpoint.hits = count
        return tuple((name, count) for name, count in hit if name.startswith("b"))

    def _reason(self, reason: str, cause: Mapping[str, Any]) -> str:
        hit = [name for name, _ in cause.get("breakpoints", ())]
        if self.entry_id is not None and self.entry_id in hit:
            return "entry"
        if hit and all(name.startswith("u") for name in hit):
            return "reached until"
        if reason == "breakpoint" and not hit:
            return "breakpoint() in the program"
        return reason

    async def stack(self, thread_id: int, start: int = 0, count: int = MAX_FRAMES) -> list[Frame]:
        """Frames of a thread, innermost first; works while it runs, too."""
        return [frame for frame in await self._all_frames(thread_id, start, count) if frame.function != _PAUSE_FUNCTION]

    async def stacks(self, thread_ids: Iterable[int], count: int) -> dict[int, list[Frame]]:
        """The innermost `count` frames of several threads; asked together, for pydevd waits 0.5 s for a running one."""
        found: dict[int, list[Frame]] = {}

        async def ask(thread_id: int) -> None:
            found[thread_id] = await self.stack(thread_id, 0, count)

        async with anyio.create_task_group() as tasks:
            for thread_id in thread_ids:
                tasks.start_soon(ask, thread_id)
        return found

    async def _all_frames(self, thread_id: int, start: int = 0, count: int = MAX_FRAMES) -> list[Frame]:
        body = await self._client.request("stackTrace", {"threadId": thread_id, "startFrame": start, "levels": count})
        frames = [self._placer.as_user_code(frame_from_dap(frame)) for frame in body.get("stackFrames", ())]
        # pydevd appends the frames of the exceptions before this one.
        return [frame for frame in frames if not frame.function.startswith("[Chained Exc:")]


def _shown_frames(frames: list[Frame], reason: str) -> list[Frame]:
    """The frames to look into: where the program was told to stop; else the user's, at an exception some more."""
    if reason not in ("pause", "exception"):
        return frames[:1]
    user = [frame for frame in frames if frame.user] or frames
    return user[: SHOWN_FRAMES_AT_CRASH if reason == "exception" else 1]
