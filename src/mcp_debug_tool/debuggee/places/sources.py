"""The text of source files as the program itself would read them: files, members of archives, code without a file.

Nothing of the program's is imported for it, and nothing of the standard library that a file beside the program could
stand before: `zipimport` is part of every interpreter, zlib is kept from before the program began.
"""

from __future__ import annotations

import io
import linecache
import os
import sys
import tokenize
import zlib
from types import ModuleType
from typing import Any

from .. import read_only

MAX_BYTES = 4 * 1024 * 1024

# Source of code that has no file (`python -c`), by the file name its frames carry.
given: dict[str, str] = {}


class Unresolved(Exception):
    """A breakpoint's place cannot be found; the text says why."""


def is_made_up(file: str) -> bool:
    """Whether a name is none of a file, such as `<string>`: code that was compiled from text."""
    return file.startswith("<") and file.endswith(">")


def canonical(file: str) -> str:
    """The one name of a file that may be reached by several."""
    return file if is_made_up(file) else os.path.realpath(file)


def exists(file: str) -> bool:
    """Whether there is such a file, or such a member of an archive."""
    return os.path.exists(file) or _member(file) is not None


def read(file: str) -> str:
    """The text of `file`, decoded as Python would decode it.

    Raises:
        Unresolved: it cannot be read; the text says why.
    """
    if is_made_up(file) or file in given:
        text = of_code(file)
        if text is None:
            raise Unresolved("the program knows no source of %s (linecache); give its line" % file)
        return text
    try:
        return _decoded(_bytes(file))
    except FileNotFoundError:
        raise Unresolved("there is no %s for the program%s" % (file, _same_name(file)))
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise Unresolved("%s cannot be read: %s" % (file, error))


def source_lines(text: str) -> list[str]:
    """The lines of a source text as Python numbers them: a form feed or U+2028 ends none."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def of_code(name: str, names: dict[str, Any] | None = None) -> str | None:
    """The text of code that was compiled under `name`; None where nobody has kept it.

    The server knows what `python -c` runs, linecache what doctest, attrs, IPython and others have generated, and a
    module's loader what it has loaded. `names`: the global names of a frame of it.
    """
    if name in given:
        return given[name]
    # With the names of a frame it would ask their loader, which may be the program's own.
    kept = linecache.getlines(name, None if read_only.is_on else names)
    if kept:
        return "".join(line if line.endswith("\n") else line + "\n" for line in kept)
    if is_made_up(name):
        return None if read_only.is_on else _of_loader(name, names)
    try:
        return _decoded(_inflated(name))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return None


def of_frame(frame: Any) -> str | None:
    """The text that a frame's line is a line of."""
    name = frame.f_code.co_filename
    if not getattr(frame, "IS_PLUGIN_FRAME", False):
        return of_code(name, frame.f_globals)
    try:
        return _bytes(name).decode("utf-8", "replace")  # a template
    except (OSError, Unresolved):
        return None


def _of_loader(name: str, names: dict[str, Any] | None) -> str | None:
    """linecache asks no loader for a name in angle brackets."""
    for module in [names] if names is not None else _modules():
        loader: Any = module.get("__loader__")
        origin = getattr(module.get("__spec__"), "origin", None)
        if name in (module.get("__file__"), origin) and hasattr(loader, "get_source"):
            try:
                text = loader.get_source(module.get("__name__"))
            except Exception:
                return None  # the loader is the program's own
            return text if isinstance(text, str) else None
    return None


def _modules() -> list[dict[str, Any]]:
    return [vars(module) for module in list(sys.modules.values()) if isinstance(module, ModuleType)]


def _bytes(file: str) -> bytes:
    try:
        if os.path.getsize(file) > MAX_BYTES:
            raise Unresolved("%s is larger than %d MiB" % (file, MAX_BYTES >> 20))
        with open(file, "rb") as stream:
            return stream.read()
    except NotADirectoryError:
        content = _inflated(file)
        if len(content) > MAX_BYTES:
            raise Unresolved("%s is larger than %d MiB" % (file, MAX_BYTES >> 20))
        return content


def _decoded(content: bytes) -> str:
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    return io.TextIOWrapper(io.BytesIO(content), encoding).read()


def _member(file: str) -> Any:
    """The importer of the archive that has `file` inside; None where `file` is in none."""
    archive = os.path.dirname(file)
    while archive and not os.path.exists(archive) and archive != os.path.dirname(archive):
        archive = os.path.dirname(archive)
    zipimport: Any = sys.modules["zipimport"]
    if not os.path.isfile(archive):
        return None
    try:
        importer = zipimport.zipimporter(archive)
    except zipimport.ZipImportError:
        return None
    return importer if file[len(archive) + 1 :] in zipimport._zip_directory_cache[archive] else None


def _inflated(file: str) -> bytes:
    """The content of an archive's member; zipimport looks for zlib anew each time."""
    importer = _member(file)
    if importer is None:
        raise FileNotFoundError(file)
    is_ours = "zlib" not in sys.modules
    if is_ours:
        sys.modules["zlib"] = zlib
    try:
        content: bytes = importer.get_data(file)
    except OSError:
        raise
    except Exception as error:
        raise OSError("the archive is damaged, or has changed since: %s" % error)
    finally:
        if is_ours:
            sys.modules.pop("zlib", None)
    return content


def _same_name(file: str) -> str:
    """The files of that name whose code has run, for one who looks in another folder."""
    name = os.path.basename(file)
    paths = [module.get("__file__") for module in _modules()]
    same = [path for path in paths if isinstance(path, str) and os.path.basename(path) == name]
    found = sorted(set(map(os.path.abspath, same)))
    return ", which runs %s: see path_map" % ", ".join(found[:3]) if found else ""
