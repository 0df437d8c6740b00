"""Exceptions: which of them are stops, and what is told of one and of those before it."""
