"""Sessions as MCP resources: their pages, their output and their source to read, and who is told of changes."""
