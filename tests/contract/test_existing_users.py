"""The users who were there first: "unable to get or create user from service", and how it ends."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from adapters import aws
from adapters.clock import MonotonicDeadline, new_id, now
from adapters.dynamodb import Table
from adapters.dynamodb.check import Finding, check
from adapters.importer import Done, Importer
from adapters.stream import change_of
from cli.local_service import TABLE_NAME, LocalService
from contract.scim_http import CORE, Json, ScimClient, user
from domain.lifecycle import Kind, events_of
from domain.ports import UserStore
from domain.roster import Row
from table_stream import stream_record

ADDRESS = "mara.lind@example.com"
EXTERNAL_ID = "5f2a9c0d1b3e4f5061728394"
FROM_JUMPCLOUD: Json = {
    "schemas": [CORE],
    "userName": "mlind",
    "externalId": EXTERNAL_ID,
    "name": {"givenName": "Mara", "familyName": "Lind"},
    "emails": [{"value": ADDRESS, "type": "work", "primary": True}],
    "active": True,
}


class Application:
    """An account whose application had a user before SCIM was switched on."""

    def __init__(self, service: LocalService) -> None:
        self._service = service
        self.client = ScimClient(service.base_url, service.new_account().text)
        self.account = self.client.key.split("_")[1]
        self.table = Table(aws.client("dynamodb"), TABLE_NAME)
        self.user = self.imported(userName="mara", title="Analyst", emails=[{"value": ADDRESS}])

    @property
    def store(self) -> UserStore:
        return self.table.users(self.account, MonotonicDeadline.after(9))

    def imported(self, **attributes: object) -> str:
        """The id of a user as `rollcall users import` brings them in."""
        (outcome,) = Importer(lambda: self.store, new_id, now).run([Row(2, {"schemas": [CORE], **attributes})])
        assert outcome.what is Done.CREATED
        found = self.store.find_by_user_name(str(attributes["userName"]))
        assert found is not None
        return found.id

    def item(self) -> dict[str, Any]:
        """The user's item as the table has it."""
        key = {"pk": {"S": f"{self.account}#USER"}, "sk": {"S": self.user}}
        item: dict[str, Any] = self.table.client.get_item(TableName=TABLE_NAME, Key=key, ConsistentRead=True)["Item"]  # type: ignore[arg-type]
        return item

    def matches_existing(self, on: bool = True) -> None:
        self._service.accounts.configure(self.account, match_existing_by_email=on)

    def lines(self) -> list[Json]:
        """What was logged of the account."""
        lines = Path(os.environ["ACTIVITY_FILE"]).read_text(encoding="utf-8").splitlines()
        return [line for line in map(json.loads, lines) if line.get("account") == self.account]

    def findings(self) -> list[Finding]:
        steps = check(self.table, self.account, MonotonicDeadline.after(30))
        return [step for step in steps if isinstance(step, Finding)]


def told(before: dict[str, Any], after: dict[str, Any]) -> list[Kind]:
    """The kinds of event that the publisher makes of a write."""
    keys = {name: after[name] for name in ("pk", "sk")}
    change = change_of(stream_record(1, "MODIFY", keys, {"OldImage": before, "NewImage": after}))
    assert change is not None
    return [event.kind for event in events_of(change)]


@pytest.fixture
def application(service: LocalService) -> Application:
    return Application(service)


def test_the_story_of_the_user_who_was_there_first(application: Application) -> None:
    client = application.client
    # JumpCloud looks up, finds nobody, creates, and is refused for ever.
    assert client.find('userName eq "mlind"') == []
    refused = client.post(FROM_JUMPCLOUD)
    assert (refused.status, refused.json["scimType"]) == (409, "uniqueness")
    for said in ("emails.value", ADDRESS, "already belongs", "rollcall users show", "match-existing-by-email"):
        assert said in refused.json["detail"]
    for unsaid in ("Analyst", application.user, '"mara"'):
        assert unsaid not in refused.json["detail"]

    application.matches_existing()
    adopted = client.create(FROM_JUMPCLOUD)

    assert adopted["id"] == application.user
    assert (adopted["userName"], adopted["externalId"]) == ("mlind", EXTERNAL_ID)
    assert adopted["title"] == "Analyst"
    # JumpCloud goes on as with any user of its own.
    changed = client.put(adopted["id"], FROM_JUMPCLOUD | {"title": "Head of Analysis"})
    assert (changed.status, changed.json["title"]) == (200, "Head of Analysis")
    assert [found["id"] for found in client.find('userName eq "mlind"')] == [application.user]
    assert client.get("/Users").json["totalResults"] == 1
    assert application.findings() == []


