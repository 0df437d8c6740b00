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
        elif word == "--":
            return CommandLine(options, "script" if rest else "stdin", rest[0] if rest else "")
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


def read_command(args: Sequence[str], executables: Sequence[str], folder: str = "") -> CommandLine | None:
    """What a command runs on a Python; None where it runs none.

    `executables`: paths that are tried for its program, the first that can be run being taken; `folder`: where relative
    ones begin.
    """
    tried = [os.path.join(folder, path) for path in executables]
    program = next(filter(_can_be_run, tried), args[0] if args else "")
    rest = list(args[1:])
    if os.path.basename(program) == "env":
        behind = _behind_env(rest)
        if not behind:
            return None
        program, rest = _on_path(behind[0], folder), behind[1:]
    if is_python(program):
        return read_arguments(rest)
    first = _first_line(program)
    if first is None:
        return None
    return CommandLine(read_arguments(first).options, "script", program)


def is_python(program: str) -> bool:
    """Whether a program is named as Pythons are, or is the one that runs this."""
    return bool(_PYTHON.match(os.path.basename(program))) or program == sys.executable


def _can_be_run(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _on_path(name: str, folder: str) -> str:
    """Where a program is that is called by its name alone."""
    if os.sep in name:
        return os.path.join(folder, name)
    return next(filter(_can_be_run, (os.path.join(place, name) for place in os.get_exec_path())), name)


def _behind_env(words: Sequence[str]) -> list[str]:
    """The command that `env` runs; empty where it runs none, or with an environment of its own making."""
    rest = list(words)
    while rest:
        word = rest[0]
        if word in _ENV_WITH_VALUE:
            del rest[:2]
        elif word.startswith(("--ignore", "--split")) or (word[:1] == "-" != word[1:2] and set("iS") & set(word)):
            return []
        elif word == "-":
            return []
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
    if not first.startswith(b"#!"):
        return None
    words = os.fsdecode(first[2:]).split()
    if words and os.path.basename(words[0]) == "env":
        # The kernel gives all behind `env` as one argument, which -S splits; here it is split already.
        split = [word[2:] if word.startswith("-S") else word for word in words[1:]]
        words = _behind_env([word for word in split if word])
    return words[1:] if words and is_python(words[0]) else None
