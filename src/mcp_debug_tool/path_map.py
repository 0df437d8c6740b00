"""Where the program's files stand here: a remote program runs other copies of the files its user looks at."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import InvalidArgument


@dataclass(frozen=True)
class PathMap:
    """Pairs of folders, (local, remote), without a slash at their end; a file in no pair is the same on both sides."""

    pairs: tuple[tuple[str, str], ...] = ()

    def remote(self, file: str) -> str:
        """The name the program has for a local file."""
        return _moved(file, self.pairs)

    def local(self, file: str) -> str:
        """The local name of a file of the program's."""
        return _moved(file, [(remote, local) for local, remote in self.pairs])

    def seen_from(self, cwd: str) -> PathMap:
        """The map with remote folders that are relative, such as ".", put at the program's working folder."""
        return PathMap(tuple((local, posixpath.normpath(posixpath.join(cwd, remote))) for local, remote in self.pairs))


SAME = PathMap()


def path_map(pairs: Sequence[tuple[str, str]]) -> PathMap:
    """A map of folders, the longest of several that fit taken first; remote ones may be relative (see `seen_from`).

    Raises:
        InvalidArgument: a local folder is not absolute, or a folder has no name.
    """
    for local, remote in pairs:
        if not os.path.isabs(local):
            raise InvalidArgument("path_map", f"{local!r} is not absolute", hint="Name the whole folder on this side.")
        if not remote:
            raise InvalidArgument("path_map", f"{local} leads nowhere", hint="Name the folder the program knows it by.")
    return PathMap(tuple((local.rstrip("/") or "/", remote.rstrip("/") or "/") for local, remote in pairs))


def _moved(file: str, pairs: Sequence[tuple[str, str]]) -> str:
    fitting = [(old, new) for old, new in pairs if file == old or file.startswith(old.rstrip("/") + "/")]
    if not fitting:
        return file
    old, new = max(fitting, key=lambda pair: len(pair[0]))
    rest = file[len(old.rstrip("/")) :]
    return (new.rstrip("/") + rest if rest.strip("/") else new) or "/"
