"""Triggers against real servers: what is sent, what comes back, and each way in which nothing does."""

from __future__ import annotations

import datetime
import ipaddress
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import pytest
from anyio.abc import SocketAttribute
from anyio.streams.tls import TLSListener
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mcp_debug_tool.errors import InvalidArgument
from mcp_debug_tool.triggers import Request, Trigger
from mcp_debug_tool.triggers import trigger as triggers
from mcp_debug_tool.triggers.trigger import MAX_TEXT_BYTES

pytestmark = pytest.mark.anyio

LIMIT = 20.0
SECRET = "tok-5ecret"
Answering = Callable[[anyio.abc.ByteStream], Awaitable[None]]


@dataclass
class Server:
    """A server that answers each connection in one way, and what it was sent."""

    port: int
    requests: list[bytes] = field(default_factory=list)

    def url(self, path: str = "/orders", *, host: str = "127.0.0.1", scheme: str = "http") -> str:
        """Its address and a path."""
        return f"{scheme}://{host}:{self.port}{path}"


async def request_from(stream: anyio.abc.ByteStream) -> bytes:
    """A whole request: its head, and as many bytes as that declares."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += await stream.receive()
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < int(lengths[0] if lengths else 0):
        body += await stream.receive()
    return head + b"\r\n\r\n" + body


@asynccontextmanager
async def serving(
    answer: Answering | bytes, *, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    """A server on loopback that reads each request, answers it and closes the connection."""

    async def converse(stream: anyio.abc.ByteStream) -> None:
        async with stream:
            server.requests.append(await request_from(stream))
            if isinstance(answer, bytes):
                await stream.send(answer)
            else:
                await answer(stream)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    server = Server(listener.extra(SocketAttribute.local_port))
    wrapped = TLSListener(listener, tls, standard_compatible=False) if tls else listener
    with anyio.fail_after(LIMIT):
        async with wrapped, anyio.create_task_group() as tasks:
            tasks.start_soon(wrapped.serve, converse)
            yield server
            tasks.cancel_scope.cancel()


async def sent(request: Request, *, any_host: bool = False) -> Trigger:
    """The trigger of this request, run to its end."""
    changes: list[str] = []
    trigger = await made(request, lambda: changes.append(trigger.describe()), any_host=any_host)
    with anyio.fail_after(LIMIT):
        await trigger.run()
    assert changes == [trigger.describe()]
    assert (trigger.response is None) == bool(trigger.failure)
    return trigger


async def made(request: Request, on_change: Callable[[], None] = lambda: None, *, any_host: bool = False) -> Trigger:
    """The trigger of this request, which has not been run."""
    return Trigger(request, addresses=await request.addresses(any_host=any_host), on_change=on_change)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what no event tells."""
    with anyio.fail_after(LIMIT):
        while not holds():  # noqa: ASYNC110
            await anyio.sleep(0.01)


def seconds_waited(trigger: Trigger, beginning: str) -> float:
    """The seconds that its description ends with; it must begin like this."""
    described = trigger.describe()
    assert described.startswith(beginning)
    return float(described.removeprefix(beginning).removesuffix(" s"))


def ok(body: bytes, *headers: str) -> bytes:
    """A response with a length."""
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        return port


# --- what is sent ---------------------------------------------------------------------------------------------


async def test_the_request_arrives_as_it_was_asked_for() -> None:
    request = {"qty": 3, "name": "Käse"}
    async with serving(ok(b"{}")) as server:
        headers = {"Authorization": f"Bearer {SECRET}", "X-Note": "grün "}
        await sent(Request(server.url("/a b?x=1&y=%2F"), "POST", headers, request))
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /a%20b?x=1&y=%2F HTTP/1.1"
    assert f"Host: 127.0.0.1:{server.port}".encode() in lines
    assert f"Authorization: Bearer {SECRET}".encode() in lines
    assert "X-Note: grün".encode() in lines
    assert b"Content-Type: application/json" in lines
    assert json.loads(body) == request


async def test_a_get_may_have_a_body() -> None:
    async with serving(ok(b"found")) as server:
        trigger = await sent(Request(server.url(), body="query"))
    assert server.requests[0].startswith(b"GET /orders HTTP/1.1")
    assert server.requests[0].endswith(b"\r\n\r\nquery")
    assert trigger.response is not None
    assert trigger.response.text == "found"


async def test_the_host_header_has_the_name_and_the_address_is_the_checked_one() -> None:
    async with serving(ok(b"x")) as server:
        await sent(Request(server.url(host="shop.localhost")))
    assert f"Host: shop.localhost:{server.port}".encode() in server.requests[0]


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{free_port()}")
    async with serving(ok(b"x")) as server:
        trigger = await sent(Request(server.url()))
    assert trigger.response is not None


