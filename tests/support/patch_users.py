"""The user that the PATCH tests change, and the two ways a PATCH goes: strict, and with tolerances."""

from __future__ import annotations

from typing import Any

from domain import patch
from domain.resources import body as resource
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN, USER
from domain.tolerances import Tolerant

Json = dict[str, Any]

WORK_EMAIL = {"value": "bjensen@example.com", "type": "work", "primary": True}
HOME_EMAIL = {"value": "babs@home.org", "type": "home"}


def bjensen() -> Json:
    return {
        "schemas": [CORE_URN, ENTERPRISE_URN],
        "userName": "bjensen",
        "name": {"givenName": "Barbara", "familyName": "Jensen"},
        "title": "Tour Guide",
        "active": True,
        "emails": [dict(WORK_EMAIL), dict(HOME_EMAIL)],
        "addresses": [{"type": "work", "streetAddress": "100 Universal City Plaza", "locality": "Hollywood"}],
        ENTERPRISE_URN: {
            "department": "Tours",
            "manager": {"value": "m1", "$ref": "https://example.com/scim/v2/Users/m1"},
        },
    }


def message(*operations: Json) -> Json:
    return {"schemas": [patch.PATCH_OP_URN], "Operations": list(operations)}


def patched_strictly(user: Json, *operations: Json) -> Json:
    for operation in patch.parse_operations(message(*operations)):
        user = patch.apply(user, operation, USER)
    return resource.checked(user, USER)


def patched_tolerantly(user: Json, *operations: Json, body: Json | None = None) -> tuple[Json, set[str]]:
    reader = Tolerant(USER)
    before = user
    for operation in reader.operations(message(*operations) if body is None else body):
        for expanded in reader.expanded(operation, user):
            user = patch.apply(user, expanded, USER)
    return resource.checked(reader.patched(before, user), USER), reader.noted


def changes(before: Json, after: Json) -> Json:
    """The attributes that differ, with their new values; None for those that are gone."""
    return {name: after.get(name) for name in before | after if before.get(name) != after.get(name)}
