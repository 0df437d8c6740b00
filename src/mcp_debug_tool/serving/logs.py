"""The server's own log, on stderr: lines for a person or, with `--log-format json`, for a machine."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import sys
import time
from typing import Literal

LogFormat = Literal["text", "json"]


def log_to_stderr(form: LogFormat) -> None:
    """Write warnings and errors there, in place of the SDK's boxes drawn for a terminal."""
    handler = NeverWaits(sys.stderr.fileno()) if hasattr(select, "PIPE_BUF") else logging.StreamHandler()
    handler.setFormatter(_Json() if form == "json" else logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class NeverWaits(logging.Handler):
    """Writes lines to a descriptor, but none that a full pipe has no room for.

    Some hosts never read it. Who waits for them serves nobody meanwhile, and does not even hear a signal.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._torn = False

    def emit(self, record: logging.LogRecord) -> None:
        """See Handler.emit."""
        try:
            line = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
        except Exception:
            self.handleError(record)
            return
        with contextlib.suppress(OSError):
            self._write(b"\n" + line if self._torn else line)

    def _write(self, line: bytes) -> None:
        # A pipe that can be written to at all takes so much of it.
        for start in range(0, len(line), select.PIPE_BUF):
            if not select.select([], [self._descriptor], [], 0)[1]:
                self._torn = self._torn or start > 0
                return
            os.write(self._descriptor, line[start : start + select.PIPE_BUF])
        self._torn = False


class _Json(logging.Formatter):
    """One object a line: {time, level, logger, message} and, of an exception, {exception}."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)
