"""A user as SCIM resource, and as a row of a table."""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.resources.stored_user import StoredUser
from operations.roster import guarded

COLUMNS: Final = (
    "id",
    "userName",
    "email",
    "givenName",
    "familyName",
    "displayName",
    "active",
    "externalId",
    "created",
    "lastModified",
)


def as_resource(user: StoredUser) -> Json:
    """The resource as stored, with `id` and `meta` (RFC 7643 section 3.1)."""
    meta = {"resourceType": "User", "created": user.created, "lastModified": user.last_modified, "version": user.etag}
    return {"id": user.id, **user.attributes, "meta": meta}


def primary_email(user: StoredUser) -> str:
    """The primary address, else the first, else an empty text."""
    emails = [email for email in user.attributes.get("emails", ()) if email.get("value")]
    chosen = next((email for email in emails if email.get("primary")), emails[0] if emails else {})
    return str(chosen.get("value", ""))


def as_row(user: StoredUser) -> list[str]:
    """The values of `COLUMNS`."""
    attributes = user.attributes
    name = attributes.get("name", {})
    values = (
        user.id,
        attributes["userName"],
        primary_email(user),
        name.get("givenName", ""),
        name.get("familyName", ""),
        attributes.get("displayName", ""),
        "true" if user.active else "false",
        attributes.get("externalId", ""),
        user.created,
        user.last_modified,
    )
    return [guarded(str(value)) for value in values]
