"""No text of a client and no key is logged: requests carry a mark, and all output is searched for it.

Ids of users are allowed, of the form that this service gives them; a client's text in the place of one is not.
"""

from __future__ import annotations

import logging
import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from adapters.dynamodb import Table
from domain.accounts.account import Mode
from domain.accounts.connector_key import ConnectorKey
from domain.accounts.deprovisioning import Limit
from domain.queries.cursor import CursorSeal
from operations.table_creation import table_definition
from records import marked
from records.marked import ENCODED, MARK, Attempt
from records.net import Net
from support import faults
from support.faults import Fault, FaultyClient
from support.in_process import Client, InProcess
from support.lambda_context import LambdaContext
from support.people import UNKNOWN_ID, bulk, patch, person, search

MODES = {
    "tolerant": {},
    "strict": {"mode": "strict"},
    "adopting": {"match_existing_by_email": True},
}
BARELY_TIME = LambdaContext(milliseconds=650)
"""For requests under a fault, which end when there is no time for another attempt."""


@dataclass
class Service:
    """The service on moto's DynamoDB, with faults at hand."""

    running: InProcess
    dynamodb: FaultyClient
    secrets_manager_is_down: bool = False

    def cut_off(self, **_: Any) -> None:
        if self.secrets_manager_is_down:
            raise EndpointConnectionError(endpoint_url=f"https://{MARK}.example")


@pytest.fixture
def stored(service: InProcess) -> Service:
    """The service with the real adapter of the table, which does not wait between retries."""
    client: Any = service.clients.dynamodb
    client.create_table(**table_definition("users"))
    whole = Service(service, FaultyClient(client))
    service.use(Table(client, "users", sleep=lambda seconds: None))
    service.clients.secretsmanager.meta.events.register("before-call.secretsmanager", whole.cut_off)
    return whole


def create(net: Net, client: Client, name: str) -> str:
    answer = net.send(client, Attempt("POST", "/Users", marked.person(name)))
    assert answer.status == 201, answer.text
    return str(answer.body["id"])


