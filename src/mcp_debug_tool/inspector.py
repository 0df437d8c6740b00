"""Asks the code of ours inside the program (`debuggee/`), by DAP `evaluate` of one call with JSON arguments."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .dap_client import MAX_REASON, REQUEST_SECONDS, DAPClient
from .errors import AdapterError


class Inspector:
    """Calls entries of `debuggee/` over a DAPClient."""

    def __init__(self, client: DAPClient) -> None:
        self._client = client

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        frame_id: int | None = None,
        seconds: float = REQUEST_SECONDS,
    ) -> Any:
        """The answer of one entry; with `frame_id` it runs on that frame's stopped thread.

        Raises:
            AdapterError: the code inside failed, or the frame is gone.
            NotResponding: no answer within `seconds`.
            ProtocolError: the connection has ended.
        """
        expression = f"__import__('sys').modules['_mcp_debuggee'].call({name!r}, {json.dumps(arguments or {})!r})"
        # "clipboard": the one context in which pydevd does not cut the answer.
        request: dict[str, Any] = {"expression": expression, "context": "clipboard"}
        if frame_id is not None:
            request["frameId"] = frame_id
        body = await self._client.request("evaluate", request, seconds=seconds)
        return _parsed(name, str(body.get("result", "")))


def _parsed(name: str, text: str) -> Any:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise AdapterError(f"the program's debugger answered {name} with {text[:200]!r}") from error
    if isinstance(answer, dict) and "failed" in answer:
        raise AdapterError(f"{name} failed inside the program: {str(answer['failed'])[:MAX_REASON]}")
    return answer
