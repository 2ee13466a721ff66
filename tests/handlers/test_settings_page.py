"""The settings page as CloudWatch calls it: its contents, its buttons, and its records."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from adapters.aws import Clients
from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from adapters.logs.activity import AccountActivity
from adapters.logs.log import Log
from adapters.secrets.accounts import Accounts
from domain.accounts import group_management
from domain.accounts.account import Connector
from domain.accounts.connector_document import connector_to_json
from domain.accounts.connector_key import ConnectorKey
from domain.accounts.deprovisioning import DeprovisioningGuard, GuardState, Limit
from handlers.settings.page import AccountRow, SettingsPage, values_html
from handlers.settings.widget import SettingsWidget
from local.activity import FileActivity
from operations.table_creation import table_definition
from support.faults import REFUSING, FaultyClient
from support.in_process import ENVIRONMENT, new_clients
from support.lambda_context import LambdaContext

PREFIX = "rollcall/connectors/"
BASE_URL = "https://scim.example.com/scim/v2"
NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
CONTEXT = LambdaContext("4d1f6f4a-invocation")
ARN = CONTEXT.invoked_function_arn
HOSTILE = "<img src=x onerror=alert(1)>\"'</code><script>alert(2)</script>&amp;"


@dataclass
class Action:
    """A `cwdb-action` and its element."""

    label: str
    attributes: dict[str, str | None]
    text: str = ""

    @property
    def call(self) -> Any:
        return json.loads(self.text)


@dataclass
class Elements(HTMLParser):
    """The page as a browser parses it: its tags, its buttons, its text."""

    tags: list[str] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    text: str = ""
    _last: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "cwdb-action":
            self.actions.append(Action(self._last, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] == ["cwdb-action"] and not self.actions[-1].text:
            self.actions[-1].text = data
            return
        self._last = data
        self.text += data + "\n"


def read(html: str) -> Elements:
    elements = Elements()
    elements.feed(html)
    return elements


@dataclass
class Opened:
    """The settings page on an empty AWS; `file` is where its log lines go."""

    page: SettingsWidget
    clients: Clients
    file: Path

    def press(self, **event: Any) -> str:
        return self.page(event, CONTEXT)

    @property
    def accounts(self) -> Accounts:
        return self.page.accounts("test")

    def key_of(self, account: str) -> str:
        return self.accounts.show(account).current.key.text

    def guard(self, account: str, limit: Limit) -> DeprovisioningGuard:
        return self.page.table.account(account, MonotonicDeadline.after(60)).guard(limit)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    file = tmp_path / "log.jsonl"
    with patch.dict(os.environ, ENVIRONMENT), mock_aws(), closing(Log.to_file(file)) as log:
        clients = new_clients()
        clients.dynamodb.create_table(**table_definition("users"))
        page = SettingsWidget(
            BASE_URL,
            reveals=True,
            accounts=lambda actor: Accounts(clients.secretsmanager, PREFIX, lambda: actor),
            table=Table(clients.dynamodb, "users"),
            activity=FileActivity(file),
            log=log,
        )
        yield Opened(page, clients, file)


def audits(log: Path) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return [(line["what"], line["account"]) for line in lines if line["message"] == "audit"]


def test_the_page_has_every_column_and_button_and_each_change_asks_first(opened: Opened) -> None:
    opened.press(action="enable", account="acme")
    opened.accounts.rotate_key("acme")

    page = read(opened.press())

    for heading in (
        "Account",
        "SCIM",
        "Groups",
        "Connector Key",
        "Users",
        "Last success",
        "Errors, 24 h",
        "Previous key",
    ):
        assert heading in page.text.splitlines()
    assert BASE_URL in page.text
    assert opened.accounts.show("acme").current.key.masked in page.text
    questions = {action.label: action.attributes.get("confirmation") for action in page.actions}
    assert questions.pop("Refresh") is None
    assert questions.keys() == {"Enable SCIM", "On", "Off", "Reveal key", "Rotate key", "Revoke previous", "Disable"}
    assert all(questions.values())
    assert {action.attributes["endpoint"] for action in page.actions} == {ARN}
    popups = {action.label for action in page.actions if action.attributes["display"] == "popup"}
    assert popups == {"Reveal key", "Rotate key"}


def test_a_page_shows_a_key_only_on_request(opened: Opened) -> None:
    made = opened.press(action="enable", account="acme")
    key = opened.key_of("acme")

    assert key in made
    for event in ({}, {"action": "refresh"}, {"action": "enable", "account": "acme"}, {"action": "disable"}):
        assert key not in opened.press(**({"account": "acme"} | event))
    assert key in opened.press(action="reveal", account="acme")


def test_everything_that_is_done_or_seen_is_recorded_once_and_without_a_key(opened: Opened) -> None:
    opened.press(action="enable", account="acme")
    opened.press(action="enable", account="acme")
    opened.press(action="reveal", account="acme")
    opened.press(action="rotate", account="acme")
    opened.press(action="revoke", account="acme")
    opened.press(action="revoke", account="acme")
    for action in ("groups-on", "groups-off", "disable"):
        opened.press(action=action, account="acme")
        opened.press(action=action, account="acme")
    opened.press(action="enable", account="acme")

    assert audits(opened.file) == [
        (what, "acme")
        for what in (
            "enabled",
            "key-revealed",
            "key-rotated",
            "previous-key-revoked",
            "groups-switched-on",
            "groups-switched-off",
            "disabled",
            "enabled",
        )
    ]
    assert "rck_" not in opened.file.read_text()


UNKNOWN = "unknown (see CloudTrail, Invoke)"
EVERY_ACTION = ("enable", "disable", "enable", "groups-on", "groups-off", "reveal", "rotate", "revoke", "resume")


def audited(opened: Opened, context: Any, **further: Any) -> list[dict[str, Any]]:
    """The audit lines of every action there is, done once by this caller."""
    for action in EVERY_ACTION:
        opened.page({"action": action, "account": "acme"} | further, context)
    lines = [json.loads(line) for line in opened.file.read_text().splitlines()]
    return [line for line in lines if line["message"] == "audit"]


def test_an_audit_line_says_that_cloudwatch_does_not_pass_who_it_was_and_names_the_invocation(
    opened: Opened,
) -> None:
    lines = audited(opened, CONTEXT)

    assert len(lines) == len(EVERY_ACTION)
    assert {(line["actor"], line["request_id"]) for line in lines} == {(UNKNOWN, CONTEXT.aws_request_id)}
    made, change = opened.accounts.show("acme").current, opened.accounts.show("acme").last_change
    assert {made.created_by, change.by} == {f"unknown (see CloudTrail, Invoke {CONTEXT.aws_request_id})"}


def test_an_identity_that_lambda_has_checked_is_the_actor(opened: Opened) -> None:
    context = SimpleNamespace(
        invoked_function_arn=ARN, aws_request_id="1", identity=SimpleNamespace(cognito_identity_id="eu:17")
    )

    assert {line["actor"] for line in audited(opened, context)} == {"Cognito identity eu:17"}


def test_no_caller_chooses_the_name_that_is_recorded(opened: Opened) -> None:
    name = "eve@attacker.example"  # longer than what a random key may hold by chance
    claimed = {"actor": name, "operator": name, "userArn": name, "identity": {"cognito_identity_id": name}}
    context = SimpleNamespace(invoked_function_arn=ARN, aws_request_id="1", client_context=SimpleNamespace(**claimed))

    lines = audited(opened, context, **claimed, widgetContext=claimed)

    assert {line["actor"] for line in lines} == {UNKNOWN}
    assert name not in opened.file.read_text()
    assert name not in connector_to_json(opened.accounts.show("acme"))


def test_existing_keys_are_not_shown_where_the_operator_does_not_want_it(opened: Opened) -> None:
    opened.press(action="enable", account="acme")
    opened.page = replace(opened.page, reveals=False)

    page, refused = opened.press(), opened.press(action="reveal", account="acme")

    assert "Reveal key" not in [action.label for action in read(page).actions]
    assert "rollcall account show acme --reveal" in read(refused).text
    assert opened.key_of("acme") not in page + refused
    assert "is not an account name" in read(opened.press(action="reveal", account="$(id)")).text
    assert audits(opened.file) == [("enabled", "acme")]
    rotated = opened.press(action="rotate", account="acme")
    assert opened.key_of("acme") in rotated


def test_groups_are_switched_with_the_question_of_the_command(opened: Opened) -> None:
    opened.press(action="enable", account="acme")

    def switch(html: str) -> Action:
        (found,) = [action for action in read(html).actions if str(action.call.get("action")).startswith("groups-")]
        return found

    before = switch(opened.press())
    switched_on = opened.press(**before.call)
    assert opened.accounts.show("acme").settings.groups
    assert "Microsoft Entra ID: Under Mappings" in switched_on
    on = switch(switched_on)
    opened.press(**on.call)

    assert (before.label, on.label) == ("Off", "On")
    assert "may then create, change and delete groups" in str(before.attributes["confirmation"])
    assert on.attributes["confirmation"] == group_management.question("acme", switch_on=False)
    assert not opened.accounts.show("acme").settings.groups


def test_an_account_is_named_in_the_field(opened: Opened) -> None:
    page = opened.press(action="enable", widgetContext={"forms": {"all": {"account": " acme "}}})

    assert "SCIM is on for acme." in page
    assert opened.accounts.show("acme").enabled


@pytest.mark.parametrize("account", ["", "Acme", "../x", "a" * 41, HOSTILE])
def test_a_malformed_account_name_is_reported_and_nothing_is_created(opened: Opened, account: str) -> None:
    page = read(opened.press(action="enable", widgetContext={"forms": {"all": {"account": account}}}))

    assert "is not an account name" in page.text
    assert not {"img", "script"} & set(page.tags)
    assert opened.accounts.list_all() == []
    assert audits(opened.file) == []


@pytest.mark.parametrize("action", ["disable", "reveal", "rotate", "revoke"])
def test_an_unknown_account_is_reported(opened: Opened, action: str) -> None:
    assert "There is no account" in read(opened.press(action=action, account="nobody")).text
    assert audits(opened.file) == []


def test_a_secret_edited_into_nonsense_is_shown_with_what_to_do(opened: Opened) -> None:
    opened.clients.secretsmanager.create_secret(Name=f"{PREFIX}acme", SecretString=HOSTILE)

    page = read(opened.press(action="reveal", account="acme"))

    assert "Unusable" in page.text
    assert f"The secret {PREFIX}acme was edited into something unusable" in page.text
    assert not {"img", "script"} & set(page.tags)


def test_accounts_that_cannot_be_listed_are_an_error_in_the_page_and_none_at_all_is_not_claimed(opened: Opened) -> None:
    opened.press(action="enable", account="acme")
    client = opened.clients.secretsmanager
    denied = {"Error": {"Code": "AccessDeniedException", "Message": HOSTILE}}

    with patch.object(client, "get_paginator", side_effect=ClientError(denied, "ListSecrets")):  # type: ignore[arg-type]  # the stubs require all members of an error
        page = read(opened.press())

    assert "Secrets Manager refused to list the secrets" in page.text
    assert "No account has SCIM switched on" not in page.text
    assert "alert" not in page.text


def test_a_hand_edited_creator_of_a_key_is_shown_as_text(opened: Opened) -> None:
    opened.press(action="enable", account="acme")
    secrets = opened.clients.secretsmanager
    edited = json.loads(secrets.get_secret_value(SecretId=f"{PREFIX}acme")["SecretString"])
    edited["current"]["createdBy"] = HOSTILE
    edited["lastChange"] |= {"by": HOSTILE, "what": HOSTILE}
    secrets.put_secret_value(SecretId=f"{PREFIX}acme", SecretString=json.dumps(edited))

    page = read(opened.press())

    assert not {"img", "script"} & set(page.tags)


def test_input_of_the_page_never_becomes_a_tag() -> None:
    key = ConnectorKey(HOSTILE, HOSTILE)
    hostile = Connector.new(key, bytes(32), NOW, HOSTILE).rotated(key, timedelta(days=1), NOW, HOSTILE)
    rows = [AccountRow(HOSTILE, hostile, 1, AccountActivity()), AccountRow(HOSTILE, None, None, None, HOSTILE)]

    html = SettingsPage(HOSTILE, HOSTILE, rows, HOSTILE, HOSTILE, hostile, HOSTILE).html(NOW)
    page, popup = read(html), read(values_html(HOSTILE, hostile, HOSTILE, HOSTILE))

    assert not {"img", "script"} & set(page.tags + popup.tags)
    assert {action.call.get("account") for action in page.actions} == {HOSTILE, None}
    assert {action.attributes["endpoint"] for action in page.actions} == {HOSTILE}
    assert all(set(action.attributes) <= {"action", "display", "endpoint", "confirmation"} for action in page.actions)


def test_the_page_follows_the_dashboards_theme(opened: Opened) -> None:
    assert 'class="rc light"' in opened.press()
    assert 'class="rc dark"' in opened.press(widgetContext={"theme": "dark"})


def test_a_previous_key_still_in_use_is_highlighted() -> None:
    old, new = (ConnectorKey.generate("acme", lambda count, digit=digit: bytes([digit]) * count) for digit in (1, 2))  # type: ignore[misc]  # mypy infers no type for the lambda's default
    connector = Connector.new(old, bytes(32), NOW, "ada").rotated(new, timedelta(days=7), NOW, "ada")
    used = AccountActivity(NOW, 0, NOW - timedelta(hours=3))

    def page(activity: AccountActivity) -> str:
        return read(SettingsPage(BASE_URL, ARN, [AccountRow("acme", connector, 5, activity)]).html(NOW)).text

    assert "still used, 3 h ago" in page(used)
    assert "not used in 24 h" in page(AccountActivity())
    assert "accepted until 07 Feb 12:00 UTC" in page(used)
    assert "is refused at once" in SettingsPage(BASE_URL, ARN, [AccountRow("acme", connector, 5, used)]).html(NOW)


@pytest.mark.parametrize(
    ("days", "said"),
    [(1, "1 day old"), (274, "274 days old"), (275, "age 275 days: rotate it"), (400, "age 400 days: rotate it")],
)
def test_the_settings_page_says_how_old_a_key_is(days: int, said: str) -> None:
    key = ConnectorKey.generate("acme", bytes)
    connector = Connector.new(key, bytes(32), NOW - timedelta(days=days), "ada")

    page = read(SettingsPage(BASE_URL, ARN, [AccountRow("acme", connector, 5, AccountActivity())]).html(NOW))

    assert said in page.text.splitlines()


def test_the_widget_describes_itself_to_cloudwatch(opened: Opened) -> None:
    assert opened.press(describe=True).startswith("## Rollcall settings")


def test_a_paused_account_shows_it_and_resumes_at_the_press_of_a_button(opened: Opened) -> None:
    opened.press(action="enable", account="acme")
    opened.accounts.configure("acme", deprovisioning_limit=Limit(1))
    opened.guard("acme", Limit(1)).take()

    page = read(opened.press())

    assert "Paused" in page.text.splitlines()
    assert "1 gone in a day; from the next on" in page.text
    (resume,) = [action for action in page.actions if action.label == "Resume"]
    assert "Users of acme who lost access in the last day: 1." in str(resume.attributes["confirmation"])
    after = read(opened.press(**resume.call))
    assert "Paused" not in after.text.splitlines()
    assert "Resume" not in [action.label for action in after.actions]
    assert ("deprovisioning-resumed", "acme") in audits(opened.file)
    opened.guard("acme", Limit(1)).take()


def test_the_settings_page_says_until_when_an_account_is_paused() -> None:
    connector = Connector.new(ConnectorKey.generate("acme", bytes), bytes(32), NOW, "ada")
    until = datetime(2030, 2, 1, 8, 30, tzinfo=UTC)
    guard = GuardState(20, 20, is_paused=True, paused_until=until)

    page = read(
        SettingsPage(BASE_URL, ARN, [AccountRow("acme", connector, 5, AccountActivity(), guard=guard)]).html(NOW)
    )

    assert "20 gone in a day; until 01 Feb 08:30 UTC" in page.text


def test_an_account_without_a_limit_has_nothing_to_resume(opened: Opened) -> None:
    opened.press(action="enable", account="acme")
    opened.accounts.configure("acme", deprovisioning_limit=None)

    assert "no limit" in opened.press(action="resume", account="acme")

    assert ("deprovisioning-resumed", "acme") not in audits(opened.file)


def test_an_account_that_lets_no_user_lose_access_has_nothing_to_resume(opened: Opened) -> None:
    opened.press(action="enable", account="acme")
    opened.accounts.configure("acme", deprovisioning_limit=Limit(0))

    assert "Resume" not in [action.label for action in read(opened.press()).actions]
    assert "lets no user lose access" in opened.press(action="resume", account="acme")

    assert ("deprovisioning-resumed", "acme") not in audits(opened.file)


def test_the_page_shows_that_the_table_does_not_answer(opened: Opened) -> None:
    opened.press(action="enable", account="acme")
    FaultyClient(opened.clients.dynamodb).always(REFUSING[0])

    page = read(opened.press(action="resume", account="acme"))

    assert "The users cannot be reached now. Try again later." in page.text
    assert ("deprovisioning-resumed", "acme") not in audits(opened.file)


@pytest.mark.parametrize("context", [None, "text", [], {"forms": []}, {"forms": {"all": "acme"}, "theme": None}])
def test_a_call_with_unexpected_parameters_gets_the_page(opened: Opened, context: Any) -> None:
    assert BASE_URL in read(opened.press(widgetContext=context)).text
    assert "account" in read(opened.press(action="enable", widgetContext=context)).text
    assert opened.accounts.list_all() == []
