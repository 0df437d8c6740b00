"""python -m mcp_debug_tool."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
