"""Administration of the accounts: enable, disable, rotate, revoke, settings, delete.

Changes at the same time do not overwrite each other (`adapters.secrets.conditional_change`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, TypedDict, Unpack

from adapters.secrets.conditional_change import (
    AdministrationError,
    NoSuchAccount,
    changed,
    contended,
    errors_reported,
    put_instead,
)
from adapters.secrets.connector_secrets import ConnectorSecrets, ConnectorUnavailable, SecretUnusable
from domain.accounts.account import Connector, IdentityProvider, InvalidGrace, Mode
from domain.accounts.connector_document import connector_to_json
from domain.accounts.connector_key import ConnectorKey, account_name
from domain.accounts.deprovisioning import Limit
from domain.accounts.rate import Rate

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

DEFAULT_GRACE: Final = timedelta(days=7)
_READERS: Final = 8

Action = Literal["created", "replaced", "enabled", "disabled", "rotated", "revoked", "set", "unchanged"]
Transition = Callable[[Connector], tuple[Action, Connector]]


class SomeSettings(TypedDict, total=False):
    """The members of `domain.accounts.account.Settings` to change."""

    mode: Mode
    match_existing_by_email: bool
    adopted_keep_privileges: bool
    deprovisioning_limit: Limit | None
    take_back_deactivated: bool
    rate: Rate
    groups: bool
    idp: IdentityProvider | None
    extensions: tuple[str, ...] | None


class _Encryption(TypedDict, total=False):
    KmsKeyId: str


@dataclass(frozen=True, slots=True)
class AccountChange:
    """The action that was carried out, and the connector after it."""

    action: Action
    connector: Connector

    @property
    def changed(self) -> bool:
        """True if anything was written."""
        return self.action != "unchanged"


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """An account of the list: its connector, or the problem with its secret."""

    account: str
    connector: Connector | None
    problem: ConnectorUnavailable | None = None


class Accounts:
    """The accounts of one deployment. `actor` returns who acts (an ARN, a name); it is called only for a change.

    All methods raise `InvalidAccountName` before any call, `AdministrationError` when Secrets Manager refuses, and
    `ConnectorUnavailable` for a secret that cannot be used.
    """

    def __init__(
        self,
        client: SecretsManagerClient,
        prefix: str,
        actor: Callable[[], str],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._secrets = ConnectorSecrets(client, prefix)
        self._actor = actor
        self._now = now

    def show(self, account: str) -> Connector:
        """Return the account's connector; raises `NoSuchAccount`."""
        connector = self._secrets.read(account_name(account))
        if connector is None:
            raise NoSuchAccount(account)
        return connector

    def exists(self, account: str) -> bool:
        """Return True if the account has a usable connector, enabled or not."""
        try:
            return self._secrets.read(account_name(account)) is not None
        except SecretUnusable:
            return False

    def list_all(self) -> list[ListedAccount]:
        """Return all accounts in order of name, including those whose secret is unusable or marked for deletion."""
        return self.listed(self.names())

    def names(self) -> list[str]:
        """Return the names of all accounts in order, without reading a secret."""
        prefix = self._secrets.prefix
        with errors_reported("list the secrets below", prefix):
            pages = self._client.get_paginator("list_secrets").paginate(
                Filters=[{"Key": "name", "Values": [prefix]}], IncludePlannedDeletion=True
            )
            names = [secret["Name"] for page in pages for secret in page["SecretList"]]
        return sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))

    def listed(self, accounts: Iterable[str]) -> list[ListedAccount]:
        """Read the secrets of these accounts, in the same order; leave out those that have no value."""
        with ThreadPoolExecutor(_READERS) as pool:
            return [listed for listed in pool.map(self._listed, accounts) if listed is not None]

    def enable(self, account: str, *, key: ConnectorKey | None = None, replace: bool = False) -> AccountChange:
        """Switch SCIM on; create the account with a new key (or `key`) if it does not exist.

        A secret marked for deletion is restored first. For an unusable one raises `SecretUnusable`, or with `replace`
        replaces it with a new connector; its keys are lost.
        """
        account_name(account)
        try:
            found = self._secrets.read(account)
        except SecretUnusable as problem:
            if problem.reason == "secret-marked-for-deletion":
                with errors_reported("restore the secret", problem.secret_name):
                    self._client.restore_secret(SecretId=problem.secret_name)
                return self.enable(account, key=key, replace=replace)
            if not replace:
                raise
            return self._replace(self._fresh(account, key))
        if found is None:
            return self._create(self._fresh(account, key))
        return self._switch(account, True)

    def disable(self, account: str) -> AccountChange:
        """Switch SCIM off: requests with the right key are answered 403. Keys and users stay."""
        return self._switch(account, False)

    def rotate_key(self, account: str, grace: timedelta = DEFAULT_GRACE) -> AccountChange:
        """Create a new current key; the previous one is accepted for `grace`, at most 30 days (0: refused at once)."""

        def rotate(connector: Connector) -> tuple[Action, Connector]:
            fresh = ConnectorKey.generate(account, secrets.token_bytes)
            try:
                return "rotated", connector.rotated(fresh, grace, self._now(), self._actor())
            except InvalidGrace as error:
                raise AdministrationError(f"{error} Nothing was changed.") from error

        return self._change(account, rotate)

    def revoke_previous(self, account: str) -> AccountChange:
        """Refuse the previous key; it takes effect when the functions' caches expire (a minute)."""

        def revoke(connector: Connector) -> tuple[Action, Connector]:
            if connector.previous is None:
                return "unchanged", connector
            return "revoked", connector.without_previous(self._now(), self._actor())

        return self._change(account, revoke)

    def configure(self, account: str, **settings: Unpack[SomeSettings]) -> AccountChange:
        """Change the given settings."""

        def apply(connector: Connector) -> tuple[Action, Connector]:
            wanted = replace(connector.settings, **settings)
            if wanted == connector.settings:
                return "unchanged", connector
            return "set", connector.with_settings(wanted, self._now(), self._actor())

        return self._change(account, apply)

    def delete(self, account: str) -> None:
        """Delete the account's secret with its keys permanently, if it exists; its users stay.

        There is no recovery window, so the old key is answered like any unknown one and the name is free again.
        """
        name = self._secrets.name(account_name(account))
        with errors_reported("delete the secret", name):
            self._client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)

    def _listed(self, account: str) -> ListedAccount | None:
        try:
            connector = self._secrets.read(account)
        except ConnectorUnavailable as problem:
            return ListedAccount(account, None, problem)
        return None if connector is None else ListedAccount(account, connector)

    def _fresh(self, account: str, key: ConnectorKey | None) -> Connector:
        if key is not None and key.account != account:
            raise AdministrationError(f"The Connector Key belongs to the account {key.account!r}, not to {account!r}.")
        key = key or ConnectorKey.generate(account, secrets.token_bytes)
        return Connector.new(key, secrets.token_bytes(32), self._now(), self._actor())

    def _switch(self, account: str, enabled: bool) -> AccountChange:
        def switch(connector: Connector) -> tuple[Action, Connector]:
            if connector.enabled is enabled:
                return "unchanged", connector
            return "enabled" if enabled else "disabled", connector.switched(enabled, self._now(), self._actor())

        return self._change(account, switch)

    def _create(self, connector: Connector) -> AccountChange:
        name = self._secrets.name(connector.account)
        with errors_reported("create the secret", name):
            try:
                self._client.create_secret(
                    Name=name,
                    Description=f"Rollcall: Connector Key and settings of the account {connector.account}",
                    SecretString=connector_to_json(connector),
                    **self._key_of_the_stack(),
                )
            except self._client.exceptions.ResourceExistsException:
                # Another client has just created it, or it has no value, as CloudFormation can leave it.
                if self._secrets.read(connector.account) is not None:
                    return self._switch(connector.account, True)
                self._client.put_secret_value(SecretId=name, SecretString=connector_to_json(connector))
        return AccountChange("created", connector)

    def _key_of_the_stack(self) -> _Encryption:
        """The KMS key of the first account's secret, which the secrets of all later accounts use too."""
        try:
            described = self._client.describe_secret(SecretId=self._secrets.name("default"))
        except self._client.exceptions.ResourceNotFoundException:
            return {}
        key = described.get("KmsKeyId")
        return {"KmsKeyId": key} if key else {}

    def _replace(self, connector: Connector) -> AccountChange:
        name = self._secrets.name(connector.account)
        with errors_reported("describe the secret", name):
            versions = self._client.describe_secret(SecretId=name).get("VersionIdsToStages", {})
        current = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
        if not put_instead(self._secrets, name, connector, current):
            raise contended(connector.account)
        return AccountChange("replaced", connector)

    def _change(self, account: str, transition: Transition) -> AccountChange:
        actions: list[Action] = []

        def wanted(connector: Connector) -> Connector | None:
            action, after = transition(connector)
            actions.append(action)
            return None if action == "unchanged" else after

        connector = changed(self._secrets, account, wanted)
        return AccountChange(actions[-1], connector)
