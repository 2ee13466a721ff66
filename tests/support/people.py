"""Users of tests, as a client sends them and as the table stores them, and the bodies of requests about them."""

from __future__ import annotations

from typing import Any, Final

from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser

Json = dict[str, Any]

CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MESSAGES: Final = "urn:ietf:params:scim:api:messages:2.0:"
PATCH_OP: Final = f"{MESSAGES}PatchOp"
UNKNOWN_ID: Final = "00000000-0000-4000-8000-000000000000"
"""An id that no user has."""
CREATED: Final = "2030-01-31T12:00:00.000Z"


def user(name: str = "mara.lind", /, **attributes: Any) -> Json:
    """The body of a user whose userName and one work address are `<name>@example.com`, or `name` if it has an @.

    `attributes` replace its own.
    """
    address = name if "@" in name else f"{name}@example.com"
    return {
        "schemas": [CORE],
        "userName": address,
        "emails": [{"value": address, "type": "work", "primary": True}],
        "active": True,
    } | attributes


def person(name: str, /, **attributes: Any) -> Json:
    """The body of a user whose userName is the name alone, not the address."""
    return user(name, **{"userName": name} | attributes)


def stored(number: int, name: str | None = None, /, **attributes: Any) -> StoredUser:
    """The stored user of that number, whose address is `<name>@corp.example`; the number determines the id."""
    body = user(f"{name or f'user{number}'}@corp.example", **attributes)
    return StoredUser.new(f"{number:08x}-0000-4000-8000-000000000000", body, CREATED)


def patch(*operations: object) -> Json:
    """The body of a PATCH."""
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def replacing(path: str, value: Any) -> Json:
    """The body of a PATCH that replaces one attribute.

    >>> replacing("active", False)["Operations"]
    [{'op': 'replace', 'path': 'active', 'value': False}]
    """
    return patch({"op": "replace", "path": path, "value": value})


def bulk(*operations: object, **members: object) -> Json:
    """The body of a POST to /Bulk."""
    return {"schemas": [f"{MESSAGES}BulkRequest"], "Operations": list(operations)} | members


def search(**members: object) -> Json:
    """The body of a POST to /Users/.search."""
    return {"schemas": [f"{MESSAGES}SearchRequest"]} | members


def stored_group(number: int, name: str, /, **attributes: Any) -> StoredGroup:
    """The stored group of that number and displayName, without members; the number determines the id."""
    document = {"schemas": [GROUP], "displayName": name} | attributes
    return StoredGroup.new(f"{number:08x}-0000-4000-9000-000000000000", document, CREATED)
