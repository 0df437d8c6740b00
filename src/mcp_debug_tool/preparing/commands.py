"""What a person types in a shell to run a Python program, read without a shell into what runs under the debugger.

Only the file system is looked at; nothing is started. What only a shell could do is refused by name, with the
parameter of the call that does it instead. On Windows a console script is an .exe that cannot be read: one that
stands beside python.exe becomes `python -m NAME`.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NoReturn

from ..interpreters import Interpreter, choose, site_packages
from .shebang import Starter, is_python_file, is_python_name, starter
from .shell_words import WINDOWS, Word, literal, refuse, with_home, words_of

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


@dataclass(frozen=True)
class Command:
    """What to run, and what the command itself says about how."""

    kind: Literal["program", "module", "code"]
    name: str
    """The absolute path of a script, the name of a module, or code."""
    args: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    """Options of the interpreter, as typed."""
    python: str | None = None
    """The absolute path of the interpreter that the command names; None: the one that `choose` takes."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """Variables set in front of the command."""


def parse(command: str, *, cwd: str, environ: Mapping[str, str], python: str | None = None) -> Command:
    """What `command` runs, typed in the folder `cwd`; `python`, where given, wins over what the command names.

    Raises:
        InvalidArgument: it needs a shell, is not Python, is not found, or cannot be debugged as it is.
    """
    words = words_of(command)
    assigned: dict[str, str] = {}
    while words and (name := _ASSIGNMENT.match(words[0].bare)):
        word = words.pop(0)
        assigned[name[0][:-1]] = with_home(Word(word.text[name.end() :], word.bare[name.end() :]), environ)
    texts = _without_runners([literal(word, cwd, environ) for word in words], assigned)
    if not texts:
        refuse("there is nothing to run", "Give a command, such as python app.py.")
    return replace(_command(texts, _Shell(cwd, {**environ, **assigned}, python)), environ=assigned)


# --- what stands in front -------------------------------------------------------------------------------------

_RUNNERS = frozenset({"uv", "poetry", "pipenv", "pdm", "hatch", "rye"})
_WRAPPERS = {
    **dict.fromkeys(("time", "timeout", "nice", "nohup", "exec"), "Leave it out: a session has limits of its own."),
    **dict.fromkeys(("sudo", "doas"), "Leave it out, and run the server as that user."),
    **dict.fromkeys(("source", "."), "Give the environment's folder by python=."),
    **dict.fromkeys(("uvx", "pipx"), "Install the program into an environment, and give that by python=."),
    "cd": "Give the folder by cwd=.",
    "export": "Put NAME=value in front of the command, or give env.",
}
_TRACERS = frozenset({"pdb", "ipdb", "debugpy", "trace"})


def _without_runners(words: list[str], assigned: dict[str, str]) -> list[str]:
    """The words without `env` and runners such as `uv run`; variables that `env` sets are added to `assigned`."""
    while words:
        name, rest = os.path.basename(words[0]), words[1:]
        if name == "env":
            while rest and _ASSIGNMENT.match(rest[0]):
                variable, _, value = rest.pop(0).partition("=")
                assigned[variable] = value
        elif name in _RUNNERS and rest and (rest[0] == "run" or rest[0].startswith("-")):
            name, rest = (f"{name} run", rest[1:]) if rest[0] == "run" else (name, rest)
        else:
            return words
        if rest[:1] == ["--"]:
            rest = rest[1:]
        elif rest and rest[0].startswith("-"):
            cure = "Write python -m instead." if rest[0] == "-m" else "Leave it out, and give python= or env."
            refuse(f"{rest[0]} of {name} is not understood", cure)
        words = rest
    return words


def _refuse_tracers(name: str, args: Sequence[str]) -> None:
    if os.path.basename(name) in ("coverage", "coverage3") and args[:1] == ["run"]:
        hint = "Leave out coverage run and its options; a script or -m then begins with python."
        refuse("coverage and a debugger both trace the program", hint)
    if name in _TRACERS:
        refuse(f"{name} traces the program itself", f"Leave out {name} and its options.")


# --- programs -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Shell:
    """Where the command was typed, and the interpreter that the call asks for."""

    cwd: str
    environ: Mapping[str, str]
    python: str | None

    def chosen(self) -> Interpreter:
        """The interpreter for a program that names none."""
        return choose(self.python, cwd=self.cwd, program=None, environ=self.environ)

    def beside(self) -> list[str]:
        """The folders of that interpreter's console scripts; its links are not followed, they leave the environment."""
        folder = os.path.dirname(self.chosen().path)
        return [folder, os.path.join(folder, "Scripts")] if WINDOWS else [folder]

    def places(self, name: str) -> Iterator[str]:
        """Every executable file of that name, in the order in which it is looked for."""
        for folder in self.folders():
            place = os.path.join(folder, name)
            if os.path.isfile(place) and os.access(place, os.X_OK):
                yield place

    def folders(self) -> list[str]:
        """Where a program that is given by its name alone is looked for."""
        path = self.environ.get("PATH", os.defpath).split(os.pathsep)
        return [*self.beside(), *map(self.path, path)]

    def path(self, name: str) -> str:
        """The absolute path of what is named from the folder."""
        return os.path.normpath(os.path.join(self.cwd, name))


