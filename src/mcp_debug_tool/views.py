"""What an agent reads: every answer as compact data and as text, made from the same parts. Pure functions.

Some hosts show their model only the text, others only the data, so each stands alone. Text of the program is data
here: it stands in fields of its own, on bounded lines, with control characters made visible.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .breakpoints import Breakpoint
from .journal import Excerpt
from .stops import Exit, Frame, FrameView, Link, Stop

Field = str | int | Sequence[Any] | Mapping[str, Any]

# What the first line of the text says already.
_IN_HEADLINE = (
    "session",
    "state",
    "reason",
    "at",
    "breakpoint",
    "verified",
    "exit_code",
    "waited",
    "assigned",
    "count",
)
# A page of 1,000 tokens at four bytes each; what does not fit is shown smaller, then left out and counted.
PAGE_BYTES = 4000
STACK_SHOWN = 5
NEXT_AT_STOP = "step, continue, get_variables, evaluate, get_stack"
NEXT_AT_CRASH = "evaluate, get_variables, get_stack; restart after an edit"
NEXT_RUNNING = "wait, pause, get_output"
NEXT_EXITED = "restart, or get_output since=0 for all output"
NEXT_LOST = "get_output, then stop"


@dataclass(frozen=True)
class Answer:
    """One answer of a tool: `headline` is the first line of the text, `fields` the data."""

    headline: str
    fields: Mapping[str, Field] = field(default_factory=dict)

    def text(self) -> str:
        """The answer as text."""
        parts = [self.headline]
        for name, value in self.fields.items():
            if name not in _IN_HEADLINE and value not in ("", (), [], {}):
                parts.append(_section(name, value))
        return "\n".join(parts)

    def data(self) -> dict[str, Any]:
        """The answer as structured content: no empty fields."""
        return {name: value for name, value in self.fields.items() if value not in ("", (), [], {})}


def _section(name: str, value: Field) -> str:
    if isinstance(value, Mapping):
        return "\n".join([f"{name}:", *(f"  {key} = {item}" for key, item in value.items())])
    if isinstance(value, str) and "\n" in value:
        return "\n".join([f"{name}:", *(f"  {line}" for line in value.splitlines())])
    if isinstance(value, (str, int)):
        return f"{name}: {value}"
    return "\n".join([f"{name}:", *(f"  {_item(item)}" for item in value)])


def _item(item: Any) -> str:
    if isinstance(item, Mapping):
        return ", ".join(f"{key} {value}" for key, value in item.items())
    return str(item)


def visible(text: str) -> str:
    """`text` with control and invisible characters as escapes; line ends and tabs stay."""
    text = text.replace("\r\n", "\n")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


def cut(text: str, limit: int) -> str:
    """`text` in one visible line of at most `limit` characters."""
    line = visible(text).replace("\n", "\\n").replace("\t", "\\t")
    return line if len(line) <= limit else line[: limit - 1] + "…"


def cut_value(text: str, limit: int) -> str:
    """A value as `cut` does it, but the note on how much there is of it stays at its end."""
    line = cut(text, len(text) * 10)
    mark = line.rfind("…")
    if len(line) <= limit or mark < 0 or not 0 <= len(line) - mark < min(40, limit):
        return cut(text, limit)
    note = line[mark:]
    return line[: max(limit - len(note), 1)] + note


def path(file: str, cwd: str) -> str:
    """`file` as it is shown: relative below `cwd`, else absolute."""
    shown = os.path.relpath(file, cwd) if file.startswith(cwd.rstrip(os.sep) + os.sep) else file
    return visible(shown)


# --- a stop ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Size:
    """How large the parts of a page may be."""

    names: int
    chars: int
    around: int
    output: int
    notes: int = 300
    """Longest line of an exception or a note."""
    places: int = 300
    """Longest path; its end is kept."""


_SIZES = (
    _Size(20, 120, 3, 600),
    _Size(16, 90, 3, 400, notes=200),
    _Size(12, 60, 2, 250, notes=120, places=120),
    _Size(8, 40, 1, 120, notes=80, places=60),
    _Size(4, 20, 0, 40, notes=30, places=30),
)
_FULL = _Size(40, 200, 5, 4000, notes=1000, places=1000)


@dataclass(frozen=True)
class Scene:
    """What a stop page is made of beside the stop itself."""

    session: str
    cwd: str
    output: Excerpt
    """What was printed since the last answer."""
    changed: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    start: str = ""
    """The interpreter taken, on the first page only."""


def stop_page(stop: Stop, scene: Scene, *, full: bool = False) -> Answer:
    """Why, where, source, stack, variables and new output in at most PAGE_BYTES; `full` lifts that limit."""
    if full:
        return _stop_page(stop, scene, _FULL)
    for size in _SIZES:
        answer = _stop_page(stop, scene, size)
        if _bytes(answer) <= PAGE_BYTES:
            break
    return answer


def _bytes(answer: Answer) -> int:
    """Size of the larger form, as it goes over the wire."""
    return max(len(json.dumps(answer.data(), ensure_ascii=False).encode()), len(answer.text().encode()))


def _stop_page(stop: Stop, scene: Scene, size: _Size) -> Answer:
    reason = cut(stop_reason(stop), size.notes)
    frame = stop.views[0].frame if stop.views else stop.frame
    at = f"{place(frame, scene.cwd, size.places)} in {cut(frame.function, 80)}" if frame else "no Python frame"
    fields: dict[str, Field] = {"session": scene.session, "state": "stopped", "reason": reason, "at": at}
    if stop.thread_name and stop.thread_name != "MainThread":
        fields["thread"] = cut(stop.thread_name, 60)
    if stop.exception:
        fields["exception"] = [exception_line(link, scene.cwd, size.notes) for link in stop.exception]
    if stop.views:
        fields["source"] = source(stop.views[0], size.around)
    if len(stop.frames) > 1:
        fields["stack"] = stack_lines(stop.frames, scene.cwd, STACK_SHOWN, size.places)
    seen: set[tuple[str, str]] = set()
    for index, view in enumerate(stop.views):
        name = "locals" if index == 0 else f"locals of #{stop.frames.index(view.frame)}"
        # What a caller merely passed on has been shown.
        news = replace(view, variables=tuple(pair for pair in view.variables if pair not in seen))
        seen.update(view.variables)
        fields[name] = _variables(news, size, scene.changed if index == 0 else {})
    fields["output"] = tail(scene.output, size.output)
    notes = [cut(note, size.notes) for note in (*scene.notes, *stop.errors, stop.note) if note]
    if notes:
        fields["notes"] = notes
    if scene.start:
        fields["python"] = cut(scene.start, size.places)
    fields["next"] = NEXT_AT_CRASH if stop.uncaught else NEXT_AT_STOP
    return Answer(f"{scene.session} stopped: {reason} at {at}", fields)


def stop_reason(stop: Stop) -> str:
    """Why the program stopped, in a few words."""
    if stop.breakpoints:
        gone = dict.fromkeys(stop.removed, ", temporary: now removed")
        hits = ", ".join(f"{name} (hit {count}{gone.get(name, '')})" for name, count in stop.breakpoints)
        return f"breakpoint {hits}" if not stop.exception else f"raised exception, breakpoint {hits}"
    if stop.exception:
        return "uncaught exception" if stop.uncaught else "raised exception"
    return stop.reason


def exception_line(link: Link, cwd: str, limit: int) -> str:
    """`caused by ValueError: message, raised at file:line in function`; name and message of `limit` characters each."""
    text = cut(link.type, limit)
    if link.message:
        text += f": {cut(link.message, limit)}"
    if link.file is not None:
        text += f", raised at {cut_path(path(link.file, cwd), limit)}:{link.line} in {cut(link.function or '?', limit)}"
    return f"{link.because} {text}" if link.because else text


def place(frame: Frame, cwd: str, limit: int) -> str:
    """`file:line` of a frame."""
    return f"{cut_path(path(frame.file, cwd), limit)}:{frame.line}"


def cut_path(shown: str, limit: int) -> str:
    """A path of at most `limit` characters: its end tells more than its beginning."""
    line = cut(shown, len(shown) * 10)
    return line if len(line) <= limit else "…" + line[-(limit - 1) :]


def source(view: FrameView, around: int) -> str:
    """Numbered lines around the frame's line, which is marked."""
    line = view.frame.line
    width = len(str(view.first_line + len(view.source)))
    numbered = enumerate(view.source, view.first_line)
    kept = [(number, text) for number, text in numbered if abs(number - line) <= around]
    while kept and not kept[-1][1].strip():
        kept.pop()
    return "\n".join(f"{'>' if n == line else ' '} {n:>{width}} {cut_source(text)}".rstrip() for n, text in kept)


