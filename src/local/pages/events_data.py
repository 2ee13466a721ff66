"""The data of the page Events."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from adapters.events.replay import MalformedReplay
from domain.documents import Json
from local.life_cycle import LifeCycle
from local.pages.site import Address, Call, Data, Refused
from operations.local_events import REPLAY_ADDRESS

REDELIVER: Final = "/data/events/deliver"
_MOST_REVISION: Final = 10**15


def event_data(life_cycle: LifeCycle) -> Mapping[Address, Data]:
    """The data addresses of events."""

    def latest(call: Call) -> Json:
        """The events that are new or changed since a revision, oldest first."""
        revision, found = life_cycle.events.after(call.number("after", 0, _MOST_REVISION, 0))
        return {"revision": revision, "events": [one.as_json() for one in found], **life_cycle.as_json()}

    def deliver(_: Call) -> Json:
        return {"queued": life_cycle.again(), **life_cycle.as_json()}

    def replay(call: Call) -> Json:
        """Publish what `rollcall --local events replay` read from the table."""
        try:
            answer = life_cycle.replay(call.body)
        except MalformedReplay as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from None
        if answer is None:
            raise Refused(HTTPStatus.CONFLICT, life_cycle.missing or "No life-cycle events are published.")
        return answer

    def clear(_: Call) -> Json:
        life_cycle.events.clear()
        return {}

    return {
        ("GET", "/data/events"): latest,
        ("POST", REDELIVER): deliver,
        ("POST", REPLAY_ADDRESS): replay,
        ("POST", "/data/events/clear"): clear,
    }
