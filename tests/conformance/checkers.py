"""Independent checkers of SCIM services, run against a service, and their verdicts in a form that does not vary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

import httpx
from scim2_client.client import BaseSyncSCIMClient
from scim2_tester import CheckResult, Status, check_server
from scim_sanity.probe.runner import run_probe_api

from domain.accounts.rate import Rate
from domain.limits import MAX_REQUESTS_PER_SECOND
from local.service import LocalService
from support.emulated_stack import Stack

Verdicts = dict[str, dict[str, int]]
"""For each check how often it had which verdict; `passed`, or the checker's own word with its reason."""

PASSED: Final = "passed"


def scim2_tester(base_url: str, key: str) -> Verdicts:
    """The verdicts of scim2-tester, by check and resource type."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=base_url, headers=headers, timeout=30) as connection:
        results = check_server(OverHttp(connection))
    return _counted((f"{one.title} {one.resource_type or ''}".strip(), _verdict(one)) for one in results)


def scim_sanity(base_url: str, key: str) -> Verdicts:
    """The verdicts of scim-sanity in its strict mode."""
    results = run_probe_api(base_url, token=key)["results"]
    words = {"pass": PASSED, "skip": "skipped", "warn": "warning", "fail": "failed", "error": "error"}
    return _counted(
        (
            one["name"],
            words[one["status"]] + ("" if one["status"] == "pass" else f": {one.get('message', '')}"),
        )
        for one in results
    )


CHECKERS: Final[dict[str, Callable[[str, str], Verdicts]]] = {
    "scim2-tester": scim2_tester,
    "scim-sanity": scim_sanity,
}
"""By the name of the package."""


def run(service: LocalService | Stack, package: str, groups: bool) -> Verdicts:
    """The verdicts of a checker about a new account of the service, with groups or without."""
    key = service.new_account()
    # A checker deactivates and removes more users, and sends more requests, than an account may by default.
    service.accounts.configure(
        key.account, deprovisioning_limit=None, groups=groups, rate=Rate(MAX_REQUESTS_PER_SECOND)
    )
    address = service.address_in_path if isinstance(service, Stack) else service.base_url
    return CHECKERS[package](address, key.text)


def versions() -> dict[str, str]:
    """The installed version of each checker."""
    return {package: version(package) for package in CHECKERS}


class OverHttp(BaseSyncSCIMClient):
    """scim2-client's requests through httpx; the paths that it asks for are below the base URL."""

    def __init__(self, client: httpx.Client) -> None:
        super().__init__()
        self.client = client

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return not endpoint.startswith("http") or endpoint.startswith(str(self.client.base_url))

    def _parse_json(self, response: Any) -> Any:
        return response.json()

    def request(self, method: str, url: str, **kwargs: Any) -> httpx.Response:
        return self.client.request(method, url, **kwargs)


def _verdict(one: CheckResult) -> str:
    if one.status in (Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE):
        return PASSED
    first_line = (one.reason or "").splitlines()[0]
    return f"{one.status.name.lower()}: {first_line}{_difference(one.data)}"


def _difference(data: Any) -> str:
    """In which members the values that the checker compared differ, if both are there."""
    if not isinstance(data, dict) or not isinstance(data.get("expected"), list):
        return ""
    sent, received = ([value.model_dump() for value in data.get(name) or []] for name in ("expected", "actual"))
    if len(sent) != len(received):
        return f", {len(sent)} sent and {len(received)} received"
    names = {
        name
        for one, other in zip(sent, received, strict=True)
        for name in one.keys() | other.keys()
        if one.get(name) != other.get(name)
    }
    return f", values differ in: {', '.join(sorted(names))}"


def _counted(found: Any) -> Verdicts:
    counts: dict[str, Counter[str]] = {}
    for check, verdict in found:
        counts.setdefault(re.sub(r"/[0-9a-f-]{36}", "/{id}", check), Counter())[verdict] += 1
    return {check: dict(sorted(verdicts.items())) for check, verdicts in counts.items()}
