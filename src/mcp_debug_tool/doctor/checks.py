"""What a check answers with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# A folder's or a command's own text in a line of the report.
MAX_CHARS = 200


@dataclass(frozen=True)
class Check:
    """What one check found; `mend` says what to do where it is not ok."""

    name: str
    verdict: Literal["ok", "warning", "failed"]
    found: str
    mend: str = ""
