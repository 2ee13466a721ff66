"""The settings page on this machine: plays the part of the CloudWatch dashboard for `handlers.settings.widget`.

`GET /` is a page that shows the widget's HTML and runs its buttons; `POST /settings` is the dashboard's call of the
function. The page's policy allows no inline styles, so it has those of the widget from a file. Only pages of this
server can make the call: it requires a header that a browser sends from no other site, and `own_requests` rejects
other names and sites.
"""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final
from uuid import uuid4
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from handlers.pages import MEDIA_TYPES
from handlers.settings.page import STYLE as STYLE_OF_WIDGET
from handlers.settings.widget import SettingsWidget
from local.gateway import GatewayResponse, LocalContext
from local.pages.site import ACCOUNTS, headers, page

STYLE: Final = "/settings.css"
CALL: Final = "/settings"
_MAX_BYTES: Final = 64_000
_SECONDS: Final = 30


def with_settings_page(gateway: WSGIApplication, widget: Callable[[], SettingsWidget]) -> WSGIApplication:
    """Return the gateway with the settings page in front of it; `widget` makes it for each call of the function."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] not in (ACCOUNTS.path, STYLE, CALL):
            return gateway(environ, start_response)
        answer = _answer(environ, widget)
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    return application


def _answer(environ: WSGIEnvironment, widget: Callable[[], SettingsWidget]) -> GatewayResponse:
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if path != CALL and method in ("GET", "HEAD"):
        return _ok(page(ACCOUNTS)) if path == ACCOUNTS.path else _ok(STYLE_OF_WIDGET, MEDIA_TYPES["css"])
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


def _ok(text: str, media_type: str = MEDIA_TYPES["html"]) -> GatewayResponse:
    return GatewayResponse(HTTPStatus.OK, headers(media_type), text.encode())


def _refused(status: HTTPStatus) -> GatewayResponse:
    return GatewayResponse(status, headers("text/plain; charset=utf-8"), f"{status.value} {status.phrase}\n".encode())
