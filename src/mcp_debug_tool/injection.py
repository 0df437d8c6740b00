"""STUB until the real one comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import TargetError


def examine(pid: int) -> Any:
    raise TargetError("not yet")


async def inject(process: Any, settings: Mapping[str, Any]) -> None:
    raise TargetError("not yet")
