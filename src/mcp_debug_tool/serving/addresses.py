"""Where the server may listen, and the names by which it may be called there.

A page in a browser can make it send requests to any address, also this machine's, under a name of its own (DNS
rebinding); so `Host` and `Origin` have to be one of few, letter by letter.
"""

from __future__ import annotations

import ipaddress

from ..errors import UsageError
from ..settings import HttpSettings

_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_loopback(host: str) -> bool:
    """Whether only this machine's own programs can connect to this host."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def check(settings: HttpSettings) -> None:
    """Refuse what would let in more than was asked for.

    Raises:
        UsageError: no authentication beyond loopback, a token that anybody on the way could read, TLS without its key.
    """
    loopback = is_loopback(settings.host)
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise UsageError("--tls-cert and --tls-key belong together")
    if not settings.authentication and (not loopback or settings.behind_proxy):
        raise UsageError("--no-auth: only on loopback and not behind a proxy, for who connects can run code here")
    if not loopback and not settings.tls_cert and not settings.behind_proxy:
        raise UsageError(
            f"{settings.host} is not loopback: tokens, and all that is debugged, would cross the network in the clear",
            hint="Give --tls-cert and --tls-key, or --behind-proxy where another server does TLS, or use ssh -L.",
        )
    if not _names(settings.host) and not settings.allowed_hosts:
        raise UsageError(
            f"{settings.host} stands for any address: by which names is the server called?",
            hint="Give each as --allow-host NAME:PORT.",
        )


def scheme(settings: HttpSettings) -> str:
    """`http` or `https`."""
    return "https" if settings.tls_cert else "http"


def url(settings: HttpSettings, port: int) -> str:
    """Where MCP is spoken."""
    names = _names(settings.host) or list(settings.allowed_hosts)
    name = settings.host if settings.host in names else names[0]
    return f"{scheme(settings)}://{name}{'' if ':' in name.rpartition(']')[2] else f':{port}'}/mcp"


def hosts(settings: HttpSettings, port: int) -> list[str]:
    """The values of `Host` that are let in."""
    bare = _names(settings.host)
    default = bare if port == _DEFAULT_PORTS[scheme(settings)] else []
    return [*(f"{name}:{port}" for name in bare), *default, *settings.allowed_hosts]


def origins(settings: HttpSettings, port: int) -> list[str]:
    """The values of `Origin` that are let in, where there is one: only browsers send it."""
    return [*(f"{scheme(settings)}://{host}" for host in hosts(settings, port)), *settings.allowed_origins]


def _names(host: str) -> list[str]:
    """What an address is called; nothing where it stands for all of a machine's."""
    if is_loopback(host):
        own = f"[{host.strip('[]')}]" if ":" in host else host
        return list(dict.fromkeys([own, *_LOOPBACK_NAMES]))
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return [host]
    return [] if address.is_unspecified else [f"[{address}]" if address.version == 6 else str(address)]
