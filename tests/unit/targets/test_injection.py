"""What is decided before a running process is touched: versions, cures, and the commands of gdb and lldb."""

from __future__ import annotations

import pytest

from mcp_debug_tool.targets import injection
from mcp_debug_tool.targets.running import ptrace_cure, version_in_maps, version_in_name


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("python3.11", (3, 11)),
        ("python3.13t", (3, 13)),
        ("python3", None),
        ("pypy3.10", None),
        ("python3.11-config", None),
        ("bash", None),
    ],
)
def test_the_name_of_an_executable_may_say_its_version(name: str, version: tuple[int, int] | None) -> None:
    assert version_in_name(name) == version


def test_a_mapped_libpython_says_the_version() -> None:
    maps = "7f00-7f01 r-xp 0 fd:00 1  /usr/lib/x86_64-linux-gnu/libpython3.12.so.1.0\n"
    assert version_in_maps(maps) == (3, 12)
    assert version_in_maps("7f00-7f01 r-xp 0 fd:00 1  /usr/lib/libc.so.6\n") is None


def test_the_injected_code_is_one_plain_expression_without_quotes_gdb_would_read() -> None:
    code = injection.injected_code('/tmp/ö "quoted" \\ path')
    assert code.isascii()
    assert code.isprintable()
    assert '"' not in code
    assert "\\" not in code
    compile(code, "<injected>", "eval")


def test_no_setting_stands_in_the_command_line_of_gdb_or_lldb() -> None:
    code = injection.injected_code("/tmp/settings")
    for command in (
        injection.gdb_arguments("gdb", 7, injection.call_at_once("/lib/a.so", code)),
        injection.gdb_arguments("gdb", 7, injection.ask_for_call(code)),
        injection.lldb_arguments("lldb", 7, "/lib/a.so", code),
    ):
        assert any("7" in word.split() for word in command)
        assert sum(code in word for word in command) == 1


@pytest.mark.parametrize(
    ("capable", "scope", "contained", "cure"),
    [
        (False, 1, False, "sysctl"),
        (False, 2, False, "sysctl"),
        (True, 3, False, "started again"),
        (False, 1, True, "SYS_PTRACE"),
        (True, 0, True, "seccomp"),
        (False, 0, False, "PR_SET_DUMPABLE"),
    ],
)
def test_a_refused_ptrace_has_one_cure(capable: bool, scope: int, contained: bool, cure: str) -> None:
    assert cure in ptrace_cure(capable=capable, scope=scope, contained=contained)
