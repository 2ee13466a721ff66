"""One wrong group scope in an identity provider does not empty a directory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from random import Random
from threading import Barrier
from typing import Any

import pytest

from adapters.clock import MonotonicDeadline, now
from adapters.dynamodb import Table
from domain.accounts import rate
from domain.accounts.deprovisioning import Limit
from domain.resources.stored_user import MADE_BY_CLIENT, StoredUser
from local.service import LocalService
from support.loading import load
from support.people import CORE, PATCH_OP, user
from support.samples import Users, new_id
from support.scim_http import Json, ScimClient

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
FALSE: Json = {"op": "replace", "path": "active", "value": False}


@pytest.fixture
def account(client: ScimClient) -> str:
    return client.key.split("_")[1]


@pytest.fixture
def table(service: LocalService) -> Table:
    return service.table


YEARS_AGO = "2020-01-31T12:00:00.000Z"
_NUMBERS = count(1)


def settled(
    table: Table,
    client: ScimClient,
    name: str,
    adoption: str | None = MADE_BY_CLIENT,
    **attributes: Any,
) -> Json:
    """A user whom the identity provider (or the operator) made years ago, as the service answers them."""
    account = client.key.split("_")[1]
    made = StoredUser.new(new_id(Random(next(_NUMBERS))), user(name, **attributes), YEARS_AGO, adoption)
    table.account(account, MonotonicDeadline.after(60)).users.create(made)
    return client.get(f"/Users/{made.id}").json


def crowd(table: Table, client: ScimClient, number: int) -> list[Json]:
    """So many of them."""
    return [settled(table, client, f"user{each}") for each in range(number)]


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
    load(service.table, account, users)
    together = Barrier(threads)

    def empty(part: int) -> Counter[int]:
        together.wait()
        return Counter(client.delete(each.id).status for each in users[part::threads])

    with ThreadPoolExecutor(threads) as pool:
        answers = sum(pool.map(empty, range(threads)), Counter[int]())

    guard = service.table.account(account, MonotonicDeadline.after(60)).guard(Limit(10, 10)).state()
    assert guard.allowed == max(10, crowd // 10)
    assert answers == {204: guard.allowed, 403: crowd - guard.allowed}
    assert client.get("/Users", "count=0").json["totalResults"] == crowd - guard.allowed


@pytest.mark.parametrize(("users", "may_go"), [(1, 1), (2, 2), (3, 3), (5, 3), (12, 6), (20, 10), (60, 20)])
def test_many_threads_cannot_empty_a_small_account_by_default(
    table: Table, client: ScimClient, users: int, may_go: int
) -> None:
    people = crowd(table, client, users)
    together = Barrier(users)

    def leave(one: Json) -> int:
        together.wait()
        return client.delete(one["id"]).status

    with ThreadPoolExecutor(users) as pool:
        answers = Counter(pool.map(leave, people))

    assert answers == Counter({204: may_go, 403: users - may_go})
    assert client.get("/Users", "count=0").json["totalResults"] == users - may_go


def test_the_refusal_says_why_and_what_to_do(
    table: Table, service: LocalService, client: ScimClient, account: str
) -> None:
    limited(service, account, "1")
    users = [settled(table, client, name) for name in ("ada", "bob", "eve")]
    assert client.delete(users[0]["id"]).status == 204

    refused = client.patch(users[1]["id"], FALSE)

    assert refused.status == 403
    until = table.account(account, MonotonicDeadline.after(60)).guard(Limit(1)).state().paused_until
    assert until is not None
    for said in (
        "Nothing was changed",
        "1 of this account's users lost access",
        "within a day",
        f"until {until:%Y-%m-%dT%H:%MZ}",
        f"rollcall account resume {account}",
        f"rollcall account let-through {account} --email ADDRESS",
    ):
        assert said in refused.json["detail"]
    assert client.get(f"/Users/{users[1]['id']}").json == users[1]


def test_a_change_that_removes_no_access_is_not_held_back(
    table: Table, service: LocalService, client: ScimClient, account: str
) -> None:
    limited(service, account, "1")
    ada, bob = settled(table, client, "ada"), settled(table, client, "bob")
    assert client.patch(ada["id"], FALSE).status == 200

    assert client.patch(bob["id"], FALSE).status == 403
    assert client.patch(ada["id"], FALSE).status == 200  # already so
    assert client.patch(bob["id"], {"op": "replace", "path": "title", "value": "Lead"}).status == 200
    assert client.put(ada["id"], user("ada", active=True)).status == 200
    assert client.post(user("eve", active=False)).status == 201


def test_an_operator_lets_the_next_batch_through(
    table: Table, service: LocalService, client: ScimClient, account: str
) -> None:
    limited(service, account, "1")
    users = [each["id"] for each in crowd(table, client, 3)]
    assert [client.delete(each).status for each in users] == [204, 403, 403]

    table.account(account, MonotonicDeadline.after(60)).guard(Limit(1)).resume("operator", "2026-01-01T00:00:00Z")

    assert [client.delete(each).status for each in users[1:]] == [204, 403]


def test_without_a_limit_every_deletion_passes(
    table: Table, service: LocalService, client: ScimClient, account: str
) -> None:
    service.accounts.configure(account, deprovisioning_limit=None)
    users = [each["id"] for each in crowd(table, client, 30)]

    assert {client.delete(each).status for each in users} == {204}


def test_a_refused_change_does_not_count(table: Table, service: LocalService, client: ScimClient, account: str) -> None:
    limited(service, account, "1")
    created = settled(table, client, "ada")["id"]

    assert client.delete("nobody").status == 404
    stale = client.request("DELETE", f"/Users/{created}", headers={"If-Match": 'W/"9"'})
    assert stale.status == 412
    invalid = client.put(created, user("ada", active=False, emails="none"))
    assert invalid.status == 400

    assert client.delete(created).status == 204


def test_every_operation_of_a_bulk_request_counts(
    table: Table, service: LocalService, client: ScimClient, account: str
) -> None:
    limited(service, account, "2")
    users = [each["id"] for each in crowd(table, client, 4)]

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


def junk(of: Json) -> list[Json]:
    """Operations that leave neither the user's userName nor an address."""
    return [
        {"op": "replace", "path": "userName", "value": f"gone-{of['id']}"},
        {"op": "replace", "path": "emails", "value": [{"value": f"gone-{of['id']}@evil.example"}]},
    ]


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
    "PATCH with the URN": lambda client, of: client.patch(of["id"], FALSE | {"path": f"{CORE}:active"}).status,
    "take-over": taken_over,
    "PATCH of userName and addresses": lambda client, of: client.patch(of["id"], *junk(of)).status,
    "PATCH of addresses first": lambda client, of: client.patch(of["id"], *reversed(junk(of))).status,
    "PATCH of both without a path": lambda client, of: (
        client.patch(of["id"], {"op": "replace", "value": {name["path"]: name["value"] for name in junk(of)}}).status
    ),
    "PATCH of both with the URN": lambda client, of: (
        client.patch(of["id"], *(operation | {"path": f"{CORE}:{operation['path']}"} for operation in junk(of))).status
    ),
    "PATCH of the address's value": lambda client, of: (
        client.patch(
            of["id"],
            junk(of)[0],
            {"op": "replace", "path": "emails[value pr].value", "value": f"{of['id']}@evil.example"},
        ).status
    ),
    "PATCH that removes the addresses": lambda client, of: (
        client.patch(of["id"], junk(of)[0], {"op": "remove", "path": "emails"}).status
    ),
    "PUT of both": lambda client, of: (
        client.put(of["id"], of | {name["path"]: name["value"] for name in junk(of)}).status
    ),
    "PATCH of both in bulk": lambda client, of: in_bulk(
        client, "PATCH", of, data={"schemas": [PATCH_OP], "Operations": junk(of)}
    ),
    "PUT of both in bulk": lambda client, of: in_bulk(
        client, "PUT", of, data=of | {name["path"]: name["value"] for name in junk(of)}
    ),
}
"""Every way in which a user loses access."""


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_way_to_remove_access_counts_and_is_held_back(
    table: Table, service: LocalService, client: ScimClient, account: str, way: Callable[[ScimClient, Json], int]
) -> None:
    service.accounts.configure(account, deprovisioning_limit=Limit(1), match_existing_by_email=True)
    ada, bob = settled(table, client, "ada", None), settled(table, client, "bob", None)

    assert way(client, ada) < 300
    assert way(client, bob) == 403

    assert client.get(f"/Users/{bob['id']}").json == bob
    refusal = logged(service, account)[-2]
    assert (refusal["deprovisioning_refused"], refusal["account"]) == (1, account)


