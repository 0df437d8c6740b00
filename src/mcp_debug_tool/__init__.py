"""mcp-debug: a real Python debugger for coding agents, served over MCP."""

__version__ = "0.1.0"
