"""The names of what can be read of sessions: `debug://sessions`, and below it each session, its output, its source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

Part = Literal["sessions", "session", "output", "source", "value"]

SESSIONS = "debug://sessions"
SESSION_TEMPLATE = f"{SESSIONS}/{{id}}"
OUTPUT_TEMPLATE = f"{SESSIONS}/{{id}}/output"
SOURCE_TEMPLATE = f"{SESSIONS}/{{id}}/source"
FILE_TEMPLATE = f"{SESSIONS}/{{id}}/source/{{+file}}"
VALUE_TEMPLATE = f"{SESSIONS}/{{id}}/values/{{number}}"

_VALUE = re.compile(r"debug://sessions/([^/?#\s]+)/values/([0-9]{1,9})")
_BELOW = re.compile(r"debug://sessions/([^/?#\s]+)(?:/(output|source)(?:(?<=source)/([^?#]+))?)?")

_PARTS: dict[str | None, Part] = {None: "session", "output": "output", "source": "source"}


@dataclass(frozen=True)
class Address:
    """One of them: which part, of which session, of source which file (None: that of the current line), which value."""

    part: Part
    session: str = ""
    file: str | None = None
    number: int = 0


def address(uri: str) -> Address | None:
    """What a URI names; None when it is none of ours."""
    if uri == SESSIONS:
        return Address("sessions")
    if value := _VALUE.fullmatch(uri):
        return Address("value", value[1], number=int(value[2]))
    match = _BELOW.fullmatch(uri)
    if match is None:
        return None
    session, below, file = match.groups()
    return Address(_PARTS[below], session, None if file is None else unquote(file))


def session_uri(session: str) -> str:
    """Where the session's page is."""
    return f"{SESSIONS}/{session}"


def output_uri(session: str) -> str:
    """Where all its output is."""
    return f"{SESSIONS}/{session}/output"


def source_uri(session: str, file: str | None = None) -> str:
    """Where the source of its current line is, or that of another of its files."""
    return f"{SESSIONS}/{session}/source" + ("" if file is None else f"/{quote(file)}")


def value_uri(session: str, number: int) -> str:
    """Where a value is whole that was cut in an answer."""
    return f"{SESSIONS}/{session}/values/{number}"
