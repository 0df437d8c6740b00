"""Cutting the byte stream into bodies: splits, joins, malformed headers and the two caps."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_debug_tool.errors import ProtocolError
from mcp_debug_tool.protocol.framing import MAX_BODY, MAX_HEADER, Decoder, encode

BODIES = [b'{"a":1}', b"", "é漢\r\n\r\n".encode(), b"Content-Length: 3\r\n\r\nabc"]


def decoded(pieces: list[bytes]) -> list[bytes]:
    """All bodies that come out of a fresh decoder, piece by piece."""
    decoder = Decoder()
    return [body for piece in pieces for body in decoder.feed(piece)]


def test_a_message_is_its_length_an_empty_line_and_its_body() -> None:
    assert encode("é".encode()) == b"Content-Length: 2\r\n\r\n\xc3\xa9"


def test_a_body_split_into_single_bytes_comes_out_whole() -> None:
    wire = b"".join(map(encode, BODIES))
    assert decoded([bytes([byte]) for byte in wire]) == BODIES


def test_messages_that_arrive_in_one_piece_come_out_apart_and_in_order() -> None:
    assert Decoder().feed(b"".join(map(encode, BODIES))) == BODIES


def test_an_incomplete_message_waits_for_its_last_byte() -> None:
    decoder = Decoder()
    wire = encode(b"whole")
    assert decoder.feed(wire[:-1]) == []
    assert decoder.feed(wire[-1:]) == [b"whole"]
    assert decoder.feed(b"") == []


@settings(deadline=None)
@given(
    bodies=st.lists(st.binary(max_size=80), max_size=6),
    cuts=st.lists(st.integers(min_value=0, max_value=700), max_size=12),
)
def test_any_split_of_any_bodies_gives_the_same_bodies(bodies: list[bytes], cuts: list[int]) -> None:
    wire = b"".join(map(encode, bodies))
    edges = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    pieces = [wire[begin:end] for begin, end in itertools.pairwise(edges)]
    assert decoded(pieces) == bodies


@pytest.mark.parametrize(
    "header",
    [
        b"content-length:2",
        b"CONTENT-LENGTH :  2 ",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2",
        b"Content-Length: 2\r\nX-Unknown: 9",
        b"Content-Length: 0002",
    ],
)
def test_a_header_is_read_in_any_case_and_beside_other_fields(header: bytes) -> None:
    assert Decoder().feed(header + b"\r\n\r\nok") == [b"ok"]


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Content-Type: text/plain",
        b"Content-Length",
        b"Content-Length:",
        b"Content-Length: -1",
        b"Content-Length: 1.5",
        b"Content-Length: 0x10",
        b"Content-Length: +1",
        b"Content-Length: 1 2",
        b"Content-Length: \xb2",
        b"Content-Length: 1\r\nContent-Length: 1",
        b"GET / HTTP/1.1\r\nHost: localhost",
    ],
)
def test_a_header_without_one_plain_length_is_refused(header: bytes) -> None:
    with pytest.raises(ProtocolError):
        Decoder().feed(header + b"\r\n\r\n")


def test_the_longest_header_allowed_is_read_and_one_byte_more_is_refused() -> None:
    longest = b"Content-Length: 2".ljust(40)
    assert Decoder(max_header=40).feed(longest + b"\r\n\r\nok") == [b"ok"]
    with pytest.raises(ProtocolError):
        Decoder(max_header=40).feed(longest + b" \r\n\r\nok")


def test_a_header_that_never_ends_is_refused_at_the_cap() -> None:
    decoder = Decoder()
    assert decoder.feed(b"x" * MAX_HEADER) == []
    with pytest.raises(ProtocolError):
        decoder.feed(b"x")


def test_the_largest_body_allowed_is_read_and_one_byte_more_is_refused_before_it_comes() -> None:
    assert Decoder(max_body=5).feed(encode(b"12345")) == [b"12345"]
    with pytest.raises(ProtocolError):
        Decoder(max_body=5).feed(b"Content-Length: 6\r\n\r\n")


@settings(deadline=None)
@given(
    pieces=st.lists(
        st.sampled_from([b"Content-Length: ", b"\r\n\r\n", b"\r\n", b"-", b"7", b"400", b"0", b"content-length:1"])
        | st.binary(max_size=60),
        max_size=40,
    )
)
def test_garbage_in_any_pieces_is_refused_or_kept_within_the_caps(pieces: list[bytes]) -> None:
    decoder = Decoder(max_header=50, max_body=100)
    for piece in pieces:
        try:
            decoder.feed(piece)
        except ProtocolError:
            return
        assert len(decoder._buffer) <= 100 + len(piece)


def test_a_body_larger_than_the_default_cap_is_refused() -> None:
    assert Decoder().feed(b"Content-Length: %d\r\n\r\n" % MAX_BODY) == []
    with pytest.raises(ProtocolError):
        Decoder().feed(b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 1))


def test_a_length_of_thousands_of_digits_is_refused_as_any_other_too_large() -> None:
    with pytest.raises(ProtocolError):
        Decoder().feed(b"Content-Length: " + b"9" * 4000 + b"\r\n\r\n")


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_bodies_or_a_protocol_error(data: bytes) -> None:
    try:
        bodies = Decoder().feed(data)
    except ProtocolError:
        return
    assert all(body in data for body in bodies)
