"""One side of a conversation: numbers, pairs, what is dropped, and the two caps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcp_debug_tool.errors import ProtocolError
from mcp_debug_tool.protocol.connection import MAX_PENDING, MAX_UNREADABLE, Connection
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