@pytest.mark.parametrize("mode", MODES)
def test_no_operation_and_no_refusal_logs_client_data(
    net: Net, service: InProcess, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = service.account(mode, **MODES[mode])  # type: ignore[arg-type]  # mypy infers object for the settings
    user = create(net, client, "somebody")
    create(net, client, "taken")
    of_old = CursorSeal(service.accounts.show(mode).sealing_key, mode, lambda: 0.0)

    for attempt in marked.attempts(user, of_old):
        answer = net.send(client, attempt)
        assert answer.status < 500 or answer.status == 501, (attempt, answer.text)
    monkeypatch.setattr("domain.queries.windows.MAX_SORTED", 0)
    net.send(client, Attempt("GET", "/Users", query="sortBy=title"))
    assert net.send(client, Attempt("DELETE", f"/Users/{user}")).status == 204

    net.pull()
    assert net.seen("status") >= {200, 201, 204, 304, 400, 403, 404, 405, 409, 412, 413, 501}
    assert net.seen("scim_type") >= {
        "invalidSyntax", "invalidValue", "invalidFilter", "invalidPath", "mutability", "uniqueness",
        "invalidCursor", "expiredCursor", "invalidCount", "tooMany",
    } | ({"noTarget"} if mode == "strict" else set())  # fmt: skip
    assert net.seen("operation") == {
        "CreateUser", "GetUser", "ListUsers", "SearchUsers", "ReplaceUser", "PatchUser", "DeleteUser", "Bulk",
        "Discovery", "Unrouted", "GetGroup", "DeleteGroup",
    }  # fmt: skip
    assert net.seen("user_id") >= {user, UNKNOWN_ID}
    refusals = [line for line in net.lines if line.get("status", 0) >= 400]
    assert all(line["reason"] and line["remedy"] for line in refusals)
    assert [line for line in refusals if line["status"] == 400 and not (line["attribute"] and line["expected"])] == []


@pytest.mark.parametrize("mode", ["tolerant", "strict"])
@pytest.mark.parametrize("personal_data", [False, True], ids=["", "personal-data"])
def test_no_operation_on_groups_logs_client_data(net: Net, service: InProcess, mode: Mode, personal_data: bool) -> None:
    """Also where log lines may name users: what a group is called may say more than its id."""
    service.change(environment=replace(service.bound.environment, log_personal_data=personal_data))
    client = service.account(mode, mode=mode, groups=True)
    user = client.call("POST", "/Users", person("somebody")).body["id"]
    made = net.send(client, Attempt("POST", "/Groups", marked.team("somebody", user)))
    assert made.status == 201, made.text
    net.send(client, Attempt("POST", "/Groups", marked.team("taken")))
    group = made.body["id"]

    for attempt in marked.attempts_on_groups(group, user):
        answer = net.send(client, attempt)
        assert answer.status < 500, (attempt, answer.text)
    assert net.send(client, Attempt("DELETE", f"/Groups/{group}")).status == 204

    net.pull()
    assert net.seen("status") >= {200, 201, 204, 400, 404, 409, 412, 413}
    assert net.seen("operation") >= {
        "CreateGroup", "GetGroup", "ListGroups", "SearchGroups", "ReplaceGroup", "PatchGroup", "DeleteGroup",
    }  # fmt: skip
    assert net.seen("group_id") >= {group, UNKNOWN_ID}
    refusals = [line for line in net.lines if line.get("status", 0) >= 400]
    assert all(line["reason"] and line["remedy"] for line in refusals)
    assert [line for line in refusals if line["status"] == 400 and not (line["attribute"] and line["expected"])] == []


def test_neither_the_guard_nor_an_adoption_logs_client_data(net: Net, service: InProcess) -> None:
    guarded = service.account("guarded", deprovisioning_limit=Limit(0), match_existing_by_email=True)
    user = service.brings_in("guarded", marked.person("somebody"))
    known = marked.person("unclaimed")
    unclaimed = service.brings_in("guarded", {name: known[name] for name in known if name != "externalId"})
    disable = patch({"op": "replace", "path": "active", "value": False})
    remove = {"method": "DELETE", "path": f"/Users/{user}"}

    adopted = net.send(guarded, Attempt("POST", "/Users", marked.person("unclaimed", title=f"{MARK} 2")))
    answers = [
        net.send(guarded, Attempt("DELETE", f"/Users/{user}")),
        net.send(guarded, Attempt("PATCH", f"/Users/{user}", disable)),
        net.send(guarded, Attempt("POST", "/Bulk", bulk(remove))),
    ]

    assert (adopted.status, adopted.body["id"]) == (201, unclaimed)
    assert [answer.status for answer in answers] == [403, 403, 200]
    net.pull()
    assert net.seen("message") == {"request", "adoption", "bulk-operation"}
    assert net.seen("deprovisioning_refused") == {1}
    assert "deprovisioning-paused" in net.seen("reason")


def wrong_keys(account: str) -> Iterator[dict[str, str]]:
    """Authorization headers that are rejected, with marks and with keys."""
    right = ConnectorKey.generate(account, secrets.token_bytes).text
    unknown = ConnectorKey.generate(MARK, secrets.token_bytes).text
    for text in (
        "", MARK, f"Bearer {MARK}", f"Bearer rck_{MARK}_{'a' * 38}", f"Bearer {right}", f"Bearer {unknown}", right,
        f"Bearer Bearer {right}", f"Basic {right}", f"{MARK} {right}", f"Bearer {right[:-1]}", f"Bearer {right}{MARK}",
        f"Token token={right}", "Bearer", f"Bearer {right} {MARK}",
    ):  # fmt: skip
        yield {"Authorization": text}


def test_no_rejected_key_is_logged(net: Net, service: InProcess) -> None:
    client, off = service.account("acme"), service.account("off")
    service.accounts.disable("off")

    for attempt in (Attempt("POST", "/Users", marked.person("nobody")), Attempt("GET", f"/Users/{MARK}")):
        for headers in wrong_keys("acme"):
            net.keys.update(part for part in headers["Authorization"].split() if part.startswith("rck_"))
            answer = net.send(client, Attempt(attempt.method, attempt.path, attempt.body, attempt.query, headers))
            assert answer.status == 401, headers
        assert net.send(off, attempt).status == 403

    net.pull()
    assert net.seen("reason") == {
        "no-key", "no-scheme", "other-scheme", "bearer-twice", "malformed-key", "wrong-key", "unknown-account",
        "account-disabled",
    }  # fmt: skip


def under_faults(user: str) -> list[Attempt]:
    """One request for each operation that reaches the table."""
    operation = {"method": "POST", "path": "/Users", "bulkId": MARK, "data": marked.person("bulk")}
    return [
        Attempt("POST", "/Users", marked.person("new")),
        Attempt("GET", f"/Users/{user}"),
        Attempt("GET", "/Users", query=f"filter=title+co+%22{MARK}%22"),
        Attempt("POST", "/Users/.search", search(filter=f'userName eq "{MARK}"')),
        Attempt("PUT", f"/Users/{user}", marked.person("renamed")),
        Attempt("PATCH", f"/Users/{user}", patch({"op": "replace", "path": "title", "value": f"{MARK} 2"})),
        Attempt("POST", "/Bulk", bulk(operation)),
        Attempt("DELETE", f"/Users/{user}"),
    ]


def quoting(fault: Fault) -> Fault:
    """The fault, with a message that quotes the parameters of the call."""
    if fault.name in ("time-out", "connection reset", "connect time-out", "no connection", "no credentials"):
        return fault
    code, status = fault.name, 500 if fault.name == "InternalServerError" else 400
    if fault.name == "bad gateway":
        return Fault(fault.name, faults.answer(502, f"<html>{MARK}</html>"))
    return Fault(code, faults.error(code, status, message=f"The value {MARK} is not"), fault.after)


FAULTS = [*faults.THROTTLING, *faults.BREAKING, *faults.LOST, *faults.CONTENDED[:4], *faults.REFUSING]


def test_no_failure_of_the_table_logs_client_data(net: Net, stored: Service) -> None:
    client = stored.running.account("tolerant")

    for fault in FAULTS:
        user = create(net, client, f"{fault}".replace(" ", ""))
        stored.dynamodb.always(quoting(fault))
        answers = [net.send(client, attempt, context=BARELY_TIME) for attempt in under_faults(user)]
        stored.dynamodb.calm()
        net.pull()
        assert {answer.status for answer in answers} & {429, 503}, fault

    assert net.seen("reason") >= {"throttled", "unavailable", "table-refused", "contended"}


def test_no_answer_of_a_failing_secrets_manager_is_logged(net: Net, stored: Service) -> None:
    attempt = Attempt("POST", "/Users", marked.person("nobody"))
    manager = stored.running.clients.secretsmanager
    malformed, deleted = stored.running.account("malformed"), stored.running.account("deleted")
    manager.put_secret_value(SecretId="test/connectors/malformed", SecretString=f'{{"account": "{MARK}", "{MARK}": ')
    manager.delete_secret(SecretId="test/connectors/deleted")
    unknown = stored.running.client(ConnectorKey.generate(MARK, secrets.token_bytes).text)

    assert net.send(malformed, attempt).status == 401
    assert net.send(deleted, attempt).status == 401
    stored.secrets_manager_is_down = True
    assert net.send(unknown, attempt).status == 503

    net.pull()
    assert net.seen("reason") == {"secret-malformed", "secret-marked-for-deletion", "secrets-manager-unavailable"}
    assert net.seen("secret") == {f"test/connectors/{name}" for name in ("malformed", "deleted", "*")}


def test_a_defect_is_logged_without_the_values_that_caused_it(net: Net, stored: Service) -> None:
    client = stored.running.account("tolerant")
    user = create(net, client, "somebody")
    stored.dynamodb.client.update_item(
        TableName="users",
        Key={"pk": {"S": "tolerant#USER"}, "sk": {"S": user}},
        UpdateExpression="SET document = :document",
        ExpressionAttributeValues={":document": {"S": f'{{"{MARK}": "{MARK}'}},
    )

    answers = [net.send(client, attempt) for attempt in under_faults(user)[4:6]]

    assert [answer.status for answer in answers] == [503, 503]
    net.pull()
    assert "unexpected" in net.seen("reason")
    assert all(cause.startswith("JSONDecodeError at ") for cause in net.seen("cause"))


def test_the_search_finds_a_mark_in_every_kind_of_output(net: Net, client: Client) -> None:
    net.keys.add(client.key)
    ways: list[Callable[[str], None]] = [
        print,
        lambda text: print(text, file=sys.stderr),
        lambda text: logging.getLogger("botocore").warning("sent %s", text),
        lambda text: logging.getLogger().info("sent", extra={"user": text}),
        lambda text: net.output.raised(ValueError(text)),
    ]

    for way in ways:
        for text in (f"x {MARK.upper()}", client.key, ENCODED, f"...{client.key[-38:]}"):
            way(text)
            with pytest.raises(AssertionError):
                net.pull()
