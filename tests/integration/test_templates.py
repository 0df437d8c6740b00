"""Breakpoints in templates of Jinja2 and Django: stops, steps, names, conditions, lines that nothing stops at."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import apps
import pytest
from agent import Agent, Reply, line_of
from pythons import VERSIONS, find
from test_servers import free_port

from conftest import TAG, Program
from mcp_debug_tool.interpreters import DORMANT

pytestmark = [pytest.mark.anyio, apps.needed]
everywhere = pytest.mark.parametrize("version", [pytest.param(v, marks=pytest.mark.interpreters) for v in VERSIONS])
ENGINES = ["jinja2", "django"]
both_engines = pytest.mark.parametrize("engine", ENGINES)

BASE = """
    <title>{% block title %}Shop{% endblock %}</title>
    {% block body %}
    nothing
    {% endblock %}
    {{ footer }} # @footer
"""
PAGE = """
    {% extends "base.html" %}
    {% block body %}
    <ul> # @list
    {% for item in items %} # @for
      <li>{{ item.name }} {{ item.cents }} # @item
        {{ item.name|upper }}</li> # @upper
    {% endfor %}
    </ul>
    {% include "about.html" %} # @include
    {{ user_name }} # @user
    {% endblock %} # @end
"""
ABOUT = """
    <p>
    {{ shop }} # @shop
    </p>
"""
SHOP = """
    class Item:
        def __init__(self, name, cents):
            self.name, self.cents = name, cents
        def __repr__(self):
            return "<%s>" % self.name

    def show(number):
        items = [Item("tea", 650), Item("ink", 0)]
        names = {"items": items, "shop": "corner", "user_name": "", "footer": number}
        text = render("page.html", names)  # @render
        return len(text)  # @after
"""
JINJA2 = """
    from jinja2 import Environment, FileSystemLoader
    environment = Environment(loader=FileSystemLoader("templates"))
    def render(name, names):
        return environment.get_template(name).render(**names)
