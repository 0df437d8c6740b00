"""From what `start` is asked for to a target: checks each parameter and names what is wrong, before anything starts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import InvalidArgument
from ..interpreters import Interpreter, choose, site_packages
from ..plan import Plan
from ..settings import Settings
from ..targets.launch import LaunchTarget, Program
from . import commands, configurations, env_files
from .arguments import changed_environ, check_texts, folder, source_file
from .attaching import Attachment, prepare_attachment
from .break_on import exception_filters
from .prepared import Prepared

_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_WAYS = ("program", "module", "code", "pytest", "command")
# pytest's own capture would keep back what a test prints until it has failed.
_UNCAPTURED = "--capture=no"


@dataclass(frozen=True)
class Launch:
    """What `start` was asked for; exactly one of program, module, code, pytest, command and configuration is given.

    With a configuration, program is the file that its ${file} stands for.
    """

    program: str | None = None
    module: str | None = None
    code: str | None = None
    pytest: Sequence[str] | None = None
    command: str | None = None
    configuration: str | None = None
    args: Sequence[str] = ()
    flags: Sequence[str] = ()
    env: Mapping[str, str | None] | None = None
    env_file: str | None = None
    cwd: str | None = None
    python: str | None = None
    stop_on_entry: bool = False
    break_on: Sequence[str] = ("uncaught",)
    just_my_code: bool = True
    follow_children: bool = True


def prepare(launch: Launch, settings: Settings) -> Prepared:
    """Check a launch and choose its interpreter.

    Raises:
        InvalidArgument: naming the parameter.
    """
    _check_texts(launch)
    cwd = folder(launch.cwd, settings.cwd)
    if launch.configuration is not None:
        asked = _configured(launch, cwd, settings)
        return prepare_attachment(asked, settings) if isinstance(asked, Attachment) else prepare(asked, settings)
    way = _way(launch)
    environ = _environ(launch, cwd, settings)
    program, named_python, environ = _program(launch, way, cwd, environ)
    script = program.name if program.kind == "program" else None
    near = script or (os.path.join(cwd, launch.pytest[0].partition("::")[0]) if launch.pytest else None)
    interpreter = choose(
        launch.python if launch.python is not None else named_python, cwd=cwd, program=near, environ=environ
    )
    if named_python is not None:
        interpreter = replace(interpreter, origin="named by the command")
    plan = Plan(
        program_file=script if script and not os.path.isdir(script) else None,
        module=program.name if program.kind == "module" else None,
        roots=_roots(script, cwd),
        first_path=os.path.dirname(os.path.realpath(script)) if script else cwd,
        break_on=exception_filters(launch.break_on),
        stop_on_entry=launch.stop_on_entry,
    )
    target = LaunchTarget(
        program,
        interpreter,
        cwd,
        environ,
        launch.just_my_code,
        follow_children=launch.follow_children,
        pytest=way == "pytest",
    )
    return Prepared(
        target,
        plan,
        cwd,
        _in_words(launch, way, program),
        (cwd, *plan.roots, *site_packages(interpreter)),
        _python(interpreter, cwd),
    )


def _roots(script: str | None, cwd: str) -> tuple[str, ...]:
    """Folders of the user's own code; a console script lies among others that are not his."""
    beside = [os.path.dirname(script)] if script is not None and script.endswith(".py") else []
    return tuple(dict.fromkeys([*beside, cwd]))


def _check_texts(launch: Launch) -> None:
    names = ("program", "module", "code", "command", "configuration", "env_file", "cwd", "python")
    texts = [(name, getattr(launch, name)) for name in names]
    check_texts([*texts, *(("args", text) for text in launch.args), *(("pytest", t) for t in launch.pytest or ())])


def _way(launch: Launch) -> str:
    given = [name for name in _WAYS if getattr(launch, name) is not None]
    if len(given) != 1:
        what = "and ".join(f"{name} " for name in given) + "given" if given else "nothing to run"
        hint = "Give exactly one of program, module, code, pytest, command and configuration."
        raise InvalidArgument("program", what, hint=hint)
    if launch.pytest is not None and launch.stop_on_entry:
        raise InvalidArgument("stop_on_entry", "does not go with pytest", hint="Set a breakpoint in the test.")
    if launch.command is not None and launch.args:
        raise InvalidArgument("args", "does not go with command", hint="Write them into the command.")
    return given[0]


