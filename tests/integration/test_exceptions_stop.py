"""Where exceptions stop a program: uncaught, raised, user_unhandled and by class, each once, on every Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
import pythons
from agent import Agent, Reply

from conftest import Program

pytestmark = pytest.mark.anyio
every_python = pytest.mark.interpreters


@pytest.fixture(params=pythons.VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Each version in turn; the test is skipped where it is not installed."""
    if pythons.find(request.param) is None:
        pytest.skip(f"no CPython {request.param} on this machine")
    return str(request.param)


@pytest.fixture
def python(version: str) -> str | None:
    return pythons.find(version)


@pytest.fixture(params=["3.11", "3.12"])
def both_kinds(request: pytest.FixtureRequest) -> str:
    """A Python on which pydevd uses sys.settrace, and one on which it uses sys.monitoring."""
    found = pythons.find(request.param)
    if found is None:
        pytest.skip(f"no CPython {request.param} on this machine")
    return found


async def run(agent: Agent, path: Path, break_on: list[str], **more: Any) -> tuple[list[Reply], Reply]:
    """Run a program to its end: each stop on the way, and the end."""
    stops: list[Reply] = []
    reply = await agent.ok("start", program=str(path), break_on=break_on, **more)
    while reply.state == "stopped":
        stops.append(reply)
        assert len(stops) < 30, stops
        reply = await agent.ok("continue")
    assert reply.state == "exited", reply
    return stops, reply


def places(path: Path, stops: list[Reply]) -> list[str]:
    """The mark of each stop's line, or the line itself."""
    marks = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        marks[number] = line.rpartition("# @")[2] if "# @" in line else line.strip()
    return [marks[stop.line] for stop in stops]


RAISED = """
    import contextlib, json, os, sys

    def fails():
        raise ValueError("inner")  # @raise

    def passes_on():
        try:
            fails()
        except ValueError:
            raise

    def raises_it_again():
        try:
            passes_on()
        except ValueError as error:
            raise error

    def handles():
        try:
            raises_it_again()
        except ValueError as error:
            return error

    def raises_what_was_kept(error):
        raise error  # @kept

    def passes_what_was_kept(error):
        raises_what_was_kept(error)

    def handles_another_on_the_way():
        try:
            fails()
        except ValueError:
            try:
                {}["other"]  # @other
            except KeyError:
                pass
            raise

    @contextlib.contextmanager
    def around():
        yield

    class Mapping(dict):
        def __missing__(self, key):
            raise KeyError(key)  # @missing

    class Dies:
        def __del__(self):
            raise OSError("unraisable")  # @del

    kept = handles()
    for _ in range(2):
        try:
            passes_what_was_kept(kept)
        except ValueError:
            pass
    try:
        handles_another_on_the_way()
    except ValueError:
        pass
    for _ in range(2):
        try:
            raise kept  # @cached
        except ValueError:
            pass
    with contextlib.suppress(ValueError), around():
        fails()
    try:
        fails()
    except ValueError as error:
        try:
            raise RuntimeError("new") from error  # @new
        except RuntimeError:
            pass
    try:
        json.loads("{")  # @library
    except ValueError:
        pass
    os.environ.get("NO_SUCH_NAME")
    try:
        sorted([2, 1], key=lambda _: Mapping()["k"])
    except KeyError:
        pass
    sys.stderr = open(os.devnull, "w")
    Dies()
    sys.exit(3)
"""


@every_python
async def test_raised_stops_once_for_each_raise_in_the_users_code(agent: Agent, program: Program, python: str) -> None:
    path = program(RAISED)
    stops, end = await run(agent, path, ["raised"], python=python)
    assert places(path, stops) == [
        *("raise", "kept", "kept"),  # handled and kept; raised twice more
        *("raise", "other"),  # another one is met in its handler, and handled there
        *("cached", "cached", "raise", "raise", "new", "library", "missing", "del"),
    ]
    assert {stop.reason for stop in stops} == {"raised exception"}
    library = stops[-3].data["exception"][0]
    assert library.startswith("json.decoder.JSONDecodeError: ")
    assert "json/decoder.py:" in library, "it says where the library raised it"
    assert end.data["exit_code"] == 3


