"""Resources: listed, read, completed, and told of when they change, in both eras of the protocol."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from agent import Agent, line_of
from mcp.client.session import IncomingMessage
from mcp.client.subscriptions import ResourcesListChanged
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    ResourceLink,
    ResourceListChangedNotification,
    ResourceTemplateReference,
    ResourceUpdatedNotification,
    TextResourceContents,
)

from conftest import Era, Program, served

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:resources/:mcp.shared.exceptions.MCPDeprecationWarning"),
]

SHOP = """
    from prices import price

    def total(names):
        found = [price(name) for name in names]
        return sum(found)  # @stop

    print("opens")
    print(total(["tea", "cup"]))
"""
PRICES = """
    def price(name):
        return len(name) * 10  # @price
"""


async def read(agent: Agent, uri: str) -> str:
    """The text of a resource."""
    with anyio.fail_after(10):
        result = await agent.client.read_resource(uri)
    (content,) = result.contents
    assert isinstance(content, TextResourceContents)
    assert content.uri == uri
    assert content.mime_type == "text/plain"
    return content.text


async def refused(agent: Agent, uri: str) -> str:
    """The text of the error for a resource that is not there."""
    with anyio.fail_after(10), pytest.raises(MCPError) as caught:
        await agent.client.read_resource(uri)
    assert caught.value.error.code == INVALID_PARAMS
    assert caught.value.error.data == {"uri": uri}
    return caught.value.error.message


async def listed(agent: Agent) -> list[str]:
    """The URIs of what can be read now."""
    return [resource.uri for resource in (await agent.client.list_resources()).resources]


async def opened(agent: Agent, program: Program) -> tuple[str, Path]:
    """A session that stands in `total`, with a breakpoint in the other file too."""
    program(PRICES, "prices.py")
    path = program(SHOP, "shop.py")
    stop = await agent.ok(
        "start",
        program=str(path),
        cwd=str(path.parent),
        breakpoints=[f"shop.py:{line_of(path, 'stop')}", {"function": "prices.price", "condition": "name == 'x'"}],
    )
    assert stop.line == line_of(path, "stop"), stop
    return str(stop.data["session"]), path


async def test_what_can_be_read_is_listed_while_its_session_is_there(both: Agent, program: Program) -> None:
    assert await listed(both) == ["debug://sessions"]
    assert await read(both, "debug://sessions") == "no session\nsessions: 0\nnext: start"
    session, _ = await opened(both, program)
    of_it = [f"debug://sessions/{session}{part}" for part in ("", "/output", "/source")]
    assert await listed(both) == ["debug://sessions", *of_it]
    assert f"{session} stopped at shop.py:" in await read(both, "debug://sessions")
    await both.ok("continue")
    assert await listed(both) == ["debug://sessions", *of_it[:2]]
    assert "exited: exit code 0" in await read(both, of_it[0])
    await both.ok("stop", session=session)
    assert await listed(both) == ["debug://sessions"]
    templates = [t.uri_template for t in (await both.client.list_resource_templates()).resource_templates]
    begin = "debug://sessions/{id}"
    parts = ("", "/output", "/source", "/values/{number}", "/source/{+file}")
    assert templates == [f"{begin}{part}" for part in parts]


async def test_the_page_of_a_session_is_its_stop_page_and_reading_it_uses_nothing_up(
    both: Agent, program: Program
) -> None:
    path = program("print('one')\nx = 1\nx = 2  # @first\nprint('two')\nx = 3  # @second\n")
    places = [f"{path}:{line_of(path, mark)}" for mark in ("first", "second")]
    stop = await both.ok("start", program=str(path), breakpoints=places)
    uri = f"debug://sessions/{stop.data['session']}"
    page = await read(both, uri)
    assert page.splitlines()[0] == stop.text.splitlines()[0]
    assert "output: one" in page.replace("output:\n  one", "output: one")
    await both.ok("continue")
    assert await read(both, uri) == await read(both, uri)
    assert "x = 2 (was 1)" not in await read(both, uri)
    await both.ok("restart")
    again = await both.ok("continue")
    await read(both, uri)
    assert again.locals["x"] == "2 (was 1)"
    assert again.data["output"] == "two\n"


async def test_the_output_is_all_that_is_kept_and_says_what_is_not(both: Agent, program: Program) -> None:
    path = program("""
        import sys
        print("first", file=sys.stderr)
        sys.stdout.write("x" * 700_000 + "\\n")
        print("middle")
        pass  # @here
        sys.stdout.write("y" * 700_000 + "\\n")
        print("last")
    """)
    stop = await both.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'here')}"])
    uri = f"debug://sessions/{stop.data['session']}/output"
    text = await read(both, uri)
    assert sorted(line[:6] for line in text.splitlines()) == ["first", "middle", "xxxxxx"]
    assert len(text) == 700_000 + len("first\nmiddle\n\n")
    await both.ok("continue")
    text = await read(both, uri)
    assert text.startswith("(… 351,")
    assert "bytes before this are no longer kept)\n" in text[:80]
    assert text.endswith("y\nlast\n")


async def test_the_source_of_the_current_line_is_marked(both: Agent, program: Program) -> None:
    session, path = await opened(both, program)
    line = line_of(path, "stop")
    text = await read(both, f"debug://sessions/{session}/source")
    heading, *lines = text.splitlines()
    assert heading == f"shop.py, > line {line} is the current line, b1 at line {line}"
    assert lines[line - 1] == f"> b1 {line}     return sum(found)  # @stop"
    assert [text.strip() for text in lines if text.startswith(">")] == [lines[line - 1].strip()]
    assert lines[0] == "     1 from prices import price"
    assert len(lines) == len(path.read_text(encoding="utf-8").splitlines())


async def test_another_file_of_the_program_is_read_by_its_name(both: Agent, program: Program) -> None:
    session, path = await opened(both, program)
    for name in ("prices.py", str(path.parent / "prices.py")):
        text = await read(both, f"debug://sessions/{session}/source/{name}")
        assert text.splitlines()[0] == "prices.py, b2 at line 2"
        assert "  b2 2     return len(name) * 10  # @price" in text
    other = await read(both, f"debug://sessions/{session}/source/shop.py")
    assert other == await read(both, f"debug://sessions/{session}/source")


@pytest.mark.parametrize(
    "name",
    [
        "secret.txt",
        "./prices.py",
        "../{folder}/prices.py",
        "x/../prices.py",
        "..%2f{folder}%2fprices.py",
        "/etc/passwd",
        "..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "%2fetc%2fpasswd",
        "unused.py",
        "prices.py%00",
        "PRICES.PY",
        "file:///etc/passwd",
    ],
)
async def test_a_file_that_is_not_of_the_program_is_refused(both: Agent, program: Program, name: str) -> None:
    session, path = await opened(both, program)
    program("x = 1\n", "unused.py")
    program("password\n", "secret.txt")
    uri = f"debug://sessions/{session}/source/{name.format(folder=path.parent.name)}"
    text = await refused(both, uri)
    assert "is no file that" in text
    assert "prices.py" in text, "what may be read is named"


async def test_a_breakpoint_opens_no_file_that_is_no_python(both: Agent, program: Program) -> None:
    session, _ = await opened(both, program)
    secret = program("root:password:0:0:root:/root:/bin/sh\n", "secret.txt")
    reply = await both.call("set_breakpoint", file=str(secret), line=1)
    assert "password" not in reply.text
    await refused(both, f"debug://sessions/{session}/source/secret.txt")
    await refused(both, f"debug://sessions/{session}/source/{secret}")


async def test_what_is_not_there_is_refused_with_what_is(both: Agent, program: Program) -> None:
    for part in ("", "/output", "/source", "/source/a.py"):
        text = await refused(both, f"debug://sessions/s99{part}")
        assert "there is no 's99'; known: none" in text
    session, _ = await opened(both, program)
    assert f"known: {session}" in await refused(both, "debug://sessions/s99")
    for unknown in ("debug://sessions/", f"debug://sessions/{session}/locals", "debug://else", "file:///etc/passwd"):
        assert "Unknown resource" in await refused(both, unknown)
    await both.ok("continue")
    assert "stands nowhere: it is exited" in await refused(both, f"debug://sessions/{session}/source")


async def test_code_that_is_in_no_file_is_shown_as_the_program_tells_it(both: Agent) -> None:
    stop = await both.ok("start", code="x = 1\ny = x / 0\n")
    assert "ZeroDivisionError" in stop.text
    session = stop.data["session"]
    text = await read(both, f"debug://sessions/{session}/source")
    assert any(line.startswith(">") and line.endswith("y = x / 0") for line in text.splitlines()), text


async def test_ids_and_files_are_completed(both: Agent, program: Program) -> None:
    session, _ = await opened(both, program)
    other = (await both.ok("start", code="input()", timeout_s=0)).data["session"]

    async def values(template: str, name: str, begun: str, **resolved: str) -> list[str]:
        reference = ResourceTemplateReference(type="ref/resource", uri=template)
        found = await both.client.complete(reference, {"name": name, "value": begun}, resolved)
        assert not found.completion.has_more
        return found.completion.values

    page, file = "debug://sessions/{id}", "debug://sessions/{id}/source/{+file}"
    assert await values(page, "id", "") == [session, other]
    assert await values(page, "id", str(other)) == [other]
    assert await values(page, "id", "x") == []
    assert await values(file, "file", "", id=session) == ["prices.py", "shop.py"]
    assert await values(file, "file", "sh", id=session) == ["shop.py"]
    assert await values(file, "file", "", id="s99") == []
    assert await values(file, "file", "") == []
    assert await values(file, "else", "") == []


async def test_output_that_was_cut_comes_with_a_link_to_all_of_it(both: Agent, program: Program) -> None:
    path = program("print('begin')\nprint('x' * 9000)\npass  # @here\nprint('end')\n")
    stop = await both.client.call_tool(
        "start", {"program": str(path), "breakpoints": [f"{path}:{line_of(path, 'here')}"]}
    )
    assert stop.structured_content is not None
    uri = f"debug://sessions/{stop.structured_content['session']}/output"
    assert stop.structured_content["all output"] == uri
    text, link = stop.content
    assert text.type == "text"
    assert f"all output: {uri}" in text.text
    assert isinstance(link, ResourceLink)
    assert link.uri == uri
    assert (await read(both, uri)).startswith("begin\nx")
    page = await both.client.call_tool("get_output", {"since": 0, "limit": 100})
    assert [block.type for block in page.content] == ["text", "resource_link"]
    whole = await both.client.call_tool("get_output", {"since": 0, "limit": 20_000})
    assert [block.type for block in whole.content] == ["text"]
    ended = await both.client.call_tool("continue", {})
    assert [block.type for block in ended.content] == ["text"]
    assert "all output" not in (ended.structured_content or {})


class Told:
    """What a listener has been told, in its order; `until` waits for it."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self._more = anyio.Event()

    def add(self, event: str) -> None:
        self.events.append(event)
        more, self._more = self._more, anyio.Event()
        more.set()

    async def until(self, enough: Callable[[list[str]], bool]) -> None:
        """Return once what was told is enough."""
        with anyio.fail_after(10):
            while not enough(self.events):
                await self._more.wait()

    async def message(self, message: IncomingMessage) -> None:
        """Take in what the server sends: the client's own stream would drop what repeats itself."""
        if isinstance(message, ResourceListChangedNotification):
            self.add("list")
        if isinstance(message, ResourceUpdatedNotification):
            self.add(message.params.uri)


