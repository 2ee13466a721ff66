"""Administration of accounts on Secrets Manager, also when two people act at the same time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from adapters.secrets.accounts import Accounts
from adapters.secrets.conditional_change import AdministrationError, NoSuchAccount
from adapters.secrets.connector_secrets import SecretUnusable
from domain.accounts.account import Settings, key_used
from domain.accounts.connector_key import ConnectorKey, InvalidAccountName
from support.recorded_secrets_manager import secrets_manager_client

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

PREFIX = "rollcall/connectors/"
NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def client() -> Iterator[SecretsManagerClient]:
    with secrets_manager_client() as client:
        yield client


@pytest.fixture
def accounts(client: SecretsManagerClient) -> Accounts:
    return Accounts(client, PREFIX, lambda: "ada", now=lambda: NOW)


def test_enabling_a_new_account_makes_a_key_and_says_who_did_it(accounts: Accounts) -> None:
    outcome = accounts.enable("acme")

    assert outcome.action == "created"
    assert accounts.show("acme") == outcome.connector
    assert outcome.connector.current.key.account == "acme"
    assert (outcome.connector.current.created_by, outcome.connector.current.created_at) == ("ada", NOW)
    assert outcome.connector.settings == Settings()


@pytest.mark.parametrize("key", [None, "arn:aws:kms:eu-central-1:123456789012:key/1"])
def test_a_secret_is_encrypted_as_that_of_the_account_the_stack_was_made_with(
    client: SecretsManagerClient, accounts: Accounts, key: str | None
) -> None:
    client.create_secret(Name=PREFIX + "default", **({"KmsKeyId": key} if key else {}))  # type: ignore[arg-type]  # mypy does not match unpacked names to parameters

    accounts.enable("acme")

    assert client.describe_secret(SecretId=PREFIX + "acme").get("KmsKeyId") == key


def test_two_accounts_get_different_keys(accounts: Accounts) -> None:
    acme, globex = accounts.enable("acme").connector, accounts.enable("globex").connector

    assert acme.current.key.text[-38:] != globex.current.key.text[-38:]
    assert acme.sealing_key != globex.sealing_key


def test_enabling_twice_says_so_and_changes_nothing(accounts: Accounts) -> None:
    first = accounts.enable("acme").connector

    again = accounts.enable("acme")

    assert (again.action, again.changed) == ("unchanged", False)
    assert again.connector == first == accounts.show("acme")


def test_disabling_keeps_the_key_for_the_next_enabling(accounts: Accounts) -> None:
    key = accounts.enable("acme").connector.current.key

    assert accounts.disable("acme").action == "disabled"
    assert accounts.disable("acme").action == "unchanged"
    assert not accounts.show("acme").enabled

    assert accounts.enable("acme").action == "enabled"
    assert accounts.show("acme").enabled
    assert accounts.show("acme").current.key == key


def test_a_given_key_must_be_of_the_account(accounts: Accounts) -> None:
    key = ConnectorKey.generate("acme", bytes)

    with pytest.raises(AdministrationError, match="not to 'globex'"):
        accounts.enable("globex", key=key)
    assert accounts.enable("acme", key=key).connector.current.key == key


def test_rotation_keeps_the_previous_key_for_the_grace_period(accounts: Accounts) -> None:
    old = accounts.enable("acme").connector.current.key

    rotated = accounts.rotate_key("acme", timedelta(days=2)).connector

    assert key_used(rotated, rotated.current.key, NOW) == "current"
    assert key_used(rotated, old, NOW + timedelta(days=2, seconds=-1)) == "previous"
    assert key_used(rotated, old, NOW + timedelta(days=2)) is None
    assert accounts.show("acme") == rotated


def test_rotation_without_grace_refuses_the_old_key_at_once(accounts: Accounts) -> None:
    old = accounts.enable("acme").connector.current.key

    assert key_used(accounts.rotate_key("acme", timedelta(0)).connector, old, NOW) is None

    with pytest.raises(AdministrationError, match="between 0 and 30 days"):
        accounts.rotate_key("acme", timedelta(days=-1))


def test_a_revoked_previous_key_is_gone_from_the_secret(accounts: Accounts, client: SecretsManagerClient) -> None:
    old = accounts.enable("acme").connector.current.key
    accounts.rotate_key("acme")

    assert accounts.revoke_previous("acme").action == "revoked"
    assert accounts.revoke_previous("acme").action == "unchanged"

    kept = client.get_secret_value(SecretId=f"{PREFIX}acme", VersionStage="AWSCURRENT")["SecretString"]
    assert old.text not in kept


def test_settings_that_are_not_given_are_kept(accounts: Accounts) -> None:
    accounts.enable("acme")

    assert accounts.configure("acme", mode="strict").action == "set"
    assert accounts.configure("acme", match_existing_by_email=True).connector.settings == Settings("strict", True)
    assert accounts.configure("acme", mode="strict", match_existing_by_email=True).action == "unchanged"


def test_a_deleted_account_is_gone_and_its_name_free_at_once(accounts: Accounts) -> None:
    old = accounts.enable("acme").connector.current.key

    accounts.delete("acme")

    with pytest.raises(NoSuchAccount):
        accounts.show("acme")
    assert accounts.enable("acme").connector.current.key != old


@pytest.mark.parametrize("operation", ["show", "disable", "rotate_key", "revoke_previous", "configure"])
def test_a_command_that_needs_an_account_shows_how_to_create_one(accounts: Accounts, operation: str) -> None:
    with pytest.raises(NoSuchAccount, match="rollcall account enable acme"):
        getattr(accounts, operation)("acme")


@pytest.mark.parametrize("operation", ["show", "enable", "disable", "rotate_key", "revoke_previous", "delete"])
def test_bad_names_are_refused_without_a_call(accounts: Accounts, client: SecretsManagerClient, operation: str) -> None:
    asked: list[str] = []
    client.meta.events.register("before-call.secretsmanager", lambda model, **_: asked.append(model.name))

    for name in ("", "a" * 41, "Acme", "../x", "a*", "a/b", "a b"):
        with pytest.raises(InvalidAccountName):
            getattr(accounts, operation)(name)

    assert asked == []


def test_the_list_is_in_order_and_shows_unusable_secrets_too(accounts: Accounts, client: SecretsManagerClient) -> None:
    for account in ("globex", "acme", "initech"):
        accounts.enable(account)
    client.create_secret(Name=f"{PREFIX}broken", SecretString="{}")
    client.create_secret(Name="somebody/elses", SecretString="secret")

    listed = accounts.list_all()

    assert [each.account for each in listed] == ["acme", "broken", "globex", "initech"]
    assert [each.account for each in listed if each.problem] == ["broken"]


def test_an_unusable_secret_is_replaced_only_when_asked(accounts: Accounts, client: SecretsManagerClient) -> None:
    client.create_secret(Name=f"{PREFIX}acme", SecretString="nonsense")

    with pytest.raises(SecretUnusable):
        accounts.enable("acme")
    with pytest.raises(SecretUnusable):
        accounts.rotate_key("acme")
    assert not accounts.exists("acme")

    assert accounts.enable("acme", replace=True).action == "replaced"
    assert accounts.show("acme").enabled


def test_replace_leaves_a_usable_account_alone(accounts: Accounts) -> None:
    first = accounts.enable("acme").connector

    assert accounts.enable("acme", replace=True).connector == first


def test_a_secret_marked_for_deletion_is_restored_with_its_key(
    accounts: Accounts, client: SecretsManagerClient
) -> None:
    key = accounts.enable("acme").connector.current.key
    client.delete_secret(SecretId=f"{PREFIX}acme", RecoveryWindowInDays=7)

    assert accounts.enable("acme").connector.current.key == key
    assert accounts.show("acme").enabled


def test_a_change_made_in_between_is_not_lost(accounts: Accounts, client: SecretsManagerClient) -> None:
    accounts.enable("acme")
    interfering = iter([lambda: Accounts(client, PREFIX, lambda: "grace").configure("acme", mode="strict")])

    def interfere(**_: Any) -> None:
        for act in interfering:
            act()  # type: ignore[no-untyped-call]  # mypy infers no type for lambdas of an iterator

    client.meta.events.register("before-call.secretsmanager.PutSecretValue", interfere)
    key = accounts.rotate_key("acme").connector.current.key

    connector = accounts.show("acme")
    assert connector.settings.mode == "strict"
    assert connector.current.key == key


def test_changes_at_the_same_time_all_take_effect_one_after_the_other(
    accounts: Accounts, client: SecretsManagerClient
) -> None:
    first = accounts.enable("acme").connector
    # moto is no concurrent engine: one call at a time, so that what the race shows is our own care.
    engine = Lock()
    client.meta.events.register("before-call.secretsmanager", lambda **_: engine.acquire() and None)  # type: ignore[arg-type]  # the stubs require a hook to return None
    client.meta.events.register("after-call.secretsmanager", lambda **_: engine.release())
    operations = [
        accounts.disable,
        lambda account: accounts.configure(account, mode="strict"),
        lambda account: accounts.configure(account, match_existing_by_email=True),
    ]

    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(lambda operation: operation("acme"), operations))

    assert all(outcome.changed for outcome in outcomes)
    expected = replace(first, enabled=False, settings=Settings("strict", True))
    assert replace(accounts.show("acme"), last_change=first.last_change) == expected


def test_an_answer_lost_after_the_change_is_recognised_as_done(
    accounts: Accounts, client: SecretsManagerClient
) -> None:
    accounts.enable("acme")
    twice = iter([True])

    def repeat(params: dict[str, Any], **_: Any) -> None:
        # What botocore does when the first answer is lost: the same call once more.
        for _again in twice:
            sent = json.loads(params["body"])
            client.update_secret_version_stage(**sent)

    client.meta.events.register("before-call.secretsmanager.UpdateSecretVersionStage", repeat)
    written: list[str] = []
    client.meta.events.register("before-call.secretsmanager.PutSecretValue", lambda **_: written.append("put"))

    key = accounts.rotate_key("acme").connector.current.key

    assert accounts.show("acme").current.key == key
    assert written == ["put"]


def test_two_people_who_enable_at_the_same_time_get_the_same_key(
    accounts: Accounts, client: SecretsManagerClient
) -> None:
    faster: list[str] = []

    def interfere(**_: Any) -> None:
        if not faster:
            faster.append("")
            faster[0] = Accounts(client, PREFIX, lambda: "grace").enable("acme").connector.current.key.text

    client.meta.events.register("before-call.secretsmanager.CreateSecret", interfere)
    outcome = accounts.enable("acme")

    assert outcome.action == "unchanged"
    assert [outcome.connector.current.key.text] == faster


def test_a_change_that_always_loses_the_race_gives_up_with_advice(
    accounts: Accounts, client: SecretsManagerClient
) -> None:
    accounts.enable("acme")
    other = Accounts(client, PREFIX, lambda: "grace")
    busy = [False]

    def interfere(**_: Any) -> None:
        if not busy[0]:
            busy[0] = True
            other.rotate_key("acme")
            busy[0] = False

    client.meta.events.register("before-call.secretsmanager.PutSecretValue", interfere)

    with pytest.raises(AdministrationError, match="at the same time"):
        accounts.configure("acme", mode="strict")


def test_a_refusal_of_secrets_manager_is_one_line_without_a_key(
    accounts: Accounts, client: SecretsManagerClient
) -> None:
    key = accounts.enable("acme").connector.current.key

    def deny(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "PutSecretValue")

    client.meta.events.register("before-call.secretsmanager.PutSecretValue", deny)
    with pytest.raises(AdministrationError) as refused:
        accounts.disable("acme")

    assert "AccessDeniedException" in str(refused.value)
    assert "credentials lack the permission" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert key.text not in str(refused.value)
