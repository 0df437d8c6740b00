# Parsed by any Python, even one too old for annotations: children find it on PYTHONPATH too.
# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs, allow-untyped-calls
"""The dormant hook: a program started with this folder on PYTHONPATH can be attached to by a signal.

Nothing is loaded and nothing listens until then. SIGURG is ignored by programs that do not ask for it, so a
signal to the wrong process harms nobody; and it does nothing here unless settings wait in a place where only the
same user can have put them. Children find the hook on PYTHONPATH too.
"""


def _listen(package):
    import _signal  # type: ignore[import-not-found]

    number = getattr(_signal, "SIGURG", None)
    if number is None:
        return
    before = _signal.getsignal(number)
    # Bound here: the sitecustomize we shadow takes over our globals.
    attach_if_asked, settings_file = _attach_if_asked, _settings_file
    names = {"_attach_if_asked": lambda signum, frame: attach_if_asked(package, settings_file(), before, signum, frame)}
    # Name and file are those of pause_signal.PAUSE_FUNCTION: once attached, the same signal makes `pause` heard.
    source = "def __mcp_debug_pause__(signum, frame):\n    _attach_if_asked(signum, frame)\n"
    exec(compile(source, "<ipython mcp-debug pause>", "exec"), names)
    try:
        _signal.signal(number, names["__mcp_debug_pause__"])
    except ValueError:
        return


def _attach_if_asked(package, settings_file, before, signum, frame):
    if settings_file is not None:
        names = {}
        path = package + "/injected.py"
        with open(path, "rb") as file:
            exec(compile(file.read(), path, "exec"), names)
        names["attach"](settings_file)
    elif callable(before):
        before(signum, frame)


def _settings_file():
    """The path where our settings wait, None where there are none; injection.settings_file says the same."""
    import os

    folder = "/tmp/mcp-debug-%d" % os.geteuid()
    path = "%s/%d" % (folder, os.getpid())
    try:
        for name, kind in ((folder, 0o040700), (path, 0o100600)):
            status = os.lstat(name)
            if status.st_uid != os.geteuid() or status.st_mode != kind:
                return None
    except OSError:
        return None
    return path


def _run_shadowed(here):
    """Run the sitecustomize we shadow; without one, look to `site` as if there was none."""
    import os
    import sys
    from _frozen_importlib_external import PathFinder

    path = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    spec = PathFinder.find_spec("sitecustomize", path)
    if spec is None:
        sys.modules.pop("sitecustomize", None)
        raise ImportError("No module named 'sitecustomize'", name="sitecustomize")
    names = globals()
    names.update(__spec__=spec, __file__=spec.origin, __loader__=spec.loader, __cached__=spec.cached)
    exec(spec.loader.get_code("sitecustomize"), names)


def _main():
    import os
    import sys

    here = os.path.dirname(os.path.abspath(__file__))
    if sys.version_info >= (3, 8):
        _listen(os.path.dirname(here))
    _run_shadowed(here)


_main()
