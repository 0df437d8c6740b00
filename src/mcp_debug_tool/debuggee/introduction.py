"""The first exchange: the server tells what it knows of the sources, the process what it is."""

from __future__ import annotations

from typing import Any

from . import about, all_breakpoints, read_only
from .stopping import lines


def introduce(texts: dict[str, str], first_path: str, is_read_only: bool = False) -> dict[str, Any]:
    """Learn what the server knows of the program's sources; answers who this process is (`about.identity`)."""
    read_only.switch(is_read_only)
    all_breakpoints.forget()  # an earlier debugger of ours may have left some
    lines.set_sources(texts, first_path)
    return about.identity()