@asynccontextmanager
async def listening(mode: Era, *uris: str) -> AsyncIterator[tuple[Agent, Told]]:
    """A server whose only session is to be s1, and what it tells of these resources, each time it does."""
    told = Told()
    async with served(mode, told=told.message) as agent:
        if mode == "legacy":
            for uri in uris:
                await agent.client.subscribe_resource(uri)
            yield agent, told
        else:
            async with agent.client.listen(resources_list_changed=True, resource_subscriptions=uris):
                yield agent, told


PAGE, OUTPUT, SOURCE = (f"debug://sessions/s1{part}" for part in ("", "/output", "/source"))


async def test_a_listener_is_told_of_the_start_a_stop_new_output_and_the_end(program: Program) -> None:
    path = program("x = 1  # @one\nprint('said', flush=True)\nx = 2  # @two\ninput()\n")
    uris = ("debug://sessions", PAGE, OUTPUT, SOURCE)
    async with listening("auto", *uris) as (agent, told):
        places = [f"{path}:{line_of(path, mark)}" for mark in ("one", "two")]
        await agent.ok("start", program=str(path), breakpoints=places)
        await told.until(lambda events: {"list", *uris} <= set(events))
        told.events.clear()
        await agent.ok("continue")
        await told.until(lambda events: {*uris} <= set(events))
        assert "list" not in told.events
        told.events.clear()
        await agent.ok("continue", timeout_s=0)
        await agent.ok("get_output", send="\n")
        await agent.ok("wait", **{"for": "exit"})
        await told.until(lambda events: {PAGE, SOURCE} <= set(events))
        told.events.clear()
        await agent.ok("stop")
        await told.until(lambda events: {"list", "debug://sessions", PAGE} <= set(events))


