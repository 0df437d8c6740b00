"""The command line: `mcp-debug serve` for hosts, and every tool as a verb for a shell, for people and for scripts."""

from .main import main

__all__ = ["main"]
