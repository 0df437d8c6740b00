"""Who may use the server over HTTP: bearer tokens (RFC 6750), each of a principal.

Only digests of tokens are kept. One is compared with all of them, whatever the first of them says, so that the time it
takes tells nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from ..errors import UsageError

MIN_LENGTH = 16
MAX_FILE = 64 * 1024
DEFAULT_PRINCIPAL = "user"
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")


class Tokens:
    """Principals by their tokens."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """`pairs`: name and token of each.

        Raises:
            UsageError: a name or token is malformed, or one token has two principals.
        """
        self._names: dict[bytes, str] = {}
        for name, token in pairs:
            if not _NAME.fullmatch(name):
                raise UsageError(f"token: {name!r} is no name for a principal: 1 to 64 of A-Z a-z 0-9 . _ @ -")
            if len(token) < MIN_LENGTH or not _TOKEN.fullmatch(token):
                raise UsageError(f"token: that of {name} has to be {MIN_LENGTH} or more of A-Z a-z 0-9 . _ ~ + / -")
            if self._names.setdefault(_digest(token), name) != name:
                raise UsageError(f"token: {name} and {self._names[_digest(token)]} have the same one")

    @property
    def principals(self) -> list[str]:
        """Their names, in the order of the file."""
        return list(dict.fromkeys(self._names.values()))

    def principal(self, token: str) -> str | None:
        """Whose token this is, if anybody's."""
        presented, found = _digest(token), None
        for digest, name in self._names.items():
            if hmac.compare_digest(digest, presented):
                found = name
        return found


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def read_tokens(path: Path) -> Tokens:
    """The tokens of a file: one a line, as `name: token` or alone; empty lines and those that begin with # are none.

    Raises:
        UsageError: it cannot be read, may be read or written by others, or holds no token.
    """
    try:
        with path.open("rb") as file:
            _require_private(path, os.fstat(file.fileno()))
            text = file.read(MAX_FILE).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"token file {path}: {error}") from None
    pairs = [_pair(line) for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]
    if not pairs:
        raise UsageError(f"token file {path}: it holds no token", hint="Write one a line, as name: token.")
    return Tokens(pairs)


def _pair(line: str) -> tuple[str, str]:
    name, colon, token = line.partition(":")
    return (name.strip(), token.strip()) if colon else (DEFAULT_PRINCIPAL, line)


def _require_private(path: Path, status: os.stat_result) -> None:
    if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
        raise UsageError(f"token file {path}: other users may read or change it", hint=f"chmod 600 {path}")


def kept_tokens(path: Path) -> Tokens:
    """The token in this file, which is made, for this user alone to read, where there is none.

    Raises:
        UsageError: as for read_tokens, or the file cannot be made.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_tokens(path)
    except OSError as error:
        raise UsageError(f"token file {path}: {error}") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(32) + "\n")
    return read_tokens(path)