async def test_a_name_is_looked_up_once_and_what_it_meant_then_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["127.0.0.1", "192.0.2.1", "192.0.2.1"])
    asked = resolver(monkeypatch, lambda: [next(answers)])
    async with serving(ok(b"x")) as server:
        trigger = await sent(Request(server.url(host="rebinding.test")))
    assert trigger.response is not None
    assert asked == ["rebinding.test"]


async def test_a_name_of_which_one_address_is_elsewhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(monkeypatch, lambda: ["127.0.0.1", "192.0.2.1"])
    request = Request("http://two-faced.test/")
    with pytest.raises(InvalidArgument) as caught:
        await request.addresses(any_host=False)
    assert caught.value.parameter == "trigger"
    assert await request.addresses(any_host=True) == ("127.0.0.1", "192.0.2.1")


async def test_a_name_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    resolver(monkeypatch, unknown)
    with pytest.raises(InvalidArgument):
        await Request("http://nowhere.test/").addresses(any_host=True)


def resolver(monkeypatch: pytest.MonkeyPatch, addresses: Callable[[], list[str]]) -> list[str]:
    """Let names mean these addresses, for a test must not depend on a DNS; returns the names that were asked for."""
    real = socket.getaddrinfo
    asked: list[str] = []

    def look_up(host: Any, port: Any, *args: Any, **options: Any) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else host
        if not name.endswith(".test"):
            return real(host, port, *args, **options)
        asked.append(name)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses()]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


async def test_with_any_host_an_address_of_this_machine_that_is_not_loopback_is_reached() -> None:
    async with serving(ok(b"x")) as server:
        # Connecting to the address of no host reaches this one, and it is not a loopback address.
        request = Request(server.url(host="0.0.0.0"))
        with pytest.raises(InvalidArgument):
            await request.addresses(any_host=False)
        trigger = await sent(request, any_host=True)
    assert trigger.response is not None


# --- what comes back ------------------------------------------------------------------------------------------


async def test_a_response_is_told_with_its_size_and_type() -> None:
    async with serving(ok(b'{"a": 1}', "Content-Type: application/json", "X-Other: y")) as server:
        trigger = await sent(Request(server.url()))
    assert trigger.response is not None
    assert trigger.response.text == '{"a": 1}'
    assert trigger.response.headers == (("content-type", "application/json"),)
    assert trigger.describe().startswith("GET /orders: 200 OK in ")
    assert trigger.describe().endswith(" s, 8 bytes application/json")


async def test_a_redirect_is_told_and_not_followed() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n"
    async with serving(answer) as server:
        trigger = await sent(Request(server.url()))
    assert len(server.requests) == 1
    assert trigger.response is not None
    assert trigger.response.status == 302
    assert trigger.response.header("location") == "/login"


async def test_of_cookies_only_the_names_are_kept() -> None:
    async with serving(ok(b"x", f"Set-Cookie: session={SECRET}; Path=/", "Set-Cookie: csrf=1")) as server:
        trigger = await sent(Request(server.url()))
    assert trigger.response is not None
    assert trigger.response.header("set-cookie") == "session, csrf"
    assert SECRET not in repr(trigger.response) + trigger.describe()


async def test_an_error_of_the_server_is_a_response() -> None:
    async with serving(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops") as server:
        trigger = await sent(Request(server.url()))
    assert trigger.response is not None
    assert (trigger.response.status, trigger.response.text) == (500, "oops")


@pytest.mark.parametrize("size", [MAX_TEXT_BYTES - 1, MAX_TEXT_BYTES])
async def test_a_body_up_to_the_limit_is_whole(size: int) -> None:
    async with serving(ok(b"x" * size)) as server:
        response = (await sent(Request(server.url()))).response
    assert response is not None
    assert (len(response.text), response.size, response.cut, response.exact) == (size, size, False, True)


async def test_a_larger_body_is_cut_and_its_declared_size_told() -> None:
    async with serving(ok(b"x" * 1_000_000)) as server:
        response = (await sent(Request(server.url()))).response
    assert response is not None
    assert (len(response.text), response.size, response.cut, response.exact) == (MAX_TEXT_BYTES, 1_000_000, True, True)


async def test_an_endless_chunked_body_is_cut_and_told_to_be_larger() -> None:
    async def endless(stream: anyio.abc.ByteStream) -> None:
        await stream.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                await stream.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        except anyio.BrokenResourceError:
            pass

    async with serving(endless) as server:
        trigger = await sent(Request(server.url()))
    assert trigger.response is not None
    assert (trigger.response.size, trigger.response.cut, trigger.response.exact) == (MAX_TEXT_BYTES, True, False)
    assert f"more than {MAX_TEXT_BYTES} bytes" in trigger.describe()


async def test_chunks_are_put_together() -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
    async with serving(answer) as server:
        response = (await sent(Request(server.url()))).response
    assert response is not None
    assert (response.text, response.size, response.exact) == ("abcdefg", 7, True)


async def test_a_body_without_a_length_ends_with_the_connection() -> None:
    async with serving(b"HTTP/1.0 200 OK\r\n\r\nuntil the end") as server:
        response = (await sent(Request(server.url()))).response
    assert response is not None
    assert response.text == "until the end"


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        (b"caf\xe9", "text/plain; charset=latin-1", "café"),
        (b"caf\xe9 \xff", "text/plain", "caf� �"),
        ("Käse".encode(), "text/plain", "Käse"),
        (b"plain", "text/plain; charset=no-such-thing", "plain"),
        (b"plain", "text/plain; charset=zip", "plain"),
        (b"plain", "text/plain; charset=punycode", "plain"),
        (b"plain", 'text/plain; charset="', "plain"),
    ],
)
async def test_a_body_is_decoded_as_well_as_it_can_be(body: bytes, kind: str, text: str) -> None:
    async with serving(ok(body, f"Content-Type: {kind}")) as server:
        response = (await sent(Request(server.url()))).response
    assert response is not None
    assert response.text == text


