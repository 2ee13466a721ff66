"""The answers of the set-up page as proxy results, with the headers that every one of them has."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from jinja2 import Environment

from handlers.pages import MEDIA_TYPES

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""No inline script or style, no other host, no form, no frame. The script puts fragments of this server into the page,
so Trusted Types would need a policy that lets every fragment through: the templates escape instead."""

HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "clipboard-write=(self), camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


class Refused(Exception):
    """A request that is refused: the status and reason for the log, and the texts of the fragment."""

    def __init__(
        self,
        status: HTTPStatus,
        reason: str,
        *,
        title: str,
        explanation: str,
        remedy: str,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.texts = {"title": title, "explanation": explanation, "remedy": remedy}
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class Answers:
    """Renders the page's templates."""

    templates: Environment

    def page(self, template: str, **variables: object) -> dict[str, Any]:
        """An answer of 200 with a page or a fragment."""
        return self._html(HTTPStatus.OK, template, {}, variables)

    def refusal(self, refused: Refused) -> dict[str, Any]:
        """The fragment of a refusal."""
        return self._html(refused.status, "refused.html", refused.headers, refused.texts)

    def _html(
        self, status: HTTPStatus, template: str, headers: dict[str, str], variables: dict[str, Any]
    ) -> dict[str, Any]:
        text = self.templates.get_template(template).render(variables)
        return _result(status, {"Content-Type": MEDIA_TYPES["html"], **headers}, text)


def file_answer(name: str, content: str) -> dict[str, Any]:
    """An answer of 200 with a file of the page."""
    return _result(HTTPStatus.OK, {"Content-Type": MEDIA_TYPES[name.rpartition(".")[2]]}, content)


def _result(status: HTTPStatus, headers: dict[str, str], body: str) -> dict[str, Any]:
    return {"statusCode": status.value, "headers": {**HEADERS, **headers}, "body": body, "isBase64Encoded": False}
