"""What surrounds the API in the deployed stack: events on the bus, the operator's command, page and release check."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.child_processes import CompletedProcess, run
from support.emulated_stack import Stack
from support.listener import Listener
from support.people import person
from support.repository import ROOT
from support.scim_http import ScimClient

pytestmark = [pytest.mark.prove, pytest.mark.timeout(300)]

ROLLCALL = ROOT / ".venv" / "bin" / "rollcall"


@pytest.fixture(scope="module")
def listener(stack: Stack) -> Listener:
    """A listener to all events."""
    return Listener(stack)


@pytest.fixture
def client(stack: Stack) -> ScimClient:
    """A client of a fresh account."""
    key = stack.new_account()
    return ScimClient(stack.base_url, key.text, host=stack.host)


@pytest.fixture
def rollcall(stack: Stack, tmp_path: Path) -> Any:
    """The operator's command, which finds the stack as it would find one on AWS."""

    def command(*arguments: str) -> CompletedProcess[str]:
        environment = {**stack.emulator.environment, "ROLLCALL_STACK": stack.name, "COLUMNS": "200"}
        return run([ROLLCALL, *arguments], env=environment, cwd=tmp_path)

    return command


def answered(done: CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def account_of(client: ScimClient) -> str:
    return client.key.split("_")[1]


def test_every_event_of_a_user_reaches_the_bus(stack: Stack, listener: Listener, client: ScimClient) -> None:
    user = client.create(person("ada"))
    client.patch(user["id"], {"op": "replace", "path": "title", "value": "Countess"})
    client.patch(user["id"], {"op": "replace", "path": "active", "value": False})
    client.patch(user["id"], {"op": "replace", "path": "active", "value": True})
    client.delete(user["id"])

    heard = listener.hear(5, account_of(client))

    assert [event["detail-type"] for event in heard] == [
        "UserProvisioned",
        "UserUpdated",
        "UserDeactivated",
        "UserReactivated",
        "UserDeprovisioned",
    ]
    assert {event["detail"]["userId"] for event in heard} == {user["id"]}


def test_a_key_is_rotated_by_the_command(stack: Stack, rollcall: Any) -> None:
    answered(rollcall("account", "enable", "rotated", "--json"))
    first = stack.key("rotated")

    answered(rollcall("account", "rotate-key", "rotated", "--yes", "--json"))

    second = stack.key("rotated")
    assert first != second
    assert stack.scim("rotated", first).get("/Users").status == 200
    assert stack.scim("rotated", second).get("/Users").status == 200
    answered(rollcall("account", "disable", "rotated", "--yes", "--json"))
    other = stack.scim("rotated", "rck_rotated_" + second.split("_")[2][::-1])
    assert other.get("/Users").status == 401


def test_users_are_imported_and_exported_by_the_command(stack: Stack, rollcall: Any, tmp_path: Path) -> None:
    answered(rollcall("account", "enable", "imported", "--json"))
    people = tmp_path / "people.csv"
    rows = [f"user{number}@example.com,user{number}@example.com,Given,Family" for number in range(30)]
    people.write_text("\n".join(["userName,email,givenName,familyName", *rows]), encoding="utf-8")

    answered(rollcall("users", "import", str(people), "--account", "imported", "--json"))

    exported = rollcall("users", "export", "--account", "imported")
    assert exported.returncode == 0, exported.stderr
    lines = [json.loads(line) for line in exported.stdout.splitlines()]
    assert {line["userName"] for line in lines} == {f"user{number}@example.com" for number in range(30)}
    assert stack.scim("imported").get("/Users", "count=0").json["totalResults"] == 30


def test_a_dead_letter_is_published_again(stack: Stack, listener: Listener, client: ScimClient, rollcall: Any) -> None:
    client.create(person("grace"))
    [first] = listener.hear(1, account_of(client))
    streams = stack.emulator.client("dynamodbstreams")
    table = stack.outputs["TableName"]
    stream = stack.emulator.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    [shard] = [one["ShardId"] for one in streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]]
    start = {"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    records = streams.get_records(ShardIterator=streams.get_shard_iterator(**start)["ShardIterator"])["Records"]
    [number] = [
        record["dynamodb"]["SequenceNumber"]
        for record in records
        if record["dynamodb"]["Keys"]["pk"]["S"] == f"{account_of(client)}#USER"
    ]
    # As Lambda leaves a batch whose retries are used up.
    place = {"shardId": shard, "startSequenceNumber": number, "endSequenceNumber": number, "streamArn": stream}
    stack.emulator.client("sqs").send_message(
        QueueUrl=stack.outputs["UnpublishedEventsUrl"],
        MessageBody=json.dumps({"DDBStreamBatchInfo": place | {"batchSize": 1}}),
    )

    answered(rollcall("events", "redrive", "--json"))

    [again] = listener.hear(1, account_of(client))
    assert again["detail"]["idempotencyId"] == first["detail"]["idempotencyId"]


def test_the_settings_page_lists_accounts_as_cloudwatch_asks_for_it(stack: Stack) -> None:
    event = (ROOT / "events" / "settings_widget.cloudwatch.json").read_bytes()

    answer = stack.emulator.client("lambda").invoke(FunctionName=stack.resources["SettingsWidget"], Payload=event)

    page = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, page
    assert "default" in page
    assert stack.key() not in page


def test_a_release_is_tried_with_every_function(stack: Stack) -> None:
    event = (ROOT / "events" / "pre_traffic.codedeploy.json").read_bytes()

    stack.emulator.client("lambda").invoke(FunctionName=stack.resources["PreTraffic"], Payload=event)

    lines = stack.messages(stack.resources["PreTrafficLog"])
    [release] = [line for line in lines if line.get("message") == "release"]
    assert release["succeeded"], release


def test_requests_leave_a_line_each_and_metrics(stack: Stack, client: ScimClient) -> None:
    client.create(person("alan"))
    client.get("/Users")

    lines = [
        line for line in stack.messages(stack.resources["RequestsLog"]) if line.get("account") == account_of(client)
    ]

    assert Counter(line["operation"] for line in lines if line["message"] == "request") == {
        "CreateUser": 1,
        "ListUsers": 1,
    }
