"""A user is active unless it says otherwise: in what is stored, answered, found, sorted and projected."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from domain.documents import encode
from domain.resources.stored_user import StoredUser
from support.in_process import Client, InProcess, in_process
from support.made_users import Json, patched, read
from support.people import CORE, user

OLD_ID = "0f0e0d0c-0000-4000-8000-000000000001"


@pytest.fixture(params=["tolerant", "strict"])
def acme(request: pytest.FixtureRequest) -> Iterator[tuple[InProcess, Client]]:
    with in_process() as service:
        yield service, service.account("acme", mode=request.param)


def found(client: Client, query: str) -> list[Json]:
    answer = client.call("GET", "/Users", query=query)
    assert answer.status == 200, answer.text
    resources: list[Json] = answer.body["Resources"]
    return resources


def stored_without_active(service: InProcess) -> None:
    """A user in the form of an earlier release."""
    document = encode({"schemas": [CORE], "userName": "old", "title": 'said "active": true'})
    at = "2026-01-02T03:04:05.000Z"
    service.table.accounts["acme"].create(StoredUser(OLD_ID, 1, at, at, document))


def silent(name: str) -> Json:
    return {key: value for key, value in user(name).items() if key != "active"}


def test_a_user_made_without_active_is_stored_and_answered_active(acme: tuple[InProcess, Client]) -> None:
    service, client = acme

    made = client.call("POST", "/Users", silent("mara")).body

    assert made["active"] is True
    assert read(client, made) == made
    stored = service.table.accounts["acme"].get(made["id"])
    assert stored is not None
    assert '"active":true' in stored.document
    assert found(client, "filter=" + quote("active eq true")) == [made]
    assert found(client, "filter=" + quote("active eq false or not (active pr)")) == []


def test_a_put_without_active_leaves_an_active_user_as_it_is(acme: tuple[InProcess, Client]) -> None:
    _, client = acme
    made = client.call("POST", "/Users", silent("mara")).body

    assert client.call("PUT", f"/Users/{made['id']}", silent("mara")).body == made
    assert patched(client, made, {"op": "remove", "path": "active"}).body == made


def test_a_user_stored_without_active_is_read_as_active(acme: tuple[InProcess, Client]) -> None:
    service, client = acme
    inactive = client.call("POST", "/Users", user("a", active=False)).body
    stored_without_active(service)

    old = read(client, {"id": OLD_ID})

    assert old["active"] is True
    assert old["title"] == 'said "active": true'
    assert found(client, "filter=" + quote("active eq true")) == [old]
    assert found(client, "filter=" + quote('userName eq "old" and active eq true')) == [old]
    assert found(client, "attributes=active&filter=" + quote('userName eq "old"'))[0]["active"] is True
    for order, ids in (("ascending", [inactive["id"], OLD_ID]), ("descending", [OLD_ID, inactive["id"]])):
        assert [each["id"] for each in found(client, f"sortBy=active&sortOrder={order}")] == ids
    assert old in found(client, "")


def test_a_write_that_changes_nothing_of_it_writes_nothing(acme: tuple[InProcess, Client]) -> None:
    service, client = acme
    client.call("GET", "/Users")
    stored_without_active(service)
    old = read(client, {"id": OLD_ID})

    assert client.call("PUT", f"/Users/{OLD_ID}", old).body == old
    assert patched(client, old, {"op": "replace", "path": "active", "value": True}).body == old
    deactivated = patched(client, old, {"op": "replace", "path": "active", "value": False}).body
    assert (deactivated["active"], deactivated["meta"]["version"]) == (False, 'W/"2"')


@pytest.mark.parametrize(("mode", "active"), [("strict", True), ("tolerant", False)])
def test_what_a_removal_of_active_means_is_the_accounts_choice(mode: str, active: bool) -> None:
    with in_process() as service:
        client = service.account("acme", mode=mode)
        made = client.call("POST", "/Users", user("mara", active=False)).body

        assert patched(client, made, {"op": "remove", "path": "active"}).body["active"] is active


def test_an_adoption_that_does_not_say_active_lets_no_user_in() -> None:
    with in_process() as service:
        client = service.account("acme", match_existing_by_email=True)
        client.call("GET", "/Users")
        at = "2026-01-02T03:04:05.000Z"
        service.table.accounts["acme"].create(StoredUser.new(OLD_ID, user("mara", active=False, userName="old"), at))

        adopted = client.call("POST", "/Users", silent("mara"))

        assert (adopted.status, adopted.body["id"], adopted.body["active"]) == (201, OLD_ID, False)
