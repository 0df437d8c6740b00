"""Who listens on a port, told without connecting to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import pytest

from mcp_debug_tool.transports import ports
from mcp_debug_tool.transports.ports import is_listening, listener_pid, listener_state, process_name, wait_listening

LIMIT = 5.0
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="read from /proc")


@contextmanager
def listening(address: str = "127.0.0.1", *, family: int = socket.AF_INET) -> Iterator[socket.socket]:
    """A socket that listens on a free port."""
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        try:
            listener.bind((address, 0))
        except OSError:
            pytest.skip(f"no {address} on this machine")
        listener.listen()
        yield listener


def port_of(listener: socket.socket) -> int:
    """The port it is bound to."""
    port: int = listener.getsockname()[1]
    return port


@contextmanager
def bound() -> Iterator[socket.socket]:
    """A socket that has a port of its own and does not listen."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_listener_is_seen(address: str) -> None:
    with listening(address) as listener:
        assert is_listening(port_of(listener))


@pytest.mark.parametrize("address", ["::1", "::"])
def test_a_listener_on_ipv6_is_seen(address: str) -> None:
    with listening(address, family=socket.AF_INET6) as listener:
        assert is_listening(port_of(listener))


def test_a_port_that_is_bound_and_does_not_listen_is_not_listening() -> None:
    with bound() as holder:
        assert not is_listening(port_of(holder))
        assert listener_pid(port_of(holder)) is None


@pytest.mark.parametrize("port", [-1, 0, 65536, 1 << 40])
def test_a_number_that_is_no_port_is_not_listening(port: int) -> None:
    assert not is_listening(port)


@linux
def test_looking_does_not_connect() -> None:
    with listening() as listener:
        listener.setblocking(False)
        assert is_listening(port_of(listener))
        with pytest.raises(BlockingIOError):
            listener.accept()


@linux
def test_a_connection_to_the_port_is_not_a_listener() -> None:
    with listening() as listener, socket.create_connection(listener.getsockname()) as connection:
        own_port = connection.getsockname()[1]
        assert not is_listening(own_port)


@linux
def test_the_listener_is_this_process() -> None:
    with listening() as listener:
        assert listener_pid(port_of(listener)) == os.getpid()
    assert process_name(os.getpid())


@linux
def test_a_process_that_does_not_exist_has_no_name() -> None:
    assert process_name(-1) == ""


def test_without_proc_a_listener_is_found_by_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_TABLES", ("/nowhere",))
    with listening() as listener, bound() as holder:
        assert is_listening(port_of(listener))
        assert not is_listening(port_of(holder))
        assert listener_pid(port_of(listener)) is None


@pytest.mark.anyio
async def test_the_wait_ends_when_somebody_listens() -> None:
    with bound() as holder, anyio.fail_after(LIMIT):
        async with anyio.create_task_group() as tasks:
            with anyio.move_on_after(0.1) as early:
                await wait_listening(port_of(holder), owner=None)
            assert early.cancelled_caught
            tasks.start_soon(lambda: wait_listening(port_of(holder), owner=None))
            holder.listen()


@linux
@pytest.mark.anyio
async def test_the_wait_is_for_the_process_that_is_meant() -> None:
    with listening() as listener, anyio.fail_after(LIMIT):
        await wait_listening(port_of(listener), owner=lambda pid: pid == os.getpid())
        with anyio.move_on_after(0.1) as limit:
            await wait_listening(port_of(listener), owner=lambda pid: pid != os.getpid())
        assert limit.cancelled_caught


@linux
def test_a_listener_is_alone_until_its_process_has_a_connection() -> None:
    with listening() as other, socket.socket() as bound_only:
        bound_only.bind(("127.0.0.1", 0))
        assert listener_state(port_of(bound_only)) == "nobody"
        code = "import socket, sys; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); "
        code += "print(s.getsockname()[1], flush=True); input(); "
        code += "c = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); print('connected', flush=True); input()"
        command = [sys.executable, "-c", code, str(port_of(other))]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as adapter:
            assert adapter.stdin is not None
            assert adapter.stdout is not None
            port = int(adapter.stdout.readline())
            assert listener_state(port) == "alone"
            adapter.stdin.write("\n")
            adapter.stdin.flush()
            assert adapter.stdout.readline() == "connected\n"
            assert listener_state(port) == "in company"
            adapter.stdin.write("\n")


def test_where_the_platform_does_not_say_a_listener_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_TABLES", ("/nowhere/tcp",))
    with listening() as listener:
        assert ports.listener_state(port_of(listener)) == "unknown"
