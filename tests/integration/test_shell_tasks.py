"""The same tasks through MCP and through a shell: word for word the same answers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from golden_tasks import TASKS
from shells import line, shell
from web import ANN, web

from conftest import Program

pytestmark = pytest.mark.anyio


def same(text: str) -> str:
    """Without what no two runs have in common."""
    text = re.sub(r"\bpid \d+|\bin \d+\.\d+s\b", "N", text)
    return re.sub(r"\b(in|after|took|waited) \d+(\.\d+)? (m?s)\b", r"\1 N \3", text)


@pytest.mark.parametrize("task", TASKS)
async def test_a_shell_is_answered_as_an_agent_is(task: str, program: Program, tmp_path: Path) -> None:
    name, source, calls = TASKS[task]
    path = program(source, f"project/{name}")
    with web(tmp_path, "--lease", "3600") as server:
        async with server.agent(ANN) as agent:
            # As the shell does of itself: what is started runs where the words are typed.
            replies = [
                await agent.call(tool, **({"cwd": str(path.parent)} if tool == "start" else {}), **arguments)
                for tool, arguments in calls(path)
            ]
    with shell(path.parent, tmp_path / "text") as plain, shell(path.parent, tmp_path / "json") as script:
        for (tool, arguments), reply in zip(calls(path), replies, strict=True):
            typed = line(tool, arguments)
            done = plain.run(typed)
            assert done.returncode == (1 if reply.error else 0), typed
            printed = done.stderr.removeprefix("mcp-debug: ") if reply.error else done.stdout
            assert same(printed) == same(f"{reply.text}\n"), typed
            data = json.loads(script.run(line(tool, arguments, "--json")).stdout)
            assert same(str(data)) == same(str({"error": reply.text} if reply.error else reply.data)), typed
