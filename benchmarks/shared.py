"""What the benchmark borrows from the integration tests: the raw DAP client, and the agent that calls our tools."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.integration.agent import Agent, Reply, line_of
from tests.integration.raw_dap import LIMIT, RawClient, RequestFailed, dial, handshake

__all__ = ["LIMIT", "Agent", "RawClient", "Reply", "RequestFailed", "dial", "handshake", "line_of"]
