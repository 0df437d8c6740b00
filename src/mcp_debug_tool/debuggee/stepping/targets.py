"""The call of its line that a step is to go into, named as it stands in the text."""

from __future__ import annotations

import re
from types import FrameType

from .call_sites import Call, calls_to_come

_aim: Aim | None = None


class Aim(object):
    """The call that the next step of a frame is to go into."""

    def __init__(self, frame: FrameType, call: Call, span: range) -> None:
        self.frame = frame
        self.inside_library = False
        """The call is under way, in code that is not the user's; it may come to the user's."""
        self._call = call
        self._span = span

    def is_met(self, back: FrameType, is_own: bool) -> bool:
        """Whether what `back` calls now is it; `is_own`: the stepping frame calls, not a comprehension in its line."""
        code = self._call.code
        if back.f_code is not code or (self.frame.f_code is code and not is_own):
            return False
        return any(start <= back.f_lasti < end for start, end in self._call.ranges)

    def may_come(self, frame: FrameType) -> bool:
        """Whether a step that has come to a line of `frame` is still in the statement that makes the call."""
        return frame is self.frame and frame.f_lineno in self._span


def aim_at(frame: FrameType, wanted: str) -> str | None:
    """Let the next step of `frame` go into the call `wanted`, the first one still to come; its name, or None."""
    global _aim
    name = _without_arguments(re.sub(r"\s+", "", wanted))
    calls, span = calls_to_come(frame)
    for call in calls:
        if name == call.name or call.name.endswith("." + name):
            _aim = Aim(frame, call, span)
            return call.name
    return None


def _without_arguments(call: str) -> str:
    """`order.add` of `order.add(f(x))`."""
    depth = 0
    for at in range(len(call) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(call[at], 0)
        if depth <= 0:
            return call[:at] if call[at] == "(" else call
    return call


def take(frame: FrameType) -> Aim | None:
    """The aim of the step that `frame` begins; it is spent."""
    global _aim
    if _aim is None or _aim.frame is not frame:
        return None
    aim, _aim = _aim, None
    return aim


def forget() -> None:
    """Aim at nothing."""
    global _aim
    _aim = None
