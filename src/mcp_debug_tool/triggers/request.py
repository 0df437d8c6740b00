"""An HTTP request as an agent asked for it, and whether it may be sent: how, with what, and to which addresses.

Only loopback addresses, unless the server's owner allows others. A name is looked up once, and what it was then is
what is connected to, so that it cannot mean something else a moment later. Nothing is sent here: see `triggers`.
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import anyio
import httpx2

from ..errors import InvalidArgument

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MAX_HEADERS = 50
# What common servers take at most for a whole head.
MAX_HEADER_BYTES = 64 << 10
MAX_BODY_BYTES = 1 << 20
LOOK_UP_SECONDS = 5.0

_LOOPBACK_4 = ipaddress.ip_network("127.0.0.0/8")
_LOOPBACK_6 = ipaddress.ip_address("::1")
_LOCALHOST = ("127.0.0.1", "::1")
_MAX_SHOWN = 200
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# Said by the URL and the body; one that contradicts them could make two requests of one.
_OURS = ("host", "content-length", "transfer-encoding")


@dataclass(frozen=True)
class Request:
    """A request as it was asked for; `addresses` says whether, and to whom, it may be sent."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str | Mapping[str, Any] | list[Any] | None = field(default=None, repr=False)
    """Text goes out as UTF-8; mappings and lists as JSON, with its content type unless the headers name another."""

    def check(self, *, any_host: bool) -> None:
        """Refuse what cannot or may not be sent. No name is looked up: `addresses` does that as well.

        Raises:
            InvalidArgument: and which part is wrong; without `any_host` also an address that is not loopback.
        """
        host = _host(_parsed(self.url))
        if not any_host and _is_literal(host):
            _check_loopback(host, [host])
        if self.method not in METHODS:
            _refuse(f"the method {self.method[:20]!r} is not sent", f"Use one of {', '.join(METHODS)}.")
        _check_headers(self.headers)
        if len(self.content() or b"") > MAX_BODY_BYTES:
            _refuse(f"the body is larger than {MAX_BODY_BYTES >> 20} MiB", "Send less.")

    async def addresses(self, *, any_host: bool) -> tuple[str, ...]:
        """The numeric addresses it may be sent to, after `check`. A name is looked up once, here, within 5 s.

        Raises:
            InvalidArgument: see `check`; or the name is unknown; or one of its addresses is not loopback.
        """
        self.check(any_host=any_host)
        url = _parsed(self.url)
        found = await _looked_up(_host(url), _port(url))
        if not any_host:
            _check_loopback(_host(url), found)
        return found

    def server_name(self) -> str | None:
        """The name that the server's certificate should have; None where the URL has an address."""
        host = _host(_parsed(self.url))
        return None if _is_literal(host) else host

    def header_lines(self) -> list[tuple[bytes, bytes]]:
        """Names and values as they are sent, Host among them."""
        lines = [(b"Host", _parsed(self.url).netloc), *_encoded(self.headers)]
        is_json = self.body is not None and not isinstance(self.body, str)
        if is_json and "content-type" not in map(str.lower, self.headers):
            lines.append((b"Content-Type", b"application/json"))
        return lines

    def content(self) -> bytes | None:
        """The body as it is sent; None where there is none.

        Raises:
            InvalidArgument: it is not plain JSON, or not valid Unicode.
        """
        if self.body is None:
            return None
        try:
            if isinstance(self.body, str):
                return self.body.encode()
            plain = dict(self.body) if isinstance(self.body, Mapping) else self.body
            return json.dumps(plain, ensure_ascii=False, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError) as exc:
            message = f"the body cannot be sent: {type(exc).__name__}"
            raise InvalidArgument("trigger", message, hint="Give text or plain JSON.") from exc


def is_loopback(address: str) -> bool:
    """Whether a numeric address is in 127.0.0.0/8 or is ::1; the mapped forms of IPv6 are not."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return parsed in _LOOPBACK_4 if parsed.version == 4 else parsed == _LOOPBACK_6


def _refuse(message: str, hint: str) -> NoReturn:
    raise InvalidArgument("trigger", message, hint=hint)


def _parsed(text: str) -> httpx2.URL:
    hint = "Give the whole URL, such as http://127.0.0.1:8000/orders?page=1."
    try:
        url = httpx2.URL(text)
    except (httpx2.InvalidURL, ValueError) as exc:
        raise InvalidArgument("trigger", f"the URL does not parse: {str(exc)[:_MAX_SHOWN]}", hint=hint) from exc
    if url.scheme not in ("http", "https") or not _host(url):
        _refuse("the URL does not begin with http:// or https:// and a host", hint)
    if url.userinfo:
        _refuse("the URL contains a user or a password", "Send an Authorization header.")
    if not 1 <= _port(url) <= 65535:
        _refuse(f"there is no port {_port(url)}", hint)
    return url


def _host(url: httpx2.URL) -> str:
    return url.raw_host.decode("ascii").rstrip(".")


def _port(url: httpx2.URL) -> int:
    default = 443 if url.scheme == "https" else 80
    return default if url.port is None else url.port


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _check_loopback(host: str, addresses: Sequence[str]) -> None:
    for address in addresses:
        if not is_loopback(address):
            named = host if host == address else f"{host} ({address})"
            _refuse(
                f"{named} is not a loopback address, and requests go to this machine only",
                "Use 127.0.0.1, ::1 or localhost; a program that listens on 0.0.0.0 answers there too.",
            )


async def _looked_up(host: str, port: int) -> tuple[str, ...]:
    if _is_literal(host):
        return (host,)
    # What they mean is laid down (RFC 6761, 6.3), whatever a resolver says.
    if host == "localhost" or host.endswith(".localhost"):
        return _LOCALHOST
    try:
        with anyio.fail_after(LOOK_UP_SECONDS):
            rows = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        why = "not known within 5 s" if isinstance(exc, TimeoutError) else "not known"
        raise InvalidArgument("trigger", f"the host {host} is {why}", hint="Use 127.0.0.1 or localhost.") from exc
    return tuple(dict.fromkeys(row[4][0] for row in rows))


def _check_headers(headers: Mapping[str, str]) -> None:
    if len(headers) > MAX_HEADERS:
        _refuse(f"more than {MAX_HEADERS} headers", "Send those that the handler reads.")
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            _refuse(f"{name[:40]!r} is no name of a header", "Names are letters, digits and hyphens.")
        if name.lower() in _OURS:
            _refuse(f"the header {name} cannot be set", "It follows from the URL and the body.")
        if _CONTROL.search(value):
            _refuse(f"the value of the header {name} contains a control character", "Leave it out.")
    try:
        size = sum(len(name) + len(value) for name, value in _encoded(headers))
    except UnicodeError:
        # Without the cause, whose text would show the value.
        raise InvalidArgument("trigger", "a header is not valid Unicode", hint="Leave it out.") from None
    if size > MAX_HEADER_BYTES:
        _refuse(f"the headers are larger than {MAX_HEADER_BYTES >> 10} KiB", "Send less.")


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("ascii"), value.strip(" \t").encode()) for name, value in headers.items()]