"""
DJANGO = """
    import django
    from django.conf import settings
    settings.configure(DEBUG=False, TEMPLATES=[
        {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": ["templates"]}])
    django.setup()
    from django.template.loader import render_to_string as render
"""
IMPORTS = {"jinja2": JINJA2, "django": DJANGO}


class Site(NamedTuple):
    """A program that renders templates."""

    main: Path
    page: Path
    base: Path
    about: Path

    @property
    def folder(self) -> str:
        return str(self.main.parent)

    def at(self, template: str, mark: str) -> str:
        """`templates/page.html:7`, of a marked line."""
        return f"templates/{template}.html:{line_of(getattr(self, template), mark)}"


def site(program: Program, engine: str, end: str = "for number in range(3): show(number)") -> Site:
    """A program that renders page.html three times by this engine."""
    main = program("\n".join(map(textwrap.dedent, [IMPORTS[engine], SHOP, end])), "main.py")
    pages = {"page": PAGE, "base": BASE, "about": ABOUT}
    return Site(main, **{name: program(text, f"templates/{name}.html") for name, text in pages.items()})


def on(version: str, folder: Path) -> dict[str, Any]:
    """Parameters of `start` that take this Python, with both engines installed as far as it can tell."""
    python = find(version)
    if python is None:
        pytest.skip(f"there is no Python {version}")
    installed = folder / "site-packages"
    installed.symlink_to(apps.ANY_PYTHON, target_is_directory=True)
    return {"python": python, "env": {"PYTHONPATH": str(installed)}}


def at(reply: Reply) -> str:
    """`file:line` of a stop."""
    return str(reply.data["at"]).split(" in ")[0]


def value(reply: Reply, name: str) -> str:
    """A local's value, without what it was before."""
    return reply.locals[name].partition(" (was ")[0]


def notes(reply: Reply) -> str:
    return "\n".join(reply.data.get("notes", []))


async def stopped(agent: Agent, where: Site, *breakpoints: Any, **options: Any) -> Reply:
    return await agent.ok("start", program="main.py", cwd=where.folder, breakpoints=list(breakpoints), **options)


# --- stops ------------------------------------------------------------------------------------------------------------


@everywhere
@both_engines
async def test_a_line_of_a_template_is_stopped_at(agent: Agent, program: Program, engine: str, version: str) -> None:
    where = site(program, engine)
    stop = await stopped(agent, where, where.at("page", "item"), **on(version, where.main.parent))
    assert stop.reason == "breakpoint b1 (hit 1)"
    assert at(stop) == where.at("page", "item")
    shown = next(line for line in stop.data["source"].splitlines() if line.startswith(">"))
    assert shown.split(maxsplit=2) == [">", str(stop.line), "<li>{{ item.name }} {{ item.cents }} # @item"]
    assert (value(stop, "item"), value(stop, "items")) == ("<tea>", "[<tea>, <ink>]")
    assert (value(stop, "shop"), value(stop, "user_name"), value(stop, "footer")) == ("'corner'", "''", "0")
    assert not {"range", "lipsum", "True", "None", "block", "environment", "context"} & set(stop.locals)
    lines = stop.data["stack"]
    assert where.at("page", "item") in lines[0]
    assert any(line.endswith(f"show main.py:{line_of(where.main, 'render')}") for line in lines)
    everything = (await agent.ok("get_stack")).data["stack"]
    assert not [
        line for line in everything if "templates/" not in line and "main.py" not in line and "(library)" not in line
    ]
    for name, count in (("<ink>", 2), ("<tea>", 3), ("<ink>", 4)):
        stop = await agent.ok("continue")
        assert (stop.reason, value(stop, "item")) == (f"breakpoint b1 (hit {count})", name)


@everywhere
@both_engines
async def test_steps_go_from_line_to_line_and_back_to_python(
    agent: Agent, program: Program, engine: str, version: str
) -> None:
    where = site(program, engine)
    stop = await stopped(
        agent,
        where,
        {"file": "templates/page.html", "text": "@item", "condition": "item.name == 'ink'"},
        **on(version, where.main.parent),
    )
    assert value(stop, "item") == "<ink>"
    assert at(await agent.ok("step")) == where.at("page", "upper")
    stop = await agent.ok("step")
    if at(stop) == where.at("page", "for"):
        stop = await agent.ok("step")  # Jinja2 comes by the loop's head again
    assert at(stop) == where.at("page", "include")
    assert at(await agent.ok("step")) == where.at("page", "user"), "over what is included"
    assert at(await agent.ok("step")) == where.at("base", "footer"), "on to the template that the page extends"
    for _ in range(4):  # from 3.12 on a step stops where a call has returned, too
        stop = await agent.ok("step")
        assert at(stop).startswith("main.py:"), "back in Python"
        if stop.line == line_of(where.main, "after"):
            break
    assert (stop.line, value(stop, "number")) == (line_of(where.main, "after"), "0")
    await agent.ok("remove_breakpoint", all=True)
    await agent.ok("set_breakpoint", file="templates/page.html", text="@include")
    await agent.ok("continue")
    assert at(await agent.ok("step", kind="into")) == where.at("about", "shop")
    assert at(await agent.ok("step", kind="out")) == where.at("page", "user")


@both_engines
async def test_python_that_a_template_calls_is_stepped_into_and_back(
    agent: Agent, program: Program, engine: str
) -> None:
    where = site(program, engine, "show(1)")
    program(
        where.main.read_text(encoding="utf-8").replace(
            "self.name, self.cents = name, cents",
            "self.name, self._cents = name, cents\n"
            "    @property\n"
            "    def cents(self):\n"
            "        euro = self._cents / 100  # @cents\n"
            "        return euro",
        ),
        "main.py",
    )
    await stopped(agent, where, where.at("page", "item"), python=apps.PYTHON)
    stop = await agent.ok("step", kind="into")
    assert stop.line == line_of(where.main, "cents")
    assert where.at("page", "item") in stop.data["stack"][1]
    await agent.ok("step")
    stop = await agent.ok("step")
    for _ in range(2):  # the return from the property, where that is a stop
        if at(stop) != where.at("page", "upper"):
            stop = await agent.ok("step")
    assert at(stop) == where.at("page", "upper")


@everywhere
@both_engines
async def test_names_are_looked_at_and_changed(agent: Agent, program: Program, engine: str, version: str) -> None:
    where = site(program, engine, "print(render('about.html', {'shop': {'name': 'corner', 'open': [1, 2]}}))")
    stop = await stopped(agent, where, where.at("about", "shop"), **on(version, where.main.parent))
    assert stop.locals == {"shop": "{'name': 'corner', 'open': [1, 2]}"}
    assert (await agent.ok("get_variables", path="shop['open']")).data["items"] == ["[0]: int = 1", "[1]: int = 2"]
    assert (await agent.ok("evaluate", expression="len(shop) + max(shop['open'])")).data["value"] == "4  (int)"
    assert "NameError" in (await agent.ok("evaluate", expression="nothing")).data["error"]
    assert (
        (await agent.ok("set_variable", path="shop['name']", value="'mill'")).data["assigned"].endswith("'mill'  (str)")
    )
    assert (
        (await agent.ok("set_variable", path="shop", value="'the ' + shop['name']"))
        .data["assigned"]
        .startswith("shop = 'the mill'")
    )
    gone = await agent.ok("continue")
    assert "the mill # @shop" in gone.data["output"]


@everywhere
@both_engines
async def test_conditions_hit_conditions_and_log_messages(
    agent: Agent, program: Program, engine: str, version: str
) -> None:
    where = site(program, engine)
    page = {"file": "templates/page.html", "line": line_of(where.page, "item")}
    stop = await stopped(
        agent,
        where,
        {**page, "condition": "item.cents == 0 and footer == 1"},
        {**page, "hit_condition": "5"},
        {**page, "log_message": "{footer}: {item.name!r} {len(items)}"},
        {**page, "condition": "item.nothing == 3 and footer == 2"},
        **on(version, where.main.parent),
    )
    assert "b4: the condition or log message raised AttributeError" in notes(stop)
    await agent.ok("remove_breakpoint", breakpoint="b4")
    stop = await agent.ok("continue")
    assert (stop.reason, value(stop, "footer"), value(stop, "item")) == ("breakpoint b1 (hit 1)", "1", "<ink>")
    stop = await agent.ok("continue")
    assert (stop.reason, value(stop, "footer"), value(stop, "item")) == ("breakpoint b2 (hit 5)", "2", "<tea>")
    await agent.ok("continue")
    logged = (await agent.ok("get_output", since=0)).data["output"]
    assert logged.splitlines()[:2] == ["b3: 0: 'tea' 2", "b3: 0: 'ink' 2"]
    assert logged.count("b3: ") == 6


CALLS_BACK = (
    "self.name, self.cents = name, cents",
    "self.name = name\n    @property\n    def cents(self):\n        return 5  # @cents",
)


@everywhere
@both_engines
async def test_a_breakpoint_is_hit_in_a_template_that_is_being_rendered_already(
    agent: Agent, program: Program, engine: str, version: str
) -> None:
    where = site(program, engine)
    program(where.main.read_text(encoding="utf-8").replace(*CALLS_BACK), "main.py")
    stop = await stopped(agent, where, f"main.py:{line_of(where.main, 'cents')}", **on(version, where.main.parent))
    assert where.at("page", "item") in stop.data["stack"][1], "though no template has a breakpoint yet"
    told = await agent.ok("get_variables", frame=1)
    assert "items: list = [<tea>, <ink>]" in told.text
    await agent.ok("remove_breakpoint", all=True)
    assert (await agent.ok("set_breakpoint", file="templates/page.html", text="@upper")).data["verified"] == "yes"
    for name, count in (("<tea>", 1), ("<ink>", 2)):
        stop = await agent.ok("continue")
        assert (stop.reason, value(stop, "item")) == (f"breakpoint b2 (hit {count})", name)
    await agent.ok("remove_breakpoint", all=True)
    assert (await agent.ok("continue")).state == "exited"


@both_engines
async def test_templates_are_stopped_in_with_library_code_shown(agent: Agent, program: Program, engine: str) -> None:
    where = site(program, engine, "show(1)")
    stop = await stopped(agent, where, where.at("page", "item"), python=apps.PYTHON, just_my_code=False)
    assert at(stop) == where.at("page", "item")
    assert any("(library)" in line for line in (await agent.ok("get_stack")).data["stack"])
    assert at(await agent.ok("step")) == where.at("page", "upper")


# --- lines that cannot be stopped at ----------------------------------------------------------------------------------


@everywhere
@both_engines
async def test_a_line_without_a_tag_moves_to_the_next_when_its_engine_can_tell(
    agent: Agent, program: Program, engine: str, version: str
) -> None:
    where = site(program, engine)
    stop = await stopped(
        agent, where, where.at("page", "list"), where.at("page", "end"), **on(version, where.main.parent)
    )
    assert (stop.reason, at(stop)) == ("breakpoint b1 (hit 1)", where.at("page", "for"))
    asked, last = line_of(where.page, "list"), line_of(where.page, "user")
    assert f"b1 in page.html: moved from line {asked} to {asked + 1}" in notes(stop)
    assert "b2 in page.html: nothing at or after line" in notes(stop)
    assert f"the last line that can be stopped at is {last}" in notes(stop)
    listed = (await agent.ok("list_breakpoints")).data["breakpoints"]
    assert listed[0].startswith(f"b1 {where.at('page', 'for')} in template: {{% for item in items %}}")
    assert f"moved from line {asked}, which has no code" in listed[0]
    assert "nothing from this line on can be stopped at" in listed[1]
    assert "NOT VERIFIED" not in listed[1]
    # Loaded now, so that it can be said at once.
    moved = await agent.ok("set_breakpoint", file="templates/page.html", line=asked)
    assert (moved.data["verified"], f"moved from line {asked}" in moved.text) == ("yes", True)
    assert "nothing at or after line" in await agent.error("set_breakpoint", file="templates/page.html", line=last + 1)
    assert (await agent.ok("set_breakpoint", file="templates/about.html", line=2)).data["verified"] == "not yet"


@both_engines
async def test_a_template_that_was_never_rendered_says_so(agent: Agent, program: Program, engine: str) -> None:
    where = site(program, engine, "show(1)")
    other = program("{{ shop }}\n", "elsewhere/about.html")
    program("{% if shop == 'x' %}\n{{ shop }}\n{% endif %}\n{{ shop }}\n", "templates/about.html")
    gone = await stopped(
        agent, where, "templates/about.html:2", f"{other}:1", "templates/about.html:3", python=apps.PYTHON
    )
    assert gone.reason == "breakpoint b3 (hit 1)", "moved on"
    gone = await agent.ok("continue")
    assert "b1 templates/about.html:2 never hit: its line was never reached; the template was rendered" in notes(gone)
    assert "b2 elsewhere/about.html:1 never hit" in notes(gone)
    assert "was never rendered by Django or Jinja2; the program ran" in notes(gone)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("notes.txt", "just some words\n", "is neither Python (line 1: "),
        ("page.html", "<p>\n{{ x }}\n", "line 9 is outside"),
        ("broken.py", "x = '{{ {%'\ny = = 2\n", "has a syntax error at line 2"),
    ],
)
async def test_what_is_no_template_is_refused(agent: Agent, program: Program, name: str, text: str, words: str) -> None:
    path = program(text, name)
    main = program("x = 1\n", "main.py")
    line = 9 if "outside" in words else 1
    assert words in await agent.error("start", program=str(main), breakpoints=[f"{path}:{line}"])


async def test_python_under_another_ending_is_no_template(agent: Agent, program: Program) -> None:
    path = program("#!/usr/bin/env python\nname = 'tea'\nprint('{{ %s }}' % name)  # {% here %}\n", "tool.script")
    stop = await agent.ok("start", program=str(path), breakpoints=[f"{path}:3"])
    assert (stop.reason, value(stop, "name")) == ("breakpoint b1 (hit 1)", "'tea'")


# --- more of Jinja2 and Django ----------------------------------------------------------------------------------------


async def test_macros_falsy_values_and_names_with_underscores(agent: Agent, program: Program) -> None:
    page = program(
        """
        {% from "macros.html" import price %}
        {% for item_name, in_cents in prices %}
        {{ price(in_cents) }} # @price
        {% endfor %}
        """,
        "templates/page.html",
    )
    macros = program(
        "{% macro price(in_cents, of_what='') %}\n{{ in_cents / 100 }} # @macro\n{% endmacro %}\n",
        "templates/macros.html",
    )
    path = program(
        textwrap.dedent(JINJA2) + "print(render('page.html', {'prices': [('tea', 0)], 'nobody': None}))\n", "main.py"
    )
    breakpoints = [f"templates/page.html:{line_of(page, 'price')}", f"templates/macros.html:{line_of(macros, 'macro')}"]
    stop = await agent.ok("start", program="main.py", cwd=str(path.parent), breakpoints=breakpoints, python=apps.PYTHON)
    assert value(stop, "in_cents") == "0"
    assert value(stop, "item_name") == "'tea'"
    assert value(stop, "nobody") == "None"
    assert "price" in stop.locals
    stop = await agent.ok("step", kind="into")
    assert stop.reason == "breakpoint b2 (hit 1)"
    assert stop.data["at"] == f"templates/macros.html:{line_of(macros, 'macro')} in macro"
    assert {name: stop.locals[name] for name in ("in_cents", "of_what")} == {"in_cents": "0", "of_what": "''"}
    assert f"templates/page.html:{line_of(page, 'price')}" in stop.data["stack"][1]


async def test_several_tags_in_one_line_are_one_stop_a_pass(agent: Agent, program: Program) -> None:
    page = program("{% for n in numbers %}\n{{ n }} {{ n }} {{ n }} # @line\n{% endfor %}\n", "templates/page.html")
    line = f"templates/page.html:{line_of(page, 'line')}"
    path = program(textwrap.dedent(DJANGO) + "render('page.html', {'numbers': [1, 2, 3]})\n", "main.py")
    reply = await agent.ok("start", program="main.py", cwd=str(path.parent), breakpoints=[line], python=apps.PYTHON)
    for number in (1, 2, 3):
        assert (reply.reason, value(reply, "n")) == (f"breakpoint b1 (hit {number})", str(number))
        reply = await agent.ok("continue")
    assert reply.state == "exited"


async def test_a_template_of_jinja2_that_has_no_file_is_shown_by_its_names(agent: Agent, program: Program) -> None:
    page = program("{% include inner %} # @include\n", "templates/page.html")
    path = program(
        textwrap.dedent(JINJA2)
        + "inner = environment.from_string('{{ shop }}\\n{{ 1 / zero }}')\n"
        + "render('page.html', {'inner': inner, 'shop': 'mill', 'zero': 0})\n",
        "main.py",
    )
    line = f"templates/page.html:{line_of(page, 'include')}"
    await agent.ok("start", program="main.py", cwd=str(path.parent), breakpoints=[line], python=apps.PYTHON)
    stop = await agent.ok("step", kind="into")
    assert at(stop) == "<template>:1"
    assert "source" not in stop.data
    assert value(stop, "shop") == "'mill'"
    crash = await agent.ok("continue")
    assert at(crash) == "<template>:2"
    assert value(crash, "zero") == "0"


async def test_templates_of_both_engines_in_one_program(agent: Agent, program: Program) -> None:
    program("{{ who }} # @here\n", "templates/one.html")
    program("{{ who }} # @here\n", "templates/two.html")
    path = program(
        "\n".join([textwrap.dedent(JINJA2), "jinja2 = render", textwrap.dedent(DJANGO)])
        + "print(jinja2('one.html', {'who': 'jinja2'}), render('two.html', {'who': 'django'}))\n",
        "main.py",
    )
    breakpoints = ["templates/one.html:1", "templates/two.html:1"]
    stop = await agent.ok("start", program="main.py", cwd=str(path.parent), breakpoints=breakpoints, python=apps.PYTHON)
    assert (stop.reason, stop.locals) == ("breakpoint b1 (hit 1)", {"who": "'jinja2'"})
    stop = await agent.ok("continue")
    assert (stop.reason, stop.locals) == ("breakpoint b2 (hit 1)", {"who": "'django'"})


async def test_a_template_that_is_rendered_asynchronously_is_stopped_in(agent: Agent, program: Program) -> None:
    page = program(
        "{% for n in numbers %}\n{{ n }} # @n\n{{ double(n) }} # @double\n{% endfor %}\n", "templates/page.html"
    )
    path = program("""
        import asyncio
        from jinja2 import Environment, FileSystemLoader
        environment = Environment(loader=FileSystemLoader("templates"), enable_async=True)
        async def double(n):
            await asyncio.sleep(0)
            return n * 2
        async def view():
            return await environment.get_template("page.html").render_async(numbers=[1, 2], double=double)
        print(len(asyncio.run(view())))
    """)
    line, after = (f"templates/page.html:{line_of(page, mark)}" for mark in ("n", "double"))
    options: dict[str, Any] = {"program": str(path), "cwd": str(path.parent), "python": apps.PYTHON}
    stop = await agent.ok(
        "start", breakpoints=[{"file": "templates/page.html", "line": 2, "temporary": True}], **options
    )
    assert (at(stop), value(stop, "n")) == (line, "1")
    assert at(await agent.ok("step")) == after
    stop = await agent.ok("continue", until=line)
    assert (stop.reason, value(stop, "n")) == ("reached until", "2")
    assert (await agent.ok("continue")).state == "exited"


async def test_flask_renders_into_the_breakpoint(agent: Agent, program: Program) -> None:
    page = program("<p>\n{{ price|round(2) }} {{ url_for('price', name=name) }} # @price\n", "templates/price.html")
    path = program(
        """
        from flask import Flask, render_template
        app = Flask(__name__)

        @app.route("/price/<name>")
        def price(name):
            cents = 650
            return render_template("price.html", name=name, price=cents / 100)  # @view

        print(app.test_client().get("/price/tea").get_data(as_text=True))
    """,
        "app.py",
    )
    line = f"templates/price.html:{line_of(page, 'price')}"
    stop = await agent.ok("start", program="app.py", cwd=str(path.parent), breakpoints=[line], python=apps.PYTHON)
    assert at(stop) == line
    assert (value(stop, "name"), value(stop, "price")) == ("'tea'", "6.5")
    assert stop.data["stack"][1].endswith(f"price app.py:{line_of(path, 'view')}")
    gone = await agent.ok("continue")
    assert "6.5 /price/tea # @price" in gone.data["output"]


VIEWS = """
    import django
    from django.conf import settings
    settings.configure(DEBUG=False, ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="x", TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": ["templates"],
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]}}])
    django.setup()
    from django.http import HttpResponse
    from django.shortcuts import render
    from django.test import Client
    from django.urls import path

    def price(request, name):
        cents = 650
        return render(request, "price.html", {"name": name, "cents": cents})  # @view

    urlpatterns = [path("price/<str:name>", price)]
    if __name__ == "__main__":
        import sys
        sys.modules[__name__] = sys.modules["__main__"]
        print(Client().get("/price/tea").content.decode())
"""


async def test_a_view_of_django_renders_into_the_breakpoint(agent: Agent, program: Program) -> None:
    page = program("<p>\n{% if cents %}{{ name }}: {{ cents }}{% endif %} # @price\n", "templates/price.html")
    path = program(VIEWS, "views.py")
    line = f"templates/price.html:{line_of(page, 'price')}"
    stop = await agent.ok("start", program="views.py", cwd=str(path.parent), breakpoints=[line], python=apps.PYTHON)
    assert at(stop) == line
    assert (value(stop, "name"), value(stop, "cents")) == ("'tea'", "650")
    assert "request" in stop.locals
    assert stop.data["stack"][1].endswith(f"price views.py:{line_of(path, 'view')}")
    gone = await agent.ok("continue")
    assert "tea: 650 # @price" in gone.data["output"]


# --- what goes wrong in a template ------------------------------------------------------------------------------------


@everywhere
async def test_a_crash_in_a_template_of_jinja2_is_shown_there(agent: Agent, program: Program, version: str) -> None:
    where = site(program, "jinja2", "show(1)")
    program("<p>\n{{ shop.address.street }} # @shop\n", "templates/about.html")
    crash = await stopped(agent, where, **on(version, where.main.parent))
    assert crash.reason == "uncaught exception"
    assert at(crash) == "templates/about.html:2"
    (told,) = crash.data["exception"]
    assert told.startswith("jinja2.exceptions.UndefinedError: 'str object' has no attribute 'address'")
    assert "raised at templates/about.html:2 in" in told
    assert "> 2 {{ shop.address.street }} # @shop" in crash.data["source"]
    assert value(crash, "shop") == "'corner'"
    assert where.at("page", "include") in "\n".join(crash.data["stack"])
    everything = "\n".join((await agent.ok("get_stack")).data["stack"])
    assert f"show main.py:{line_of(where.main, 'render')}" in everything


@everywhere
async def test_a_crash_below_a_template_of_django_shows_the_way_there(
    agent: Agent, program: Program, version: str
) -> None:
    where = site(program, "django", "show(1)")
    program("<p>\n{% include 'nowhere.html' %}\n", "templates/about.html")
    crash = await stopped(agent, where, **on(version, where.main.parent))
    told = "\n".join(crash.data["exception"])
    assert (
        "TemplateDoesNotExist: nowhere.html, raised at templates/about.html:2 in {% include 'nowhere.html' %}" in told
    )
    program("<p>\n{% nosuchtag %}\n", "templates/about.html")
    crash = await agent.ok("restart")
    assert "nosuchtag" in crash.data["exception"][0]
    assert "raised at templates/about.html:2 in {% nosuchtag %}" in crash.data["exception"][0]


@both_engines
async def test_an_exception_of_python_in_a_template_has_its_lines_on_the_stack(
    agent: Agent, program: Program, engine: str
) -> None:
    where = site(program, engine, "show(1)")
    source = where.main.read_text(encoding="utf-8")
    program(
        source.replace(
            "self.name, self.cents = name, cents", "self.name = name\n    @property\n    def cents(self): return 1 / 0"
        ),
        "main.py",
    )
    crash = await stopped(agent, where, python=apps.PYTHON)
    assert crash.data["exception"][0].startswith("ZeroDivisionError")
    assert where.at("page", "item") in crash.data["stack"][1]
    assert crash.data["locals of #1"]["items"] == "[<tea>, <ink>]"


async def test_a_raised_exception_in_a_template_is_one_stop(agent: Agent, program: Program) -> None:
    where = site(program, "jinja2", "try: show(1)\nexcept Exception as error: print('500', error)")
    program("{{ nothing.at_all }}\n", "templates/about.html")
    stop = await stopped(agent, where, {"exception": "UndefinedError"}, python=apps.PYTHON)
    assert (stop.reason, at(stop)) == ("raised exception, breakpoint b1 (hit 1)", "templates/about.html:1")
    gone = await agent.ok("continue")
    assert gone.data["output"].startswith("500 'nothing' is undefined")


# --- ways in ----------------------------------------------------------------------------------------------------------

LOOP = """
    import time
    print("up", flush=True)
    number = 0
    while True:
        number += 1
        show(number)
        time.sleep(0.02)
"""


@contextmanager
def running(command: list[str], where: Site, path: str) -> Iterator[subprocess.Popen[str]]:
    """A program that was started without us, and has begun; `path` is its PYTHONPATH."""
    env = {**os.environ, TAG: "1", "PYTHONPATH": path}
    with subprocess.Popen(
        [*command, "main.py"], cwd=where.folder, env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        try:
            yield process
        finally:
            process.kill()


@both_engines
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
async def test_a_running_program_is_stopped_in_its_templates_let_go_and_stopped_again(
    agent: Agent, program: Program, engine: str, version: str
) -> None:
    where = site(program, engine, textwrap.dedent(LOOP))
    options = on(version, where.main.parent)
    path = os.pathsep.join([DORMANT, options["env"]["PYTHONPATH"]])
    with running([options["python"]], where, path) as process:
        await is_stopped_in_and_let_go_twice(agent, where, pid=process.pid)
        assert process.poll() is None


@both_engines
async def test_a_program_under_its_own_debugpy_is_stopped_in_its_templates(
    agent: Agent, program: Program, engine: str
) -> None:
    where = site(program, engine, textwrap.dedent(LOOP))
    port = free_port()
    own = [sys.executable, "-m", "debugpy", "--listen", str(port)]
    with running(own, where, on("3.11", where.main.parent)["env"]["PYTHONPATH"]) as process:
        await is_stopped_in_and_let_go_twice(agent, where, port=port)
        assert process.poll() is None


async def is_stopped_in_and_let_go_twice(agent: Agent, where: Site, **target: int) -> None:
    line = f"{where.folder}/{where.at('page', 'list')}"
    for _ in range(2):
        stop = await agent.ok("attach", breakpoints=[line], **target)
        stop = stop if stop.state == "stopped" else await agent.ok("wait")
        assert at(stop).endswith(where.at("page", "for")), stop
        assert value(stop, "shop") == "'corner'"
        assert at(await agent.ok("step")).endswith(where.at("page", "item"))
        assert (
            (await agent.ok("set_variable", path="item", value="items[1]")).data["assigned"].startswith("item = <ink>")
        )
        assert (await agent.ok("stop")).reason == "let go, it runs on"
