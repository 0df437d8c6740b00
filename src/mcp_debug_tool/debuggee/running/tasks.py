"""Tasks of asyncio and trio: which one runs, what each waits for, and who waits for it.

Neither library is imported: a program that has tasks has loaded it. What is read of it is private in part and differs
by version; where a name is missing less is told.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

CO_COROUTINES = 0x80 | 0x100 | 0x200  # CO_COROUTINE, CO_ITERABLE_COROUTINE, CO_ASYNC_GENERATOR
MAX_CHAIN = 100


class Task(object):
    """A task under the name its library gives it."""

    def __init__(self, task: Any, library: str) -> None:
        self.task = task
        self.library = library

    @property
    def name(self) -> str:
        """`Task-3`, or what the program has called it; trio names its tasks after their functions."""
        named = self.task.get_name() if self.library == "asyncio" else self.task.name
        return str(named)

    def is_over(self) -> bool:
        """Whether it has ended."""
        if self.library == "asyncio":
            return bool(self.task.done())
        return getattr(self.task.coro, "cr_frame", None) is None

    @property
    def _coroutine(self) -> Any:
        return self.task.get_coro() if self.library == "asyncio" else self.task.coro

    def is_running(self) -> bool:
        """Whether a thread is in it at the moment."""
        return bool(getattr(self._coroutine, "cr_running", False))

    def frames(self) -> list[FrameType]:
        """The frames of its coroutines, innermost first; of one that runs the outermost alone is known here."""
        return [frame for frame, _ in _awaiting(self._coroutine)][::-1]

    def waits_for(self) -> list[str]:
        """Names of the tasks it waits for; of anything else its innermost frame tells more."""
        waiter = getattr(self.task, "_fut_waiter", None)
        if waiter is None:
            return []
        found = [Task(future, "asyncio") for future in (waiter, *getattr(waiter, "_children", ())) if _is_task(future)]
        return [task.name for task in found if not task.is_over()]


def current() -> Task | None:
    """The task that runs in this thread."""
    try:
        return _current_of_asyncio() or _current_of_trio()
    except Exception:
        return None


def _current_of_asyncio() -> Task | None:
    asyncio = sys.modules.get("asyncio")
    if asyncio is None or asyncio._get_running_loop() is None:
        return None
    task = asyncio.current_task()
    return Task(task, "asyncio") if task is not None else None


def loop_is_between_tasks() -> bool:
    """Whether this thread is in an event loop that runs no task: it waits, or calls back."""
    asyncio = sys.modules.get("asyncio")
    try:
        return asyncio is not None and asyncio._get_running_loop() is not None and asyncio.current_task() is None
    except Exception:
        return False


def _current_of_trio() -> Task | None:
    run = sys.modules.get("trio._core._run")
    task = getattr(getattr(run, "GLOBAL_RUN_CONTEXT", None), "task", None)
    return Task(task, "trio") if task is not None else None


def every() -> list[Task]:
    """All tasks that are not over, of every loop of the program, oldest first as far as their names tell."""
    found = [*_all_of_asyncio(), *_all_of_trio()]
    return sorted(found, key=lambda task: natural(task.name))


def natural(name: str) -> tuple[str, int]:
    """A key to sort names by: Task-9 comes before Task-10."""
    head, dash, number = name.rpartition("-")
    return (head + dash, int(number)) if number.isdigit() and len(number) < 10 else (name, -1)


def _all_of_asyncio() -> Iterator[Task]:
    module = sys.modules.get("asyncio.tasks")
    for name in ("_all_tasks", "_scheduled_tasks", "_eager_tasks"):  # before 3.12, and since
        for task in _copied(getattr(module, name, ())):
            if not task.done():
                yield Task(task, "asyncio")


def _copied(tasks: Any) -> list[Any]:
    """The members of a weak set that other threads may be changing."""
    for _ in range(100):
        try:
            return list(tasks)
        except RuntimeError:
            continue
    return []


def _all_of_trio() -> Iterator[Task]:
    """A run is known to its own thread alone; from outside it is found as a variable of the function that drives it."""
    if "trio._core._run" not in sys.modules:
        return
    for frame in sys._current_frames().values():
        while frame is not None and frame.f_code.co_name != "unrolled_run":
            frame = frame.f_back  # type: ignore[assignment]
        runner = frame.f_locals.get("runner") if frame is not None else None
        for task in _copied(getattr(runner, "tasks", ())):
            if not _is_trios_own(task):
                yield Task(task, "trio")


def _is_trios_own(task: Any) -> bool:
    return str(task.name).startswith(("<", "trio."))


def find(name: str) -> Task | None:
    """The task of this name."""
    return next((task for task in every() if task.name == name), None)


def enclosing_coroutine(frame: FrameType | None) -> FrameType | None:
    """The innermost coroutine on the stack at `frame`: where its thread may turn to another task."""
    while frame is not None:
        code = getattr(frame, "f_code", None)
        if code is not None and code.co_flags & CO_COROUTINES:
            return frame
        frame = frame.f_back
    return None


def _awaiting(coroutine: Any) -> Iterator[tuple[FrameType, Any]]:
    """(frame, what it awaits) from the outermost coroutine inwards."""
    for _ in range(MAX_CHAIN):
        frame, inner = _frame_and_awaited(coroutine)
        if frame is None:
            return
        yield frame, inner
        coroutine = inner


def _frame_and_awaited(coroutine: Any) -> tuple[FrameType | None, Any]:
    if type(coroutine).__name__.startswith("async_generator_a"):  # the step of one; it names its generator to gc alone
        coroutine = next((found for found in gc.get_referents(coroutine) if hasattr(found, "ag_frame")), None)
    for prefix, awaited in (("cr", "cr_await"), ("ag", "ag_await"), ("gi", "gi_yieldfrom")):
        frame = getattr(coroutine, prefix + "_frame", None)
        if isinstance(frame, FrameType):
            return frame, getattr(coroutine, awaited, None)
    return None, None


def awaited_by(task: Task) -> list[Task]:
    """The tasks that wait for this one, from the nearest outwards."""
    chain: list[Task] = []
    seen = {id(task.task)}
    while len(chain) < MAX_CHAIN:
        above = _waiter_of(task.task) if task.library == "asyncio" else _parent_in_trio(task.task)
        if above is None or id(above.task) in seen:
            break
        seen.add(id(above.task))
        chain.append(above)
        task = above
    return chain


def _parent_in_trio(task: Any) -> Task | None:
    parent = getattr(getattr(task, "parent_nursery", None), "parent_task", None)
    return Task(parent, "trio") if parent is not None and not _is_trios_own(parent) else None


def _waiter_of(future: Any, depth: int = 4) -> Task | None:
    """The task that the callbacks of a future will wake: directly, by gather or wait, or as owner of a TaskGroup."""
    for callback in list(getattr(future, "_callbacks", None) or ())[:10]:
        function = callback[0] if isinstance(callback, tuple) else callback
        owner = getattr(function, "__self__", None)
        if _is_task(owner):
            return Task(owner, "asyncio")
        parent = getattr(owner, "_parent_task", None)
        if parent is not None:
            return Task(parent, "asyncio")
        if depth:
            between = [*getattr(function, "args", ()), *_closed_over(function, ("outer", "waiter"))]
            found = [_waiter_of(future, depth - 1) for future in between if hasattr(future, "_callbacks")]
            if any(found):
                return next(filter(None, found))
    return None


def _closed_over(function: Any, names: tuple[str, ...]) -> Iterator[Any]:
    """The values of variables that an inner function has from the one around it."""
    free = getattr(getattr(function, "__code__", None), "co_freevars", ())
    for name, cell in zip(free, getattr(function, "__closure__", None) or ()):
        if name in names:
            try:
                yield cell.cell_contents
            except ValueError:
                continue


def _is_task(future: Any) -> bool:
    return hasattr(future, "get_coro")