async def test_a_cut_in_the_middle_of_a_character_leaves_no_half_of_it() -> None:
    async with serving(ok(b"x" + "ä".encode() * MAX_TEXT_BYTES)) as server:
        response = (await sent(Request(server.url()))).response
    assert response is not None
    assert response.text.endswith("ää")


async def test_a_body_that_comes_compressed_unasked_is_not_unpacked() -> None:
    async with serving(ok(b"\x1f\x8bwhatever", "Content-Encoding: gzip")) as server:
        trigger = await sent(Request(server.url()))
    assert b"accept-encoding: identity" in server.requests[0].lower()
    assert trigger.response is not None
    assert (trigger.response.text, trigger.response.size) == ("", 10)
    assert "10 bytes gzip" in trigger.describe()


async def test_the_response_to_head_has_no_body() -> None:
    async with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n") as server:
        trigger = await sent(Request(server.url(), "HEAD"))
    assert trigger.describe().endswith("no body")


async def test_a_response_may_come_before_the_body_was_read() -> None:
    async def early(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.receive(100)
            await stream.send(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await stream.send_eof()
            try:
                while True:
                    await stream.receive()
            except anyio.EndOfStream:
                pass

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, early)
        port = listener.extra(SocketAttribute.local_port)
        trigger = await sent(Request(f"http://127.0.0.1:{port}/", "POST", body="x" * (1 << 20)))
        tasks.cancel_scope.cancel()
    assert trigger.response is not None
    assert trigger.response.status == 413


# --- waiting --------------------------------------------------------------------------------------------------


async def test_a_refused_connection_is_tried_again_until_the_server_listens() -> None:
    port = free_port()
    changed = anyio.Event()
    trigger = await made(Request(f"http://localhost:{port}/"), changed.set)
    async with anyio.create_task_group() as tasks:
        await tasks.start(trigger.run)
        await until(lambda: seconds_waited(trigger, "GET /: waiting for a connection since ") >= 0.2)
        assert not trigger.sent
        async with serving(ok(b"here"), port=port) as server:
            await changed.wait()
    assert len(server.requests) == 1
    assert trigger.response is not None
    assert trigger.response.seconds < LIMIT


async def test_a_connection_that_stays_refused_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triggers, "CONNECT_SECONDS", 0.2)
    trigger = await sent(Request(f"http://localhost:{free_port()}/"))
    assert not trigger.sent
    assert trigger.describe().startswith("GET /: failed: connection refused for ")


async def test_a_slow_response_is_waited_for_and_says_since_when() -> None:
    asked, released = anyio.Event(), anyio.Event()

    async def slow(stream: anyio.abc.ByteStream) -> None:
        asked.set()
        await released.wait()
        await stream.send(ok(b"at last"))

    changed = anyio.Event()
    async with serving(slow) as server, anyio.create_task_group() as tasks:
        trigger = await made(Request(server.url(), "POST"), changed.set)
        await tasks.start(trigger.run)
        await asked.wait()
        assert trigger.sent
        assert 0 <= seconds_waited(trigger, "POST /orders: waiting for its response since ") < LIMIT
        assert not changed.is_set()
        released.set()
        await changed.wait()
    assert trigger.response is not None
    assert trigger.response.text == "at last"