def _command(words: list[str], shell: _Shell) -> Command:
    name, args = words[0], words[1:]
    if os.path.basename(name) in _WRAPPERS:
        refuse(f"{name} is not taken in front of a program", _WRAPPERS[os.path.basename(name)])
    if is_python_name(name):
        return _python(name, args, shell)
    _refuse_tracers(name, args)
    if WINDOWS and any(os.path.isfile(os.path.join(folder, f"{name}.exe")) for folder in shell.beside()):
        return Command("module", name, tuple(args))
    path, found = _script(name, shell)
    if found.python is None:
        _refuse_foreign(name, path, found)
    return _python(found.python, [*found.flags, path, *args], shell)


def _script(name: str, shell: _Shell) -> tuple[str, Starter]:
    """The script that a name or path in front of a command means, and what runs it."""
    here = shell.path(name)
    if os.path.basename(name) != name or (is_python_file(name) and os.path.isfile(here)):
        if not os.path.isfile(here):
            _refuse_missing(here, shell)
        return here, _starter(here)
    passed: tuple[str, Starter] | None = None
    for place in shell.places(name):
        found = _starter(place)
        # pyenv's and others' shims only look for the real one, which may stand further along.
        if found.python is not None or not _is_shim(place):
            return place, found
        passed = passed or (place, found)
    if passed is None:
        _refuse_unknown(name, shell)
    return passed


def _is_shim(path: str) -> bool:
    return os.path.basename(os.path.dirname(path)) == "shims"


def _starter(path: str) -> Starter:
    try:
        return starter(path)
    except OSError as error:
        refuse(f"{path} cannot be read: {error.strerror}", "Check its permissions.")


# --- python ---------------------------------------------------------------------------------------------------

_OPTION = re.compile(r"-(?P<letters>[^WXcm]*)(?P<ending>[WXcm]?)(?P<value>.*)", re.DOTALL)
_FLAGS = frozenset("bBdOqstuvxPR")
_SWITCHED_OFF = "Leave it out. Where the first line of the script has it, write python and the script's path."
_NO_FLAGS = {
    **dict.fromkeys("IES", ("switches off PYTHONPATH or site, by which the debugger comes in", _SWITCHED_OFF)),
    **dict.fromkeys("hV?", ("runs no program", "Leave it out.")),
    "i": ("is for a keyboard", "Leave it out: at a stop, evaluate runs what you would type."),
}


def _python(name: str, words: Sequence[str], shell: _Shell) -> Command:
    """What `name`, an interpreter, runs with these words behind it."""
    interpreter = None if shell.python is not None else _interpreter(name, shell)
    rest, flags = list(words), list[str]()
    while rest and rest[0].startswith("-") and rest[0] not in ("-", "--"):
        option = rest.pop(0)
        letters, ending, value = _option(option)
        if ending in ("c", "m"):
            flags += [f"-{letters}"] if letters else []
            value = value or _value(option, rest)
            if ending == "m":
                _refuse_tracers(value, rest)
            return Command("module" if ending == "m" else "code", value, tuple(rest), tuple(flags), interpreter)
        flags += [option, _value(option, rest)] if ending and not value else [option]
    rest = rest[1:] if rest[:1] == ["--"] else rest
    if not rest or rest[0] == "-":
        refuse(f"{name} here reads its program from the keyboard", "Name a script, or give -m module or -c code.")
    return Command("program", _runnable(rest[0], shell), tuple(rest[1:]), tuple(flags), interpreter)


