"""What a dotenv file says, and what is refused without showing a value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcp_debug_tool.errors import InvalidArgument
from mcp_debug_tool.preparing import env_files


def variables(folder: Path, content: str | bytes, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """What `read` makes of a file with this content."""
    path = folder / ".env"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return env_files.read(str(path), environ or {})


def refused(folder: Path, content: str | bytes) -> InvalidArgument:
    """The error for a file with this content."""
    with pytest.raises(InvalidArgument) as caught:
        variables(folder, content)
    return caught.value


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", {}),
        ("# nothing\n\n", {}),
        ("A=1\nB = 2\n", {"A": "1", "B": "2"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("export A=1", {"A": "1"}),
        ("A=", {"A": ""}),
        ("A\nB=2", {"B": "2"}),
        ("A=1 # why", {"A": "1"}),
        ("A='1 # 2'", {"A": "1 # 2"}),
        ('A="two\nlines"\nB=3', {"A": "two\nlines", "B": "3"}),
        (r'A="a\tb"', {"A": "a\tb"}),
        ("A=1\nA=2", {"A": "2"}),
        ("A=é", {"A": "é"}),
        (b"\xef\xbb\xbfA=1", {"A": "1"}),
        ("A=a=b", {"A": "a=b"}),
    ],
)
def test_lines_are_read_as_python_dotenv_reads_them(
    tmp_path: Path, content: str | bytes, expected: dict[str, str]
) -> None:
    assert variables(tmp_path, content) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("A=${HOST}", "outer"),
        ("HOST=inner\nA=${HOST}", "inner"),
        ("A=${HOST}\nHOST=inner", "outer"),
        ("A=http://${HOST}:${PORT:-80}/", "http://outer:80/"),
        ("A=${MISSING}", ""),
        ("HOST\nA=${HOST}", "outer"),
        ("A=$HOST", "$HOST"),
        ("A=${NESTED}", "${HOST}"),
    ],
)
def test_variables_stand_for_earlier_lines_and_then_the_given_environment(
    tmp_path: Path, content: str, expected: str
) -> None:
    assert variables(tmp_path, content, {"HOST": "outer", "NESTED": "${HOST}"})["A"] == expected


def test_our_own_environment_is_neither_read_nor_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS", "secret")
    before = dict(os.environ)
    assert variables(tmp_path, "A=${OURS}\nB=${PATH}\nOURS=x") == {"A": "", "B": "", "OURS": "x"}
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("A=1\n=hidden\n", 2),
        ("A=1\n\n\n  'A hidden\n", 4),
        ("A=1\r\n\r\nB='hidden\n", 3),
        ('A="hidden', 1),
        ("A=1\nB=hidden\0", 2),
        ("A='hid\nden\0'", 1),
        ("'A=B'=hidden", 1),
        (b"A=1\nB=hidden\xff\n", 2),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_its_value_is_not_shown(
    tmp_path: Path, content: str | bytes, line: int
) -> None:
    error = refused(tmp_path, content)
    assert error.parameter == "env_file"
    assert f"line {line} " in str(error)
    assert "hidden" not in f"{error} {error.hint} {error.__context__!r}"
    assert error.hint


def test_a_file_of_another_parameter_is_named_by_that_parameter(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument) as caught:
        env_files.read(str(tmp_path / "none"), {}, parameter="configuration")
    assert caught.value.parameter == "configuration"


@pytest.mark.parametrize("kind", ["missing", "directory", "fifo", "device", "dangling", "unusable"])
def test_what_is_no_regular_file_is_refused_without_being_opened(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "env"
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "dangling":
        path.symlink_to(tmp_path / "nowhere")
    name = {"device": os.devnull, "unusable": "/tmp/a\0b"}.get(kind, str(path))
    with pytest.raises(InvalidArgument) as caught:
        env_files.read(name, {})
    assert caught.value.parameter == "env_file"
    assert "\0" not in str(caught.value)


def test_a_file_up_to_the_limit_is_read_and_a_larger_one_refused(tmp_path: Path) -> None:
    content = "A=" + "x" * (env_files.MAX_FILE - 2)
    assert len(variables(tmp_path, content)["A"]) == env_files.MAX_FILE - 2
    assert "1 MiB" in str(refused(tmp_path, content + "x"))


def test_variables_that_double_in_each_line_are_stopped(tmp_path: Path) -> None:
    lines = ["V0=" + "x" * 1000] + [f"V{i}=${{V{i - 1}}}${{V{i - 1}}}" for i in range(1, 60)]
    assert refused(tmp_path, "\n".join(lines)).parameter == "env_file"


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.one_of(st.binary(max_size=80), st.text("AB=\"'\\$ {}:-#\n\r\0é\ufeff", max_size=40)))
def test_any_file_is_read_or_refused(tmp_path: Path, content: str | bytes) -> None:
    try:
        found = variables(tmp_path, content, {"A": "a"})
    except InvalidArgument:
        return
    assert all(name and "=" not in name and "\0" not in name + value for name, value in found.items())
