"""Where code is: from what was asked for to a line that can be stopped at."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from mcp_debug_tool.debuggee.places import sources
from mcp_debug_tool.debuggee.stopping import lines, named_functions

Answer = dict[str, Any]
Write = Callable[..., str]

resolve: Callable[..., list[Answer]] = lines.resolve
check_program: Callable[[str], Answer] = lines.check_program
read: Callable[[str], str] = sources.read
set_sources: Callable[[dict[str, str], str], None] = lines.set_sources


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a program's text to a file and gives its path."""

    def write_text(text: str, name: str = "program.py") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dedent(text).lstrip("\n").encode())
        return str(path)

    return write_text


@pytest.fixture(autouse=True)
def _no_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "given", {})
    monkeypatch.setattr(named_functions, "_first_paths", [])


def answer(**place: Any) -> Answer:
    """The answer to one place."""
    roots, program = place.pop("roots", ()), place.pop("program", None)
    (only,) = resolve([place], roots, program)
    return only


def marked(file: str, mark: str) -> int:
    """Number of the line that ends in `# @mark`, or `# @mark1 @mark2`."""
    return next(n for n, line in enumerate(read(file).splitlines(), 1) if f"@{mark}" in line.split())


def landing(file: str, mark: str) -> tuple[str, str]:
    """The text (without its mark) and the function of the line a breakpoint on the marked line comes to."""
    wanted = marked(file, mark)
    found = answer(file=file, line=wanted)
    assert found.get("moved_from") == (None if found["line"] == wanted else wanted)
    assert found["text"] == read(file).splitlines()[found["line"] - 1].strip()
    return found["text"].split("#")[0].strip(), found["function"]


PROGRAM = '''
    """The module's docstring,  # @module_doc
    in two lines."""

    import functools

    # a comment  # @comment

    LIMIT = 3

    def decorate(function):
        return function

    def total(  # @def
        items,  # @parameter
        rate=0.1,
    ):
        """What it costs.  # @doc

        In all.  # @doc_inside
        """
        # about to add  # @inner_comment
        result = sum(
            item.price
            for item in items
        )

        return result * (1 + rate)  # @return

    # after the function  # @after_function

    @decorate  # @decorator
    @functools.lru_cache(
        maxsize=3,
    )
    def decorated():  # @decorated_def
        "only a docstring"
        x = [
            1,
            2,  # @in_list
            3,
        ]
        return x

    class Order:  # @class
        """An order,
        for everybody.  # @class_doc
        """

        # first method  # @class_comment

        def price(self):
            pass  # @pass

        def name(self):
            return (lambda: "name")()  # @lambda

    def empty():
        """Nothing else."""

    try:  # @try
        total([])
    except (
        ValueError,
        TypeError,
    ):
        pass
    else:  # @else
        LIMIT = 4

    text = """one  # @string
    two  # @in_string
    three"""
    done = True
'''


@pytest.mark.parametrize(
    ("mark", "text", "function"),
    [
        ("return", "return result * (1 + rate)", "total"),
        ("module_doc", '"""The module\'s docstring,', "<module>"),
        ("comment", "LIMIT = 3", "<module>"),
        ("parameter", "result = sum(", "total"),
        ("doc", "result = sum(", "total"),
        ("doc_inside", "result = sum(", "total"),
        ("inner_comment", "result = sum(", "total"),
        ("after_function", "@decorate", "<module>"),
        ("decorator", "@decorate", "<module>"),
        ("class_doc", "def price(self):", "Order"),
        ("class_comment", "def price(self):", "Order"),
        ("pass", "pass", "Order.price"),
        ("in_list", "x = [", "decorated"),
        ("else", "LIMIT = 4", "<module>"),
        ("in_string", 'text = """one', "<module>"),
    ],
)
def test_a_line_is_stopped_at_where_its_code_is(write: Write, mark: str, text: str, function: str) -> None:
    assert landing(write(PROGRAM), mark) == (text, function)


def test_a_line_with_code_stays_where_it_is_and_has_not_moved(write: Write) -> None:
    file = write(PROGRAM)
    for mark in ("return", "def", "class", "try", "string", "decorator", "pass", "lambda"):
        found = answer(file=file, line=marked(file, mark))
        assert found["line"] == marked(file, mark)
        assert "moved_from" not in found


def test_a_blank_line_moves_to_the_next_code_of_its_own_function(write: Write) -> None:
    file = write("""
        def first():
            a = 1

            return a

        def second():
            return 2
    """)
    assert answer(file=file, line=3) == {
        "file": file,
        "line": 4,
        "text": "return a",
        "function": "first",
        "moved_from": 3,
    }
    assert answer(file=file, line=5)["line"] == 6


