"""What `ready` means: a pattern of the output, or a port that nobody has yet."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterator

import pytest

from mcp_debug_tool.errors import InvalidArgument
from mcp_debug_tool.tools.readiness import Readiness, checked_readiness


@pytest.fixture
def holder() -> Iterator[socket.socket]:
    """A socket with a port of its own, on which it does not listen."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder


def port_of(holder: socket.socket) -> int:
    """The port it has."""
    port: int = holder.getsockname()[1]
    return port


def refused(ready: str | int) -> InvalidArgument:
    """The refusal; it is always about `ready`."""
    with pytest.raises(InvalidArgument) as caught:
        checked_readiness(ready)
    assert caught.value.parameter == "ready"
    return caught.value


def test_without_it_nothing_is_waited_for() -> None:
    assert checked_readiness(None) is None


@pytest.mark.parametrize(
    ("ready", "line"),
    [
        ("Running on", " * Running on http://127.0.0.1:5000"),
        (r"^Listening at: \S+", "Listening at: :8000"),
        ("port 8000", "port 8000"),
        ("-1", "up -1"),
        ("80.0", "8000"),
    ],
)
def test_a_text_is_a_pattern_of_a_line_of_the_output(ready: str, line: str) -> None:
    readiness = checked_readiness(ready)
    assert readiness is not None
    assert readiness.port is None
    assert readiness.pattern is not None
    assert readiness.pattern.search(f"before\n{line}\nafter")


def test_what_is_no_pattern_is_refused() -> None:
    for ready in ("(", "[a", "*"):
        assert isinstance(refused(ready).__cause__, re.error)


def test_a_number_is_a_port_also_as_a_text(holder: socket.socket) -> None:
    port = port_of(holder)
    assert checked_readiness(port) == checked_readiness(str(port)) == Readiness(port=port)


@pytest.mark.parametrize("ready", [0, -1, 65536, 10**9, "0", "65536", "9" * 30])
def test_a_number_that_is_no_port_is_refused(ready: str | int) -> None:
    assert "65535" in refused(ready).hint


@pytest.mark.parametrize("as_text", [False, True])
def test_a_port_that_somebody_has_is_refused(holder: socket.socket, as_text: bool) -> None:
    holder.listen()
    port = port_of(holder)
    error = refused(str(port) if as_text else port)
    assert str(port) in str(error)
    assert error.hint


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="who listens is read from /proc")
def test_who_has_the_port_is_named(holder: socket.socket) -> None:
    holder.listen()
    assert f"process {os.getpid()}" in str(refused(port_of(holder)))
