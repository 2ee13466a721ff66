"""Calls of Secrets Manager: time to live, re-reads, floods of wrong keys, unknown accounts."""

from __future__ import annotations

import hmac
from concurrent.futures import ThreadPoolExecutor
from threading import Semaphore
from typing import Any

import pytest

from adapters.secrets.authentication import Authenticator
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


def test_a_key_is_read_once_per_ttl(connectors: Authenticator, secrets_manager: SecretsManager, clock: Clock) -> None:
    acme = key()
    secrets_manager.keep(connector(acme))

    for _ in range(100):
        sign_in(connectors, acme)
    clock.seconds = 59.9
    sign_in(connectors, acme)
    assert len(secrets_manager.reads) == 1

    clock.seconds = 60
    sign_in(connectors, acme)
    assert len(secrets_manager.reads) == 2


def test_a_flood_of_wrong_keys_causes_no_flood_of_reads(
    connectors: Authenticator, secrets_manager: SecretsManager, clock: Clock
) -> None:
    right = key()
    secrets_manager.keep(connector(right))
    sign_in(connectors, right)

    for _ in range(300):
        assert refusal(connectors, key()).status == 401
        clock.seconds += 0.1

    # 30 seconds: the first read, three re-reads at once, and one for every further fifteen seconds.
    assert len(secrets_manager.reads) <= 1 + 3 + 2
    sign_in(connectors, right)


def test_an_outdated_connector_does_not_delay_a_new_key(
    connectors: Authenticator, secrets_manager: SecretsManager
) -> None:
    revoked, current, new = key(), key(), key()
    secrets_manager.keep(connector(current))
    for _ in range(100):
        refusal(connectors, revoked)
    assert len(secrets_manager.reads) == 1

    secrets_manager.keep(connector(current).rotated(new, WEEK, START, "ada"))

    assert sign_in(connectors, new).key_used == "current"


@pytest.mark.parametrize("interval", [0.1, 1.0, 7.0, 14.0])
def test_a_new_key_is_accepted_within_15_seconds_whatever_wrong_keys_come_in(
    connectors: Authenticator, secrets_manager: SecretsManager, clock: Clock, interval: float
) -> None:
    present, new = key(), key()
    secrets_manager.keep(connector(present))
    while clock.seconds < 300:
        refusal(connectors, key())
        clock.seconds += interval

    secrets_manager.keep(connector(present).rotated(new, WEEK, START, "ada"))
    rotated_at = clock.seconds
    while clock.seconds < rotated_at + 15:
        refusal(connectors, key())
        clock.seconds += interval

    assert sign_in(connectors, new).key_used == "current"


def test_an_unknown_account_is_remembered_as_unknown(
    connectors: Authenticator, secrets_manager: SecretsManager, clock: Clock
) -> None:
    unknown = key("nobody")

    for _ in range(100):
        assert refusal(connectors, unknown).status == 401
    assert len(secrets_manager.reads) == 1

    clock.seconds = 60
    refusal(connectors, unknown)
    assert len(secrets_manager.reads) == 2


def test_an_account_enabled_after_it_was_asked_for_works_at_once(
    connectors: Authenticator, secrets_manager: SecretsManager
) -> None:
    refusal(connectors, key())
    acme = key()

    secrets_manager.keep(connector(acme))

    assert sign_in(connectors, acme).account == "acme"


def test_a_flood_of_invented_accounts_neither_grows_memory_nor_displaces_a_real_one(
    connectors: Authenticator, secrets_manager: SecretsManager
) -> None:
    acme = key()
    secrets_manager.keep(connector(acme))
    sign_in(connectors, acme)

    invented = [key(f"invented-{number}") for number in range(1100)]
    for number, one in enumerate(invented):
        # No address guesses so often that its guesses are refused unread.
        refusal(connectors, one, f"192.0.{number // 200}.{number % 200}")
    sign_in(connectors, acme)
    assert secrets_manager.reads.count(f"{PREFIX}acme") == 1

    secrets_manager.reads.clear()
    for one in (invented[-1], invented[0]):
        refusal(connectors, one, "203.0.113.1")
    assert secrets_manager.reads == [f"{PREFIX}invented-0"]


def test_a_guesser_costs_the_same_whatever_has_become_of_the_account(
    connectors: Authenticator, secrets_manager: SecretsManager, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets_manager.keep(connector(key("acme")))
    secrets_manager.keep(connector(key("off")).switched(False, START, "ada"))
    secrets_manager.write("nonsense", "edited")
    secrets_manager.keep(connector(key("deleted")))
    secrets_manager.client.delete_secret(SecretId=f"{PREFIX}deleted", RecoveryWindowInDays=7)
    compared: list[int] = []
    compare = hmac.compare_digest

    def counted(one: bytes, other: bytes) -> bool:
        compared.append(len(one) + len(other))
        return compare(one, other)

    monkeypatch.setattr("hmac.compare_digest", counted)

    names = ("acme", "off", "nobody", "edited", "deleted")
    costs: dict[str, list[tuple[int, list[int]]]] = {name: [] for name in names}
    for account, cost in costs.items():
        clock.seconds = 0
        for _ in range(100):
            secrets_manager.reads.clear()
            compared.clear()
            refusal(connectors, key(account), f"address of {account}")
            cost.append((len(secrets_manager.reads), list(compared)))
            clock.seconds += 2

    assert [name for name in names if costs[name] != costs["acme"]] == []
    assert [reads for reads, _ in costs["acme"][:8]] == [1, 1, 1, 0, 0, 0, 0, 0]
    assert all(compared for _, compared in costs["acme"])


def test_an_account_in_use_costs_a_guesser_the_same_reads_as_an_unknown_one(
    connectors: Authenticator, secrets_manager: SecretsManager
) -> None:
    acme = key("acme")
    secrets_manager.keep(connector(acme))
    sign_in(connectors, acme)

    costs: dict[str, list[int]] = {"acme": [], "nobody": []}
    for account, cost in costs.items():
        for _ in range(10):
            before = len(secrets_manager.reads)
            refusal(connectors, key(account))
            cost.append(len(secrets_manager.reads) - before)

    assert costs["acme"] == costs["nobody"]


def test_many_threads_that_miss_at_once_read_once(secrets_manager: SecretsManager, clock: Clock) -> None:
    acme = key()
    secrets_manager.keep(connector(acme))
    found_nothing_cached = Semaphore(0)

    def monotonic() -> float:
        # Asked for the time right after the look into the cache.
        found_nothing_cached.release()
        return clock.seconds

    def hold_the_first_read(**_: Any) -> None:
        if len(secrets_manager.reads) == 1:
            for _thread in range(8):
                assert found_nothing_cached.acquire(timeout=60)

    secrets_manager.client.meta.events.register("before-call.secretsmanager.GetSecretValue", hold_the_first_read)
    connectors = Authenticator(secrets_manager.client, PREFIX, monotonic=monotonic, now=clock.now)

    with ThreadPoolExecutor(8) as pool:
        accounts = set(pool.map(lambda _: sign_in(connectors, acme).account, range(8)))

    assert accounts == {"acme"}
    assert len(secrets_manager.reads) == 1
