"""Every error this package raises on purpose, split by who must act.

    DebugError
    ├── UsageError          the agent: mend the call
    │   ├── InvalidArgument     a parameter is wrong
    │   ├── UnknownSession      no such session, or which one is unclear
    │   └── WrongState          the session is not in a state for this
    ├── TargetError         the environment: program, interpreter, files
    │   └── StartFailed         the program could not be brought under the debugger
    ├── AdapterError        the debugger in the program refused or did not answer
    │   └── NotResponding       no answer within the limit
    └── ProtocolError       the wire: what came is not DAP, or the connection is gone

Anything else that escapes is a bug of ours. An error says what happened and, in `hint`, the call that mends it.
"""

from __future__ import annotations


class DebugError(Exception):
    """Base of all: `str()` says what happened, `hint` what to do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(DebugError):
    """The call does not make sense as it is."""


class InvalidArgument(UsageError):
    """A parameter has a value that cannot be used; `parameter` names it."""

    def __init__(self, parameter: str, message: str, *, hint: str = "") -> None:
        super().__init__(f"{parameter}: {message}", hint=hint)
        self.parameter = parameter


class UnknownSession(UsageError):
    """No session has this id, or none was named where several live."""


class WrongState(UsageError):
    """The session is not in a state in which this can be done."""


class TargetError(DebugError):
    """The program, its interpreter or its files are not as they must be."""


class StartFailed(TargetError):
    """The program did not come under the debugger; `output` holds the last of what it printed."""

    def __init__(self, message: str, *, hint: str = "", output: str = "") -> None:
        super().__init__(message, hint=hint)
        self.output = output


class AdapterError(DebugError):
    """The debugger inside the program refused a request."""


class NotResponding(AdapterError):
    """The debugger inside the program did not answer within the limit."""


class ProtocolError(DebugError):
    """The bytes are not DAP, or the connection has ended."""
