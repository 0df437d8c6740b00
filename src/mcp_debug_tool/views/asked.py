"""Answers to questions: stacks, variables, evaluations, output, breakpoints, sessions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..breakpoints import Breakpoint
from ..journal import Excerpt
from ..subjects import Stack
from ..uris import output_uri
from .answer import Answer, Field, cut, path, uncoloured, visible
from .state import ALL_OUTPUT, WHOLE_VALUE, output_fields, place

# What debuggee/values puts where it leaves a part out, and says how large the whole is.
_CUT = re.compile(r"… (?:\([\d,]+ \w+\)|[\d,]+ in all)")
# How a value that was cut comes whole, or in pieces.
NEXT_CUT = "a value is cut: max_chars up to 16000, a slice of it, or its parts by get_variables(path=...)"


def stack_page(session: str, thread: str, stack: Stack, cwd: str, start: int) -> Answer:
    """A page of a stack, library frames marked, and the tasks that wait for its task."""
    lines = [
        f"#{index} {cut(f.function, 80)} {path(f.file, cwd)}:{f.line}{'' if f.user else ' (library)'}"
        for index, f in enumerate(stack.frames, start)
    ]
    fields: dict[str, Field] = {"session": session, "thread": cut(thread, 60), "stack": lines}
    fields["awaited by"] = [f"{cut(t, 60)}: {cut(f.function, 80)} {place(f, cwd, 200)}" for t, f in stack.awaited_by]
    left = stack.total - start - len(lines)
    if left > 0:
        fields["next"] = f"start={start + len(lines)} for more"
    return Answer(f"{session} stack of {cut(thread, 60)}", fields)


def variables_page(session: str, what: str, page: Mapping[str, Any]) -> Answer:
    """Variables, or the parts of the value that is `what`: `name: type = value`, nested ones indented."""
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
    headline = f"{session} {cut(what, 120)}" + ("" if items or "value" in page else ": none")
    return Answer(headline, fields, about=(what,) if "value" in page else ())


def _variable_lines(items: Iterable[Mapping[str, Any]], indent: int) -> Iterable[str]:
    for item in items:
        parts = f" ({_parts(item['n'])})" if item.get("n") and "items" not in item else ""
        yield f"{'  ' * indent}{cut(item['name'], 90)}: {cut(item['type'], 60)} = {cut(item['value'], 400)}{parts}"
        yield from _variable_lines(item.get("items", ()), indent + 1)


def is_cut(text: str) -> bool:
    """Whether the text of a value says of itself that there is more."""
    return _CUT.search(text) is not None


def evaluation_page(
    session: str, expressions: Sequence[str], page: Mapping[str, Any], output: Excerpt, wholes: Sequence[str] = ()
) -> Answer:
    """Each expression's value, or its exception, and what it printed; `wholes`: where those are whole that were cut."""
    lines = [_evaluated(result) for result in page["results"]]
    fields: dict[str, Field] = {"session": session}
    if len(lines) == 1:
        fields["error" if "error" in page["results"][0] else "value"] = lines[0]
    else:
        fields["results"] = [f"{cut(e, 80)} = {line}" for e, line in zip(expressions, lines, strict=True)]
    fields.update(output_fields(session, output, 2000))
    fields["note"] = str(page.get("note", ""))
    if wholes:
        fields[WHOLE_VALUE] = wholes[0] if len(wholes) == 1 else list(wholes)
    if any(is_cut(str(result.get("value", ""))) for result in page["results"]):
        fields["next"] = NEXT_CUT
    return Answer(f"{session} evaluated", fields, about=tuple(expressions))


def assigned_page(session: str, path: str, result: Mapping[str, Any], output: Excerpt) -> Answer:
    """A changed variable, as it was read back."""
    line = f"{cut(path, 80)} = {_evaluated(result)}"
    fields: dict[str, Field] = {"session": session, "assigned": line, **output_fields(session, output, 2000)}
    return Answer(f"{session} set {line}", fields, about=(path,))


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
    fields: dict[str, Field] = {"session": session, "state": state, "output": visible(uncoloured(excerpt.text))}
    fields["cursor"] = excerpt.next
    if excerpt.dropped:
        fields["dropped"] = f"{excerpt.dropped:,} bytes before this are no longer kept"
    if excerpt.left:
        fields["next"] = f"{excerpt.left:,} bytes more: since={excerpt.next}"
        fields[ALL_OUTPUT] = output_uri(session)
    return Answer(f"{session} {state}" + ("" if excerpt.text else ": no new output"), fields)


def breakpoint_line(breakpoint: Breakpoint, cwd: str, unhit: str = "") -> str:
    """One breakpoint: id, place, text of its line, rules, hits, what is wrong with it, and why it was not hit."""
    spec, place = breakpoint.spec, breakpoint.place
    parts = []
    if place is not None:
        where = f" in {place.function}: {cut(place.text, 100)}" if place.text else ""
        parts.append(f"{breakpoint.id} {path(place.file, cwd)}:{place.line}{where}")
        if place.moved_from is not None:
            parts.append(f"moved from line {place.moved_from}, which has no code")
        if place.unverified and not breakpoint.hits:
            parts.append(f"NOT VERIFIED: {cut(place.unverified, 200)}")
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
    elif unhit:
        parts.append(f"not hit: {cut(unhit, 300)}")
    return " | ".join(parts)


def breakpoints_page(
    session: str,
    breakpoints: Sequence[Breakpoint],
    cwd: str,
    headline: str,
    unhit: Mapping[str, str] | None = None,
) -> Answer:
    """Breakpoints, one a line; `unhit` says by id why one was not hit."""
    reasons = unhit or {}
    fields: dict[str, Field] = {"breakpoints": [breakpoint_line(b, cwd, reasons.get(b.id, "")) for b in breakpoints]}
    fields["count"] = len(breakpoints)
    return Answer(headline, {"session": session, **fields} if session else fields)


def sessions_page(lines: Sequence[str]) -> Answer:
    """Every session, one a line."""
    headline = f"{len(lines)} sessions" if len(lines) != 1 else "1 session"
    if not lines:
        return Answer("no session", {"sessions": 0, "next": "start"})
    return Answer(headline, {"sessions": list(lines)})