async def test_a_subscriber_of_the_older_protocol_is_told_of_what_it_has_subscribed_to(program: Program) -> None:
    path = program("x = 1  # @one\nprint('said', flush=True)\nx = 2  # @two\n")
    async with listening("legacy", "debug://sessions") as (agent, told):
        capabilities = agent.client.server_capabilities
        assert capabilities.resources is not None
        assert capabilities.resources.subscribe
        assert capabilities.resources.list_changed
        with pytest.raises(MCPError, match="there is no 's1'"):
            await agent.client.subscribe_resource(PAGE)
        with pytest.raises(MCPError, match="Unknown resource"):
            await agent.client.subscribe_resource("debug://else")
        places = [f"{path}:{line_of(path, mark)}" for mark in ("one", "two")]
        await agent.ok("start", program=str(path), breakpoints=places)
        await told.until(lambda events: {"list", "debug://sessions"} <= set(events))
        assert set(told.events) == {"list", "debug://sessions"}
        await agent.client.subscribe_resource(OUTPUT)
        await agent.client.unsubscribe_resource("debug://sessions")
        told.events.clear()
        await agent.ok("continue")
        await told.until(lambda events: OUTPUT in events)
        assert set(told.events) == {OUTPUT}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_flood_of_output_is_told_a_few_times_a_second(mode: Era, program: Program) -> None:
    path = program("""
        import sys, time
        end = time.monotonic() + 2
        lines = 0
        while time.monotonic() < end:
            print("line", lines, flush=True)
            lines += 1
        print("printed", lines)
        input()
    """)
    async with listening(mode, *([OUTPUT] if mode == "auto" else [])) as (agent, told):
        began = time.monotonic()
        await agent.ok("start", program=str(path), timeout_s=0)
        if mode == "legacy":
            await agent.client.subscribe_resource(OUTPUT)
        await agent.ok("wait", **{"for": r"printed \d+"})
        await told.until(lambda events: OUTPUT in events)
        assert told.events.count(OUTPUT) <= 4 * (time.monotonic() - began) + 1
        lines = (await agent.ok("get_output", since=0, pattern="printed")).data["output"].split()[-1]
        assert int(lines) > 200, "a flood"


