"""The three kinds of message and their JSON: what is read, what is ignored, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_debug_tool.errors import ProtocolError
from mcp_debug_tool.protocol.messages import MAX_PARTS, Event, Request, Response, from_json, refusal, to_json

JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def body(**fields: Any) -> bytes:
    """A message's body with these fields."""
    return json.dumps(fields).encode()


def test_a_request_is_written_with_its_number_and_read_back_as_it_was() -> None:
    request = Request(7, "setBreakpoints", {"source": {"path": "/é.py"}, "breakpoints": [{"line": 3}]})
    assert json.loads(to_json(request)) == {
        "seq": 7,
        "type": "request",
        "command": "setBreakpoints",
        "arguments": {"source": {"path": "/é.py"}, "breakpoints": [{"line": 3}]},
    }
    assert from_json(to_json(request)) == request


@settings(deadline=None, max_examples=40)
@given(seq=st.integers(min_value=1), command=st.text(), arguments=st.dictionaries(st.text(), JSON_VALUES, max_size=4))
def test_any_request_survives_its_json(seq: int, command: str, arguments: dict[str, Any]) -> None:
    assert from_json(to_json(Request(seq, command, arguments))) == Request(seq, command, arguments)


def test_a_response_is_read_with_what_it_answers() -> None:
    data = body(type="response", seq=9, request_seq=4, command="next", success=True, body={"x": 1})
    assert from_json(data) == Response(4, "next", True, "", {"x": 1})


def test_a_refusal_carries_its_message() -> None:
    data = body(type="response", request_seq=4, command="next", success=False, message="not stopped")
    assert from_json(data) == Response(4, "next", False, "not stopped")


def test_an_event_of_an_unknown_name_is_kept() -> None:
    assert from_json(body(type="event", event="pydevdSomething", body={"a": []})) == Event("pydevdSomething", {"a": []})


def test_a_request_of_the_adapter_is_read_as_one() -> None:
    assert from_json(body(type="request", seq=3, command="runInTerminal")) == Request(3, "runInTerminal")


def test_unknown_fields_are_ignored() -> None:
    data = body(type="event", event="output", body={}, pydevd_cmd_id=502, seq=8)
    assert from_json(data) == Event("output")


@pytest.mark.parametrize("empty", [None, [], "text", 0])
def test_a_body_that_is_no_object_counts_as_empty(empty: object) -> None:
    assert from_json(body(type="event", event="stopped", body=empty)) == Event("stopped")
    assert from_json(body(type="response", request_seq=1, success=True, body=empty, message=None)) == Response(
        1, "", True
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b'{"type":"event","event":"x"',
        b"[]",
        b"3",
        b'"event"',
        b"null",
        b"[" * 200_000,
        b"1" * 5000,
        body(event="no type"),
        body(type="event"),
        body(type="response", success=True),
        body(type="response", request_seq=1),
        body(type="response", request_seq="one", success=True),
        body(type="response", request_seq=None, success=True),
        body(type="request", command="x"),
        body(type="request", seq=1),
        body(type="notice"),
        body(type=["event"]),
    ],
)
def test_what_is_no_message_is_a_protocol_error(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        from_json(data)


def test_a_request_number_that_is_nan_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError):
        from_json(b'{"type":"response","success":true,"request_seq":NaN}')


@pytest.mark.parametrize("number", [b"Infinity", b"-Infinity", b"1e999"])
def test_an_infinite_request_number_is_a_protocol_error(number: bytes) -> None:
    with pytest.raises(ProtocolError):
        from_json(b'{"type":"response","success":true,"request_seq":%b}' % number)


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=100) | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_message_or_a_protocol_error(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        # No random value happens to have the fields of a message.
        from_json(data)


@settings(deadline=None, max_examples=40)
@given(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["request", "response", "event"])},
        optional=dict.fromkeys(
            ("seq", "request_seq", "command", "success", "message", "body", "event", "arguments"), JSON_VALUES
        ),
    )
)
def test_an_object_of_one_of_the_kinds_is_a_message_or_a_protocol_error(data: dict[str, Any]) -> None:
    try:
        message = from_json(json.dumps(data).encode())
    except ProtocolError:
        return
    assert type(message).__name__.lower() == data["type"]


def test_a_refusal_answers_the_request_with_no() -> None:
    answer = from_json(refusal(3, Request(9, "runInTerminal" * 1000)))
    assert isinstance(answer, Response)
    assert (answer.request_seq, answer.success, len(answer.command)) == (9, False, 100)


@pytest.mark.parametrize("part", [b"[],", b"{},", b'"a",', b"1,"])
def test_a_body_of_more_parts_than_the_cap_is_refused_before_it_is_read(part: bytes) -> None:
    def event(count: int) -> bytes:
        return b'{"type":"event","event":"x","body":{"a":[' + part * count + b"0]}}"

    each = sum(map(part.count, (b",", b"[", b"{")))
    assert isinstance(from_json(event((MAX_PARTS - 5) // each)), Event)
    with pytest.raises(ProtocolError, match="parts"):
        from_json(event(MAX_PARTS // each))
