"""Checks of single parameters that several calls share: each gives a usable value or names what is wrong."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from ..errors import InvalidArgument

# Linux gives one argument at most 128 KiB.
MAX_ARGUMENT = 128 * 1024 - 1


def check_texts(texts: Iterable[tuple[str, str | None]]) -> None:
    """Refuse texts that cannot be passed to a program; each comes with the name of its parameter."""
    for name, text in texts:
        if text is not None and "\0" in text:
            raise InvalidArgument(name, "contains a NUL character")
        if text is not None and len(os.fsencode(text)) > MAX_ARGUMENT:
            raise InvalidArgument(name, f"is longer than {MAX_ARGUMENT} bytes", hint="Put it into a file.")


def folder(cwd: str | None, base: str) -> str:
    """An existing folder as an absolute path; `base` is where relative ones begin, and the default."""
    path = os.path.normpath(os.path.join(base, os.path.expanduser(cwd or ".")))
    if not os.path.isdir(path):
        what = "is not a directory" if os.path.exists(path) else "does not exist"
        raise InvalidArgument("cwd", f"{path} {what}", hint="Give an existing directory.")
    return path


def source_file(parameter: str, file: str, folders: Sequence[str]) -> str:
    """The absolute path of a readable, regular file; a relative one is taken from the first folder that has it.

    Raises:
        InvalidArgument: naming `parameter`.
    """
    if "\0" in file:
        raise InvalidArgument(parameter, "contains a NUL character")
    path = placed_file(file, folders)
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


def placed_file(file: str, folders: Sequence[str]) -> str:
    """The absolute path of a file, in the first folder that has it; in the first of all where none does."""
    given = os.path.expanduser(file)
    candidates = [os.path.normpath(os.path.join(folder, given)) for folder in folders]
    candidates += [] if given.isascii() else [as_on_disk(candidate) for candidate in candidates]
    return next((candidate for candidate in candidates if os.path.exists(candidate)), candidates[0])


def as_on_disk(path: str) -> str:
    """The path as the disk spells it: `é` may be one character there or two, which nobody can see or choose to type."""
    folder, name = os.path.split(path)
    if os.path.exists(path) or not name:
        return path
    folder = as_on_disk(folder)
    try:
        entries = os.listdir(folder)
    except OSError:
        return path
    wanted = unicodedata.normalize("NFC", name)
    same = [entry for entry in entries if unicodedata.normalize("NFC", entry) == wanted]
    return os.path.join(folder, same[0] if same else name)


def changed_environ(environ: Mapping[str, str], changes: Mapping[str, str | None] | None) -> dict[str, str]:
    """The environment with these variables set, and those that are None removed."""
    result = dict(environ)
    for name, value in (changes or {}).items():
        if not name or "=" in name or "\0" in name or "\0" in (value or ""):
            raise InvalidArgument("env", f"{name!r} is no name or value of a variable")
        if value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result
