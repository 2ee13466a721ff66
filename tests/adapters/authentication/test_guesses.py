"""Look-ups of wrong keys from one address are limited, and no other address waits for them."""

from __future__ import annotations

from adapters.secrets.authentication import Authenticator
from adapters.secrets.guesses import AT_ONCE, SECONDS_EACH
from domain.errors import TooManyWrongKeys
from support.recorded_secrets_manager import WEEK, Clock, SecretsManager, connector, key, refusal, sign_in

GUESSER, PROVIDER = "198.51.100.7", "192.0.2.1"


def flood(connectors: Authenticator, number: int, address: str = GUESSER) -> list[int]:
    """Return the statuses of this many forged keys of invented accounts."""
    return [refusal(connectors, key(f"invented-{at}"), address).status.value for at in range(number)]


def test_an_address_that_invents_accounts_has_a_few_looked_up_and_then_two_a_second(
    connectors: Authenticator, secrets_manager: SecretsManager, clock: Clock
) -> None:
    assert flood(connectors, 50) == [401] * AT_ONCE + [429] * (50 - AT_ONCE)
    assert len(secrets_manager.reads) == AT_ONCE

    for number in range(200):
        clock.seconds += 0.05
        refusal(connectors, key(f"later-{number}"), GUESSER)

    assert len(secrets_manager.reads) <= AT_ONCE + 10 / SECONDS_EACH + 1


def test_five_thousand_invented_accounts_cost_ten_reads(
    connectors: Authenticator, secrets_manager: SecretsManager
) -> None:
    flood(connectors, 5000)

    assert len(secrets_manager.reads) == AT_ONCE


def test_an_account_that_was_never_seen_is_let_in_at_once_from_elsewhere(
    connectors: Authenticator, secrets_manager: SecretsManager
) -> None:
    acme = key()
    secrets_manager.keep(connector(acme))
    flood(connectors, 500)

    assert sign_in(connectors, acme, PROVIDER).account == "acme"


def test_as_many_accounts_as_there_are_may_come_from_one_address(
    connectors: Authenticator, secrets_manager: SecretsManager
) -> None:
    keys = [key(f"customer-{number}") for number in range(3 * AT_ONCE)]
    for each in keys:
        secrets_manager.keep(connector(each))

    assert [sign_in(connectors, each, PROVIDER).account for each in keys] == [each.account for each in keys]


def test_an_account_that_is_known_is_let_in_even_from_the_address_of_a_flood(
    connectors: Authenticator, secrets_manager: SecretsManager, clock: Clock
) -> None:
    acme = key()
    secrets_manager.keep(connector(acme))
    sign_in(connectors, acme, GUESSER)
    flood(connectors, 500)

    assert sign_in(connectors, acme, GUESSER).account == "acme"
    clock.seconds += 61
    flood(connectors, 500)
    assert sign_in(connectors, acme, GUESSER).account == "acme"


def test_an_account_that_was_never_seen_waits_behind_a_flood_of_its_own_address_as_long_as_it_is_asked_to(
    connectors: Authenticator, secrets_manager: SecretsManager, clock: Clock
) -> None:
    acme = key()
    secrets_manager.keep(connector(acme))
    flood(connectors, 500)

    refused = refusal(connectors, acme, GUESSER)

    assert isinstance(refused, TooManyWrongKeys)
    assert refused.headers["Retry-After"] == "1"
    clock.seconds += 1
    assert sign_in(connectors, acme, GUESSER).account == "acme"


def test_a_guesser_who_is_held_back_does_not_see_which_accounts_there_are(
    connectors: Authenticator, secrets_manager: SecretsManager
) -> None:
    for account in ("acme", "rotated"):
        old = key(account)
        secrets_manager.keep(connector(old).rotated(key(account), WEEK, connector(old).current.created_at, "ada"))
        sign_in(connectors, old, PROVIDER)
    flood(connectors, 50)
    secrets_manager.reads.clear()

    refusals = [refusal(connectors, key(account), GUESSER) for account in ("acme", "rotated", "unknown")]

    assert len({(each.status, each.detail, each.reason, each.account) for each in refusals}) == 1
    assert secrets_manager.reads == []


def test_an_outdated_connector_does_not_block_other_accounts_of_its_address(
    connectors: Authenticator, secrets_manager: SecretsManager, clock: Clock
) -> None:
    revoked, current, new = key(), key(), key("new")
    secrets_manager.keep(connector(current))
    secrets_manager.keep(connector(new))
    for _ in range(600):
        refusal(connectors, revoked, PROVIDER)
        clock.seconds += 0.1

    assert sign_in(connectors, new, PROVIDER).account == "new"


def test_the_addresses_of_one_network_of_ipv6_are_one_sender(
    connectors: Authenticator, secrets_manager: SecretsManager
) -> None:
    for number in range(100):
        refusal(connectors, key(f"invented-{number}"), f"2001:db8:1:2::{number:x}")

    assert len(secrets_manager.reads) == AT_ONCE


def test_the_memory_for_addresses_is_bounded(connectors: Authenticator, secrets_manager: SecretsManager) -> None:
    for number in range(1100):
        refusal(connectors, key("unknown"), f"192.0.{number // 250}.{number % 250}")

    assert len(connectors._guesses._none_since) <= 1000


def test_while_secrets_manager_is_down_no_address_counts_as_a_guesser(
    connectors: Authenticator, secrets_manager: SecretsManager, clock: Clock
) -> None:
    secrets_manager.down = True
    for number in range(50):
        assert refusal(connectors, key(f"customer-{number}"), PROVIDER).status == 503
    secrets_manager.down = False
    acme = key()
    secrets_manager.keep(connector(acme))

    assert sign_in(connectors, acme, PROVIDER).account == "acme"