def cut_source(text: str) -> str:
    """A source line as it is shown; tabs stay."""
    line = visible(text)
    return line if len(line) <= 140 else line[:139] + "…"


def stack_lines(frames: Sequence[Frame], cwd: str, shown: int, longest: int = 300) -> list[str]:
    """`#0 function file:line` of the first `shown` frames of the user's; how many are left out is said."""
    lines: list[str] = []
    for index, frame in enumerate(frames):
        if not frame.user and index:
            continue
        if len(lines) == shown:
            break
        lines.append(f"#{index} {cut(frame.function, min(80, longest))} {place(frame, cwd, longest)}")
    left = len(frames) - len(lines)
    if left > 0:
        lines.append(f"{left} more: get_stack")
    return lines


def _variables(view: FrameView, size: _Size, changed: Mapping[str, str]) -> dict[str, str]:
    shown: dict[str, str] = {}
    # What changed comes first when there is not room for all.
    ordered = sorted(view.variables, key=lambda pair: pair[0] not in changed)
    for name, value in ordered if len(ordered) > size.names else view.variables:
        if len(shown) == size.names:
            break
        text = cut_value(value, size.chars)
        shown[cut(name, 60)] = f"{text} (was {cut(changed[name], 40)})" if name in changed else text
    left = len(view.variables) - len(shown) + view.more
    if left > 0:
        shown["…"] = f"{left} more: get_variables"
    return shown


