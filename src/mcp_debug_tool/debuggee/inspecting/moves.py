"""What a stopped thread can be made to do next: go into one call of its line, or go on at another line."""

from __future__ import annotations

import ast
from types import FrameType
from typing import Any

from .. import read_only
from ..places import code_objects
from ..stepping import call_sites, targets
from ..stopping import suspension
from . import frames

MAX_CALLS = 20


def aim(frame_id: int | str, wanted: str) -> dict[str, Any]:
    """Let the next step of a frame go into the call `wanted` of its line: {target}, or the {calls} there are."""
    frame = frames.find(frame_id)
    name = targets.aim_at(frame, wanted)
    if name is not None:
        return {"target": name}
    calls = dict.fromkeys(call.name for call in call_sites.calls_to_come(frame)[0])
    return {"calls": list(calls)[:MAX_CALLS]}


def destination(frame_id: int | str, line: int) -> dict[str, Any]:
    """Whether a frame can go on at `line` of its function instead: {} or {error}, as far as Python leaves it to us."""
    read_only.require_off("goto")
    frame = frames.find(frame_id)
    if getattr(frame, "IS_PLUGIN_FRAME", False):
        return {"error": "it is a template that is stopped, whose lines only its engine chooses"}
    event = suspension.event_at(frame)
    if event == "exception":
        return {"error": "Python lets no line be chosen where an exception has just been raised"}
    if event != "line":
        return {"error": "the thread stands in the middle of a line, where a call begins, goes on or ends: step first"}
    code = frame.f_code
    there = sorted(code_objects.code_lines(code))
    if there and line not in there:
        nearest = min(there, key=lambda other: (abs(other - line), other))
        return {
            "error": "line %d has no code of the function that is stopped, %s in lines %d to %d; the nearest is %d"
            % (line, code.co_name, there[0], there[-1], nearest)
        }
    entered = _blocks(frame, line) - _blocks(frame, frame.f_lineno or 0)
    if entered:
        # Before 3.11 Python refuses it; since then it may go there, with what the block needs missing or another's.
        text = "line %d is inside the %s of line %d, which has to be entered from its beginning: go there"
        kind, first = min(entered, key=lambda block: block[1])
        return {"error": text % (line, kind, first)}
    return {}


def _blocks(frame: FrameType, line: int) -> set[tuple[str, int]]:
    """(kind, first line) of the loops and `with` statements that `line` is inside of."""
    tree = call_sites.parsed(frame)
    found = set()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, (ast.For, ast.AsyncFor, ast.With, ast.AsyncWith)):
            if node.body[0].lineno <= line <= (node.body[-1].end_lineno or 0):
                found.add((type(node).__name__.replace("Async", "async ").lower(), node.lineno))
    return found
