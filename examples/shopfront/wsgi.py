"""The shop as a WSGI application: gunicorn wsgi:app -w 2."""

from collections.abc import Callable

from orders import total


def app(environ: dict[str, str], start_response: Callable[..., object]) -> list[bytes]:
    cents = total({environ["PATH_INFO"].rpartition("/")[2]: 1})
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(cents).encode()]
