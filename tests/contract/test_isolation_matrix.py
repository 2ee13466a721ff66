"""Every operation of one account with every identifier of another: answered word for word as an unknown one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from domain.resources.group_schema import CORE_URN as GROUP_URN
from handlers import routes
from support.people import ENTERPRISE, MESSAGES, replacing, user
from support.scim_http import Answer, Json, ScimClient


@dataclass(frozen=True)
class Identifiers:
    """All that a user can be named by, and the group whose only member the user is."""

    id: str
    etag: str
    cursor: str
    user_name: str
    address: str
    external_id: str
    bulk_id: str
    group_id: str
    group_etag: str
    group_cursor: str
    group_name: str
    group_external_id: str

    def body(self, **attributes: Any) -> Json:
        """A user with the same values."""
        emails = [{"value": self.address, "type": "work", "primary": True}]
        return user("x", userName=self.user_name, emails=emails, externalId=self.external_id, **attributes)


Operation = Callable[[ScimClient, Identifiers], Answer]


def own(client: ScimClient) -> str:
    """The id of a user of one's own."""
    return str(client.create(user("own"))["id"])


def on_user(method: str, body: Any = None, header: str = "") -> Operation:
    """A request about their id, with their ETag in a header."""

    def operation(client: ScimClient, of: Identifiers) -> Answer:
        sent = body(of) if callable(body) else body
        return client.request(method, f"/Users/{of.id}", body=sent, headers={header: of.etag} if header else None)

    return operation


def group(of: Identifiers) -> Json:
    """A group with them as its member."""
    return {"schemas": [GROUP_URN], "displayName": "Guides", "members": [{"value": of.id}]}


def their_group(of: Identifiers) -> Json:
    """A group with the same values."""
    return group(of) | {"id": of.group_id, "displayName": of.group_name, "externalId": of.group_external_id}


def own_group(client: ScimClient) -> str:
    """The id of a group of one's own."""
    answer = client.request("POST", "/Groups", body={"schemas": [GROUP_URN], "displayName": "own"})
    return str(answer.json["id"])


def adding_member(user_id: str) -> Json:
    """A PATCH that adds a member."""
    operation = {"op": "add", "path": "members", "value": [{"value": user_id}]}
    return {"schemas": [f"{MESSAGES}PatchOp"], "Operations": [operation]}


def on_group(method: str, body: Callable[[Identifiers], Json] | None = None) -> Operation:
    """A request about a group of their user's id."""
    return lambda client, of: client.request(method, f"/Groups/{of.id}", body=None if body is None else body(of))


def on_their_group(method: str, body: Callable[[Identifiers], Json] | None = None, header: str = "") -> Operation:
    """A request about their group, with its ETag in a header."""
    return lambda client, of: client.request(
        method,
        f"/Groups/{of.group_id}",
        body=None if body is None else body(of),
        headers={header: of.group_etag} if header else None,
    )


def listed(query: Callable[[Identifiers], dict[str, Any]], path: str = "/Users") -> Operation:
    """GET with their values in the query."""
    return lambda client, of: client.get(
        path, "&".join(f"{name}={quote(str(value))}" for name, value in query(of).items())
    )


def searched(path: str, query: Callable[[Identifiers], dict[str, Any]]) -> Operation:
    """The same by POST."""
    return lambda client, of: client.request("POST", path, body={"schemas": [f"{MESSAGES}SearchRequest"], **query(of)})


def bulk(*operations: Callable[[Identifiers], Json]) -> Operation:
    """POST /Bulk."""

    def operation(client: ScimClient, of: Identifiers) -> Answer:
        body = {"schemas": [f"{MESSAGES}BulkRequest"], "Operations": [each(of) for each in operations]}
        return client.request("POST", "/Bulk", body=body)

    return operation


FILTERS: dict[str, Callable[[Identifiers], str]] = {
    "id": lambda of: f'id eq "{of.id}"',
    "userName": lambda of: f'userName eq "{of.user_name}"',
    "userName's start": lambda of: f'userName sw "{of.user_name[:5]}"',
    "address": lambda of: f'emails eq "{of.address}"',
    "address by type": lambda of: f'emails[type eq "work"].value eq "{of.address}"',
    "address's start": lambda of: f'emails.value sw "{of.address[:5]}"',
    "externalId": lambda of: f'externalId eq "{of.external_id}"',
    "id or anything": lambda of: f'id eq "{of.id}" or title pr',
    "version": lambda of: f'meta.version eq "{of.etag[2:].strip(chr(34))}" and userName eq "{of.user_name}"',
}

