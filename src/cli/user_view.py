"""A user as SCIM resource."""

from __future__ import annotations

from collections.abc import Sequence

from domain.documents import Json
from domain.ports import Related
from domain.resources.stored_user import StoredUser


def as_resource(user: StoredUser, groups: Sequence[Related] = ()) -> Json:
    """The resource as stored, with `id`, `meta` (RFC 7643 section 3.1) and the groups of which the user is a member."""
    meta = {"resourceType": "User", "created": user.created, "lastModified": user.last_modified, "version": user.etag}
    named = [{"value": group.id, "display": group.display, "type": "direct"} for group in groups]
    return {"id": user.id, **user.attributes, **({"groups": named} if named else {}), "meta": meta}
