"""Protection of the local server from web pages: it answers only programs of this machine and its own pages.

The page of any site can make a browser send requests to 127.0.0.1, and can read the answers if the site's name resolves
to that address (DNS rebinding). The Host or the Origin header of such a request shows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from local.gateway import GatewayResponse

_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")
"""The host names of this machine, in lower case; requests name them with the server's own port."""

_HTTP_PORT: Final = "80"
_READING: Final = ("GET", "HEAD")
_NOT_THIS_SERVER: Final = GatewayResponse.of_error(
    HTTPStatus.MISDIRECTED_REQUEST,
    "This server only serves this machine: use 127.0.0.1 or localhost and its port in the address.",
)
_ANOTHER_SITE: Final = GatewayResponse.of_error(
    HTTPStatus.FORBIDDEN, "Pages of other sites cannot change anything here."
)


def own_requests_only(application: WSGIApplication) -> WSGIApplication:
    """Put a check of Host and Origin in front of a WSGI application: 421 for another name, 403 for another site."""

    def checked(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        refusal = _refusal(environ)
        if refusal is None:
            return application(environ, start_response)
        start_response(f"{refusal.status} {HTTPStatus(refusal.status).phrase}", refusal.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [refusal.body]

    return checked


def _refusal(environ: WSGIEnvironment) -> GatewayResponse | None:
    port = str(environ["SERVER_PORT"])
    own = {f"{name}:{port}" for name in _NAMES} | (set(_NAMES) if port == _HTTP_PORT else set())
    # There must be exactly one (RFC 9112 section 3.2). The web server joins several into a list, which matches no name.
    if str(environ.get("HTTP_HOST", "")).lower() not in own:
        return _NOT_THIS_SERVER
    origin = environ.get("HTTP_ORIGIN")
    if origin is None or environ["REQUEST_METHOD"] in _READING:
        return None
    return None if str(origin).lower() in {f"http://{host}" for host in own} else _ANOTHER_SITE
