"""The tools as the command line knows them: those of the server of the same version, without asking it.

The file beside this one is written by the tests from the tools themselves (UPDATE_SNAPSHOTS=1), and compared with them.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("definitions.json")


@cache
def _profiles() -> dict[str, list[dict[str, Any]]]:
    profiles: dict[str, list[dict[str, Any]]] = json.loads(FILE.read_text(encoding="utf-8"))
    return profiles


def core() -> list[dict[str, Any]]:
    """Those that a host is offered, in its order, as they go over the wire."""
    return _profiles()["core"]


def further() -> list[dict[str, Any]]:
    """Those that `--tools full` adds."""
    return _profiles()["further"]


def all_tools() -> dict[str, dict[str, Any]]:
    """Every tool by its name."""
    return {tool["name"]: tool for tool in (*core(), *further())}


def first_sentence(tool: dict[str, Any]) -> str:
    """What it does, in one sentence."""
    return str(tool["description"]).partition(". ")[0].rstrip(".") + "."


def tokens(tool: dict[str, Any]) -> int:
    """What its definition costs a model, at four bytes a token."""
    return len(json.dumps(tool, ensure_ascii=False, separators=(",", ":")).encode()) // 4
