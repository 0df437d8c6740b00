"""An answer with what looks like a secret masked in it, in its text and its data alike: the last thing done to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ..masking import NOTE, Masks, is_pair_of_secret, is_secret
from .answer import Answer, Field, cut
from .state import ALL_OUTPUT, WHOLE_VALUE

# What is ours, and links: nothing of the program stands there.
_OURS = ("session", "state", "next", "verified", "cursor", "exit_code", "waited", ALL_OUTPUT, WHOLE_VALUE)
# Of the repository, or what the agent itself wrote.
_WRITTEN = ("source", "breakpoint", "breakpoints", "waiting", "waiting for start or restart")

# What the second of a pair is called whose first is the name of a secret.
_SOME_SECRET = "secret"  # noqa: S105 - a name


def masked(answer: Answer, masks: Masks) -> Answer:
    """The answer, masked; where that has changed it, it says so."""
    about = answer.about
    if masks.can_stay(answer.text()) and not any(map(is_secret, about)):
        return answer
    if about and is_pair_of_secret(str(answer.fields.get("value", ""))):
        about = (_SOME_SECRET,)
    fields = {name: _field(name, value, about, masks) for name, value in answer.fields.items()}
    headline = _headline(answer, masks)
    if headline == answer.headline and fields == dict(answer.fields):
        return answer
    last = {"next": fields.pop("next")} if "next" in fields else {}
    return replace(answer, headline=headline, fields={**fields, "masked": NOTE, **last})


def _headline(answer: Answer, masks: Masks) -> str:
    if "breakpoint" in answer.fields:
        return masks.source(answer.headline)
    return _line(answer.headline, answer.about[0], masks) if answer.about else masks.text(answer.headline)


def _field(name: str, value: Field, about: Sequence[str], masks: Masks) -> Field:
    if name in _OURS or isinstance(value, int):
        return value
    if isinstance(value, Mapping):
        return {key: masks.named(key, str(item)) for key, item in value.items()}
    if name in _WRITTEN:
        return masks.source(value) if isinstance(value, str) else [masks.source(str(item)) for item in value]
    return _asked(name, value, about, masks)


def _asked(name: str, value: str | Sequence[object], about: Sequence[str], masks: Masks) -> Field:
    """What has the name of what was asked for, and all else."""
    if isinstance(value, str):
        if about and name in ("value", "error"):
            return masks.named(about[0], value)
        return _line(value, about[0], masks) if about and name == "assigned" else masks.text(value)
    if name == "results":
        return [_line(str(line), asked, masks) for asked, line in zip(about, value, strict=True)]
    if name == "items":
        return list(_items(map(str, value), about[0] if about else "", masks))
    return [_plain(item, masks) for item in value]


def _plain(item: object, masks: Masks) -> object:
    if isinstance(item, Mapping):
        return {key: _plain(part, masks) for key, part in item.items()}
    return masks.text(item) if isinstance(item, str) else item


def _line(line: str, asked: str, masks: Masks) -> str:
    """`expression = value`; the expression may have been cut."""
    head, sign, value = line.partition(f"{cut(asked, 80)} = ")
    return f"{masks.source(head + sign)}{masks.named(asked, value)}" if sign else masks.text(line)


def _items(lines: Iterable[str], inside: str, masks: Masks) -> Iterator[str]:
    """`name: type = value`, a part of what is `inside`, or of a line before it that is indented less."""
    secret, depth = (inside, -1) if is_secret(inside) else ("", 0)
    for line in lines:
        head, sign, value = line.partition(" = ")
        name = head.partition(": ")[0]
        indent = len(name) - len(name.lstrip())
        if not secret or indent <= depth:
            secret, depth = name if is_secret(name) else _SOME_SECRET if is_pair_of_secret(value) else "", indent
        yield f"{masks.text(head)}{sign}{masks.named(secret, value)}" if secret else masks.text(line)
