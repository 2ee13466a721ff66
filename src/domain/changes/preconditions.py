"""If-Match and If-None-Match over weak entity tags (RFC 7644 section 3.14, RFC 9110 section 13.1)."""

from __future__ import annotations

from domain.errors import PreconditionFailed
from domain.quoting import cut
from domain.resources.stored_user import StoredUser


def require_match(if_match: str | None, user: StoredUser) -> None:
    """Raise PreconditionFailed when If-Match is given and does not name the user's version.

    SCIM's tags are weak, so they are compared weakly, `W/"3"` and `"3"` alike.
    """
    if if_match is not None and not _names(if_match, user):
        raise PreconditionFailed(
            f"If-Match is {cut(if_match)}, but the user is at version {user.etag} now. "
            "Read the user again and repeat the change on that version."
        )


def is_unchanged(if_none_match: str | None, user: StoredUser) -> bool:
    """Return True if If-None-Match names the user's version, so that the answer is 304."""
    return if_none_match is not None and _names(if_none_match, user)


def _names(tags: str, user: StoredUser) -> bool:
    if tags.strip() == "*":
        return True
    opaque = user.etag.removeprefix("W/")
    return any(tag.strip().removeprefix("W/") == opaque for tag in tags.split(","))
