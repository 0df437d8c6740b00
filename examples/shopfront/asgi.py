"""The shop as an ASGI application: uvicorn asgi:app --reload."""

from collections.abc import Awaitable, Callable
from typing import Any

from orders import total


async def app(scope: dict[str, Any], receive: object, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    if scope["type"] != "http":
        return
    cents = total({scope["path"].rpartition("/")[2]: 1})
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": str(cents).encode()})
