"""What the doctor says of gdb and ptrace, for machines that are not this one."""

from __future__ import annotations

import errno

import pytest

from mcp_debug_tool.doctor.attaching import about_gdb, about_ptrace

DEBIAN = "GNU gdb (Debian 13.1-3) 13.1\nCopyright (C) 2023 Free Software Foundation, Inc.\nPython scripting works\n"
FEDORA = "GNU gdb (Fedora Linux) 16.3-6.fc43\nPython scripting works\n"
PLAIN = "GNU gdb (GDB) 15.2\nPython scripting is not supported in this copy of GDB.\n"


def test_gdb_is_told_with_its_version_and_scripting() -> None:
    assert about_gdb(DEBIAN) == "13.1, Python scripting works"
    assert about_gdb(FEDORA) == "16.3-6.fc43, Python scripting works"
    assert about_gdb(PLAIN) == "15.2, without Python scripting, which is not needed"
    assert about_gdb("") == "of unknown version, without Python scripting, which is not needed"


@pytest.mark.parametrize(
    ("answer", "scope", "capable", "verdict"),
    [
        ("0", 0, False, "ok"),
        ("0", 1, True, "ok"),
        ("0", 2, True, "ok"),
        ("0", 1, False, "warning"),
        ("0", 3, True, "warning"),
        (str(errno.EPERM), 0, True, "warning"),
        ("", 0, True, "warning"),
    ],
)
def test_ptrace_is_allowed_by_the_kernel_yama_and_the_capability_together(
    answer: str, scope: int, capable: bool, verdict: str
) -> None:
    check = about_ptrace(answer, scope, capable=capable, cure="the cure")
    assert (check.verdict, check.mend) == (verdict, "" if verdict == "ok" else "the cure")
    assert f"ptrace_scope is {scope}" in check.found
    assert ("CAP_SYS_PTRACE is there" in check.found) == capable


def test_a_refusal_says_why() -> None:
    check = about_ptrace(str(errno.EPERM), 0, capable=False, cure="")
    assert check.found.startswith("refused (Operation not permitted)")