GROUP_FILTERS: dict[str, Callable[[Identifiers], str]] = {
    "group's id": lambda of: f'id eq "{of.group_id}"',
    "displayName": lambda of: f'displayName eq "{of.group_name}"',
    "displayName's start": lambda of: f'displayName sw "{of.group_name[:5]}"',
    "externalId of a group": lambda of: f'externalId eq "{of.group_external_id}"',
    "member": lambda of: f'members.value eq "{of.id}"',
    "member or anything": lambda of: f'members[value eq "{of.id}"] or displayName pr',
}
"""Of groups."""

MATRIX: dict[str, Operation] = {
    "get_user: id": on_user("GET"),
    "get_user: ETag": on_user("GET", header="If-None-Match"),
    "replace_user: id": on_user("PUT", user("mine")),
    "replace_user: their values": on_user("PUT", lambda of: of.body(id=of.id)),
    "replace_user: ETag": on_user("PUT", user("mine"), "If-Match"),
    "replace_user: their values for one's own": lambda client, of: client.put(own(client), of.body(id=of.id)),
    "patch_user: id": on_user("PATCH", replacing("active", False)),
    "patch_user: ETag": on_user("PATCH", replacing("active", False), "If-Match"),
    "patch_user: their userName for one's own": lambda client, of: client.request(
        "PATCH", f"/Users/{own(client)}", body=replacing("userName", of.user_name)
    ),
    "patch_user: their address for one's own": lambda client, of: client.request(
        "PATCH", f"/Users/{own(client)}", body=replacing("emails", [{"value": of.address}])
    ),
    "patch_user: their id as manager": lambda client, of: client.request(
        "PATCH", f"/Users/{own(client)}", body=replacing(f"{ENTERPRISE}:manager.value", of.id)
    ),
    "delete_user: id": on_user("DELETE"),
    "delete_user: ETag": on_user("DELETE", header="If-Match"),
    "create_user: their values": lambda client, of: client.post(of.body()),
    "create_user: their id": lambda client, of: client.post(user("mine", id=of.id)),
    "create_user: their address alone": lambda client, of: client.post(
        user("mine", emails=[{"value": of.address.upper()}])
    ),
    "create_user: their id as manager": lambda client, of: client.post(
        user("mine", **{ENTERPRISE: {"manager": {"value": of.id}}})
    ),
    "list_users: cursor": listed(lambda of: {"cursor": of.cursor, "count": 1}),
    "list_users: everybody": listed(lambda of: {"sortBy": "userName"}),
    "search_users: cursor": searched("/Users/.search", lambda of: {"cursor": of.cursor, "count": 1}),
    "search_users: cursor, of everything": searched("/.search", lambda of: {"cursor": of.cursor, "count": 1}),
    "bulk: id": bulk(
        lambda of: {"method": "PUT", "path": f"/Users/{of.id}", "data": user("mine")},
        lambda of: {"method": "PATCH", "path": f"/Users/{of.id}", "data": replacing("active", False)},
        lambda of: {"method": "DELETE", "path": f"/Users/{of.id}"},
    ),
    "bulk: ETag": bulk(
        lambda of: {"method": "PUT", "path": f"/Users/{of.id}", "version": of.etag, "data": user("mine")},
        lambda of: {"method": "DELETE", "path": f"/Users/{of.id}", "version": of.etag},
    ),
    "bulk: bulkId": bulk(
        lambda of: {"method": "DELETE", "path": f"/Users/bulkId:{of.bulk_id}"},
        lambda of: {
            "method": "POST",
            "path": "/Users",
            "bulkId": "mine",
            "data": user("mine", **{ENTERPRISE: {"manager": {"value": f"bulkId:{of.bulk_id}"}}}),
        },
    ),
    "bulk: their values": bulk(lambda of: {"method": "POST", "path": "/Users", "bulkId": "b", "data": of.body()}),
    "discovery: id": lambda client, of: client.get(f"/Schemas/{of.id}"),
    "discovery: filter": lambda client, of: client.get("/ResourceTypes", f"filter={quote(FILTERS['id'](of))}"),
    "unrouted: id": lambda client, of: client.get(f"//Users/{of.id}/"),
    "unrouted: delete": lambda client, of: client.request("DELETE", f"/Users//{of.id}"),
    "unrouted: group": lambda client, of: client.get(f"//Groups/{of.id}"),
    "get_group: id": on_group("GET"),
    "create_group: member": lambda client, of: client.request("POST", "/Groups", body=group(of)),
    "replace_group: id": on_group("PUT", group),
    "patch_group: id": on_group("PATCH", lambda of: adding_member(of.id)),
    "patch_group: member": lambda client, of: client.request(
        "PATCH", f"/Groups/{own_group(client)}", body=adding_member(of.id), query="attributes=members"
    ),
    "delete_group: id": on_group("DELETE"),
    "get_group: group": on_their_group("GET"),
    "get_group: ETag": on_their_group("GET", header="If-None-Match"),
    "replace_group: group": on_their_group("PUT", their_group),
    "replace_group: ETag": on_their_group("PUT", their_group, "If-Match"),
    "replace_group: their values for one's own": lambda client, of: client.request(
        "PUT", f"/Groups/{own_group(client)}", body=their_group(of)
    ),
    "patch_group: group": on_their_group("PATCH", lambda of: replacing("displayName", "mine")),
    "patch_group: ETag": on_their_group("PATCH", lambda of: replacing("displayName", "mine"), "If-Match"),
    "patch_group: group as a member": lambda client, of: client.request(
        "PATCH", f"/Groups/{own_group(client)}", body=adding_member(of.group_id)
    ),
    "patch_group: their name for one's own": lambda client, of: client.request(
        "PATCH", f"/Groups/{own_group(client)}", body=replacing("displayName", of.group_name), query="attributes=id"
    ),
    "create_group: their values": lambda client, of: client.request("POST", "/Groups", body=their_group(of)),
    "create_group: group as a member": lambda client, of: client.request(
        "POST", "/Groups", body=group(of) | {"members": [{"value": of.group_id}]}
    ),
    "delete_group: group": on_their_group("DELETE"),
    "delete_group: ETag": on_their_group("DELETE", header="If-Match"),
    "list_groups: cursor": listed(lambda of: {"cursor": of.group_cursor, "count": 1}, "/Groups"),
    "list_groups: cursor of users": listed(lambda of: {"cursor": of.cursor, "count": 1}, "/Groups"),
    "list_groups: all": listed(lambda of: {"sortBy": "displayName"}, "/Groups"),
    "list_users: member of a group": listed(lambda of: {"filter": f'groups.value eq "{of.group_id}"'}),
    "search_users: group": searched("/.search", lambda of: {"filter": GROUP_FILTERS["displayName"](of)}),
    "search_users: groups' names": searched("/.search", lambda of: {"filter": f'groups.display eq "{of.group_name}"'}),
    "bulk: group": bulk(
        lambda of: {"method": "PUT", "path": f"/Groups/{of.group_id}", "data": their_group(of)},
        lambda of: {"method": "PATCH", "path": f"/Groups/{of.group_id}", "data": adding_member(of.id)},
        lambda of: {"method": "DELETE", "path": f"/Groups/{of.group_id}", "version": of.group_etag},
        lambda of: {"method": "DELETE", "path": f"/Groups/bulkId:{of.bulk_id}"},
    ),
    "bulk: their group's values": bulk(
        lambda of: {"method": "POST", "path": "/Groups", "bulkId": "b", "data": their_group(of)}
    ),
    "unrouted: their group": lambda client, of: client.get(f"//Groups/{of.group_id}/"),
    **{
        f"list_groups: {name}": listed(lambda of, said=said: {"filter": said(of)}, "/Groups")  # type: ignore[misc]  # mypy infers no type for the lambda's default
        for name, said in GROUP_FILTERS.items()
    },
    **{
        f"search_groups: {name}": searched("/Groups/.search", lambda of, said=said: {"filter": said(of)})  # type: ignore[misc]  # mypy infers no type for the lambda's default
        for name, said in GROUP_FILTERS.items()
    },
    "unrouted: elsewhere": lambda client, of: client.get(f"/Me/{of.id}"),
    **{f"list_users: {name}": listed(lambda of, said=said: {"filter": said(of)}) for name, said in FILTERS.items()},  # type: ignore[misc]  # mypy infers no type for the lambda's default
    **{
        f"search_users: {name}": searched("/.search", lambda of, said=said: {"filter": said(of)})  # type: ignore[misc]  # mypy infers no type for the lambda's default
        for name, said in FILTERS.items()
    },
}


