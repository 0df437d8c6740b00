"""Where the server may listen, and the names it answers to there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mcp_debug_tool.errors import UsageError
from mcp_debug_tool.serving import addresses
from mcp_debug_tool.settings import HttpSettings

PEM = Path("x.pem")
TLS: dict[str, Any] = {"tls_cert": PEM, "tls_key": PEM}


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("localhost.example", False),
        ("example.org", False),
    ],
)
def test_only_loopback_is_this_machine_alone(host: str, loopback: bool) -> None:
    assert addresses.is_loopback(host) is loopback


@pytest.mark.parametrize(
    "settings",
    [
        HttpSettings(),
        HttpSettings(authentication=False),
        HttpSettings(host="::1", **TLS),
        HttpSettings(host="192.0.2.1", **TLS),
        HttpSettings(host="192.0.2.1", behind_proxy=True),
        HttpSettings(host="0.0.0.0", allowed_hosts=("debug.example",), **TLS),
    ],
    ids=str,
)
def test_what_is_guarded_may_listen(settings: HttpSettings) -> None:
    addresses.check(settings)


@pytest.mark.parametrize(
    "settings",
    [
        HttpSettings(host="192.0.2.1"),
        HttpSettings(host="192.0.2.1", authentication=False, **TLS),
        HttpSettings(authentication=False, behind_proxy=True),
        HttpSettings(host="::", **TLS),
        HttpSettings(tls_cert=PEM),
        HttpSettings(tls_key=PEM),
    ],
    ids=str,
)
def test_what_is_not_guarded_may_not(settings: HttpSettings) -> None:
    with pytest.raises(UsageError):
        addresses.check(settings)


def test_loopback_answers_to_its_own_names_with_its_own_port() -> None:
    settings = HttpSettings(host="127.0.0.1")
    assert addresses.hosts(settings, 8765) == ["127.0.0.1:8765", "localhost:8765", "[::1]:8765"]
    assert addresses.origins(settings, 8765)[0] == "http://127.0.0.1:8765"
    assert addresses.url(settings, 8765) == "http://127.0.0.1:8765/mcp"


def test_the_port_of_the_scheme_may_be_left_out() -> None:
    assert "localhost" in addresses.hosts(HttpSettings(**TLS), 443)
    assert "localhost" not in addresses.hosts(HttpSettings(), 443)
    assert "localhost" in addresses.hosts(HttpSettings(), 80)


def test_any_address_answers_only_to_the_names_that_were_given() -> None:
    settings = HttpSettings(host="0.0.0.0", allowed_hosts=("debug.example:9",), allowed_origins=("https://x",), **TLS)
    assert addresses.hosts(settings, 9) == ["debug.example:9"]
    assert addresses.origins(settings, 9) == ["https://debug.example:9", "https://x"]
    assert addresses.url(settings, 9) == "https://debug.example:9/mcp"


def test_an_address_of_version_6_is_written_in_brackets() -> None:
    settings = HttpSettings(host="2001:db8::1", **TLS)
    assert addresses.hosts(settings, 9) == ["[2001:db8::1]:9"]
    assert addresses.url(settings, 9) == "https://[2001:db8::1]:9/mcp"
