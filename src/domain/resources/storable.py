"""What a store refuses before it writes, whichever store it is."""

from __future__ import annotations

from typing import Final

from domain.errors import PayloadTooLarge
from domain.limits import MAX_EMAILS
from domain.resources.stored_user import StoredUser

MAX_DOCUMENT_BYTES: Final = 350_000
"""A DynamoDB item holds 400 KB; the rest is for its keys, names and the few attributes beside the document."""


def require_storable(user: StoredUser) -> None:
    """Raises PayloadTooLarge when no store could keep the user: too large a resource, or too many addresses."""
    size = len(user.document) if user.document.isascii() else len(user.document.encode("utf-8", "surrogatepass"))
    if size > MAX_DOCUMENT_BYTES:
        raise PayloadTooLarge(
            f"The user would take {size} bytes as JSON, and at most {MAX_DOCUMENT_BYTES} can be kept. Remove or "
            "shorten some of its values."
        )
    addresses = len(user.keys.emails)
    if addresses > MAX_EMAILS:
        raise PayloadTooLarge(
            f"emails has {addresses} different addresses, and one user may have at most {MAX_EMAILS}. Remove some."
        )
