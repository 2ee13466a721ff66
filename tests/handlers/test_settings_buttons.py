"""What the controls of the settings page do, what they refuse, and what is recorded of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.secrets.setup_links import LinkClosed
from domain.accounts import group_management
from domain.accounts.connector_document import connector_to_json
from domain.accounts.deprovisioning import Limit
from domain.accounts.setup_links import SetupToken
from support.faults import REFUSING, FaultyClient
from support.settings_page import CONTEXT, HOSTILE, Html, Opened, opened_page


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    with opened_page(tmp_path / "log.jsonl") as page:
        yield page


def test_everything_that_is_done_or_seen_is_recorded_once_and_without_a_key(opened: Opened) -> None:
    opened.press(action="enable", account="acme")
    opened.press(action="enable", account="acme")
    for action in ("connect", "reveal", "rotate", "revoke", "revoke"):
        opened.press(action=action, account="acme")
    for action in ("groups-on", "groups-off", "disable"):
        opened.press(action=action, account="acme")
        opened.press(action=action, account="acme")
    opened.press(action="enable", account="acme")

    assert opened.audited() == [
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
    return opened.audits()


def test_an_audit_line_says_that_cloudwatch_does_not_pass_who_it_was_and_names_the_invocation(
    opened: Opened,
) -> None:
    lines = audited(opened, CONTEXT)

    assert len(lines) == len(EVERY_ACTION)
    assert {(line["actor"], line["request_id"]) for line in lines} == {(UNKNOWN, CONTEXT.aws_request_id)}
    made, change = opened.accounts.show("acme").current, opened.accounts.show("acme").last_change
    assert {made.created_by, change.by} == {f"unknown (see CloudTrail, Invoke {CONTEXT.aws_request_id})"}


def caller(**known: Any) -> SimpleNamespace:
    return SimpleNamespace(invoked_function_arn=CONTEXT.invoked_function_arn, aws_request_id="1", **known)


def test_an_identity_that_lambda_has_checked_is_the_actor(opened: Opened) -> None:
    context = caller(identity=SimpleNamespace(cognito_identity_id="eu:17"))

    assert {line["actor"] for line in audited(opened, context)} == {"Cognito identity eu:17"}


def test_no_caller_chooses_the_name_that_is_recorded(opened: Opened) -> None:
    name = "eve@attacker.example"  # longer than what a random key may hold by chance
    claimed = {"actor": name, "operator": name, "userArn": name, "identity": {"cognito_identity_id": name}}
    context = caller(client_context=SimpleNamespace(**claimed))

    lines = audited(opened, context, **claimed, widgetContext=claimed)

    assert {line["actor"] for line in lines} == {UNKNOWN}
    assert name not in opened.file.read_text()
    assert name not in connector_to_json(opened.accounts.show("acme"))


def test_existing_keys_are_not_shown_where_the_operator_does_not_want_it(opened: Opened) -> None:
    opened.press(action="enable", account="acme")
    opened.page = replace(opened.page, reveals=False)

    page, refused = opened.press(), opened.press(action="reveal", account="acme")

    assert "Reveal key of acme" not in Html(page).controls
    assert "rollcall account show acme --reveal" in Html(refused).text
    assert opened.key_of("acme") not in page + refused
    assert "is not an account name" in Html(opened.press(action="reveal", account="$(id)")).text
    assert opened.audited() == [("enabled", "acme")]
    rotated = opened.press(action="rotate", account="acme")
    assert opened.key_of("acme") in rotated


def test_groups_are_switched_with_the_question_of_the_command(opened: Opened) -> None:
    opened.press(action="enable", account="acme")

    before = Html(opened.press()).controls["Groups of acme"]
    switched_on = Html(opened.press(**before.call))
    assert opened.accounts.show("acme").settings.groups
    assert "Microsoft Entra ID: Under Mappings" in switched_on.text
    on = switched_on.controls["Groups of acme"]
    opened.press(**on.call)

    states = [control.element.attributes["aria-checked"] for control in (before, on)]
    assert states == ["false", "true"]
    assert before.question == group_management.question("acme", switch_on=True)
    assert on.question == group_management.question("acme", switch_on=False)
    assert not opened.accounts.show("acme").settings.groups


def test_an_account_is_named_in_the_field(opened: Opened) -> None:
    add = Html(opened.press()).controls["Enable SCIM for the new account"]
    assert not add.question, "the name is looked at first"

    page = Html(opened.press({"account": " acme "}, **add.call))

    assert "SCIM is on for acme." in page.text
    assert opened.key_of("acme") in page.text
    [name] = page.root.every("input", name="account")
    assert name.attributes["value"] == ""
    assert opened.accounts.show("acme").enabled


@pytest.mark.parametrize("account", ["", " ", "Acme", "../x", "a" * 41, HOSTILE])
def test_a_malformed_account_name_is_an_error_at_the_field_which_keeps_what_was_typed(
    opened: Opened, account: str
) -> None:
    page = Html(opened.press({"account": account}, action="add"))

    [name] = page.root.every("input", name="account")
    [refusal] = page.root.every(id=str(name.attributes["aria-describedby"]))
    assert (name.attributes["aria-invalid"], name.attributes["value"]) == ("true", account.strip())
    assert "1 to 40 characters from a-z, 0-9 and '-'" in refusal.whole
    assert not {"img", "script"} & page.tags
    assert opened.accounts.list_all() == []
    assert opened.audited() == []


@pytest.mark.parametrize("state", ["enable", "disable"])
def test_an_account_that_exists_is_not_switched_by_naming_it_again(opened: Opened, state: str) -> None:
    opened.press(action="enable", account="acme")
    opened.press(action=state, account="acme")
    done = opened.audited()

    page = Html(opened.press({"account": "acme"}, action="add"))

    assert "The account acme already exists" in page.text
    assert opened.accounts.show("acme").enabled is (state == "enable")
    assert opened.audited() == done


@pytest.mark.parametrize("action", ["disable", "reveal", "rotate", "revoke", "connect", "resume", "groups-on"])
def test_an_unknown_account_is_reported(opened: Opened, action: str) -> None:
    assert "does not exist" in Html(opened.press(action=action, account="missing")).text
    assert opened.audited() == []


def test_a_paused_account_shows_it_and_resumes_at_the_press_of_a_button(opened: Opened) -> None:
    opened.press(action="enable", account="acme")
    opened.accounts.configure("acme", deprovisioning_limit=Limit(1))
    opened.guard("acme", Limit(1)).take()

    page = Html(opened.press())

    assert "Deprovisioning is paused. Users who lost access in the last day, or since" in page.text
    assert ": 1. The next deactivation or deletion is refused." in page.text
    resume = page.controls["Resume deprovisioning for acme"]
    assert "Users who lost access in the last day: 1." in resume.question
    after = Html(opened.press(**resume.call))
    assert "Deprovisioning is paused" not in after.text
    assert resume.name not in after.controls
    assert ("deprovisioning-resumed", "acme") in opened.audited()
    opened.guard("acme", Limit(1)).take()


def test_an_administrator_is_invited_once_and_the_link_is_listed_until_it_is_revoked(opened: Opened) -> None:
    opened.press(action="enable", account="acme")
    invite = Html(opened.press()).controls["Invite administrator of acme"]

    popup = Html(opened.press(**invite.call))
    [link] = popup.root.every("code")
    token = SetupToken.parse(link.whole.partition("https://scim.example.com/setup#")[2])
    page = opened.press()

    assert token is not None
    assert opened.links.open(token).connector.account == "acme"
    assert token.text not in page
    [revoke] = [control for name, control in Html(page).controls.items() if name.startswith("Revoke link")]
    assert "key not shown yet" in Html(page).text
    after = Html(opened.press(**revoke.call))
    assert revoke.name not in after.controls
    with pytest.raises(LinkClosed):
        opened.links.open(token)
    assert "has no open link" in Html(opened.press(**revoke.call)).text
    assert opened.audited() == [("enabled", "acme"), ("invited", "acme"), ("uninvited", "acme")]
    assert token.text not in opened.file.read_text()


def test_no_link_is_made_where_there_is_no_set_up_page(opened: Opened) -> None:
    opened.press(action="enable", account="acme")
    opened.page = replace(opened.page, invitations=None)

    page = Html(opened.press(action="invite", account="acme"))

    assert "Invite administrator of acme" not in page.controls
    assert opened.links.of("acme") == ()


@pytest.mark.parametrize(("limit", "said"), [(None, "no limit"), (Limit(0), "lets no user lose access")])
def test_an_account_without_a_limit_or_with_a_closed_one_has_nothing_to_resume(
    opened: Opened, limit: Limit | None, said: str
) -> None:
    opened.press(action="enable", account="acme")
    opened.accounts.configure("acme", deprovisioning_limit=limit)

    assert "Resume deprovisioning for acme" not in Html(opened.press()).controls
    shown = Html(opened.press(action="resume", account="acme")).text
    assert "nothing to resume" in shown
    assert said in shown
    assert ("deprovisioning-resumed", "acme") not in opened.audited()


def test_the_page_shows_that_the_table_does_not_answer(opened: Opened) -> None:
    opened.press(action="enable", account="acme")
    FaultyClient(opened.clients.dynamodb).always(REFUSING[0])

    page = Html(opened.press(action="resume", account="acme"))

    assert "The service cannot reach its table at the moment. Try again later." in page.text
    assert ("deprovisioning-resumed", "acme") not in opened.audited()


@pytest.mark.parametrize("context", [None, "text", [], {"forms": []}, {"forms": {"all": "acme"}, "theme": None}])
def test_a_call_with_unexpected_parameters_gets_the_page(opened: Opened, context: Any) -> None:
    assert "SCIM Connector Base URL" in Html(opened.press(widgetContext=context)).text
    assert "Enter the name of the account" in Html(opened.press(action="add", widgetContext=context)).text
    assert "is not an account name" in Html(opened.press(action="enable", widgetContext=context)).text
    assert opened.accounts.list_all() == []
