"""Connectors as values: rotation, expiry, and the text that a secret holds."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.accounts.account import Connector, IdentityProvider, InvalidGrace, Settings, key_used, rfc3339
from domain.accounts.connector_document import InvalidConnector, connector_from_json, connector_to_json
from domain.accounts.connector_key import ConnectorKey
from domain.accounts.key_age import KeyAge

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


def key(account: str = "acme") -> ConnectorKey:
    return ConnectorKey.generate(account, secrets.token_bytes)


FIRST, SECOND, THIRD = key(), key(), key()
CONNECTOR = Connector.new(FIRST, bytes(range(32)), NOW, "ada")


def test_the_previous_key_is_accepted_until_it_expires() -> None:
    rotated = CONNECTOR.rotated(SECOND, WEEK, NOW, "ada")

    assert key_used(rotated, SECOND, NOW) == "current"
    assert key_used(rotated, FIRST, NOW + WEEK - timedelta(seconds=1)) == "previous"
    assert key_used(rotated, FIRST, NOW + WEEK) is None


def test_a_second_rotation_drops_the_first_key() -> None:
    rotated = CONNECTOR.rotated(SECOND, WEEK, NOW, "ada").rotated(THIRD, WEEK, NOW, "ada")

    assert [key_used(rotated, each, NOW) for each in (FIRST, SECOND, THIRD)] == [None, "previous", "current"]


def test_a_rotation_without_grace_keeps_no_previous_key() -> None:
    assert CONNECTOR.rotated(SECOND, timedelta(0), NOW, "ada").previous is None


@pytest.mark.parametrize("grace", [timedelta(days=30, seconds=1), timedelta(days=9999), timedelta(seconds=-1)])
def test_a_grace_period_of_more_than_30_days_is_refused(grace: timedelta) -> None:
    with pytest.raises(InvalidGrace, match="between 0 and 30 days"):
        CONNECTOR.rotated(SECOND, grace, NOW, "ada")


def test_a_grace_period_of_30_days_is_the_longest() -> None:
    rotated = CONNECTOR.rotated(SECOND, timedelta(days=30), NOW, "ada")

    assert key_used(rotated, FIRST, NOW + timedelta(days=30, seconds=-1)) == "previous"
    assert key_used(rotated, FIRST, NOW + timedelta(days=30)) is None


@pytest.mark.parametrize("expires", ["2030-03-02T12:00:01Z", "2054-04-12T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_secret_that_was_edited_to_keep_the_previous_key_for_longer_keeps_it_for_30_days(expires: str) -> None:
    connector = connector_from_json(edited(previous={"key": FIRST.text, "expiresAt": expires}), "acme")

    assert key_used(connector, FIRST, NOW + timedelta(days=30, seconds=-1)) == "previous"
    assert key_used(connector, FIRST, NOW + timedelta(days=30)) is None


@pytest.mark.parametrize("made", [None, "2030-02-02T12:00:00Z", "9999-12-31T00:00:00Z"])
def test_a_secret_that_does_not_say_when_it_was_rotated_has_no_previous_key(made: str | None) -> None:
    current = {"key": SECOND.text} | ({} if made is None else {"createdAt": made})
    previous = {"key": FIRST.text, "expiresAt": "9999-12-31T00:00:00Z"}

    connector = connector_from_json(edited(current=current, previous=previous), "acme")

    assert key_used(connector, SECOND, NOW) == "current"
    assert key_used(connector, FIRST, NOW) is None


def test_a_clock_that_is_a_little_ahead_costs_no_previous_key() -> None:
    rotated = CONNECTOR.rotated(SECOND, WEEK, NOW + timedelta(hours=23), "ada")

    assert key_used(rotated, FIRST, NOW) == "previous"


@pytest.mark.parametrize(
    ("days", "urgency"),
    [(-1, "none"), (0, "none"), (274, "none"), (275, "soon"), (334, "soon"), (335, "very-soon"), (364, "very-soon"),
     (365, "now"), (4000, "now")],
)  # fmt: skip
def test_a_key_is_to_be_rotated_before_it_is_a_year_old(days: int, urgency: str) -> None:
    age = KeyAge.of(CONNECTOR, NOW + timedelta(days=days))

    assert (age.days, age.urgency) == (max(0, days), urgency)
    assert age.is_old is (urgency == "now")


def test_a_key_that_does_not_say_when_it_was_made_is_old() -> None:
    text = json.dumps({"account": "acme", "enabled": True, "current": {"key": FIRST.text}})

    age = KeyAge.of(connector_from_json(text, "acme"), NOW)

    assert (age.days, age.is_old, str(age)) == (None, True, "unknown")


def test_a_revoked_previous_key_is_refused_and_the_current_one_stays() -> None:
    revoked = CONNECTOR.rotated(SECOND, WEEK, NOW, "ada").without_previous(NOW, "grace")

    assert [key_used(revoked, each, NOW) for each in (FIRST, SECOND)] == [None, "current"]


def test_no_key_fits_an_account_that_does_not_exist() -> None:
    assert key_used(None, FIRST, NOW) is None


def test_every_change_says_what_when_and_by_whom() -> None:
    later = NOW + timedelta(hours=1)
    changes = [
        CONNECTOR,
        CONNECTOR.switched(False, later, "grace"),
        CONNECTOR.switched(True, later, "grace"),
        CONNECTOR.rotated(SECOND, WEEK, later, "grace"),
        CONNECTOR.without_previous(later, "grace"),
        CONNECTOR.with_settings(Settings("strict"), later, "grace"),
    ]

    stamps = [(each.last_change.action, each.last_change.at, each.last_change.by) for each in changes]

    assert stamps[0] == ("enable", NOW, "ada")
    assert stamps[1:] == [
        (what, later, "grace") for what in ("disable", "enable", "rotate-key", "revoke-previous", "set")
    ]


@pytest.mark.parametrize(
    "connector",
    [
        CONNECTOR,
        CONNECTOR.rotated(SECOND, WEEK, NOW, "ada"),
        CONNECTOR.switched(False, NOW, "ada").with_settings(Settings("strict", True, None, True, False), NOW, "ada"),
    ],
)
def test_a_connector_is_read_from_its_secret_as_it_was_written(connector: Connector) -> None:
    assert connector_from_json(connector_to_json(connector), "acme") == connector


def test_a_secret_written_by_hand_needs_only_what_decides_about_access() -> None:
    text = json.dumps({"account": "acme", "enabled": True, "current": {"key": FIRST.text}})

    connector = connector_from_json(text, "acme")

    assert key_used(connector, FIRST, NOW) == "current"
    assert connector.settings == Settings("tolerant", match_existing_by_email=False)
    assert len(connector.sealing_key) == 32


def test_a_time_in_another_zone_and_a_name_that_no_terminal_can_show_do_no_harm() -> None:
    text = edited(
        current={"key": FIRST.text, "createdAt": "2030-01-31T12:00:00+02:00", "createdBy": "\ud800"},
        lastChange={"what": "set", "at": "2030-01-31T12:00:00-03:00", "by": "ada\udfff"},
    )

    connector = connector_from_json(text, "acme")

    assert rfc3339(connector.current.created_at) == "2030-01-31T10:00:00Z"
    assert rfc3339(connector.last_change.at) == "2030-01-31T15:00:00Z"
    assert (connector.current.created_by, connector.last_change.by) == ("?", "ada?")


def edited(**members: Any) -> str:
    document = json.loads(connector_to_json(CONNECTOR.rotated(SECOND, WEEK, NOW, "ada")))
    return json.dumps({**document, **members})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("rck_acme", "not JSON"),
        ("[" * 60_000, "not JSON"),
        ("[]", "not a JSON object"),
        ("null", "not a JSON object"),
        ("{}", '"account"'),
        (edited(account="other"), '"account"'),
        (edited(enabled="false"), '"enabled"'),
        (edited(enabled=0), '"enabled"'),
        (edited(current=None), '"current"'),
        (edited(current={}), "current.key"),
        (edited(current={"key": ""}), "current.key"),
        (edited(current={"key": FIRST.text[:-1]}), "current.key"),
        (edited(current={"key": key("other").text}), "current.key"),
        (edited(current={"key": FIRST.text, "createdAt": "yesterday"}), "current.createdAt"),
        (edited(current={"key": FIRST.text, "createdAt": "9999-12-31T23:59:59-14:00"}), "current.createdAt"),
        (edited(lastChange={"at": "0001-01-01T00:00:00+14:00"}), "lastChange.at"),
        (edited(previous={"key": FIRST.text}), "previous.expiresAt"),
        (edited(previous={"key": FIRST.text, "expiresAt": "2030-01-31"}), "previous.expiresAt"),
        (edited(previous={"key": FIRST.text, "expiresAt": 1}), "previous.expiresAt"),
        (edited(previous={"key": "*", "expiresAt": "2030-01-31T00:00:00Z"}), "previous.key"),
        (edited(previous=[]), '"previous"'),
        (edited(settings={"mode": "lenient"}), "settings.mode"),
        (edited(settings={"mode": ["strict"]}), "settings.mode"),
        (edited(settings={"matchExistingByEmail": "off"}), "settings.matchExistingByEmail"),
        (edited(settings={"adoptedKeepPrivileges": "on"}), "settings.adoptedKeepPrivileges"),
        (edited(settings={"takeBackDeactivated": 1}), "settings.takeBackDeactivated"),
        (edited(settings={"requestsPerSecond": 24}), "settings.requestsPerSecond.*between 25 and 1000"),
        (edited(settings={"requestsPerSecond": 1001}), "settings.requestsPerSecond.*between 25 and 1000"),
        (edited(settings={"requestsPerSecond": True}), "settings.requestsPerSecond"),
        (edited(settings={"requestsPerSecond": "50"}), "settings.requestsPerSecond"),
        (edited(settings={"requestsPerSecond": 50.5}), "settings.requestsPerSecond"),
        (edited(sealingKey="zz"), "sealingKey"),
        (edited(sealingKey="00"), "sealingKey"),
        (edited(sealingKey=7), "sealingKey"),
    ],
)
def test_nonsense_in_a_secret_is_named_and_never_repeated(text: str, says: str) -> None:
    with pytest.raises(InvalidConnector, match=says) as refused:
        connector_from_json(text, "acme")

    assert FIRST.text[:-1] not in str(refused.value)


@pytest.mark.parametrize("said", ["sailpoint", None, 7, ["okta"], {}])
def test_a_provider_that_only_a_later_release_knows_is_none_here(said: object) -> None:
    assert connector_from_json(edited(settings={"idp": said}), "acme").settings.idp is None


@pytest.mark.parametrize("idp", ["jumpcloud", "entra", "okta", None])
def test_the_identity_provider_of_an_account_is_kept(idp: IdentityProvider | None) -> None:

    connector = CONNECTOR.with_settings(Settings(idp=idp), NOW, "ada")

    assert connector_from_json(connector_to_json(connector), "acme") == connector