async def test_what_a_library_raises_and_handles_stops_only_with_just_my_code_off(
    agent: Agent, program: Program, both_kinds: str
) -> None:
    path = program("""
        import configparser
        configparser.ConfigParser().get("section", "option", fallback=1)
    """)
    wanted = ["configparser.NoSectionError"]
    stops, _ = await run(agent, path, wanted, python=both_kinds)
    assert stops == []
    stops, _ = await run(agent, path, wanted, python=both_kinds, just_my_code=False)
    assert [stop.reason for stop in stops] == ["raised exception, breakpoint b1 (hit 1)"]
    assert "configparser.py:" in stops[0].data["exception"][0]


@pytest.mark.parametrize("version", ["3.12", "3.13"])
async def test_recursion_without_end_stops_once_where_there_is_room_for_it(
    agent: Agent, program: Program, python: str
) -> None:
    path = program("""
        import json

        def dive(n):
            return dive(n + 1)  # @dive

        for _ in range(2):
            try:
                dive(0)
            except RecursionError:
                pass
        try:
            raise RecursionError("by hand")  # @hand
        except RecursionError:
            pass
    """)
    stops, _ = await run(agent, path, ["RecursionError"], python=python)
    assert places(path, stops) == ["dive", "dive", "hand"]
    assert [stop.reason.partition("b1 ")[2] for stop in stops] == ["(hit 1)", "(hit 2)", "(hit 3)"]
    assert int(stops[0].locals["n"]) > 500


CONTROL_FLOW = """
    import asyncio, sys

    def numbers():
        try:
            yield 1
        finally:
            pass

    class Countdown:
        def __init__(self):
            self.n = 2
        def __iter__(self):
            return self
        def __next__(self):
            if not self.n:
                raise StopIteration  # @stop
            self.n -= 1
            return self.n

    async def sleeps():
        try:
            await asyncio.sleep(60)  # @cancelled
        finally:
            await asyncio.sleep(0)

    async def ticks():
        yield 1

    async def main():
        task = asyncio.ensure_future(sleeps())
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task  # @awaited
        except asyncio.CancelledError:
            pass
        async for _ in ticks():
            pass
        try:
            await asyncio.wait_for(sleeps(), 0.01)  # @timeout
        except asyncio.TimeoutError:
            pass

    list(numbers())
    generator = numbers()
    next(generator)
    generator.close()
    next(iter([]), None)
    list(Countdown())
    try:
        next(iter([]))  # @next
    except StopIteration:
        pass
    asyncio.run(main())
"""


@every_python
async def test_how_loops_generators_and_tasks_end_is_no_exception(agent: Agent, program: Program, python: str) -> None:
    path = program(CONTROL_FLOW)
    stops, _ = await run(agent, path, ["raised", "user_unhandled", "uncaught"], python=python)
    assert places(path, stops) == ["timeout"], "what was asked for by a time limit is one, raised by asyncio"


async def test_a_class_of_control_flow_stops_where_it_is_named_itself(
    agent: Agent, program: Program, both_kinds: str
) -> None:
    path = program(CONTROL_FLOW)
    stops, _ = await run(agent, path, ["StopIteration"], python=both_kinds)
    assert places(path, stops) == ["stop", "next"]
    stops, _ = await run(agent, path, ["asyncio.CancelledError"], python=both_kinds)
    assert places(path, stops) == ["cancelled", "cancelled"]
    stops, _ = await run(agent, path, ["BaseException"], python=both_kinds)
    assert places(path, stops) == ["timeout"]


