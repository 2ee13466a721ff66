"""The set-up page's site inside a browser: the page's files, and answers that a test chooses, without a server."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any, Final

from playwright.sync_api import Locator, Page, Request, Route

from domain.accounts.consoles import IdentityProvider
from handlers.pages import MEDIA_TYPES
from handlers.setup.view import SetupView
from support.setup_pages import BASE_URL, KEY, NOW, REFUSED, fragment, setup_view

ORIGIN: Final = "https://abc123.execute-api.eu-central-1.amazonaws.com"
LINK: Final = f"{ORIGIN}/live/setup#rcs_acme_0123456789ABCDEFGHIJKLMNOPQRSTUV"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Refusal:
    """An answer other than 200; with `html` False, that of a gateway."""

    status: int
    html: bool = True
    retry_after: int | None = None


@dataclass
class SetupSite:
    """What the site answers, which a test may change at any time, and what it was asked."""

    view: SetupView = field(default_factory=lambda: setup_view(None))
    refusal: Refusal | None = None
    is_down: bool = False
    asked: list[tuple[str, Any]] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def serve(self, page: Page) -> None:
        """Answer every request of a page, and listen to its console."""
        page.route("**/*", self._answer)
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _answer(self, route: Route) -> None:
        request = route.request
        path = request.url.partition("#")[0].removeprefix(f"{ORIGIN}/live/")
        if request.url.startswith(f"{ORIGIN}/live/setup") and request.method == "GET":
            _fulfil(route, *_file(path))
        elif not request.url.startswith(f"{ORIGIN}/live/setup/"):
            self.foreign.append(request.url)
            route.abort()
        elif self.is_down:
            route.abort("connectionrefused")
        else:
            self._call(route, request, path.removeprefix("setup/"))

    def _call(self, route: Route, request: Request, name: str) -> None:
        body = json.loads(request.post_data or "{}")
        self.asked.append((name, body))
        if self.refusal:
            _refuse(route, self.refusal)
        elif name == "reveal" and (self.view.revealed_at or not self.view.enabled):
            _refuse(route, Refusal(409))
        elif name == "reveal":
            self.set(revealed_at=NOW)
            _fulfil(route, "html", fragment("key.html", account="acme", base_url=BASE_URL, key=KEY))
        else:
            if name == "choose":
                idp: IdentityProvider = body["idp"]
                self.set(idp=idp)
            _fulfil(route, "html", fragment("view.html", view=self.view))

    def set(self, **changes: Any) -> None:
        """Change fields of the view."""
        self.view = replace(self.view, **changes)


def button(tab: Page, name: str) -> Locator:
    """The button of that name."""
    return tab.get_by_role("button", name=name, exact=True)


def light(tab: Page, text: str) -> Locator:
    """A step of the progress, by its name."""
    return tab.get_by_role("listitem").filter(has=tab.get_by_text(text, exact=True))


def _file(path: str) -> tuple[str, str]:
    if path == "setup":
        return "html", fragment("page.html")
    name = path.removeprefix("setup/")
    return name.rpartition(".")[2], files("handlers.setup").joinpath("assets", name).read_text(encoding="utf-8")


def _fulfil(route: Route, kind: str, body: str) -> None:
    route.fulfill(body=body, headers={"Content-Type": MEDIA_TYPES[kind], "Content-Security-Policy": POLICY})


def _refuse(route: Route, refusal: Refusal) -> None:
    headers = {"Content-Type": MEDIA_TYPES["html"] if refusal.html else "application/json"}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    body = fragment("refused.html", **REFUSED) if refusal.html else '{"message": "Limit Exceeded"}'
    route.fulfill(status=refusal.status, headers=headers, body=body)
