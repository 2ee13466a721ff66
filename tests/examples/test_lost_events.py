"""A weekend without a publisher: what the stream forgot is published from the table, and a copy is right again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from typer.testing import CliRunner, Result

from cli.events import app
from cli.invocation import Invocation
from domain.documents import Json
from keep_copy import Copy, connect
from local.embedded_aws import REGION
from reading import Users
from receiving import parse
from support.described_stack import use_clients, with_publisher
from support.lambda_context import LambdaContext
from support.published_changes import TABLE_NAME, Customer, Publishing, publishing

PLACE = {
    "shardId": "shardId-00000001573689847184-864758bb",
    "startSequenceNumber": "800000000003126276362",
    "endSequenceNumber": "800000000003126276362",
    "streamArn": f"arn:aws:dynamodb:{REGION}:123456789012:table/{TABLE_NAME}/stream/2030-01-01T00:00:00.000",
    "approximateArrivalOfFirstRecord": "2026-01-01T18:00:00Z",
}


@dataclass
class Function:
    """The publisher as Lambda's client calls it; it dies at the calls that `dies` has.

    Its bus accepts no event of the user `refuses`, and none of the same request.
    """

    running: Publishing
    calls: int = 0
    dies: set[int] = field(default_factory=set)
    refuses: str = ""

    def invoke(self, *, FunctionName: str, Payload: bytes) -> Json:
        self.calls += 1
        if self.calls in self.dies:
            raise KeyboardInterrupt
        event = json.loads(Payload)
        if self.refuses and any(entry["Item"]["sk"]["S"] == self.refuses for entry in event["Replay"]):
            answer = {"published": {}, "unpublished": [*range(len(event["Replay"]))], "failure": "MalformedDetail"}
        else:
            answer = self.running.publisher(event, LambdaContext())
        return {"StatusCode": 200, "Payload": BytesIO(json.dumps(answer).encode())}


@dataclass
class Deployment:
    """A table with its publisher, the queue of dead letters, and an application's copy of two accounts."""

    running: Publishing
    function: Function
    queue: str
    copy: Copy

    def redrive(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["redrive", *arguments], obj=Invocation(region=REGION, as_json=True))

    def letters(self) -> int:
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = boto3.client("sqs", REGION).get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)
        return sum(int(number) for number in answer["Attributes"].values())

    def deliver(self, events: list[str]) -> None:
        """Let the application have events in any order, some twice."""
        random = Random(1)
        for text in random.sample(events * 2, len(events) * 2):
            self.copy.handle(parse(text))


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    # The customers' changes are of the first days of January.
    monkeypatch.setattr("adapters.clock.instant", lambda: datetime(2026, 1, 5, 8, 0, tzinfo=UTC))
    with publishing(max_actions=14) as running:
        sqs = boto3.client("sqs", REGION)
        queue = sqs.create_queue(QueueName="unpublished", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
        cloudformation = Stubber(boto3.client("cloudformation", REGION))
        streams = Stubber(boto3.client("dynamodbstreams", REGION))
        for _ in range(6):
            cloudformation.add_response("describe_stacks", with_publisher(TABLE_NAME, queue))
            streams.add_client_error("get_shard_iterator", "TrimmedDataAccessException")
        function = Function(running)
        real = boto3.Session.client
        use_clients(
            monkeypatch,
            **{"cloudformation": cloudformation.client, "dynamodbstreams": streams.client, "lambda": function},
        )
        copy = Copy(
            connect(str(tmp_path / "copy.db")),
            lambda account: Users(TABLE_NAME, account, real(boto3.Session(region_name=REGION), "dynamodb")),
        )
        copy.create_tables()
        with cloudformation, streams:
            yield Deployment(running, function, queue, copy)


def outcomes(done: Result) -> list[str]:
    """What became of each letter; the publisher writes its log to the same output."""
    answer = "\n".join(line for line in done.stdout.splitlines() if not line.startswith('{"level"'))
    return [letter["outcome"] for letter in json.loads(answer)]


def state(copy: Copy) -> tuple[Any, Any, Any]:
    """Who is in the copy: users with version and `active`, groups with version, memberships."""
    sql = copy.connection.cursor()
    users = sql.execute("SELECT account, id, version, active FROM scim_users WHERE NOT gone").fetchall()
    groups = sql.execute("SELECT account, id, version FROM scim_groups WHERE NOT gone").fetchall()
    return set(users), set(groups), set(sql.execute("SELECT account, group_id, user_id FROM scim_members").fetchall())


def wanted(*customers: Customer) -> tuple[Any, Any, Any]:
    """The same of the table."""
    users, groups, members = set(), set(), set()
    for customer in customers:
        account = customer.name
        users |= {(account, user.id, user.version, int(user.active)) for user in customer.account.users.scan()}
        for group, member_ids in map(customer.whole, customer.account.groups.scan()):
            groups.add((account, group.id, group.version))
            members |= {(account, group.id, user_id) for user_id in member_ids}
    return users, groups, members


def a_weekend(deployment: Deployment) -> tuple[Customer, Customer]:
    """Two customers whose changes until Friday reached the application, and whose later ones are lost."""
    acme, globex = (deployment.running.customer() for _ in range(2))
    users = [acme.create(active=number != 3) for number in range(8)]
    sales, closed = acme.create_group(*users[:6]), acme.create_group(*users[2:4])
    leaver = globex.create()
    deployment.deliver(deployment.running.publish())
    assert state(deployment.copy) == wanted(acme, globex)

    acme.change(users[0], title="Guide")
    acme.change(users[1], active=False)
    acme.change(users[3], active=True)
    acme.delete(users[2])
    acme.set_members(sales, [users[7], users[5], users[6], users[1]])
    acme.delete_group(closed)
    acme.create_group(*users[4:6])
    acme.delete(acme.create())
    globex.delete(leaver)
    while deployment.running.stream.read():
        pass  # the records are gone
    letter = json.dumps({"DDBStreamBatchInfo": PLACE})
    boto3.client("sqs", REGION).send_message(QueueUrl=deployment.queue, MessageBody=letter)
    return acme, globex


def test_a_weekends_changes_whose_records_are_gone_reach_the_application(deployment: Deployment) -> None:
    customers = a_weekend(deployment)
    before = len(deployment.running.events)
    assert state(deployment.copy) != wanted(*customers)

    done = deployment.redrive("--limit", "1")

    assert (done.exit_code, outcomes(done)) == (0, ["replayed"]), done.output
    assert deployment.letters() == 0
    events = deployment.running.events[before:]
    assert all(json.loads(text)["detail"]["replay"] is True for text in events)
    deployment.deliver(events)
    assert state(deployment.copy) == wanted(*customers)


def test_an_event_that_no_bus_accepts_holds_up_nothing_else_and_the_letter_stays(deployment: Deployment) -> None:
    acme, globex = a_weekend(deployment)
    before = len(deployment.running.events)
    refused = acme.create()
    deployment.function.refuses = refused.id

    for _ in range(2):
        done = deployment.redrive("--limit", "1")
        said = " ".join(done.stderr.split())
        assert (done.exit_code, outcomes(done)) == (1, ["expired"]), done.output
        assert f"the bus refuses an event: Users/{refused.id} of {acme.name} (MalformedDetail)" in said
        assert "stay in the queue" in said
        assert deployment.letters() == 1
    deployment.deliver(deployment.running.events[before:])
    users, groups, members = wanted(acme, globex)
    assert state(deployment.copy) == ({one for one in users if one[1] != refused.id}, groups, members)

    deployment.function.refuses = ""
    assert deployment.redrive("--limit", "1").exit_code == 0
    assert deployment.letters() == 0
    deployment.deliver(deployment.running.events[before:])
    assert state(deployment.copy) == wanted(acme, globex)


@pytest.mark.parametrize("at", [1, 3])
def test_a_redrive_that_ends_in_the_middle_keeps_the_letter_and_the_next_one_loses_nothing(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    monkeypatch.setattr("operations.replay.running.MOST_ENTRIES", 5)
    customers = a_weekend(deployment)
    before = len(deployment.running.events)
    deployment.function.dies = {at}

    stopped = deployment.redrive("--limit", "1")

    assert (stopped.exit_code, outcomes(stopped)) == (130, ["expired"])
    assert deployment.letters() == 1

    assert deployment.redrive("--limit", "1").exit_code == 0
    assert deployment.letters() == 0
    deployment.deliver(deployment.running.events[before:])
    assert state(deployment.copy) == wanted(*customers)
