"""Stops in templates: a plugin of pydevd's that knows our breakpoints in them, and takes steps there.

While no template has a breakpoint it is no part of pydevd, which has plugins of its own for Django and Jinja2. They
take one engine at a time, lose names and falsy values, move breakpoints backwards, step on to the program's end where
a template ends, and end all tracing where one of them fails.
"""

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import Any

from .. import events
from ..places import sources
from ..running import native
from ..templating import template_places, templates
from . import breakpoints

# pydevd's command for a thread that takes no step.
_NO_STEP = -1
_TYPE = "mcp-debug-template"


class _Hit(object):
    """What pydevd asks of a plugin's breakpoint; whether to stop is decided already."""

    expression = None
    has_condition = False
    is_logpoint = False
    breakpoint_id = -1
    suspend_policy = "ALL"


class _Thread(native.local):  # type: ignore[misc]
    """What one thread does in templates."""

    place: tuple[str, int] | None = None
    parts: frozenset[object] = frozenset()
    """The parts of that line it has come through: several tags in one line are one stop."""
    reason = 0
    step: tuple[int, int] | None = None
    """The id of Python's frame a step ends in at last, and how deep in templates it may end before."""


class TemplateStops(object):
    """The plugin: names and parameters of its methods are pydevd's, but for the first ones."""

    def __init__(self) -> None:
        self._wanted: dict[str, dict[int, list[str]]] = {}
        self._found: dict[str, tuple[set[int], dict[int, list[str]]]] = {}
        self._thread = _Thread()
        # A mark among pydevd's breakpoints: it takes them all away when it lets the program go.
        self._mark = "<mcp-debug templates %d>" % id(self)
        # The line that a breakpoint has come to, by its key; 0 where there was none for it.
        self._moved: dict[str, int] = {}
        # Threads that stand in a template: they may be told to take a step there when no breakpoint is left.
        self._standing = 0
        self._failures: set[str] = set()
        self.rendered: set[str] = set()
        """Files that have been rendered while any template had a breakpoint."""

    def set_keys(self, keys: list[str]) -> None:
        """Replace the breakpoints: `keys` are `file:line`, as in the table of rules."""
        if not keys and not self._wanted:
            return
        import pydevd

        debugger = pydevd.get_global_debugger()
        wanted: dict[str, dict[int, list[str]]] = {}
        for key in keys:
            file, _, line = key.rpartition(":")
            wanted.setdefault(file, {}).setdefault(int(line), []).append(key)
        if wanted != self._wanted or bool(wanted) != self._is_at_work(debugger):
            self._wanted, self._found = wanted, {}
            self._set_to_work(debugger)

    def _set_to_work(self, debugger: Any) -> None:
        manager, marks = debugger.get_plugin_lazy_init(), debugger.file_to_id_to_plugin_breakpoint
        # One of an earlier copy of ours may have been left there.
        manager.active_plugins[:] = [p for p in manager.active_plugins if type(p).__name__ != type(self).__name__]
        marks.pop(self._mark, None)
        if self._wanted or self._standing:
            manager.activate(self)
            marks[self._mark] = {}
        debugger.has_plugin_line_breaks = bool(manager.has_line_breaks(debugger))
        debugger.on_breakpoints_changed()

    def _is_at_work(self, debugger: Any) -> bool:
        return self._mark in debugger.file_to_id_to_plugin_breakpoint

    def forget(self) -> None:
        """Begin again, for a new debugger."""
        self._wanted, self._found = {}, {}
        for record in (self.rendered, self._moved, self._failures):
            record.clear()

    def movements(self) -> dict[str, dict[str, Any]]:
        """Where engines have moved breakpoints: {moved, text} by their keys; 0 where there was no line for one."""
        return {key: {"moved": line, "text": _text(key, line)} for key, line in self._moved.items()}

    def end_step(self) -> None:
        """Forget the step this thread has taken: it has stopped."""
        import pydevd

        self._thread.step = None
        self._rest(pydevd.get_global_debugger())

    def _rest(self, debugger: Any) -> None:
        """Be no part of pydevd any more, where only a step has kept us there."""
        if not self._wanted and not self._standing and self._is_at_work(debugger):
            self._set_to_work(debugger)

    # --- what pydevd asks ---------------------------------------------------------------------------------------

    def has_line_breaks(self, py_db: Any) -> bool:
        return self._is_at_work(py_db)

    def has_exception_breaks(self, py_db: Any) -> bool:
        return False

    def required_events_breakpoint(self) -> tuple[str, ...]:
        return ("line",)

    def required_events_stepping(self) -> tuple[str, ...]:
        return ()  # a step ends as a breakpoint does

    def is_tracked_frame(self, frame: FrameType) -> bool:
        return templates.engine_of(frame) is not None

    def can_skip(self, py_db: Any, frame: FrameType) -> bool:
        return templates.engine_of(frame) is None

    def get_breakpoint(self, py_db: Any, frame: FrameType, event: str, info: Any) -> Any:
        """A hit where the thread is to stop, by a breakpoint or at the end of a step."""
        engine = templates.engine_of(frame)
        if engine is None or event != "line" or py_db.pydb_disposed or not self._is_at_work(py_db):
            return None
        try:
            self._thread.reason = self._reason(engine, frame, info)
        except Exception as error:  # pydevd would end all tracing
            self._tell_failure(engine, error)
            return None
        return (_Hit(), frame, _TYPE) if self._thread.reason else None

    def suspend(self, py_db: Any, thread: Any, frame: FrameType, bp_type: str) -> None:
        """Stop here until the agent lets the thread go on."""
        if bp_type != _TYPE:
            return
        info = thread.additional_info
        py_db.set_suspend(thread, self._thread.reason)
        info.trace_suspend_type = "sys_monitor" if sys.version_info >= (3, 12) else "trace"
        self._standing += 1
        try:
            py_db.do_wait_suspend(thread, frame, "line", None)
        finally:
            self._standing -= 1
        try:
            if info.pydev_step_cmd == _NO_STEP:
                self._rest(py_db)
            self._lead_on(py_db, info, frame)
        except Exception as error:
            self._tell_failure(templates.engine_of(frame), error)

    def cmd_step_into(
        self, py_db: Any, frame: FrameType, event: str, info: Any, thread: Any, stop_info: Any, stop: bool
    ) -> tuple[bool, bool]:
        # A step of Python's never ends in an engine's own code.
        return stop and not templates.is_engines(frame), False

    cmd_step_over = cmd_step_into

    def stop(self, *args: Any) -> bool:
        return False

    def exception_break(self, *args: Any) -> None:
        return None

    def get_breakpoints(self, *args: Any) -> None:
        return None

    def after_breakpoints_consolidated(self, *args: Any) -> None:
        return None

    def remove_exception_breakpoint(self, *args: Any) -> None:
        return None

    def remove_all_exception_breakpoints(self, *args: Any) -> None:
        return None

    def change_variable(self, frame: Any, attr: str, expression: str, default: Any, scope: Any = None) -> Any:
        return default

    # --- whether to stop ----------------------------------------------------------------------------------------

    def _reason(self, engine: Any, frame: FrameType, info: Any) -> int:
        """Why to stop where the frame has come to: pydevd's number of a command, 0 for not at all."""
        line = engine.line(frame, frame.f_lineno) if engine.begins_line(frame) else None
        if line is None:
            return 0
        _, file = templates.paths(engine, frame)
        self.rendered.add(file)
        if not self._comes_anew((file, line), engine.part(frame)):
            return 0
        keys = self._keys(engine, frame, file).get(line) if file in self._wanted else None
        if not keys and info.pydev_step_cmd == _NO_STEP:
            return 0
        from _pydevd_bundle.pydevd_comm_constants import CMD_SET_BREAK
        from _pydevd_bundle.pydevd_constants import STATE_SUSPEND

        if info.pydev_state == STATE_SUSPEND:
            return 0  # another thread has stopped, and this one is just doing so
        if keys and _is_wanted(keys, engine, frame):
            return int(CMD_SET_BREAK)
        return int(info.pydev_step_cmd) if self._ends_step(info, frame) else 0

    def _comes_anew(self, place: tuple[str, int], part: object) -> bool:
        """Whether the thread has not merely come to the next tag of the line it was in."""
        here = self._thread
        if here.place == place and part is not None and part not in here.parts:
            here.parts |= {part}
            return False
        here.place, here.parts = place, frozenset([part])
        return True

    def _keys(self, engine: Any, frame: FrameType, file: str) -> dict[int, list[str]]:
        """The breakpoints in this template by the lines they have come to, now that its engine can tell."""
        wanted = self._wanted.get(file, {})
        lines = engine.lines(frame)
        known = self._found.get(file)
        if known is None or known[0] != lines:
            known = self._found[file] = lines, self._placed(file, wanted, lines)
        return known[1]

    def _placed(self, file: str, wanted: dict[int, list[str]], lines: set[int]) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for line, keys in wanted.items():
            here = template_places.nearest(lines, line) if lines else line
            if here is not None:
                found.setdefault(here, []).extend(keys)
            if here != line:
                for key in keys:
                    self._tell(key, file, line, here or 0, max(lines))
        return found

    def _tell(self, key: str, file: str, line: int, here: int, last: int) -> None:
        if self._moved.get(key) == here:
            return
        self._moved[key] = here
        ids = ", ".join(name for name in breakpoints.ids(key) if name.startswith("b"))
        where = (
            "moved from line %d to %d" % (line, here) if here else template_places.NOTHING_THERE % (line, file, last)
        )
        if ids:
            events.send("mcpDebugNote", {"text": "%s in %s: %s" % (ids, os.path.basename(file), where)})

    def _tell_failure(self, engine: Any, error: Exception) -> None:
        """Nothing is passed over in silence: this engine is another than the one we know."""
        kind = "%s %s" % (engine.__name__.rpartition(".")[2], type(error).__name__)
        if kind not in self._failures:
            self._failures.add(kind)
            text = "the debugger could not look into a template, and may pass over breakpoints in it (%s: %s)"
            events.send("mcpDebugNote", {"text": text % (kind, error)})

    # --- steps --------------------------------------------------------------------------------------------------

    def _ends_step(self, info: Any, frame: FrameType) -> bool:
        from _pydevd_bundle import pydevd_comm_constants as commands

        command, step = info.pydev_step_cmd, self._thread.step
        if command in (commands.CMD_STEP_OVER, commands.CMD_STEP_OVER_MY_CODE):
            return step is not None and step[0] == id(info.pydev_step_stop) and templates.level(frame) <= step[1]
        return command in (
            commands.CMD_STEP_INTO,
            commands.CMD_STEP_INTO_MY_CODE,
            commands.CMD_STEP_INTO_COROUTINE,
        )

    def _lead_on(self, py_db: Any, info: Any, frame: FrameType) -> None:
        """Let a step over or out of a line of a template end in a template or, once it ends, in what rendered it."""
        from _pydevd_bundle import pydevd_comm_constants as commands

        out = info.pydev_step_cmd in (commands.CMD_STEP_RETURN, commands.CMD_STEP_RETURN_MY_CODE)
        if not out and info.pydev_step_cmd not in (commands.CMD_STEP_OVER, commands.CMD_STEP_OVER_MY_CODE):
            return
        caller = _caller(py_db, frame)
        in_my_code = py_db.get_use_libraries_filter()
        info.pydev_step_cmd = commands.CMD_STEP_OVER_MY_CODE if in_my_code else commands.CMD_STEP_OVER
        info.pydev_step_stop = caller
        self._thread.step = id(caller), templates.level(frame) - int(out)
        py_db.set_trace_for_frame_and_parents(native.get_ident(), caller)
        info.update_stepping_info()


