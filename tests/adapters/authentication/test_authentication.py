"""Authentication by Connector Key: who is let in, through rotation, revocation and switching off."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from adapters.secrets.authentication import Authenticator
from domain.accounts.account import Settings
from domain.errors import Forbidden, ScimError, Unauthorized
from support.recorded_secrets_manager import (
    PREFIX,
    START,
    WEEK,
    Clock,
    SecretsManager,
    connector,
    key,
    refusal,
    sign_in,
)


def test_the_key_alone_says_whose_request_it_is(connectors: Authenticator, secrets_manager: SecretsManager) -> None:
    acme, globex = key("acme"), key("globex")
    secrets_manager.keep(connector(acme))
    secrets_manager.keep(connector(globex).with_settings(Settings("strict", True), START, "ada"))

    assert sign_in(connectors, acme).account == "acme"
    assert sign_in(connectors, globex).account == "globex"
    assert sign_in(connectors, acme).settings == Settings()
    assert sign_in(connectors, globex).settings == Settings("strict", True)


def test_a_malformed_key_is_refused_without_a_call(connectors: Authenticator, secrets_manager: SecretsManager) -> None:
    for header in (None, "", "Bearer x", "Basic YTpi", f"Bearer {key().text[:-1]}", f"Bearer Bearer {key().text}"):
        with pytest.raises(Unauthorized):
            connectors.authenticate(header)

    assert secrets_manager.reads == []


def test_a_rotated_key_works_at_once_and_the_previous_one_still_does(
    connectors: Authenticator, secrets_manager: SecretsManager
) -> None:
    old, new = key(), key()
    secrets_manager.keep(connector(old))
    sign_in(connectors, old)

    secrets_manager.keep(connector(old).rotated(new, WEEK, START, "ada"))

    assert sign_in(connectors, new).key_used == "current"
    previous = sign_in(connectors, old)
    assert previous.key_used == "previous"
    assert previous.previous_expires_at == START + WEEK
    assert len(secrets_manager.reads) == 2


def test_cursors_outlive_a_rotation(connectors: Authenticator, secrets_manager: SecretsManager) -> None:
    old, new = key(), key()
    secrets_manager.keep(connector(old))
    before = sign_in(connectors, old).sealing_key

    secrets_manager.keep(connector(old).rotated(new, WEEK, START, "ada"))

    assert sign_in(connectors, new).sealing_key == before


def test_the_previous_key_stops_working_when_it_expires(
    connectors: Authenticator, secrets_manager: SecretsManager, clock: Clock
) -> None:
    old, new = key(), key()
    secrets_manager.keep(connector(old).rotated(new, timedelta(seconds=30), START, "ada"))
    assert sign_in(connectors, old).key_used == "previous"

    clock.seconds = 30

    assert refusal(connectors, old).status == 401
    assert sign_in(connectors, new).key_used == "current"


def test_a_revoked_key_stops_working_within_the_ttl(
    connectors: Authenticator, secrets_manager: SecretsManager, clock: Clock
) -> None:
    old, new = key(), key()
    rotated = connector(old).rotated(new, WEEK, START, "ada")
    secrets_manager.keep(rotated)
    sign_in(connectors, old)

    secrets_manager.keep(rotated.without_previous(START, "ada"))
    clock.seconds = 60

    assert refusal(connectors, old).status == 401


def test_an_answer_does_not_reveal_why_a_well_formed_key_is_refused(
    connectors: Authenticator, secrets_manager: SecretsManager
) -> None:
    acme, off = key("acme"), key("off")
    secrets_manager.keep(connector(acme))
    secrets_manager.keep(connector(off).switched(False, START, "ada"))
    secrets_manager.write("nonsense", "edited")
    secrets_manager.keep(connector(key("deleted")))
    secrets_manager.client.delete_secret(SecretId=f"{PREFIX}deleted", RecoveryWindowInDays=7)

    refusals = [refusal(connectors, key(account)) for account in ("acme", "off", "nobody", "edited", "deleted")]

    answers = [(each.status, each.body(), each.headers) for each in refusals]
    assert answers == [answers[0]] * 5
    assert answers[0][0] == 401
    assert [each.reason for each in refusals] == [
        "wrong-key", "wrong-key", "unknown-account", "secret-malformed", "secret-marked-for-deletion",
    ]  # fmt: skip


def test_the_right_key_of_a_disabled_account_gets_the_reason_that_scim_is_off(
    connectors: Authenticator, secrets_manager: SecretsManager
) -> None:
    acme = key()
    secrets_manager.keep(connector(acme).switched(False, START, "ada"))

    refused = refusal(connectors, acme)

    assert isinstance(refused, Forbidden)
    assert 'SCIM is switched off for the account "acme"' in refused.detail


def test_a_disabled_account_is_refused_within_the_ttl_and_works_at_once_when_enabled_again(
    connectors: Authenticator, secrets_manager: SecretsManager, clock: Clock
) -> None:
    acme = key()
    secrets_manager.keep(connector(acme))
    sign_in(connectors, acme)

    secrets_manager.keep(connector(acme).switched(False, START, "ada"))
    clock.seconds = 60
    assert refusal(connectors, acme).status == 403

    secrets_manager.keep(connector(acme))
    assert sign_in(connectors, acme).account == "acme"


def test_no_request_with_a_current_or_previous_key_fails_during_rotation_under_load(
    secrets_manager: SecretsManager, clock: Clock
) -> None:
    containers = [
        Authenticator(secrets_manager.client, PREFIX, monotonic=clock.monotonic, now=clock.now) for _ in range(3)
    ]
    kept = connector(key())
    secrets_manager.keep(kept)
    revoked = key()
    rounds, workers = 8, 6
    together = Barrier(workers + 1)
    served: list[str] = []
    failures: list[ScimError] = []

    def load(worker: int) -> None:
        for _ in range(rounds):
            together.wait()
            for _ in range(20):
                # Taken before the request, as an identity provider has its key before it sends it.
                latest = kept
                for each in [latest.current.key] + ([latest.previous.key] if latest.previous else []):
                    try:
                        served.append(sign_in(containers[worker % 3], each).key_used)
                    except ScimError as error:
                        failures.append(error)
                refusal(containers[worker % 3], revoked)
            together.wait()

    with ThreadPoolExecutor(workers) as pool:
        running = [pool.submit(load, worker) for worker in range(workers)]
        for _ in range(rounds):
            together.wait()
            renewed = kept.rotated(key(), WEEK, clock.now(), "ada")
            secrets_manager.keep(renewed)
            kept = renewed
            together.wait()
            # No thread is working now: the old key is revoked, so that the next rotation drops no key that is in use.
            replaced = kept.rotated(kept.current.key, timedelta(0), clock.now(), "ada")
            secrets_manager.keep(replaced)
            kept = replaced
            clock.seconds += 60
        for each in running:
            each.result()

    assert failures == []
    assert set(served) == {"current", "previous"}