async def test_each_of_several_listeners_is_told(program: Program) -> None:
    path = program("x = 1  # @one\n")
    async with listening("auto", "debug://sessions") as (agent, told):
        async with agent.client.listen(resources_list_changed=True) as other:
            await agent.ok("start", program=str(path), breakpoints=[f"{path}:1"])
            with anyio.fail_after(10):
                assert isinstance(await anext(aiter(other)), ResourcesListChanged)
        await told.until(lambda events: "list" in events)
        await agent.ok("stop")
        await told.until(lambda events: events.count("list") == 2)


async def test_a_value_that_was_cut_comes_with_a_link_to_all_of_it(both: Agent, program: Program) -> None:
    path = program("numbers = 1\nend = 1  # @here\n")
    stop = await both.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'here')}"])
    session = stop.data["session"]
    with anyio.fail_after(10):
        result = await both.client.call_tool("evaluate", {"expression": ["'ab' * 30_000", "1 + 1", "b'cd' * 40_000"]})
    links = [block for block in result.content if isinstance(block, ResourceLink)]
    uris = [f"debug://sessions/{session}/values/{number}" for number in (1, 2)]
    assert [link.uri for link in links] == uris
    assert result.structured_content is not None
    assert result.structured_content["whole value"] == uris
    assert await read(both, uris[0]) == repr("ab" * 30_000)
    assert await read(both, uris[1]) == repr(b"cd" * 40_000)
    assert set(uris) <= set(await listed(both))
    for never_whole in ("1 + 1", "[1] * 5_000", "'x' * 1_000_000"):
        shown = await both.ok("evaluate", expression=never_whole)
        assert "whole value" not in shown.data, never_whole
    await both.ok("continue")
    assert await read(both, uris[0]) == repr("ab" * 30_000), "it is kept when the program has gone"
    assert "value 9 is not kept" in await refused(both, f"debug://sessions/{session}/values/9")


async def test_what_takes_long_to_show_whole_does_not_hold_up_its_beginning(both: Agent, program: Program) -> None:
    path = program("""
        import time
        class Slow:
            def __init__(self):
                self.asked = 0
            def __repr__(self):
                self.asked += 1
                if self.asked > 1:
                    time.sleep(30)
                return "x" * 5000
        slow = Slow()  # @here
        end = 1
    """)
    await both.ok("start", program=str(path), breakpoints=[f"{path}:{line_of(path, 'here')}"])
    shown = await both.ok("evaluate", expression="Slow()")
    assert shown.data["value"].startswith("xxxx")
    assert "whole value" not in shown.data
