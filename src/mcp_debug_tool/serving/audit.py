"""The audit: one line of JSON for each call of a tool, in a file that only this user can read."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from ..calls import Call
from ..errors import UsageError


class Audit:
    """A file that is only ever added to; a line is written whole, so several servers may share it."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            UsageError: it cannot be written.
        """
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise UsageError(f"audit file {path}: {error}") from None

    def note(self, call: Call) -> None:
        """Add {time, principal, tool, session, outcome, milliseconds}; `time` is UTC, in ISO 8601."""
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "principal": call.principal,
            "tool": call.tool,
            "session": call.session,
            "outcome": call.outcome.value,
            "milliseconds": round(call.seconds * 1000),
        }
        os.write(self._descriptor, json.dumps(line).encode() + b"\n")
