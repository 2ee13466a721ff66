"""Serving the pages and their data: addresses, headers, templates and files.

A page is a template; its script asks data addresses for what to show. Only pages of this server can call those: they
require a header that a browser sends from no other site, and `local.own_requests` rejects other names and sites.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from domain.documents import Json
from handlers.routes import BASE_PATH
from local.gateway import GatewayResponse
from local.pages import swagger_ui
from operations.local_events import REPLAY_ADDRESS

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the navigation: its address, its name, its template, the sources of images that its policy allows."""

    path: str
    name: str
    template: str
    images: str = "'self'"


ACCOUNTS: Final = Place("/", "Accounts", "accounts.html")
PLACES: Final = (
    ACCOUNTS,
    Place("/requests", "Requests", "requests.html"),
    Place("/users", "Users", "users.html"),
    Place("/groups", "Groups", "groups.html"),
    Place("/events", "Events", "events.html"),
    Place("/simulate", "Simulate", "simulate.html"),
    # The icons of Swagger UI are `data:` addresses in its style sheet.
    Place("/api", "API", "api.html", images="'self' data:"),
)
_BY_PATH: Final = {place.path: place for place in PLACES if place is not ACCOUNTS}

_OWN_HEADER: Final = "HTTP_X_ROLLCALL_PAGE"
_MAX_BYTES: Final = 64_000
_MAX_BYTES_OF: Final = {REPLAY_ADDRESS: 2_000_000}
"""Of the address that takes users and groups of the table: an item may have 400 KB."""


class Refused(Exception):
    """A data address does not answer; the page shows the text."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Call:
    """The call of a data address: its parameters, and the body of a POST."""

    parameters: Mapping[str, str]
    body: Json

    def number(self, name: str, least: int, most: int, default: int) -> int:
        """A whole number among the parameters; raises `Refused` when it is none or out of bounds."""
        text = self.parameters.get(name) or str(default)
        if not (text.isascii() and text.isdigit() and len(text) <= 18 and least <= int(text) <= most):
            raise Refused(HTTPStatus.BAD_REQUEST, f"{name} must be a whole number from {least} to {most}.")
        return int(text)


Data = Callable[[Call], Any]
"""Answers a call with what JSON can say; raises `Refused`."""
Address = tuple[str, str]
"""The method and the path of a data address."""


def with_pages(gateway: WSGIApplication, data: Mapping[Address, Data]) -> WSGIApplication:
    """Return the gateway with the pages, their files and their data addresses in front of it."""
    data_paths = {path for _, path in data}

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path in data_paths:
            answer = _data(environ, data)
        elif not path.startswith(BASE_PATH) and (found := _shown(path)) is not None:
            reads = environ["REQUEST_METHOD"] in ("GET", "HEAD")
            answer = found if reads else _text(HTTPStatus.METHOD_NOT_ALLOWED)
        else:
            return gateway(environ, start_response)
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    return application


def page(place: Place, **values: object) -> str:
    """The HTML of a page: its template with these values; each is escaped."""
    template = _templates().get_template(place.template)
    return template.render(title=place.name, path=place.path, navigation=PLACES, **values)


def headers(media_type: str, images: str = "'self'") -> list[tuple[str, str]]:
    """The headers of a page or file. `images`: the sources of images that its policy allows."""
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src {images}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return [
        ("Content-Type", media_type),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", policy),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
    ]


@cache
def _templates() -> Environment:
    from handlers.pages import templates_of  # the server starts without the engine

    return templates_of("local.pages")


@cache
def _assets() -> Mapping[str, tuple[str, bytes]]:
    """Media type and content of each file of the pages, by address."""
    from handlers.pages import MEDIA_TYPES

    found = {}
    for file in files("local.pages").joinpath("assets").iterdir():
        media_type = MEDIA_TYPES.get(file.name.rpartition(".")[2])
        if media_type is not None:
            found[f"/assets/{file.name}"] = (media_type, file.read_bytes())
    icon = found["/assets/favicon.svg"]
    # Browsers ask for these by themselves.
    return found | {
        "/favicon.svg": icon,
        "/favicon.ico": icon,
        "/robots.txt": (_PLAIN, _NO_ROBOTS),
    }


_NO_ROBOTS: Final = b"User-agent: *\nDisallow: /\n"
_PLAIN: Final = "text/plain; charset=utf-8"
_HTML: Final = "text/html; charset=utf-8"
_ASKED_BY_BROWSERS: Final = (
    "/apple-touch-icon.png",
    "/apple-touch-icon-precomposed.png",
    "/.well-known/appspecific/com.chrome.devtools.json",
)
"""Addresses that browsers and their tools try. They are not found, and are not SCIM traffic."""


def _shown(path: str) -> GatewayResponse | None:
    """The page or file at an address; None when that is the gateway's."""
    if path in _BY_PATH:
        place = _BY_PATH[path]
        return GatewayResponse(HTTPStatus.OK, headers(_HTML, place.images), page(place).encode())
    if path in _ASKED_BY_BROWSERS:
        return _text(HTTPStatus.NOT_FOUND)
    if path in _assets():
        media_type, content = _assets()[path]
        return GatewayResponse(HTTPStatus.OK, headers(media_type), content)
    if (name := swagger_ui.file_name(path)) is not None:
        from handlers.pages import MEDIA_TYPES

        return GatewayResponse(HTTPStatus.OK, headers(MEDIA_TYPES[name.rpartition(".")[2]]), swagger_ui.content(name))
    return None


def _data(environ: WSGIEnvironment, data: Mapping[Address, Data]) -> GatewayResponse:
    try:
        return _json(HTTPStatus.OK, _called(environ, data))
    except Refused as refusal:
        return _json(refusal.status, {"detail": refusal.detail})


def _called(environ: WSGIEnvironment, data: Mapping[Address, Data]) -> Any:
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if environ.get(_OWN_HEADER) != "1":
        raise Refused(HTTPStatus.FORBIDDEN, "Only the pages of this server may send requests here.")
    if (method, path) not in data:
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, f"{path} does not accept {method}.")
    parameters = dict(parse_qsl(environ.get("QUERY_STRING", ""), errors="replace"))
    return data[method, path](Call(parameters, _body(environ) if method == "POST" else {}))


def _body(environ: WSGIEnvironment) -> Json:
    most = _MAX_BYTES_OF.get(environ["PATH_INFO"], _MAX_BYTES)
    if int(environ.get("CONTENT_LENGTH") or 0) > most:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body of a request may have at most {most:,} bytes.")
    try:
        body = json.loads(environ["wsgi.input"].read(most) or b"{}")
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, "The body is not a JSON object.")
    return body


def _json(status: HTTPStatus, value: object) -> GatewayResponse:
    return GatewayResponse(status, headers("application/json"), json.dumps(value).encode())


def _text(status: HTTPStatus) -> GatewayResponse:
    return GatewayResponse(status, headers(_PLAIN), f"{status.value} {status.phrase}\n".encode())
