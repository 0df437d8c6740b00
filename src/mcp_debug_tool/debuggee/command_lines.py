"""What the command line of a Python says: its own options, and what it is to run (`python --help`)."""

from __future__ import annotations

import os
import re
import sys

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from collections.abc import Sequence

_PYTHON = re.compile(r"python(w|\d+(\.\d+)?t?)?(\.exe)?$")
# Options whose value is the rest of their word, or the next word.
_WITH_VALUE = "WX"
_LONG_WITH_VALUE = "--check-hash-based-pycs"
_ENV_WITH_VALUE = ("-u", "--unset", "-C", "--chdir")


class CommandLine(object):
    """`options`: letters of the interpreter's own options; `kind`: script, module, code, or stdin; `name`: of these."""

    def __init__(self, options: str, kind: str, name: str) -> None:
        self.options = options
        self.kind = kind
        self.name = name

    @property
    def is_closed(self) -> bool:
        """Whether it looks at neither PYTHONPATH nor site, by which a debugger comes in."""
        return bool(set("IES") & set(self.options))


def read_arguments(arguments: Sequence[str]) -> CommandLine:
    """What an interpreter makes of its arguments, those after its own name."""
    options = ""
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == _LONG_WITH_VALUE:
            del rest[:1]
        elif word == "-" or not word.startswith("-"):
            return CommandLine(options, "stdin" if word == "-" else "script", "" if word == "-" else word)
        elif not word.startswith("--"):
            letters, letter, value = _split_option(word[1:])
            options += letters
            if letter in ("m", "c"):
                kind = {"m": "module", "c": "code"}[letter]
                return CommandLine(options, kind, value if value or not rest else rest[0])
            if letter and not value:
                del rest[:1]
    return CommandLine(options, "stdin", "")


def _split_option(word: str) -> tuple[str, str, str]:
    """`uOm` or `Wignore` as (letters of flags, the letter that takes a value, its value in the same word)."""
    for at, letter in enumerate(word):
        if letter in _WITH_VALUE or letter in "mc":
            return word[:at], letter, word[at + 1 :]
    return word, "", ""


def read_command(args: Sequence[str], executables: Sequence[str]) -> CommandLine | None:
    """What a command runs on a Python; None where it runs none. `executables`: paths that are tried for its program."""
    program = next((path for path in executables if os.path.exists(path)), args[0] if args else "")
    rest = list(args[1:])
    if os.path.basename(program) == "env":
        behind = _behind_env(rest)
        if not behind:
            return None
        program, rest = behind[0], behind[1:]
        args = behind
    if _PYTHON.match(os.path.basename(program)) or program == sys.executable:
        return read_arguments(rest)
    first = _first_line(program)
    if first is None:
        return None
    of_first_line = read_arguments(first)
    return CommandLine(of_first_line.options, "script", program)


def _behind_env(words: Sequence[str]) -> list[str]:
    """The command that `env` runs; empty where it runs none, or with an environment of its own making."""
    rest = list(words)
    while rest:
        word = rest[0]
        if word in ("-i", "-", "--ignore-environment") or word.startswith("-S"):
            return []
        if word in _ENV_WITH_VALUE:
            del rest[:2]
        elif word.startswith("-") or "=" in word:
            del rest[0]
        else:
            return rest
    return []


def _first_line(program: str) -> list[str] | None:
    """Options in the first line of a script that names a Python; None where it names none."""
    try:
        with open(program, "rb") as stream:
            first = stream.read(256).split(b"\n", 1)[0]
    except OSError:
        return None
    if not first.startswith(b"#!") or b"python" not in first:
        return None
    words = os.fsdecode(first[2:]).split()
    at = next((index for index, word in enumerate(words) if "python" in word), 0)
    return words[at + 1 :]
