"""The signal by which a pause reaches a main thread that sleeps or waits: its handler is code that can be stopped in.

PEP 475 resumes the call afterwards. POSIX only; elsewhere a pause takes effect when the call returns.
"""

from __future__ import annotations

import signal
import threading

from . import native

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

PAUSE_SIGNAL = getattr(signal, "SIGURG", None)
# A name that pydevd counts as the user's own code: with just_my_code it would pass over any other without a file,
# and over the pause with it.
PAUSE_FILE = "<ipython mcp-debug pause>"
PAUSE_FUNCTION = "__mcp_debug_pause__"


def is_handler(frame: FrameType) -> bool:
    """Whether this frame is the handler's."""
    return frame.f_code.co_name == PAUSE_FUNCTION


def hear(pydevd: Any) -> None:
    """Install the handler, unless the program has one of its own for this signal.

    A program that is attached to has it already: only its main thread could install it (`injected`, `dormant`).
    """
    if PAUSE_SIGNAL is None or signal.getsignal(PAUSE_SIGNAL) not in (signal.SIG_DFL, None):
        return
    if native.current_thread() is not threading.main_thread():
        return
    names: dict[str, Any] = {}
    source = "def %s(signum, frame):\n    return None\n" % PAUSE_FUNCTION
    exec(compile(source, PAUSE_FILE, "exec"), names)
    signal.signal(PAUSE_SIGNAL, names[PAUSE_FUNCTION])
    siginterrupt = getattr(signal, "siginterrupt", None)
    if siginterrupt is not None:
        siginterrupt(PAUSE_SIGNAL, True)
