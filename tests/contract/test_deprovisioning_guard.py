"""One wrong group scope in an identity provider does not empty a directory."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier

import pytest

from adapters import aws
from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from cli.local_service import TABLE_NAME, LocalService
from contract.scim_http import ScimClient, user
from domain.deprovisioning import Limit
from storage.loading import load
from storage.samples import Users

FALSE = {"op": "replace", "path": "active", "value": False}


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
    for said in ("Nothing was changed", "1 users", "within an hour", f"rollcall account resume {account}"):
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
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "Operations": [{"method": "DELETE", "path": f"/Users/{each}"} for each in users],
        },
    )

    assert [operation["status"] for operation in answer.json["Operations"]] == ["204", "204", "403", "403"]
