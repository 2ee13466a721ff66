"""Requests about groups over HTTP, and the bodies that clients send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from support.people import patch, user
from support.scim_http import Answer, Json, ScimClient

GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"


def group(name: str = "Engineering", /, *member_ids: str, **attributes: Any) -> Json:
    """The body of a group; without `members` unless ids are given."""
    members = {"members": values(*member_ids)} if member_ids else {}
    return {"schemas": [GROUP], "displayName": name} | members | attributes


def values(*user_ids: str) -> list[Json]:
    """The value of `members` that names these users."""
    return [{"value": user_id} for user_id in user_ids]


def add(*user_ids: str) -> Json:
    """The PATCH operation that adds these users."""
    return {"op": "add", "path": "members", "value": values(*user_ids)}


def remove(user_id: str) -> Json:
    """The PATCH operation that removes this user."""
    return {"op": "remove", "path": f'members[value eq "{user_id}"]'}


@dataclass(frozen=True)
class GroupClient:
    """Speaks of the groups of one account; `scim` speaks of its users."""

    scim: ScimClient

    def post(self, body: Any) -> Answer:
        """POST /Groups."""
        return self.scim.request("POST", "/Groups", body=body)

    def create(self, name: str = "Engineering", /, *member_ids: str, **attributes: Any) -> Json:
        """The group that a POST made."""
        answer = self.post(group(name, *member_ids, **attributes))
        assert answer.status == 201, answer.text
        return answer.json

    def get(self, group_id: str, query: str = "") -> Answer:
        """GET /Groups/{id}."""
        return self.scim.get(f"/Groups/{group_id}", query)

    def read(self, group_id: str) -> Json:
        """The group, which exists."""
        answer = self.get(group_id)
        assert answer.status == 200, answer.text
        return answer.json

    def members(self, group_id: str) -> list[str]:
        """The ids of the group's members, in the order of the answer."""
        return [member["value"] for member in self.read(group_id).get("members", [])]

    def put(self, group_id: str, body: Any) -> Answer:
        """PUT /Groups/{id}."""
        return self.scim.request("PUT", f"/Groups/{group_id}", body=body)

    def patch(self, group_id: str, *operations: Any, query: str = "") -> Answer:
        """PATCH /Groups/{id} with these operations."""
        return self.scim.request("PATCH", f"/Groups/{group_id}", query, patch(*operations))

    def delete(self, group_id: str) -> Answer:
        """DELETE /Groups/{id}."""
        return self.scim.request("DELETE", f"/Groups/{group_id}")

    def listing(self, query: str = "") -> Json:
        """The answer of GET /Groups."""
        answer = self.scim.get("/Groups", query)
        assert answer.status == 200, answer.text
        assert answer.json["itemsPerPage"] == len(answer.json["Resources"])
        return answer.json

    def find(self, filter_: str, query: str = "") -> list[Json]:
        """The groups that a filter finds."""
        answer = self.listing(f"filter={quote(filter_)}" + (f"&{query}" if query else ""))
        found: list[Json] = answer["Resources"]
        assert answer["totalResults"] == len(found)
        return found

    def new_user(self, name: str) -> str:
        """The id of a new user."""
        return str(self.scim.create(user(name))["id"])

    def new_users(self, number: int) -> list[str]:
        """The ids of so many new users, in order of id."""
        return sorted(self.new_user(f"person{position}") for position in range(number))
