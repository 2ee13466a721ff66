"""What surrounds the API in the deployed stack: events on the bus, the operator's command, page and release check."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from adapters.clock import MonotonicDeadline
from domain.events.kinds import EventKind
from domain.resources.body import attributes_of
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import USER
from support.child_processes import CompletedProcess, run
from support.emulated_stack import Stack
from support.event_schemas import validate
from support.group_client import GroupClient, remove
from support.listener import SECONDS_TO_ARRIVE, Listener
from support.people import person, user
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


def replaced(path: str, value: Any) -> dict[str, Any]:
    """The PATCH operation that replaces one attribute."""
    return {"op": "replace", "path": path, "value": value}


def account_of(client: ScimClient) -> str:
    return client.key.split("_")[1]


def test_every_kind_of_event_reaches_the_bus(stack: Stack, listener: Listener) -> None:
    key = stack.new_account()
    stack.accounts.configure(key.account, groups=True, match_existing_by_email=True)
    client, groups = stack.scim(key.account), GroupClient(stack.scim(key.account))
    users = stack.table.account(key.account, MonotonicDeadline.after(60)).users
    known = StoredUser.new(str(uuid4()), attributes_of(user("grace"), USER), "2020-01-01T00:00:00.000Z")
    users.create(known)
    client.create(user("grace", externalId="e-1"))
    made = client.create(person("ada"))["id"]
    client.patch(made, replaced("title", "Countess"))
    client.patch(made, replaced("active", False))
    client.patch(made, replaced("active", True))
    of = groups.create("Guides", made)["id"]
    groups.patch(of, replaced("displayName", "Tour Guides"))
    groups.patch(of, remove(made))
    groups.delete(of)
    client.delete(made)

    heard = listener.hear(12, key.account)

    by_resource: dict[str, list[str]] = {known.id: [], made: [], of: []}
    for event in heard:
        kind, detail = EventKind(event["detail-type"]), event["detail"]
        validate(kind, detail)
        by_resource[detail.get("userId") or detail["groupId"]].append(kind)
    assert by_resource == {
        known.id: ["UserProvisioned", "UserAdopted"],
        made: ["UserProvisioned", "UserUpdated", "UserDeactivated", "UserReactivated", "UserDeprovisioned"],
        of: ["GroupProvisioned", "GroupMembersAdded", "GroupUpdated", "GroupMembersRemoved", "GroupDeprovisioned"],
    }
    assert {kind for kinds in by_resource.values() for kind in kinds} == set(EventKind)


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


def test_users_come_back_from_a_backup_with_their_ids_and_events(
    stack: Stack, listener: Listener, rollcall: Any, tmp_path: Path
) -> None:
    """The drill of docs/runbook.md. The emulator's restore to a point in time gives the present, so from a backup."""
    dynamodb, before = stack.emulator.client("dynamodb"), tmp_path / "before.jsonl"
    table, restored = stack.outputs["TableName"], f"{stack.outputs['TableName']}-restored"
    client = stack.scim(stack.new_account().account)
    account = account_of(client)
    kept, changed, lost = (client.create(person(name)) for name in ("ada", "grace", "edsger"))
    backup = dynamodb.create_backup(TableName=table, BackupName="before")["BackupDetails"]["BackupArn"]
    assert client.delete(lost["id"]).status == 204
    client.patch(changed["id"], replaced("title", "Rear Admiral"))

    dynamodb.restore_table_from_backup(TargetTableName=restored, BackupArn=backup)
    dynamodb.get_waiter("table_exists").wait(TableName=restored)
    try:
        exported = rollcall("--table", restored, "users", "export", "--account", account, "--output", str(before))
        assert exported.returncode == 0, exported.stderr
        imported = rollcall("users", "import", str(before), "--account", account, "--keep-ids")
    finally:
        dynamodb.delete_table(TableName=restored)

    # The one who was changed meanwhile is refused, for a person to decide.
    assert imported.returncode == 1
    assert {user["id"]: user.get("title") for user in client.all()} == {
        kept["id"]: None,
        changed["id"]: "Rear Admiral",
        lost["id"]: None,
    }
    checked = rollcall("table", "check", "--account", account)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    # Three users made, one removed, one changed, one brought back.
    of_the_lost = [one for one in listener.hear(6, account) if one["detail"]["userId"] == lost["id"]]
    assert [one["detail-type"] for one in of_the_lost] == ["UserProvisioned", "UserDeprovisioned", "UserProvisioned"]
    assert len({one["detail"]["idempotencyId"] for one in of_the_lost}) == 3


