"""The file a breakpoint is set in, as a path: a file, a member of an archive, or a made-up name such as `<gen>`."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence

from ..errors import InvalidArgument
from .arguments import placed_file, source_file


def code_file(parameter: str, file: str, folders: Sequence[str]) -> str:
    """The absolute path of what a breakpoint is set in; a relative one is looked for in `folders`.

    Raises:
        InvalidArgument: naming `parameter`: there is nothing of that name that could be read.
    """
    if file.startswith("<") and file.endswith(">"):
        return file  # whether there is such code only the program knows
    for folder in folders:
        path = placed_file(file, (folder,))
        if not os.path.exists(path) and (archive := _archive_around(path)) is not None:
            _check_member(parameter, archive, path)
            return path
    return source_file(parameter, file, folders)


def _archive_around(path: str) -> str | None:
    """The zip archive that a path leads into."""
    folder = os.path.dirname(path)
    while not os.path.exists(folder) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    return folder if os.path.isfile(folder) and zipfile.is_zipfile(folder) else None


def _check_member(parameter: str, archive: str, path: str) -> None:
    member = os.path.relpath(path, archive).replace(os.sep, "/")
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
    if member in names:
        return
    if member + "c" in names:
        raise InvalidArgument(parameter, f"{archive} has {member}c only", hint="Breakpoints need the source beside it.")
    same_name = [name for name in names if os.path.basename(name) == os.path.basename(member)]
    hint = f"It has {', '.join(same_name[:3])}." if same_name else "Name a member as archive.zip/package/module.py."
    raise InvalidArgument(parameter, f"{archive} has no {member}", hint=hint)
