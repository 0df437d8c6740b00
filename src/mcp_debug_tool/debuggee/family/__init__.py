"""Processes that the program starts: how they come under the debugger, and how they end."""
