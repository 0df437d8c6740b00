"""Answers of the further tools: loaded modules, completions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .answer import Answer, Field, cut, cut_path, path


def modules_page(session: str, page: Mapping[str, Any], start: int, cwd: str) -> Answer:
    """Modules, one a line: name, version, file, and whether it is the user's own."""
    items, total = page["items"], int(page["total"])
    fields: dict[str, Field] = {"session": session, "modules": list(_module_lines(items, cwd))}
    end = start + len(items)
    if total > len(items):
        fields["shown"] = f"{len(items)} of {total:,} from {start}"
    if end < total:
        fields["next"] = f"start={end} for more"
    return Answer(f"{session} modules: {total:,}, {page['users']:,} of them the user's own", fields)


def _module_lines(items: list[list[Any]], cwd: str) -> Iterator[str]:
    for name, version, file, user in items:
        where = cut_path(path(file, cwd), 200) if file else "no file"
        parts = [cut(name, 120), cut(version, 40), where, "" if user else "(library)"]
        yield " ".join(part for part in parts if part)


def completions_page(session: str, page: Mapping[str, Any]) -> Answer:
    """The names that may stand at the cursor, each with its kind; what has been typed of them is said."""
    items, total = page["items"], int(page["total"])
    lines = [f"{cut(name, 120)}: {cut(kind, 60)}" for name, kind in items]
    fields: dict[str, Field] = {"session": session, "completions": lines}
    if page["prefix"]:
        fields["completes"] = cut(page["prefix"], 120)
    if total > len(items):
        fields["shown"] = f"{len(items)} of {total:,}: type more of the name"
    return Answer(f"{session} completions: {total:,}", fields)
