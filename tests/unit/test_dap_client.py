"""DAPClient over a real socket pair: answers, events, limits, and the end of the stream."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.abc
import pytest

from mcp_debug_tool.dap_client import DAPClient
from mcp_debug_tool.errors import AdapterError, NotResponding, ProtocolError
from mcp_debug_tool.protocol.connection import MAX_PENDING, MAX_REFUSALS
from mcp_debug_tool.protocol.framing import Decoder, encode
from mcp_debug_tool.protocol.messages import Event, Message, Request, Response, from_json

pytestmark = pytest.mark.anyio

# No test comes near it, however busy the machine is.
LIMIT = 5.0


@dataclass
class Adapter:
    """The other end of the wire, which answers as it is told."""

    stream: anyio.abc.SocketStream
    decoder: Decoder = field(default_factory=Decoder)
    requests: list[Request] = field(default_factory=list)

    async def request(self) -> Request:
        """The next request."""
        while not self.requests:
            for body in self.decoder.feed(await self.stream.receive()):
                message = from_json(body)
                assert isinstance(message, Request)
                self.requests.append(message)
        return self.requests.pop(0)

    async def send(self, *messages: dict[str, Any]) -> None:
        """Send these in one write."""
        await self.stream.send(b"".join(encode(json.dumps(message).encode()) for message in messages))


@dataclass
class Conversation:
    """A client that is being run, its adapter, and the events that came."""

    client: DAPClient
    adapter: Adapter
    events: list[Event]
    tasks: anyio.abc.TaskGroup


def answer(request: Request, **body: Any) -> dict[str, Any]:
    """A successful response."""
    return {
        "type": "response",
        "request_seq": request.seq,
        "command": request.command,
        "success": True,
        "body": body,
    }


def refusal(request: Request, message: str | None) -> dict[str, Any]:
    """A response that refuses."""
    return {**answer(request), "success": False, "message": message}


def event(name: str, **body: Any) -> dict[str, Any]:
    """An event."""
    return {"type": "event", "event": name, "body": body}


@asynccontextmanager
async def conversation() -> AsyncIterator[Conversation]:
    """A client and an adapter at the two ends of a socket pair."""
    ends = [await anyio.abc.UNIXSocketStream.from_socket(end) for end in socket.socketpair()]
    events: list[Event] = []
    client = DAPClient(ends[0], events.append)
    with anyio.fail_after(LIMIT):
        async with ends[0], ends[1], anyio.create_task_group() as tasks:
            tasks.start_soon(client.run)
            yield Conversation(client, Adapter(ends[1]), events, tasks)
            tasks.cancel_scope.cancel()


async def test_a_request_gives_the_body_of_its_response() -> None:
    async with conversation() as talk:

        async def serve() -> None:
            request = await talk.adapter.request()
            assert (request.command, request.arguments) == ("stackTrace", {"threadId": 1})
            await talk.adapter.send(answer(request, totalFrames=3))

        talk.tasks.start_soon(serve)
        assert await talk.client.request("stackTrace", {"threadId": 1}) == {"totalFrames": 3}


async def test_answers_in_another_order_reach_those_who_asked() -> None:
    async with conversation() as talk:
        bodies: dict[str, object] = {}

        async def ask(command: str) -> None:
            bodies[command] = await talk.client.request(command)

        async with anyio.create_task_group() as asking:
            asking.start_soon(ask, "first")
            asking.start_soon(ask, "second")
            requests = [await talk.adapter.request(), await talk.adapter.request()]
            for request in reversed(requests):
                await talk.adapter.send(answer(request, command=request.command))
        assert bodies == {"first": {"command": "first"}, "second": {"command": "second"}}


async def test_an_answer_that_comes_in_single_bytes_is_whole() -> None:
    async with conversation() as talk:

        async def serve() -> None:
            data = encode(json.dumps(answer(await talk.adapter.request(), text="é")).encode())
            for byte in data:
                await talk.adapter.stream.send(bytes([byte]))

        talk.tasks.start_soon(serve)
        assert await talk.client.request("evaluate") == {"text": "é"}


async def test_events_come_in_order_and_before_a_response_that_was_sent_after_them() -> None:
    async with conversation() as talk:

        async def serve() -> None:
            request = await talk.adapter.request()
            await talk.adapter.send(event("continued"), event("stopped", threadId=2), answer(request))

        talk.tasks.start_soon(serve)
        await talk.client.request("continue")
        assert talk.events == [Event("continued"), Event("stopped", {"threadId": 2})]


@pytest.mark.parametrize("message", ["thread is running", None])
async def test_a_refusal_is_an_error_of_the_adapter(message: str | None) -> None:
    async with conversation() as talk:

        async def serve() -> None:
            await talk.adapter.send(refusal(await talk.adapter.request(), message))

        talk.tasks.start_soon(serve)
        with pytest.raises(AdapterError) as error:
            await talk.client.request("next")
        assert not isinstance(error.value, NotResponding)
        assert "next" in str(error.value)


async def test_a_request_that_is_not_answered_ends_at_its_limit_and_its_late_answer_is_dropped() -> None:
    async with conversation() as talk:
        with pytest.raises(NotResponding):
            await talk.client.request("evaluate", seconds=0.02)
        late = await talk.adapter.request()

        async def serve() -> None:
            request = await talk.adapter.request()
            await talk.adapter.send(answer(late, value="late"), answer(request, value="in time"))

        talk.tasks.start_soon(serve)
        assert await talk.client.request("evaluate") == {"value": "in time"}


async def test_a_request_that_is_cancelled_leaves_nothing_waiting() -> None:
    async with conversation() as talk:
        for _ in range(MAX_PENDING + 1):
            with anyio.move_on_after(0):
                await talk.client.request("evaluate")
        assert not talk.client._connection._pending
        assert not talk.client._waiters


async def test_the_end_of_the_stream_wakes_everyone_who_waits_with_the_same_error() -> None:
    async with conversation() as talk:
        errors: list[type[Exception]] = []

        async def ask() -> None:
            try:
                await talk.client.request("threads")
            except ProtocolError as error:
                errors.append(type(error))

        async with anyio.create_task_group() as asking:
            for _ in range(3):
                asking.start_soon(ask)
            for _ in range(3):
                await talk.adapter.request()
            await talk.adapter.stream.aclose()
        assert errors == [ProtocolError] * 3
        assert talk.client.closed.is_set()


async def test_a_request_after_the_end_fails_at_once() -> None:
    async with conversation() as talk:
        await talk.adapter.stream.aclose()
        await talk.client.closed.wait()
        with pytest.raises(ProtocolError):
            await talk.client.request("threads")


async def test_an_answer_that_came_just_before_the_end_counts() -> None:
    async with conversation() as talk:

        async def serve() -> None:
            await talk.adapter.send(answer(await talk.adapter.request(), last=True))
            await talk.adapter.stream.aclose()

        talk.tasks.start_soon(serve)
        assert await talk.client.request("disconnect") == {"last": True}
        await talk.client.closed.wait()


async def test_what_is_not_dap_ends_the_connection() -> None:
    async with conversation() as talk:

        async def serve() -> None:
            await talk.adapter.request()
            await talk.adapter.stream.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        talk.tasks.start_soon(serve)
        with pytest.raises(ProtocolError):
            await talk.client.request("initialize")
        with pytest.raises(anyio.EndOfStream):
            await talk.adapter.stream.receive()


async def test_several_requests_go_in_one_write_and_are_answered_in_their_order() -> None:
    async with conversation() as talk:

        async def serve() -> None:
            first = await talk.adapter.request()
            # Both came with one read.
            (second,) = talk.adapter.requests
            await talk.adapter.send(answer(second, of="attach"), answer(first, of="initialize"))

        talk.tasks.start_soon(serve)
        bodies = await talk.client.pipeline([("initialize", {}), ("attach", {"justMyCode": True})])
        assert bodies == [{"of": "initialize"}, {"of": "attach"}]


async def test_the_first_refusal_of_several_requests_is_raised() -> None:
    async with conversation() as talk:

        async def serve() -> None:
            first, second = await talk.adapter.request(), talk.adapter.requests[0]
            await talk.adapter.send(answer(first), refusal(second, "no"))

        talk.tasks.start_soon(serve)
        with pytest.raises(AdapterError, match="attach"):
            await talk.client.pipeline([("initialize", {}), ("attach", {})])


async def test_requests_that_are_too_many_leave_nothing_waiting() -> None:
    async with conversation() as talk:
        with pytest.raises(ProtocolError):
            await talk.client.pipeline([("threads", {})] * (MAX_PENDING + 1))
        assert not talk.client._connection._pending


async def test_a_request_that_has_begun_is_answered_when_it_is_asked_for() -> None:
    async with conversation() as talk:
        attach = await talk.client.begin("attach", {"justMyCode": True})
        request = await talk.adapter.request()
        assert (request.command, request.arguments) == ("attach", {"justMyCode": True})
        assert not attach.over.is_set()

        async def serve() -> None:
            done = await talk.adapter.request()
            await talk.adapter.send(answer(done, of="configurationDone"), answer(request, of="attach"))

        talk.tasks.start_soon(serve)
        assert await talk.client.request("configurationDone") == {"of": "configurationDone"}
        assert await attach.answer(LIMIT) == {"of": "attach"}


async def test_an_answer_that_has_come_needs_no_time_and_can_be_had_again() -> None:
    async with conversation() as talk:
        attach = await talk.client.begin("attach", {})
        await talk.adapter.send(answer(await talk.adapter.request(), pid=5))
        await attach.over.wait()
        assert await attach.answer(0) == {"pid": 5}
        assert await attach.answer(0) == {"pid": 5}


async def test_an_answer_that_has_not_come_in_its_time_can_be_asked_for_again() -> None:
    async with conversation() as talk:
        attach = await talk.client.begin("attach", {})
        for seconds in (0, 0.02):
            with pytest.raises(NotResponding, match="attach"):
                await attach.answer(seconds)
        await talk.adapter.send(answer(await talk.adapter.request(), late=True))
        assert await attach.answer(LIMIT) == {"late": True}


@pytest.mark.parametrize("message", ["no such process", None])
async def test_a_request_that_has_begun_can_be_refused(message: str | None) -> None:
    async with conversation() as talk:
        attach = await talk.client.begin("attach", {})
        await talk.adapter.send(refusal(await talk.adapter.request(), message))
        with pytest.raises(AdapterError, match="attach") as error:
            await attach.answer(LIMIT)
        assert not isinstance(error.value, NotResponding)


async def test_a_refusal_nobody_asks_for_disturbs_nobody() -> None:
    async with conversation() as talk:
        await talk.client.begin("attach", {})

        async def serve() -> None:
            attach, threads = await talk.adapter.request(), await talk.adapter.request()
            await talk.adapter.send(refusal(attach, "no"), answer(threads, threads=[]))

        talk.tasks.start_soon(serve)
        assert await talk.client.request("threads") == {"threads": []}


async def test_a_request_that_has_begun_ends_with_the_connection() -> None:
    async with conversation() as talk:
        attach = await talk.client.begin("attach", {})
        await talk.adapter.request()
        talk.tasks.start_soon(talk.adapter.stream.aclose)
        with pytest.raises(ProtocolError):
            await attach.answer(LIMIT)
        assert attach.over.is_set()


async def test_an_answer_that_came_before_the_end_can_be_had_after_it() -> None:
    async with conversation() as talk:
        attach = await talk.client.begin("attach", {})
        await talk.adapter.send(answer(await talk.adapter.request(), last=True))
        await talk.adapter.stream.aclose()
        await talk.client.closed.wait()
        assert await attach.answer(0) == {"last": True}


async def test_no_request_begins_after_the_end() -> None:
    async with conversation() as talk:
        await talk.adapter.stream.aclose()
        await talk.client.closed.wait()
        with pytest.raises(ProtocolError):
            await talk.client.begin("attach", {})


async def test_a_request_begun_when_nobody_reads_any_more_is_over_at_once() -> None:
    async with conversation() as talk:
        with anyio.CancelScope() as reading:
            client = DAPClient(talk.client._stream, talk.events.append)
            reading.cancel()
            await client.run()
        attach = await client.begin("attach", {})
        with pytest.raises(ProtocolError):
            await attach.answer(0)


async def test_hanging_up_reads_what_has_arrived_first() -> None:
    async with conversation() as talk:

        def on_event(arrived: Event) -> None:
            talk.events.append(arrived)
            if arrived.name == "terminated":
                talk.client.finish()

        talk.client._on_event = on_event
        await talk.adapter.send(event("terminated"), event("exited", exitCode=0))
        await talk.client.closed.wait()
        assert talk.events == [Event("terminated"), Event("exited", {"exitCode": 0})]
        with pytest.raises(anyio.EndOfStream):
            await talk.adapter.stream.receive()


async def test_cancelling_the_reader_wakes_who_waits_and_leaves_the_stream_to_its_owner() -> None:
    async with conversation() as talk:
        with anyio.CancelScope() as reading:
            client = DAPClient(talk.client._stream, talk.events.append)
            reading.cancel()
            await client.run()
        assert client.closed.is_set()

        async def serve() -> None:
            await talk.adapter.send(answer(await talk.adapter.request(), still="open"))

        talk.tasks.start_soon(serve)
        assert await talk.client.request("threads") == {"still": "open"}
        with pytest.raises(ProtocolError):
            await client.request("threads")


async def test_closing_hangs_up() -> None:
    async with conversation() as talk:
        await talk.client.aclose()
        await talk.client.closed.wait()
        with pytest.raises(anyio.EndOfStream):
            await talk.adapter.stream.receive()


async def test_requests_from_many_tasks_do_not_mix_on_the_wire() -> None:
    async with conversation() as talk:
        texts = [letter * 200_000 for letter in "abcd"]
        bodies: list[str] = []

        async def ask(text: str) -> None:
            bodies.append((await talk.client.request("evaluate", {"expression": text}))["echo"])

        async with anyio.create_task_group() as asking:
            for text in texts:
                asking.start_soon(ask, text)
            for _ in texts:
                request = await talk.adapter.request()
                await talk.adapter.send(answer(request, echo=request.arguments["expression"]))
        assert sorted(bodies) == texts


async def test_why_the_connection_was_given_up_is_kept_and_told_to_who_waits() -> None:
    async with conversation() as talk:

        async def serve() -> None:
            await talk.adapter.request()
            await talk.adapter.stream.send(b"Content-Length: -1\r\n\r\n")

        talk.tasks.start_soon(serve)
        with pytest.raises(ProtocolError, match="no valid Content-Length"):
            await talk.client.request("threads")
        assert "no valid Content-Length" in talk.client.failure


async def test_an_honest_end_is_no_failure() -> None:
    async with conversation() as talk:
        await talk.adapter.stream.aclose()
        await talk.client.closed.wait()
        assert talk.client.failure == ""


async def test_events_that_cannot_be_understood_are_passed_over_until_they_are_too_many() -> None:
    async with conversation() as talk:

        def on_event(arrived: Event) -> None:
            talk.events.append(Event(str(int(arrived.body["number"]))))

        talk.client._on_event = on_event
        await talk.adapter.send(event("one"), event("two", number="x"), event("three", number=3), event("four"))
        await talk.client.closed.wait()
        assert talk.events == [Event("3")]
        assert talk.client.failure.startswith("its event 'four' is malformed")


async def test_who_does_not_read_what_it_is_sent_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_debug_tool.dap_client.SEND_SECONDS", 0.05)
    async with conversation() as talk:
        with pytest.raises(ProtocolError, match="has not read"):
            await talk.client.request("evaluate", {"expression": "x" * 30_000_000})
        await talk.client.closed.wait()
        assert "has not read what it was sent" in talk.client.failure


async def test_what_an_adapter_asks_for_is_refused_and_a_flood_of_it_is_not_answered() -> None:
    async with conversation() as talk:
        asked = {"type": "request", "seq": 9, "command": "runInTerminal"}
        await talk.adapter.send(*[asked] * (MAX_REFUSALS + 5), event("done"))
        refused: list[Message] = []
        while len(refused) < MAX_REFUSALS:
            refused += map(from_json, talk.adapter.decoder.feed(await talk.adapter.stream.receive()))
        assert set(map(repr, refused)) == {repr(Response(9, "runInTerminal", False, "refused"))}
        with anyio.move_on_after(0.05) as quiet:
            await talk.adapter.stream.receive()
        assert quiet.cancelled_caught