def test_a_line_is_never_moved_back_into_another_function(write: Write) -> None:
    file = write("""
        def first():
            return 1
            # a comment at its end

        def second():
            return 2
    """)
    assert answer(file=file, line=3)["line"] == 5


def test_a_line_inside_a_statement_moves_to_its_first_line(write: Write) -> None:
    file = write("""
        def call():
            return dict(
                a=1,

                # a comment
                b=2,
            )
    """)
    for line in (4, 5, 7):
        assert answer(file=file, line=line)["line"] == 2


def test_the_function_of_a_line_is_named_with_what_it_is_in(write: Write) -> None:
    file = write("""
        class K:
            class Inner:
                def method(self):
                    def local():
                        return 1
                    return local
    """)
    assert answer(file=file, line=5)["function"] == "K.Inner.method.local"


def test_the_first_line_of_a_def_belongs_to_where_it_is_defined(write: Write) -> None:
    file = write("""
        def outer():
            def inner():
                return 1
            return inner
    """)
    assert answer(file=file, line=1)["function"] == "<module>"
    assert answer(file=file, line=2)["function"] == "outer"


def test_a_function_on_one_line_can_be_stopped_in(write: Write) -> None:
    file = write("""
        x = 1
        def one(): return 1
        y = lambda: 2
    """)
    assert answer(file=file, line=2)["function"] == "one"
    assert answer(file=file, line=3)["line"] == 3


def test_a_line_behind_the_last_code_is_refused_with_that_line(write: Write) -> None:
    file = write("""
        x = 1
        def f():
            return x
        # the end

    """)
    for line in (4, 5):
        error = answer(file=file, line=line)["error"]
        assert "last line with code is 3" in error
        assert file in error


@pytest.mark.parametrize("line", [0, -1, 3, 10**9])
def test_a_line_outside_the_file_is_refused_with_its_length(write: Write, line: int) -> None:
    error = answer(file=write("x = 1\ny = 2\n"), line=line)["error"]
    assert "2 lines" in error