THREADS = """
    import threading

    turns = {"a": threading.Semaphore(1), "b": threading.Semaphore(0)}

    def hand_over(name):
        turns["b" if name == "a" else "a"].release()
        turns[name].acquire()

    def fails(name, n):
        raise ValueError(name, n)  # @raise

    def passes_on(name, n):
        try:
            fails(name, n)
        finally:
            hand_over(name)

    def work(name):
        turns[name].acquire()
        for n in range(3):
            try:
                passes_on(name, n)
            except ValueError:
                hand_over(name)
        turns["b" if name == "a" else "a"].release()

    threads = [threading.Thread(target=work, args=(name,), name=name) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


@every_python
@pytest.mark.parametrize("break_on", ["raised", "ValueError"])
async def test_threads_that_raise_in_turns_do_not_confuse_each_other(
    agent: Agent, program: Program, python: str, break_on: str
) -> None:
    path = program(THREADS)
    stops, _ = await run(agent, path, [break_on], python=python)
    assert places(path, stops) == ["raise"] * 6
    told = [(stop.data["thread"], stop.data["exception"][0].split(", ")[1]) for stop in stops]
    assert told == [(name, f"{n})") for n in range(3) for name in "ab"]


AT_ONCE = """
    import threading
    from concurrent.futures import ThreadPoolExecutor

    together = threading.Barrier(4)

    def fails(n):
        together.wait()
        raise ValueError(n)  # @raise

    with ThreadPoolExecutor(4) as pool:
        for once in range(5):
            for future in [pool.submit(fails, 4 * once + n) for n in range(4)]:
                future.exception()
"""


@every_python
@pytest.mark.parametrize(("break_on", "reason"), [("user_unhandled", "user-unhandled"), ("raised", "raised")])
async def test_threads_that_raise_at_once_stop_each_for_its_own_exception(
    agent: Agent, program: Program, python: str, break_on: str, reason: str
) -> None:
    path = program(AT_ONCE)
    stops, _ = await run(agent, path, [break_on], python=python)
    assert not [stop for stop in stops if stop.reason != f"{reason} exception"]
    assert sorted(int(stop.locals["n"].split()[0]) for stop in stops) == list(range(20))


HANDED_OVER = """
    import asyncio, atexit, concurrent.futures, _thread, threading, sys, os, time

    def fails(what):
        raise ValueError(what)  # @raise

    def in_thread():
        fails("thread")

    class Own(threading.Thread):
        def run(self):
            fails("subclass")

    async def coroutine(what):
        await asyncio.sleep(0)
        fails(what)

    async def main():
        task = asyncio.ensure_future(coroutine("task"))
        try:
            await task
        except ValueError:
            pass
        asyncio.get_event_loop().call_soon(fails, "callback")
        await asyncio.sleep(0.01)
        await coroutine("main")

    class Dies:
        def __del__(self):
            fails("__del__")

    sys.stderr = open(os.devnull, "w")
    atexit.register(fails, "atexit")
    Dies()
    for thread in (threading.Thread(target=in_thread), Own(), threading.Timer(0, in_thread)):
        thread.start()
        thread.join()

    def bare_thread():
        fails("_thread")

    before = _thread._count()
    _thread.start_new_thread(bare_thread, ())
    time.sleep(0.01)
    while _thread._count() > before:
        time.sleep(0.001)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        try:
            pool.submit(fails, "executor").result()  # @result
        except ValueError:
            pass
    try:
        asyncio.run(main())  # @run
    except ValueError:
        pass
    asyncio.run(main())
