"""Who lost access, or was refused that, by every kind of request, as the record of the local server has it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.clock import MonotonicDeadline
from domain.accounts.deprovisioning import Limit
from local.activity import FileActivity
from local.service import LocalService
from support.people import bulk, person, replacing, stored
from support.scim_http import ScimClient


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    with LocalService() as running:
        yield running


@pytest.fixture
def client(service: LocalService) -> ScimClient:
    """Of an account that nothing else is done to."""
    key = service.new_account()
    return ScimClient(service.base_url, key.text)


def account_of(client: ScimClient) -> str:
    return client.key.split("_")[1]


def found(service: LocalService, client: ScimClient) -> list[tuple[str, str | None]]:
    lost = FileActivity(service.activity_file).lost_access(account_of(client))
    assert lost is not None
    return [(each.user_id, each.what) for each in lost]


def test_every_kind_of_request_that_takes_access_away_is_found(service: LocalService, client: ScimClient) -> None:
    ids = [client.create(person(f"u{number}"))["id"] for number in range(6)]
    client.request("PATCH", f"/Users/{ids[0]}", body=replacing("active", False))
    client.put(ids[1], person("u1", active=False))
    client.delete(ids[2])
    client.request(
        "POST",
        "/Bulk",
        body=bulk(
            {"method": "PATCH", "path": f"/Users/{ids[3]}", "data": replacing("active", False)},
            {"method": "DELETE", "path": f"/Users/{ids[4]}"},
            {"method": "PATCH", "path": f"/Users/{ids[5]}", "data": replacing("title", "x")},
        ),
    )

    assert found(service, client) == [
        (ids[0], "deactivated"),
        (ids[1], "deactivated"),
        (ids[2], "removed"),
        (ids[3], "deactivated"),
        (ids[4], "removed"),
    ]


def test_whom_the_guard_refuses_is_found_apart(service: LocalService, client: ScimClient) -> None:
    account = account_of(client)
    service.accounts.configure(account, deprovisioning_limit=Limit(1))
    users = [stored(number) for number in range(3)]
    for each in users:
        service.table.account(account, MonotonicDeadline.after(60)).users.create(each)
    client.delete(users[0].id)
    client.request("DELETE", f"/Users/{users[1].id}")
    client.request("DELETE", f"/Users/{users[1].id}")
    client.request("POST", "/Bulk", body=bulk({"method": "DELETE", "path": f"/Users/{users[2].id}"}))

    assert found(service, client) == [(users[0].id, "removed"), (users[1].id, None), (users[2].id, None)]