def test_an_adoption_is_an_event_and_a_line_of_its_own(application: Application) -> None:
    application.matches_existing()
    imported = application.item()

    application.client.create(FROM_JUMPCLOUD)

    adopted = application.item()
    assert told(imported, adopted) == [Kind.ADOPTED]
    request, adoption = application.lines()[-2:]
    assert (request["message"], request["status"], request["users_adopted"]) == ("request", 201, 1)
    assert (adoption["message"], adoption["user_id"]) == ("adoption", application.user)
    application.client.put(application.user, FROM_JUMPCLOUD | {"title": "Lead"})
    assert told(adopted, application.item()) == [Kind.UPDATED]


def test_a_client_that_updates_what_it_found_adopts_as_well(application: Application) -> None:
    application.matches_existing()
    imported = application.item()
    (found,) = application.client.find(f'userName eq "{ADDRESS}"')

    assert application.client.put(found["id"], FROM_JUMPCLOUD).status == 200

    assert told(imported, application.item()) == [Kind.ADOPTED]


def test_a_look_up_by_a_name_that_nobody_has_finds_the_address_of_whom_nobody_claimed(application: Application) -> None:
    look_up = f'userName eq "{ADDRESS.upper()}"'
    assert application.client.find(look_up) == []

    application.matches_existing()

    assert [found["id"] for found in application.client.find(look_up)] == [application.user]
    assert application.client.find(f"{look_up} and active eq false") == []
    application.matches_existing(on=False)
    assert application.client.find(look_up) == []


def test_a_user_of_another_external_id_is_never_adopted(application: Application) -> None:
    application.matches_existing()
    claimed = application.client.create(FROM_JUMPCLOUD)

    refused = application.client.post(FROM_JUMPCLOUD | {"userName": "other", "externalId": "other"})

    assert (refused.status, refused.json["scimType"]) == (409, "uniqueness")
    assert application.client.get(f"/Users/{claimed['id']}").json == claimed
    assert application.client.find(f'userName eq "{ADDRESS}"') == []


def test_a_user_is_adopted_once_though_the_identity_provider_sends_no_external_id(application: Application) -> None:
    application.matches_existing()
    without = {name: value for name, value in FROM_JUMPCLOUD.items() if name != "externalId"}

    assert application.client.create(without)["id"] == application.user

    assert application.client.post(without | {"userName": "other"}).status == 409


def test_a_user_name_that_a_third_user_has_is_refused(application: Application) -> None:
    application.imported(userName="mlind")
    application.matches_existing()

    refused = application.client.post(FROM_JUMPCLOUD)

    assert (refused.status, refused.json["scimType"]) == (409, "uniqueness")
    assert "userName" in refused.json["detail"]
    assert application.client.get(f"/Users/{application.user}").json["userName"] == "mara"
    assert application.findings() == []


def test_addresses_of_two_users_make_nobody_the_one_to_adopt(application: Application) -> None:
    application.imported(userName="erik", emails=[{"value": "erik@example.com"}])
    application.matches_existing()

    refused = application.client.post(
        FROM_JUMPCLOUD | {"emails": [{"value": ADDRESS}, {"value": "erik@example.com", "type": "home"}]}
    )

    assert (refused.status, refused.json["scimType"]) == (409, "uniqueness")


def test_an_address_that_nobody_has_makes_a_new_user(application: Application) -> None:
    application.matches_existing()

    created = application.client.create(user("erik"))

    assert created["id"] != application.user
    assert application.client.get("/Users").json["totalResults"] == 2


def test_a_bulk_request_adopts_as_well(application: Application) -> None:
    application.matches_existing()

    answer = application.client.request(
        "POST",
        "/Bulk",
        body={
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "Operations": [{"method": "POST", "path": "/Users", "bulkId": "one", "data": FROM_JUMPCLOUD}],
        },
    )

    (operation,) = answer.json["Operations"]
    assert (operation["status"], operation["location"].rpartition("/")[2]) == ("201", application.user)


def test_a_conflict_of_user_names_says_how_to_see_the_holder(application: Application) -> None:
    refused = application.client.post(user("somebody-else", userName="MARA"))

    assert refused.status == 409
    assert f'rollcall users show --account {application.account} --user-name "MARA"' in refused.json["detail"]


def test_the_index_answers_no_more_for_what_the_adoption_gave_up(application: Application) -> None:
    application.matches_existing()
    application.client.create(FROM_JUMPCLOUD)

    assert application.client.find('userName eq "mara"') == []
    (found,) = application.client.find(f'externalId eq "{EXTERNAL_ID}"')
    assert found["id"] == application.user