@pytest.mark.parametrize("first", [0, 1], ids=["userName first", "addresses first"])
def test_an_identity_replaced_in_two_steps_counts_at_the_second(
    table: Table, service: LocalService, client: ScimClient, account: str, first: int
) -> None:
    limited(service, account, "1")
    ada, bob = settled(table, client, "ada"), settled(table, client, "bob")

    for one, status in ((ada, 200), (bob, 403)):
        assert client.patch(one["id"], junk(one)[first]).status == 200
        assert client.patch(one["id"], {"op": "replace", "path": "title", "value": "Lead"}).status == 200
        assert client.patch(one["id"], junk(one)[1 - first]).status == status


def test_an_identity_replaced_address_by_address_counts(
    table: Table, service: LocalService, client: ScimClient, account: str
) -> None:
    limited(service, account, "0")
    ada = settled(table, client, "ada")
    addresses = ada["emails"]
    more: Json = {"op": "add", "path": "emails", "value": [{"value": "mallory@evil.example", "type": "home"}]}

    assert client.patch(ada["id"], more).status == 200
    assert client.patch(ada["id"], {"op": "replace", "path": "userName", "value": "mallory"}).status == 200
    gone = {"op": "remove", "path": f'emails[value eq "{addresses[0]["value"]}"]'}
    assert client.patch(ada["id"], gone).status == 403