@pytest.fixture(scope="module")
def stranger(new_client: Callable[..., ScimClient]) -> ScimClient:
    """The other account."""
    return new_client(groups=True)


@pytest.fixture(scope="module")
def theirs(stranger: ScimClient) -> Identifiers:
    """Identifiers of a user of the other account, each valid there."""
    created = {
        "method": "POST",
        "path": "/Users",
        "bulkId": "their-bulk-id",
        "data": user("theirs", externalId="ext-1"),
    }
    stranger.request("POST", "/Bulk", body={"schemas": [f"{MESSAGES}BulkRequest"], "Operations": [created]})
    stranger.create(user("more"))
    found = stranger.find('userName eq "theirs@example.com"')[0]
    cursor = stranger.get("/Users", "cursor=&count=1").json["nextCursor"]
    assert stranger.get("/Users", f"cursor={quote(cursor)}&count=1").status == 200
    named = {"schemas": [GROUP_URN], "displayName": "their-group", "externalId": "ext-of-group"}
    made = stranger.request("POST", "/Groups", body=named | {"members": [{"value": found["id"]}]}).json
    stranger.request("POST", "/Groups", body={"schemas": [GROUP_URN], "displayName": "another"})
    group_cursor = stranger.get("/Groups", "cursor=&count=1").json["nextCursor"]
    return Identifiers(
        found["id"],
        found["meta"]["version"],
        cursor,
        found["userName"],
        found["userName"],
        "ext-1",
        "their-bulk-id",
        made["id"],
        made["meta"]["version"],
        group_cursor,
        "their-group",
        "ext-of-group",
    )


