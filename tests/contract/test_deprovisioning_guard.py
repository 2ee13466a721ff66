"""One wrong group scope in an identity provider does not empty a directory."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from threading import Barrier
from typing import Any

import pytest

from adapters import aws
from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from cli.local_service import TABLE_NAME, LocalService
from contract.scim_http import PATCH_OP, Json, ScimClient, user
from domain import rate
from domain.deprovisioning import Limit
from storage.loading import load
from storage.samples import Users

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
FALSE: Json = {"op": "replace", "path": "active", "value": False}


@pytest.fixture
def account(client: ScimClient) -> str:
    return client.key.split("_")[1]


def limited(service: LocalService, account: str, text: str) -> None:
    service.accounts.configure(account, deprovisioning_limit=Limit.parse(text))


@pytest.mark.parametrize(
    ("service", "crowd", "threads"),
    [
        # moto looks at every item for every query.
        pytest.param("moto", 200, 8, id="moto"),
        pytest.param("dynamodb-local", 1_000, 32, id="dynamodb-local", marks=pytest.mark.dynamodb_local),
    ],
    indirect=["service"],
)
def test_many_threads_cannot_empty_a_directory(
    service: LocalService, client: ScimClient, account: str, crowd: int, threads: int
) -> None:
    limited(service, account, "10,10%")
    users = Users(Random(5)).numbered(crowd)
    table = Table(aws.client("dynamodb"), TABLE_NAME)
    load(table, account, users)
    together = Barrier(threads)

    def empty(part: int) -> Counter[int]:
        together.wait()
        return Counter(client.delete(each.id).status for each in users[part::threads])

    with ThreadPoolExecutor(threads) as pool:
        answers = sum(pool.map(empty, range(threads)), Counter[int]())

    guard = table.guard(account, Limit(10, 10), MonotonicDeadline.after(9)).state()
    # Between 10 and 10 + threads users are gone when the percentage is worked out of those who are left.
    assert (crowd - 10 - threads) // 10 <= guard.allowed <= crowd // 10
    assert answers == {204: guard.allowed, 403: crowd - guard.allowed}
    assert client.get("/Users", "count=0").json["totalResults"] == crowd - guard.allowed


def test_the_refusal_says_why_and_what_to_do(service: LocalService, client: ScimClient, account: str) -> None:
    limited(service, account, "1")
    users = [client.create(user(name)) for name in ("ada", "bob", "eve")]
    assert client.delete(users[0]["id"]).status == 204

    refused = client.patch(users[1]["id"], FALSE)

    assert refused.status == 403
    for said in ("Nothing was changed", "as it allows (1)", "within an hour", f"rollcall account resume {account}"):
        assert said in refused.json["detail"]
    assert client.get(f"/Users/{users[1]['id']}").json == users[1]


def test_what_takes_nobodys_access_is_not_held_back(service: LocalService, client: ScimClient, account: str) -> None:
    limited(service, account, "1")
    ada, bob = client.create(user("ada")), client.create(user("bob"))
    assert client.patch(ada["id"], FALSE).status == 200

    assert client.patch(bob["id"], FALSE).status == 403
    assert client.patch(ada["id"], FALSE).status == 200  # already so
    assert client.patch(bob["id"], {"op": "replace", "path": "title", "value": "Lead"}).status == 200
    assert client.put(ada["id"], user("ada", active=True)).status == 200
    assert client.post(user("eve", active=False)).status == 201


def test_a_person_lets_the_next_batch_through(service: LocalService, client: ScimClient, account: str) -> None:
    limited(service, account, "1")
    users = [client.create(user(f"user{number}"))["id"] for number in range(3)]
    assert [client.delete(each).status for each in users] == [204, 403, 403]

    table = Table(aws.client("dynamodb"), TABLE_NAME)
    table.guard(account, Limit(1), MonotonicDeadline.after(9)).resume("operator", "2026-01-01T00:00:00Z")

    assert [client.delete(each).status for each in users[1:]] == [204, 403]


def test_off_is_off(service: LocalService, client: ScimClient, account: str) -> None:
    service.accounts.configure(account, deprovisioning_limit=None)
    users = [client.create(user(f"user{number}"))["id"] for number in range(30)]

    assert {client.delete(each).status for each in users} == {204}


def test_what_was_not_done_does_not_count(service: LocalService, client: ScimClient, account: str) -> None:
    limited(service, account, "1")
    created = client.create(user("ada"))["id"]

    assert client.delete("nobody").status == 404
    stale = client.request("DELETE", f"/Users/{created}", headers={"If-Match": 'W/"9"'})
    assert stale.status == 412
    invalid = client.put(created, user("ada", active=False, emails="none"))
    assert invalid.status == 400

    assert client.delete(created).status == 204


def test_every_operation_of_a_bulk_request_counts(service: LocalService, client: ScimClient, account: str) -> None:
    limited(service, account, "2")
    users = [client.create(user(f"user{number}"))["id"] for number in range(4)]

    answer = client.request(
        "POST",
        "/Bulk",
        body={
            "schemas": [BULK],
            "Operations": [{"method": "DELETE", "path": f"/Users/{each}"} for each in users],
        },
    )

    assert [operation["status"] for operation in answer.json["Operations"]] == ["204", "204", "403", "403"]


def in_bulk(client: ScimClient, method: str, of: Json, **data: Any) -> int:
    """The status of an operation on a user in a request of one."""
    operation = {"method": method, "path": f"/Users/{of['id']}", **data}
    answer = client.request("POST", "/Bulk", body={"schemas": [BULK], "Operations": [operation]})
    return int(answer.json["Operations"][0]["status"])


def taken_over(client: ScimClient, of: Json) -> int:
    """The status of a create that takes the user over, and says that it is inactive."""
    body = {name: of[name] for name in ("schemas", "userName", "emails")}
    return client.post(body | {"externalId": f"ext-{of['id']}", "active": False}).status


WAYS: dict[str, Callable[[ScimClient, Json], int]] = {
    "DELETE": lambda client, of: client.delete(of["id"]).status,
    "PATCH": lambda client, of: client.patch(of["id"], FALSE).status,
    "PATCH of Entra ID": lambda client, of: client.patch(of["id"], FALSE | {"op": "Replace", "value": "False"}).status,
    "PATCH without a path": lambda client, of: client.patch(of["id"], {"op": "add", "value": {"active": False}}).status,
    "PUT": lambda client, of: client.put(of["id"], of | {"active": False}).status,
    "DELETE in bulk": lambda client, of: in_bulk(client, "DELETE", of),
    "PATCH in bulk": lambda client, of: in_bulk(
        client, "PATCH", of, data={"schemas": [PATCH_OP], "Operations": [FALSE]}
    ),
    "PUT in bulk": lambda client, of: in_bulk(client, "PUT", of, data=of | {"active": False}),
    "take-over": taken_over,
}
"""Every way in which a user loses access."""


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_whichever_way_access_is_taken_it_counts_and_is_held_back(
    service: LocalService, client: ScimClient, account: str, way: Callable[[ScimClient, Json], int]
) -> None:
    service.accounts.configure(account, deprovisioning_limit=Limit(1), match_existing_by_email=True)
    ada, bob = client.create(user("ada")), client.create(user("bob"))

    assert way(client, ada) < 300
    assert way(client, bob) == 403

    assert client.get(f"/Users/{bob['id']}").json == bob
    refusal = logged(account)[-2]
    assert (refusal["deprovisioning_refused"], refusal["account"]) == (1, account)


def test_a_removal_of_an_inactive_user_counts_as_it_cannot_be_undone(
    service: LocalService, client: ScimClient, account: str
) -> None:
    limited(service, account, "1")
    former, other = client.create(user("ada", active=False)), client.create(user("bob", active=False))

    assert client.delete(former["id"]).status == 204
    assert client.delete(other["id"]).status == 403


def test_what_is_asked_again_does_not_count_again(service: LocalService, client: ScimClient, account: str) -> None:
    limited(service, account, "2")
    ada, bob, eve = (client.create(user(name)) for name in ("ada", "bob", "eve"))

    assert [client.patch(ada["id"], FALSE).status for _ in range(3)] == [200] * 3
    assert [client.put(ada["id"], ada | {"active": False}).status for _ in range(3)] == [200] * 3
    assert [client.delete(bob["id"]).status for _ in range(3)] == [204, 404, 404]

    assert client.delete(eve["id"]).status == 403


def logged(account: str) -> list[Json]:
    """The lines of an account's requests."""
    lines = map(json.loads, Path(os.environ["ACTIVITY_FILE"]).read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line["message"] == "request" and line.get("account") == account]


