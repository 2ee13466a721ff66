"""What every store refuses before it writes."""

from __future__ import annotations

from typing import Final

from domain.errors import PayloadTooLarge
from domain.limits import MAX_EMAILS
from domain.resources.stored_resource import StoredResource
from domain.resources.stored_user import StoredUser

MAX_DOCUMENT_BYTES: Final = 350_000
"""A DynamoDB item holds 400 KB; the rest is for keys, names and the few attributes in addition to the document."""


def require_size(resource: StoredResource, noun: str) -> None:
    """Raise PayloadTooLarge for a document that no store can hold."""
    document = resource.document
    size = len(document) if document.isascii() else len(document.encode("utf-8", "surrogatepass"))
    if size > MAX_DOCUMENT_BYTES:
        raise PayloadTooLarge(
            f"The {noun} would take {size} bytes as JSON; at most {MAX_DOCUMENT_BYTES} can be stored. Remove or "
            "shorten some values."
        )


def require_storable(user: StoredUser) -> None:
    """Raise PayloadTooLarge for a user that no store can hold: too large, or too many addresses."""
    require_size(user, "user")
    addresses = len(user.keys.emails)
    if addresses > MAX_EMAILS:
        raise PayloadTooLarge(
            f"emails has {addresses} different addresses; a user may have at most {MAX_EMAILS}. Send fewer addresses."
        )
