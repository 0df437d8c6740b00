"""What may be asked for in a trigger, and how one is described; nothing is sent or looked up."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import httpx2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mcp_debug_tool.errors import InvalidArgument
from mcp_debug_tool.triggers import Request, Response, Trigger
from mcp_debug_tool.triggers.request import MAX_BODY_BYTES, MAX_HEADERS, METHODS, is_loopback

URL = "http://127.0.0.1:8000/orders?x=1"
SECRET = "tok-5ecret"


def refusal(request: Request, *, any_host: bool = False) -> InvalidArgument:
    """The error that `check` raises."""
    with pytest.raises(InvalidArgument) as caught:
        request.check(any_host=any_host)
    assert caught.value.parameter == "trigger"
    assert caught.value.hint
    return caught.value


def trigger(request: Request) -> Trigger:
    """A trigger that is never run."""
    return Trigger(request, addresses=["127.0.0.1"], on_change=lambda: None)


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "HTTP://LOCALHOST:8000",
        "https://localhost/",
        "http://shop.localhost:8000/",
        "http://localhost.:8000/",
        "http://[::1]:8000/",
        "http://127.1.2.3/",
        "http://a-name-of-this-machine/x",
    ],
)
def test_a_url_that_may_mean_this_machine_passes(url: str) -> None:
    Request(url).check(any_host=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/",
        "http://10.0.0.1:8000/",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0:8000/",
        "http://[::]:8000/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fe80::1]/",
        "http://128.0.0.1/",
    ],
)
def test_an_address_of_another_machine_needs_any_host(url: str) -> None:
    refusal(Request(url))
    Request(url).check(any_host=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/orders",
        "localhost:8000/orders",
        "127.0.0.1:8000",
        "//127.0.0.1/",
        "http:///orders",
        "http://.../",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "ws://127.0.0.1/",
        "http://user@127.0.0.1/",
        "http://user:word@127.0.0.1/",
        "http://127.0.0.1@192.0.2.1/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:65536/",
        "http://127.0.0.1:port/",
        "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1/\x00",
        "http://[::1/",
        "http://256.0.0.1/",
        "http://127.0.0.1/\udc80",
        "http://127.0.0.1/" + "x" * 70_000,
    ],
)
def test_what_is_no_url_to_send_to_is_refused_even_with_any_host(url: str) -> None:
    refusal(Request(url), any_host=True)


hosts = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.sampled_from(["localhost", "127.0.0.1", "[::1]", "127.0.0.1@192.0.2.1", "192.0.2.1#@127.0.0.1", "0", "127.1"]),
    st.text(max_size=12),
)


@given(
    scheme=st.sampled_from(["http", "https", "HTTP", "ftp", "", "file"]),
    host=hosts,
    port=st.one_of(st.just(""), st.integers(-1, 70_000).map(lambda port: f":{port}"), st.text(max_size=4)),
    rest=st.text(max_size=12),
)
@example(scheme="http", host="192.0.2.1\\", port="", rest="@127.0.0.1/")
def test_any_url_is_refused_or_has_no_address_but_loopback(scheme: str, host: str, port: str, rest: str) -> None:
    request = Request(f"{scheme}://{host}{port}{rest}")
    try:
        request.check(any_host=False)
    except InvalidArgument:
        return
    url = httpx2.URL(request.url)
    assert url.scheme in ("http", "https")
    assert not url.userinfo
    target = url.raw_host.decode().rstrip(".")
    if request.server_name() is None:
        assert is_loopback(target)
    else:
        # A name: `addresses` looks it up and checks what it means.
        with pytest.raises(ValueError, match="IPv4 or IPv6"):
            ipaddress.ip_address(target)
    sent_to = url.copy_with(host="127.0.0.1")
    assert (sent_to.host, sent_to.port, sent_to.raw_path) == ("127.0.0.1", url.port, url.raw_path)


@pytest.mark.anyio
@given(host=hosts.filter(lambda host: any(char in host for char in "[.") or host == "localhost"))
async def test_addresses_that_are_not_looked_up_are_loopback_or_refused(host: str) -> None:
    request = Request(f"http://{host}:8000/")
    try:
        request.check(any_host=False)
    except InvalidArgument:
        return
    if request.server_name() in (None, "localhost"):
        assert all(map(is_loopback, await request.addresses(any_host=False)))


@pytest.mark.anyio
async def test_localhost_means_this_machine_whatever_a_resolver_says() -> None:
    assert await Request("http://a.localhost/").addresses(any_host=False) == ("127.0.0.1", "::1")


@pytest.mark.parametrize("method", METHODS)
def test_the_usual_methods_are_sent(method: str) -> None:
    Request(URL, method=method, body="x").check(any_host=False)


@pytest.mark.parametrize("method", ["", "get", "CONNECT", "TRACE", "GET /x HTTP/1.1\r\nX: y", "BREW"])
def test_other_methods_are_refused(method: str) -> None:
    refusal(Request(URL, method=method))


@pytest.mark.parametrize("name", ["Host", "host", "Content-Length", "Transfer-Encoding", "", "a b", "x:", "ä", "x\r\n"])
def test_a_header_of_that_name_is_refused_and_its_value_not_told(name: str) -> None:
    error = refusal(Request(URL, headers={name: SECRET}), any_host=True)
    assert SECRET not in str(error) + error.hint


@pytest.mark.parametrize("ending", ["\r\nX: y", "\n", "\0", "\x7f", "\udc80"])
def test_a_header_whose_value_cannot_be_sent_is_refused_and_its_value_not_told(ending: str) -> None:
    error = refusal(Request(URL, headers={"Authorization": SECRET + ending}))
    assert SECRET not in str(error) + error.hint
    assert error.__cause__ is None


def test_the_number_and_the_size_of_headers_have_limits() -> None:
    Request(URL, headers={f"x-{index}": "y" for index in range(MAX_HEADERS)}).check(any_host=False)
    refusal(Request(URL, headers={f"x-{index}": "y" for index in range(MAX_HEADERS + 1)}))
    refusal(Request(URL, headers={"x": "y" * 70_000}))


def test_the_body_has_a_limit_in_bytes() -> None:
    Request(URL, body="x" * MAX_BODY_BYTES).check(any_host=False)
    refusal(Request(URL, body="ä" * (MAX_BODY_BYTES // 2 + 1)))


@pytest.mark.parametrize("body", [{"a": {1, 2}}, [float("nan")], "\udc80", {"a": "\udc80"}])
def test_a_body_that_is_neither_text_nor_json_is_refused(body: Any) -> None:
    refusal(Request(URL, body=body))


def test_a_body_that_contains_itself_is_refused() -> None:
    body: list[Any] = []
    body.append(body)
    refusal(Request(URL, body=body))


@pytest.mark.parametrize("body", [{"a": 1}, [1, {"b": None}], {}, []])
def test_mappings_and_lists_go_out_as_json_with_its_content_type(body: Any) -> None:
    request = Request(URL, method="POST", body=body)
    assert json.loads(request.content() or b"") == body
    assert (b"Content-Type", b"application/json") in request.header_lines()


def test_a_content_type_of_ones_own_is_kept() -> None:
    lines = Request(URL, body={}, headers={"content-TYPE": "application/ld+json"}).header_lines()
    assert [value for name, value in lines if name.lower() == b"content-type"] == [b"application/ld+json"]


def test_text_has_no_content_type_unless_given() -> None:
    assert [name for name, _ in Request(URL, body="a=1").header_lines()] == [b"Host"]


def test_the_host_header_is_the_one_of_the_url() -> None:
    assert (b"Host", b"shop.localhost:8000") in Request("http://shop.localhost:8000/").header_lines()


def test_headers_and_body_do_not_stand_in_the_representation() -> None:
    request = Request(URL, headers={"Authorization": SECRET}, body={"password": SECRET})
    assert SECRET not in repr(request)


def test_a_trigger_that_was_not_run_says_so() -> None:
    made = trigger(Request(URL))
    assert made.describe() == "GET /orders?x=1: waiting to be sent"
    assert not made.sent
    assert made.response is None


def test_a_response_is_described_in_a_line() -> None:
    made = trigger(Request(URL))
    made.response = Response(200, "OK", (("content-type", "application/json; charset=utf-8"),), "{}", 431, 0.123)
    assert made.describe() == "GET /orders?x=1: 200 OK in 0.12 s, 431 bytes application/json"


def test_a_redirect_is_described_with_where_it_leads() -> None:
    made = trigger(Request(URL, method="POST"))
    made.response = Response(302, "Found", (("location", "/login"),), "", 0, 0.5)
    assert made.describe() == "POST /orders?x=1: 302 Found to /login in 0.50 s, no body"


def test_a_size_that_is_not_known_is_a_lower_bound() -> None:
    made = trigger(Request(URL))
    made.response = Response(200, "", (), "x", 65536, 1.0, cut=True, exact=False)
    assert made.describe() == "GET /orders?x=1: 200 in 1.00 s, more than 65536 bytes"


def test_a_failure_is_described_in_a_line() -> None:
    made = trigger(Request(URL))
    made.failure = "connection refused for 45 s"
    assert made.describe() == "GET /orders?x=1: failed: connection refused for 45 s"


def test_a_long_path_is_cut_and_stays_in_one_line() -> None:
    described = trigger(Request(f"http://127.0.0.1/{'ä b' * 1000}")).describe()
    assert len(described) < 300
    assert described.isprintable()