def tail(output: Excerpt, limit: int) -> str:
    """The last of what was printed, at most `limit` characters; says how much is not shown."""
    text = visible(output.text)
    dropped = output.dropped
    if len(text) > limit:
        dropped += len(text[:-limit].encode())
        text = text[-limit:]
    return f"(… {dropped:,} bytes before this: get_output)\n{text}" if dropped and text else text


# --- no stop --------------------------------------------------------------------------------------------------


def exit_page(exit: Exit, scene: Scene) -> Answer:
    """How the program ended, and the last of its output."""
    how = exit_reason(exit)
    fields: dict[str, Field] = {"session": scene.session, "state": "exited", "reason": how}
    if exit.returncode >= 0:
        fields["exit_code"] = exit.returncode
    fields["output"] = tail(scene.output, 2000)
    if scene.notes:
        fields["notes"] = list(scene.notes)
    if scene.start:
        fields["python"] = scene.start
    fields["next"] = NEXT_EXITED
    return Answer(f"{scene.session} exited: {how}", fields)


def exit_reason(exit: Exit) -> str:
    """The exit code, or the signal's name and who sent it."""
    if exit.returncode >= 0:
        return f"exit code {exit.returncode}"
    try:
        name = signal.Signals(-exit.returncode).name
    except ValueError:
        name = f"signal {-exit.returncode}"
    if exit.by_us:
        return f"stopped by you ({name})"
    return (
        f"crashed with {name}" if name in ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE") else f"killed by {name}"
    )


def running_page(scene: Scene, seconds: float, *, matched: str = "") -> Answer:
    """The program runs on: for how long the call waited, or what it waited for and found."""
    how = f"still running after {seconds:.1f} s" if not matched else f"running; output matched {cut(matched, 120)!r}"
    fields: dict[str, Field] = {"session": scene.session, "state": "running"}
    if matched:
        fields["matched"] = cut(matched, 200)
    else:
        fields["waited"] = f"{seconds:.1f} s"
    fields["output"] = tail(scene.output, 1000)
    if scene.notes:
        fields["notes"] = list(scene.notes)
    if scene.start:
        fields["python"] = scene.start
    fields["next"] = NEXT_RUNNING
    return Answer(f"{scene.session} {how}", fields)


def lost_page(scene: Scene, reason: str) -> Answer:
    """The process lives, but the debugger in it does not answer."""
    fields: dict[str, Field] = {"session": scene.session, "state": "lost", "reason": visible(reason)}
    fields["output"] = tail(scene.output, 1000)
    fields["next"] = NEXT_LOST
    return Answer(f"{scene.session} lost: {visible(reason)}", fields)


# --- looking --------------------------------------------------------------------------------------------------


def stack_page(session: str, thread: str, frames: Sequence[Frame], cwd: str, start: int, more: bool) -> Answer:
    """A page of a stack, library frames marked."""
    lines = [
        f"#{index} {cut(f.function, 80)} {path(f.file, cwd)}:{f.line}{'' if f.user else ' (library)'}"
        for index, f in enumerate(frames, start)
    ]
    fields: dict[str, Field] = {"session": session, "thread": cut(thread, 60), "stack": lines}
    if more:
        fields["next"] = f"start={start + len(frames)} for more"
    return Answer(f"{session} stack of {cut(thread, 60)}", fields)


def threads_page(session: str, stacks: Mapping[str, Sequence[Frame]], cwd: str) -> Answer:
    """The top of every thread's stack."""
    fields: dict[str, Field] = {"session": session}
    for thread, frames in stacks.items():
        fields[cut(thread, 60)] = stack_lines(frames, cwd, 3) or ["no Python frame"]
    return Answer(f"{session} has {len(stacks)} threads", fields)


