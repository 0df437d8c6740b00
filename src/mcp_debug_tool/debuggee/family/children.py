"""Follow the program's own processes: each Python it starts is given our settings, each fork connects again.

pydevd would rewrite a child's command line, tokens and all. Here a child gets what the program itself got: our folder
on PYTHONPATH and the settings through an inherited pipe; both are gone before its own code runs. POSIX only:
elsewhere children run free.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from .. import connecting, events
from ..command_lines import CommandLine, read_command
from ..running import native

_BOOT = "MCP_DEBUG_BOOT"
_SHELLS = ("sh", "bash", "dash", "zsh", "ksh")
_HELPERS = (
    "from multiprocessing.resource_tracker import",
    "from multiprocessing.semaphore_tracker import",
)
# A pipe holds this much before anyone reads.
_MAX_SETTINGS = 60_000
_MAX_COMMAND = 200


def follow(pydevd: Any, config: dict[str, Any]) -> None:
    """Follow all children from now on, with the settings this process itself was given."""
    if os.name != "posix":
        return
    follower = _Follower(pydevd, config)
    follower.patch_exec()
    os.register_at_fork(after_in_child=follower.reconnect)


class _Follower(object):
    """Hands the settings on."""

    def __init__(self, pydevd: Any, config: dict[str, Any]) -> None:
        self._pydevd = pydevd
        self._config = config
        self._execing = native.local()

    def patch_exec(self) -> None:
        """Stand before every call by which Python starts another program."""
        import _posixsubprocess

        fork_exec = _posixsubprocess.fork_exec

        def followed_fork_exec(
            args: Any, executables: Any, close_fds: Any, keep: Any, cwd: Any, env: Any, *rest: Any
        ) -> Any:
            with self._offer(args, executables, env, cwd) as (environ, descriptors):
                if descriptors:
                    keep = tuple(sorted({*keep, *descriptors}))
                    env = [os.fsencode(name) + b"=" + os.fsencode(value) for name, value in environ.items()]
                return fork_exec(args, executables, close_fds, keep, cwd, env, *rest)

        _posixsubprocess.fork_exec = followed_fork_exec
        subprocess = sys.modules.get("subprocess")
        if getattr(subprocess, "_fork_exec", None) is fork_exec:
            setattr(subprocess, "_fork_exec", followed_fork_exec)
        self._patch_execv()
        self._patch_posix_spawn()
        self._patch_system()

    def _patch_execv(self) -> None:
        execv, execve = os.execv, os.execve

        def followed_execve(path: Any, argv: Any, env: Any) -> None:
            with self._offer(argv, [path], env, None, replaces=os.getpid()) as (environ, descriptors):
                for descriptor in descriptors:
                    os.set_inheritable(descriptor, True)
                execve(path, argv, environ if descriptors else env)

        def followed_execv(path: Any, argv: Any) -> None:
            with self._offer(argv, [path], None, None, replaces=os.getpid()) as (environ, descriptors):
                for descriptor in descriptors:
                    os.set_inheritable(descriptor, True)
                if descriptors:
                    execve(path, argv, environ)
                execv(path, argv)

        setattr(os, "execv", followed_execv)
        setattr(os, "execve", followed_execve)
        if execve in os.supports_fd:
            os.supports_fd.add(followed_execve)

    def _patch_posix_spawn(self) -> None:
        for name in ("posix_spawn", "posix_spawnp"):
            original = getattr(os, name, None)
            if original is not None:
                setattr(os, name, self._followed_spawn(original))

    def _followed_spawn(self, original: Callable[..., int]) -> Callable[..., int]:
        def followed_spawn(path: Any, argv: Any, env: Any, **options: Any) -> int:
            with self._offer(argv, [path], env, None) as (environ, descriptors):
                for descriptor in descriptors:
                    os.set_inheritable(descriptor, True)
                    actions, kept = _kept_open(options.get("file_actions") or (), descriptor)
                    options["file_actions"] = actions
                    environ[_BOOT] = "child-fd:%d" % kept
                return original(path, argv, environ if descriptors else env, **options)

        return followed_spawn

    def _patch_system(self) -> None:
        system = os.system

        def told_system(command: Any) -> int:
            self._tell(os.fsdecode(command), "started through a shell")
            return system(command)

        os.system = told_system

    @contextmanager
    def _offer(
        self, args: Any, executables: Any, env: Any, cwd: Any, replaces: int = 0
    ) -> Iterator[tuple[dict[str, str], list[int]]]:
        """The environment for a child, and the descriptors it must inherit: none where it is not followed.

        `replaces`: the process that is to become it, by an exec; a pid alone does not tell, for it may be given again.
        """
        environ: dict[str, str] = {}
        descriptors: list[int] = []
        self._execing.now = True
        try:
            folder = os.fsdecode(cwd) if cwd is not None else os.getcwd()
            command = self._command(_texts(args), _texts(executables), folder) if self._has_debugger() else None
            if command is not None:
                environ = _mapping(os.environ if env is None else env)
                descriptors = self._settings_for_child(environ, command, folder, replaces)
        except Exception:
            descriptors = []  # whatever it is, the program's own call must say so, or work
        try:
            yield environ, descriptors
        finally:
            self._execing.now = False
            for descriptor in descriptors:
                os.close(descriptor)

    def _has_debugger(self) -> bool:
        if getattr(self._execing, "soon", False):
            return True  # it has not been brought up for the few lines before
        debugger = self._pydevd.get_global_debugger()
        return debugger is not None and not debugger.pydb_disposed

    def _command(self, args: Sequence[str], executables: Sequence[str], folder: str) -> CommandLine | None:
        """The command line of a child that is to be followed."""
        command = read_command(args, executables, folder)
        if command is None:
            if args and os.path.basename(args[0]) in _SHELLS and "-c" in args[1:3]:
                self._tell(args[-1], "started through a shell")
            return None
        if command.name.startswith(_HELPERS) or os.path.join("debugpy", "adapter") in command.name:
            return None
        if command.is_closed:
            self._tell(" ".join(args), "its flags keep the debugger out")
            return None
        return command

    def _settings_for_child(
        self, environ: dict[str, str], command: CommandLine, folder: str, replaces: int = 0
    ) -> list[int]:
        theirs = environ.get("PYTHONPATH")
        inject = os.path.join(self._config["package"], "inject")
        script = os.path.realpath(os.path.join(folder, command.name))
        settings = {
            **self._config,
            "replaces": replaces,
            "pytest": False,  # that was the agent's own run
            "environ": {"PYTHONPATH": theirs, _BOOT: None},
            "first_path": os.path.dirname(script) if command.kind == "script" else folder,
        }
        text = json.dumps(settings).encode()
        if len(text) > _MAX_SETTINGS:
            return []
        reader, writer = os.pipe()
        with open(writer, "wb") as pipe:
            pipe.write(text)
        environ["PYTHONPATH"] = inject if not theirs else inject + os.pathsep + theirs
        environ[_BOOT] = "child-fd:%d" % reader
        return [reader]

    def _tell(self, command: str, reason: str) -> None:
        events.send("mcpDebugNotFollowed", {"command": command[:_MAX_COMMAND], "reason": reason})

    def reconnect(self) -> None:
        """In a forked child: bring the debugger up again, unless another program takes its place at once."""
        if getattr(self._execing, "now", False):
            return
        if _is_gevents_subprocess():
            self._execing.soon = True
            return
        try:
            from _pydevd_bundle import pydevd_constants
            from _pydevd_bundle.pydevd_custom_frames import custom_frames_container_init

            from .. import about
            from ..stopping import breakpoints, suspension

            about.note_fork()
            pydevd_constants.after_fork()
            custom_frames_container_init()
            if sys.version_info >= (3, 12):
                from _pydevd_sys_monitoring import pydevd_sys_monitoring

                pydevd_sys_monitoring.reset_thread_local_info()
            # It may have been a daemon, such as the thread of a pool that replaces workers: pydevd waits for none.
            setattr(native.current_thread(), "__pydevd_main_thread", True)
            breakpoints.forget()
            suspension.forget()
            connecting.connect(self._pydevd, self._config)
        except Exception:
            return  # the server is gone: the child runs on as it would have


def _is_gevents_subprocess() -> bool:
    """Whether this is a fork for a subprocess of gevent's, which does in Python what CPython does in C."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == "_execute_child" and frame.f_globals.get("__name__") == "gevent.subprocess":
            return True
        frame = frame.f_back
    return False


def _kept_open(actions: Sequence[Any], descriptor: int) -> tuple[list[Any], int]:
    """File actions of posix_spawn that leave `descriptor` open, and the number it then has (3.13 closes all)."""
    close_from = getattr(os, "POSIX_SPAWN_CLOSEFROM", None)
    kept: list[Any] = []
    number = descriptor
    for action in actions:
        if close_from is not None and action[0] == close_from:
            number = action[1]
            kept += [(os.POSIX_SPAWN_DUP2, descriptor, number), (close_from, number + 1)]
        else:
            kept.append(action)
    return kept, number


def _texts(values: Any) -> list[str]:
    return [os.fsdecode(value) for value in values]


def _mapping(env: Any) -> dict[str, str]:
    """An environment in any form it is passed in."""
    if hasattr(env, "items"):
        return {os.fsdecode(name): os.fsdecode(value) for name, value in env.items()}
    entries = [os.fsdecode(entry).partition("=") for entry in env]
    return {name: value for name, _, value in entries}
