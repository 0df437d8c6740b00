"""First code of ours in the program: found on PYTHONPATH, run by `site` before CPython starts the real main.

Because it runs this early, the program's `__main__`, argv, sys.path, frames and tracebacks are those of a
plain run. It starts the debugger, undoes every change of the environment that got it here, and hands over to
the sitecustomize it shadows.
"""


def _start_debugger(here):
    import os
    import sys

    before = set(sys.modules)
    settings = os.environ.pop("MCP_DEBUG_BOOT", None)
    path = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    # What the caller has on PYTHONPATH may be named like the modules we import: it comes last for us.
    # `site` has made these absolute.
    theirs = {os.path.abspath(entry or ".") for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep)}
    sys.path[:] = sorted(path, key=lambda entry: os.path.abspath(entry or ".") in theirs)
    try:
        if settings is not None:
            _boot(settings, os.path.dirname(here), before, sorted(theirs - {here}))
    except BaseException:
        if settings.startswith("child-"):
            _leave_no_trace(here, path)
            return
        # `site` would print this and let the program run on, undebugged.
        try:
            import traceback

            sys.stderr.write("mcp-debug could not start the debugger in this program:\n")
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(120)
    sys.path[:] = path


def _leave_no_trace(here, path):
    """A child that cannot be followed runs as it would have without us."""
    import os
    import sys

    sys.path[:] = path
    theirs = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry and entry != here]
    os.environ.pop("PYTHONPATH", None)
    if theirs:
        os.environ["PYTHONPATH"] = os.pathsep.join(theirs)


def _boot(settings, package, before, folders):
    import os
    import sys

    if sys.version_info < (3, 8):
        raise RuntimeError("Python 3.8 or newer is needed, this is %s" % sys.version.split()[0])
    import importlib.util

    spec = importlib.util.spec_from_file_location(
        "_mcp_debuggee", os.path.join(package, "__init__.py"), submodule_search_locations=[package]
    )
    # Containers often set PYTHONDONTWRITEBYTECODE; compiling pydevd anew would cost every launch 300-700 ms.
    keep, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    try:
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        from _mcp_debuggee import boot

        boot.start(settings[6:] if settings.startswith("child-") else settings, before, folders)
    finally:
        sys.dont_write_bytecode = keep


def _run_shadowed(here):
    """Run the sitecustomize we shadow; without one, look to `site` as if there was none."""
    import sys
    from importlib.machinery import PathFinder

    sys.path_importer_cache.pop(here, None)
    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is None:
        sys.modules.pop("sitecustomize", None)
        raise ImportError("No module named 'sitecustomize'", name="sitecustomize")
    names = globals()
    names.update(__spec__=spec, __file__=spec.origin, __loader__=spec.loader, __cached__=spec.cached)
    exec(spec.loader.get_code("sitecustomize"), names)


def _main():
    import os

    here = os.path.dirname(os.path.abspath(__file__))
    _start_debugger(here)
    _run_shadowed(here)


_main()
