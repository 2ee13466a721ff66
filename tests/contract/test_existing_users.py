"""The users who were there first: "unable to get or create user from service", and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from adapters.clock import MonotonicDeadline, new_id, now
from adapters.events.stream import change_of
from domain.events.event_detail import detail
from domain.events.kinds import EventKind
from domain.events.lifecycle import LifecycleEvent, events_of
from domain.ports import UserStore
from local.service import TABLE_NAME, LocalService
from operations.consistency.check import Inconsistency, check_items
from operations.roster import RosterRow
from operations.user_import import RowResult, UserImport
from support.people import CORE, user
from support.scim_http import Json, ScimClient
from support.table_stream import stream_record

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
        self.table = service.table
        self.user = self.imported(userName="mara", title="Analyst", emails=[{"value": ADDRESS}])

    @property
    def store(self) -> UserStore:
        return self.table.account(self.account, MonotonicDeadline.after(60)).users

    def imported(self, **attributes: object) -> str:
        """The id of a user as `rollcall users import` brings them in."""
        (outcome,) = UserImport(lambda: self.store, new_id, now).run([RosterRow(2, {"schemas": [CORE], **attributes})])
        assert outcome.result is RowResult.CREATED
        found = self.store.find_by_user_name(str(attributes["userName"]))
        assert found is not None
        return found.id

    def item(self) -> dict[str, Any]:
        """The user's item as the table has it."""
        key = {"pk": {"S": f"{self.account}#USER"}, "sk": {"S": self.user}}
        item: dict[str, Any] = self.table.client.get_item(TableName=TABLE_NAME, Key=key, ConsistentRead=True)["Item"]
        return item

    def matches_existing(self, on: bool = True, *, keep_privileges: bool = False) -> None:
        self._service.accounts.configure(
            self.account, match_existing_by_email=on, adopted_keep_privileges=keep_privileges
        )

    def lines(self) -> list[Json]:
        """The account's log lines."""
        lines = self._service.activity_file.read_text(encoding="utf-8").splitlines()
        return [line for line in map(json.loads, lines) if line.get("account") == self.account]

    def findings(self) -> list[Inconsistency]:
        steps = check_items(self.table.account(self.account, MonotonicDeadline.after(60)).items)
        return [step for step in steps if isinstance(step, Inconsistency)]


def events_between(before: dict[str, Any], after: dict[str, Any]) -> list[EventKind]:
    """The kinds of event that the publisher makes of a write."""
    return [event.kind for event in events(before, after)]


def events(before: dict[str, Any], after: dict[str, Any]) -> tuple[LifecycleEvent, ...]:
    """The events that the publisher makes of a write."""
    keys = {name: after[name] for name in ("pk", "sk")}
    change = change_of(stream_record(1, "MODIFY", keys, {"OldImage": before, "NewImage": after}))
    assert change is not None
    return events_of(change)


@pytest.fixture
def application(service: LocalService) -> Application:
    return Application(service)


def test_an_existing_user_is_adopted_once_matching_is_switched_on(application: Application) -> None:
    client = application.client
    # JumpCloud looks up, finds no user, creates, and is refused for ever.
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
    # JumpCloud continues as with any user of its own.
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
    assert events_between(imported, adopted) == [EventKind.ADOPTED]
    request, adoption = application.lines()[-2:]
    assert (request["message"], request["status"], request["users_adopted"]) == ("request", 201, 1)
    assert (adoption["message"], adoption["user_id"]) == ("adoption", application.user)
    application.client.put(application.user, FROM_JUMPCLOUD | {"title": "Lead"})
    assert events_between(adopted, application.item()) == [EventKind.UPDATED]


def test_a_client_that_updates_what_it_found_adopts_as_well(application: Application) -> None:
    application.matches_existing()
    imported = application.item()
    (found,) = application.client.find(f'userName eq "{ADDRESS}"')

    assert application.client.put(found["id"], FROM_JUMPCLOUD).status == 200

    assert events_between(imported, application.item()) == [EventKind.ADOPTED]


def test_a_look_up_by_an_unused_name_finds_the_address_of_an_unclaimed_user(application: Application) -> None:
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


def test_addresses_of_two_users_adopt_neither(application: Application) -> None:
    application.imported(userName="erik", emails=[{"value": "erik@example.com"}])
    application.matches_existing()

    refused = application.client.post(
        FROM_JUMPCLOUD | {"emails": [{"value": ADDRESS}, {"value": "erik@example.com", "type": "home"}]}
    )

    assert (refused.status, refused.json["scimType"]) == (409, "uniqueness")