def _option(option: str) -> tuple[str, str, str]:
    """The letters of an option, the one among `WXcm` that takes a value, and the value, where it is joined on."""
    if option == "--check-hash-based-pycs":
        return "", option, ""
    match = _OPTION.fullmatch(option)
    if option.startswith("--") or match is None:
        refuse(f"with {option} Python runs no program", "Leave it out.")
    letters, ending, value = match.groups()
    for letter in letters:
        what, hint = _NO_FLAGS.get(letter, ("is no option of Python", "Leave it out."))
        if letter not in _FLAGS:
            refuse(f"-{letter} {what}", hint)
    return letters, ending, value


def _value(option: str, rest: list[str]) -> str:
    if not rest:
        refuse(f"{option} needs a value", f"Give it behind {option}.")
    return rest.pop(0)


def _interpreter(name: str, shell: _Shell) -> str | None:
    """The absolute path of a named interpreter; None for the bare names that stand for the project's own."""
    if os.path.basename(name) != name:
        path = shell.path(name)
        if not os.path.isfile(path) or not os.access(path, os.X_OK):
            hint = f"The command, or its script's first line, names it: give python={shell.chosen().path!r} or another."
            refuse(f"there is no interpreter at {path}", hint)
        return path
    if name in ("python", "python3"):
        return None
    if place := next((place for place in shell.places(name) if not _is_shim(place)), None):
        return place
    there = [os.path.join(folder, entry) for folder in shell.folders() for entry in _entries(folder)]
    found = sorted({os.path.basename(path) for path in there if is_python_name(path) and not _is_shim(path)})
    return refuse(f"{name} is not found", f"There is {', '.join(found) or 'none'}; or give python= a path.")


def _runnable(name: str, shell: _Shell) -> str:
    path = shell.path(name)
    if os.path.isfile(path) or os.path.isfile(os.path.join(path, "__main__.py")):
        return path
    if os.path.isdir(path):
        refuse(f"{path} has no __main__.py", "Name a script in it, or give -m and a module.")
    if os.path.basename(name) == name and next(shell.places(name), None):
        refuse(f"{path} does not exist", f"Python does not look along PATH: write {name} alone, or python -m {name}.")
    return _refuse_missing(path, shell)


# --- what is missing or not Python ----------------------------------------------------------------------------


def _refuse_missing(path: str, shell: _Shell) -> NoReturn:
    if os.path.isdir(path):
        refuse(f"{path} is a directory", f"Where it has a __main__.py, write python {path}.")
    near = difflib.get_close_matches(os.path.basename(path), _entries(os.path.dirname(path)), 3)
    nearest = f"There is {', '.join(near)}. " if near else ""
    what = "is not a regular file" if os.path.exists(path) else "does not exist"
    refuse(f"{path} {what}", f"{nearest}Relative paths begin at {shell.cwd}.")


def _refuse_unknown(name: str, shell: _Shell) -> NoReturn:
    interpreter = shell.chosen()
    module = name.replace("-", "_")
    mains = [os.path.join(folder, module, "__main__.py") for folder in (shell.cwd, *site_packages(interpreter))]
    near = difflib.get_close_matches(name, [entry for folder in shell.beside() for entry in _entries(folder)], 3)
    hints = {
        f"Write ./{name}.": os.path.isfile(shell.path(name)),
        f"Write python {name}.py.": os.path.isfile(shell.path(f"{name}.py")),
        f"Write python -m {module}.": module.isidentifier() and any(map(os.path.isfile, mains)),
        f"The nearest names are {', '.join(near)}.": bool(near),
        "For another environment give python=.": True,
    }
    said = " ".join(hint for hint, fits in hints.items() if fits)
    refuse(f"{name} is found neither beside {interpreter.path} nor on PATH", said)


def _refuse_foreign(name: str, path: str, found: Starter) -> NoReturn:
    hint = "Give the Python command that it runs."
    if os.path.basename(name) == name and found.what.startswith("a script"):
        hint += f" If it only looks for the real one, give python= or write python -m {name}."
    elif "names no interpreter" in found.what:
        hint = f"If it is Python, write python {name}."
    refuse(f"{name} is {found.what}, not Python ({path})", hint)


def _entries(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