def test_a_limit_costs_one_call_where_access_is_taken_and_none_anywhere_else(
    service: LocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate, "FREE", 1000)  # so that no account is busy, which costs calls of its own

    def calls(limit: Limit | None) -> list[tuple[str, int]]:
        key = service.new_account()
        service.accounts.configure(key.account, deprovisioning_limit=limit)
        client = ScimClient(service.base_url, key.text)
        ada, bob, eve = (client.create(user(name)) for name in ("ada", "bob", "eve"))
        client.get(f"/Users/{ada['id']}")
        client.get("/Users", "filter=userName%20eq%20%22ada@example.com%22")
        client.patch(ada["id"], {"op": "replace", "path": "title", "value": "Lead"})
        client.put(ada["id"], ada | {"title": "Head"})
        client.put(ada["id"], ada | {"userName": "ada"})
        client.post(user("ada"))
        client.delete("nobody")
        client.patch(ada["id"], FALSE)
        client.patch(ada["id"], FALSE)
        client.patch(ada["id"], FALSE | {"value": True})
        client.put(bob["id"], bob | {"active": False})
        client.put(bob["id"], bob | {"active": False})
        client.delete(bob["id"])
        in_bulk(client, "PATCH", eve, data={"schemas": [PATCH_OP], "Operations": [FALSE | {"value": True}]})
        in_bulk(client, "DELETE", eve)
        return [(line["operation"], line.get("dynamodb_calls", 0)) for line in logged(key.account)]

    without, within = calls(None), calls(Limit(9))

    assert [operation for operation, _ in without] == [operation for operation, _ in within]
    more = [count - before for (_, before), (_, count) in zip(without, within, strict=True)]
    taking = {10: "PatchUser", 13: "ReplaceUser", 15: "DeleteUser", 17: "Bulk"}
    assert more == [int(at in taking) for at in range(len(more))]
    assert {at: without[at][0] for at in taking} == taking