def _environ(launch: Launch, cwd: str, settings: Settings) -> dict[str, str]:
    environ: Mapping[str, str] = settings.environ
    if launch.env_file is not None:
        path = source_file("env_file", launch.env_file, (cwd,))
        environ = {**environ, **env_files.read(path, environ)}
    return changed_environ(environ, launch.env)


def _program(launch: Launch, way: str, cwd: str, environ: dict[str, str]) -> tuple[Program, str | None, dict[str, str]]:
    """What runs, the interpreter it names itself, and its environment."""
    args, flags = tuple(launch.args), tuple(launch.flags)
    if launch.command is not None:
        typed = commands.parse(launch.command, cwd=cwd, environ=environ, python=launch.python)
        if typed.kind == "module":
            _check_module(typed.name, "command")
        return Program(typed.kind, typed.name, typed.args, typed.flags), typed.python, {**environ, **typed.environ}
    if launch.pytest is not None:
        own = () if any(arg == "-s" or arg.startswith("--capture") for arg in args) else (_UNCAPTURED,)
        return Program("module", "pytest", (*own, *launch.pytest, *args), flags), None, environ
    if launch.module is not None:
        _check_module(launch.module, "module")
        return Program("module", launch.module, args, flags), None, environ
    if launch.code is not None:
        if not launch.code.strip():
            raise InvalidArgument("code", "is empty")
        return Program("code", launch.code, args, flags), None, environ
    assert launch.program is not None
    return Program("program", source_file("program", launch.program, (cwd,)), args, flags), None, environ


def _check_module(module: str, parameter: str) -> None:
    if not _MODULE.fullmatch(module):
        raise InvalidArgument(parameter, f"{module!r} is no module name", hint="Such as package.module.")


def _in_words(launch: Launch, way: str, program: Program) -> str:
    if launch.command is not None:
        return launch.command
    if launch.pytest is not None:
        return " ".join(["pytest", *launch.pytest, *launch.args])
    words = {"program": os.path.basename(program.name), "module": f"-m {program.name}", "code": "code"}
    return " ".join([words[way], *program.args])


def _python(interpreter: Interpreter, cwd: str) -> str:
    inside = interpreter.path.startswith(cwd.rstrip(os.sep) + os.sep)
    shown = os.path.relpath(interpreter.path, cwd) if inside else interpreter.path
    return f"{shown} ({interpreter.origin})"


def _configured(launch: Launch, cwd: str, settings: Settings) -> Launch | Attachment:
    """The launch, or the attachment, that a named debug configuration asks for; what the call says itself wins."""
    for name in ("module", "code", "pytest", "command"):
        if getattr(launch, name) is not None:
            raise InvalidArgument(name, "does not go with configuration", hint="Leave one of them out.")
    assert launch.configuration is not None
    file = source_file("program", launch.program, (cwd,)) if launch.program is not None else None
    found = configurations.read(launch.configuration, cwd=cwd, file=file, environ=settings.environ)
    if found.request == "attach":
        _refuse_beside_attachment(launch)
        listen = f"{found.listen[0]}:{found.listen[1]}" if found.listen is not None else None
        return Attachment(
            found.host,
            found.port,
            found.pid,
            listen,
            path_map=found.path_map,
            cwd=cwd,
            break_on=launch.break_on,
            just_my_code=launch.just_my_code and found.just_my_code,
        )
    return replace(
        launch,
        configuration=None,
        program=found.program,
        module=found.module,
        code=found.code,
        args=tuple(launch.args) or found.args,
        flags=found.flags,
        env={**found.env, **(launch.env or {})},
        env_file=launch.env_file or found.env_file,
        cwd=launch.cwd or found.cwd,
        python=launch.python or found.python,
        stop_on_entry=launch.stop_on_entry or found.stop_on_entry,
        just_my_code=launch.just_my_code and found.just_my_code,
        follow_children=launch.follow_children and found.follow_children,
    )


def _refuse_beside_attachment(launch: Launch) -> None:
    for name in ("args", "env", "env_file", "stop_on_entry"):
        if getattr(launch, name):
            hint = "The program runs already; leave it out."
            raise InvalidArgument(name, "does not go with a configuration that attaches", hint=hint)
