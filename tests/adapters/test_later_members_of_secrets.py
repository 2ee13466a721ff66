"""Members of an account's secret that only another release knows: every change keeps them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.secrets.accounts import Accounts
from adapters.secrets.setup_links import SetupLinks
from support.recorded_secrets_manager import PREFIX, Clock, secrets_manager_client

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

Json = dict[str, Any]

LATER: Final = st.dictionaries(
    st.text(min_size=1, max_size=8).map(lambda text: f"later{text}"),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
        max_leaves=4,
    ),
    min_size=1,
    max_size=2,
)


class Deployment:
    """An account that has everything: a previous key, settings, and two set-up links."""

    def __init__(self, client: SecretsManagerClient) -> None:
        self.client = client
        clock = Clock()
        self.accounts = Accounts(client, PREFIX, lambda: "ada", now=clock.now)
        self.links = SetupLinks(client, PREFIX, lambda: "ada", now=clock.now)
        self.accounts.enable("acme")
        self.accounts.rotate_key("acme")
        self.token, self.link = self.links.invite("acme")
        self.links.invite("acme")
        self.first = self.secret
        clock.seconds += 60

    @property
    def secret(self) -> Json:
        answer = self.client.get_secret_value(SecretId=f"{PREFIX}acme", VersionStage="AWSCURRENT")
        value: Json = json.loads(answer["SecretString"])
        return value

    def stores(self, value: Json) -> None:
        """Store another secret: moto does not move the label of one that was changed before."""
        self.client.delete_secret(SecretId=f"{PREFIX}acme", ForceDeleteWithoutRecovery=True)
        self.client.create_secret(Name=f"{PREFIX}acme", SecretString=json.dumps(value))


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with secrets_manager_client() as client:
        yield Deployment(client)


CHANGES: Final[dict[str, Callable[[Deployment], object]]] = {
    "disable": lambda of: of.accounts.disable("acme"),
    "enable": lambda of: (of.accounts.disable("acme"), of.accounts.enable("acme")),
    "rotate-key": lambda of: of.accounts.rotate_key("acme"),
    "rotate-key without grace": lambda of: of.accounts.rotate_key("acme", timedelta(0)),
    "revoke": lambda of: of.accounts.revoke_previous("acme"),
    "set": lambda of: of.accounts.configure("acme", groups=True),
    "set extensions": lambda of: of.accounts.configure("acme", extensions=("urn:x:y",)),
    "invite": lambda of: of.links.invite("acme"),
    "uninvite": lambda of: of.links.revoke("acme", [of.link.id]),
    "choose": lambda of: of.links.choose(of.token, "okta"),
    "reveal": lambda of: of.links.reveal(of.token),
}
OF_A_KEY: Final = {"current": ("rotate-key",), "previous": ("rotate-key", "revoke")}


@pytest.mark.parametrize("change", CHANGES)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(later=LATER)
def test_members_that_only_a_later_release_knows_survive_every_change(
    deployment: Deployment, change: str, later: Json
) -> None:
    first = deployment.first
    deployment.stores(
        first
        | later
        | {name: first[name] | later for name in ("settings", "current", "previous", "lastChange")}
        | {"setupLinks": [link | later for link in first["setupLinks"]]}
    )

    CHANGES[change](deployment)

    after = deployment.secret
    assert after != first | later
    assert later.items() <= after.items()
    assert later.items() <= after["settings"].items()
    for name, ends in OF_A_KEY.items():
        # What describes a key does not describe the next one.
        kept = {each for each in later if each in after.get(name, {})}
        assert kept == (set() if change.startswith(ends) else set(later)), name
    of_change = {each for each in later if each in after["lastChange"]}
    assert of_change == (set(later) if change in ("choose", "reveal") else set())
    before = {link["id"] for link in first["setupLinks"]}
    assert all(later.items() <= link.items() for link in after["setupLinks"] if link["id"] in before)
    assert len([link for link in after["setupLinks"] if link["id"] in before]) == 2 - (change == "uninvite")


@pytest.mark.parametrize("change", CHANGES)
def test_an_identity_provider_that_only_a_later_release_knows_stays(deployment: Deployment, change: str) -> None:
    first = deployment.first
    links = [link | {"idp": "sailpoint"} for link in first["setupLinks"]]
    deployment.stores(first | {"settings": first["settings"] | {"idp": "sailpoint"}, "setupLinks": links})

    CHANGES[change](deployment)

    after = deployment.secret
    assert after["settings"]["idp"] == "sailpoint"
    kept = {link["id"]: link["idp"] for link in after["setupLinks"]}
    assert kept[first["setupLinks"][1]["id"]] == "sailpoint"
    if change == "choose":
        assert kept[deployment.link.id] == "okta"


def test_a_setting_that_is_set_here_takes_the_place_of_a_later_ones_value(deployment: Deployment) -> None:
    first = deployment.first
    deployment.stores(first | {"settings": first["settings"] | {"idp": "sailpoint"}})

    deployment.accounts.configure("acme", idp="okta")
    deployment.accounts.configure("acme", idp=None)

    assert deployment.secret["settings"]["idp"] is None


def test_what_is_known_and_gone_does_not_come_back(deployment: Deployment) -> None:
    deployment.stores(deployment.first)

    deployment.accounts.revoke_previous("acme")
    deployment.links.revoke("acme")

    assert {"previous", "setupLinks"}.isdisjoint(deployment.secret)
