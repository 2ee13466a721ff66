"""Set-up links in the accounts' secrets, also when two people open one at the same time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

import pytest

from adapters.secrets.accounts import Accounts
from adapters.secrets.conditional_change import AdministrationError, NoSuchAccount
from adapters.secrets.setup_links import KeyShownBefore, LinkClosed, SetupLinks, SwitchedOff
from domain.accounts.connector_key import ConnectorKey
from domain.accounts.setup_links import SetupToken
from domain.limits import MAX_SETUP_LINKS
from support.recorded_secrets_manager import PREFIX, Clock, secrets_manager_client

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

DAY = 86_400


@pytest.fixture
def client() -> Iterator[SecretsManagerClient]:
    with secrets_manager_client() as client:
        yield client


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(client: SecretsManagerClient, clock: Clock) -> Accounts:
    accounts = Accounts(client, PREFIX, lambda: "ada", now=clock.now)
    accounts.enable("acme")
    return accounts


@pytest.fixture
def links(client: SecretsManagerClient, clock: Clock, accounts: Accounts) -> SetupLinks:
    return SetupLinks(client, PREFIX, lambda: "ada", now=clock.now)


def secret_of(client: SecretsManagerClient, account: str = "acme") -> dict[str, Any]:
    value: dict[str, Any] = json.loads(
        client.get_secret_value(SecretId=PREFIX + account, VersionStage="AWSCURRENT")["SecretString"]
    )
    return value


def edit(client: SecretsManagerClient, value: dict[str, Any]) -> None:
    """Give the account another secret: moto does not move the label of one that was changed before."""
    client.delete_secret(SecretId=PREFIX + "acme", ForceDeleteWithoutRecovery=True)
    client.create_secret(Name=PREFIX + "acme", SecretString=json.dumps(value))


def test_a_new_link_opens_the_page_of_its_account(links: SetupLinks, clock: Clock) -> None:
    token, link = links.invite("acme", timedelta(days=3), "okta")

    opened = links.open(token)

    assert opened.link == link
    assert opened.connector.account == "acme"
    assert (link.created_by, link.idp, link.revealed_at) == ("ada", "okta", None)
    assert link.expires_at - clock.now() == timedelta(days=3)


def test_a_token_has_the_form_of_a_key_and_is_none(links: SetupLinks) -> None:
    token, _ = links.invite("acme")

    assert re.fullmatch(r"rcs_acme_[0-9A-Za-z]{38}", token.text)
    assert ConnectorKey.parse(token.text) is None
    assert SetupToken.parse(ConnectorKey.generate("acme", bytes).text) is None
    assert token.text not in repr(token)


def test_the_secret_has_the_hash_of_a_token_and_not_the_token(links: SetupLinks, client: SecretsManagerClient) -> None:
    token, link = links.invite("acme")
    value = secret_of(client)

    assert token.text not in json.dumps(value)
    assert value["setupLinks"][0]["sha256"] == token.digest.hex()
    assert link.id not in token.text


def test_an_account_without_links_has_the_secret_that_it_always_had(
    links: SetupLinks, client: SecretsManagerClient
) -> None:
    assert "setupLinks" not in secret_of(client)
    links.invite("acme")
    links.revoke("acme")
    assert "setupLinks" not in secret_of(client)


def test_other_changes_of_the_account_keep_its_links(links: SetupLinks, accounts: Accounts) -> None:
    token, link = links.invite("acme")

    accounts.rotate_key("acme")
    accounts.configure("acme", groups=True)

    assert links.open(token).link == link


def test_a_link_shows_the_key_once(links: SetupLinks, accounts: Accounts, clock: Clock) -> None:
    token, _ = links.invite("acme")

    shown = links.reveal(token)

    assert shown.connector.current.key == accounts.show("acme").current.key
    assert shown.link.revealed_at == clock.now()
    with pytest.raises(KeyShownBefore):
        links.reveal(token)
    assert links.open(token).link.revealed_at == clock.now()


def test_of_many_who_ask_for_the_key_at_the_same_time_one_sees_it(
    links: SetupLinks, client: SecretsManagerClient
) -> None:
    token, _ = links.invite("acme")
    # moto is no concurrent engine: one call at a time, so that what the race shows is our own care.
    engine = Lock()
    client.meta.events.register("before-call.secretsmanager", lambda **_: engine.acquire() and None)  # type: ignore[arg-type]  # the stubs require a hook to return None
    client.meta.events.register("after-call.secretsmanager", lambda **_: engine.release())

    def reveal(_: int) -> bool:
        try:
            links.reveal(token)
        except KeyShownBefore:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(reveal, range(4))) == [False, False, False, True]


def test_who_was_slower_between_reading_and_writing_does_not_see_the_key(
    links: SetupLinks, client: SecretsManagerClient
) -> None:
    token, _ = links.invite("acme")
    faster = iter([lambda: links.reveal(token)])

    def interfere(**_: Any) -> None:
        for act in faster:
            act()  # type: ignore[no-untyped-call]  # mypy infers no type for lambdas of an iterator

    client.meta.events.register("before-call.secretsmanager.PutSecretValue", interfere)

    with pytest.raises(KeyShownBefore):
        links.reveal(token)


def test_a_link_does_not_use_up_its_key_while_scim_is_off(links: SetupLinks, accounts: Accounts) -> None:
    token, _ = links.invite("acme")
    accounts.disable("acme")

    with pytest.raises(SwitchedOff):
        links.reveal(token)

    assert not links.open(token).connector.enabled
    accounts.enable("acme")
    assert links.reveal(token).link.revealed_at is not None


def test_a_link_of_a_deleted_account_opens_nothing_even_if_the_name_is_used_again(
    links: SetupLinks, accounts: Accounts
) -> None:
    token, _ = links.invite("acme")

    accounts.delete("acme")
    for act in (links.open, links.reveal, lambda token: links.choose(token, "okta")):
        with pytest.raises(LinkClosed):
            act(token)

    accounts.enable("acme")
    with pytest.raises(LinkClosed):
        links.open(token)


def test_an_expired_link_opens_nothing_and_is_dropped_at_the_next_change(
    links: SetupLinks, clock: Clock, client: SecretsManagerClient
) -> None:
    token, old = links.invite("acme", timedelta(days=1))
    clock.seconds = DAY
    with pytest.raises(LinkClosed):
        links.open(token)
    with pytest.raises(LinkClosed):
        links.reveal(token)
    assert links.of("acme") == (old,)

    _, new = links.invite("acme")

    assert links.of("acme") == (new,)
    assert len(secret_of(client)["setupLinks"]) == 1


def test_a_revoked_link_opens_nothing_and_the_others_stay(links: SetupLinks) -> None:
    first, _ = links.invite("acme")
    second, link = links.invite("acme")

    assert [each.id for each in links.revoke("acme", [link.id])] == [link.id]

    links.open(first)
    with pytest.raises(LinkClosed):
        links.open(second)
    assert links.revoke("acme", ["00000000"]) == ()
    assert len(links.revoke("acme")) == 1


def test_an_account_has_five_links_at_most_and_expired_ones_do_not_count(links: SetupLinks, clock: Clock) -> None:
    for _ in range(MAX_SETUP_LINKS):
        links.invite("acme", timedelta(days=1))

    with pytest.raises(AdministrationError, match="rollcall account uninvite acme"):
        links.invite("acme")

    clock.seconds = DAY
    links.invite("acme")


@pytest.mark.parametrize("days", [-1, 0, 31])
def test_a_link_is_open_for_one_to_thirty_days(links: SetupLinks, days: int) -> None:
    with pytest.raises(AdministrationError, match="1 to 30 days"):
        links.invite("acme", timedelta(days=days))


def test_there_are_no_links_of_an_account_that_does_not_exist(links: SetupLinks) -> None:
    for act in (links.invite, links.of, links.revoke):
        with pytest.raises(NoSuchAccount, match="rollcall account enable nosuch"):
            act("nosuch")


@pytest.mark.parametrize(
    "members",
    [
        {"setupLinks": "all"},
        {"setupLinks": [1, None, "x"]},
        {"setupLinks": [{"id": "0a0b0c0d"}]},
        {"setupLinks": [{"id": 5, "sha256": "00", "createdAt": 1, "expiresAt": None}]},
    ],
)
def test_links_that_were_edited_into_something_else_open_nothing_and_break_nothing(
    links: SetupLinks, client: SecretsManagerClient, accounts: Accounts, members: dict[str, Any]
) -> None:
    edit(client, secret_of(client) | members)

    assert links.of("acme") == ()
    assert accounts.show("acme").enabled
    token, _ = links.invite("acme")
    assert links.open(token).connector.account == "acme"


def test_a_link_that_was_edited_to_last_for_years_lasts_thirty_days(
    links: SetupLinks, client: SecretsManagerClient, clock: Clock
) -> None:
    token, _ = links.invite("acme")
    value = secret_of(client)
    value["setupLinks"][0]["expiresAt"] = "2099-01-01T00:00:00Z"
    edit(client, value)

    clock.seconds = 30 * DAY - 1
    links.open(token)
    clock.seconds = 30 * DAY
    with pytest.raises(LinkClosed):
        links.open(token)


def test_the_chosen_identity_provider_is_remembered(links: SetupLinks) -> None:
    token, _ = links.invite("acme")

    assert links.choose(token, "entra").link.idp == "entra"
    assert links.choose(token, "entra").link.idp == "entra"
    assert links.open(token).link.idp == "entra"


def test_a_token_opens_the_link_of_its_own_account_only(links: SetupLinks, accounts: Accounts) -> None:
    accounts.enable("globex")
    links.invite("globex")
    links.invite("acme")

    with pytest.raises(LinkClosed):
        links.open(SetupToken.generate("globex", lambda count: bytes(range(count))))


def test_a_wrong_token_takes_the_same_calls_whatever_is_wrong(
    links: SetupLinks, client: SecretsManagerClient, accounts: Accounts, clock: Clock
) -> None:
    links.invite("acme", timedelta(days=1))
    accounts.enable("no-links")
    expired, _ = links.invite("acme", timedelta(days=1))
    calls: list[str] = []
    client.meta.events.register("before-call.secretsmanager", lambda model, **_: calls.append(model.name))
    clock.seconds = DAY
    wrong = [SetupToken.generate(name, lambda count: bytes(range(count))) for name in ("acme", "no-links", "nosuch")]

    for token in (*wrong, expired):
        for act in (links.open, links.reveal, lambda token: links.choose(token, "okta")):
            calls.clear()
            with pytest.raises(LinkClosed):
                act(token)
            assert calls == ["GetSecretValue"]


def test_a_link_opens_however_many_expired_ones_are_before_it(
    links: SetupLinks, client: SecretsManagerClient, clock: Clock
) -> None:
    token, _ = links.invite("acme")
    value = secret_of(client)
    [link] = value["setupLinks"]
    past = {"createdAt": "2020-01-01T00:00:00Z", "expiresAt": "2020-01-02T00:00:00Z", "sha256": "00" * 32}
    value["setupLinks"] = [link | past] * MAX_SETUP_LINKS + [link | {"choices": "many"}]
    edit(client, value)

    assert links.open(token).connector.account == "acme"
