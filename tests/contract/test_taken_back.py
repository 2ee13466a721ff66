"""A deactivated user who comes back: the identity provider creates again whom it had deactivated."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from adapters.clock import MonotonicDeadline, new_id, now
from adapters.dynamodb import Table
from adapters.events.stream import change_of
from domain.accounts.deprovisioning import Limit
from domain.events.kinds import EventKind
from domain.events.lifecycle import events_of
from local.service import TABLE_NAME, LocalService
from operations.consistency.check import Inconsistency, check_items
from operations.roster import RosterRow
from operations.user_import import RowResult, UserImport
from support.people import CORE, user
from support.scim_http import Answer, Json, ScimClient
from support.table_stream import stream_record

FALSE: Json = {"op": "replace", "path": "active", "value": False}
THREADS = 32


@pytest.fixture
def account(client: ScimClient) -> str:
    return client.key.split("_")[1]


@pytest.fixture
def table(service: LocalService) -> Table:
    return service.table


def item(table: Table, account: str, user_id: str) -> dict[str, Any]:
    """The user's item as the table has it."""
    key = {"pk": {"S": f"{account}#USER"}, "sk": {"S": user_id}}
    found: dict[str, Any] = table.client.get_item(TableName=TABLE_NAME, Key=key, ConsistentRead=True)["Item"]
    return found


def lines(service: LocalService, account: str) -> list[Json]:
    """The account's log lines."""
    logged = service.activity_file.read_text(encoding="utf-8").splitlines()
    return [line for line in map(json.loads, logged) if line.get("account") == account]


def gone(client: ScimClient, **attributes: Any) -> Json:
    """A user whom the identity provider made and deactivated."""
    made = client.create(user("ada", roles=[{"value": "admin"}], title="Lead") | attributes)
    assert client.patch(made["id"], FALSE).status == 200
    return made


def in_bulk(client: ScimClient, body: Json) -> Json:
    """The answer of a bulk request with one POST."""
    operation = {"method": "POST", "path": "/Users", "bulkId": "one", "data": body}
    schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    answer = client.request("POST", "/Bulk", body={"schemas": [schema], "Operations": [operation]})
    one: Json = answer.json["Operations"][0]
    return one


def test_a_deactivated_user_is_taken_back_with_the_same_id_and_what_is_sent(client: ScimClient) -> None:
    made = gone(client, externalId="idp-1")

    answer = client.post(user("ada", externalId="idp-1", emails=[{"value": "ada@new.example"}], nickName="Ada"))

    assert (answer.status, answer.json["id"]) == (201, made["id"])
    back = answer.json
    assert back["emails"] == [{"value": "ada@new.example"}]
    assert (back.get("active", True), back["nickName"]) == (True, "Ada")
    # What is not sent goes, as in a replacement; privileges first of all.
    assert not {"roles", "title"} & back.keys()
    assert (back["meta"]["version"], answer.headers["etag"]) == ('W/"3"', 'W/"3"')
    assert answer.headers["location"].endswith(made["id"])
    assert client.get(f"/Users/{made['id']}").json == back
    assert client.all() == [back]
    assert client.find('emails.value eq "ada@example.com"') == []


def test_a_deactivated_user_is_taken_back_in_a_bulk_request(client: ScimClient) -> None:
    made = gone(client)

    one = in_bulk(client, user("ada"))

    assert (one["status"], one["location"].rpartition("/")[2]) == ("201", made["id"])
    assert client.get(f"/Users/{made['id']}").json.get("active", True) is True


def test_a_user_who_is_sent_inactive_is_taken_back_inactive(client: ScimClient) -> None:
    made = gone(client)

    answer = client.post(user("ada", active=False, nickName="Ada"))

    assert (answer.status, answer.json["id"], answer.json["active"]) == (201, made["id"], False)


@pytest.mark.parametrize("held", [None, "idp-1"])
@pytest.mark.parametrize("sent", [None, "idp-1"])
def test_an_equal_or_missing_external_id_does_not_prevent_taking_a_user_back(
    client: ScimClient, held: str | None, sent: str | None
) -> None:
    made = gone(client, **{"externalId": held} if held else {})

    answer = client.post(user("ada") | ({"externalId": sent} if sent else {}))

    assert (answer.status, answer.json["id"]) == (201, made["id"])
    assert answer.json.get("externalId") == sent


