"""The Group (RFC 7643 section 4.2): the single source of truth for its names, types and characteristics.

The values are those of RFC 7643 section 8.7.1 with its verified errata, except where this service is stricter:
`displayName` is required and unique, and the members are users.
"""

from __future__ import annotations

from typing import Final

from domain.limits import MAX_GROUP_BODY_BYTES, MAX_GROUP_ITEMS, MAX_GROUP_MEMBERS
from domain.resources.attributes import (
    Attribute,
    Content,
    Index,
    Mutability,
    Relation,
    ResourceType,
    Returned,
    Schema,
    Type,
    Uniqueness,
)

CORE_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"

MEMBERS_ARE: Final = Relation("user", "/Users", "User")

MEMBERS: Final = Attribute(
    "members",
    "The users who belong to the group. Groups within groups are not supported.",
    Type.COMPLEX,
    multi_valued=True,
    max_values=MAX_GROUP_MEMBERS,
    relation=MEMBERS_ARE,
    sub_attributes=(
        Attribute("value", "The id of the user.", required=True, case_exact=True, mutability=Mutability.IMMUTABLE),
        Attribute(
            "$ref",
            "The URI of the user.",
            Type.REFERENCE,
            case_exact=True,
            mutability=Mutability.IMMUTABLE,
            reference_types=("User",),
        ),
        Attribute(
            "type",
            "The type of the member: always User.",
            mutability=Mutability.IMMUTABLE,
            canonical_values=("User",),
        ),
        Attribute(
            "display",
            "Accepted for compatibility and not stored; the user's displayName is used instead.",
            mutability=Mutability.IMMUTABLE,
            returned=Returned.NEVER,
        ),
    ),
)

CORE_GROUP: Final = Schema(
    CORE_URN,
    "Group",
    "Group",
    (
        Attribute(
            "displayName",
            "The name of the group, unique among the groups of this service without regard to case.",
            required=True,
            uniqueness=Uniqueness.SERVER,
            content=Content.IDENTIFIER,
        ),
        MEMBERS,
    ),
)

ID: Final = Index("id", (("id",),))
DISPLAY_NAME: Final = Index("displayName", (("displayName",),), is_sorted=True)
EXTERNAL_ID: Final = Index("externalId", (("externalId",),))
MEMBER: Final = Index("members", (("members",), ("members", "value")))

GROUP: Final = ResourceType(
    name="Group",
    endpoint="/Groups",
    description="Group",
    schema=CORE_GROUP,
    indexes=(ID, DISPLAY_NAME, EXTERNAL_ID, MEMBER),
    max_body_bytes=MAX_GROUP_BODY_BYTES,
    max_items=MAX_GROUP_ITEMS,
)
