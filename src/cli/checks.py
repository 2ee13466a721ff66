"""The checks of `rollcall doctor` that change nothing: one endpoint seen from outside, as identity providers see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from cli.wording import counted
from domain.accounts.connector_key import ConnectorKey

Json = dict[str, Any]

SCIM_JSON: Final = "application/scim+json"
_LIST_RESPONSE: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"


class Failed(Exception):
    """A check that failed: what was seen, and what to do."""

    def __init__(self, seen: str, fix: str) -> None:
        super().__init__(seen)
        self.seen = seen
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the check list."""

    name: str
    ok: bool
    seen: str
    fix: str | None = None


@dataclass
class CheckList:
    """Runs checks one after the other; what depends on a failed one is left out by whoever runs them."""

    done: list[Check] = field(default_factory=list)

    def run(self, name: str, check: Callable[[], str]) -> bool:
        """Run one check: it returns what it saw, or raises `Failed`."""
        try:
            self.done.append(Check(name, True, check()))
        except Failed as failure:
            self.done.append(Check(name, False, failure.seen, failure.fix))
        except (AttributeError, LookupError, TypeError):
            # Whatever answers there, a check must not end the others, nor keep the test user from being removed.
            fix = "Check that the Base URL is the one of Rollcall; if it is, look at the service's log."
            self.done.append(Check(name, False, "the answer has not the form that SCIM gives it", fix))
        return self.done[-1].ok

    @property
    def ok(self) -> bool:
        """Whether every check went well."""
        return all(check.ok for check in self.done)


class Endpoint:
    """The SCIM endpoint over HTTP, addressed as identity providers do: the Base URL and a path, joined as text."""

    def __init__(self, client: httpx.Client, base_url: str, key: str) -> None:
        self._client = client
        self.base_url = base_url
        self.key = key

    def ask(self, method: str, path: str, body: Json | None = None, *, key: str | None = None) -> httpx.Response:
        """One request; raises `Failed` when there is no answer at all, or it is not from a SCIM service."""
        headers = {"Authorization": f"Bearer {key or self.key}", "Accept": SCIM_JSON}
        try:
            response = self._client.request(
                method,
                self.base_url + path,
                headers=headers if body is None else {**headers, "Content-Type": SCIM_JSON},
                json=body,
            )
        except httpx.TimeoutException as error:
            raise Failed("no answer in time", "Look at the functions' alarms and log; try again.") from error
        except httpx.ConnectError as error:
            raise Failed(
                f"no connection: {error}",
                "Check the host name and the certificate; for the local server: make run.",
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Failed(f"no answer: {type(error).__name__}", "Check the SCIM Connector Base URL.") from error
        return response

    def expect(self, status: int, method: str, path: str, body: Json | None = None, *, key: str | None = None) -> Json:
        """The JSON of an answer of that status ({} of an empty one); any other status is `Failed`."""
        response = self.ask(method, path, body, key=key)
        if response.status_code != status:
            raise Failed(_shown(response, status), _fix(response))
        if not response.content:
            return {}
        kind = response.headers.get("Content-Type", "")
        if not kind.startswith(SCIM_JSON):
            raise Failed(f"Content-Type is {kind or 'missing'}", "Check that the Base URL is the one of Rollcall.")
        return _json(response)


def check_base_url(base_url: str) -> str:
    """That identity providers take the address: https, nothing after the path, no underscore for Okta."""
    parts = urlsplit(base_url)
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise Failed("the address is not https", "Identity providers send the key there: use https.")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Failed("the address is no URL", "Copy it again from: rollcall account show NAME.")
    if base_url.endswith("/"):
        raise Failed("the address ends with a slash", "Remove the slash: JumpCloud joins paths to it as they are.")
    if parts.query or parts.fragment:
        raise Failed("the address has something after its path", "Remove everything from the ? or # on.")
    if "_" in base_url:
        raise Failed("the address has an underscore", "Okta refuses it: deploy with another stage or domain name.")
    return "https" if parts.scheme == "https" else "http, on this computer only"


def check_key(key: str) -> str:
    """That the key is whole."""
    if key.lower().startswith("bearer"):
        raise Failed("the key begins with Bearer", "Paste only the key, from rck_ on.")
    parsed = ConnectorKey.parse(key)
    if parsed is None:
        raise Failed("the key is cut or mistyped", "Copy it again: rollcall account show NAME --reveal.")
    return f"a key of account {parsed.account}"


def check_discovery(endpoint: Endpoint) -> str:
    """ServiceProviderConfig (RFC 7643 section 5)."""
    config = endpoint.expect(200, "GET", "/ServiceProviderConfig")
    if not isinstance(config.get("patch"), dict) or not isinstance(config.get("filter"), dict):
        raise Failed("the answer is no ServiceProviderConfig", "Check that the Base URL is the one of Rollcall.")
    return "served"


def check_wrong_key(endpoint: Endpoint, wrong: str) -> str:
    """That another key of the same form is refused."""
    error = endpoint.expect(401, "GET", "/Users?count=1", key=wrong)
    if _ERROR not in error.get("schemas", ()):
        raise Failed("401 without a SCIM error", "Check that nothing in front of the service answers in its place.")
    return "refused with 401"


def check_groups(endpoint: Endpoint) -> str:
    """That groups, which are not provisioned here, are a SCIM 404."""
    error = endpoint.expect(404, "GET", "/Groups")
    if _ERROR not in error.get("schemas", ()) or error.get("status") != "404":
        raise Failed("404 without a SCIM error", "Check that nothing in front of the service answers in its place.")
    return "404 with a SCIM error"


def check_list(endpoint: Endpoint) -> str:
    """JumpCloud's Test Connection: read a list of users."""
    return counted(total_results(endpoint.expect(200, "GET", "/Users")), "user")


def total_results(answer: Json) -> int:
    """totalResults of a ListResponse (RFC 7644 section 3.4.2)."""
    total = answer.get("totalResults")
    if _LIST_RESPONSE not in answer.get("schemas", ()) or not isinstance(total, int):
        raise Failed("the answer is no ListResponse", "Check that the Base URL is the one of Rollcall.")
    return total


def _json(response: httpx.Response) -> Json:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Failed("the answer is no JSON object", "Check that the Base URL is the one of Rollcall.")
    return answer


def _shown(response: httpx.Response, expected: int) -> str:
    try:
        detail = _json(response).get("detail")
    except Failed:
        detail = None
    seen = f"{response.status_code} instead of {expected}"
    return f"{seen}: {detail}" if isinstance(detail, str) else seen


_FIXES: Final = {
    401: "Use the account's current key: rollcall account show NAME --reveal.",
    403: "Switch SCIM on (rollcall account enable NAME), or let it go on where it is paused (rollcall account resume "
    "NAME). Or something in front of the service refuses.",
    404: "Check the path of the Base URL: it ends with /scim/v2.",
    409: "Choose another --test-email, or remove who has it: rollcall users show --account NAME --email ADDRESS.",
    429: "Too many requests at the moment; try again, and look at the throttling alarm if it lasts.",
}


def _fix(response: httpx.Response) -> str:
    if response.status_code >= 500:
        return "Look at the service's alarms and log for this request."
    if response.is_redirect:
        return "Use the address that the redirection leads to, without a slash at its end."
    return _FIXES.get(response.status_code, "Look at the service's log for this request.")


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