def other_external_id(client: ScimClient) -> Json:
    gone(client, externalId="idp-1")
    return user("ada", externalId="idp-2")


def an_active_user(client: ScimClient) -> Json:
    client.create(user("ada"))
    return user("ada")


def an_address_of_somebody_else(client: ScimClient) -> Json:
    gone(client)
    client.create(user("eve"))
    return user("ada", emails=[{"value": "eve@example.com"}])


def another_user_name(client: ScimClient) -> Json:
    gone(client)
    return user("ada", userName="ada.two")


def a_user_name_that_looks_alike(client: ScimClient) -> Json:
    gone(client, userName="kate")
    return user("ada", userName="\u212aate", emails=[{"value": "ada@example.com"}])


@pytest.mark.parametrize(
    "attempt",
    [
        other_external_id,
        an_active_user,
        an_address_of_somebody_else,
        another_user_name,
        a_user_name_that_looks_alike,
    ],
)
def test_a_user_who_may_be_another_person_is_not_taken_back(
    client: ScimClient, attempt: Callable[[ScimClient], Json]
) -> None:
    body = attempt(client)
    before = client.all()

    answer = client.post(body)

    assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")
    assert in_bulk(client, body)["status"] == "409"
    assert client.all() == before


def test_a_user_who_was_never_claimed_is_not_taken_back(table: Table, client: ScimClient, account: str) -> None:
    row = RosterRow(
        2, {"schemas": [CORE], "userName": "ada", "active": False, "emails": [{"value": "ada@example.com"}]}
    )
    store = table.account(account, MonotonicDeadline.after(60)).users
    (outcome,) = UserImport(lambda: store, new_id, now).run([row])
    assert outcome.result is RowResult.CREATED

    assert client.post(user("ada")).status == 409


@pytest.mark.parametrize("settings", [{"take_back_deactivated": False}, {"mode": "strict"}], ids=["off", "strict"])
def test_the_setting_and_strict_mode_refuse_as_the_rfc_has_it(
    service: LocalService, client: ScimClient, account: str, settings: Json
) -> None:
    gone(client)
    service.accounts.configure(account, **settings)

    answer = client.post(user("ada"))

    assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")


def test_the_return_is_an_event_and_a_line_of_its_own(
    service: LocalService, table: Table, client: ScimClient, account: str
) -> None:
    made = gone(client)
    before = item(table, account, made["id"])

    assert client.post(user("ada")).status == 201

    after = item(table, account, made["id"])
    keys = {name: after[name] for name in ("pk", "sk")}
    change = change_of(stream_record(1, "MODIFY", keys, {"OldImage": before, "NewImage": after}))
    assert change is not None
    assert [event.kind for event in events_of(change)] == [EventKind.UPDATED, EventKind.REACTIVATED]
    request, back = lines(service, account)[-2:]
    assert (request["message"], request["status"], request["users_taken_back"]) == ("request", 201, 1)
    assert (back["message"], back["user_id"]) == ("take-back", made["id"])
    assert back["reason"] == "took-back-deactivated-user"


def test_taking_a_user_back_is_allowed_at_a_limit_of_zero(
    service: LocalService, client: ScimClient, account: str
) -> None:
    gone(client)
    service.accounts.configure(account, deprovisioning_limit=Limit(0))

    assert client.post(user("ada")).status == 201


def test_of_32_creates_one_takes_the_user_back(table: Table, client: ScimClient, account: str) -> None:
    made = gone(client)
    together = Barrier(THREADS)

    def create(number: int) -> Answer:
        together.wait()
        return client.post(user("ada", nickName=f"number {number}"))

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(create, range(THREADS)))

    assert Counter(answer.status for answer in answers) == {201: 1, 409: THREADS - 1}
    [won] = [answer.json for answer in answers if answer.status == 201]
    assert (won["id"], won["meta"]["version"]) == (made["id"], 'W/"3"')
    assert client.all() == [won]
    steps = check_items(table.account(account, MonotonicDeadline.after(60)).items)
    assert [step for step in steps if isinstance(step, Inconsistency)] == []
