"""The read-only checks of `rollcall doctor`: one endpoint, over HTTP, as an identity provider calls it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import httpx

from cli.wording import counted
from domain import remedies
from domain.accounts.connector_key import ConnectorKey
from domain.documents import Json
from handlers.jobs.checks import CheckFailed, require_scim_error, total_results

SCIM_JSON: Final = "application/scim+json"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the check list."""

    name: str
    ok: bool
    seen: str
    fix: str | None = None


@dataclass
class CheckList:
    """Runs checks one after the other; the caller skips those that depend on a failed one."""

    done: list[Check] = field(default_factory=list)
    interrupted: bool = False
    """True if somebody pressed Ctrl-C."""

    def run(self, name: str, check: Callable[[], str]) -> bool:
        """Run one check: it returns what it saw, or raises `CheckFailed`."""
        try:
            self.done.append(Check(name, True, check()))
        except CheckFailed as failure:
            self.done.append(Check(name, False, failure.seen, failure.fix))
        except (AttributeError, LookupError, TypeError):
            # A malformed answer must not end the other checks, nor keep the test user from being removed.
            fix = "Check that the Base URL is Rollcall's. If it is, look at the service's log."
            self.done.append(Check(name, False, "the answer does not have the form that SCIM requires", fix))
        return self.done[-1].ok

    @property
    def ok(self) -> bool:
        """True if every check passed."""
        return all(check.ok for check in self.done)


class Endpoint:
    """The SCIM endpoint over HTTP. Base URL and path are joined as text, as identity providers do."""

    def __init__(self, client: httpx.Client, base_url: str, key: str) -> None:
        self._client = client
        self.base_url = base_url
        self.key = key

    def ask(self, method: str, path: str, body: Json | None = None, *, key: str | None = None) -> httpx.Response:
        """Send one request; raises `CheckFailed` when there is no answer."""
        headers = {"Authorization": f"Bearer {key or self.key}", "Accept": SCIM_JSON}
        try:
            response = self._client.request(
                method,
                self.base_url + path,
                headers=headers if body is None else {**headers, "Content-Type": SCIM_JSON},
                json=body,
            )
        except httpx.TimeoutException as error:
            raise CheckFailed("no answer in time", "Look at the functions' alarms and log; try again.") from error
        except httpx.ConnectError as error:
            raise CheckFailed(
                f"no connection: {error}",
                "Check the host name and the certificate; for the local server: make run.",
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CheckFailed(f"no answer: {type(error).__name__}", "Check the SCIM Connector Base URL.") from error
        return response

    def expect(self, status: int, method: str, path: str, body: Json | None = None, *, key: str | None = None) -> Json:
        """Send a request and return the JSON of its answer, {} when it is empty (see `smoke_test.Transport`)."""
        response = self.ask(method, path, body, key=key)
        if response.status_code != status:
            raise CheckFailed(_shown(response, status), _fix(response), response.status_code)
        if not response.content:
            return {}
        kind = response.headers.get("Content-Type", "")
        if not kind.startswith(SCIM_JSON):
            raise CheckFailed(f"Content-Type is {kind or 'missing'}", "Check that the Base URL is Rollcall's.")
        return _json(response)


def check_base_url(base_url: str) -> str:
    """Check that identity providers accept the address: https, nothing after the path, no underscore for Okta."""
    parts = urlsplit(base_url)
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise CheckFailed("the address is not https", "Use https: identity providers send the key to this address.")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CheckFailed("the address is not a URL", "Copy it again from: rollcall account show NAME.")
    if base_url.endswith("/"):
        raise CheckFailed(
            "the address ends with a slash", "Remove the slash: JumpCloud appends paths without removing it."
        )
    if parts.query or parts.fragment:
        raise CheckFailed("the address has something after its path", "Remove the ? or # and everything after it.")
    if "_" in base_url:
        raise CheckFailed(
            "the address has an underscore", "Okta refuses underscores: deploy with another stage or domain name."
        )
    return "https" if parts.scheme == "https" else "http, on this computer only"


def check_key(key: str) -> str:
    """Check that the key is complete."""
    if key.lower().startswith("bearer"):
        raise CheckFailed("the key begins with Bearer", "Paste only the key, which starts with rck_.")
    parsed = ConnectorKey.parse(key)
    if parsed is None:
        raise CheckFailed("the key is cut or mistyped", "Copy it again: rollcall account show NAME --reveal.")
    return f"a key of account {parsed.account}"


def check_wrong_key(endpoint: Endpoint, wrong: str) -> str:
    """Check that another key of the same form is refused."""
    require_scim_error(401, endpoint.expect(401, "GET", "/Users?count=1", key=wrong))
    return "refused with 401"


def extensions_of_users(endpoint: Endpoint) -> list[str]:
    """Return the URNs of the extensions that /ResourceTypes lists of the User, as far as they are texts."""
    types = endpoint.expect(200, "GET", "/ResourceTypes").get("Resources")
    of_users = [each for each in types or () if isinstance(each, dict) and each.get("name") == "User"]
    listed = [one for each in of_users for one in each.get("schemaExtensions") or () if isinstance(one, dict)]
    return [one["schema"] for one in listed if isinstance(one.get("schema"), str)]


def check_list(endpoint: Endpoint) -> str:
    """Read a list of users, as JumpCloud's Test Connection does."""
    return counted(total_results(endpoint.expect(200, "GET", "/Users")), "user")


def _json(response: httpx.Response) -> Json:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise CheckFailed("the answer is not a JSON object", "Check that the Base URL is Rollcall's.")
    return answer


def _shown(response: httpx.Response, expected: int) -> str:
    try:
        detail = _json(response).get("detail")
    except CheckFailed:
        detail = None
    seen = f"{response.status_code} instead of {expected}"
    return f"{seen}: {detail}" if isinstance(detail, str) else seen


_FIXES: Final = {
    401: "Use the account's current key: rollcall account show NAME --reveal.",
    403: "Switch SCIM on (rollcall account enable NAME), or end the pause (rollcall account resume NAME). If neither "
    "helps, something in front of the service refuses the request.",
    404: "Check the path of the Base URL: it must end with /scim/v2.",
    409: "Choose another --test-email, or remove that user: rollcall users delete --account NAME --email ADDRESS.",
    429: "There are too many requests at the moment: try again. If this continues, look at the throttling alarm.",
}


_FORBIDDEN: Final = {
    remedies.ENABLE_ACCOUNT: f"Switch SCIM on: {remedies.enable_account()}",
    remedies.resume(""): f"If the change is intended, end the pause: {remedies.resume()}",
}
"""The one fix of a refusal, by the command that its detail names."""


def _fix(response: httpx.Response) -> str:
    if response.status_code >= 500:
        return "Look at the service's alarms and log for this request."
    if response.is_redirect:
        return "Use the address that the redirection leads to, without a slash at its end."
    if response.status_code == 403:
        # What the service refuses names the command that ends it.
        named = next((fix for command, fix in _FORBIDDEN.items() if command in response.text), None)
        if named is not None:
            return named
    return _FIXES.get(response.status_code, "Look at the service's log for this request.")


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
