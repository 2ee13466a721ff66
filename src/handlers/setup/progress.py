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
BYTES_A_SECOND: Final = 20_000_000
"""Read of the log for one link, on average: of a large log, an answer is shown again for longer."""
LONGEST_SECONDS: Final = 600.0
FAILED_SECONDS: Final = 30.0
"""After which a log is asked again that did not answer: what it read in vain is charged, too."""
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


@dataclass(frozen=True, slots=True)
class _Read:
    """What the log said last, and when it was asked last; not `up_to_date` when it did not answer then."""

    at: float
    activity: SetupActivity
    up_to_date: bool = True

    def seconds(self, progress: Progress) -> float:
        """For how long the log is not asked again."""
        least = FRESH_SECONDS if self.up_to_date else FAILED_SECONDS
        least = max(least, CALM_SECONDS) if progress.is_done else least
        return max(least, min(self.activity.bytes_scanned / BYTES_A_SECOND, LONGEST_SECONDS))


class ProgressReader:
    """Reads the progress of links; one for each container. Thread-safe."""

    def __init__(self, log: SetupLog, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._clock = clock
        self._lock = Lock()
        self._read: OrderedDict[bytes, _Read] = OrderedDict()

    def of(self, opened: OpenedLink, now: datetime) -> Progress:
        """The progress since the link was made."""
        known = self._known(opened.link.digest)
        if known is not None:
            progress = _progress(opened, known.activity, now, up_to_date=known.up_to_date)
            if self._clock() - known.at < known.seconds(progress):
                return progress
        found = self._log.since(opened.connector.account, opened.link.created_at)
        before = known.activity if known else SetupActivity()
        read = _Read(self._clock(), before if found is None else found, found is not None)
        self._remember(opened.link.digest, read)
        return _progress(opened, read.activity, now, up_to_date=read.up_to_date)

    def knows(self, digest: bytes) -> bool:
        """True if this container has shown the link that has this hash."""
        return self._known(digest) is not None

    def _known(self, digest: bytes) -> _Read | None:
        with self._lock:
            return self._read.get(digest)

    def _remember(self, digest: bytes, read: _Read) -> None:
        with self._lock:
            self._read[digest] = read
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