"""


def what(stop: Reply) -> str:
    """The message of the exception."""
    return str(stop.data["exception"][0]).split(",")[0].partition(": ")[2]


@every_python
async def test_what_is_uncaught_in_threads_and_not_in_tasks_callbacks_finalizers_and_exit_functions(
    agent: Agent, program: Program, python: str
) -> None:
    path = program(HANDED_OVER)
    stops, end = await run(agent, path, ["uncaught"], python=python)
    assert [what(stop) for stop in stops] == ["thread", "subclass", "thread", "_thread", "main"]
    assert {stop.reason for stop in stops} == {"uncaught exception"}
    assert set(places(path, stops)) == {"raise"}
    assert all(stop.locals["what"].startswith(repr(what(stop))) for stop in stops), "the locals of the innermost frame"
    assert end.data["exit_code"] == 1


@every_python
async def test_what_leaves_the_users_code_for_a_librarys(agent: Agent, program: Program, python: str) -> None:
    path = program(HANDED_OVER)
    stops, _ = await run(agent, path, ["user_unhandled"], python=python)
    run_once = ["task", "callback", "main"]
    expected = ["thread", "subclass", "thread", "_thread", "executor", *run_once, *run_once]
    assert [what(stop) for stop in stops] == expected
    assert {stop.reason for stop in stops} == {"user-unhandled exception"}
    assert set(places(path, stops)) == {"raise"}


async def test_what_is_uncaught_is_told_as_that_where_both_are_wanted(
    agent: Agent, program: Program, both_kinds: str
) -> None:
    path = program(HANDED_OVER)
    stops, _ = await run(agent, path, ["user_unhandled", "uncaught"], python=both_kinds)
    run_once = [("task", "user-unhandled"), ("callback", "user-unhandled"), ("main", "user-unhandled")]
    assert [(what(stop), stop.reason.split()[0]) for stop in stops] == [
        *((name, "uncaught") for name in ("thread", "subclass", "thread", "_thread")),
        *(("executor", "user-unhandled"), *run_once, *run_once),
        ("main", "uncaught"),  # asyncio has let it through
    ]


UNHANDLED = '''
    import functools, contextlib, asyncio

    def call(function, *args):
        return functools.reduce(lambda _, each: each(*args), [None, function])

    class Library:
        """Calls us back from the standard library's code."""
        def __init__(self, function):
            self.function = function
        def __call__(self):
            executor.submit(self.function).exception()

    import concurrent.futures
    executor = concurrent.futures.ThreadPoolExecutor(1)

    def handled():
        try:
            {}["a"]
        except KeyError:
            return 1

    def handled_by_with():
        with contextlib.suppress(KeyError):
            {}["b"]
        return 2

    def goes_through_with():
        with contextlib.suppress(KeyError):
            int("c")  # @with

    def goes_through_finally():
        try:
            int("d")  # @finally
        finally:
            len("after")

    def no_handler_fits():
        try:
            try:
                int("e")  # @nested
            except KeyError:
                pass
            except TypeError:
                pass
        finally:
            len("after")

    def handler_raises():
        try:
            {}["f"]
        except KeyError:
            raise  # @again

    def handler_raises_another():
        try:
            {}["g"]
        except KeyError as error:
            raise ValueError("h") from error  # @another

    async def handles_in_a_loop():
        for n in range(3):
            try:
                await asyncio.sleep(0)
                {}["i"]
            except KeyError:
                await asyncio.sleep(0)
        return 3

    async def fails_in_with():
        async with asyncio.Lock():
            await asyncio.sleep(0)
            int("j")  # @async

    async def main(*functions):
        await asyncio.gather(*(function() for function in functions), return_exceptions=True)

    for function in (handled, handled_by_with, goes_through_with, goes_through_finally, no_handler_fits,
                     handler_raises, handler_raises_another):
        Library(function)()
    asyncio.run(main(handles_in_a_loop, fails_in_with))
    executor.shutdown()
