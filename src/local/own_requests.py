"""Who may speak to a server of this machine: its programs, and the server's own pages in a browser.

The page of any site can make a browser send requests to 127.0.0.1. It can read the answers as well when the site's name
is pointed there (DNS rebinding). Such a request gives itself away by the name it asks for, or by where it comes from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from http import HTTPStatus
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from local.gateway import GatewayResponse

NAMES: Final = ("127.0.0.1", "localhost", "[::1]")
"""What this machine calls itself."""

_HTTP_PORT: Final = "80"
_READING: Final = ("GET", "HEAD")
_NOT_THIS_SERVER: Final = GatewayResponse.of_error(
    HTTPStatus.MISDIRECTED_REQUEST,
    "This server is for this machine alone: ask for it as 127.0.0.1 or localhost, with its port.",
)
_ANOTHER_SITE: Final = GatewayResponse.of_error(
    HTTPStatus.FORBIDDEN, "The page of another site may change nothing here."
)


def own_requests_only(application: WSGIApplication, names: Collection[str] = NAMES) -> WSGIApplication:
    """The WSGI application, behind a check of Host and Origin: 421 for another name, 403 for another site.

    `names`: the host names to answer to, in lower case, each with the server's own port.
    """

    def checked(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        refusal = _refusal(environ, names)
        if refusal is None:
            return application(environ, start_response)
        start_response(f"{refusal.status} {HTTPStatus(refusal.status).phrase}", refusal.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [refusal.body]

    return checked


def _refusal(environ: WSGIEnvironment, names: Collection[str]) -> GatewayResponse | None:
    port = str(environ["SERVER_PORT"])
    own = {f"{name}:{port}" for name in names} | (set(names) if port == _HTTP_PORT else set())
    # There must be exactly one (RFC 9112 section 3.2); of several the web server makes a list, which is no name.
    if str(environ.get("HTTP_HOST", "")).lower() not in own:
        return _NOT_THIS_SERVER
    origin = environ.get("HTTP_ORIGIN")
    if origin is None or environ["REQUEST_METHOD"] in _READING:
        return None
    return None if str(origin).lower() in {f"http://{host}" for host in own} else _ANOTHER_SITE
