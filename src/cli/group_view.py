"""A group as SCIM resource, and its memberships as lines of an export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from domain.documents import Json
from domain.resources.stored_group import StoredGroup
from operations.members import Member
from operations.roster import guarded

COLUMNS: Final = ("groupId", "group", "groupExternalId", "userId", "userName", "email")
"""Of an export in CSV: a row for each membership, and one without a user for a group without members."""
USER_ID: Final = COLUMNS.index("userId")


def as_resource(group: StoredGroup) -> Json:
    """The resource as stored, with `id` and `meta` (RFC 7643 section 3.1), without `members`."""
    meta = {
        "resourceType": "Group",
        "created": group.created,
        "lastModified": group.last_modified,
        "version": group.etag,
    }
    return {"id": group.id, **group.attributes, "meta": meta}


def with_members(group: StoredGroup, members: Iterable[Member]) -> Json:
    """The resource with its members, whose `display` is the userName: by it another deployment knows the user."""
    shown = [{"value": member.id, "type": "User", "display": member.user_name} for member in members]
    return {**as_resource(group), **({"members": shown} if shown else {})}


def as_rows(group: StoredGroup, members: Iterable[Member]) -> Iterator[list[str]]:
    """The rows of `COLUMNS` for a group, guarded against formulas."""
    about = (group.id, group.display_name, group.keys.external_id or "")
    is_empty = True
    for member in members:
        is_empty = False
        yield [guarded(cell) for cell in (*about, member.id, member.user_name, member.email)]
    if is_empty:
        yield [guarded(cell) for cell in (*about, "", "", "")]
