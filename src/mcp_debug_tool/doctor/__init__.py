"""mcp-debug doctor: small checks of this machine, each a function that says what it saw and what to mend."""

from .report import main

__all__ = ["main"]
