"""What the set-up page shows of the requests that arrived: read from the log, and kept for some seconds."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final

from adapters.logs.setup_activity import SetupActivity, SetupLog
from adapters.secrets.setup_links import OpenedLink
from domain.accounts.explanations import explained, operation_in_words
from domain.accounts.setup_progress import Light, Requests, failures, lights
from handlers.setup.view import Failure

FRESH_SECONDS: Final = 5.0
"""For which an answer of the log is shown again: a set-up under way is watched."""
CALM_SECONDS: Final = 60.0
"""The same once every light is on: each read of the log is charged."""
_MOST_LINKS: Final = 200


@dataclass(frozen=True, slots=True)
class Progress:
    """The lights and failures of one link; not `up_to_date` when the log did not answer this time."""

    lights: tuple[Light, ...]
    failures: tuple[Failure, ...]
    up_to_date: bool = True

    @property
    def is_done(self) -> bool:
        """True if every light is on."""
        return all(light.since is not None for light in self.lights)


class ProgressReader:
    """Reads the progress of links; one for each container. Thread-safe."""

    def __init__(self, log: SetupLog, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._clock = clock
        self._lock = Lock()
        self._read: OrderedDict[bytes, tuple[float, SetupActivity]] = OrderedDict()

    def of(self, opened: OpenedLink, now: datetime) -> Progress:
        """The progress since the link was made."""
        known = self._known(opened.link.digest)
        if known is not None:
            at, activity = known
            progress = _progress(opened, activity, now)
            if self._clock() - at < (CALM_SECONDS if progress.is_done else FRESH_SECONDS):
                return progress
        found = self._log.since(opened.connector.account, opened.link.created_at)
        if found is None:
            return _progress(opened, known[1] if known else SetupActivity(), now, up_to_date=False)
        self._remember(opened.link.digest, found)
        return _progress(opened, found, now)

    def knows(self, digest: bytes) -> bool:
        """True if this container has shown the link that has this hash."""
        return self._known(digest) is not None

    def _known(self, digest: bytes) -> tuple[float, SetupActivity] | None:
        with self._lock:
            return self._read.get(digest)

    def _remember(self, digest: bytes, activity: SetupActivity) -> None:
        with self._lock:
            self._read[digest] = (self._clock(), activity)
            self._read.move_to_end(digest)
            if len(self._read) > _MOST_LINKS:
                self._read.popitem(last=False)


def _progress(opened: OpenedLink, activity: SetupActivity, now: datetime, *, up_to_date: bool = True) -> Progress:
    groups = opened.connector.settings.groups
    return Progress(
        lights(activity.requests, activity.changes, now, groups=groups),
        tuple(_failure(each) for each in failures(activity.requests)),
        up_to_date,
    )


def _failure(requests: Requests) -> Failure:
    meaning, remedy = explained(requests.reason or "")
    return Failure(
        at=requests.last,
        operation=operation_in_words(requests.operation),
        status=requests.status,
        reason=requests.reason or "",
        explanation=meaning,
        remedy=remedy,
        times=requests.times,
    )
