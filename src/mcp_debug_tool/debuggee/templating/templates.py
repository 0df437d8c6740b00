"""Templates on the stack: the frames that stand for a line of one, as a debugger shows them.

Jinja2's compiled code and Django's rendering of a node are no code of the user's; his template is. So on every stack
these frames are replaced by frames of the template: its file, its line, its names.
"""

from __future__ import annotations

import builtins
import os
import sys
from types import FrameType
from typing import Any

from ..places import sources
from . import django_templates, jinja2_templates

_MAX_TITLE = 60
_ENGINES = ("jinja2.", "django.template.")
# Absolute paths, and canonical ones, by the names that loaders have for files.
_paths: dict[str, tuple[str, str]] = {}


class _Code(object):
    """As much of a code object as pydevd looks at."""

    co_firstlineno = 1
    co_flags = 0

    def __init__(self, name: str, filename: str) -> None:
        self.co_name = name
        self.co_filename = filename

    def co_lines(self) -> tuple[()]:
        return ()


class TemplateFrame(object):
    """A frame of a template; `real` is the frame of the engine that it stands for."""

    IS_PLUGIN_FRAME = True
    """So pydevd shows it whatever its file is."""

    def __init__(self, engine: Any, real: FrameType, line: int) -> None:
        self.real = real
        self._engine = engine
        self.f_lineno = line
        self.f_back = real.f_back
        self.f_code = _Code(engine.title(real)[:_MAX_TITLE], paths(engine, real)[0])
        self.f_trace = None
        self.f_locals, common = engine.names(real)
        self.f_globals = globals_of(common)
        if "__exception__" in real.f_locals:
            self.f_locals["__exception__"] = real.f_locals["__exception__"]

    def assign(self, name: str, value: object) -> None:
        """Give a name of the template another value."""
        if not jinja2_templates.is_retold(self.real):
            self._engine.assign(self.real, name, value)
        self.f_locals[name] = value


def globals_of(common: dict[str, Any]) -> dict[str, Any]:
    """What an expression in a template sees beside its names."""
    return {"__builtins__": builtins, **common}


def engine_of(frame: FrameType) -> Any:
    """The engine whose template is rendered in this frame, if any."""
    if "__jinja_template__" in frame.f_globals:  # asked of every call while templates have breakpoints
        return jinja2_templates
    return django_templates if django_templates.is_code(frame) else None


def is_engines(frame: Any) -> bool:
    """Whether a frame runs code of an engine, or code that it has made: no step of the user's ends there."""
    name = frame.f_globals.get("__name__")
    if isinstance(name, str):
        return name.startswith(_ENGINES)
    return jinja2_templates.is_code(frame) or jinja2_templates.is_being_loaded(frame)


def paths(engine: Any, frame: FrameType) -> tuple[str, str]:
    """The absolute path of the template's file, which its loader may know by a relative one, and its canonical name."""
    name: str = engine.file(frame)
    known = _paths.get(name)
    if known is None:
        path = name if sources.is_made_up(name) else os.path.abspath(name)
        known = _paths[name] = path, sources.canonical(path)
    return known


def shown(frame: Any, line: int) -> Any:
    """The frame of a template that a real one stands for, else the frame itself; `line` is the real one's."""
    try:
        engine = jinja2_templates if jinja2_templates.is_retold(frame) else engine_of(frame)
        template_line = engine and engine.line(frame, line)
        return TemplateFrame(engine, frame, template_line) if template_line else frame
    except Exception:
        return frame  # an engine that is none of those we know: its own frames are shown


def raised_at(error: BaseException | None, trace: Any) -> list[Any] | None:
    """[file, line, part] of the template whose rendering has made its engine raise; None where something else did."""
    try:
        return _raised_at(error, trace)
    except Exception:
        return None  # what looks like an engine's is none


def _raised_at(error: BaseException | None, trace: Any) -> list[Any] | None:
    found: list[Any] | None = None
    parsed = django_templates.misread(error)
    while trace is not None:
        frame = trace.tb_frame
        seen = shown(frame, trace.tb_lineno)
        if seen is not frame:
            found = [seen.f_code.co_filename, seen.f_lineno, seen.f_code.co_name]
        elif not is_engines(frame):
            found = None
        elif parsed is not None:
            found = django_templates.place_of_tag(frame, parsed) or found
        trace = trace.tb_next
    return found


def level(frame: FrameType) -> int:
    """How deep templates call each other here: included ones and macros count, blocks and extended ones do not."""
    called = set()
    back: FrameType | None = frame
    while back is not None:
        if jinja2_templates.is_code(back):
            called.add(jinja2_templates.level(back))
        elif django_templates.is_call(back):
            called.add(id(back))
        back = back.f_back
    return len(called)


def show_in_stacks(pydevd: Any) -> None:
    """Have pydevd make its lists of frames with them."""
    from _pydevd_bundle import pydevd_frame_utils

    for name in ("create_frames_list_from_frame", "create_frames_list_from_traceback"):
        setattr(pydevd_frame_utils, name, _with_templates(getattr(pydevd_frame_utils, name)))


def _with_templates(create: Any) -> Any:
    def create_frames_list(*args: Any, **options: Any) -> Any:
        frames = listed = create(*args, **options)
        while listed is not None:
            _show_templates(listed)
            listed = listed.chained_frames_list
        return frames

    return create_frames_list


def _show_templates(listed: Any) -> None:
    if "jinja2" not in sys.modules and "django" not in sys.modules:
        return
    for index, frame in enumerate(listed._frames):
        line = listed.frame_id_to_lineno.get(id(frame), frame.f_lineno)
        seen = shown(frame, line)
        if seen is not frame:
            listed._frames[index] = seen
            listed.frame_id_to_lineno[id(seen)] = seen.f_lineno
            if listed.current_frame is frame:
                listed.current_frame = seen