def test_an_unused_address_creates_a_user(application: Application) -> None:
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
    assert f"rollcall users show --account {application.account} --user-name=MARA" in refused.json["detail"]


def test_values_that_an_adoption_replaced_are_no_longer_found(application: Application) -> None:
    application.matches_existing()
    application.client.create(FROM_JUMPCLOUD)

    assert application.client.find('userName eq "mara"') == []
    (found,) = application.client.find(f'externalId eq "{EXTERNAL_ID}"')
    assert found["id"] == application.user


ADMIN: Json = {
    "userName": "root",
    "title": "Operations",
    "emails": [{"value": "support@fass.example", "primary": True}, {"value": "second@fass.example"}],
    "roles": [{"value": "superadmin"}],
    "entitlements": [{"value": "billing"}],
    "userType": "Administrator",
}
PRIVILEGES = ("roles", "entitlements", "userType")


def privileges(of: Json) -> list[str]:
    """The attributes that a user has of those that grant access."""
    return [name for name in PRIVILEGES if name in of]


def sent(address: str, **attributes: object) -> Json:
    """A user as an identity provider creates one, with one address."""
    return {
        "schemas": [CORE],
        "userName": "mallory",
        "externalId": "idp-42",
        "emails": [{"value": address}],
    } | attributes


@pytest.mark.parametrize("external_id", [{}, {"externalId": "made-by-it"}])
def test_a_user_whom_an_identity_provider_made_is_claimed_from_the_first(
    application: Application, external_id: Json
) -> None:
    application.matches_existing()
    bob = application.client.create(user("bob", roles=[{"value": "billing"}]) | external_id)

    carol = application.client.post(
        user("carol", emails=[{"value": "carol@example.com", "primary": True}, {"value": "bob@example.com"}])
    )
    other = application.client.post(user("other", emails=[{"value": "bob@example.com", "primary": True}]))

    assert [(carol.status, carol.json["scimType"]), (other.status, other.json["scimType"])] == [(409, "uniqueness")] * 2
    assert application.client.find('userName eq "bob@example.com"') == [bob]
    assert application.client.get(f"/Users/{bob['id']}").json == bob


@pytest.mark.parametrize(
    "emails",
    [
        [{"value": "mallory@evil.example", "primary": True}, {"value": "support@fass.example"}],
        [{"value": "mallory@evil.example"}, {"value": "support@fass.example"}],
        [{"value": "second@fass.example"}],
        [{"value": "second@fass.example", "primary": True}],
    ],
    ids=["as a second address", "as one of two", "a second address of the user", "a second address as the primary one"],
)
def test_only_a_primary_address_leads_to_an_adoption(application: Application, emails: list[Json]) -> None:
    application.matches_existing()
    root = application.imported(**ADMIN)

    refused = application.client.post(sent("", emails=emails))

    assert (refused.status, refused.json["scimType"]) == (409, "uniqueness")
    assert application.client.get(f"/Users/{root}").json["userName"] == "root"


LOOK_ALIKES = (
    "support@fa\u00df.example",  # sharp s
    "\u017fupport@fass.example",  # long s
    "support@fa\u017fs.example",
    "support@fass.example\u200d",
    "\uff53upport@fass.example",  # full width
    "supp\u00f6rt@fass.example",
)


@pytest.mark.parametrize("address", LOOK_ALIKES)
@pytest.mark.parametrize("primary", [{}, {"primary": True}])
def test_an_address_that_only_looks_or_folds_alike_adopts_no_user(
    application: Application, address: str, primary: Json
) -> None:
    application.matches_existing()
    root = application.imported(**ADMIN)
    before = application.client.get(f"/Users/{root}").json

    answer = application.client.post(sent(address, emails=[{"value": address} | primary]))

    assert answer.status in (201, 400, 409)
    assert answer.json.get("id") != root
    assert application.client.get(f"/Users/{root}").json == before
    for found in application.client.find(f'userName eq "{address}"'):
        assert found["id"] != root


def test_the_kelvin_sign_does_not_match_k_in_an_adoption(application: Application) -> None:
    application.matches_existing()
    kate = application.imported(userName="kate", emails=[{"value": "kate@example.com"}])

    answer = application.client.post(sent("\u212aate@example.com"))

    assert answer.json.get("id") != kate
    assert application.client.find('userName eq "\u212aate@example.com"') == []


