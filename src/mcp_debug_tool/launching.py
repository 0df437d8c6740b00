"""From what a call says to a target: checks each parameter and names what is wrong, before anything starts."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .errors import InvalidArgument
from .interpreters import Interpreter, choose, site_packages
from .plan import Plan
from .settings import Settings
from .targets.launch import LaunchTarget, Program

_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
# Linux gives one argument at most 128 KiB.
MAX_ARGUMENT = 128 * 1024 - 1
BREAK_ON = frozenset({"uncaught", "raised", "user_unhandled"})


@dataclass(frozen=True)
class Launch:
    """What `start` was asked for; exactly one of program, module and code is given."""

    program: str | None = None
    module: str | None = None
    code: str | None = None
    args: Sequence[str] = ()
    env: Mapping[str, str | None] | None = None
    cwd: str | None = None
    python: str | None = None
    stop_on_entry: bool = False
    break_on: Sequence[str] = ("uncaught",)
    just_my_code: bool = True


@dataclass(frozen=True)
class Prepared:
    """What can be started: the target and the plan of the run, with the folder relative paths begin at."""

    target: LaunchTarget
    plan: Plan
    cwd: str
    interpreter: Interpreter
    what: str
    """The program in a few words."""
    source_folders: tuple[str, ...]
    """Where a source file named by a relative path is looked for, in this order."""


def prepare(launch: Launch, settings: Settings) -> Prepared:
    """Check a launch and choose its interpreter.

    Raises:
        InvalidArgument: naming the parameter.
    """
    _check_texts(launch)
    given = [name for name in ("program", "module", "code") if getattr(launch, name) is not None]
    if len(given) != 1:
        what = "and ".join(f"{name} " for name in given) + "given" if given else "nothing to run"
        raise InvalidArgument("program", what, hint="Give exactly one of program, module and code.")
    cwd = _folder(launch.cwd, settings.cwd)
    program = _program(launch, cwd)
    environ = _environ(launch.env, settings.environ)
    script = program.name if program.kind == "program" else None
    interpreter = choose(launch.python, cwd=cwd, program=script, environ=environ)
    break_on = frozenset(launch.break_on)
    plan = Plan(
        program_file=script,
        module=program.name if program.kind == "module" else None,
        roots=tuple(dict.fromkeys(([os.path.dirname(script)] if script else []) + [cwd])),
        first_path=os.path.dirname(os.path.realpath(script)) if script else cwd,
        break_on=break_on,
        stop_on_entry=launch.stop_on_entry,
    )
    target = LaunchTarget(program, interpreter, cwd, environ, launch.just_my_code)
    words = {"program": os.path.basename(program.name), "module": f"-m {program.name}", "code": "code"}
    folders = (cwd, *plan.roots, *site_packages(interpreter))
    return Prepared(target, plan, cwd, interpreter, " ".join([words[program.kind], *launch.args]), folders)


def _check_texts(launch: Launch) -> None:
    texts = [(name, getattr(launch, name)) for name in ("program", "module", "code", "cwd", "python")]
    texts += [("args", argument) for argument in launch.args]
    for name, text in texts:
        if text is not None and "\0" in text:
            raise InvalidArgument(name, "contains a NUL character")
        if text is not None and len(os.fsencode(text)) > MAX_ARGUMENT:
            raise InvalidArgument(name, f"is longer than {MAX_ARGUMENT} bytes", hint="Put it into a file.")
    unknown = set(launch.break_on) - BREAK_ON
    if unknown:
        raise InvalidArgument("break_on", f"{min(unknown)!r} is unknown", hint=f"Of {', '.join(sorted(BREAK_ON))}.")


def _folder(cwd: str | None, base: str) -> str:
    path = os.path.normpath(os.path.join(base, os.path.expanduser(cwd or ".")))
    if not os.path.isdir(path):
        what = "is not a directory" if os.path.exists(path) else "does not exist"
        raise InvalidArgument("cwd", f"{path} {what}", hint="Give an existing directory.")
    return path


def _program(launch: Launch, cwd: str) -> Program:
    args = tuple(launch.args)
    if launch.module is not None:
        if not _MODULE.fullmatch(launch.module):
            raise InvalidArgument("module", f"{launch.module!r} is no module name", hint="Such as package.module.")
        return Program("module", launch.module, args)
    if launch.code is not None:
        if not launch.code.strip():
            raise InvalidArgument("code", "is empty")
        return Program("code", launch.code, args)
    assert launch.program is not None
    return Program("program", source_file("program", launch.program, (cwd,)), args)


def source_file(parameter: str, file: str, folders: Sequence[str]) -> str:
    """The absolute path of a readable, regular file; a relative one is taken from the first folder that has it.

    Raises:
        InvalidArgument: naming `parameter`.
    """
    if "\0" in file:
        raise InvalidArgument(parameter, "contains a NUL character")
    given = os.path.expanduser(file)
    candidates = [os.path.normpath(os.path.join(folder, given)) for folder in folders]
    path = next((candidate for candidate in candidates if os.path.exists(candidate)), candidates[0])
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be reached: {error}"
        raise InvalidArgument(parameter, f"{path} {reason}", hint=f"Relative paths begin at {folders[0]}.") from error
    if not stat.S_ISREG(mode):
        what = "is a directory" if stat.S_ISDIR(mode) else "is not a regular file"
        raise InvalidArgument(parameter, f"{path} {what}", hint="Name a Python file; for a package use module.")
    if not os.access(path, os.R_OK):
        raise InvalidArgument(parameter, f"{path} is not readable", hint="Check its permissions.")
    return path


def _environ(changes: Mapping[str, str | None] | None, environ: Mapping[str, str]) -> dict[str, str]:
    result = dict(environ)
    for name, value in (changes or {}).items():
        if not name or "=" in name or "\0" in name or "\0" in (value or ""):
            raise InvalidArgument("env", f"{name!r} is no name or value of a variable")
        if value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result
