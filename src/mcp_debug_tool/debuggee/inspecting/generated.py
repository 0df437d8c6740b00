"""Code that stands in no file, or in an archive: what pydevd has to know of it.

pydevd counts all generated code as a library's, and passes over it. Here it is the program's own where the first frame
of that name was called by the program's own code: `exec` of one's own text is that, a rule that werkzeug has compiled
is not.
"""

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import Any

from ..places import sources
from ..templating import templates

# One name for everything that is given to exec() without one, dataclasses' methods among it.
_NAMELESS = "<string>"
# Whose code it is, by the name it was compiled under.
_owners: dict[str, bool] = {}
# Absolute paths made of relative names for which there is no file.
_nowhere: set[str] = set()


def apply(pydevd: Any) -> None:
    """Have pydevd see members of archives as files, and the program's generated code as its own."""
    _find_members()
    _tell_owners(pydevd)


def _find_members() -> None:
    """pydevd knows archives by `.zip` and `.egg` in absolute names, and would import zipfile to look into them."""
    import pydevd_file_utils

    in_library = pydevd_file_utils._get_relative_filename_abs_path
    pydevd_file_utils.exists  # noqa: B018 - is it still there?

    def absolute(filename: str, func: Any, *args: Any, **options: Any) -> Any:
        for folder in ["", *sys.path]:
            path = func(os.path.join(folder, filename))
            if sources.exists(path):
                return path
        if not filename.endswith(".py"):
            return in_library(filename, func, *args, **options)  # such as Cython's, whose frames name a .pyx
        path = func(filename)
        _nowhere.add(path)
        return path

    pydevd_file_utils._get_relative_filename_abs_path = absolute
    pydevd_file_utils.exists = sources.exists


def _tell_owners(pydevd: Any) -> None:
    from _pydevd_bundle.pydevd_filtering import FilesFiltering
    from pydevd_file_utils import absolute_path

    in_project_scope, in_project_roots = pydevd.PyDB.in_project_scope, FilesFiltering.in_project_roots

    def is_in_scope(self: Any, frame: Any, *args: Any, **options: Any) -> bool:
        return in_project_scope(self, frame, *args, **options) or _is_users(self, frame)

    def is_in_roots(self: Any, received_filename: str) -> bool:
        return absolute_path(received_filename) not in _nowhere and in_project_roots(self, received_filename)

    pydevd.PyDB.in_project_scope, FilesFiltering.in_project_roots = is_in_scope, is_in_roots


def _stands_in_no_file(name: str) -> bool:
    from _pydevd_bundle.pydevd_constants import IGNORE_BASENAMES_STARTING_WITH
    from pydevd_file_utils import absolute_path

    if sources.is_made_up(name):
        return name != _NAMELESS and not name.startswith(IGNORE_BASENAMES_STARTING_WITH)
    return bool(_nowhere) and absolute_path(name) in _nowhere


def _is_users(debugger: Any, frame: FrameType) -> bool:
    name = frame.f_code.co_filename
    if (name[:1] != "<" and not _nowhere) or not _stands_in_no_file(name):
        return False
    known = _owners.get(name)
    if known is None:
        known = _owners[name] = _was_called_by_user(debugger, frame)
    return known


def _was_called_by_user(debugger: Any, frame: FrameType) -> bool:
    back = frame.f_back
    while back is not None and _is_between(back):
        back = back.f_back
    if back is None:
        return frame.f_code.co_name == "<module>"  # the program itself, read from stdin
    return bool(debugger.in_project_scope(back))


def _is_between(frame: FrameType) -> bool:
    """Whether a frame only passes on a call of generated code: an import, a template engine, more such code."""
    name = frame.f_code.co_filename
    return name.startswith("<frozen importlib") or templates.is_engines(frame) or _stands_in_no_file(name)