def test_case_of_the_address_does_not_matter_to_an_adoption(application: Application) -> None:
    application.matches_existing()
    root = application.imported(**ADMIN)

    assert application.client.create(sent("Support@FASS.example"))["id"] == root


def in_bulk(client: ScimClient, body: Json) -> str:
    operation = {"method": "POST", "path": "/Users", "bulkId": "one", "data": body}
    schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    answer = client.request("POST", "/Bulk", body={"schemas": [schema], "Operations": [operation]})
    return str(answer.json["Operations"][0]["location"].rpartition("/")[2])


def looked_up(client: ScimClient) -> str:
    (found,) = client.find('userName eq "support@fass.example"')
    return str(found["id"])


def patched(client: ScimClient, **attributes: object) -> str:
    found = looked_up(client)
    operations = [{"op": "add", "path": name, "value": value} for name, value in attributes.items()]
    assert client.patch(found, *operations).status == 200
    return found


ADOPTIONS: dict[str, Callable[[ScimClient], str]] = {
    "POST": lambda client: str(client.create(sent("support@fass.example"))["id"]),
    "POST in bulk": lambda client: in_bulk(client, sent("support@fass.example")),
    "PATCH of externalId": lambda client: patched(client, externalId="idp-42", title="Lead"),
    "PATCH of userName": lambda client: patched(client, userName="mallory"),
    "PUT": lambda client: str(client.put(looked_up(client), sent("support@fass.example")).json["id"]),
}
each_adoption = pytest.mark.parametrize("adopt", ADOPTIONS.values(), ids=ADOPTIONS)


@each_adoption
def test_privileges_of_an_adopted_user_are_dropped_and_the_record_says_so(
    application: Application, adopt: Callable[[ScimClient], str]
) -> None:
    application.matches_existing()
    application.user = root = application.imported(**ADMIN)
    imported = application.item()

    assert adopt(application.client) == root

    adopted = application.item()
    assert privileges(application.client.get(f"/Users/{root}").json) == []
    (adoption,) = [line for line in application.lines() if line["message"] == "adoption"]
    assert (adoption["user_id"], adoption["reason"]) == (root, "adopted-without-privileges")
    (event,) = [one for one in events(imported, adopted) if one.kind is EventKind.ADOPTED]
    assert detail(event, "https://scim.example.com", personal_data=False)["privilegesDropped"] is True


@pytest.mark.parametrize("way", ["POST", "POST in bulk", "PATCH of externalId", "PATCH of userName"])
def test_privileges_stay_where_the_operator_said_so(application: Application, way: str) -> None:
    application.matches_existing(keep_privileges=True)
    application.user = root = application.imported(**ADMIN)
    imported = application.item()

    assert ADOPTIONS[way](application.client) == root

    assert privileges(application.client.get(f"/Users/{root}").json) == list(PRIVILEGES)
    (adoption,) = [line for line in application.lines() if line["message"] == "adoption"]
    assert adoption["reason"] == "adopted-existing-user"
    (event,) = [one for one in events(imported, application.item()) if one.kind is EventKind.ADOPTED]
    assert detail(event, "https://scim.example.com", personal_data=False)["privilegesDropped"] is False


def test_an_adopted_user_has_the_privileges_that_the_identity_provider_sends(application: Application) -> None:
    application.matches_existing()
    root = application.imported(**ADMIN)

    adopted = application.client.create(sent("support@fass.example", roles=[{"value": "reader"}]))

    assert (adopted["id"], adopted["roles"]) == (root, [{"value": "reader"}])
    assert (adopted["title"], privileges(adopted)) == ("Operations", ["roles"])


def test_a_patch_that_adopts_adds_privileges_and_leaves_none_of_the_former(application: Application) -> None:
    application.matches_existing()
    root = application.imported(**ADMIN)

    patched(application.client, externalId="idp-42", roles=[{"value": "reader"}])

    now = application.client.get(f"/Users/{root}").json
    assert (now["roles"], privileges(now)) == ([{"value": "reader"}], ["roles"])


def test_a_claimed_user_keeps_its_privileges_in_every_change(application: Application) -> None:
    application.matches_existing()
    made = application.client.create(user("ada", roles=[{"value": "reader"}]))

    application.client.patch(made["id"], {"op": "add", "path": "externalId", "value": "late"})

    assert application.client.get(f"/Users/{made['id']}").json["roles"] == [{"value": "reader"}]
