"""How children ended is told as their parent learns it, and nothing about a Popen is different for the program."""

from __future__ import annotations

import collections
import inspect
import queue
import subprocess
import sys
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from mcp_debug_tool.debuggee import events as events_of_ours
from mcp_debug_tool.debuggee.family import ends


class Plain:
    """As subprocess and multiprocessing have theirs."""

    def __init__(self, pid: int = 7) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self, code: int) -> None:
        self.returncode = code


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, int]]]:
    """What the server is told; a debugger is there, whose queue is free."""
    events: list[tuple[str, dict[str, int]]] = []
    monkeypatch.setattr(events_of_ours, "send", lambda name, body: events.append((name, body)))
    monkeypatch.setattr(ends, "_untold", collections.deque())
    debugger_with(monkeypatch, queue.Queue())
    return events


def debugger_with(monkeypatch: pytest.MonkeyPatch, commands: Any) -> None:
    debugger = SimpleNamespace(writer=SimpleNamespace(_cmd_queue=commands))
    monkeypatch.setitem(sys.modules, "pydevd", SimpleNamespace(get_global_debugger=lambda: debugger))


@pytest.fixture
def watched() -> type[Plain]:
    """A class of its own for each test, watched."""
    popen = type("Popen", (Plain,), {})
    ends._watch(SimpleNamespace(Popen=popen))
    return popen


def test_a_code_is_told_once_when_it_is_known(watched: type[Plain], told: list[Any]) -> None:
    child = watched(77)
    assert told == []
    child.poll(3)
    child.poll(3)
    assert told == [("mcpDebugChildEnded", {"pid": 77, "code": 3})]


def test_what_is_set_is_what_is_read(watched: type[Plain], told: list[Any]) -> None:
    child = watched()
    assert child.returncode is None
    child.poll(-9)
    assert child.returncode == -9
    assert vars(child) == {"pid": 7, "returncode": -9}


def test_a_class_has_no_such_attribute_as_before(watched: type[Plain], told: list[Any]) -> None:
    assert not hasattr(watched, "returncode")
    with pytest.raises(AttributeError, match="type object 'Popen' has no attribute 'returncode'"):
        getattr(watched, "returncode")  # noqa: B009
    assert [name for name, _ in inspect.getmembers(watched) if name == "poll"] == ["poll"]
    mock.create_autospec(watched)


def test_an_object_that_has_none_yet_says_so(watched: type[Plain], told: list[Any]) -> None:
    child = watched.__new__(watched)
    with pytest.raises(AttributeError, match="'Popen' object has no attribute 'returncode'"):
        child.returncode  # noqa: B018
    with pytest.raises(AttributeError):
        del child.returncode
    child.returncode = None
    del child.returncode
    assert vars(child) == {}


@pytest.mark.parametrize("value", ["oops", object(), [1]])
def test_what_is_no_code_is_kept_and_not_told(watched: type[Plain], told: list[Any], value: Any) -> None:
    child = watched()
    child.poll(value)
    assert child.returncode == value
    assert told == []


def test_a_failure_of_ours_never_reaches_the_program(watched: type[Plain], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydevd", SimpleNamespace(get_global_debugger=lambda: None))
    child = watched()
    child.poll(1)
    assert child.returncode == 1


def test_a_child_collected_inside_the_debuggers_queue_is_told_later(
    watched: type[Plain], told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object may be collected anywhere, and poll its child: also while this thread holds that queue."""
    commands: queue.Queue[int] = queue.Queue()
    debugger_with(monkeypatch, commands)
    child = watched(1)
    with commands.mutex:
        child.poll(5)
    assert told == []
    watched(2).poll(6)
    assert [body["pid"] for _, body in told] == [1, 2]


def test_subprocesses_own_class_works_and_tells(told: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    popen = type("Popen", (subprocess.Popen,), {})
    ends._watch(SimpleNamespace(Popen=popen))
    assert popen([sys.executable, "-c", "raise SystemExit(3)"]).wait() == 3
    child = popen([sys.executable, "-c", ""])
    while child.poll() is None:
        pass
    assert [body["code"] for _, body in told] == [3, 0]
