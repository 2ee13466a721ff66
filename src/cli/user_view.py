"""A user as SCIM resource, and as a row of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain.documents import Json
from domain.ports import Related
from domain.resources.stored_user import StoredUser
from operations.members import primary_email
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


def as_resource(user: StoredUser, groups: Sequence[Related] = ()) -> Json:
    """The resource as stored, with `id`, `meta` (RFC 7643 section 3.1) and the groups of which the user is a member."""
    meta = {"resourceType": "User", "created": user.created, "lastModified": user.last_modified, "version": user.etag}
    named = [{"value": group.id, "display": group.display, "type": "direct"} for group in groups]
    return {"id": user.id, **user.attributes, **({"groups": named} if named else {}), "meta": meta}


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
