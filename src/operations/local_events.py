"""Events that a local server could not deliver to EVENTS_URL, and sending them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

import httpx

from operations.deployment import Deployment, DeploymentError

REPLAY_ADDRESS: Final = "/data/events/replay"
"""Where a local server takes users and groups whose present state it shall publish (`adapters.events.replay`)."""
_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Requeued:
    """How many events are sent again, the URL they go to (None when there is none), and the page that shows them."""

    queued: int
    url: str | None
    page: str


def deliver_again(deployment: Deployment) -> Requeued:
    """Have the local server send the events again that its EVENTS_URL did not take; raises `DeploymentError`."""
    address = urljoin(deployment.base_url, "/data/events/deliver")
    try:
        answer = httpx.post(address, json={}, headers={"X-Rollcall-Page": "1"}, timeout=_SECONDS)
        answer.raise_for_status()
        found = answer.json()
        return Requeued(found["queued"], found["url"], urljoin(deployment.base_url, "/events"))
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
        raise DeploymentError(
            "the local server does not answer as expected: stop it and start it with make run"
        ) from error