@pytest.mark.parametrize(
    "changed",
    [
        {"userName": "ada.smith"},
        {"emails": [{"value": "ada.smith@example.com"}]},
        {"userName": "ada.smith", "emails": [{"value": "ADA@example.com"}, {"value": "ada.smith@example.com"}]},
    ],
    ids=["userName", "addresses", "an address stays"],
)
def test_a_user_who_keeps_a_name_or_an_address_keeps_access(
    table: Table, service: LocalService, client: ScimClient, account: str, changed: Json
) -> None:
    limited(service, account, "0")
    ada = settled(table, client, "ada")

    assert client.put(ada["id"], ada | changed).status == 200


def test_new_users_neither_raise_nor_exhaust_the_limit(table: Table, client: ScimClient, account: str) -> None:
    people = crowd(table, client, 12)
    for number in range(25):
        made = client.create(user(f"throw-away-{number}"))["id"]
        if number % 2:
            assert client.patch(made, FALSE).status == 200
        assert client.delete(made).status == 204
    for number in range(60):
        client.create(user(f"another-{number}"))
    assert client.patch(people[0]["id"], FALSE).status == 200

    answers = Counter(client.delete(one["id"]).status for one in people[1:])

    assert answers == {204: 5, 403: 6}


def test_imported_users_count_for_the_limit_from_the_first(
    table: Table, service: LocalService, client: ScimClient, account: str
) -> None:
    limited(service, account, "1")
    store = table.account(account, MonotonicDeadline.after(60)).users
    for name in ("ada", "bob"):
        store.create(StoredUser.new(new_id(Random(next(_NUMBERS))), user(name), now()))

    assert [client.delete(one["id"]).status for one in client.all()] == [204, 403]


