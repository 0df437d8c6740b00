"""Our code for the inside of a program, as one expression: for programs that were started without us."""

from __future__ import annotations

import base64
import functools
import json
import zlib
from pathlib import Path

from .interpreters import PACKAGE

# What brings our code into a program that is started with it.
_NOT_SENT = ("inject", "dormant")
# Reads the sources in `code`, makes the package of them and lets it settle in. Any Python from 3.8 on.
_LOADER = """
import json, sys, zlib
from importlib.machinery import ModuleSpec
class Sources(object):
    def __init__(self, texts):
        self.texts = texts
        self.packages = {other.rpartition(".")[0] for other in texts}
    def find_spec(self, name, path=None, target=None):
        if name in self.texts:
            return ModuleSpec(name, self, origin="<mcp-debug>/%s.py" % name, is_package=name in self.packages)
        return None
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        origin = module.__spec__.origin
        module.__file__ = origin
        exec(compile(self.texts[module.__name__], origin, "exec", dont_inherit=True), module.__dict__)
def load():
    for name in [name for name in sys.modules if name.partition(".")[0] == "_mcp_debuggee"]:
        del sys.modules[name]
    finder = Sources(json.loads(zlib.decompress(code)))
    sys.meta_path.insert(0, finder)
    try:
        for name in finder.texts:
            __import__(name)
    finally:
        sys.meta_path.remove(finder)
    sys.modules["_mcp_debuggee"].sent = zlib.crc32(code)
if getattr(sys.modules.get("_mcp_debuggee"), "sent", None) != zlib.crc32(code):
    load()
sys.modules["_mcp_debuggee"].settle()
"""


@functools.cache
def loader() -> str:
    """The expression that loads `debuggee/` as `_mcp_debuggee`, replacing one that differs.

    The same one stays: what it has patched in pydevd is patched once, and asks the modules that were there then.
    """
    files = [path for path in sorted(Path(PACKAGE).rglob("*.py")) if path.parent.name not in _NOT_SENT]
    texts = {_module_name(path): path.read_text(encoding="utf-8") for path in files}
    packed = base64.b85encode(zlib.compress(json.dumps(texts).encode(), 9)).decode()
    return f"exec({_LOADER!r}, {{'code': __import__('base64').b85decode({packed!r})}})"


def _module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(["_mcp_debuggee", *(part for part in parts if part != "__init__")])
