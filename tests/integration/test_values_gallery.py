"""What an agent reads of a value of every built-in and common type, on a stop page, in a list and whole."""

from __future__ import annotations

from pathlib import Path

import apps
import gallery
import pytest
import pythons
from agent import Agent, line_of
from gallery import Family

from conftest import Program

pytestmark = pytest.mark.anyio

BUILTIN = gallery.FOLDER / "gallery_builtins.py"
LIBRARIES = gallery.FOLDER / "gallery_libraries.py"
LONGEST = 120
WHOLE = 16_000


@pytest.mark.interpreters
@pytest.mark.parametrize("version", pythons.VERSIONS)
async def test_every_type_of_python_is_shown_as_it_should_be(agent: Agent, version: str) -> None:
    python = pythons.find(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    await shown_as_they_should_be(agent, BUILTIN, python, newer=version not in ("3.8", "3.9", "3.10"))


@apps.needed
async def test_every_type_of_the_common_libraries_is_shown_as_it_should_be(agent: Agent) -> None:
    await shown_as_they_should_be(agent, LIBRARIES, apps.PYTHON)


async def shown_as_they_should_be(agent: Agent, path: Path, python: str, newer: bool = True) -> None:
    families = [family for family in gallery.families(path) if newer or family.name != "newer"]
    stop = await agent.ok(
        "start", program=str(path), python=python, breakpoints=[f"{path}:{family.line}" for family in families]
    )
    for family in families:
        assert stop.state == "stopped", stop
        assert stop.line == family.line, stop
        read = dict(stop.locals)
        assert family.wrong(read) == {}, family.name
        assert {name: text for name, text in read.items() if len(text) > LONGEST} == {}
        await said_the_same_in_a_list(agent, family, read)
        await had_whole(agent, family, read)
        stop = await agent.ok("continue")
    assert stop.data["exit_code"] == 0, stop


async def said_the_same_in_a_list(agent: Agent, family: Family, read: dict[str, str]) -> None:
    """In get_variables too, which has more room: what was whole on the page stands there in the same words."""
    listed = await agent.ok("get_variables", count=50)
    lines = {line.partition(":")[0]: line.partition(" = ")[2] for line in listed.data["items"]}
    for name in family.texts:
        # Where exactly a recursion meets its limit, and so in which words, is chance.
        if not any(mark in read[name] for mark in ("…", "took longer", "RecursionError")):
            assert lines[name].startswith(read[name]), name


async def had_whole(agent: Agent, family: Family, read: dict[str, str]) -> None:
    """What was cut is to be had: by evaluate, part by part, or in slices of its repr."""
    for name in family.texts:
        if "…" in read[name]:
            whole = (await agent.ok("evaluate", expression=name, max_chars=WHOLE)).data["value"]
            if "…" in whole and " part" not in whole and not is_a_circle(whole):
                piece = await agent.ok("evaluate", expression=f"repr({name})[{WHOLE}:][:10]")
                assert len(piece.data["value"].split()[0]) == len("'0123456789'"), name


def is_a_circle(text: str) -> bool:
    """Whether what is left out is the value itself."""
    return "=…" in text or "[…]" in text


async def opened(agent: Agent, path: str, **more: int) -> list[str]:
    return list((await agent.ok("get_variables", path=path, **more)).data.get("items", []))


async def stopped_in(agent: Agent, path: Path, family: str, python: str | None = None) -> None:
    line = next(found.line for found in gallery.families(path) if found.name == family)
    stop = await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line}"], python=python)
    assert stop.line == line, stop


async def test_a_collection_that_somebody_wrote_is_read_no_further_than_the_page(agent: Agent) -> None:
    await stopped_in(agent, BUILTIN, "hostile")
    await agent.ok("get_variables")
    asked = await agent.ok("evaluate", expression=["Rows.asked", "Lazy.read"])
    assert asked.data["results"] == ["Rows.asked = []  (list)", "Lazy.read = []  (list)"]
    assert await opened(agent, "rows", start=10**8, count=2) == [
        "[100000000]: int = 200000000",
        "[100000001]: int = 200000002",
    ]
    assert await opened(agent, "lazy", start=500, count=1) == ["[500]: int = 1000"]
    assert await opened(agent, "lazy", start=1, count=2) == [
        "[1]: int = 2",
        "[2]: KeyError = <not readable: KeyError: 2>",
    ]
    asked = await agent.ok("evaluate", expression=["set(Rows.asked)", "Lazy.read"])
    assert asked.data["results"] == [
        "set(Rows.asked) = {100000000, 100000001, 'len'}  (set, 3 parts)",
        "Lazy.read = [500, 1, 2]  (list, 3 parts)",
    ]


async def test_looking_at_a_mock_calls_nothing_of_it(agent: Agent) -> None:
    await stopped_in(agent, BUILTIN, "foreign")
    assert ".called: bool = False" in await opened(agent, "magic")
    assert ".get: unittest.mock.MagicMock = <MagicMock name='api.get'>" in " ".join(await opened(agent, "magic"))
    calls = await agent.ok("evaluate", expression="(mock.mock_calls, magic.mock_calls, strict.mock_calls)")
    assert calls.data["value"].startswith("([], [], [])")