def test_an_operator_lets_one_urgent_user_through_a_pause(
    table: Table, service: LocalService, client: ScimClient, account: str
) -> None:
    limited(service, account, "1")
    ada, bob, eve = (settled(table, client, name) for name in ("ada", "bob", "eve"))
    assert [client.delete(one["id"]).status for one in (ada, bob)] == [204, 403]

    table.account(account, MonotonicDeadline.after(60)).guard(Limit(1)).let_through(eve["id"], "operator")

    assert client.patch(bob["id"], FALSE).status == 403
    assert client.patch(eve["id"], FALSE | {"path": "active eq"}).status == 400
    assert client.patch(eve["id"], FALSE).status == 200
    assert client.delete(eve["id"]).status == 403
    (passed,) = [line for line in lines(service, account) if line["message"] == "let-through"]
    assert (passed["user_id"], passed["by"], passed["operation"]) == (eve["id"], "operator", "PatchUser")


def test_the_line_says_how_far_the_limit_is_used_up(
    table: Table, service: LocalService, client: ScimClient, account: str
) -> None:
    limited(service, account, "4")
    users = crowd(table, client, 2)

    client.delete(users[0]["id"])
    client.patch(users[1]["id"], *junk(users[1]))

    removal, displacement = logged(service, account)[-2:]
    assert (removal["deprovisioning_used"], removal["deprovisioning_allowed"]) == (1, 4)
    assert (displacement["deprovisioning_used"], displacement["users_displaced"]) == (2, 1)


def test_a_removal_of_an_inactive_user_counts_as_it_cannot_be_undone(
    table: Table, service: LocalService, client: ScimClient, account: str
) -> None:
    limited(service, account, "1")
    former, other = settled(table, client, "ada", active=False), settled(table, client, "bob", active=False)

    assert client.delete(former["id"]).status == 204
    assert client.delete(other["id"]).status == 403


def test_a_repeated_change_counts_once(table: Table, service: LocalService, client: ScimClient, account: str) -> None:
    limited(service, account, "2")
    ada, bob, eve = (settled(table, client, name) for name in ("ada", "bob", "eve"))

    assert [client.patch(ada["id"], FALSE).status for _ in range(3)] == [200] * 3
    assert [client.put(ada["id"], ada | {"active": False}).status for _ in range(3)] == [200] * 3
    assert [client.delete(bob["id"]).status for _ in range(3)] == [204, 404, 404]

    assert client.delete(eve["id"]).status == 403


def lines(service: LocalService, account: str) -> list[Json]:
    """The account's log lines."""
    logged = service.activity_file.read_text(encoding="utf-8").splitlines()
    return [line for line in map(json.loads, logged) if line.get("account") == account]


def logged(service: LocalService, account: str) -> list[Json]:
    """The lines of an account's requests."""
    return [line for line in lines(service, account) if line["message"] == "request"]


def test_a_limit_costs_one_call_where_access_is_taken_and_none_anywhere_else(
    table: Table, service: LocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate, "FREE", 1000)  # so that no account is busy, which costs calls of its own

    def calls(limit: Limit | None) -> list[tuple[str, int]]:
        key = service.new_account()
        service.accounts.configure(key.account, deprovisioning_limit=limit)
        client = ScimClient(service.base_url, key.text)
        ada, bob, eve = (settled(table, client, name) for name in ("ada", "bob", "eve"))
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
        return [(line["operation"], line.get("dynamodb_calls", 0)) for line in logged(service, key.account)]

    without, within = calls(None), calls(Limit(9))

    assert [operation for operation, _ in without] == [operation for operation, _ in within]
    more = [count - before for (_, before), (_, count) in zip(without, within, strict=True)]
    taking = {10: "PatchUser", 13: "ReplaceUser", 15: "DeleteUser", 17: "Bulk"}
    assert more == [int(at in taking) for at in range(len(more))]
    assert {at: without[at][0] for at in taking} == taking
