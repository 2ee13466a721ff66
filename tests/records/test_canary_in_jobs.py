"""The same search for marks and keys in functions that serve no requests: publisher, settings page, jobs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from adapters.events.event_bus import EventBus
from adapters.logs.activity import InsightsActivity
from adapters.logs.insights import QueryFailed
from adapters.logs.last_requests import Logs
from adapters.secrets.accounts import Accounts
from domain.accounts.account import RELEASE_CHECK_ACCOUNT
from domain.resources.stored_user import StoredUser
from handlers.jobs.publisher import Publisher, UnpublishableRecord
from handlers.jobs.seed_default_account import FirstKey
from handlers.jobs.watch import Watch
from handlers.settings.widget import SettingsWidget
from operations.table_creation import table_definition
from records import marked
from records.marked import MARK, Attempt
from records.net import Net
from support.group_work import GroupWork
from support.in_process import InProcess
from support.insights import LastRequests, Remembered, Request
from support.log_lines import settings_page
from support.people import patch
from support.releases import FUNCTIONS, deploy, release_of
from support.table_stream import group, group_record, record

SECRET = "test/connectors/"


def stream_of_a_life(service: InProcess, net: Net) -> list[dict[str, Any]]:
    """The records of the table's stream after a marked user was created, replaced, deactivated and removed."""
    acme = service.account("acme")
    user = str(net.send(acme, Attempt("POST", "/Users", marked.person("one"))).body["id"])
    deactivated = patch({"op": "replace", "path": "active", "value": False})
    versions: list[StoredUser | None] = [None]
    for attempt in (
        Attempt("GET", f"/Users/{user}"),
        Attempt("PUT", f"/Users/{user}", marked.person("two", title=f"{MARK} 2")),
        Attempt("PATCH", f"/Users/{user}", deactivated),
        Attempt("DELETE", f"/Users/{user}"),
    ):
        net.send(acme, attempt)
        versions.append(service.table.accounts["acme"].get(user))
    return [record(number, before, after) for number, (before, after) in enumerate(pairwise(versions), 1)]


class Bus:
    """EventBridge, which refuses or fails on demand and quotes the events."""

    def __init__(self, refuses: bool = False, fails: bool = False) -> None:
        self.refuses, self.fails, self.events = refuses, fails, 0

    def put_events(self, Entries: list[Any]) -> Any:
        if self.fails:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": f"bad: {Entries}"}}, "PutEvents")
        self.events += len(Entries)
        refusal = {"ErrorCode": "MalformedDetail", "ErrorMessage": f"{Entries}"}
        return {"Entries": [refusal if self.refuses else {"EventId": "1"} for _ in Entries]}


@pytest.mark.parametrize("personal_data", [False, True])
def test_the_publisher_logs_nothing_of_a_user(net: Net, service: InProcess, personal_data: bool) -> None:
    stream = stream_of_a_life(service, net)
    one = group({"displayName": f"{MARK} 1", "externalId": MARK}, under_way=True)
    stream.append(group_record(5, None, one, joined=["u1"]))
    stream.append(group_record(6, one, group({"displayName": f"{MARK} 2"}, 2, under_way=True)))
    assert MARK in str(stream)
    spoilt = json.loads(json.dumps(stream).replace('"document": {"S": "{', f'"document": {{"S": "{MARK}'))

    for bus in (Bus(), Bus(refuses=True), Bus(fails=True)):
        publisher = Publisher(
            EventBus(bus, "users"),  # type: ignore[arg-type]  # a stand-in for the client
            GroupWork(failing={one.id: ValueError(MARK)}).open,
            "https://scim.example.com",
            personal_data,
            service.bound.log,
            lambda: 0.0,
        )
        for records in (stream, spoilt, stream[:1]):
            try:
                publisher.publish(records, "invocation", MonotonicDeadline.after(60))
            except UnpublishableRecord as error:
                net.output.raised(error)

    net.pull()
    assert net.seen("failure") == {"MalformedRecord", "MalformedDetail", "ValidationException", "ValueError"}
    assert any("UserDeactivated" in line.get("published", ()) for line in net.lines)


@pytest.fixture
def page(service: InProcess, net: Net) -> SettingsWidget:
    """The settings page of the service."""
    service.clients.logs.create_log_group(logGroupName="/aws/lambda/rollcall/GetUser")
    service.clients.dynamodb.create_table(**table_definition("users"))
    for name in ("acme", "globex"):
        net.keys.add(service.account(name).key)
    service.clients.secretsmanager.put_secret_value(SecretId=f"{SECRET}globex", SecretString=f'{{"{MARK}": "{MARK}')
    activity = InsightsActivity(service.clients.logs, ["/aws/lambda/rollcall/GetUser"])
    return replace(settings_page(service, activity), table=Table(service.clients.dynamodb, "users"))


