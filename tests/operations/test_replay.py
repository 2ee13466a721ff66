"""Publishing the present state again: what is read of the table, how it is handed over, and continuing after a stop."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import DynamoDBAccount, Table
from adapters.dynamodb.keys import Collection, key, of_pair
from adapters.events.replay import events_of_entry
from domain.documents import Json
from operations.deployment import DeploymentError
from operations.replay.places import PlaceKind, place_of
from operations.replay.publishers import FunctionPublisher
from operations.replay.reading import PresentState
from operations.replay.running import Answer, Replay, ReplayStopped
from operations.table_creation import table_definition
from support.people import stored, stored_group

LATER = "2030-03-01T12:00:00.000Z"


@pytest.fixture
def table() -> Iterator[Table]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
        client.create_table(**table_definition("users"))
        yield Table(client, "users")


@pytest.fixture
def acme(table: Table) -> DynamoDBAccount:
    return table.account("acme", MonotonicDeadline.after(600))


class Publisher:
    """Takes what it is given, except what it fails to take the first few times."""

    def __init__(self) -> None:
        self.calls: list[list[Json]] = []
        self.failures: dict[str, list[str]] = {}
        """Codes by id of a user or group, one for each attempt that fails."""
        self.kinds: Counter[str] = Counter()
        self.ids: list[str] = []

    def __call__(self, entries: Sequence[Json]) -> Answer:
        self.calls.append(list(entries))
        published: Counter[str] = Counter()
        unpublished, failure = [], None
        for position, entry in enumerate(entries):
            if codes := self.failures.get(entry["Item"]["sk"]["S"]):
                unpublished.append(position)
                failure = codes.pop(0)
                continue
            events = events_of_entry(entry)
            self.ids += [event.id for event in events]
            published.update(event.kind.value for event in events)
        self.kinds.update(published)
        return Answer(published, unpublished, failure)


class Time:
    """A clock that only pauses move on."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> float:
        return self.seconds

    def pause(self, seconds: float) -> None:
        self.seconds += seconds


def replayed(
    acme: DynamoDBAccount, publisher: Publisher, *, since: datetime | None = None, after: str | None = None
) -> Replay:
    time = Time()
    work = Replay(publisher, 1000, time.now, time.pause)
    for _ in work.run(PresentState(acme.items, since).after(None if after is None else place_of(after))):
        pass
    return work


def test_users_come_before_groups_and_a_group_comes_with_its_members(acme: DynamoDBAccount) -> None:
    for number in (1, 2):
        acme.users.create(stored(number))
    acme.groups.create(stored_group(1, "Sales"), [stored(2).id, stored(1).id])
    publisher = Publisher()

    work = replayed(acme, publisher)

    [entries] = publisher.calls
    assert [entry["Item"]["pk"]["S"] for entry in entries] == ["acme#USER", "acme#USER", "acme#GROUP"]
    assert entries[2]["Members"] == [stored(1).id, stored(2).id]
    assert work.reached.counts == {PlaceKind.USERS: 2, PlaceKind.GROUPS: 1}
    assert publisher.kinds == {"UserProvisioned": 2, "GroupProvisioned": 1, "GroupMembersAdded": 1}


def test_other_accounts_are_left_alone(table: Table, acme: DynamoDBAccount) -> None:
    table.account("globex", MonotonicDeadline.after(60)).users.create(stored(1))
    publisher = Publisher()

    assert replayed(acme, publisher).reached.read == 0
    assert publisher.calls == []


def test_what_did_not_change_since_is_left_out(acme: DynamoDBAccount) -> None:
    for number in (1, 2, 3):
        acme.users.create(stored(number))
    changed = stored(2).changed_to(stored(2).attributes | {"title": "Guide"}, LATER)
    acme.users.replace(stored(2), changed)
    publisher = Publisher()

    work = replayed(acme, publisher, since=datetime.fromisoformat(LATER))

    assert [entry["Item"]["sk"]["S"] for call in publisher.calls for entry in call] == [changed.id]
    assert (work.reached.read, work.reached.counts[PlaceKind.USERS]) == (3, 1)


