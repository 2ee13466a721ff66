"""If-Match and If-None-Match over weak entity tags (RFC 7644 section 3.14, RFC 9110 section 13.1)."""

from __future__ import annotations

from domain.errors import PreconditionFailed
from domain.quoting import cut
from domain.resources.stored_resource import StoredResource


def require_match(if_match: str | None, stored: StoredResource, noun: str = "user") -> None:
    """Raise PreconditionFailed when If-Match is given and does not name the version; `noun` says of what.

    SCIM's tags are weak, so they are compared weakly, `W/"3"` and `"3"` alike.
    """
    if if_match is not None and not _names(if_match, stored):
        raise PreconditionFailed(
            f"If-Match is {cut(if_match)}, but the {noun} is at version {stored.etag} now. "
            f"Read the {noun} again and repeat the change on that version."
        )


def names_a_version(if_match: str | None) -> bool:
    """Return True if If-Match allows certain versions only, so that no later one will do."""
    return if_match is not None and if_match.strip() != "*"


def is_unchanged(if_none_match: str | None, stored: StoredResource) -> bool:
    """Return True if If-None-Match names the stored version, so that the answer is 304."""
    return if_none_match is not None and _names(if_none_match, stored)


def _names(tags: str, stored: StoredResource) -> bool:
    if tags.strip() == "*":
        return True
    opaque = stored.etag.removeprefix("W/")
    return any(tag.strip().removeprefix("W/") == opaque for tag in tags.split(","))
