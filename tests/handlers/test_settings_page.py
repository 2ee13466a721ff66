"""The settings page as CloudWatch calls it: what it shows, what its buttons do, and what is recorded."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from adapters import aws
from adapters.logs import telemetry
from adapters.logs.activity import AccountActivity
from adapters.settings import SETTINGS
from domain.accounts.account import Connector
from domain.accounts.connector_key import ConnectorKey
from domain.accounts.deprovisioning import GuardState, Limit
from handlers.settings import widget as settings_widget
from handlers.settings.page import AccountRow, SettingsPage, values_html
from operations.table_creation import table_definition
from support.faults import REFUSING, FaultyClient

PREFIX = "rollcall/connectors/"
BASE_URL = "https://scim.example.com/scim/v2"
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:settings"
NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
HOSTILE = "<img src=x onerror=alert(1)>\"'</code><script>alert(2)</script>&amp;"


class Context:
    invoked_function_arn = ARN
    aws_request_id = "4d1f6f4a-invocation"
    identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
    client_context = None


@dataclass
class Action:
    """A `cwdb-action` and what it belongs to."""

    label: str
    attributes: dict[str, str | None]
    text: str = ""

    @property
    def call(self) -> Any:
        return json.loads(self.text)


@dataclass
class Elements(HTMLParser):
    """What a browser makes of the page: its tags, its buttons, its text."""

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


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """The settings page on an empty AWS; the file is where its log lines go."""
    file = tmp_path / "log.jsonl"
    environment = {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "TABLE_NAME": "users",
        "CONNECTOR_SECRET_PREFIX": PREFIX,
        "SCIM_CONNECTOR_BASE_URL": BASE_URL,
        "ACTIVITY_FILE": str(file),
    }
    parts = (aws, SETTINGS, telemetry)
    with patch.dict(os.environ, environment), mock_aws():
        for part in parts:
            part.forget()
        aws.client("dynamodb").create_table(**table_definition("users"))
        yield file
        for part in parts:
            part.forget()


def press(**event: Any) -> str:
    return settings_widget.handler(event, Context())


def audits(log: Path) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return [(line["what"], line["account"]) for line in lines if line["message"] == "audit"]


def key_of(account: str) -> str:
    return SETTINGS.accounts.show(account).current.key.text


def test_the_page_has_every_column_and_button_and_each_change_asks_first(log: Path) -> None:
    press(action="enable", account="acme")
    SETTINGS.accounts.rotate_key("acme")

    page = read(press())

    for heading in ("Account", "SCIM", "Connector Key", "Users", "Last success", "Errors, 24 h", "Previous key"):
        assert heading in page.text.splitlines()
    assert BASE_URL in page.text
    assert SETTINGS.accounts.show("acme").current.key.masked in page.text
    questions = {action.label: action.attributes.get("confirmation") for action in page.actions}
    assert questions.pop("Refresh") is None
    assert questions.keys() == {"Enable SCIM", "On", "Reveal key", "Rotate key", "Revoke previous", "Disable"}
    assert all(questions.values())
    assert {action.attributes["endpoint"] for action in page.actions} == {ARN}
    popups = {action.label for action in page.actions if action.attributes["display"] == "popup"}
    assert popups == {"Reveal key", "Rotate key"}


def test_no_page_shows_a_key_but_where_it_is_asked_for(log: Path) -> None:
    made = press(action="enable", account="acme")
    key = key_of("acme")

    assert key in made
    for event in ({}, {"action": "refresh"}, {"action": "enable", "account": "acme"}, {"action": "disable"}):
        assert key not in press(**({"account": "acme"} | event))
    assert key in press(action="reveal", account="acme")


def test_everything_that_is_done_or_seen_is_recorded_once_and_without_a_key(log: Path) -> None:
    press(action="enable", account="acme")
    press(action="enable", account="acme")
    press(action="reveal", account="acme")
    press(action="rotate", account="acme")
    press(action="revoke", account="acme")
    press(action="revoke", account="acme")
    press(action="disable", account="acme")
    press(action="disable", account="acme")
    press(action="enable", account="acme")

    assert audits(log) == [
        (what, "acme")
        for what in (
            "enabled",
            "key-revealed",
            "key-rotated",
            "previous-key-revoked",
            "disabled",
            "enabled",
        )
    ]
    assert "rck_" not in log.read_text()


UNKNOWN = "unknown (see CloudTrail, Invoke)"
EVERY_ACTION = ("enable", "disable", "enable", "reveal", "rotate", "revoke", "resume")


def audited(log: Path, context: Any, **further: Any) -> list[dict[str, Any]]:
    """The audit lines of every action there is, done once by this caller."""
    for action in EVERY_ACTION:
        settings_widget.handler({"action": action, "account": "acme"} | further, context)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [line for line in lines if line["message"] == "audit"]


def test_a_line_of_the_record_says_that_cloudwatch_does_not_pass_who_it_was_and_which_invocation(log: Path) -> None:
    lines = audited(log, Context())

    assert len(lines) == len(EVERY_ACTION)
    assert {(line["actor"], line["request_id"]) for line in lines} == {(UNKNOWN, Context.aws_request_id)}
    made, change = SETTINGS.accounts.show("acme").current, SETTINGS.accounts.show("acme").last_change
    assert {made.created_by, change.by} == {f"unknown (see CloudTrail, Invoke {Context.aws_request_id})"}


def test_an_identity_that_lambda_has_checked_is_the_actor(log: Path) -> None:
    context = SimpleNamespace(
        invoked_function_arn=ARN, aws_request_id="1", identity=SimpleNamespace(cognito_identity_id="eu:17")
    )

    assert {line["actor"] for line in audited(log, context)} == {"Cognito identity eu:17"}


def test_no_caller_chooses_the_name_that_is_recorded(log: Path) -> None:
    claimed = {"actor": "ada", "operator": "ada", "userArn": "ada", "identity": {"cognito_identity_id": "ada"}}
    context = SimpleNamespace(invoked_function_arn=ARN, aws_request_id="1", client_context=SimpleNamespace(**claimed))

    lines = audited(log, context, **claimed, widgetContext=claimed)

    assert {line["actor"] for line in lines} == {UNKNOWN}
    assert "ada" not in log.read_text()
    assert "ada" not in SETTINGS.accounts.show("acme").to_json()


def test_existing_keys_are_not_shown_where_the_operator_does_not_want_it(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(action="enable", account="acme")
    monkeypatch.setenv("SETTINGS_REVEAL", "false")

    page, refused = press(), press(action="reveal", account="acme")

    assert "Reveal key" not in [action.label for action in read(page).actions]
    assert "rollcall account show acme --reveal" in read(refused).text
    assert key_of("acme") not in page + refused
    assert "is not an account name" in read(press(action="reveal", account="$(id)")).text
    assert audits(log) == [("enabled", "acme")]
    rotated = press(action="rotate", account="acme")
    assert key_of("acme") in rotated


def test_an_account_is_named_in_the_field(log: Path) -> None:
    page = press(action="enable", widgetContext={"forms": {"all": {"account": " acme "}}})

    assert "SCIM is on for acme." in page
    assert SETTINGS.accounts.show("acme").enabled


@pytest.mark.parametrize("account", ["", "Acme", "../x", "a" * 41, HOSTILE])
def test_a_bad_account_name_is_told_and_nothing_is_made(log: Path, account: str) -> None:
    page = read(press(action="enable", widgetContext={"forms": {"all": {"account": account}}}))

    assert "is not an account name" in page.text
    assert not {"img", "script"} & set(page.tags)
    assert SETTINGS.accounts.list_all() == []
    assert audits(log) == []


@pytest.mark.parametrize("action", ["disable", "reveal", "rotate", "revoke"])
def test_an_account_that_is_not_there_is_told(log: Path, action: str) -> None:
    assert "There is no account" in read(press(action=action, account="nobody")).text
    assert audits(log) == []


def test_a_secret_edited_into_nonsense_is_shown_with_what_to_do(log: Path) -> None:
    aws.client("secretsmanager").create_secret(Name=f"{PREFIX}acme", SecretString=HOSTILE)

    page = read(press(action="reveal", account="acme"))

    assert "Unusable" in page.text
    assert f"The secret {PREFIX}acme was edited into something unusable" in page.text
    assert not {"img", "script"} & set(page.tags)


def test_accounts_that_cannot_be_listed_are_an_error_in_the_page_and_none_at_all_is_not_claimed(log: Path) -> None:
    press(action="enable", account="acme")
    client = aws.client("secretsmanager")
    denied = {"Error": {"Code": "AccessDeniedException", "Message": HOSTILE}}

    with patch.object(client, "get_paginator", side_effect=ClientError(denied, "ListSecrets")):  # type: ignore[arg-type]
        page = read(press())

    assert "Secrets Manager refused to list the secrets" in page.text
    assert "No account has SCIM switched on" not in page.text
    assert "alert" not in page.text


def test_who_made_a_key_may_be_edited_by_hand_and_runs_nothing(log: Path) -> None:
    press(action="enable", account="acme")
    secrets = aws.client("secretsmanager")
    edited = json.loads(secrets.get_secret_value(SecretId=f"{PREFIX}acme")["SecretString"])
    edited["current"]["createdBy"] = HOSTILE
    edited["lastChange"] |= {"by": HOSTILE, "what": HOSTILE}
    secrets.put_secret_value(SecretId=f"{PREFIX}acme", SecretString=json.dumps(edited))

    page = read(press())

    assert not {"img", "script"} & set(page.tags)


def test_whatever_is_given_to_the_page_no_tag_comes_of_it() -> None:
    key = ConnectorKey(HOSTILE, HOSTILE)
    hostile = Connector.new(key, bytes(32), NOW, HOSTILE).rotated(key, timedelta(days=1), NOW, HOSTILE)
    rows = [AccountRow(HOSTILE, hostile, 1, AccountActivity()), AccountRow(HOSTILE, None, None, None, HOSTILE)]

    html = SettingsPage(HOSTILE, HOSTILE, rows, HOSTILE, HOSTILE, hostile, HOSTILE).html(NOW)
    page, popup = read(html), read(values_html(HOSTILE, hostile, HOSTILE, HOSTILE))

    assert not {"img", "script"} & set(page.tags + popup.tags)
    assert {action.call.get("account") for action in page.actions} == {HOSTILE, None}
    assert {action.attributes["endpoint"] for action in page.actions} == {HOSTILE}
    assert all(set(action.attributes) <= {"action", "display", "endpoint", "confirmation"} for action in page.actions)


def test_the_page_follows_the_dashboards_theme(log: Path) -> None:
    assert 'class="rc light"' in press()
    assert 'class="rc dark"' in press(widgetContext={"theme": "dark"})


def test_a_previous_key_that_is_used_still_stands_out() -> None:
    old, new = (ConnectorKey.generate("acme", lambda count, digit=digit: bytes([digit]) * count) for digit in (1, 2))
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


def test_cloudwatch_is_told_what_the_page_is_for(log: Path) -> None:
    assert press(describe=True).startswith("## Rollcall settings")


def test_a_paused_account_shows_it_and_resumes_at_the_press_of_a_button(log: Path) -> None:
    press(action="enable", account="acme")
    SETTINGS.accounts.configure("acme", deprovisioning_limit=Limit(1))
    SETTINGS.account("acme").guard(Limit(1)).take()

    page = read(press())

    assert "Paused" in page.text.splitlines()
    assert "1 gone in a day; from the next on" in page.text
    (resume,) = [action for action in page.actions if action.label == "Resume"]
    assert "Users of acme who lost access in the last day: 1." in str(resume.attributes["confirmation"])
    after = read(press(**resume.call))
    assert "Paused" not in after.text.splitlines()
    assert "Resume" not in [action.label for action in after.actions]
    assert ("deprovisioning-resumed", "acme") in audits(log)
    SETTINGS.account("acme").guard(Limit(1)).take()


def test_the_settings_page_says_until_when_an_account_is_paused() -> None:
    connector = Connector.new(ConnectorKey.generate("acme", bytes), bytes(32), NOW, "ada")
    until = datetime(2030, 2, 1, 8, 30, tzinfo=UTC)
    guard = GuardState(20, 20, is_paused=True, paused_until=until)

    page = read(
        SettingsPage(BASE_URL, ARN, [AccountRow("acme", connector, 5, AccountActivity(), guard=guard)]).html(NOW)
    )

    assert "20 gone in a day; until 01 Feb 08:30 UTC" in page.text


def test_an_account_without_a_limit_has_nothing_to_resume(log: Path) -> None:
    press(action="enable", account="acme")
    SETTINGS.accounts.configure("acme", deprovisioning_limit=None)

    assert "no limit" in press(action="resume", account="acme")

    assert ("deprovisioning-resumed", "acme") not in audits(log)


def test_an_account_that_lets_no_user_lose_access_has_nothing_to_resume(log: Path) -> None:
    press(action="enable", account="acme")
    SETTINGS.accounts.configure("acme", deprovisioning_limit=Limit(0))

    assert "Resume" not in [action.label for action in read(press()).actions]
    assert "lets no user lose access" in press(action="resume", account="acme")

    assert ("deprovisioning-resumed", "acme") not in audits(log)


def test_a_table_that_does_not_answer_is_told_on_the_page(log: Path) -> None:
    press(action="enable", account="acme")
    FaultyClient(aws.client("dynamodb")).always(REFUSING[0])

    page = read(press(action="resume", account="acme"))

    assert "The users cannot be reached now. Try again later." in page.text
    assert ("deprovisioning-resumed", "acme") not in audits(log)


@pytest.mark.parametrize("context", [None, "text", [], {"forms": []}, {"forms": {"all": "acme"}, "theme": None}])
def test_a_call_by_hand_that_has_another_form_gets_the_page_as_well(log: Path, context: Any) -> None:
    assert BASE_URL in read(press(widgetContext=context)).text
    assert "account" in read(press(action="enable", widgetContext=context)).text
    assert SETTINGS.accounts.list_all() == []
