"""Code that runs inside the program being debugged: Python 3.8 and newer, stdlib and pydevd only.

It is loaded there under the name `_mcp_debuggee`, so that it can never meet an installed copy of the project.
The server reaches it by DAP `evaluate` of one expression, `call(name, json)`; what comes back is JSON.
`boot` brings the debugger up; `lines` knows where code is, `breakpoints` when to stop, `frames` and `values`
what to show, `evaluation` how to compute and change. The server may import `lines` too: it needs no pydevd.
"""

import json


class Reply(object):
    """A JSON answer that pydevd shows unquoted and uncut: it prints foreign objects by their repr()."""

    __slots__ = ("text",)

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


def call(name, arguments):
    """Run one of the entries below with JSON keyword arguments; a failure of ours comes back as `failed`."""
    try:
        answer = _entry(name)(**json.loads(arguments))
    except Exception as error:
        answer = {"failed": "%s: %s" % (type(error).__name__, error)}
    return Reply(json.dumps(answer))


def _entry(name):
    from . import breakpoints, evaluation, frames, lines

    entries = {
        "set_sources": lines.set_sources,
        "resolve": lines.resolve,
        "main_file": lines.main_file,
        "check_program": lines.check_program,
        "set_breakpoints": breakpoints.set_table,
        "set_exceptions": breakpoints.set_exceptions,
        "hits": breakpoints.hits,
        "stop_page": frames.stop_page,
        "variables": frames.variables,
        "evaluate": evaluation.evaluate,
        "set_variable": evaluation.set_variable,
    }
    return entries[name]


def hit(key):
    """Whether the program must stop at the line `key`; the condition of each of our DAP breakpoints."""
    from . import breakpoints

    return breakpoints.hit(key)
