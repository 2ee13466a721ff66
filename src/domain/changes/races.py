"""What happens when another request changed the same resource between reading and writing it."""

from __future__ import annotations

from typing import Final

from domain.changes.preconditions import names_a_version
from domain.errors import PreconditionFailed, ServiceUnavailable
from domain.ports import Deadline

_TIME_TO_SETTLE_A_RACE: Final = 0.5
"""Seconds that must be left to read, compute and write once more."""


def require_retry_allowed(if_match: str | None, deadline: Deadline, noun: str) -> None:
    """Raise PreconditionFailed or ServiceUnavailable unless the change may be retried after a lost race.

    A retry needs time, and a client that names a version gets none.
    """
    if names_a_version(if_match):
        raise PreconditionFailed(
            f"The {noun} was changed by another request at the same time. Read it again and repeat the change.",
            remedy=f"Read the {noun} again and repeat the change on the present version.",
        )
    if deadline.remaining() < _TIME_TO_SETTLE_A_RACE:
        raise ServiceUnavailable(f"Other requests keep changing this {noun}. Repeat the request later.")
