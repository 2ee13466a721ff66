"""Secrets Manager down: 503. Secrets deleted or edited into nonsense: 401, and the log names them. Never a 500."""

from __future__ import annotations

import pytest

from adapters.secrets.authentication import Authenticator
from adapters.secrets.connector_secrets import ConnectorUnavailable
from domain.accounts.connector_document import connector_to_json
from domain.accounts.connector_key import ConnectorKey
from domain.errors import ServiceUnavailable
from support.recorded_secrets_manager import PREFIX, Clock, SecretsManager, connector, key, refusal, sign_in


@pytest.fixture
def acme(connectors: Authenticator, secrets_manager: SecretsManager) -> ConnectorKey:
    """A key that was let in once."""
    made = key()
    secrets_manager.keep(connector(made))
    sign_in(connectors, made)
    return made


def test_the_last_good_value_serves_while_secrets_manager_is_down(
    connectors: Authenticator, secrets_manager: SecretsManager, clock: Clock
) -> None:
    acme = key()
    secrets_manager.keep(connector(acme))
    assert not sign_in(connectors, acme).stale

    secrets_manager.down = True
    for _ in range(59):
        clock.seconds += 60
        assert sign_in(connectors, acme).stale
    secrets_manager.down = False
    clock.seconds += 60

    assert not sign_in(connectors, acme).stale


@pytest.mark.parametrize("interval", [1, 13, 60, 3599])
def test_the_last_good_value_serves_for_an_hour_and_no_longer(
    connectors: Authenticator, acme: ConnectorKey, secrets_manager: SecretsManager, clock: Clock, interval: int
) -> None:
    secrets_manager.down = True
    while (clock.seconds + interval) < 3600:
        clock.seconds += interval
        assert sign_in(connectors, acme).account == "acme"

    for later in (3600, 3601, 7200, 3 * 86_400):
        clock.seconds = later
        refused = refusal(connectors, acme)
        assert (refused.status, refused.reason) == (503, "secrets-manager-unavailable")

    secrets_manager.down = False
    clock.seconds += 2
    assert not sign_in(connectors, acme).stale


def test_an_hour_begins_with_the_last_successful_read(
    connectors: Authenticator, secrets_manager: SecretsManager, clock: Clock
) -> None:
    acme = key()
    secrets_manager.keep(connector(acme))
    for _ in range(100):
        clock.seconds += 60
        sign_in(connectors, acme)
    secrets_manager.down = True

    clock.seconds += 3599
    assert sign_in(connectors, acme).stale


def test_wrong_keys_do_not_prolong_the_hour(
    connectors: Authenticator, acme: ConnectorKey, secrets_manager: SecretsManager, clock: Clock
) -> None:
    secrets_manager.down = True

    for _ in range(360):
        clock.seconds += 10
        assert refusal(connectors, key()).status == 503

    assert refusal(connectors, acme).status == 503


def test_an_unavailable_secrets_manager_is_not_called_for_every_request(
    connectors: Authenticator, acme: ConnectorKey, secrets_manager: SecretsManager, clock: Clock
) -> None:
    secrets_manager.down = True
    clock.seconds = 60

    for _ in range(100):
        sign_in(connectors, acme)

    assert len(secrets_manager.reads) == 2


def test_without_a_good_value_an_unavailable_secrets_manager_is_503_and_reveals_nothing_of_the_account(
    connectors: Authenticator, secrets_manager: SecretsManager, clock: Clock
) -> None:
    acme = key()
    secrets_manager.keep(connector(acme))
    secrets_manager.down = True

    refusals = [refusal(connectors, acme) for _ in range(50)]

    assert all(isinstance(each, ServiceUnavailable) for each in refusals)
    assert isinstance(refusals[0], ConnectorUnavailable)
    assert refusals[0].secret_name == f"{PREFIX}*"
    assert "acme" not in f"{refusals[0].body()} {refusals[0].remedy}"
    assert int(refusals[0].headers["Retry-After"]) > 0
    assert len(secrets_manager.reads) <= 4

    secrets_manager.down = False
    clock.seconds = 2
    assert sign_in(connectors, acme).account == "acme"


def test_a_key_that_cannot_be_checked_is_not_called_wrong(
    connectors: Authenticator, secrets_manager: SecretsManager
) -> None:
    old, new = key(), key()
    secrets_manager.keep(connector(old))
    sign_in(connectors, old)

    secrets_manager.down = True
    refused = refusal(connectors, new)

    assert isinstance(refused, ConnectorUnavailable)
    assert (refused.status, refused.secret_name) == (503, f"{PREFIX}acme")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"account": "acme", "enabled": true}', "rck_acme"])
def test_a_secret_edited_into_nonsense_opens_nothing_even_if_it_was_good_before(
    connectors: Authenticator, acme: ConnectorKey, secrets_manager: SecretsManager, clock: Clock, text: str
) -> None:
    secrets_manager.write(text or " ")
    clock.seconds = 60
    refused = refusal(connectors, acme)

    assert refused.status == 401
    assert (refused.reason, refused.secret_name, refused.account) == ("secret-malformed", f"{PREFIX}acme", "acme")
    assert f"{PREFIX}acme" in refused.remedy

    secrets_manager.keep(connector(acme))
    clock.seconds = 120
    assert sign_in(connectors, acme).account == "acme"


def test_a_secret_that_holds_bytes_is_nonsense_too(connectors: Authenticator, secrets_manager: SecretsManager) -> None:
    acme = key()
    secrets_manager.client.create_secret(Name=f"{PREFIX}acme", SecretBinary=connector_to_json(connector(acme)).encode())

    assert refusal(connectors, acme).reason == "secret-malformed"


def test_one_accounts_connector_copied_into_anothers_secret_opens_nothing(
    connectors: Authenticator, secrets_manager: SecretsManager
) -> None:
    acme = key("acme")
    secrets_manager.write(connector_to_json(connector(acme)), "globex")

    assert refusal(connectors, acme).status == 401
    assert refusal(connectors, key("globex")).status == 401


def test_a_secret_marked_for_deletion_is_answered_as_a_deleted_one_and_logged_apart(
    connectors: Authenticator, acme: ConnectorKey, secrets_manager: SecretsManager, clock: Clock
) -> None:
    secrets_manager.client.delete_secret(SecretId=f"{PREFIX}acme", RecoveryWindowInDays=7)
    clock.seconds = 60
    marked = refusal(connectors, acme)

    secrets_manager.client.delete_secret(SecretId=f"{PREFIX}acme", ForceDeleteWithoutRecovery=True)
    clock.seconds = 120
    gone = refusal(connectors, acme)
    assert (marked.status, marked.body()) == (gone.status, gone.body())
    assert (marked.reason, gone.reason) == ("secret-marked-for-deletion", "unknown-account")
