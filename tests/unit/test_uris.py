"""The names of what can be read of sessions, and what a URI names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_debug_tool.uris import (
    FILE_TEMPLATE,
    OUTPUT_TEMPLATE,
    SESSION_TEMPLATE,
    SESSIONS,
    SOURCE_TEMPLATE,
    Address,
    address,
    output_uri,
    session_uri,
    source_uri,
    value_uri,
)


def test_each_part_of_a_session_has_a_name_that_leads_back_to_it() -> None:
    assert address(SESSIONS) == Address("sessions")
    assert address(session_uri("s1")) == Address("session", "s1")
    assert address(output_uri("s1")) == Address("output", "s1")
    assert address(source_uri("s1")) == Address("source", "s1")
    assert address(value_uri("s1", 3)) == Address("value", "s1", number=3)


@given(st.text(min_size=1).filter(lambda name: not any("\ud800" <= c <= "\udfff" for c in name)))
def test_every_name_of_a_file_comes_back_as_it_was(name: str) -> None:
    assert address(source_uri("s1", name)) == Address("source", "s1", name)


def test_the_templates_are_filled_in_to_the_same_names() -> None:
    assert SESSION_TEMPLATE.format(id="s1") == session_uri("s1")
    assert OUTPUT_TEMPLATE.format(id="s1") == output_uri("s1")
    assert SOURCE_TEMPLATE.format(id="s1") == source_uri("s1")
    assert FILE_TEMPLATE.replace("{+file}", "shop/till.py").format(id="s1") == source_uri("s1", "shop/till.py")


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "debug://",
        "debug://sessions/",
        "debug://sessions//output",
        "debug://sessions/s1/",
        "debug://sessions/s1/variables",
        "debug://sessions/s1/output/x",
        "debug://sessions/s1/source/",
        "debug://sessions/s1/values",
        "debug://sessions/s1/values/x",
        "debug://sessions/s1/values/-1",
        "debug://sessions/s1/values/1234567890",
        "debug://sessions?x=1",
        "debug://sessions/s1?x=1",
        "debug://sessions/s1/source/a.py?x=1",
        "debug://sessions/s1\n",
        "DEBUG://sessions",
        "file:///etc/passwd",
    ],
)
def test_what_is_none_of_them_names_nothing(uri: str) -> None:
    assert address(uri) is None