@pytest.fixture
def of_no_one(new_client: Callable[..., ScimClient]) -> Identifiers:
    """Identifiers of no user and no group; the cursors are those of an account that no other one knows."""
    gone = new_client(groups=True)
    for name in ("a", "b"):
        gone.create(user(name))
        gone.request("POST", "/Groups", body={"schemas": [GROUP_URN], "displayName": name})
    cursors = [gone.get(path, "cursor=&count=1").json["nextCursor"] for path in ("/Users", "/Groups")]
    name = f"nobody-{uuid4().hex}@example.com"
    return Identifiers(
        str(uuid4()),
        'W/"1"',
        cursors[0],
        name,
        name,
        uuid4().hex,
        uuid4().hex,
        str(uuid4()),
        'W/"1"',
        cursors[1],
        uuid4().hex,
        uuid4().hex,
    )


def comparable(answer: Answer, of: Identifiers) -> tuple[int, str, dict[str, str]]:
    """An answer without what depends on the user, the time or the request."""

    def plain(text: str) -> str:
        for name in (
            "cursor", "group_cursor", "user_name", "group_external_id", "external_id", "bulk_id", "group_id", "id",
            "group_name",
        ):  # fmt: skip
            value = getattr(of, name)
            text = text.replace(json.dumps(value)[1:-1], name).replace(value.upper(), name.upper()).replace(value, name)
        text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "own-id", text)
        return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "moment", text)

    unlike = ("date", "content-length")
    headers = {name: plain(value) for name, value in answer.headers.items() if name not in unlike}
    return answer.status, plain(answer.text), headers


# Where look-ups and creates ask for a user by e-mail as well.
MATCHING = [
    name for name in MATRIX if re.match("create_user|bulk: their|(list|search)_users: (userName|address)$", name)
]


@pytest.mark.parametrize(
    ("name", "match_existing"), [(name, False) for name in MATRIX] + [(name, True) for name in MATCHING]
)
def test_values_of_another_account_are_answered_like_unknown_values(
    *,
    new_client: Callable[..., ScimClient],
    stranger: ScimClient,
    theirs: Identifiers,
    of_no_one: Identifiers,
    name: str,
    match_existing: bool,
) -> None:
    answers = []
    before = stranger.all(), stranger.get("/Groups").json
    for identifiers in (theirs, of_no_one):
        settings = ({"groups": True} if "group" in name else {}) | (
            {"match_existing_by_email": True} if match_existing else {}
        )
        answers.append(comparable(MATRIX[name](new_client(**settings), identifiers), identifiers))

    assert answers[0] == answers[1]
    assert (stranger.all(), stranger.get("/Groups").json) == before


def test_every_operation_is_in_the_matrix() -> None:
    modules = {route.module for route in routes.ROUTES} | {"unrouted"}

    assert {name.partition(":")[0] for name in MATRIX} == modules
