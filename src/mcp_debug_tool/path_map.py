"""Where the program's files stand here: a remote program runs other copies of the files its user looks at."""

from __future__ import annotations

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


SAME = PathMap()


def path_map(pairs: Sequence[tuple[str, str]]) -> PathMap:
    """A map of absolute folders, the longest of several that fit taken first.

    Raises:
        InvalidArgument: a folder is not absolute.
    """
    for local, remote in pairs:
        for name, folder in (("local", local), ("remote", remote)):
            if not folder.startswith("/") and ":" not in folder[:3]:
                hint = "Name the folder as the program knows it, such as /srv/app."
                raise InvalidArgument("path_map", f"{name} {folder!r} is not absolute", hint=hint)
    return PathMap(tuple((local.rstrip("/") or "/", remote.rstrip("/") or "/") for local, remote in pairs))


def _moved(file: str, pairs: Sequence[tuple[str, str]]) -> str:
    fitting = [(old, new) for old, new in pairs if file == old or file.startswith(old.rstrip("/") + "/")]
    if not fitting:
        return file
    old, new = max(fitting, key=lambda pair: len(pair[0]))
    rest = file[len(old.rstrip("/")) :]
    return (new.rstrip("/") + rest if rest.strip("/") else new) or "/"
