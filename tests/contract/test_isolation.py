"""No operation of one account reaches anything of another, whatever it names; it is as if the other did not exist."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import pytest

from support.people import PATCH_OP, user
from support.scim_http import Answer, Json, ScimClient

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
PATCH = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "active", "value": False}]}


@pytest.fixture
def stranger(new_client: Callable[..., ScimClient]) -> ScimClient:
    """A client of another account."""
    return new_client()


@pytest.fixture
def theirs(stranger: ScimClient) -> Json:
    """A user of the other account."""
    return stranger.create(user("theirs", externalId="ext-1"))


ON_AN_ID: dict[str, Callable[[ScimClient, str, str], Answer]] = {
    "GET": lambda client, user_id, etag: client.get(f"/Users/{user_id}"),
    "GET with their ETag": lambda client, user_id, etag: client.request(
        "GET", f"/Users/{user_id}", headers={"If-None-Match": etag}
    ),
    "PUT": lambda client, user_id, etag: client.put(user_id, user("mine")),
    "PUT with their ETag": lambda client, user_id, etag: client.request(
        "PUT", f"/Users/{user_id}", body=user("mine"), headers={"If-Match": etag}
    ),
    "PATCH": lambda client, user_id, etag: client.request("PATCH", f"/Users/{user_id}", body=PATCH),
    "DELETE": lambda client, user_id, etag: client.delete(user_id),
    "DELETE with a slash": lambda client, user_id, etag: client.request("DELETE", f"//Users/{user_id}/"),
}


@pytest.mark.parametrize("operation", ON_AN_ID.values(), ids=ON_AN_ID)
def test_the_id_of_another_accounts_user_is_not_found(
    client: ScimClient, stranger: ScimClient, theirs: Json, operation: Callable[[ScimClient, str, str], Answer]
) -> None:
    answer = operation(client, theirs["id"], theirs["meta"]["version"])

    assert answer.status == 404
    assert "theirs" not in answer.text
    assert stranger.get(f"/Users/{theirs['id']}").json == theirs


@pytest.mark.parametrize(
    "filter_",
    [
        'userName eq "theirs@example.com"',
        'emails eq "theirs@example.com"',
        'emails[type eq "work"].value eq "theirs@example.com"',
        'externalId eq "ext-1"',
        'id eq "{id}"',
        'userName sw "t"',
        'emails.value sw "theirs"',
        "userName pr",
        'id eq "{id}" or active eq true',
    ],
)
def test_no_filter_finds_their_users(client: ScimClient, theirs: Json, filter_: str) -> None:
    text = filter_.replace("{id}", theirs["id"])

    listed = client.get("/Users", f"filter={quote(text)}")
    searched = client.request("POST", "/Users/.search", body={"schemas": [SEARCH], "filter": text})

    assert listed.json["totalResults"] == searched.json["totalResults"] == 0


def test_lists_sorted_lists_and_cursors_hold_ones_own_users_only(
    client: ScimClient, stranger: ScimClient, theirs: Json
) -> None:
    own = client.create(user("own"))

    for query in ("", "sortBy=userName", "sortBy=title", "cursor=", "startIndex=1&count=1"):
        assert [found["id"] for found in client.get("/Users", query).json["Resources"]] == [own["id"]]
    assert client.get("/Users").json["totalResults"] == 1


def test_a_cursor_of_another_account_is_refused(client: ScimClient, stranger: ScimClient, theirs: Json) -> None:
    stranger.create(user("more"))
    cursor = stranger.get("/Users", "cursor=&count=1").json["nextCursor"]

    answer = client.get("/Users", f"cursor={cursor}&count=1")

    assert (answer.status, answer.json["scimType"]) == (400, "invalidCursor")


def test_the_same_user_may_exist_in_both_accounts(client: ScimClient, stranger: ScimClient, theirs: Json) -> None:
    own = client.create(user("theirs", externalId="ext-1"))

    assert own["id"] != theirs["id"]
    assert client.delete(own["id"]).status == 204
    assert stranger.get(f"/Users/{theirs['id']}").json == theirs


def test_a_bulk_request_reaches_no_user_of_another_account(
    client: ScimClient, stranger: ScimClient, theirs: Json
) -> None:
    created = {"method": "POST", "path": "/Users", "bulkId": "x", "data": user("mine")}
    stranger.request("POST", "/Bulk", body={"schemas": [BULK], "Operations": [created | {"data": user("other")}]})

    answer = client.request(
        "POST",
        "/Bulk",
        body={
            "schemas": [BULK],
            "Operations": [
                {"method": "DELETE", "path": f"/Users/{theirs['id']}"},
                {"method": "PATCH", "path": f"/Users/{theirs['id']}", "data": PATCH},
                {"method": "PATCH", "path": "/Users/bulkId:x", "data": PATCH},
            ],
        },
    )

    assert [operation["status"] for operation in answer.json["Operations"]] == ["404", "404", "409"]
    assert stranger.get(f"/Users/{theirs['id']}").json == theirs


def test_a_key_with_the_other_accounts_name_in_it_is_refused(client: ScimClient, stranger: ScimClient) -> None:
    own, other = client.key.split("_")[1], stranger.key.split("_")[1]

    forged = replace(client, key=client.key.replace(own, other))

    assert forged.get("/Users").status == 401