async def test_a_response_whose_body_is_still_coming_says_its_status() -> None:
    async def stuck(stream: anyio.abc.ByteStream) -> None:
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await anyio.sleep_forever()

    async with serving(stuck) as server, anyio.create_task_group() as tasks:
        trigger = await made(Request(server.url()))
        await tasks.start(trigger.run)
        await until(lambda: "GET /orders: waiting for the rest of 200 OK since " in trigger.describe())
        tasks.cancel_scope.cancel()
    assert trigger.describe() == "GET /orders: failed: given up before the response had come"


async def test_a_cancelled_trigger_closes_its_connection() -> None:
    asked, closed = anyio.Event(), anyio.Event()

    async def waiting(stream: anyio.abc.ByteStream) -> None:
        asked.set()
        with pytest.raises(anyio.EndOfStream):
            await stream.receive()
        closed.set()

    async with serving(waiting) as server:
        async with anyio.create_task_group() as tasks:
            trigger = await made(Request(server.url()))
            await tasks.start(trigger.run)
            await asked.wait()
            tasks.cancel_scope.cancel()
        await closed.wait()
    assert trigger.failure


async def test_a_response_that_never_comes_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triggers, "RESPONSE_SECONDS", 0.2)
    async with serving(lambda _: anyio.sleep_forever()) as server:
        trigger = await sent(Request(server.url()))
    assert trigger.sent
    assert trigger.failure


# --- no response ----------------------------------------------------------------------------------------------


async def reset(stream: anyio.abc.ByteStream) -> None:
    """Close in disorder, as a process that is killed does."""
    stream.extra(SocketAttribute.raw_socket).setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b"", "the server closed the connection without an answer"),
        (reset, "the server reset the connection without an answer"),
        (
            b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
            "the server answered with something that is not HTTP; the port may speak https",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
            "the response broke off after 4 bytes of its body (200 OK)",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
            "the response broke off after 4 bytes of its body (200 OK)",
        ),
    ],
    ids=["closed", "reset", "not HTTP", "short", "malformed chunk"],
)
async def test_a_request_without_a_whole_response_fails_and_is_not_sent_again(
    answer: Answering | bytes, failure: str
) -> None:
    async with serving(answer) as server:
        trigger = await sent(Request(server.url(), headers={"Authorization": SECRET}))
    assert len(server.requests) == 1
    assert trigger.sent
    assert trigger.failure == failure


async def test_a_response_head_without_end_fails() -> None:
    async with serving(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000) as server:
        trigger = await sent(Request(server.url()))
    assert trigger.failure


async def test_a_socket_that_met_itself_is_closed_and_counts_as_refused() -> None:
    with socket.socket() as itself:
        itself.bind(("127.0.0.1", 0))
        address = itself.getsockname()
        itself.connect(address)
        with pytest.raises(ConnectionRefusedError):
            await triggers._refuse_itself(Connected(itself))
    # The port is free again at once, even for a server without SO_REUSEADDR.
    with socket.socket() as server:
        server.bind(address)


@dataclass
class Connected:
    """A socket with the face that the transport gives to streams."""

    raw: socket.socket

    def get_extra_info(self, name: str) -> Any:
        """The socket or its addresses."""
        return {"socket": self.raw, "client_addr": self.raw.getsockname(), "server_addr": self.raw.getpeername()}[name]

    async def aclose(self) -> None:
        """Close it."""
        self.raw.close()


# --- TLS ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate that nobody has signed, as a development server makes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path: Path = tmp_path_factory.mktemp("tls") / "own.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_server_here_may_have_a_certificate_of_its_own_making(
    own_certificate: ssl.SSLContext, host: str
) -> None:
    async with serving(ok(b"secret"), tls=own_certificate) as server:
        trigger = await sent(Request(server.url(scheme="https", host=host)))
    assert trigger.response is not None, trigger.failure
    assert trigger.response.text == "secret"


async def test_elsewhere_the_certificate_must_be_trusted(own_certificate: ssl.SSLContext) -> None:
    async with serving(ok(b"secret"), tls=own_certificate) as server:
        trigger = await sent(Request(server.url(scheme="https", host="0.0.0.0")), any_host=True)
    assert server.requests == []
    assert not trigger.sent
    assert trigger.failure.startswith("the server's certificate is not trusted: ")


async def test_https_to_a_port_that_speaks_http_fails_at_once_and_before_anything_is_sent() -> None:
    greetings: list[bytes] = []

    async def plain(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            greetings.append(await stream.receive())
            await stream.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, plain)
        # Of localhost's two addresses the other one refuses, which is no reason to try this one again.
        trigger = await sent(Request(f"https://localhost:{listener.extra(SocketAttribute.local_port)}/"))
        tasks.cancel_scope.cancel()
    assert len(greetings) == 1
    assert not trigger.sent
    assert trigger.failure.startswith("no TLS connection (")