def test_memberships_are_imported_and_exported_by_the_command(stack: Stack, rollcall: Any, tmp_path: Path) -> None:
    for account in ("members", "copied"):
        key = stack.accounts.enable(account).connector.current.key.text
        stack.accounts.configure(account, groups=True)
        for name in ("ada", "grace"):
            stack.scim(account, key).create(person(name))
    memberships = tmp_path / "memberships.csv"
    memberships.write_text("group,userName\nGuides,ada\nGuides,grace\nCooks,ada\n", encoding="utf-8")
    exported = tmp_path / "exported.csv"

    answered(rollcall("groups", "import", str(memberships), "--account", "members", "--json"))
    done = rollcall("groups", "export", "--account", "members", "--format", "csv", "--output", str(exported))
    assert done.returncode == 0, done.stderr
    answered(rollcall("groups", "import", str(exported), "--account", "copied", "--json"))

    client = stack.scim("copied")
    names = {one["id"]: one["userName"] for one in client.all()}
    of = {one["displayName"]: one["members"] for one in client.get("/Groups").json["Resources"]}
    assert {group: sorted(names[member["value"]] for member in members) for group, members in of.items()} == {
        "Guides": ["ada", "grace"],
        "Cooks": ["ada"],
    }


def test_what_the_publisher_could_not_publish_is_published_later_and_again(
    stack: Stack, listener: Listener, client: ScimClient, rollcall: Any
) -> None:
    functions, queue = stack.emulator.client("lambda"), stack.outputs["UnpublishedEventsUrl"]
    publisher = {"FunctionName": stack.outputs["PublisherName"]}
    right = functions.get_function_configuration(**publisher)["Handler"]
    [mapping] = functions.list_event_source_mappings(**publisher)["EventSourceMappings"]
    age = {"UUID": mapping["UUID"], "MaximumRecordAgeInSeconds": mapping["MaximumRecordAgeInSeconds"]}
    functions.update_function_configuration(**publisher, Handler="handlers.none.handler")
    # The emulator gives a record up by its age alone, not by the number of attempts.
    functions.update_event_source_mapping(**age | {"MaximumRecordAgeInSeconds": 1})
    try:
        client.create(person("grace"))
        letter = letter_of(stack, queue)
    finally:
        functions.update_event_source_mapping(**age)
        functions.update_function_configuration(**publisher, Handler=right)
    assert json.loads(letter["Body"])["DDBStreamBatchInfo"]["batchSize"] >= 1
    assert listener.hear(1, account_of(client), seconds=0) == []

    answered(rollcall("events", "redrive", "--json"))

    [late] = listener.hear(1, account_of(client))
    assert late["detail-type"] == "UserProvisioned"

    replay = ("events", "replay", "--account", account_of(client), "--all", "--json")
    for arguments, result in (((*replay, "--dry-run"), "counted"), (replay, "replayed")):
        done = answered(rollcall(*arguments))
        assert (done["result"], done["users"], done["events"]) == (result, 1, {"UserProvisioned": 1})
    [again] = listener.hear(1, account_of(client))
    assert again["detail"]["replay"] is True
    assert again["detail"]["idempotencyId"] == late["detail"]["idempotencyId"]


def letter_of(stack: Stack, queue: str) -> dict[str, Any]:
    """The first letter of a queue, which stays there."""
    sqs, ends = stack.emulator.client("sqs"), monotonic() + SECONDS_TO_ARRIVE
    while monotonic() < ends:
        answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1, VisibilityTimeout=0)
        for message in answer.get("Messages", []):
            return dict(message)
    raise AssertionError("no dead letter came")


def test_the_settings_page_lists_accounts_as_cloudwatch_asks_for_it(stack: Stack) -> None:
    event = (ROOT / "events" / "settings_widget.cloudwatch.json").read_bytes()

    answer = stack.emulator.client("lambda").invoke(FunctionName=stack.resources["SettingsWidget"], Payload=event)

    page = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, page
    assert "default" in page
    assert stack.key() not in page


def test_a_button_of_the_settings_page_switches_groups_on(stack: Stack) -> None:
    key = stack.new_account()
    event = json.loads((ROOT / "events" / "settings_widget.cloudwatch.json").read_bytes())
    pressed = event | {"action": "groups-on", "account": key.account}

    answer = stack.emulator.client("lambda").invoke(
        FunctionName=stack.resources["SettingsWidget"], Payload=json.dumps(pressed)
    )

    assert "FunctionError" not in answer, answer["Payload"].read()
    assert stack.scim(key.account).get("/Groups").status == 200


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