@pytest.fixture
def small_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry has a hundred members at most."""
    monkeypatch.setattr("operations.replay.reading.MOST_MEMBERS_OF_AN_ENTRY", 100)


def with_members(table: Table, acme: DynamoDBAccount, count: int) -> list[str]:
    """A group with so many members, of whom only the membership is there."""
    acme.groups.create(stored_group(1, "All"))
    ids = [f"{number:08x}-0000-4000-8000-00000000000f" for number in range(count)]
    for user_id in ids:
        table.client.put_item(
            TableName="users", Item=key("acme", Collection.MEMBER, of_pair(stored_group(1, "All").id, user_id))
        )
    return ids


@pytest.mark.usefixtures("small_entries")
def test_a_large_group_is_handed_over_in_parts_with_every_member_once(table: Table, acme: DynamoDBAccount) -> None:
    ids = with_members(table, acme, 203)
    publisher = Publisher()

    replayed(acme, publisher)

    entries = [entry for call in publisher.calls for entry in call]
    assert [user_id for entry in entries for user_id in entry["Members"]] == ids
    assert [entry["FirstPart"] for entry in entries] == [0, 1, 2]
    assert publisher.kinds == {"GroupProvisioned": 1, "GroupMembersAdded": 3}
    assert len(set(publisher.ids)) == len(publisher.ids)


def test_a_large_change_under_way_is_finished_before_its_group_is_read(table: Table) -> None:
    small = Table(table.client, "users", max_actions=10).account("acme", MonotonicDeadline.after(60))
    members = [stored(number).id for number in range(1, 9)]
    for number in range(1, 9):
        small.users.create(stored(number))
    group = stored_group(1, "Sales")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("adapters.dynamodb.group_jobs.GroupJobs.complete", lambda self, group_id: None)
        small.groups.create(group, members)
    publisher = Publisher()

    replayed(small, publisher)

    assert [entry["Members"] for call in publisher.calls for entry in call if "Members" in entry] == [members]


def test_a_call_of_the_publisher_has_at_most_a_second_of_events_and_the_rate_is_kept(acme: DynamoDBAccount) -> None:
    for number in range(1, 8):
        acme.users.create(stored(number))
    publisher, time = Publisher(), Time()
    work = Replay(publisher, 2, time.now, time.pause)

    for _ in work.run(PresentState(acme.items).after()):
        pass

    assert [len(call) for call in publisher.calls] == [2, 2, 2, 1]
    assert time.seconds == 1003.0


def test_a_call_of_the_publisher_has_at_most_a_megabyte(acme: DynamoDBAccount) -> None:
    for number in range(1, 6):
        acme.users.create(stored(number, title="x" * 300_000))
    publisher = Publisher()

    replayed(acme, publisher)

    assert [len(call) for call in publisher.calls] == [3, 2]


def test_what_the_bus_did_not_take_is_handed_over_again_and_nothing_else(acme: DynamoDBAccount) -> None:
    for number in (1, 2, 3):
        acme.users.create(stored(number))
    publisher = Publisher()
    publisher.failures[stored(2).id] = ["ThrottlingException", "InternalFailure"]

    work = replayed(acme, publisher)

    assert [len(call) for call in publisher.calls] == [3, 1, 1]
    assert work.reached.published == {"UserProvisioned": 3}


def test_it_stops_where_publishing_fails_for_long_and_can_continue_there(acme: DynamoDBAccount) -> None:
    code, attempts = "ThrottlingException", 6
    for number in range(1, 5):
        acme.users.create(stored(number))
    publisher, time = Publisher(), Time()
    publisher.failures[stored(3).id] = [code] * attempts
    work = Replay(publisher, 1, time.now, time.pause)

    with pytest.raises(ReplayStopped, match=f"Users/{stored(3).id} could not be published .{code}"):
        for _ in work.run(PresentState(acme.items).after()):
            pass
    assert str(work.reached.place) == f"Users/{stored(2).id}"
    assert len(publisher.calls) == 2 + attempts

    replayed(acme, publisher, after=str(work.reached.place))

    assert publisher.kinds == {"UserProvisioned": 4}


@pytest.mark.parametrize("refused", [{3}, {1, 2}, {1, 4, 7}, {7}, set(range(1, 8))], ids=str)
def test_what_no_bus_accepts_is_named_and_holds_up_nothing_else(acme: DynamoDBAccount, refused: set[int]) -> None:
    for number in range(1, 8):
        acme.users.create(stored(number))
    publisher = Publisher()
    for number in refused:
        publisher.failures[stored(number).id] = ["MalformedDetail"] * 20

    work = replayed(acme, publisher)

    assert [str(one) for one in work.reached.refused] == [
        f"Users/{stored(number).id} of acme (MalformedDetail)" for number in sorted(refused)
    ]
    assert publisher.kinds["UserProvisioned"] == work.reached.counts[PlaceKind.USERS] == 7 - len(refused)
    assert len(set(publisher.ids)) == len(publisher.ids)


@pytest.mark.usefixtures("small_entries")
def test_a_large_group_that_no_bus_accepts_is_named_once(table: Table, acme: DynamoDBAccount) -> None:
    with_members(table, acme, 203)
    publisher = Publisher()
    publisher.failures[stored_group(1, "All").id] = ["TooLarge"] * 20

    work = replayed(acme, publisher)

    assert [str(one) for one in work.reached.refused] == [f"Groups/{stored_group(1, 'All').id} of acme (TooLarge)"]
    assert work.reached.counts[PlaceKind.GROUPS] == 0


def test_a_bus_in_trouble_stops_it_although_it_refused_something_before(acme: DynamoDBAccount) -> None:
    for number in range(1, 5):
        acme.users.create(stored(number))
    publisher = Publisher()
    publisher.failures[stored(2).id] = ["MalformedDetail"] * 20
    publisher.failures[stored(4).id] = ["MalformedDetail"] + ["ThrottlingException"] * 20

    with pytest.raises(ReplayStopped, match="ThrottlingException"):
        replayed(acme, publisher)


@pytest.mark.usefixtures("small_entries")
def test_a_run_that_ends_anywhere_and_continues_misses_nothing(table: Table, acme: DynamoDBAccount) -> None:
    for number in range(1, 6):
        acme.users.create(stored(number))
    with_members(table, acme, 203)
    whole = Publisher()
    replayed(acme, whole)
    for steps in range(9):
        publisher, time = Publisher(), Time()
        work = Replay(publisher, 3, time.now, time.pause)
        for _, _ in zip(range(steps), work.run(PresentState(acme.items).after()), strict=False):
            pass
        replayed(acme, publisher, after=None if work.reached.place is None else str(work.reached.place))

        assert set(publisher.ids) == set(whole.ids), steps


def test_a_damaged_item_is_named_and_the_others_are_published(table: Table, acme: DynamoDBAccount) -> None:
    for number in (1, 2, 3):
        acme.users.create(stored(number))
    table.client.update_item(
        TableName="users",
        Key=key("acme", Collection.USER, stored(2).id),
        UpdateExpression="SET document = :broken",
        ExpressionAttributeValues={":broken": {"S": "{"}},
    )
    publisher = Publisher()

    work = replayed(acme, publisher)

    assert work.reached.unreadable == [f"Users/{stored(2).id}"]
    assert publisher.kinds == {"UserProvisioned": 2}


@pytest.mark.parametrize("text", ["", "Users", "Users/", "users/1", "Members/1", "Users/\n", stored(1).id])
def test_a_place_is_no_other_text(text: str) -> None:
    assert place_of(text) is None


ENTRY = {"Item": {"pk": {"S": "acme#USER"}}}


@pytest.fixture
def function() -> Iterator[tuple[FunctionPublisher, Stubber]]:
    client = boto3.client("lambda", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stubber:
        yield FunctionPublisher(client, "publisher"), stubber


def says(stubber: Stubber, answer: Any, **otherwise: Any) -> None:
    payload = {"FunctionName": "publisher", "Payload": json.dumps({"Replay": [ENTRY]}).encode()}
    response = {"StatusCode": 200, "Payload": BytesIO(json.dumps(answer).encode())}
    stubber.add_response("invoke", response | otherwise, payload)


def test_the_function_is_given_the_entries(function: tuple[FunctionPublisher, Stubber]) -> None:
    publish, stubber = function
    says(stubber, {"published": {"UserUpdated": 1}, "unpublished": [0], "failure": "ThrottlingException"})

    assert publish([ENTRY]) == Answer({"UserUpdated": 1}, [0], "ThrottlingException")


@pytest.mark.parametrize(
    ("answer", "otherwise", "says_what"),
    [
        ({"batchItemFailures": []}, {}, "older release"),
        (
            {"errorType": "MalformedReplay", "errorMessage": "No."},
            {"FunctionError": "Unhandled"},
            "refused the request: No.",
        ),
    ],
)
def test_an_answer_that_no_other_try_mends_is_an_error(
    function: tuple[FunctionPublisher, Stubber], answer: Json, otherwise: Json, says_what: str
) -> None:
    publish, stubber = function
    says(stubber, answer, **otherwise)

    with pytest.raises(DeploymentError, match=says_what):
        publish([ENTRY])


def test_a_function_that_died_or_is_busy_is_tried_again(function: tuple[FunctionPublisher, Stubber]) -> None:
    publish, stubber = function
    says(stubber, {"errorType": "Sandbox.Timedout"}, FunctionError="Unhandled")
    stubber.add_client_error("invoke", "TooManyRequestsException")

    assert [publish([ENTRY]).failure for _ in range(2)] == ["Sandbox.Timedout", "TooManyRequestsException"]


def test_a_missing_right_is_named(function: tuple[FunctionPublisher, Stubber]) -> None:
    publish, stubber = function
    stubber.add_client_error("invoke", "AccessDeniedException")

    with pytest.raises(DeploymentError, match="lambda:InvokeFunction"):
        publish([ENTRY])
