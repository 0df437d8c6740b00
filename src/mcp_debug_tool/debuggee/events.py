"""DAP events of our own: what the program's side has to tell without being asked."""

from __future__ import annotations

from typing import Any


def send(name: str, body: dict[str, Any]) -> None:
    """Send the event `name`; nothing happens where the debugger is gone."""
    import pydevd
    from _pydevd_bundle.pydevd_comm_constants import CMD_RETURN
    from _pydevd_bundle.pydevd_net_command import NetCommand

    debugger = pydevd.get_global_debugger()
    if debugger is not None:
        event = {"type": "event", "event": name, "seq": 0, "body": body}
        debugger.writer.add_command(NetCommand(CMD_RETURN, 0, event, is_json=True))