async def test_the_parts_of_values_are_those_a_person_asks_for(agent: Agent) -> None:
    await stopped_in(agent, BUILTIN, "objects")
    assert await opened(agent, "red") == [".name: str = 'RED'", ".value: int = 1"]
    assert await opened(agent, "Color") == [
        ".RED: Color = <Color.RED: 1> (2 parts)",
        ".GREEN: Color = <Color.GREEN: 'g'> (2 parts)",
    ]
    await agent.end_all()
    for family, atoms in (
        ("times", ("day", "moment", "delta")),
        ("names", ("path", "identity")),
        ("numbers", ("price",)),
    ):
        await stopped_in(agent, BUILTIN, family)
        for name in atoms:
            assert await opened(agent, name) == [], name
        await agent.end_all()


@apps.needed
async def test_arrays_and_frames_are_opened_anywhere_without_a_copy(agent: Agent) -> None:
    await stopped_in(agent, LIBRARIES, "arrays", apps.PYTHON)
    assert await opened(agent, "many", start=9_999_998) == [
        "[9999998]: numpy.int64 = np.int64(9999998)",
        "[9999999]: numpy.int64 = np.int64(9999999)",
    ]
    assert await opened(agent, "few_rows") == [
        "[0]: numpy.ndarray = ndarray (2,) float64 [0.1, 0.2] (2 parts)",
        "[1]: numpy.ndarray = ndarray (2,) float64 [0.33333333, 1e+300] (2 parts)",
    ]
    assert await opened(agent, "records[1]") == [
        "['id']: numpy.int32 = np.int32(3)",
        "['price']: numpy.float64 = np.float64(4.5)",
    ]
    await agent.end_all()
    await stopped_in(agent, LIBRARIES, "frames", apps.PYTHON)
    assert await opened(agent, "frame", count=4) == [
        "['id']: pandas.Series = Series 'id' (3,) int64 [0, 1, 2] (3 parts)",
        "['price']: pandas.Series = Series 'price' (3,) float64 [0.5, 1.0, 2.5] (3 parts)",
        "['name']: pandas.Series = Series 'name' (3,) str ['a', 'b', nan] (3 parts)",
        ".iloc[0]: pandas.Series = Series 0 (3,) object {'id': 0, 'price': 0.5, 'name': 'a'} (3 parts)",
    ]
    last = await agent.ok("get_variables", path="long", start=1_000_001)
    assert last.data["items"] == [
        ".iloc[999999]: pandas.Series = Series 999999 (2,) float64 {'id': 999999.0, 'price': 1.0} (2 parts)"
    ]
    assert last.data["shown"] == "1 of 1,000,002 from 1000001"
    assert await opened(agent, "frame.iloc[1]") == [
        "['id']: numpy.int64 = np.int64(1)",
        "['price']: numpy.float64 = np.float64(1.0)",
        "['name']: str = 'b'",
    ]


@apps.needed
async def test_models_and_rows_are_opened_as_what_they_hold(agent: Agent) -> None:
    await stopped_in(agent, LIBRARIES, "models", apps.PYTHON)
    assert await opened(agent, "pen") == [
        ".ink: str = 'blue'",
        ".price: float = 1.5",
        ".secret: str = '<masked: 1 chars>'",
    ]
    assert await opened(agent, "child") == [
        ".id: int = 2",
        ".lines: list = []",
        ".password: pydantic.types.SecretStr = SecretStr('**********') (1 part)",
        ".token: str = 't'",
        ".parent: Order = Order(id=1, lines=[], password=SecretStr('**********'), parent=None) (5 parts)",
    ]
    await agent.end_all()
    await stopped_in(agent, LIBRARIES, "rows", apps.PYTHON)
    assert await opened(agent, "read") == ["[0]: rows.<locals>.Book = <Book: Emma> (3 parts)"]
    assert (await agent.ok("continue")).data["exit_code"] == 0


CROWD = """
    import time

    class Sleeps:
        def __repr__(self):
            time.sleep(60)

    def main():
        a = b = c = d = e = f = g = h = i = j = k = l = m = n = o = p = q = Sleeps()
        number = 5
        table = {"a": [1]}
        print("end")  # @crowd

    main()
"""


async def test_many_values_that_hang_cost_a_page_little_and_hide_no_other(agent: Agent, program: Program) -> None:
    path = program(CROWD)
    stop = await agent.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'crowd')}"])
    assert stop.locals["a"] == "<Sleeps: repr took longer than 0.5 s>"
    assert stop.locals["q"] == "<Sleeps: repr took longer than 0.05 s>"
    assert (stop.locals["number"], stop.locals["table"]) == ("5", "{'a': [1]}")
    listed = await agent.ok("get_variables")
    assert "number: int = 5" in listed.data["items"]
    assert "table: dict = {'a': [1]} (1 part)" in listed.data["items"]
    assert (await agent.ok("continue")).data["exit_code"] == 0