'''


@every_python
@pytest.mark.parametrize("with_breakpoint", [False, True])
async def test_what_a_frame_still_handles_is_not_taken_for_unhandled(
    agent: Agent, program: Program, python: str, version: str, with_breakpoint: bool
) -> None:
    path = program(UNHANDLED)
    # pydevd looks at frames differently in a file with breakpoints.
    never = {"file": str(path), "text": "return 3", "condition": "False"}
    stops, _ = await run(agent, path, ["user_unhandled"], python=python, breakpoints=[never] if with_breakpoint else [])
    expected = ["with", "finally", "nested", '{}["f"]', "another", "async"]
    if version not in ("3.12", "3.13"):
        expected.remove("async")  # a known gap: docs/issues/0017
    assert places(path, stops) == expected


@every_python
async def test_a_crash_is_found_behind_with_and_nested_handlers_and_a_handled_one_is_none(
    agent: Agent, program: Program, python: str
) -> None:
    path = program("""
        def fails():
            raise ValueError("a")  # @raise

        with open(__file__):
            try:
                fails()
            except ValueError:
                print("handled")
        try:
            try:
                fails()
            except KeyError:
                pass
            except TypeError:
                pass
        finally:
            print("after")
    """)
    stops, end = await run(agent, path, ["uncaught"], python=python)
    assert places(path, stops) == ["raise"]
    assert end.data["exit_code"] == 1
    path = program("""
        def fails():
            raise ValueError("a")

        with open(__file__):
            try:
                fails()
            except ValueError:
                print("handled")
    """)
    stops, end = await run(agent, path, ["uncaught"], python=python)
    assert stops == []
    assert end.data["output"] == "handled\n"


PROCESSES = """
    import multiprocessing, sys
    from concurrent.futures import ProcessPoolExecutor

    def fails(n):
        doubled = n * 2
        raise ValueError("bad %d" % doubled)  # @raise

    class Own(multiprocessing.Process):
        def run(self):
            fails(2)

    def leaves():
        sys.exit(3)

    def interrupted():
        raise KeyboardInterrupt

    def main(method):
        multiprocessing.set_start_method(method)
        for process in (
            multiprocessing.Process(target=fails, args=(1,)),
            Own(),
            multiprocessing.Process(target=leaves),
            multiprocessing.Process(target=interrupted),
        ):
            process.start()
            process.join()
            print(process.exitcode, flush=True)
        with multiprocessing.Pool(1) as pool:
            try:
                pool.map(fails, [3])
            except ValueError as error:
                print("pool:", error, vars(error), flush=True)
        with ProcessPoolExecutor(1) as pool:
            error = pool.submit(fails, 4).exception()
            print("executor:", error, vars(error), flush=True)

    if __name__ == "__main__":
        main(sys.argv[1])
"""
PROCESSES_PRINT = "1\n1\n3\n1\npool: bad 6 {}\nexecutor: bad 8 {}\n"


@every_python
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
async def test_a_process_of_multiprocessing_that_crashes_stops_where_it_raised(
    agent: Agent, program: Program, python: str, method: str
) -> None:
    path = program(PROCESSES)
    stops, end = await run(agent, path, ["uncaught"], python=python, args=[method])
    assert [what(stop) for stop in stops] == ["bad 2", "bad 4"]
    assert places(path, stops) == ["raise", "raise"]
    assert {stop.reason for stop in stops} == {"uncaught exception"}
    assert all(stop.data["process"].startswith("p1.") for stop in stops)
    assert stops[0].locals == {"n": "1", "doubled": "2"}
    printed = await agent.ok("get_output", since=0, stream="stdout")
    assert printed.data["output"] == PROCESSES_PRINT
    assert end.data["exit_code"] == 0


async def test_what_a_crashing_process_prints_is_what_it_prints_without_us(
    agent: Agent, program: Program, both_kinds: str
) -> None:
    path = program(PROCESSES)
    plain = await anyio.run_process([both_kinds, str(path), "spawn"], check=True)
    for break_on in (["uncaught"], []):
        await run(agent, path, break_on, python=both_kinds, args=["spawn"])
        assert (await whole(agent, "stderr")) == plain.stderr.decode()
    await run(agent, path, ["uncaught"], python=both_kinds, args=["spawn"], follow_children=False)
    assert (await whole(agent, "stderr")) == plain.stderr.decode()


async def whole(agent: Agent, stream: str) -> str:
    """All that has been printed to a stream."""
    text, since = "", 0
    while True:
        page = (await agent.ok("get_output", since=since, stream=stream)).data
        text += str(page.get("output") or "")
        following = int(str(page["next"]).split("=")[1].split()[0]) if "next" in page else since
        if following == since:
            return text
        since = following


async def test_what_workers_hand_over_leaves_the_users_code_there(
    agent: Agent, program: Program, both_kinds: str
) -> None:
    path = program(PROCESSES)
    stops, _ = await run(agent, path, ["user_unhandled"], python=both_kinds, args=["fork"])
    assert [what(stop) for stop in stops] == ["bad 2", "bad 4", "bad 6", "bad 8"]
    assert {stop.reason for stop in stops} == {"user-unhandled exception"}


@every_python
async def test_an_exception_that_was_looked_at_is_as_it_was(agent: Agent, program: Program, python: str) -> None:
    path = program("""
        import gc, pickle, weakref

        class Bad(Exception):
            pass

        class Held:
            pass

        def fails(held):
            raise Bad("bad")

        def look():
            held = Held()
            seen = weakref.ref(held)
            try:
                fails(held)
            except Bad as error:
                names = dict(vars(error))
                again = pickle.loads(pickle.dumps(error))
            del held
            return seen, names, vars(again)

        seen, *names = look()
        print(seen(), names, "__exception__" in globals())
    """)
    for break_on in (["uncaught"], ["uncaught", "raised"], ["user_unhandled"], ["Bad"]):
        await run(agent, path, break_on, python=python)
        assert await whole(agent, "stdout") == "None [{}, {}] False\n", break_on
