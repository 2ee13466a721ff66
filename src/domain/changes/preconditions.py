"""If-Match and If-None-Match over weak entity tags (RFC 7644 section 3.14, RFC 9110 section 13.1), and lost races."""

from __future__ import annotations

from typing import Final

from domain.errors import PreconditionFailed, ServiceUnavailable
from domain.ports import Deadline
from domain.quoting import cut
from domain.resources.stored_resource import StoredResource

_TIME_TO_SETTLE_A_RACE: Final = 0.5
"""Seconds that must be left to read, compute and write once more."""
_REMEDY: Final = "Read the {} again and repeat the change on the current version."


def require_match(if_match: str | None, stored: StoredResource, noun: str = "user") -> None:
    """Raise PreconditionFailed when If-Match is given and does not name the version; `noun` says of what.

    SCIM's tags are weak, so they are compared weakly, `W/"3"` and `"3"` alike.
    """
    if if_match is not None and not _names(if_match, stored):
        raise PreconditionFailed(
            f"If-Match is {cut(if_match)}, but the {noun} is at version {stored.etag} now. "
            f"Read the {noun} again and repeat the change on that version.",
            remedy=_REMEDY.format(noun),
        )


def names_a_version(if_match: str | None) -> bool:
    """Return True if If-Match allows certain versions only, so that no later one will do."""
    return if_match is not None and if_match.strip() != "*"


def require_retry_allowed(if_match: str | None, deadline: Deadline, noun: str) -> None:
    """Raise PreconditionFailed or ServiceUnavailable unless the change may be retried after a lost race.

    A retry needs time, and a client that names a version gets none.
    """
    if names_a_version(if_match):
        raise PreconditionFailed(
            f"The {noun} was changed by another request at the same time. Read it again and repeat the change.",
            remedy=_REMEDY.format(noun),
        )
    if deadline.remaining() < _TIME_TO_SETTLE_A_RACE:
        raise ServiceUnavailable(f"Other requests keep changing this {noun}. Repeat the request later.")


def is_unchanged(if_none_match: str | None, stored: StoredResource) -> bool:
    """Return True if If-None-Match names the stored version, so that the answer is 304."""
    return if_none_match is not None and _names(if_none_match, stored)


def _names(tags: str, stored: StoredResource) -> bool:
    if tags.strip() == "*":
        return True
    opaque = stored.etag.removeprefix("W/")
    return any(tag.strip().removeprefix("W/") == opaque for tag in tags.split(","))
