"""The state of a session as an answer: stopped, exited, running or lost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..journal import Excerpt
from ..stops import Exit, Frame, FrameView, Link, Stop, TestFailure, signal_name
from ..uris import output_uri
from .answer import Answer, Field, cut, cut_path, cut_source, cut_value, path, uncoloured, visible

# A page of 1,000 tokens at four bytes each; what does not fit is shown smaller, then left out and counted.
PAGE_BYTES = 4000
STACK_SHOWN = 5
NEXT_AT_STOP = "step, continue, get_variables, evaluate, get_stack"
NEXT_AT_CRASH = "evaluate, get_variables, get_stack; restart after an edit"
NEXT_AT_TEST = "evaluate, get_variables, get_stack; continue to teardown and the next failure; restart after an edit"
NEXT_RUNNING = "wait, pause, get_output"
NEXT_EXITED = "restart, or get_output since=0 for all output"
NEXT_GONE = "stop; attach again when it runs again"
NEXT_LOST = "get_output, then stop"
# Where output was cut: the resource that has all that is kept of it.
ALL_OUTPUT = "all output"
WHOLE_VALUE = "whole value"


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
    triggers: Sequence[str] = ()
    """How the requests sent to the program stand, each in a line, with the text that came back below it."""
    request_over: str = ""
    """How one of them has ended since the last answer: "is answered", "has failed"."""
    awaited: str = ""
    """What a program has to do to come, while none is there."""
    process: str = ""
    """The process that has stopped, where there are several."""
    waiting: str = ""
    """What else has stopped and waits to be shown."""


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
    if scene.process:
        fields["process"] = cut(scene.process, 120)
    if stop.thread_name and stop.thread_name != "MainThread":
        fields["thread"] = cut(stop.thread_name, 60)
    if stop.task:
        fields["task"] = cut(stop.task, 60)
    if stop.tasks:
        fields["tasks"] = f"{stop.tasks:,} wait: get_stack(thread='all') shows where"
    if scene.waiting:
        fields["also stopped"] = f"{cut(scene.waiting, 200)}: continue shows the next"
    if stop.exception:
        fields["exception"] = _exception_lines(_links(stop), scene.cwd, size)
    if stop.test is not None and stop.test.explanation:
        fields["assertion"] = _explanation(stop.test, size)
    if stop.views:
        fields["source"] = source(stop.views[0], size.around)
    if len(stop.frames) > 1:
        fields["stack"] = stack_lines(stop.frames, scene.cwd, STACK_SHOWN, size.places, stop.depth)
    seen: set[tuple[str, str]] = set()
    for index, view in enumerate(stop.views):
        name = "locals" if index == 0 else f"locals of #{stop.frames.index(view.frame)}"
        # What a caller merely passed on has been shown.
        news = replace(view, variables=tuple(pair for pair in view.variables if pair not in seen))
        seen.update(view.variables)
        fields[name] = _variables(news, size, scene.changed if index == 0 else {})
    if stop.returned:
        fields["returned"] = _returned(stop.returned, size)
    if stop.test is not None and stop.test.fixtures:
        fields["fixtures"] = _fixtures(stop.test, size)
    fields.update(output_fields(scene.session, scene.output, size.output))
    fields["trigger"] = _requests(scene, size.output)
    edited = [_edited(view, scene.cwd, size) for view in stop.views if view.is_rewritten]
    notes = [cut(note, size.notes) for note in (*scene.notes, *stop.errors, *edited, stop.note) if note]
    if notes:
        fields["notes"] = notes
    if scene.start:
        fields["python"] = cut(scene.start, size.places)
    fields["next"] = NEXT_AT_TEST if stop.test is not None else NEXT_AT_CRASH if stop.uncaught else NEXT_AT_STOP
    return Answer(f"{scene.session} stopped: {reason} at {at}", fields)


def _edited(view: FrameView, cwd: str, size: _Size) -> str:
    file = cut_path(path(view.frame.file, cwd), size.places)
    return f"{file} was written after the program started: the source shown is not what runs; restart runs it"


def stop_reason(stop: Stop) -> str:
    """Why the program stopped, in a few words."""
    if stop.reason == "goto":  # a thread whose own stop was not shown yet has been moved
        return stop.reason
    if stop.breakpoints:
        gone = dict.fromkeys(stop.removed, ", temporary: now removed")
        hits = ", ".join(f"{name} (hit {count}{gone.get(name, '')})" for name, count in stop.breakpoints)
        return f"breakpoint {hits}" if not stop.exception else f"raised exception, breakpoint {hits}"
    if stop.test is not None:
        return f"test failed: {stop.test.id}" + (f", in {stop.test.when}" if stop.test.when != "call" else "")
    if stop.exception and stop.reason == "exception":
        return f"{'uncaught' if stop.uncaught else 'user-unhandled' if stop.unhandled else 'raised'} exception"
    return stop.reason


def _links(stop: Stop) -> Sequence[Link]:
    """The exceptions; of one whose assertion is explained beside it only the first line."""
    if stop.test is None or not stop.test.explanation:
        return stop.exception
    return [replace(stop.exception[0], message=stop.test.explanation[0]), *stop.exception[1:]]


def _explanation(test: TestFailure, size: _Size) -> list[str]:
    """The lines of a failed assertion's explanation, as many as there is room for."""
    most = max(size.names - 4, 3)
    lines = [cut(line, size.notes) for line in test.explanation]
    return lines if len(lines) <= most else [*lines[: most - 1], f"… {len(lines) - most + 1} more lines"]


