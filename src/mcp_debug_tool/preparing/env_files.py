"""Variables of a dotenv file, as python-dotenv reads them, with the environment handed in.

python-dotenv expands `${VAR}` from `os.environ`. Its parser is used here without that step, so that nothing but the
given environment is read and nothing is changed. Values may be secrets: no error shows one.
"""

from __future__ import annotations

import io
import os
import re
import stat
from collections import ChainMap
from collections.abc import Mapping

from dotenv.parser import Binding, parse_stream
from dotenv.variables import parse_variables

from ..errors import InvalidArgument

MAX_FILE = 1 << 20
# What Linux gives arguments and environment together, unless told otherwise; a short file that doubles a
# variable in each line would else fill the memory.
MAX_EXPANDED = 2 << 20
_NEWLINE = re.compile(r"\r\n|\n|\r")


def read(path: str, environ: Mapping[str, str], *, parameter: str = "env_file") -> dict[str, str]:
    """The variables of the dotenv file at the absolute `path`, in its order.

    `${VAR}` and `${VAR:-default}` stand for the file's earlier lines, then for `environ`, then for nothing.
    A bare name without `=` is left out.

    Raises:
        InvalidArgument: naming `parameter`; the file cannot be read, or the line that does not parse.
    """
    values: dict[str, str] = {}
    known = ChainMap(values, dict(environ))
    room = MAX_EXPANDED
    for binding in parse_stream(io.StringIO(text(path, parameter))):
        _check(binding, path, parameter)
        if binding.key is None or binding.value is None:
            continue
        value = _expanded(binding.value, known, room)
        if value is None:
            what = f"line {_line(binding)} of {path} makes the variables longer than {MAX_EXPANDED >> 20} MiB"
            raise InvalidArgument(parameter, what, hint="Shorten what it refers to.")
        values[binding.key] = value
        room -= len(value)
    return values


def text(path: str, parameter: str, *, hint: str = "Name an existing text file.") -> str:
    """The text of a regular file of at most 1 MiB in UTF-8, with or without a byte order mark.

    Raises:
        InvalidArgument: naming `parameter`.
    """
    try:
        # Before it is opened: opening a FIFO would wait for its other end.
        status = os.stat(path)
        problem = _problem(status)
        if problem is not None:
            raise InvalidArgument(parameter, f"{path} {problem}", hint=hint)
        with open(path, "rb") as file:
            content = file.read(MAX_FILE + 1)
    except FileNotFoundError as error:
        raise InvalidArgument(parameter, f"{path} does not exist", hint=hint) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name cannot be used"
        raise InvalidArgument(parameter, f"{path!r} cannot be read: {reason}", hint=hint) from error
    if len(content) > MAX_FILE:
        raise InvalidArgument(parameter, f"{path} is larger than {MAX_FILE >> 20} MiB", hint=hint)
    return _decoded(content, path, parameter)


def _problem(status: os.stat_result) -> str | None:
    if stat.S_ISDIR(status.st_mode):
        return "is a directory"
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file"
    return f"is larger than {MAX_FILE >> 20} MiB" if status.st_size > MAX_FILE else None


def _decoded(content: bytes, path: str, parameter: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"line {line} of {path} is not UTF-8"
    # Outside the handler: the error that was handled holds the file's bytes.
    raise InvalidArgument(parameter, what, hint="Save the file as UTF-8.")


def _check(binding: Binding, path: str, parameter: str) -> None:
    """Refuse what does not parse, and what no environment can hold."""
    if binding.error:
        raise InvalidArgument(
            parameter,
            f"line {_line(binding)} of {path} does not parse",
            hint="Each line is NAME=value; a value with spaces around # or over several lines stands in quotes.",
        )
    if "\0" in binding.original.string or "=" in (binding.key or ""):
        what = f"line {_line(binding)} of {path} is no name and value of a variable"
        raise InvalidArgument(parameter, what, hint="Names have no =, and neither part has a NUL character.")


def _line(binding: Binding) -> int:
    # The parser counts from the blank lines before a statement.
    blank = re.match(r"\s*", binding.original.string)
    return binding.original.line + (len(_NEWLINE.findall(blank.group())) if blank else 0)


def _expanded(value: str, known: Mapping[str, str], room: int) -> str | None:
    """The value with its variables replaced, or None where that is longer than `room`."""
    parts = []
    for atom in parse_variables(value):
        part = atom.resolve(known)
        room -= len(part)
        if room < 0:
            return None
        parts.append(part)
    return "".join(parts)
