"""What scripts/fuzz runs: spoiled DAP messages for framing, messages and conversations, and odd text for `visible`."""

from __future__ import annotations

import contextlib
import json
import random
import sys
import time
from collections.abc import Callable
from typing import Any

from mcp_debug_tool.errors import ProtocolError
from mcp_debug_tool.protocol.connection import MAX_REFUSALS, Connection
from mcp_debug_tool.protocol.framing import MAX_BODY, MAX_HEADER, Decoder, encode
from mcp_debug_tool.protocol.messages import Event, Request, Response, from_json
from mcp_debug_tool.views import cut, visible

# Pieces that a spoiled message is made of, beside random bytes: what parsers trip over.
TOKENS = [
    *(
        b"Content-Length: ",
        b"content-length:",
        b"\r\n",
        b"\r\n\r\n",
        b"\n\n",
        b"-1",
        b"0",
        b"00",
        b"99999999999",
        b"1e9",
    ),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b",",
        b":",
        b"null",
        b"true",
        b"NaN",
        b"-Infinity",
        b"\\ud800",
        b"\\u0000",
        b"\xff",
    ),
    *(b'"type":"event"', b'"type":"response"', b'"type":"request"', b'"request_seq":', b'"success":', b'"event":'),
    *(b'"seq":', b'"command":"runInTerminal"', b'"body":', b"\xef\xbb\xbf", b"\xff\xfe", b"\x00", b"[" * 2000),
]
NAMES = ["type", "seq", "request_seq", "command", "success", "message", "body", "event", "arguments", "x"]
VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    1,
    2,
    10**30,
    1.5,
    "",
    "event",
    "response",
    "request",
    "\ud800",
    [],
    {},
    [[]],
    {"a": {}},
]
# What one feed may leave behind: an unfinished body, or an unfinished header, and the bytes that were just fed.
MAX_KEPT = MAX_BODY + MAX_HEADER


def body(chance: random.Random) -> bytes:
    """A message, some of its fields wrong."""
    fields = {name: chance.choice(VALUES) for name in chance.sample(NAMES, chance.randrange(len(NAMES)))}
    if chance.random() < 0.7:
        fields["type"] = chance.choice(["event", "response", "request"])
    return json.dumps(fields).encode()


def spoiled(data: bytes, chance: random.Random) -> bytes:
    """The bytes with up to four changes."""
    for _ in range(chance.randrange(5)):
        at = chance.randrange(len(data) + 1)
        piece = chance.choice([*TOKENS, chance.randbytes(chance.randrange(1, 9))])
        data = data[:at] + piece + data[min(len(data), at + chance.choice([0, 0, 1, len(piece), 20])) :]
    return data


def wire(chance: random.Random) -> bytes:
    """Several messages as they go over the wire; often the framing is spoiled too."""
    messages = [encode(spoiled(body(chance), chance)) for _ in range(chance.randrange(1, 8))]
    joined = b"".join(chance.choices(messages, k=len(messages)))
    return spoiled(joined, chance) if chance.random() < 0.5 else joined


def split(data: bytes, chance: random.Random) -> list[bytes]:
    """The bytes in pieces."""
    edges = sorted(chance.choices(range(len(data) + 1), k=chance.randrange(6)))
    return [data[begin:end] for begin, end in zip([0, *edges], [*edges, len(data)], strict=True)]


def try_framing(chance: random.Random) -> bytes:
    """The same bodies come out however the bytes are split, up to the error if there is one."""
    data = wire(chance)

    def bodies(pieces: list[bytes]) -> tuple[list[bytes], bool]:
        decoder, found = Decoder(), []
        for piece in pieces:
            try:
                found += decoder.feed(piece)
            except ProtocolError:
                return found, True
            assert len(decoder._buffer) <= MAX_KEPT + len(piece)
        return found, False

    # What came in the same piece as the error is not told apart from it, so the finest split says the most.
    finest, failed = bodies([bytes([byte]) for byte in data])
    found, failed_too = bodies(split(data, chance))
    assert failed == failed_too, "whether it is DAP depends on how it was split"
    assert finest[: len(found)] == found
    assert failed or finest == found
    return data


def try_messages(chance: random.Random) -> bytes:
    """A body is a message or a ProtocolError."""
    data = spoiled(body(chance), chance)
    with contextlib.suppress(ProtocolError):
        assert isinstance(from_json(data), Event | Response | Request)
    return data


def try_conversation(chance: random.Random) -> bytes:
    """Each request is answered once at most, and refusals have an end."""
    connection, refused, answered = Connection(), 0, []
    asked = [connection.request("threads")[0] for _ in range(3)]
    data = wire(chance) * 3
    try:
        for piece in split(data, chance):
            answered += [m.request_seq for m in connection.receive(piece) if isinstance(m, Response)]
            refused += len(Decoder().feed(connection.refusals()))
    except ProtocolError:
        pass
    assert len(answered) == len(set(answered))
    assert set(answered) <= set(asked)
    assert refused <= MAX_REFUSALS
    return data


def try_text(chance: random.Random) -> str:
    """Nothing invisible gets through, and a cut text is one line that can be written out."""
    text = "".join(chr(chance.choice([chance.randrange(0x110000), chance.randrange(256)])) for _ in range(40))
    shown = visible(text)
    assert all(character.isprintable() or character in "\n\t" for character in shown)
    line = cut(text, 20)
    assert len(line) <= 20
    assert line.isprintable()
    (shown + line).encode()
    return text


TRIALS: list[Callable[[random.Random], bytes | str]] = [try_framing, try_messages, try_conversation, try_text]


def main(seconds: float, seed: int) -> int:
    """Try until the time is over; answers the exit code."""
    deadline, count = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        for trial in TRIALS:
            chance = random.Random(f"{seed}:{count}:{trial.__name__}")
            try:
                trial(chance)
            except Exception:
                print(f"failed: {trial.__name__}, seed {seed}, trial {count}", file=sys.stderr)
                raise
        count += 1
    print(f"{count} trials of each of {len(TRIALS)} kinds in {seconds:g} s, seed {seed}: nothing found")
    return 0


if __name__ == "__main__":
    wanted = sys.argv[1:]
    sys.exit(main(float(wanted[0]) if wanted else 60.0, int(wanted[1]) if len(wanted) > 1 else time.time_ns()))
