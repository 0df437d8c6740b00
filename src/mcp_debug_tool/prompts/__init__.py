"""Working plans as MCP prompts, and what completes their arguments."""