def test_the_settings_page_logs_neither_keys_nor_input(net: Net, service: InProcess, page: SettingsWidget) -> None:
    context = SimpleNamespace(
        invoked_function_arn=f"arn:aws:lambda:eu-central-1:123456789012:function:{MARK}",
        aws_request_id="invocation",
        client_context=MARK,
    )
    shown = ""

    for action in ("enable", "reveal", "rotate", "reveal", "revoke", "disable", "resume", MARK, None):
        for account in ("acme", "globex", "nobody", f"{MARK} typed", f"{MARK}"[:40].upper()):
            typed = {"forms": {"all": {"account": account}}}
            for event in ({"action": action, "account": account}, {"action": action, "widgetContext": typed}):
                try:
                    shown += page(event, context)
                except Exception as error:  # what Lambda would write of it
                    net.output.raised(error)
        key = service.accounts.show("acme").current.key.text
        net.keys.add(key)

    assert any(key in shown for key in net.keys)
    text = net.pull()
    assert '"what":"key-revealed"' in text
    assert '"what":"key-rotated"' in text


def test_the_account_check_logs_neither_keys_nor_contents_of_secrets_and_logs(net: Net, service: InProcess) -> None:
    now, week = datetime.now(UTC), timedelta(days=7)
    for name in ("acme", "globex", "spoilt"):
        net.keys.add(service.account(name).key)
    service.accounts.rotate_key("globex", timedelta(hours=1))
    net.keys.add(service.accounts.show("globex").current.key.text)
    service.clients.secretsmanager.put_secret_value(SecretId=f"{SECRET}spoilt", SecretString=f'{{"{MARK}": "{MARK}')
    later = now + week + timedelta(hours=2)
    requests = [Request("acme", now), Request("globex", now + timedelta(minutes=1), "previous"), Request(MARK, now)]
    logs: Any = LastRequests(requests)
    memory = Remembered()

    def look(at: datetime, retention: timedelta) -> None:
        found = Logs(logs, [MARK])
        Watch(service.accounts, found, lambda _: memory, week, retention, service.bound.log, lambda: at)(None, None)

    look(now + timedelta(minutes=5), 12 * week)
    look(later, 12 * week)
    logs.get_query_results = lambda queryId: {"status": "Failed", "results": [], "statistics": MARK}
    with pytest.raises(QueryFailed) as failed:
        look(now, week)
    net.output.raised(failed.value)

    net.pull()
    assert net.seen("reason") == {"silent", "previous-key-ending", "secret-malformed"}
    assert net.seen("message") == {"watch", "watched"}


def test_a_failed_release_logs_neither_the_key_nor_answers_of_functions(net: Net, service: InProcess) -> None:
    with release_of(service) as release:
        net.keys.add(service.accounts.show(RELEASE_CHECK_ACCOUNT).current.key.text)
        deploy(release)
        for function in FUNCTIONS:
            crash = {"errorType": "KeyError", "errorMessage": f"{MARK} {max(net.keys)}", "stackTrace": [MARK]}
            wrong = [crash, {"statusCode": 200, "body": MARK}, [MARK], {"statusCode": 999, "body": f'{{"{MARK}": 1}}'}]
            for returned in wrong:
                release.faults = {function: lambda event, returned=returned: returned}  # type: ignore[misc]  # mypy infers no type for the lambda's default
                deploy(release)
        release.faults = {"Discovery": lambda event: 1 / 0 if event else None}
        deploy(release)

    text = net.pull()
    assert release.reported == ["Succeeded"] + ["Failed"] * (4 * len(FUNCTIONS) + 1)
    assert "release-check-" not in text
    assert net.seen("step") > {"CreateUser POST Users", "the hook itself"}


def test_the_first_key_is_written_only_to_its_secret(net: Net, service: InProcess) -> None:
    accounts = Accounts(service.clients.secretsmanager, SECRET, lambda: "cloudformation")
    event = {
        "RequestType": "Create", "ResponseURL": f"https://{MARK}.example/?signature={MARK}", "StackId": MARK,
        "RequestId": MARK, "LogicalResourceId": MARK, "ResourceProperties": {"Account": "default", "Secret": MARK},
    }  # fmt: skip
    sent: list[bytes] = []

    def answer(of: dict[str, Any], fails: bool = False) -> None:
        def respond(url: str, body: bytes) -> None:
            sent.append(body)
            if fails:
                raise OSError("refused")

        try:
            FirstKey(accounts, respond)(of, None)
        except OSError as error:
            net.output.raised(error)

    answer(event)
    answer(event, fails=True)
    answer(event | {"ResourceProperties": {"Account": f"{MARK} typed"}})
    key = accounts.show("default").current.key.text
    net.keys.add(key)

    assert not any(key.encode() in body for body in sent)
    net.pull()
