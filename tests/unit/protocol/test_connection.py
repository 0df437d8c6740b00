"""One side of a conversation: numbers, pairs, what is dropped, and the two caps."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_debug_tool.errors import ProtocolError
from mcp_debug_tool.protocol.connection import MAX_PENDING, MAX_REFUSALS, MAX_UNREADABLE, Connection
from mcp_debug_tool.protocol.framing import Decoder, encode
from mcp_debug_tool.protocol.messages import Event, Response


def wire(**fields: Any) -> bytes:
    """One message as the adapter sends it."""
    return encode(json.dumps(fields).encode())


def response(seq: int, command: str = "next", **body: Any) -> bytes:
    """A successful answer to the request `seq`."""
    return wire(type="response", request_seq=seq, command=command, success=True, body=body)


def event(name: str, **body: Any) -> bytes:
    """An event."""
    return wire(type="event", event=name, body=body)


def test_requests_are_numbered_from_one_and_carry_their_number() -> None:
    connection = Connection()
    numbered = [connection.request("threads"), connection.request("next", {"threadId": 1})]
    assert [seq for seq, _ in numbered] == [1, 2]
    bodies = Decoder().feed(b"".join(data for _, data in numbered))
    assert [json.loads(body)["seq"] for body in bodies] == [1, 2]
    assert json.loads(bodies[0])["arguments"] == {}
    assert json.loads(bodies[1]) == {"seq": 2, "type": "request", "command": "next", "arguments": {"threadId": 1}}


def test_responses_and_events_come_out_in_the_order_they_arrived() -> None:
    connection = Connection()
    first, _ = connection.request("continue")
    second, _ = connection.request("threads")
    data = event("continued") + response(second, "threads", threads=[]) + event("stopped") + response(first)
    assert connection.receive(data) == [
        Event("continued"),
        Response(second, "threads", True, "", {"threads": []}),
        Event("stopped"),
        Response(first, "next", True),
    ]
    assert connection.ignored == 0


def test_a_response_that_arrives_byte_by_byte_is_received_once() -> None:
    connection = Connection()
    seq, _ = connection.request("next")
    received = [message for byte in response(seq) for message in connection.receive(bytes([byte]))]
    assert received == [Response(seq, "next", True)]


def test_a_response_nobody_asked_for_is_dropped_and_counted() -> None:
    connection = Connection()
    assert connection.receive(response(99)) == []
    assert connection.ignored == 1


def test_a_second_response_to_one_request_is_dropped() -> None:
    connection = Connection()
    seq, _ = connection.request("next")
    assert len(connection.receive(response(seq) + response(seq))) == 1
    assert connection.ignored == 1


def test_a_response_that_comes_after_its_request_was_given_up_is_dropped() -> None:
    connection = Connection()
    seq, _ = connection.request("next")
    connection.forget(seq)
    connection.forget(seq)
    assert connection.receive(response(seq)) == []
    assert connection.ignored == 1


def test_a_request_of_the_adapter_is_dropped_and_counted() -> None:
    connection = Connection()
    assert connection.receive(wire(type="request", seq=1, command="runInTerminal") + event("stopped")) == [
        Event("stopped")
    ]
    assert connection.ignored == 1


def test_no_more_requests_are_open_than_the_cap() -> None:
    connection = Connection()
    for _ in range(MAX_PENDING):
        connection.request("threads")
    with pytest.raises(ProtocolError):
        connection.request("threads")


@pytest.mark.parametrize("how", ["answered", "forgotten"])
def test_a_request_that_is_done_makes_room_for_another(how: str) -> None:
    connection = Connection()
    numbers = [connection.request("threads")[0] for _ in range(MAX_PENDING)]
    if how == "answered":
        connection.receive(response(numbers[0]))
    else:
        connection.forget(numbers[0])
    assert connection.request("threads")[0] == MAX_PENDING + 1
    with pytest.raises(ProtocolError):
        connection.request("threads")


def test_unreadable_messages_are_passed_over_up_to_the_cap() -> None:
    connection = Connection()
    for count in range(1, MAX_UNREADABLE):
        assert connection.receive(encode(b"{}") + event("output")) == [Event("output")]
        assert connection.ignored == count
    with pytest.raises(ProtocolError):
        connection.receive(encode(b"{}"))


def test_a_stream_that_is_not_dap_is_an_error() -> None:
    with pytest.raises(ProtocolError):
        Connection().receive(b"HTTP/1.1 200 OK\r\n\r\n")


def test_a_request_of_the_adapter_is_refused_once() -> None:
    connection = Connection()
    connection.receive(wire(type="request", seq=41, command="runInTerminal"))
    (body,) = Decoder().feed(connection.refusals())
    answer = json.loads(body)
    assert (answer["request_seq"], answer["success"], answer["command"]) == (41, False, "runInTerminal")
    assert connection.refusals() == b""
    assert connection.request("threads")[0] > answer["seq"], "numbers are given once"


def test_requests_of_the_adapter_beyond_the_cap_are_not_even_refused() -> None:
    connection = Connection()
    for _ in range(MAX_REFUSALS + 3):
        connection.receive(wire(type="request", seq=1, command="runInTerminal"))
    assert len(Decoder().feed(connection.refusals())) == MAX_REFUSALS
    assert connection.ignored == MAX_REFUSALS + 3


def test_messages_that_make_no_sense_count_with_those_that_cannot_be_read() -> None:
    connection = Connection()
    connection.receive(encode(b"{}"))
    connection.pass_over(ProtocolError("odd"))
    with pytest.raises(ProtocolError, match="odder"):
        connection.pass_over(ProtocolError("odder"))


MESSAGES = st.sampled_from([response(1), response(2), response(99), event("stopped"), encode(b"null")]) | st.builds(
    lambda seq: wire(type="request", seq=seq, command="runInTerminal"), st.integers()
)


@settings(deadline=None)
@given(st.lists(MESSAGES, max_size=30), st.integers(min_value=1, max_value=50))
def test_in_any_order_and_split_each_request_is_answered_once_at_most(messages: list[bytes], size: int) -> None:
    connection, data = Connection(), b"".join(messages)
    asked = [connection.request("next")[0] for _ in range(2)]
    answered: list[int] = []
    try:
        for start in range(0, len(data), size):
            received = connection.receive(data[start : start + size])
            answered += [message.request_seq for message in received if isinstance(message, Response)]
    except ProtocolError:
        assert messages.count(encode(b"null")) >= MAX_UNREADABLE
    assert len(set(answered)) == len(answered)
    assert set(answered) <= set(asked)
    assert len(Decoder().feed(connection.refusals())) <= MAX_REFUSALS
