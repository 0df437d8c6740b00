"""What a person is asked by `attach`, and by which clients; the answers are in test_asking_the_person.py."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from mcp.server.elicitation import render_elicitation_schema
from mcp.server.mcpserver import Context
from mcp.types import (
    ClientCapabilities,
    ElicitationCapability,
    FormElicitationCapability,
    UrlElicitationCapability,
)
from pydantic import BaseModel

from mcp_debug_tool.session_manager import SessionManager
from mcp_debug_tool.settings import Settings
from mcp_debug_tool.targets.candidates import Candidate
from mcp_debug_tool.tools import asking
from mcp_debug_tool.tools.asking import COMMAND_CHARS, MAX_OFFERED, Question, form, process_to_attach

pytestmark = pytest.mark.anyio


def context(elicitation: ElicitationCapability | None) -> Context[SessionManager, Any]:
    """A call of a 2026-07-28 client, as far as asking looks at it."""
    found = SimpleNamespace(
        client_capabilities=ClientCapabilities(elicitation=elicitation),
        protocol_version="2026-07-28",
        input_responses=None,
        request_context=SimpleNamespace(lifespan_context=SessionManager(Settings())),
    )
    return cast("Context[SessionManager, Any]", found)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which many programs run, the newest with a hostile command line."""
    programs = [Candidate(1000 - n, "python\n\x1b[31m" + "x" * 500) for n in range(50)]
    monkeypatch.setattr(asking, "candidates", lambda taken: programs)


def offered(question: Question) -> list[str]:
    wire = question.result.model_dump(by_alias=True)["inputRequests"]["process"]["params"]["requestedSchema"]
    return list(wire["properties"]["process"]["enum"])


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    "elicitation",
    [
        ElicitationCapability(),
        ElicitationCapability(form=FormElicitationCapability()),
        ElicitationCapability(form=FormElicitationCapability(), url=UrlElicitationCapability()),
    ],
)
async def test_a_client_that_shows_forms_is_asked(elicitation: ElicitationCapability) -> None:
    with pytest.raises(Question) as asked:
        await process_to_attach(context(elicitation))
    assert len(offered(asked.value)) == MAX_OFFERED
    assert offered(asked.value)[0].startswith("1000: python")


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("elicitation", [None, ElicitationCapability(url=UrlElicitationCapability())])
async def test_a_client_that_shows_none_is_not(elicitation: ElicitationCapability | None) -> None:
    assert await process_to_attach(context(elicitation)) is None


@pytest.mark.usefixtures("many")
async def test_a_command_line_is_one_visible_bounded_line() -> None:
    with pytest.raises(Question) as asked:
        await process_to_attach(context(ElicitationCapability()))
    for label in offered(asked.value):
        assert label.isprintable()
        assert len(label) <= COMMAND_CHARS + len("1000: ")


async def test_a_command_line_is_shown_without_its_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "candidates", lambda taken: [Candidate(7, "python pay.py --api-key=abc -v")])
    with pytest.raises(Question) as asked:
        await process_to_attach(context(ElicitationCapability()))
    assert offered(asked.value) == ["7: python pay.py --api-key=<masked: 3 chars> -v"]


async def test_nobody_is_asked_to_choose_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "candidates", lambda taken: [])
    assert await process_to_attach(context(ElicitationCapability())) is None


def test_the_form_is_of_the_kind_that_the_sdk_would_render() -> None:
    class Known(BaseModel):
        process: str

    schema = form(["1: a", "2: b"]).requested_schema
    rendered = render_elicitation_schema(Known)
    assert set(rendered) - {"title"} == set(schema)
    assert schema["required"] == rendered["required"] == ["process"]
    assert schema["properties"]["process"]["enum"] == ["1: a", "2: b"]