def test_a_file_without_code_has_no_line_to_stop_at(write: Write) -> None:
    assert "error" in answer(file=write("# nothing\n# at all\n"), line=2)
    assert "0 lines" in answer(file=write(""), line=1)["error"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_python_counts_them(write: Write, newline: str) -> None:
    file = write(newline.join(["x = 1", "", "y = 2", "z = 3"]))
    assert [answer(file=file, line=n)["text"] for n in (1, 2, 3, 4)] == ["x = 1", "y = 2", "y = 2", "z = 3"]


@pytest.mark.parametrize("odd", ["\x0c", "'\u2028'", "'\x85'", "'\x1c'"])
def test_characters_that_end_no_line_for_python_do_not_shift_lines(write: Write, odd: str) -> None:
    file = write(f"{odd}\ny = 2\nz = 3\n")
    assert answer(file=file, line=3)["text"] == "z = 3"
    assert answer(file=file, find="z =")["line"] == 3


# --- by text --------------------------------------------------------------------------------------------------

REPEATED = """
    a = 1
    total = 0
    b = 2
    # total is the sum
    total += 5
    total += 6
    c = 3
"""


def test_a_line_is_found_by_a_piece_of_its_text(write: Write) -> None:
    file = write(REPEATED)
    assert answer(file=file, find="  b = ")["line"] == 3


def test_a_text_on_a_line_without_code_moves_like_any_other(write: Write) -> None:
    found = answer(file=write(REPEATED), find="is the sum")
    assert (found["line"], found["moved_from"]) == (5, 4)


def test_a_text_that_stands_on_several_lines_is_refused_with_them(write: Write) -> None:
    error = answer(file=write(REPEATED), find="total +=")["error"]
    assert "5: total += 5" in error
    assert "6: total += 6" in error
    assert "`line`" in error


def test_a_text_that_stands_on_very_many_lines_is_refused_with_a_few_of_them(write: Write) -> None:
    error = answer(file=write("pass\n" * 500), find="pass")["error"]
    assert error.startswith("500 lines")
    assert len(error) < 300


@pytest.mark.parametrize(("near", "line"), [(1, 2), (2, 2), (5, 5), (6, 6), (99, 6), (-9, 2)])
def test_a_text_on_several_lines_is_taken_where_it_is_nearest(write: Write, near: int, line: int) -> None:
    assert answer(file=write(REPEATED), find="total ", line=near)["line"] == line


def test_a_text_that_is_not_there_is_refused(write: Write) -> None:
    assert "'nowhere'" in answer(file=write(REPEATED), find="nowhere")["error"]
    assert "error" in answer(file=write(REPEATED), find="nowhere", line=3)


# --- after an edit --------------------------------------------------------------------------------------------


def test_a_breakpoint_follows_its_line_when_lines_are_added_above(write: Write) -> None:
    file = write("import os\nimport sys\n\nx = 1\ny = 2\n")
    assert answer(file=file, line=2, anchor="y = 2") == {
        "file": file,
        "line": 5,
        "text": "y = 2",
        "function": "<module>",
    }


def test_a_breakpoint_stays_where_its_text_still_is_though_it_stands_elsewhere_too(write: Write) -> None:
    assert answer(file=write("x = 1\nx = 1\nx = 1\n"), line=2, anchor="x = 1")["line"] == 2


def test_a_breakpoint_follows_the_nearest_of_several_lines_with_its_text(write: Write) -> None:
    file = write("x = 1\na = 0\nb = 0\nc = 0\nd = 0\nx = 1\n")
    assert answer(file=file, line=4, anchor="x = 1")["line"] == 6
    assert answer(file=file, line=2, anchor="x = 1")["line"] == 1


def test_a_breakpoint_keeps_its_number_when_its_text_is_gone(write: Write) -> None:
    assert answer(file=write("a = 1\nb = 2\nc = 3\n"), line=2, anchor="gone = 1")["line"] == 2
    assert answer(file=write("a = 1\nb = 2\n"), line=40, anchor="gone = 1")["line"] == 2


def test_a_breakpoint_in_a_file_that_is_now_empty_is_refused(write: Write) -> None:
    assert "error" in answer(file=write(""), line=4, anchor="x = 1")


# --- by function ----------------------------------------------------------------------------------------------

FUNCTIONS = '''
    import functools

    def plain(a,
              b=2):
        """Docstring."""
        # comment
        return a + b

    def only_doc():
        "Docstring."

    def one_line(): return 1

    @functools.lru_cache
    @functools.wraps(plain)
    def decorated():
        """Docstring."""
        return 2

    async def coroutine():
        global done
        done = True

    def generator():
        yield 1

    class A:
        def run(self):
            return "A"

        def alone(self):
            def local():
                return 3
            return local

    class B:
        async def run(self):
            return "B"

    def method():
        return 4

    class C:
        def method(self):
            return 5
'''


@pytest.mark.parametrize(
    ("function", "text", "name"),
    [
        ("plain", "return a + b", "plain"),
        ("one_line", "def one_line(): return 1", "one_line"),
        ("decorated", "return 2", "decorated"),
        ("coroutine", "done = True", "coroutine"),
        ("generator", "yield 1", "generator"),
        ("A.run", 'return "A"', "A.run"),
        ("B.run", 'return "B"', "B.run"),
        ("alone", "def local():", "A.alone"),
        ("A.alone.local", "return 3", "A.alone.local"),
        ("local", "return 3", "A.alone.local"),
        ("method", "return 4", "method"),
        ("C.method", "return 5", "C.method"),
    ],
)
def test_a_function_is_entered_at_the_first_line_of_its_body(write: Write, function: str, text: str, name: str) -> None:
    found = answer(file=write(FUNCTIONS), function=function)
    assert (found["text"], found["function"]) == (text, name)
    assert "moved_from" not in found


def test_a_function_of_nothing_but_a_docstring_can_be_entered(write: Write) -> None:
    found = answer(file=write(FUNCTIONS), function="only_doc")
    # Where the empty body runs depends on the version of Python.
    assert found["text"] in ("def only_doc():", '"Docstring."')
    assert found["function"] == "only_doc"


def test_an_ambiguous_name_is_refused_with_those_it_may_mean(write: Write) -> None:
    error = answer(file=write(FUNCTIONS), function="run")["error"]
    assert "A.run (line " in error
    assert "B.run (line " in error


@pytest.mark.parametrize("function", ["missing", "A.missing", "lain", "plain.x", "*", "(", " "])
def test_an_unknown_function_is_refused(write: Write, function: str) -> None:
    file = write(FUNCTIONS)
    error = answer(file=file, function=function)["error"]
    assert repr(function) in error
    assert file in error


def test_a_function_is_looked_for_in_the_program_first_and_then_below_the_roots(write: Write, tmp_path: Path) -> None:
    program = write("def here():\n    return 1\n", "main.py")
    other = write("def here():\n    return 2\n\ndef there():\n    return 3\n", "lib/other.py")
    roots = [str(tmp_path)]
    assert answer(function="here", roots=roots, program=program)["file"] == program
    assert answer(function="there", roots=roots, program=program)["file"] == other
    assert "error" in answer(function="nowhere", roots=roots, program=program)


def test_a_file_that_does_not_compile_does_not_hide_the_function_in_another(write: Write, tmp_path: Path) -> None:
    write("def wanted(:\n", "a_broken.py")
    good = write("def wanted():\n    return 1\n", "b_good.py")
    assert answer(function="wanted", roots=[str(tmp_path)])["file"] == good


@pytest.mark.parametrize("folder", [".hidden", "node_modules", "__pycache__", "site-packages", "venv"])
def test_functions_of_environments_and_hidden_folders_are_not_found(write: Write, tmp_path: Path, folder: str) -> None:
    write("def wanted():\n    return 1\n", f"{folder}/inside.py")
    assert "error" in answer(function="wanted", roots=[str(tmp_path)])


def test_functions_of_an_environment_of_any_name_are_not_found(write: Write, tmp_path: Path) -> None:
    write("def wanted():\n    return 1\n", "py311/lib/inside.py")
    write("", "py311/pyvenv.cfg")
    assert "error" in answer(function="wanted", roots=[str(tmp_path)])


def test_a_dotted_name_finds_the_module_from_the_programs_first_path(write: Write, tmp_path: Path) -> None:
    file = write("class K:\n    def f(self):\n        return 1\n", "unit_pkg/inner/mod.py")
    write("", "unit_pkg/__init__.py")
    write("", "unit_pkg/inner/__init__.py")
    set_sources({}, str(tmp_path))
    found = answer(function="unit_pkg.inner.mod.K.f")
    assert (found["file"], found["function"], found["line"]) == (file, "K.f", 3)
    assert "unit_pkg" not in sys.modules


def test_a_dotted_name_finds_a_module_of_the_standard_library() -> None:
    found = answer(function="json.decoder.JSONDecoder.decode")
    assert found["function"] == "JSONDecoder.decode"
    assert found["file"].endswith("decoder.py")


def test_a_number_of_files_and_no_more_is_looked_through(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        write("x = 1\n", f"a{number}.py")
    last = write("def wanted():\n    return 1\n", "z.py")
    assert answer(function="wanted", roots=[str(tmp_path)])["file"] == last
    monkeypatch.setattr(named_functions, "MAX_FILES", 3)
    assert "error" in answer(function="wanted", roots=[str(tmp_path)])


# --- files ----------------------------------------------------------------------------------------------------


def test_the_first_syntax_error_is_placed(write: Write) -> None:
    file = write("x = 1\ndef f(:\n    pass\n")
    error = check_program(file)
    assert (error["line"], error["text"]) == (2, "def f(:")
    assert error["column"] > 1
    assert error["message"]


def test_a_program_that_compiles_has_no_syntax_error(write: Write) -> None:
    assert check_program(write("x = 1\nif x is 1: pass\n")) == {}


@pytest.mark.parametrize("text", ["x = '\0'\n", "# coding: no-such-encoding\n", "x = \udcff\n"])
def test_a_program_that_cannot_be_read_is_told_and_not_raised(tmp_path: Path, text: str) -> None:
    file = tmp_path / "program.py"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert check_program(str(file))["message"]
    assert "error" in answer(file=str(file), line=1)


def test_a_breakpoint_in_a_file_with_a_syntax_error_is_refused_with_its_place(write: Write) -> None:
    file = write("x = 1\ndef f(:\n")
    error = answer(file=file, line=1)["error"]
    assert f"{file} has a syntax error at line 2" in error


def test_a_file_that_is_not_there_is_refused_and_the_others_are_answered(write: Write, tmp_path: Path) -> None:
    file = write("x = 1\n")
    gone = str(tmp_path / "gone.py")
    first, second = resolve([{"file": gone, "line": 1}, {"file": file, "line": 1}])
    assert gone in first["error"]
    assert second["line"] == 1


def test_a_file_larger_than_the_cap_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write("x = 1\n")
    monkeypatch.setattr(sources, "MAX_BYTES", 6)
    assert answer(file=file, line=1)["line"] == 1
    monkeypatch.setattr(sources, "MAX_BYTES", 5)
    assert "error" in answer(file=file, line=1)


def test_a_file_is_read_in_the_encoding_it_names(tmp_path: Path) -> None:
    file = tmp_path / "latin.py"
    file.write_bytes(b"# -*- coding: latin-1 -*-\nname = '\xe9'\n")
    assert answer(file=str(file), find="é")["line"] == 2


def test_code_without_a_file_is_known_by_the_name_its_frames_carry(tmp_path: Path) -> None:
    set_sources({"<string>": "x = 1\n# comment\ny = 2\n"}, str(tmp_path))
    assert answer(file="<string>", line=2) == {
        "file": "<string>",
        "line": 3,
        "text": "y = 2",
        "function": "<module>",
        "moved_from": 2,
    }


def test_warnings_of_the_program_are_not_ours_to_show(write: Write) -> None:
    # pytest turns a warning into an error.
    assert answer(file=write("x = '\\d'\nassert (x, 'always true')\n"), line=2)["line"] == 2