def _returned(values: Sequence[tuple[str, str]], size: _Size) -> dict[str, str]:
    """What came back last, as much as there is room for."""
    left = len(values) - size.names
    shown = {cut(name, 60): cut_value(value, size.chars) for name, value in values[max(left, 0) :]}
    return {"…": f"{left} before", **shown} if left > 0 else shown


def _fixtures(test: TestFailure, size: _Size) -> dict[str, str]:
    shown = {cut(name, 60): cut_value(value, size.chars) for name, value in test.fixtures[: size.names]}
    left = len(test.fixtures) - len(shown)
    return {**shown, "…": f"{left} more"} if left > 0 else shown


def exception_line(link: Link, cwd: str, limit: int) -> str:
    """`caused by ValueError: message, raised at file:line in function`; name and message of `limit` characters each."""
    text = cut(link.type, limit)
    if link.message:
        text += f": {cut(link.message, limit)}"
    if link.file is not None:
        text += f", raised at {cut_path(path(link.file, cwd), limit)}:{link.line} in {cut(link.function or '?', limit)}"
    return f"{link.because} {text}" if link.because else text


def _exception_lines(links: Sequence[Link], cwd: str, size: _Size) -> list[str]:
    """A line for each exception, and for each of its notes, as many as there is room for."""
    lines: list[str] = []
    for link in links:
        lines.append(exception_line(link, cwd, size.notes))
        lines += [f"note: {cut(note, size.notes)}" for note in link.notes]
    most = max(size.names, 7)
    return lines if len(lines) <= most else [*lines[: most - 1], f"… {len(lines) - most + 1} more lines"]


def place(frame: Frame, cwd: str, limit: int) -> str:
    """`file:line` of a frame."""
    return f"{cut_path(path(frame.file, cwd), limit)}:{frame.line}"


def source(view: FrameView, around: int) -> str:
    """Numbered lines around the frame's line, which is marked."""
    line = view.frame.line
    width = len(str(view.first_line + len(view.source)))
    numbered = enumerate(view.source, view.first_line)
    kept = [(number, text) for number, text in numbered if abs(number - line) <= around]
    while kept and not kept[-1][1].strip():
        kept.pop()
    return "\n".join(f"{'>' if n == line else ' '} {n:>{width}} {cut_source(text)}".rstrip() for n, text in kept)


def stack_lines(frames: Sequence[Frame], cwd: str, shown: int, longest: int = 300, depth: int = 0) -> list[str]:
    """`#0 function file:line` of the first `shown` frames of the user's; how many are left out, of `depth`, is said."""
    lines: list[str] = []
    for index, frame in enumerate(frames):
        if not frame.user and index:
            continue
        if len(lines) == shown:
            break
        lines.append(f"#{index} {cut(frame.function, min(80, longest))} {place(frame, cwd, longest)}")
    left = max(len(frames), depth) - len(lines)
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
    text, dropped = _last(output, limit)
    return f"(… {dropped:,} bytes before this: get_output)\n{text}" if dropped and text else text