def variables_page(session: str, what: str, page: Mapping[str, Any]) -> Answer:
    """Variables, or the parts of a value: `name: type = value`, nested ones indented."""
    fields: dict[str, Field] = {"session": session}
    items = list(page["items"])
    total, start = int(page["total"]), int(page["start"])
    if "value" in page:
        if start == 0:
            fields["value"] = visible(page["value"])
        fields["type"] = cut(page["type"], 120)
    fields["items"] = list(_variable_lines(items, 0))
    if not items and "value" not in page:
        fields["count"] = 0
    if total > len(items):
        fields["shown"] = f"{len(items)} of {total:,} from {start}"
        if start + len(items) < total:
            fields["next"] = f"start={start + len(items)} for more"
    if page.get("hidden"):
        fields["hidden"] = f"{page['hidden']} imports, functions and classes: scope=globals shows them"
    return Answer(f"{session} {cut(what, 120)}" + ("" if items or "value" in page else ": none"), fields)


def _variable_lines(items: Iterable[Mapping[str, Any]], indent: int) -> Iterable[str]:
    for item in items:
        parts = f" ({_parts(item['n'])})" if item.get("n") and "items" not in item else ""
        yield f"{'  ' * indent}{cut(item['name'], 90)}: {cut(item['type'], 60)} = {cut(item['value'], 400)}{parts}"
        yield from _variable_lines(item.get("items", ()), indent + 1)


def evaluation_page(session: str, expressions: Sequence[str], page: Mapping[str, Any], output: Excerpt) -> Answer:
    """Each expression's value, or its exception, and what it printed."""
    lines = [_evaluated(result) for result in page["results"]]
    fields: dict[str, Field] = {"session": session}
    if len(lines) == 1:
        fields["error" if "error" in page["results"][0] else "value"] = lines[0]
    else:
        fields["results"] = [f"{cut(e, 80)} = {line}" for e, line in zip(expressions, lines, strict=True)]
    fields["output"] = tail(output, 2000)
    return Answer(f"{session} evaluated", fields)


def assigned_page(session: str, path: str, result: Mapping[str, Any], output: Excerpt) -> Answer:
    """A changed variable, as it was read back."""
    line = f"{cut(path, 80)} = {_evaluated(result)}"
    fields: dict[str, Field] = {"session": session, "assigned": line, "output": tail(output, 2000)}
    return Answer(f"{session} set {line}", fields)


def _parts(count: int) -> str:
    return f"{count:,} part{'s' if count != 1 else ''}"


def _evaluated(result: Mapping[str, Any]) -> str:
    if "error" in result:
        return visible(result["error"])
    if "done" in result:
        return "done (a statement)"
    parts = f", {_parts(result['n'])}" if result.get("n") else ""
    return f"{visible(result['value'])}  ({cut(result['type'], 80)}{parts})"


def output_page(session: str, state: str, excerpt: Excerpt) -> Answer:
    """A piece of the program's output and the cursor behind it."""
    fields: dict[str, Field] = {"session": session, "state": state, "output": visible(excerpt.text)}
    fields["cursor"] = excerpt.next
    if excerpt.dropped:
        fields["dropped"] = f"{excerpt.dropped:,} bytes before this are no longer kept"
    if excerpt.left:
        fields["next"] = f"{excerpt.left:,} bytes more: since={excerpt.next}"
    return Answer(f"{session} {state}" + ("" if excerpt.text else ": no new output"), fields)


# --- breakpoints and sessions ---------------------------------------------------------------------------------


def breakpoint_line(breakpoint: Breakpoint, cwd: str) -> str:
    """One breakpoint: id, place, text of its line, rules, hits, and what is wrong with it."""
    spec, place = breakpoint.spec, breakpoint.place
    parts = []
    if place is not None:
        parts.append(
            f"{breakpoint.id} {path(place.file, cwd)}:{place.line} in {place.function}: {cut(place.text, 100)}"
        )
        if place.moved_from is not None:
            parts.append(f"moved from line {place.moved_from}, which has no code")
    else:
        parts.append(f"{breakpoint.id} {cut(spec.what(), 160)}")
    rules = (("if", spec.condition), ("hit", spec.hit_condition), ("log", spec.log_message))
    parts += [f"{name} {cut(value, 120)}" for name, value in rules if value is not None]
    if spec.temporary:
        parts.append("temporary")
    if breakpoint.hits:
        parts.append(f"hits {breakpoint.hits}")
    if breakpoint.problem is not None:
        parts.append(f"NOT SET: {cut(breakpoint.problem, 200)}")
    return " | ".join(parts)


def breakpoints_page(session: str, breakpoints: Sequence[Breakpoint], cwd: str, headline: str) -> Answer:
    """Breakpoints, one a line."""
    fields: dict[str, Field] = {"breakpoints": [breakpoint_line(b, cwd) for b in breakpoints]}
    fields["count"] = len(breakpoints)
    return Answer(headline, {"session": session, **fields} if session else fields)


def sessions_page(lines: Sequence[str]) -> Answer:
    """Every session, one a line."""
    headline = f"{len(lines)} sessions" if len(lines) != 1 else "1 session"
    if not lines:
        return Answer("no session", {"sessions": 0, "next": "start"})
    return Answer(headline, {"sessions": list(lines)})
