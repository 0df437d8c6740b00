"""What an MCPB host runs: the debug server over stdio."""

import sys

from mcp_debug_tool.cli import main

if __name__ == "__main__":
    sys.exit(main())
