"""The set-up page: a customer's administrator opens it with a link, and needs no account of this service.

The token behind the # of the link opens the page. Browsers do not send that part of an address; the page's script sends
it in the header Authorization. So the token is in no log of paths and no Referer header, and no other site can make a
browser send it. Every refusal of a token is one and the same answer.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final, cast, get_args

from adapters.aws import Clients
from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from adapters.environment import Variables
from adapters.logs import telemetry
from adapters.logs.log import Log
from adapters.logs.setup_activity import InsightsSetupLog
from adapters.secrets.conditional_change import AdministrationError
from adapters.secrets.guesses import Guesses
from adapters.secrets.setup_links import KeyShownBefore, LinkClosed, OpenedLink, SetupLinks, SwitchedOff
from domain.accounts.account import IdentityProvider
from domain.accounts.consoles import console_setups
from domain.accounts.setup_links import SetupToken, TooManyChoices
from domain.errors import ScimError
from domain.limits import MAX_SETUP_BODY_BYTES
from handlers.environment.setup import SetupEnvironment
from handlers.http import Event, HttpRequest
from handlers.pages import MEDIA_TYPES, templates_of
from handlers.routes import SETUP_PATH
from handlers.setup import refusals
from handlers.setup.answers import Answers, Refused, file_answer
from handlers.setup.progress import ProgressReader
from handlers.setup.view import SetupView
from handlers.start import made_at_start

REQUESTS_OF_A_LINK: Final = 60
"""In a minute and in one container."""
REFUSED_OF_AN_ADDRESS: Final = 30
"""Requests of an address with a token that opens nothing, in a minute and in one container."""
_MINUTE: Final = 60.0
_SECONDS_TO_COUNT: Final = 2.0
"""For the numbers of users and groups, for which the page does not wait longer."""

_POSTS: Final = ("view", "choose", "reveal")
_IDPS: Final = get_args(IdentityProvider)


def _assets() -> Mapping[str, str]:
    """The files that the page loads, by name: what is not among them is not served, whatever a path says."""
    found = files("handlers.setup").joinpath("assets").iterdir()
    return {
        file.name: file.read_text(encoding="utf-8") for file in found if file.name.rpartition(".")[2] in MEDIA_TYPES
    }


@dataclass(frozen=True, slots=True)
class Limits:
    """How often one container answers."""

    links: Guesses = field(default_factory=lambda: Guesses(REQUESTS_OF_A_LINK, _MINUTE / REQUESTS_OF_A_LINK))
    refused: Guesses = field(default_factory=lambda: Guesses(REFUSED_OF_AN_ADDRESS, _MINUTE / REFUSED_OF_AN_ADDRESS))


@dataclass(slots=True)
class _Line:
    """The log fields of one request: none has a value of it."""

    operation: str = "other"
    account: str | None = None
    """The account of a link that opens; a token that opens nothing may name any."""
    reason: str | None = None
    cause: str | None = None
    revealed_by: str | None = None
    """The id of the link that has shown the key, whether its answer arrived or not."""


@dataclass(frozen=True, slots=True)
class SetupPage:
    """The page of one deployment. `base_url` overrides the SCIM Connector Base URL that a request shows."""

    base_url: str | None
    links: SetupLinks
    progress: ProgressReader
    open_table: Callable[[], Table]
    log: Log
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = time.monotonic
    limits: Limits = field(default_factory=Limits)
    answers: Answers = field(default_factory=lambda: Answers(templates_of("handlers.setup")))
    assets: Mapping[str, str] = field(default_factory=_assets)

    @classmethod
    def from_env(cls, env: Variables = os.environ) -> SetupPage:
        """Raise `InvalidEnvironment` for a variable that is missing."""
        environment, clients = SetupEnvironment.from_env(env), Clients()
        table = Table(clients.dynamodb, environment.table_name)
        return cls(
            environment.base_url,
            SetupLinks(clients.secretsmanager, environment.connector_secret_prefix, lambda: "set-up page"),
            ProgressReader(InsightsSetupLog(clients.logs, environment.log_groups)),
            lambda: table,
            Log.to_output(),
        )

    def __call__(self, event: Event, context: Any) -> dict[str, Any]:
        """Answer one request and write its log line."""
        line, request = _Line(), HttpRequest.of(event, self.base_url)
        try:
            answer = self._answer(request, line)
        except Refused as refused:
            line.reason, answer = refused.reason, self.answers.refusal(refused)
        except Exception as error:
            # Only the class and place: the text of an unexpected error may have values of the request.
            line.reason, line.cause = "unexpected", telemetry.place_of(error)
            answer = self.answers.refusal(refusals.unavailable("unexpected"))
        request_id = request.request_id or str(context.aws_request_id)
        telemetry.setup_request(
            self.log,
            answer["statusCode"],
            {
                "request_id": request_id,
                "operation": line.operation,
                "account": line.account,
                "reason": line.reason,
                "cause": line.cause,
            },
        )
        if line.revealed_by is not None and line.account is not None:
            actor = f"set-up link {line.revealed_by}"
            telemetry.audit(self.log, "key-revealed", line.account, actor, request_id)
        return answer

    def _answer(self, request: HttpRequest, line: _Line) -> dict[str, Any]:
        name = request.path.removeprefix(SETUP_PATH).removeprefix("/")
        if name in _POSTS:
            line.operation = name
            if request.method != "POST":
                raise refusals.wrong_method("POST")
            return self._post(name, request, line)
        if name and name not in self.assets:
            raise refusals.no_such_page()
        line.operation = "file" if name else "page"
        if request.method not in ("GET", "HEAD"):
            raise refusals.wrong_method("GET", "HEAD")
        return file_answer(name, self.assets[name]) if name else self.answers.page("page.html")

    def _post(self, name: str, request: HttpRequest, line: _Line) -> dict[str, Any]:
        _require_own_page(request)
        body = _body(request)
        token = self._token(request)
        try:
            opened = self.links.open(token)
            line.account = opened.connector.account
            match name:
                case "choose":
                    return self._view(self.links.choose(token, _chosen(body)), request)
                case "reveal":
                    opened = self.links.reveal(token)
                    line.revealed_by = opened.link.id
                    return self._key(opened, request)
                case _:
                    return self._view(opened, request)
        except LinkClosed:
            self.limits.refused.count(request.address, self.clock())
            raise refusals.closed() from None
        except TooManyChoices:
            raise refusals.chosen_too_often() from None
        except KeyShownBefore:
            raise refusals.shown_before() from None
        except SwitchedOff:
            raise refusals.switched_off() from None
        except ScimError as error:
            raise refusals.unavailable(error.reason) from None
        except AdministrationError:
            raise refusals.unavailable("secrets-manager-unavailable") from None

    def _token(self, request: HttpRequest) -> SetupToken:
        """The well-formed token of a request within the limits."""
        now = self.clock()
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        token = SetupToken.parse(text) if scheme.lower() == "bearer" else None
        is_known = token is not None and self.progress.knows(token.digest)
        # Who has shown a link that opens is no guesser: others may share the address.
        if not is_known and (wait := self.limits.refused.wait(request.address, now)):
            raise refusals.too_often(wait)
        if token is None:
            self.limits.refused.count(request.address, now)
            raise refusals.closed()
        link = token.digest.hex()
        if wait := self.limits.links.wait(link, now):
            raise refusals.too_often(wait)
        self.limits.links.count(link, now)
        return token

    def _key(self, opened: OpenedLink, request: HttpRequest) -> dict[str, Any]:
        return self.answers.page(
            "key.html",
            account=opened.connector.account,
            base_url=request.base_url,
            key=opened.connector.current.key.text,
        )

    def _view(self, opened: OpenedLink, request: HttpRequest) -> dict[str, Any]:
        connector, link, now = opened.connector, opened.link, self.now()
        groups = connector.settings.groups
        progress = self.progress.of(opened, now)
        view = SetupView(
            account=connector.account,
            base_url=request.base_url,
            groups=groups,
            enabled=connector.enabled,
            idp=link.idp,
            consoles=console_setups(request.base_url, connector.current.key.masked, groups=groups),
            expires_at=link.expires_at,
            revealed_at=link.revealed_at,
            lights=progress.lights,
            failures=progress.failures,
            users=self._count(connector.account),
            user_groups=self._count(connector.account, groups=True) if groups else 0,
            now=now,
            up_to_date=progress.up_to_date,
        )
        return self.answers.page("view.html", view=view)

    def _count(self, account: str, *, groups: bool = False) -> int | None:
        """How many users or groups the account has; None when the table does not answer in time."""
        found = self.open_table().account(account, MonotonicDeadline.after(_SECONDS_TO_COUNT))
        try:
            return found.groups.total() if groups else found.users.total()
        except ScimError:
            return None


def _require_own_page(request: HttpRequest) -> None:
    """Refuse what a page of another site sends. A browser says so; a program that has the token may leave it out."""
    origin = "/".join(request.base_url.split("/")[:3])
    if request.headers.get("origin", origin).lower() != origin.lower():
        raise refusals.another_site()
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise refusals.another_site()


def _body(request: HttpRequest) -> dict[str, Any]:
    """The body, which is a JSON object or empty."""
    if len(request.body) > MAX_SETUP_BODY_BYTES:
        raise refusals.too_large()
    content_type = request.headers.get("content-type", "")
    if (request.body or content_type) and content_type.partition(";")[0].strip().lower() != "application/json":
        raise refusals.not_json()
    try:
        value = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise refusals.bad_request("invalid-syntax") from None
    if not isinstance(value, dict):
        raise refusals.bad_request("invalid-syntax")
    return value


def _chosen(body: Mapping[str, Any]) -> IdentityProvider:
    idp = body.get("idp")
    if not isinstance(idp, str) or idp not in _IDPS:
        raise refusals.bad_request("invalid-value")
    return cast(IdentityProvider, idp)


handler: Final = made_at_start(SetupPage.from_env)