def _text(key: str, line: int) -> str:
    try:
        return sources.source_lines(sources.read(key.rpartition(":")[0]))[line - 1].strip() if line else ""
    except (sources.Unresolved, IndexError):
        return ""


def _is_wanted(keys: list[str], engine: Any, frame: FrameType) -> bool:
    names, common = engine.names(frame)
    return breakpoints.reached(keys, templates.globals_of(common), names)


def _caller(debugger: Any, frame: FrameType) -> FrameType:
    """The frame of the user's that has had the template rendered; else the outermost of all."""
    back = frame
    while back.f_back is not None:
        back = back.f_back
        if debugger.get_file_type(back) is None and not templates.is_engines(back):
            if not debugger.apply_files_filter(back, back.f_code.co_filename, True):
                return back
    return back


stops = TemplateStops()
"""Of this process."""


def at_stop() -> None:
    """Make ready for what this thread may be told next: a step."""
    stops.end_step()
    if "jinja2" in sys.modules or "django" in sys.modules:
        _pass_over_engines()


def _pass_over_engines() -> None:
    """Have steps of Python's pass over the code in which templates are rendered, though we have it traced."""
    import pydevd

    if getattr(pydevd.PyDB, "_mcp_debug_passes_over", False):
        return
    apply_files_filter = pydevd.PyDB.apply_files_filter

    def apply(self: Any, frame: Any, original_filename: str, force_check_project_scope: bool) -> bool:
        if force_check_project_scope and templates.is_engines(frame):
            return True
        return bool(apply_files_filter(self, frame, original_filename, force_check_project_scope))

    pydevd.PyDB.apply_files_filter = apply
    pydevd.PyDB._mcp_debug_passes_over = True
    debugger = pydevd.get_global_debugger()
    if debugger is not None:
        debugger._clear_caches()
