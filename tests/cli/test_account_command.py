"""`rollcall account` as an operator uses it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from domain.accounts.connector_key import ConnectorKey
from support.rollcall_command import PREFIX, Aws, Rollcall, answer, kept

BASE_URL = "http://127.0.0.1:8080/scim/v2"


def test_enable_shows_what_to_paste_into_every_identity_provider(rollcall: Rollcall, aws: Aws) -> None:
    result = rollcall("account", "enable", "acme", "--idp", "all")

    assert result.exit_code == 0
    key = kept(aws).current.key.text
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert f"SCIM Connector Base URL: {BASE_URL}" in lines
    assert f"Connector Key: {key}" in lines
    for field in ("Base URL", "Tenant URL", "SCIM connector base URL"):
        assert any(line.startswith(field) and line.endswith(BASE_URL) for line in lines), field
    for field in ("Token Key", "Secret Token", "Authorization (Bearer)"):
        assert any(line.startswith(field) and line.endswith(key) for line in lines), field


def test_a_long_address_is_never_broken_into_two_lines(
    rollcall: Rollcall, monkeypatch: pytest.MonkeyPatch, aws: Aws
) -> None:
    monkeypatch.setenv("COLUMNS", "30")

    result = rollcall("account", "enable", "a" * 40)

    assert f"Connector Key: {kept(aws, 'a' * 40).current.key.text}\n" in result.stdout


def test_enabling_twice_changes_nothing_and_does_not_show_the_key_again(rollcall: Rollcall, aws: Aws) -> None:
    rollcall("account", "enable", "acme")
    before = kept(aws)

    result = rollcall("account", "enable", "acme")

    assert result.exit_code == 0
    assert "already switched on" in result.stdout
    assert kept(aws) == before
    assert before.current.key.text not in result.output
    assert before.current.key.masked in result.stdout


def test_show_masks_the_key_without_reveal(rollcall: Rollcall, aws: Aws) -> None:
    rollcall("account", "enable", "acme")
    key = kept(aws).current.key

    masked, revealed = rollcall("account", "show", "acme"), rollcall("account", "show", "acme", "--reveal")

    assert key.text not in masked.output
    assert key.masked in masked.stdout
    assert "rollcall --local account show acme --reveal" in masked.stdout
    assert f"Connector Key: {key.text}" in revealed.stdout


def test_json_stands_alone_on_standard_output_wherever_the_option_is(rollcall: Rollcall) -> None:
    enabled = answer(rollcall("account", "enable", "acme", "--json"))
    shown = answer(rollcall("--json", "account", "show", "--reveal", "acme"))

    assert enabled["result"] == "created"
    assert enabled["connectorKey"] == shown["connectorKey"]
    assert ConnectorKey.parse(shown["connectorKey"]) is not None
    assert shown["baseUrl"] == BASE_URL
    assert shown["settings"] == {
        "mode": "tolerant",
        "matchExistingByEmail": False,
        "adoptedKeepPrivileges": False,
        "takeBackDeactivated": True,
        "deprovisioningLimit": "20,10%",
        "requestsPerSecond": 50,
        "groups": False,
        "idp": None,
        "extensions": "all",
    }
    assert shown["lastChange"]["what"] == "enable"
    assert shown["lastChange"]["by"]


def test_disable_asks_and_takes_no_for_an_answer(rollcall: Rollcall, aws: Aws) -> None:
    rollcall("account", "enable", "acme")

    refused = rollcall("account", "disable", "acme", typed="n\n")
    assert refused.exit_code == 1
    assert kept(aws).enabled

    unanswered = rollcall("account", "disable", "acme")
    assert unanswered.exit_code == 1
    assert "--yes" in unanswered.stderr
    assert kept(aws).enabled

    agreed = rollcall("account", "disable", "acme", typed="y\n")
    assert agreed.exit_code == 0
    assert not kept(aws).enabled


def test_disable_and_enable_again_keep_the_key(rollcall: Rollcall, aws: Aws) -> None:
    rollcall("account", "enable", "acme")
    key = kept(aws).current.key

    assert answer(rollcall("account", "disable", "acme", "--yes", "--json"))["result"] == "disabled"
    assert answer(rollcall("account", "disable", "acme", "--json"))["result"] == "unchanged"
    assert answer(rollcall("account", "enable", "acme", "--json"))["result"] == "enabled"

    assert kept(aws).current.key == key


def test_rotation_shows_the_new_key_and_until_when_the_old_one_works(rollcall: Rollcall, aws: Aws) -> None:
    rollcall("account", "enable", "acme")
    old = kept(aws).current.key

    rotated = answer(rollcall("account", "rotate-key", "acme", "--grace", "12h", "--json"))

    now = kept(aws)
    assert rotated["connectorKey"] == now.current.key.text != old.text
    assert now.previous is not None
    assert now.previous.key == old
    assert (now.previous.expires_at - now.current.created_at).total_seconds() == 12 * 3600
    assert rotated["previousKeyAcceptedUntil"] is not None


def test_a_second_rotation_within_the_grace_period_warns_that_a_key_is_dropped(rollcall: Rollcall, aws: Aws) -> None:
    rollcall("account", "enable", "acme")
    rollcall("account", "rotate-key", "acme")
    key = kept(aws).current.key

    refused = rollcall("account", "rotate-key", "acme", typed="n\n")
    assert refused.exit_code == 1
    assert "refuses it immediately" in refused.stderr
    assert kept(aws).current.key == key

    assert rollcall("account", "rotate-key", "acme", "--yes").exit_code == 0
    assert kept(aws).previous.key == key  # type: ignore[union-attr]  # a rotation leaves a previous key


def test_rotation_without_grace_asks_first(rollcall: Rollcall, aws: Aws) -> None:
    rollcall("account", "enable", "acme")

    assert rollcall("account", "rotate-key", "acme", "--grace", "0", typed="n\n").exit_code == 1
    assert rollcall("account", "rotate-key", "acme", "--grace", "0", "--yes").exit_code == 0

    assert kept(aws).previous is None


def test_a_revoked_key_is_gone(rollcall: Rollcall, aws: Aws) -> None:
    rollcall("account", "enable", "acme")
    rollcall("account", "rotate-key", "acme")

    assert rollcall("account", "revoke-previous", "acme", typed="n\n").exit_code == 1
    assert kept(aws).previous is not None
    assert answer(rollcall("account", "revoke-previous", "acme", "--yes", "--json"))["result"] == "revoked"
    assert kept(aws).previous is None
    assert answer(rollcall("account", "revoke-previous", "acme", "--json"))["result"] == "unchanged"


def test_the_list_shows_every_account_and_no_key(rollcall: Rollcall, aws: Aws) -> None:
    assert "account enable default" in rollcall("account", "list").stdout
    for account in ("globex", "acme"):
        rollcall("account", "enable", account)
    aws("secretsmanager").create_secret(Name=f"{PREFIX}broken", SecretString="nonsense")

    listed = answer(rollcall("account", "list", "--json"))
    shown = rollcall("account", "list").stdout

    assert [each["account"] for each in listed] == ["acme", "broken", "globex"]
    assert listed[1]["problem"] == "secret-malformed"
    assert f"{PREFIX}broken" in listed[1]["remedy"]
    assert all(name in shown for name in ("acme", "broken", "globex", "secret-malformed"))
    assert "rck_" not in shown + json.dumps(listed)


def test_manual_edits_of_a_secret_are_shown_as_text_and_run_nothing(rollcall: Rollcall, aws: Aws) -> None:
    rollcall("account", "enable", "acme")
    secret = json.loads(aws("secretsmanager").get_secret_value(SecretId=f"{PREFIX}acme")["SecretString"])
    hostile = "[/red][bold]\x1b[2J\x9b2J\r\n"
    secret["lastChange"] |= {"what": hostile, "by": hostile}
    secret["current"]["createdBy"] = hostile
    aws("secretsmanager").put_secret_value(SecretId=f"{PREFIX}acme", SecretString=json.dumps(secret))

    for result in (rollcall("account", "list"), rollcall("account", "show", "acme")):
        assert result.exit_code == 0, result.output
        assert "[/red][bold]" in result.stdout
        assert not {"\x1b", "\x9b", "\r"} & set(result.stdout)


BROKEN = {
    "no JSON": "nonsense",
    "a list": "[]",
    "a member missing": '{"account": "acme", "enabled": true}',
    "a wrong type": '{"account": "acme", "enabled": "yes", "current": {"key": "KEY"}}',
    "another account's key": '{"account": "acme", "enabled": true, "current": {"key": "OTHER"}}',
    "a moment outside of time": '{"account": "acme", "enabled": true, "current": {"key": "KEY", '
    '"createdAt": "9999-12-31T23:59:59-14:00"}}',
    "as large as a secret can be": '{"account": "acme", "enabled": true, "current": "' + "x" * 65_000 + '"}',
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_an_unusable_secret_is_shown_with_its_remedy_and_the_other_accounts_are_listed(
    rollcall: Rollcall, aws: Aws, text: str
) -> None:
    rollcall("account", "enable", "globex")
    key, other = (ConnectorKey.generate(name, bytes).text for name in ("acme", "globex"))
    written = text.replace("KEY", key).replace("OTHER", other)
    aws("secretsmanager").create_secret(Name=f"{PREFIX}acme", SecretString=written)

    listed = rollcall("account", "list")
    others = [
        rollcall("account", *command.split())
        for command in (
            "show acme",
            "enable acme",
            "disable acme --yes",
            "rotate-key acme --yes",
            "set acme mode strict",
            "resume acme --yes",
        )
    ]

    assert listed.exit_code == 0
    assert "globex" in listed.stdout
    for result in (listed, *others):
        (line,) = result.stderr.splitlines()
        assert f"The secret {PREFIX}acme was edited and is now unusable" in line
        assert "rollcall --local account enable acme --replace" in line
        assert key[-10:] not in result.output
    assert {result.exit_code for result in others} == {1}
    unchanged = aws("secretsmanager").get_secret_value(SecretId=f"{PREFIX}acme")["SecretString"]
    assert unchanged == written


@pytest.mark.parametrize(
    "command", ["enable", "disable", "show", "rotate-key", "revoke-previous", "resume", "set", "delete"]
)
def test_a_bad_name_is_reported_in_one_line(rollcall: Rollcall, command: str) -> None:
    for name in ("", "a" * 41, "Acme", "../x", "a/b", "a*", "a?", "a b", "ä", "a_b", "a\n"):
        result = rollcall("account", command, name, *(["mode", "strict"] if command == "set" else []))

        assert result.exit_code == 2
        assert result.stdout == ""
        assert len(result.stderr.splitlines()) == 1
        assert "1 to 40 characters" in result.stderr


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("command", ["disable", "show", "rotate-key", "revoke-previous", "resume", "set", "delete"])
def test_an_unknown_account_is_reported_in_one_line_with_the_remedy(rollcall: Rollcall, command: str) -> None:
    result = rollcall("account", command, "nobody", *(["mode", "strict"] if command == "set" else []))

    assert result.exit_code == 1
    assert result.stdout == ""
    made = "rollcall --local account enable nobody"
    assert result.stderr == f"rollcall: The account 'nobody' does not exist. To create it: {made}\n"


def test_a_hand_edited_secret_is_named_and_can_be_replaced(rollcall: Rollcall, aws: Aws) -> None:
    aws("secretsmanager").create_secret(Name=f"{PREFIX}acme", SecretString='{"account": "acme"}')

    result = rollcall("account", "enable", "acme")
    assert result.exit_code == 1
    assert f"{PREFIX}acme" in result.stderr
    assert "--replace" in result.stderr

    assert answer(rollcall("account", "enable", "acme", "--replace", "--json"))["result"] == "replaced"
    assert kept(aws).enabled


@pytest.mark.parametrize("grace", ["soon", "-1d", "7", "1w", "999999d", ""])
def test_a_malformed_grace_period_is_reported_in_one_line(rollcall: Rollcall, aws: Aws, grace: str) -> None:
    rollcall("account", "enable", "acme")
    key = kept(aws).current.key

    result = rollcall("account", "rotate-key", "acme", f"--grace={grace}")

    assert result.exit_code == 2
    assert "7d, 12h, 30m" in result.stderr
    assert kept(aws).current.key == key


@pytest.mark.parametrize("grace", ["31d", "99999d", "721h"])
def test_a_grace_period_of_more_than_30_days_is_refused_in_one_line(rollcall: Rollcall, aws: Aws, grace: str) -> None:
    rollcall("account", "enable", "acme")
    key = kept(aws).current.key

    result = rollcall("account", "rotate-key", "acme", "--grace", grace, "--yes")

    assert result.exit_code == 2
    assert result.stderr == f"rollcall: --grace is at most 30 days, not {grace}; nothing was changed.\n"
    assert kept(aws).current.key == key
    assert rollcall("account", "rotate-key", "acme", "--grace", "30d", "--yes").exit_code == 0


@pytest.mark.parametrize(
    ("days", "advice"),
    [
        (1, None),
        (274, None),
        (275, "acme: the age of the Connector Key is 275 days. Plan to rotate it before it is 365"),
        (335, "acme: the age of the Connector Key is 335 days. Rotate it this month, before it is 365"),
        (400, "acme: the age of the Connector Key is 400 days. Rotate it now"),
    ],
)
def test_the_list_shows_the_age_of_a_key_and_when_to_rotate_it(
    rollcall: Rollcall, aws: Aws, days: int, advice: str | None
) -> None:
    rollcall("account", "enable", "acme")
    secret = json.loads(aws("secretsmanager").get_secret_value(SecretId=f"{PREFIX}acme")["SecretString"])
    secret["current"]["createdAt"] = (datetime.now(UTC) - timedelta(days=days, minutes=1)).isoformat()
    aws("secretsmanager").put_secret_value(SecretId=f"{PREFIX}acme", SecretString=json.dumps(secret))

    listed, shown = rollcall("account", "list"), rollcall("account", "show", "acme")

    age = "1 day" if days == 1 else f"{days} days"
    assert age in listed.stdout
    assert age in shown.stdout
    typed = "" if advice is None else f"{advice}: rollcall --local account rotate-key acme\n"
    assert listed.stderr == typed
    assert answer(rollcall("account", "list", "--json"))[0]["keyAgeDays"] == days
    assert answer(rollcall("account", "show", "acme", "--json"))["keyAgeDays"] == days


def test_an_account_whose_secret_is_marked_for_deletion_is_listed_with_the_remedy(rollcall: Rollcall, aws: Aws) -> None:
    rollcall("account", "enable", "acme")
    key = kept(aws).current.key
    aws("secretsmanager").delete_secret(SecretId=f"{PREFIX}acme", RecoveryWindowInDays=7)

    result = rollcall("account", "list")

    assert "secret-marked-for-deletion" in result.stdout
    assert f"The secret {PREFIX}acme is marked for deletion" in result.stderr
    assert "rollcall --local account enable acme" in result.stderr
    assert rollcall("account", "enable", "acme").exit_code == 0
    assert kept(aws).current.key == key