def output_fields(session: str, output: Excerpt, limit: int) -> dict[str, Field]:
    """What `tail` shows, and where that is not all, the name of the resource that has all."""
    _, dropped = _last(output, limit)
    return {"output": tail(output, limit), **({ALL_OUTPUT: output_uri(session)} if dropped else {})}


def _last(output: Excerpt, limit: int) -> tuple[str, int]:
    """The last `limit` characters of the output, and how many bytes before them are left out."""
    text = visible(uncoloured(output.text))
    if len(text) <= limit:
        return text, output.dropped
    return text[-limit:], output.dropped + len(text[:-limit].encode())


def _requests(scene: Scene, limit: int) -> str:
    """How the requests stand, with at most some `limit` characters of the responses."""
    shown = visible("\n".join(scene.triggers))
    limit += 200  # for the lines above the text that came back
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _told_besides(fields: dict[str, Field], scene: Scene) -> None:
    """Notes, and the interpreter on a first page."""
    if scene.notes:
        fields["notes"] = [cut(note, 300) for note in scene.notes]
    if scene.start:
        fields["python"] = cut(scene.start, 300)


def exit_page(exit: Exit, scene: Scene) -> Answer:
    """How the program ended, and the last of its output."""
    how = exit_reason(exit)
    fields: dict[str, Field] = {"session": scene.session, "state": "exited", "reason": how}
    if exit.returncode is not None and exit.returncode >= 0:
        fields["exit_code"] = exit.returncode
    fields.update(output_fields(scene.session, scene.output, 2000))
    fields["trigger"] = _requests(scene, 1000)
    _told_besides(fields, scene)
    fields["next"] = NEXT_GONE if exit.returncode is None and not exit.reason else NEXT_EXITED
    return Answer(f"{scene.session} exited: {how}", fields)


def exit_reason(exit: Exit) -> str:
    """The exit code, or the signal's name and who sent it."""
    if exit.reason:
        return cut(exit.reason, 300)
    if exit.returncode is None:
        return "it has ended; only its parent knows its exit code"
    if exit.returncode >= 0:
        return f"exit code {exit.returncode}"
    name = signal_name(-exit.returncode)
    if exit.by_us:
        return f"stopped by you ({name})"
    return (
        f"crashed with {name}" if name in ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE") else f"killed by {name}"
    )


def running_page(scene: Scene, seconds: float | None, *, matched: str = "", ready: bool = False) -> Answer:
    """The program runs on: for how long the call waited (None: it did not), or what it waited for and found."""
    how = "running" if seconds is None else f"still running after {seconds:.1f} s"
    fields: dict[str, Field] = {"session": scene.session, "state": "running"}
    if matched:
        how = f"running; {'ready' if ready else 'output matched'}: {cut(matched, 120)}"
        fields["ready" if ready else "matched"] = cut(matched, 200)
    elif scene.awaited:
        how = "running; waits for a program to connect"
        fields["waits for"] = cut(scene.awaited, 300)
    elif scene.request_over:
        how = f"running; the request {scene.request_over}"
    elif seconds is not None:
        fields["waited"] = f"{seconds:.1f} s"
    fields.update(output_fields(scene.session, scene.output, 1000))
    fields["trigger"] = _requests(scene, 1000)
    _told_besides(fields, scene)
    fields["next"] = NEXT_RUNNING
    return Answer(f"{scene.session} {how}", fields)


def progress_line(state: str, seconds: float, last_line: str = "") -> str:
    """How a call that waits stands: `s1 running, waited 3 s; last output: 12 of 40 done`."""
    output = f"; last output: {cut(uncoloured(last_line).strip(), 120)}" if last_line else ""
    return f"{state}, waited {seconds:.0f} s{output}"


def lost_page(scene: Scene, reason: str) -> Answer:
    """The process lives, but the debugger in it does not answer."""
    fields: dict[str, Field] = {"session": scene.session, "state": "lost", "reason": visible(reason)}
    fields.update(output_fields(scene.session, scene.output, 1000))
    fields["trigger"] = _requests(scene, 1000)
    _told_besides(fields, scene)
    fields["next"] = NEXT_LOST
    return Answer(f"{scene.session} lost: {visible(reason)}", fields)
