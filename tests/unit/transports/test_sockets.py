"""The listener: who proves itself is let in, strangers are told nothing and disturb nobody."""

from __future__ import annotations

import gc
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import anyio.abc
import pytest

from mcp_debug_tool.transports import sockets
from mcp_debug_tool.transports.sockets import MAX_UNPROVEN, Listener, Peer, QuickStream

pytestmark = pytest.mark.anyio

LIMIT = 5.0
TOKEN, ANSWER = "right-token", "right-answer"
PROOF, REPLY = f"{TOKEN}\n".encode(), f"{ANSWER}\n".encode()


@dataclass
class Door:
    """An open listener, and the peers it lets in."""

    listener: Listener
    proven: anyio.abc.ObjectReceiveStream[QuickStream]

    async def knock(self, *sent: bytes) -> anyio.abc.SocketStream:
        """A new connection that has sent these bytes."""
        stream = await anyio.connect_tcp("127.0.0.1", self.listener.port)
        for data in sent:
            await stream.send(data)
        return stream


async def everyone(peer: Peer) -> bool:
    """Welcomes each peer with the right token."""
    return True


@asynccontextmanager
async def door(is_welcome: Callable[[Peer], Awaitable[bool]] = everyone) -> AsyncIterator[Door]:
    """An open listener."""
    listener = Listener(token=TOKEN, server_token=ANSWER, is_welcome=is_welcome)
    with anyio.fail_after(LIMIT):
        async with listener.open() as proven:
            yield Door(listener, proven)


async def rest(stream: anyio.abc.SocketStream) -> bytes:
    """All that comes until the other side closes."""
    received = b""
    async with stream:
        try:
            while True:
                received += await stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return received


async def reachable(host: str, port: int) -> bool:
    """Whether somebody listens there; who connected is a stranger that is turned away again."""
    try:
        stream = await anyio.connect_tcp(host, port)
    except OSError:
        return False
    await stream.send_eof()
    await rest(stream)
    return True


async def exactly(stream: anyio.abc.ByteReceiveStream, count: int) -> bytes:
    """The next `count` bytes."""
    received = b""
    while len(received) < count:
        received += await stream.receive(count - len(received))
    return received


async def test_the_right_token_is_answered_and_the_peer_delivered() -> None:
    async with door() as open_door, await open_door.knock(PROOF) as peer:
        async with await open_door.proven.receive() as stream:
            assert await exactly(peer, len(REPLY)) == REPLY
            await stream.send(b"to the program")
            assert await exactly(peer, 14) == b"to the program"
            await peer.send(b"to us")
            assert await exactly(stream, 5) == b"to us"
        assert open_door.listener.strangers == 0


async def test_a_token_that_comes_in_pieces_is_still_the_right_one() -> None:
    async with door() as open_door:
        peer = await open_door.knock(*(bytes([byte]) for byte in PROOF))
        async with peer, await open_door.proven.receive():
            assert await exactly(peer, len(REPLY)) == REPLY


async def test_what_follows_the_token_at_once_belongs_to_the_conversation() -> None:
    async with door() as open_door:
        peer = await open_door.knock(PROOF + b"Content-Length: 2")
        async with peer, await open_door.proven.receive() as stream:
            assert await exactly(stream, 17) == b"Content-Length: 2"


@pytest.mark.parametrize(
    "sent",
    [
        b"wrong-token\n",
        b"right-tokens",
        b"Right-token\n",
        b"right-token ",
        b"\n" * 12,
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\xff\xfe\xfd" * 4,
    ],
)
async def test_a_wrong_token_gets_no_byte_and_is_counted(sent: bytes) -> None:
    async with door() as open_door:
        assert await rest(await open_door.knock(sent)) == b""
        assert open_door.listener.strangers == 1


async def test_a_peer_that_hangs_up_before_its_token_is_whole_is_a_stranger() -> None:
    async with door() as open_door:
        stranger = await open_door.knock(PROOF[:-1])
        await stranger.send_eof()
        assert await rest(stranger) == b""
        assert open_door.listener.strangers == 1


