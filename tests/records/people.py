"""Bodies of requests: users, and changes of them."""

from __future__ import annotations

from typing import Any

from domain.resources.user_schema import CORE_URN
from records.output import Json
from support.in_process import Client

MESSAGES = "urn:ietf:params:scim:api:messages:2.0:"
NOBODY = "00000000-0000-4000-8000-000000000000"
"""An id that no user has."""


def person(name: str, /, **members: Any) -> Json:
    address = {"value": f"{name}@example.com", "type": "work", "primary": True}
    return {"schemas": [CORE_URN], "userName": name, "emails": [address], "active": True} | members


def create(client: Client, name: str, **members: Any) -> str:
    """The id of a new user."""
    return str(client.call("POST", "/Users", person(name, **members)).body["id"])


def patch(*operations: Json) -> Json:
    return {"schemas": [f"{MESSAGES}PatchOp"], "Operations": list(operations)}


def bulk(*operations: Json) -> Json:
    return {"schemas": [f"{MESSAGES}BulkRequest"], "Operations": list(operations)}


def search(**members: Any) -> Json:
    return {"schemas": [f"{MESSAGES}SearchRequest"]} | members
