"""Results of concurrent requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from adapters.clock import MonotonicDeadline
from domain.accounts.deprovisioning import Limit
from local.service import LocalService
from operations.consistency.check import Inconsistency, check_items
from support.people import PATCH_OP, user
from support.scim_http import Answer, ScimClient

THREADS = 32


def at_once(action: Callable[[int], Answer]) -> list[Answer]:
    """The answers to 32 requests that start together."""
    together = Barrier(THREADS)

    def run(number: int) -> Answer:
        together.wait()
        return action(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def findings(service: LocalService, client: ScimClient) -> list[Inconsistency]:
    """Inconsistencies in the account's items: orphans, missing index items, wrong counters."""
    account = client.key.split("_")[1]
    table = service.table
    return [
        found
        for found in check_items(table.account(account, MonotonicDeadline.after(60)).items)
        if isinstance(found, Inconsistency)
    ]


def test_of_32_users_with_one_address_one_is_created(service: LocalService, client: ScimClient) -> None:
    answers = at_once(lambda number: client.post(user(userName=f"mara-{number}", externalId=f"x-{number}")))

    assert Counter(answer.status for answer in answers) == {201: 1, 409: THREADS - 1}
    assert all(answer.json["scimType"] == "uniqueness" for answer in answers if answer.status == 409)
    assert client.all() == [answer.json for answer in answers if answer.status == 201]
    assert findings(service, client) == []


def test_of_32_users_with_one_user_name_one_is_created(service: LocalService, client: ScimClient) -> None:
    answers = at_once(lambda number: client.post(user(f"mara-{number}", userName="Mara")))

    assert Counter(answer.status for answer in answers) == {201: 1, 409: THREADS - 1}
    assert len(client.all()) == 1
    assert findings(service, client) == []


def test_32_different_users_are_all_created(service: LocalService, client: ScimClient) -> None:
    answers = at_once(lambda number: client.post(user(f"mara-{number}")))

    assert Counter(answer.status for answer in answers) == {201: THREADS}
    assert client.get("/Users", "count=0").json["totalResults"] == THREADS
    assert findings(service, client) == []


def test_of_32_deletes_one_finds_the_user_and_is_counted(service: LocalService, client: ScimClient) -> None:
    # Each takes a place under the limit while it is under way, and all but one give it back.
    account, limit = client.key.split("_")[1], Limit(THREADS)
    service.accounts.configure(account, deprovisioning_limit=limit)
    created = client.create(user())
    store = service.table.account(account, MonotonicDeadline.after(60)).users
    made = store.get(created["id"])
    assert made is not None
    # Of long ago, as a user made within the hour does not count.
    store.replace(made, replace(made, version=2, created="2020-01-31T12:00:00.000Z"))

    answers = at_once(lambda number: client.delete(created["id"]))

    assert Counter(answer.status for answer in answers) == {204: 1, 404: THREADS - 1}
    assert client.get("/Users").json["totalResults"] == 0
    assert findings(service, client) == []
    guard = service.table.account(account, MonotonicDeadline.after(60)).guard(limit)
    assert guard.state().used == 1


def test_of_32_patches_of_one_version_one_wins(service: LocalService, client: ScimClient) -> None:
    created = client.create(user())
    tag = {"If-Match": created["meta"]["version"]}

    def patch(number: int) -> Answer:
        operation = {"op": "replace", "path": "title", "value": f"Lead {number}"}
        body = {"schemas": [PATCH_OP], "Operations": [operation]}
        return client.request("PATCH", f"/Users/{created['id']}", body=body, headers=tag)

    answers = at_once(patch)

    assert Counter(answer.status for answer in answers) == {200: 1, 412: THREADS - 1}
    [won] = [answer.json for answer in answers if answer.status == 200]
    assert client.get(f"/Users/{created['id']}").json == won
    assert won["meta"]["version"] == 'W/"2"'
    assert findings(service, client) == []


@pytest.mark.parametrize("repetition", range(2))
def test_changes_of_different_attributes_do_not_undo_each_other(
    service: LocalService, client: ScimClient, repetition: int
) -> None:
    created = client.create(user())
    names = ["displayName", "nickName", "title", "userType", "locale", "timezone", "preferredLanguage", "profileUrl"]

    answers = at_once(
        lambda number: client.patch(
            created["id"], {"op": "replace", "path": names[number % len(names)], "value": f"v{number}"}
        )
    )

    assert {answer.status for answer in answers} <= {200, 503}
    landed = {names[number % len(names)] for number, answer in enumerate(answers) if answer.status == 200}
    after = client.get(f"/Users/{created['id']}").json
    assert landed <= set(after)
    assert findings(service, client) == []
