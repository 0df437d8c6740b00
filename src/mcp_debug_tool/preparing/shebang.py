"""Who runs a file that is started by its name: read from its first bytes, as the system would; nothing is started."""

from __future__ import annotations

import os
import re
import shlex
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

# Linux reads 256 bytes of a first line, others more; pip's long form has the interpreter in the second line.
_HEAD = 4096
_PYTHON = re.compile(r"(?:python|pypy)w?[\d.]*[td]?(?:\.exe)?", re.IGNORECASE)
_ENDINGS = (".py", ".pyw", ".pyz", ".pyc")
_MAGIC = {
    b"\x7fELF": "an ELF executable",
    b"MZ": "a Windows executable",
    b"\xcf\xfa\xed\xfe": "a Mach-O executable",
    b"\xca\xfe\xba\xbe": "a Mach-O executable",
}
# The environments that can be moved name their Python from the script's own folder: "$(dirname ... "$0")"/'python'.
_BESIDE = re.compile(r"\$0[^/]*/['\"]?((?:python|pypy)[\w.]*)")


@dataclass(frozen=True)
class Starter:
    """What runs a file: `python` is a path or a bare name such as `python3`, and None where it is not Python."""

    what: str
    """In words: `a script for /bin/sh`, `an ELF executable`."""
    python: str | None = None
    flags: tuple[str, ...] = ()
    """Options of the interpreter that stand in the first line."""


def is_python_name(name: str) -> bool:
    """Whether a program of this name, or path, is a Python interpreter: `python`, `python3.12`, `pypy3`."""
    return _PYTHON.fullmatch(os.path.basename(name)) is not None


def is_python_file(path: str) -> bool:
    """Whether the ending alone says that Python runs it."""
    return path.lower().endswith(_ENDINGS)


def starter(path: str) -> Starter:
    """What would run the regular file `path` if its name were typed.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    found = _from_head(head, path)
    # Without the right to execute it no system would look at the first line; the ending is all there is.
    if is_python_file(path) and (found.python is None or not os.access(path, os.X_OK)):
        return Starter("a Python script", "python")
    return found


def _from_head(head: bytes, path: str) -> Starter:
    if head.startswith(b"#!"):
        return _from_lines(head.decode("utf-8", "surrogateescape").split("\n"), path)
    if head.startswith(b"PK") and _is_application(path):
        return Starter("a Python application in a zip file", "python")
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            return Starter(what)
    return Starter("a file whose first line names no interpreter")


def _is_application(path: str) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "__main__.py" in archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return False


def _from_lines(lines: Sequence[str], path: str) -> Starter:
    words = lines[0][2:].split()
    if words and os.path.basename(words[0]) == "env":
        words = _after_env(words[1:])
    if words and os.path.basename(words[0]) in ("sh", "bash", "dash") and len(lines) > 1:
        words = _executed(lines[1], path) or words
    if not words:
        return Starter("a script with an empty first line")
    if is_python_name(words[0]):
        return Starter("a Python script", words[0], tuple(words[1:]))
    return Starter(f"a script for {words[0]}")


def _after_env(words: list[str]) -> list[str]:
    if not words or not words[0].startswith("-S"):
        return words
    text = " ".join([words[0][2:], *words[1:]])
    return _split(text) or text.split()


def _executed(line: str, path: str) -> list[str]:
    """The words that run Python in a shell's line which is a string to Python: `'''exec' "/a b/python" "$0" "$@"`."""
    words = _split(line)
    if not words or words[0] != "exec":
        return []
    beside = _BESIDE.search(line)
    if beside and "dirname" in line:
        return [os.path.join(os.path.dirname(os.path.realpath(path)), beside[1])]
    return words[1 : words.index("$0")] if "$0" in words else []


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []
