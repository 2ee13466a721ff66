"""What the settings page shows, as CloudWatch calls it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError

from adapters.logs.activity import AccountActivity
from adapters.logs.lost_access import LostAccess
from domain.accounts.account import Connector
from domain.accounts.connector_key import ConnectorKey
from domain.accounts.deprovisioning import GuardState
from domain.effects import LossKind
from handlers.settings.accounts import AccountRow, AccountViews, Pages
from handlers.settings.listing import Choice, select
from handlers.settings.page import connect_html, page_html, settings_view, values, values_html
from support.settings_page import BASE_URL, CONTEXT, HOSTILE, PREFIX, Html, Opened, opened_page

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    with opened_page(tmp_path / "log.jsonl") as page:
        yield page


def shown(*rows: AccountRow, pages: Pages | None = None) -> Html:
    """The page of these accounts."""
    views = AccountViews(NOW, pages=pages)
    selection = select([row.account for row in rows], Choice(), None)
    made = tuple(views.view(row) for row in rows)
    return Html(page_html(settings_view(BASE_URL, "arn", made, Choice(), selection), "light"))


def connector(*, age: timedelta = timedelta(0), rotated: bool = False, by: str = "ada") -> Connector:
    old, new = (ConnectorKey.generate("acme", lambda count, digit=digit: bytes([digit]) * count) for digit in (1, 2))  # type: ignore[misc]  # mypy infers no type for the lambda's default
    made = Connector.new(old, bytes(32), NOW - age, by)
    return made.rotated(new, timedelta(days=7), NOW, by) if rotated else made


def test_each_account_has_its_facts_and_controls_and_each_change_asks_first_with_its_verb(opened: Opened) -> None:
    opened.press(action="enable", account="acme")
    opened.accounts.rotate_key("acme")

    page = Html(opened.press())

    assert list(page.facts("acme")) == ["Users", "Errors, 24 h", "Last success", "Connector Key", "Previous key"]
    assert BASE_URL in page.text
    assert opened.accounts.show("acme").current.key.masked in page.facts("acme")["Connector Key"]
    asks = {name: control.question.split("?")[0] for name, control in page.controls.items() if control.question}
    assert asks == {
        "SCIM of acme": "Disable SCIM for acme",
        "Groups of acme": "Switch groups on for acme",
        "Invite administrator of acme": "Invite the administrator of acme",
        "Reveal key of acme": "Reveal the Connector Key of acme",
        "Rotate key of acme": "Rotate the Connector Key of acme",
        "Revoke previous key of acme": "Revoke the previous key of acme",
    }
    assert page.controls.keys() - asks.keys() == {
        "Enable SCIM for the new account",
        "Search the accounts",
        "Refresh the accounts",
        "Connect acme to an identity provider",
    }
    actions = [control.action.attributes for control in page.controls.values()]
    assert {action["endpoint"] for action in actions} == {CONTEXT.invoked_function_arn}
    popups = {name for name, control in page.controls.items() if control.action.attributes["display"] == "popup"}
    assert popups == {
        "Invite administrator of acme",
        "Reveal key of acme",
        "Rotate key of acme",
        "Connect acme to an identity provider",
    }


def test_every_control_is_a_button_whose_name_begins_with_what_is_seen_and_a_switch_says_its_state(
    opened: Opened,
) -> None:
    opened.press(action="enable", account="acme")

    page = Html(opened.press())

    for control in page.controls.values():
        assert (control.element.tag, control.element.attributes["type"]) == ("button", "button")
        assert control.name.startswith(control.element.text.strip())
        verb = control.element.attributes.get("data-verb")
        assert (verb is not None) == bool(control.question)
        assert verb is None or verb.split()[0] == control.question.split()[0]
    switches = {element.name: element.attributes["aria-checked"] for element in page.root.every(role="switch")}
    assert switches == {"SCIM of acme": "true", "Groups of acme": "false"}


def test_every_id_is_there_once_and_every_field_has_a_label(opened: Opened) -> None:
    for name in ("acme", "globex"):
        opened.press(action="enable", account=name)

    page = Html(opened.press())

    ids = [element.attributes["id"] for element in page.root.every() if "id" in element.attributes]
    assert len(set(ids)) == len(ids)
    labelled = {label.attributes.get("for") for label in page.root.every("label")} | {
        field.attributes.get("id") for label in page.root.every("label") for field in label.every()
    }
    assert {field.attributes["id"] for tag in ("input", "select") for field in page.root.every(tag)} <= labelled


def test_a_page_shows_a_key_only_on_request(opened: Opened) -> None:
    made = opened.press({"account": "acme"}, action="add")
    key = opened.key_of("acme")

    assert key in made
    for action in ("", "refresh", "enable", "connect", "disable"):
        assert key not in opened.press(action=action, account="acme")
    assert key in opened.press(action="reveal", account="acme")


def test_connect_names_the_fields_of_each_identity_provider_and_a_curl_line(opened: Opened) -> None:
    opened.press(action="enable", account="acme")

    page = Html(opened.press(action="connect", account="acme"))

    assert [summary.name for summary in page.root.every("summary")] == ["JumpCloud", "Microsoft Entra ID", "Okta"]
    for said in ("Token Key", "Tenant URL", "Authorization (Bearer)", f'"{BASE_URL}/Users?count=1"', "rollcall doctor"):
        assert said in page.text


def test_the_values_say_which_field_of_each_identity_provider_takes_them() -> None:
    page = Html(values_html(BASE_URL, connector(), "Base URL and Connector Key of acme", "light"))

    [_, _, okta] = page.root.every("li")
    assert okta.name == "Okta: paste the Base URL into SCIM connector base URL and the key into Authorization (Bearer)."


def test_an_account_that_nothing_has_reached_says_what_comes_next() -> None:
    new = AccountRow("acme", connector(), 0, AccountActivity())
    cases = {
        True: new,
        False: replace(new, users=3),
    }

    for is_new, row in cases.items():
        assert ("Next: connect your identity provider" in shown(row).text) is is_new
    assert "Next:" not in shown(replace(new, activity=AccountActivity(NOW))).text
    assert "Next:" not in shown(replace(new, connector=connector().switched(False, NOW, "ada"))).text


def test_users_and_failures_lead_to_pages_where_there_are_any_and_to_commands_in_cloudwatch() -> None:
    row = AccountRow("acme", connector(), 5, AccountActivity(NOW, errors=47))
    pages = Pages(lambda account: f"/users?account={account}", lambda account: f"/requests?account={account}&failed=1")

    local, cloudwatch = shown(row, pages=pages), shown(row)

    links = {link.name: link.attributes["href"] for link in local.root.every("a")}
    assert links == {
        "5: Users of acme": "/users?account=acme",
        "47: Failures of acme": "/requests?account=acme&failed=1",
    }
    assert cloudwatch.root.every("a") == []
    popups = [action.whole for action in cloudwatch.root.every("cwdb-action", action="html", display="popup")]
    assert "rollcall users list --account acme" in popups[0]
    assert "rollcall activity --account acme --failed" in popups[1]
    assert "failures" in popups[1]


def test_accounts_are_in_the_order_in_which_people_count(opened: Opened) -> None:
    for name in ("customer-10", "customer-2", "acme"):
        opened.accounts.enable(name)

    assert Html(opened.press()).accounts() == ["acme", "customer-2", "customer-10"]


def test_a_search_and_an_order_hold_for_what_is_pressed_next(opened: Opened) -> None:
    for name in ("customer-1", "customer-2", "acme"):
        opened.accounts.enable(name)
    typed = {"search": " Customer-", "sort": "errors"}

    page = Html(opened.press(typed, action="disable", account="customer-2"))

    assert page.accounts() == ["customer-1", "customer-2"]
    assert "2 of 3 accounts" in page.text
    [search] = page.root.every("input", name="search")
    [order] = [option for option in page.root.every("option") if "selected" in option.attributes]
    assert (search.attributes["value"], order.attributes["value"]) == ("Customer-", "errors")
    assert "has nothing" not in page.text
    assert "None of the 3 accounts" in Html(opened.press({"search": HOSTILE})).text


def test_hundreds_of_accounts_come_in_pages_and_only_the_secrets_of_one_are_read(opened: Opened) -> None:
    for number in range(1, 61):
        opened.accounts.enable(f"customer-{number}")
    read = opened.clients.secretsmanager.get_secret_value

    with patch.object(opened.clients.secretsmanager, "get_secret_value", side_effect=read) as reading:
        first = Html(opened.press())
    second = Html(opened.press(**first.controls["Next page of accounts"].call))
    still = Html(opened.press(**second.controls["Rotate key of customer-26"].call | {"action": "disable"}))

    assert reading.call_count == 25
    assert first.accounts()[-1] == "customer-25"
    assert "Previous page of accounts" not in first.controls
    assert "60 accounts, page 1 of 3" in first.text
    assert second.accounts()[0] == still.accounts()[0] == "customer-26"
    last = Html(opened.press(action="refresh", page=99))
    assert last.accounts()[-1] == "customer-60"
    assert "Next page of accounts" not in last.controls


def test_a_secret_edited_into_nonsense_is_shown_with_what_to_do(opened: Opened) -> None:
    opened.clients.secretsmanager.create_secret(Name=f"{PREFIX}acme", SecretString=HOSTILE)

    page = Html(opened.press(action="reveal", account="acme"))

    assert "Unusable" in page.text
    assert f"The secret {PREFIX}acme was edited and is now unusable" in page.text
    assert not {"img", "script"} & page.tags


def test_accounts_that_cannot_be_listed_are_an_error_in_the_page_and_none_at_all_is_not_claimed(opened: Opened) -> None:
    assert "No account has SCIM switched on yet" in Html(opened.press()).text
    opened.press(action="enable", account="acme")
    client = opened.clients.secretsmanager
    denied = {"Error": {"Code": "AccessDeniedException", "Message": HOSTILE}}

    with patch.object(client, "get_paginator", side_effect=ClientError(denied, "ListSecrets")):  # type: ignore[arg-type]  # the stubs require all members of an error
        page = Html(opened.press())

    [alert] = page.root.every(role="alert")
    assert "Secrets Manager refused to list the secrets" in alert.text
    assert "No account has SCIM switched on" not in page.text
    assert "alert(" not in page.text


def test_a_hand_edited_creator_of_a_key_is_shown_as_text(opened: Opened) -> None:
    opened.press(action="enable", account="acme")
    secrets = opened.clients.secretsmanager
    edited = json.loads(secrets.get_secret_value(SecretId=f"{PREFIX}acme")["SecretString"])
    edited["current"]["createdBy"] = HOSTILE
    edited["lastChange"] |= {"by": HOSTILE, "what": HOSTILE}
    secrets.put_secret_value(SecretId=f"{PREFIX}acme", SecretString=json.dumps(edited))

    assert not {"img", "script"} & Html(opened.press()).tags


def test_input_of_the_page_never_becomes_a_tag() -> None:
    key = ConnectorKey(HOSTILE, HOSTILE)
    hostile = Connector.new(key, bytes(32), NOW, HOSTILE).rotated(key, timedelta(days=1), NOW, HOSTILE)
    rows = [AccountRow(HOSTILE, hostile, 1, AccountActivity()), AccountRow("x", None, None, None, HOSTILE)]
    choice = Choice(HOSTILE)
    views = tuple(AccountViews(NOW, kept={HOSTILE: HOSTILE}).view(row) for row in rows)
    selection = replace(select(["x"], Choice(), None), found=0, pages=3, page=2)
    view = settings_view(
        HOSTILE,
        HOSTILE,
        views,
        choice,
        selection,
        note=HOSTILE,
        error=HOSTILE,
        refused_name=HOSTILE,
        refusal=HOSTILE,
        made=values(HOSTILE, hostile),
    )

    page = Html(page_html(view, HOSTILE))
    popups = [Html(values_html(HOSTILE, hostile, HOSTILE, HOSTILE)), Html(connect_html(HOSTILE, hostile, HOSTILE))]

    for html in (page, *popups):
        assert not {"img", "script"} & html.tags
        assert not [name for element in html.root.every() for name in element.attributes if name.startswith("on")]
        assert len(html.root.every("style")) == 1
    assert {control.call.get("account") for control in page.controls.values()} == {HOSTILE, None}
    assert {control.action.attributes["endpoint"] for control in page.controls.values()} == {HOSTILE}


@pytest.mark.parametrize(
    ("theme", "found"), [("light", "light"), ("dark", "dark"), ("auto", "auto"), (None, "light"), ({}, "light")]
)
def test_the_page_follows_the_dashboards_theme(opened: Opened, theme: object, found: str) -> None:
    [frame] = Html(opened.press(widgetContext={"theme": theme})).root.every("div")[:1]

    assert found in str(frame.attributes["class"]).split()


def test_a_previous_key_still_in_use_is_highlighted() -> None:
    def page(activity: AccountActivity) -> Html:
        return shown(AccountRow("acme", connector(rotated=True), 5, activity))

    used = page(AccountActivity(NOW, 0, NOW - timedelta(hours=3)))

    assert used.facts("acme")["Previous key"] == "still used, 3 h ago accepted until 07 Feb 12:00 UTC"
    assert "not used in 24 h" in page(AccountActivity()).facts("acme")["Previous key"]
    assert "is refused immediately" in used.controls["Rotate key of acme"].question


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, ", today"),
        (1, "1 day old"),
        (274, "274 days old"),
        (275, "275 days old: rotate it"),
        (400, "400 days old: rotate it"),
    ],
)
def test_the_settings_page_says_how_old_a_key_is(days: int, said: str) -> None:
    page = shown(AccountRow("acme", connector(age=timedelta(days=days)), 5, AccountActivity()))

    assert said in page.facts("acme")["Connector Key"]


def test_the_widget_describes_itself_to_cloudwatch(opened: Opened) -> None:
    assert opened.press(describe=True).startswith("## Rollcall settings")


def loss(user: str, what: LossKind | None = "deactivated") -> LostAccess:
    return LostAccess(NOW, "acme", user, what, "request")


def test_a_paused_account_says_until_when_and_names_who_lost_access_and_who_was_kept_from_it() -> None:
    until = datetime(2030, 2, 1, 8, 30, tzinfo=UTC)
    guard = GuardState(20, 20, is_paused=True, paused_until=until)
    lost = [*(loss(f"id-{number}") for number in range(30)), loss("id-29", "removed"), loss("kept", None)]
    row = AccountRow("acme", connector(), 5, AccountActivity(), guard=guard, lost=lost, names={"id-29": HOSTILE})

    page = shown(row)
    unknown = shown(replace(row, lost=None))

    resume = "Resume deprovisioning for acme"
    assert "since the last Resume: 20. Further ones are refused until 01 Feb 08:30 UTC." in page.text
    assert f"Lost access in the last hour: {HOSTILE} (id-29), id-28," in page.text
    assert "id-10 and 10 more." in page.text
    assert "Refused in the last hour, still with access: kept." in page.text
    asked = page.controls[resume].question
    assert f"In the last hour: {HOSTILE} (id-29), id-28, id-27, id-26, id-25 and 25 more." in asked
    assert "last hour" not in unknown.text
    assert "rollcall activity --account acme --lost-access" in unknown.controls[resume].question
