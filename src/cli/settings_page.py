"""The settings page on this machine: plays the part of the CloudWatch dashboard for `handlers.settings_widget`.

`GET /` is a page that shows the widget's HTML and runs its buttons; `POST /settings` is the dashboard's call of the
function. Only pages of this very server may call it: a browser sends the header it asks for from nowhere else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final

from cli.local_gateway import Answer, LocalContext
from handlers import settings_widget

PAGE: Final = "/"
CALL: Final = "/settings"
_MAX_BYTES: Final = 64_000
_HEADERS: Final = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
]


_SECONDS: Final = 30

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def with_settings_page(gateway: Application) -> Application:
    """The gateway, with the settings page in front of it."""

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] not in (PAGE, CALL):
            return gateway(environ, start_response)
        answer = _answer(environ)
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    return application


def _answer(environ: dict[str, Any]) -> Answer:
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if path == PAGE and method in ("GET", "HEAD"):
        return _html(files("cli").joinpath("settings_page.html").read_text(encoding="utf-8"))
    if path != CALL or method != "POST":
        return _refused(HTTPStatus.METHOD_NOT_ALLOWED)
    if environ.get("HTTP_X_ROLLCALL_SETTINGS") != "1" or not _is_own_host(environ):
        return _refused(HTTPStatus.FORBIDDEN)
    if int(environ.get("CONTENT_LENGTH") or 0) > _MAX_BYTES:
        return _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        event = json.loads(environ["wsgi.input"].read())
    except ValueError:
        return _refused(HTTPStatus.BAD_REQUEST)
    if not isinstance(event, dict):
        return _refused(HTTPStatus.BAD_REQUEST)
    context = LocalContext("settings", "SettingsWidget", 512, time.monotonic() + _SECONDS)
    return _html(settings_widget.handler(event, context))


def _is_own_host(environ: dict[str, Any]) -> bool:
    """Whether the browser asked for this machine by its own name, so that no foreign name can be pointed here."""
    host = str(environ.get("HTTP_HOST", "")).rsplit(":", 1)[0]
    return host in ("127.0.0.1", "localhost")


def _html(text: str) -> Answer:
    return Answer(HTTPStatus.OK, _HEADERS, text.encode())


def _refused(status: HTTPStatus) -> Answer:
    return Answer(status, _HEADERS, f"{status.value} {status.phrase}\n".encode())
