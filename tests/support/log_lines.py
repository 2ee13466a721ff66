"""The log lines there are: written by all functions when every operation and every kind of trouble happens."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

from adapters.clock import MonotonicDeadline
from adapters.events.event_bus import EventBus
from adapters.logs.activity import AccountActivity, Activity
from adapters.logs.last_requests import Logs
from adapters.logs.lost_access import HOUR, LostAccess
from adapters.secrets.accounts import Accounts
from domain.changes.users import Users
from domain.errors import NotFound
from domain.resources.group_schema import CORE_URN as GROUP_URN
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN
from handlers.jobs.publisher import Publisher
from handlers.jobs.seed_default_account import FirstKey
from handlers.jobs.watch import Watch
from handlers.settings.widget import SettingsWidget
from operations.audit import Audit
from operations.user_changes import UserChanges, patch_of
from support.group_work import GroupWork
from support.in_process import ENVIRONMENT, InProcess, in_process
from support.insights import LastRequests, Remembered, Request
from support.metric_sources import written
from support.people import UNKNOWN_ID, bulk, person
from support.releases import deploy, release_of
from support.table_stream import group, group_record, record

Line = dict[str, Any]


@cache
def lines() -> tuple[Line, ...]:
    """Every log line as JSON; metrics are among them, as they are log lines too."""
    printed = io.StringIO()
    with redirect_stdout(printed), in_process() as service:
        everything_except_requests(service)
    return tuple(json.loads(line) for line in (*written(), *printed.getvalue().splitlines()))


def fields(line: Line) -> set[str]:
    """The fields of a line as Logs Insights names them: members of objects with the dots between."""
    members = {f"{name}.{member}" for name, value in line.items() if isinstance(value, dict) for member in value}
    return line.keys() | members


def everything_except_requests(service: InProcess) -> None:
    """Whatever writes lines other than those of plain requests happens once."""
    for happen in (
        _takeover,
        _bulk_loss,
        _strict_refusal,
        _unknown_member,
        _unusable_secret,
        _settings_page,
        _commands,
        _publisher,
        _watch,
        _release,
        _first_key,
    ):
        happen(service)


def _takeover(service: InProcess) -> None:
    """An existing user whom an identity provider takes over, deactivates, takes back and makes another of."""
    client = service.account("hooli", match_existing_by_email=True)
    existing = {"schemas": [CORE_URN], "userName": "ann", "emails": [{"value": "ann@example.com"}]}
    service.brings_in("hooli", existing)
    adopting = existing | {"userName": "a", "externalId": "1"}
    created = client.call("POST", "/Users", adopting)
    assert created.status == 201
    assert client.call("PUT", f"/Users/{created.body['id']}", adopting | {"active": False}).status == 200
    assert client.call("POST", "/Users", adopting).status == 201
    another = adopting | {"userName": "b", "emails": [{"value": "b@example.com"}]}
    assert client.call("PUT", f"/Users/{created.body['id']}", another).status == 200


def _bulk_loss(service: InProcess) -> None:
    """A bulk request that removes a user."""
    client = service.account("umbrella")
    ada = client.call("POST", "/Users", person("ada")).body["id"]
    assert client.call("POST", "/Bulk", bulk({"method": "DELETE", "path": f"/Users/{ada}"})).status == 200


def _strict_refusal(service: InProcess) -> None:
    """A request that a tolerant account would accept, and an operation of a bulk request likewise."""
    client = service.account("tyrell", mode="strict")
    body = person("ada") | {"active": "True"}
    assert client.call("POST", "/Users", body).status == 400
    operation = {"method": "POST", "path": "/Users", "bulkId": "1", "data": body}
    assert client.call("POST", "/Bulk", bulk(operation)).status == 200


def _unknown_member(service: InProcess) -> None:
    """A group that names a user whom there is not, in an account that tolerates it."""
    client = service.account("stark", groups=True)
    named = {"schemas": [GROUP_URN], "displayName": "Team", "members": [{"value": UNKNOWN_ID}]}
    assert client.call("POST", "/Groups", named).status == 201


def _unusable_secret(service: InProcess) -> None:
    client = service.account("broken")
    name = ENVIRONMENT["CONNECTOR_SECRET_PREFIX"] + "broken"
    service.clients.secretsmanager.put_secret_value(SecretId=name, SecretString="nonsense")
    assert client.call("GET", "/Users").status == 401


class _Bus:
    """EventBridge, which takes the creation of users and refuses the rest for now."""

    def put_events(self, Entries: list[Any]) -> Any:
        refusal = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
        return {
            "Entries": [{"EventId": "1"} if entry["DetailType"] == "UserProvisioned" else refusal for entry in Entries]
        }


def _publisher(service: InProcess) -> None:
    """A batch of which one event came late and the next was refused, and one whose record is malformed."""
    user = StoredUser.new("4d1f0000-0000-4000-8000-000000000000", {"userName": "ann"}, "2030-01-01T00:00:00.000Z")
    batch = [record(1, None, user), record(2, user, None)]
    spoilt = json.loads(json.dumps(batch[:1]).replace('"document"', '"nothing"'))
    bus: Any = _Bus()
    late = datetime.now(UTC).timestamp() + 10**9
    log, groups = service.bound.log, GroupWork()
    publisher = Publisher(EventBus(bus, "events"), groups.open, "https://scim.example.com", False, log, lambda: late)
    assert publisher.publish(batch, "request", MonotonicDeadline.after(9))["batchItemFailures"]
    assert publisher.publish(spoilt, "request", MonotonicDeadline.after(9))["batchItemFailures"]
    unfinished = group_record(3, None, group({}, under_way=True))
    assert publisher.publish([unfinished], "request", MonotonicDeadline.after(0))["batchItemFailures"]


def _release(service: InProcess) -> None:
    """A release that is good, and one that is not."""
    with release_of(service) as release:
        deploy(release)
        release.faults["GetUser"] = lambda event: {"statusCode": 503}
        deploy(release)
        assert release.reported == ["Succeeded", "Failed"]


def _first_key(service: InProcess) -> None:
    """CloudFormation makes the stack."""
    request = {"RequestType": "Create", "ResponseURL": "https://example.com", "StackId": "s", "RequestId": "r"}
    answered: list[bytes] = []
    first_key = FirstKey(service.accounts, lambda url, body: answered.append(body))
    first_key(request | {"LogicalResourceId": "l"}, None)
    assert answered


def _watch(service: InProcess) -> None:
    """One look at an account that went silent, and at one that still uses a key that is about to be refused."""
    eight_days = timedelta(days=8)
    now = datetime.now(UTC) + eight_days
    service.account("acme")
    service.account("globex")
    service.accounts.rotate_key("globex", eight_days + timedelta(hours=1))
    long_ago = now - timedelta(days=400)
    Accounts(
        service.clients.secretsmanager, ENVIRONMENT["CONNECTOR_SECRET_PREFIX"], lambda: "test", now=lambda: long_ago
    ).enable("initrode")
    logs: Any = LastRequests(
        [Request("acme", now - eight_days), Request("globex", now - timedelta(minutes=1), "previous")]
    )
    found = Logs(logs, ["requests"])
    week, kept = timedelta(days=7), timedelta(days=90)
    Watch(service.accounts, found, lambda _: Remembered(), week, kept, service.bound.log, lambda: now)(None, None)


def _settings_page(service: InProcess) -> None:
    service.account("acme")
    html = settings_page(service)(
        {"action": "reveal", "account": "acme"}, SimpleNamespace(aws_request_id="invocation-7")
    )
    assert "rck_acme_" in html


def _commands(service: InProcess) -> None:
    """An operator who deactivates and removes a user, changes a group, and whose last change fails."""
    deadline, account = MonotonicDeadline.after(9), "umbrella"
    log, directory = service.bound.log, service.table.account(account, deadline)
    changes = UserChanges(account, directory, deadline)
    user = StoredUser.new("4d1f0001-0000-4000-8000-000000000000", person("eve"), "2030-01-01T00:00:00.000Z")
    directory.users.create(user)

    def of(operation: str, **concerns: str) -> Audit:
        return Audit(log, account, "arn:aws:iam::123456789012:user/ada", operation, concerns)

    off = {"op": "replace", "path": "active", "value": False}
    requests: list[tuple[str, Callable[[Users], StoredUser]]] = [
        ("deactivate", lambda users: users.patch(user.id, patch_of([off]))),
        ("delete", lambda users: users.delete(user.id)),
    ]
    for name, request in requests:
        with of(f"users {name}", user_id=user.id).of(f"user-{name}d") as audited:
            audited.about.update(changes.make(user, request).record)
    with of("groups delete", group_id=UNKNOWN_ID).of("group-deleted"):
        pass
    with suppress(NotFound), of("users delete", user_id=user.id).of("user-deleted"):
        changes.make(user, lambda users: users.delete(user.id))


def settings_page(service: InProcess, activity: Activity | None = None) -> SettingsWidget:
    """The settings page over the accounts and the table of that service, which no request has been sent to."""
    table: Any = service.table
    return SettingsWidget(
        "https://scim.example.com/scim/v2",
        reveals=True,
        accounts=lambda actor: Accounts(
            service.clients.secretsmanager, ENVIRONMENT["CONNECTOR_SECRET_PREFIX"], lambda: actor
        ),
        table=table,
        activity=activity or NoActivity(),
        log=service.bound.log,
    )


class NoActivity:
    """A log that nothing is in."""

    def last_day(self) -> Mapping[str, AccountActivity] | None:
        return {}

    def lost_access(self, account: str | None = None, period: timedelta = HOUR) -> Sequence[LostAccess] | None:
        return []
