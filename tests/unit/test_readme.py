"""The README says what is true: its stop page is the walkthrough's, its files exist, its tools are the server's."""

from __future__ import annotations

import json
import re
from pathlib import Path

from mcp_debug_tool.server import tools

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
STOP_PAGE = re.compile(r"<!-- stop page -->\n(.*?)<!-- /stop page -->", re.DOTALL)


def test_the_stop_page_is_the_one_of_the_walkthrough() -> None:
    walkthrough = (ROOT / "docs" / "walkthrough.md").read_text(encoding="utf-8")
    shown, real = STOP_PAGE.search(README), STOP_PAGE.search(walkthrough)
    assert shown is not None
    assert real is not None
    assert "stopped: breakpoint" in real[1]
    assert shown[1].strip() == real[1].strip()


def test_every_tool_is_named_and_none_that_is_not() -> None:
    (listed,) = re.findall(r"The tools: (.*?)\. A typical", README, re.DOTALL)
    assert sorted(re.findall(r"`(\w+)`", listed)) == sorted(tool.name for tool in tools())


def test_linked_files_and_commands_exist() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
    for command in re.findall(r"^(scripts/\w+)", README, re.MULTILINE):
        assert (ROOT / command).is_file(), command


def test_the_hosts_configurations_are_valid_json() -> None:
    snippets = re.findall(r"`(\{.*?\})` \|", README)
    assert len(snippets) >= 4
    for snippet in snippets:
        assert "mcp-debug-tool" in json.dumps(json.loads(snippet))
