"""The stack of a thread that has come to a stop, sent along with it: the server need not ask for it first."""

from __future__ import annotations

from .. import events

TYPE_CHECKING = False  # `typing` itself is not ours to load: the program may have a file of that name
if TYPE_CHECKING:
    from typing import Any

# As many as the server shows; see its stop_reader.py.
MAX_FRAMES = 100


def tell(debugger: Any, thread_id: str) -> None:
    """Send what DAP's `stackTrace` would answer, as the event `mcpDebugStack`; what does not come is asked for."""
    from _pydevd_bundle._debug_adapter.pydevd_base_schema import BaseSchema

    try:
        made = debugger.cmd_factory.make_get_thread_stack_message(
            debugger, 0, thread_id, None, None, must_be_suspended=True, start_frame=0, levels=MAX_FRAMES
        )
        if made is not None:
            stack = made.as_dict["body"]
            events.send("mcpDebugStack", {"threadId": BaseSchema._translate_id_to_dap(thread_id), **stack})
    except Exception:
        return