@pytest.mark.parametrize("sent", [b"", PROOF[:-1]])
async def test_a_peer_that_does_not_say_its_token_in_time_gets_no_byte(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(sockets, "AUTHENTICATION_SECONDS", 0.05)
    async with door() as open_door:
        assert await rest(await open_door.knock(sent)) == b""
        assert open_door.listener.strangers == 1


async def test_a_peer_that_is_not_welcome_gets_no_byte_although_it_knows_the_token() -> None:
    asked: list[Peer] = []

    async def nobody(peer: Peer) -> bool:
        asked.append(peer)
        return False

    async with door(nobody) as open_door:
        stranger = await open_door.knock(PROOF)
        port = stranger.extra(anyio.abc.SocketAttribute.local_port)
        assert await rest(stranger) == b""
        assert asked == [Peer(open_door.listener.port, port)]
        assert open_door.listener.strangers == 1


async def test_a_peer_without_the_token_is_not_even_asked_for() -> None:
    async def never(peer: Peer) -> bool:
        raise AssertionError("asked for a stranger")

    async with door(never) as open_door:
        assert await rest(await open_door.knock(b"wrong-token\n")) == b""


async def test_strangers_do_not_disturb_the_peer_that_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "AUTHENTICATION_SECONDS", 0.05)
    async with door() as open_door:
        silent = await open_door.knock()
        async with await open_door.knock(PROOF) as peer:
            wrong = await open_door.knock(b"x" * 100)
            async with await open_door.proven.receive() as stream:
                assert await exactly(peer, len(REPLY)) == REPLY
                assert [await rest(wrong), await rest(silent)] == [b"", b""]
                await stream.send(b"still here")
                assert await exactly(peer, 10) == b"still here"
                assert await rest(await open_door.knock(b"wrong-token\n")) == b""
                await peer.send(b"yes")
                assert await exactly(stream, 3) == b"yes"
        assert open_door.listener.strangers == 3


async def test_more_silent_strangers_than_the_cap_are_closed_unheard() -> None:
    async with door() as open_door:
        silent = [await open_door.knock() for _ in range(MAX_UNPROVEN)]
        assert await rest(await open_door.knock(PROOF)) == b""
        assert open_door.listener.strangers == 1
        # One that leaves makes room again.
        await silent[0].send_eof()
        assert await rest(silent[0]) == b""
        async with await open_door.knock(PROOF) as peer, await open_door.proven.receive():
            assert await exactly(peer, len(REPLY)) == REPLY
        for stranger in silent[1:]:
            await stranger.send_eof()
            assert await rest(stranger) == b""
        assert open_door.listener.strangers == MAX_UNPROVEN + 1


async def test_two_peers_can_prove_themselves() -> None:
    async with door() as open_door:
        first, second = await open_door.knock(PROOF), await open_door.knock(PROOF)
        async with first, second, await open_door.proven.receive(), await open_door.proven.receive():
            assert await exactly(first, len(REPLY)) == REPLY
            assert await exactly(second, len(REPLY)) == REPLY


async def test_nobody_is_let_in_after_the_door_is_closed() -> None:
    async with door() as open_door:
        port = open_door.listener.port
        assert await reachable("127.0.0.1", port)
    assert not await reachable("127.0.0.1", port)


async def test_the_listener_is_reached_from_this_machine_only() -> None:
    async with door() as open_door:
        assert await reachable("127.0.0.1", open_door.listener.port)
        # All of 127/8 is this machine, but only 127.0.0.1 is listened on.
        assert not await reachable("127.0.0.2", open_door.listener.port)


# Both leave a socket to the garbage collector, which warns; it is made to do so within the test.
leaks = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


async def vanish_and_come_again() -> bool:
    """Whether a peer is let in after another that reset its connection right after its token."""
    try:
        async with door() as open_door:
            with socket.create_connection(("127.0.0.1", open_door.listener.port)) as gone:
                gone.sendall(PROOF)
                # Closing then resets the connection.
                gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            async with await open_door.knock(PROOF) as peer:
                with anyio.move_on_after(1):
                    await (await open_door.proven.receive()).aclose()
                    return await exactly(peer, len(REPLY)) == REPLY
    except Exception:
        return False
    return False


@leaks
async def test_a_peer_that_vanishes_after_its_token_does_not_end_the_listener() -> None:
    let_in = await vanish_and_come_again()
    gc.collect()
    assert let_in


async def closed_with_the_door(*sent: bytes) -> bool:
    """Whether a peer that has sent this and was not received is closed with the listener."""
    async with door() as open_door:
        waiting = await open_door.knock(*sent)
        # Once another is through, this one has been heard.
        async with await open_door.knock(PROOF) as other:
            assert await exactly(other, len(REPLY)) == REPLY
    async with waiting:
        with anyio.move_on_after(0.2):
            await rest(waiting)
            return True
    return False


@leaks
@pytest.mark.parametrize("sent", [b"", PROOF])
async def test_a_peer_that_nobody_received_is_closed_with_the_door(sent: bytes) -> None:
    closed = await closed_with_the_door(sent)
    gc.collect()
    assert closed


async def test_the_tokens_stand_in_no_repr() -> None:
    assert TOKEN not in repr(Listener(token=TOKEN, server_token=ANSWER, is_welcome=everyone))


async def test_a_proven_stream_sends_at_once() -> None:
    async with door() as open_door, await open_door.knock(PROOF), await open_door.proven.receive() as stream:
        assert stream._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


async def test_the_end_of_a_proven_stream_is_told_as_such() -> None:
    async with door() as open_door:
        peer = await open_door.knock(PROOF)
        async with peer, await open_door.proven.receive() as stream:
            await peer.send(b"bye")
            await peer.send_eof()
            assert await exactly(stream, 3) == b"bye"
            with pytest.raises(anyio.EndOfStream):
                await stream.receive()
            await stream.send_eof()
            assert await rest(peer) == REPLY
