"""The settings page on this machine: plays the part of the CloudWatch dashboard for `handlers.settings.widget`.

`GET /` is a page that shows the widget's HTML and runs its buttons; `POST /settings` is the dashboard's call of the
function. Only pages of this server can call it: it requires a header that a browser sends from no other site, and
`own_requests` rejects other names and sites.
"""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from importlib.resources import files
from typing import Final
from uuid import uuid4
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from handlers.settings.widget import SettingsWidget
from local.gateway import GatewayResponse, LocalContext

PAGE: Final = "/"
SCRIPT: Final = "/settings.js"
CALL: Final = "/settings"
_FILES: Final = {
    PAGE: ("settings_page.html", "text/html; charset=utf-8"),
    SCRIPT: ("settings_page.js", "text/javascript; charset=utf-8"),
}
_MAX_BYTES: Final = 64_000
# CloudWatch accepts styles only in the elements, so the widget's HTML has them there.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = [
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", _POLICY),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
]
_SECONDS: Final = 30


def with_settings_page(gateway: WSGIApplication, widget: Callable[[], SettingsWidget]) -> WSGIApplication:
    """Return the gateway with the settings page in front of it; `widget` makes it for each call of the function."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] not in (*_FILES, CALL):
            return gateway(environ, start_response)
        answer = _answer(environ, widget)
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    return application


def _answer(environ: WSGIEnvironment, widget: Callable[[], SettingsWidget]) -> GatewayResponse:
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if path in _FILES and method in ("GET", "HEAD"):
        name, media_type = _FILES[path]
        return _ok(files("local").joinpath(name).read_text(encoding="utf-8"), media_type)
    if path != CALL or method != "POST":
        return _refused(HTTPStatus.METHOD_NOT_ALLOWED)
    if environ.get("HTTP_X_ROLLCALL_SETTINGS") != "1":
        return _refused(HTTPStatus.FORBIDDEN)
    if int(environ.get("CONTENT_LENGTH") or 0) > _MAX_BYTES:
        return _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        event = json.loads(environ["wsgi.input"].read())
    except (ValueError, RecursionError):
        return _refused(HTTPStatus.BAD_REQUEST)
    if not isinstance(event, dict):
        return _refused(HTTPStatus.BAD_REQUEST)
    context = LocalContext(str(uuid4()), "SettingsWidget", 512, time.monotonic() + _SECONDS, operator=getpass.getuser())
    return _ok(widget()(event, context))


def _ok(text: str, media_type: str = "text/html; charset=utf-8") -> GatewayResponse:
    return GatewayResponse(HTTPStatus.OK, [("Content-Type", media_type), *_HEADERS], text.encode())


def _refused(status: HTTPStatus) -> GatewayResponse:
    headers = [("Content-Type", "text/plain; charset=utf-8"), *_HEADERS]
    return GatewayResponse(status, headers, f"{status.value} {status.phrase}\n".encode())
