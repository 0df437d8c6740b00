"""Failing tests under the debugger: a stop where the test fails, its fixtures alive, whichever way it is run."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import anyio
import apps
import pytest
import pythons
from agent import Agent, Reply, line_of

from conftest import Program

pytestmark = pytest.mark.anyio

# No plugin that is installed beside may change the order of the tests.
IN_ORDER = ["-p", "no:randomly", "-p", "no:cacheprovider"]


@pytest.fixture(params=pythons.VERSIONS)
def python(request: pytest.FixtureRequest) -> str:
    """An interpreter of each version; unittest and doctest need nothing installed."""
    found = pythons.find(request.param)
    if found is None:
        pytest.skip(f"no Python {request.param} here")
    return found


async def stops_of(agent: Agent, stop: Reply) -> tuple[list[Reply], Reply]:
    """All stops of a run from the first answer on, and the exit."""
    stops = []
    while stop.state == "stopped":
        stops.append(stop)
        stop = await agent.ok("continue")
    assert stop.state == "exited", stop
    return stops, stop


async def run_pytest(agent: Agent, folder: Path, *args: str) -> tuple[list[Reply], Reply]:
    started = await agent.ok("start", module="pytest", args=[*args, *IN_ORDER], cwd=str(folder))
    return await stops_of(agent, started)


# --- pytest -------------------------------------------------------------------------------------------------------


async def test_a_failing_assertion_stops_inside_the_test_with_operands_and_fixtures(
    agent: Agent, program: Program, tmp_path: Path
) -> None:
    path = program(
        """
        import pytest

        def add(a, b):
            return a + b

        @pytest.fixture
        def database():
            state = {"open": True}
            yield state
            state["open"] = False

        @pytest.fixture
        def client(database):
            return ["client"]

        def test_add(client):
            assert add(1, 1) == 3  # @fails
        """,
        "test_sum.py",
    )
    stop = await agent.ok("start", pytest=["test_sum.py::test_add"], cwd=str(tmp_path))
    assert stop.reason == "test failed: test_sum.py::test_add"
    assert stop.line == line_of(path, "fails")
    assert stop.data["assertion"] == ["assert 2 == 3", " +  where 2 = add(1, 1)"]
    assert stop.data["exception"][0].startswith("AssertionError: assert 2 == 3, raised at test_sum.py:")
    assert stop.data["fixtures"] == {"database": "{'open': True}"}
    assert stop.locals == {"client": "['client']"}
    value = await agent.ok("evaluate", expression="add(2, 2)")
    assert value.data["value"].startswith("4")
    end = await agent.ok("continue")
    assert end.data["exit_code"] == 1
    assert "1 failed" in end.data["output"]


async def test_each_failure_stops_once_before_its_teardown(agent: Agent, program: Program, tmp_path: Path) -> None:
    program(
        """
        import pytest

        @pytest.mark.parametrize("x", ["a", "b"])
        def test_x(x):
            assert x == "a"

        @pytest.fixture
        def broken():
            raise ValueError("no setup")

        def test_setup(broken):
            pass

        @pytest.fixture
        def late():
            yield 5
            raise KeyError("late")

        def test_teardown(late):
            pass

        class TestClass:
            def test_method(self):
                raise OSError("method")
        """,
        "test_all.py",
    )
    stops, end = await run_pytest(agent, tmp_path, "test_all.py")
    assert [(stop.reason, stop.data["at"].split(" in ")[1]) for stop in stops] == [
        ("test failed: test_all.py::test_x[b]", "test_x"),
        ("test failed: test_all.py::test_setup, in setup", "broken"),
        ("test failed: test_all.py::test_teardown, in teardown", "late"),
        ("test failed: test_all.py::TestClass::test_method", "test_method"),
    ]
    assert end.data["exit_code"] == 1


async def test_what_is_expected_to_fail_is_no_stop(agent: Agent, program: Program, tmp_path: Path) -> None:
    program(
        """
        import unittest
        import pytest

        def test_raises():
            with pytest.raises(ValueError):
                raise ValueError

        @pytest.mark.xfail
        def test_xfail():
            assert 0

        @pytest.mark.xfail(strict=True)
        def test_passes_although_it_must_not():
            pass

        def test_skip():
            pytest.skip("not now")

        class Case(unittest.TestCase):
            @unittest.expectedFailure
            def test_expected(self):
                self.fail()

            def test_skipped(self):
                self.skipTest("not now")

            def test_skipped_by_pytest(self):
                pytest.skip("not now")

            @pytest.mark.xfail
            def test_xfail(self):
                self.fail()

            def test_that_sees_another_fail(self):
                class Inner(unittest.TestCase):
                    def runTest(self):
                        self.fail()

                result = unittest.TestResult()
                Inner().run(result)
                self.assertEqual(len(result.failures), 1)
        """,
        "test_expected.py",
    )
    stops, end = await run_pytest(agent, tmp_path, "test_expected.py")
    assert stops == []
    assert "1 failed, 2 passed, 3 skipped, 3 xfailed" in end.data["output"]


async def test_a_run_that_a_test_makes_is_no_stop(agent: Agent, program: Program, tmp_path: Path) -> None:
    program(
        """
        import pytest

        def test_outer(tmp_path):
            inner = tmp_path / "test_inner.py"
            inner.write_text("def test_inner(): assert 0")
            assert pytest.main([str(inner), "-p", "no:cacheprovider"]) == 1
            assert pytest.main([str(tmp_path / "test_nowhere.py")]) == 4
        """,
        "test_outer.py",
    )
    end = await agent.ok("start", pytest=["test_outer.py"], cwd=str(tmp_path))
    assert end.state == "exited"
    assert end.data["exit_code"] == 0


async def test_an_assertion_function_that_hides_itself_is_stopped_at_where_it_is_called(
    agent: Agent, program: Program, tmp_path: Path
) -> None:
    path = program(
        """
        import pytest

        def check(n):
            __tracebackhide__ = True
            assert n == 1

        def test_check():
            check(2)  # @check

        def test_fail():
            pytest.fail("as it should")  # @fail
        """,
        "test_hidden.py",
    )
    stops, _ = await run_pytest(agent, tmp_path, "test_hidden.py")
    assert [stop.line for stop in stops] == [line_of(path, "check"), line_of(path, "fail")]


async def test_a_test_case_stops_before_its_tear_down_under_pytest(
    agent: Agent, program: Program, tmp_path: Path
) -> None:
    program(CASES, "test_cases.py")
    stops, end = await run_pytest(agent, tmp_path, "test_cases.py")
    assert [stop.reason for stop in stops] == [
        "test failed: test_cases.py::Case::test_equal",
        "test failed: test_cases.py::Case::test_parts",
        "test failed: test_cases.py::InSetUp::test_set_up, in setup",
        "test failed: test_cases.py::OfClass::test_class, in setup",
    ]
    assert end.data["exit_code"] == 1


async def test_the_report_is_that_of_a_plain_run(agent: Agent, program: Program, tmp_path: Path) -> None:
    program(CASES, "test_cases.py")
    program("def test_a(): assert [1] == [2]\ndef test_b(): assert {}['k']\n", "test_two.py")
    command = [sys.executable, "-m", "pytest", *IN_ORDER]
    plain = await anyio.run_process(command, cwd=tmp_path, check=False)
    stops, end = await run_pytest(agent, tmp_path)
    output = await agent.ok("get_output", since=0)
    assert len(stops) == 6
    assert end.data["exit_code"] == plain.returncode == 1
    assert sorted(comparable(output.data["output"])) == sorted(comparable((plain.stdout + plain.stderr).decode()))


def comparable(text: str) -> list[str]:
    return re.sub(r"0x[0-9a-f]+", "0x", re.sub(r"in [\d.]+s\b", "in s", text)).splitlines()


async def test_an_async_test_stops_where_it_fails(agent: Agent, program: Program, tmp_path: Path) -> None:
    path = program(
        """
        import anyio
        import pytest

        async def inner(n):
            await anyio.sleep(0)
            assert n == 2  # @inner

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.mark.anyio
        async def test_async():
            await inner(3)
        """,
        "test_async.py",
    )
    stops, _ = await run_pytest(agent, tmp_path, "test_async.py")
    assert [(stop.line, stop.locals) for stop in stops] == [(line_of(path, "inner"), {"n": "3"})]


async def test_who_asks_for_no_stop_at_exceptions_has_none_at_tests(
    agent: Agent, program: Program, tmp_path: Path
) -> None:
    program("def test_a(): assert 0\n", "test_a.py")
    end = await agent.ok("start", pytest=["test_a.py"], cwd=str(tmp_path), break_on=[])
    assert end.state == "exited"


async def test_a_page_of_a_failing_test_stays_within_its_size(agent: Agent, program: Program, tmp_path: Path) -> None:
    program(
        """
        import pytest

        @pytest.fixture
        def a(): return "a" * 1000

        @pytest.fixture
        def b(a): return ["b" * 1000] * 50

        @pytest.mark.usefixtures("b")
        def test_long():
            x = list(range(1000))
            y = [n + (n == 500) for n in x]
            z = "z" * 5000
            assert (x, z) == (y, z), "m" * 3000
        """,
        "test_long.py",
    )
    stop = await agent.ok("start", pytest=["test_long.py"], cwd=str(tmp_path))
    assert stop.reason == "test failed: test_long.py::test_long"
    assert set(stop.data["fixtures"]) == {"a", "b"}
    assert stop.tokens <= 1000


# --- plugins that do not go with a debugger ------------------------------------------------------------------------


@apps.needed
async def test_workers_and_coverage_are_off_for_the_run_and_it_is_said(
    agent: Agent, program: Program, tmp_path: Path
) -> None:
    program("[pytest]\naddopts = -n 2 --cov=. --cov-fail-under=99\n", "pytest.ini")
    program("import os\ndef test_a(): assert 'PYTEST_XDIST_WORKER' in os.environ\n", "test_a.py")
    env = {"PYTEST_XDIST_WORKER": None}  # these tests may run in such a worker themselves
    stop = await agent.ok("start", pytest=["test_a.py"], cwd=str(tmp_path), python=apps.PYTHON, env=env)
    assert stop.reason == "test failed: test_a.py::test_a"
    assert "pytest-xdist (-n 2) is off for this run" in stop.data["notes"]
    assert "coverage (pytest-cov) is off for this run" in stop.data["notes"]
    end = await agent.ok("continue")
    assert end.data["exit_code"] == 1
    assert not (tmp_path / ".coverage").exists()


@apps.needed
async def test_a_time_limit_does_not_end_a_stop(agent: Agent, program: Program, tmp_path: Path) -> None:
    program("[pytest]\ntimeout = 0.2\ntimeout_disable_debugger_detection = true\n", "pytest.ini")
    program("import time\ndef test_a():\n    time.sleep(0.5)\n    assert 0\n", "test_a.py")
    stop = await agent.ok("start", pytest=["test_a.py"], cwd=str(tmp_path), python=apps.PYTHON)
    assert stop.data["exception"][0].startswith("AssertionError")
    assert "pytest-timeout (0.2 s) is off under the debugger" in stop.data["notes"]


@apps.needed
async def test_workers_asked_for_otherwise_are_followed(agent: Agent, program: Program, tmp_path: Path) -> None:
    program("def test_a(): assert 1 == 2\ndef test_b(): assert 1 == 3\n", "test_a.py")
    started = await agent.ok(
        "start", module="pytest", args=["-n", "2", "test_a.py", *IN_ORDER], cwd=str(tmp_path), python=apps.PYTHON
    )
    stops, end = await stops_of(agent, started)
    assert {stop.reason for stop in stops} == {"test failed: test_a.py::test_a", "test failed: test_a.py::test_b"}
    assert end.data["exit_code"] == 1


# --- nothing to stop at --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("test_a.py::test_x", "test_a.py::test_y[a]"),
        ("test_a.py::test_y[c]", "test_a.py::test_y[b]"),
        ("test_a.py::test_inside", "test_a.py::TestThing::test_inside"),
        ("test_a.py::TestThink::test_inside", "test_a.py::TestThing::test_inside"),
        ("test_b.py", "test_a.py"),
        ("test_deep.py::test_it", "below/test_deep.py::test_it"),
    ],
)
async def test_a_node_id_that_pytest_does_not_know_is_refused_with_the_nearest(
    agent: Agent, program: Program, tmp_path: Path, asked: str, nearest: str
) -> None:
    program(
        """
        import pytest

        @pytest.mark.parametrize("x", ["a", "b"])
        def test_y(x): pass

        class TestThing:
            def test_inside(self): pass
        """,
        "test_a.py",
    )
    program("def test_it(): pass\n", "below/test_deep.py")
    text = await agent.error("start", pytest=[asked], cwd=str(tmp_path))
    assert nearest in text
    assert not (await agent.ok("sessions")).data.get("sessions")


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def test_a(:\n", "SyntaxError"),
        ("raise ValueError('at import')\n", "ValueError: at import"),
    ],
)
async def test_a_module_that_cannot_be_collected_is_refused_with_the_cause_and_its_place(
    agent: Agent, program: Program, tmp_path: Path, source: str, cause: str
) -> None:
    path = program(source, "test_a.py")
    for asked in ("test_a.py", "test_a.py::test_a"):
        text = await agent.error("start", pytest=[asked], cwd=str(tmp_path))
        assert cause in text
        assert f"{path}:1" in text


async def test_a_conftest_that_cannot_be_imported_is_refused_with_the_cause(
    agent: Agent, program: Program, tmp_path: Path
) -> None:
    path = program("import no_such_module\n", "conftest.py")
    program("def test_a(): pass\n", "test_a.py")
    text = await agent.error("start", pytest=["test_a.py"], cwd=str(tmp_path))
    assert f"No module named 'no_such_module' ({path}:1)" in text


async def test_a_selection_that_leaves_nothing_is_refused(agent: Agent, program: Program, tmp_path: Path) -> None:
    program("def test_a(): pass\ndef test_b(): pass\n", "test_a.py")
    text = await agent.error("start", pytest=["test_a.py"], args=["-k", "nothing"], cwd=str(tmp_path))
    assert "-k 'nothing'" in text
    assert "2 deselected" in text


async def test_an_option_that_pytest_does_not_know_is_refused(agent: Agent, program: Program, tmp_path: Path) -> None:
    program("def test_a(): pass\n", "test_a.py")
    text = await agent.error("start", pytest=["test_a.py"], args=["--no-such-option"], cwd=str(tmp_path))
    assert "unrecognized arguments: --no-such-option" in text


# --- unittest and doctest ------------------------------------------------------------------------------------------

CASES = """
    import unittest

    class Case(unittest.TestCase):
        def setUp(self):
            self.__dict__["resource"] = "alive"

        def tearDown(self):
            self.__dict__["resource"] = "gone"

        def test_equal(self):
            resource = self.resource
            self.assertEqual(1, 2)  # @equal

        def test_parts(self):
            for part in range(3):
                with self.subTest(part=part):
                    self.assertNotEqual(part, 1)  # @part

        @unittest.expectedFailure
        def test_expected(self):
            self.fail()

        @unittest.skip("not now")
        def test_skipped(self):
            self.fail()

    class InSetUp(unittest.TestCase):
        def setUp(self):
            raise OSError("set-up")

        def test_set_up(self):
            pass

    class OfClass(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            raise OSError("class")

        def test_class(self):
            pass
    """


async def test_a_test_case_stops_before_its_tear_down(
    agent: Agent, program: Program, tmp_path: Path, python: str
) -> None:
    path = program(CASES, "test_cases.py")
    stop = await agent.ok("start", module="unittest", args=["test_cases"], cwd=str(tmp_path), python=python)
    assert stop.line == line_of(path, "equal")
    value = await agent.ok("evaluate", expression="self.resource")
    assert value.data["value"].startswith("'alive'")
    stops, end = await stops_of(agent, stop)
    assert [stop.reason for stop in stops] == [
        "test failed: test_cases.Case.test_equal",
        "test failed: test_cases.Case.test_parts (part=1)",
        "test failed: test_cases.InSetUp.test_set_up, in setup",
        "test failed: setUpClass (test_cases.OfClass), in setup",
    ]
    assert stops[1].line == line_of(path, "part")
    assert end.data["exit_code"] == 1


async def test_an_example_stops_at_an_exception_and_not_at_other_output(
    agent: Agent, program: Program, tmp_path: Path, python: str
) -> None:
    path = program(
        '''
        def f(n):
            """
            >>> f(1)
            2
            >>> f(0)
            1
            >>> missing
            """
            return 1 // n  # @divides
        ''',
        "examples.py",
    )
    started = await agent.ok("start", module="doctest", args=["examples.py"], cwd=str(tmp_path), python=python)
    stops, end = await stops_of(agent, started)
    assert [stop.data["exception"][0].split(":")[0] for stop in stops] == ["ZeroDivisionError", "NameError"]
    assert stops[0].line == line_of(path, "divides")
    assert "<doctest examples.f[2]>" in stops[1].data["at"]
    assert end.data["exit_code"] == 1
    assert "PYDEV" not in end.data["output"]


@apps.needed
async def test_a_failed_test_is_named_as_it_can_be_asked_for_again(
    agent: Agent, program: Program, tmp_path: Path
) -> None:
    program("[pytest]\n", "pytest.ini")
    program("def test_a(): assert 1 == 2\n", "inner/test_a.py")
    where = {"cwd": str(tmp_path / "inner"), "python": apps.PYTHON}
    stop = await agent.ok("start", pytest=[], **where)
    assert stop.reason == "test failed: test_a.py::test_a", "from the folder of the call, not from the project's root"
    await agent.ok("stop")
    again = await agent.ok("start", pytest=[stop.reason.removeprefix("test failed: ")], **where)
    assert again.reason == stop.reason
