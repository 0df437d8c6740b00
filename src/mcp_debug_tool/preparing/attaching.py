"""From what `attach` is asked for to a target: each parameter is checked before anything is met, and named if wrong."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InvalidArgument
from ..path_map import path_map
from ..plan import Plan
from ..settings import Settings
from ..targets.listen import ListenTarget
from ..targets.pid import PidTarget
from ..targets.port import PortTarget
from .arguments import check_texts, folder
from .break_on import exception_filters
from .prepared import Prepared

LOOPBACK = "127.0.0.1"
MAX_PORT_DIGITS = 5


@dataclass(frozen=True)
class Attachment:
    """What `attach` was asked for; exactly one of port, pid and listen is given."""

    host: str | None = None
    port: int | None = None
    pid: int | None = None
    listen: str | None = None
    token: str | None = None
    path_map: Sequence[tuple[str, str]] = ()
    cwd: str | None = None
    break_on: Sequence[str] = ("uncaught",)
    just_my_code: bool = True


def prepare_attachment(asked: Attachment, settings: Settings) -> Prepared:
    """Check an attachment.

    Raises:
        InvalidArgument: naming the parameter.
    """
    check_texts((name, getattr(asked, name)) for name in ("host", "listen", "token", "cwd"))
    given = [name for name in ("port", "pid", "listen") if getattr(asked, name) is not None]
    if len(given) != 1:
        what = " and ".join(given) + " are given" if given else "nothing to attach to"
        raise InvalidArgument("port", what, hint="Give exactly one of port (with host), pid and listen.")
    if asked.token is not None and asked.listen is None:
        raise InvalidArgument("token", "goes with listen only", hint="Leave it out.")
    cwd = folder(asked.cwd, settings.cwd)
    target, what = _target(asked, settings)
    plan = Plan(
        program_file=None,
        module=None,
        roots=(cwd,),
        first_path="",
        break_on=exception_filters(asked.break_on),
        read_only=settings.read_only,
    )
    return Prepared(target, plan, cwd, what, (cwd,), is_launched=False)


def _target(asked: Attachment, settings: Settings) -> tuple[PidTarget | PortTarget | ListenTarget, str]:
    paths = path_map(asked.path_map)
    if asked.pid is not None:
        return PidTarget(asked.pid, asked.just_my_code, paths), f"process {asked.pid}"
    if asked.port is not None:
        host = asked.host or LOOPBACK
        _check_port("port", asked.port)
        _check_host("host", host, settings)
        return PortTarget(host, asked.port, asked.just_my_code, paths), f"{host}:{asked.port}"
    assert asked.listen is not None
    host, port = _address(asked.listen)
    _check_host("listen", host, settings)
    if not is_loopback(host) and not asked.token:
        hint = "Give one; the program names it with debugpy.connect(..., access_token=...)."
        raise InvalidArgument("token", f"is missing: {host} is open to other machines", hint=hint)
    return ListenTarget(host, port, asked.token, asked.just_my_code, paths), f"programs that come to {host}:{port}"


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not port.isdecimal() or len(port) > MAX_PORT_DIGITS:
        raise InvalidArgument("listen", f"{listen!r} is not host:port or port", hint="Such as 127.0.0.1:5678.")
    _check_port("listen", int(port))
    return host.strip("[]") or LOOPBACK, int(port)


def _check_port(parameter: str, port: int) -> None:
    if not 0 < port < 65536:
        raise InvalidArgument(parameter, f"{port} is no port", hint="From 1 to 65535.")


def _check_host(parameter: str, host: str, settings: Settings) -> None:
    if is_loopback(host) or settings.allow_remote:
        return
    what, forward = ("is open to other machines", "-R") if parameter == "listen" else ("is another machine", "-L")
    raise InvalidArgument(
        parameter,
        f"{host} {what}, and a debug port is open to everyone who reaches it",
        hint=f"Forward it with ssh {forward} and give 127.0.0.1, or serve with --allow-remote.",
    )


def is_loopback(host: str) -> bool:
    """Whether the address, or `localhost`, is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
