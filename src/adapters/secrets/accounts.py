"""Administration of the accounts: enable, disable, rotate, revoke, settings, delete.

Secrets Manager has no conditional write, but moving a staging label away from a version that does not hold it fails.
So a change is put as a version of its own under `ROLLCALLPENDING`, and takes effect by moving AWSCURRENT from the
version that was read: of two changes at the same time one is told so, reads again and is applied on top of the other.
Edits made by hand (console, `aws secretsmanager put-secret-value`) take no such care and may overwrite a change.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, TypedDict, Unpack
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from adapters.secrets.connector_secrets import ConnectorSecrets, ConnectorUnavailable, SecretUnusable
from domain import remedies
from domain.accounts.account import Connector, InvalidGrace, Mode
from domain.accounts.connector_document import connector_to_json
from domain.accounts.connector_key import ConnectorKey, Entropy, account_name
from domain.accounts.deprovisioning import Limit
from domain.accounts.rate import Rate

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

DEFAULT_GRACE: Final = timedelta(days=7)
_PENDING: Final = "ROLLCALLPENDING"
_TRIES: Final = 5
_READERS: Final = 8

Action = Literal["created", "replaced", "enabled", "disabled", "rotated", "revoked", "set", "unchanged"]
Transition = Callable[[Connector], tuple[Action, Connector]]


class SomeSettings(TypedDict, total=False):
    """Of `domain.accounts.account.Settings` those that are to change."""

    mode: Mode
    match_existing_by_email: bool
    adopted_keep_privileges: bool
    deprovisioning_limit: Limit | None
    take_back_deactivated: bool
    rate: Rate


class AdministrationError(Exception):
    """The change was not made; the message is one line for the operator, with what to do."""


class NoSuchAccount(AdministrationError):
    """SCIM was never switched on for that account."""

    def __init__(self, account: str) -> None:
        super().__init__(f"There is no account {account!r}. Make it with: {remedies.enable_account(account)}")


class _Encryption(TypedDict, total=False):
    KmsKeyId: str


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What an operation did, and the connector as it is now."""

    action: Action
    connector: Connector

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return self.action != "unchanged"


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """An account of the list: its connector, or why it cannot be had."""

    account: str
    connector: Connector | None
    problem: ConnectorUnavailable | None = None


class Accounts:
    """The accounts of one deployment. `actor` says who acts (an ARN, a name); it is asked only when something changes.

    Names are checked before anybody is asked (`InvalidAccountName`). What Secrets Manager refuses
    is an `AdministrationError`; a secret that cannot be used is a `ConnectorUnavailable`.
    """

    def __init__(
        self,
        client: SecretsManagerClient,
        prefix: str,
        actor: Callable[[], str],
        *,
        entropy: Entropy = secrets.token_bytes,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._secrets = ConnectorSecrets(client, prefix)
        self._actor = actor
        self._entropy = entropy
        self._now = now

    def show(self, account: str) -> Connector:
        """The account's connector; raises `NoSuchAccount`."""
        connector = self._secrets.read(account_name(account))
        if connector is None:
            raise NoSuchAccount(account)
        return connector

    def exists(self, account: str) -> bool:
        """Whether the account has a usable connector, enabled or not."""
        try:
            return self._secrets.read(account_name(account)) is not None
        except SecretUnusable:
            return False

    def list_all(self) -> list[ListedAccount]:
        """All accounts in order of name, those whose secret is unusable or marked for deletion too."""
        prefix = self._secrets.prefix
        with _asking("list the secrets below", prefix):
            pages = self._client.get_paginator("list_secrets").paginate(
                Filters=[{"Key": "name", "Values": [prefix]}], IncludePlannedDeletion=True
            )
            names = [secret["Name"] for page in pages for secret in page["SecretList"]]
        accounts = sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))
        with ThreadPoolExecutor(_READERS) as pool:
            return [listed for listed in pool.map(self._listed, accounts) if listed is not None]

    def enable(self, account: str, *, key: ConnectorKey | None = None, replace: bool = False) -> AccountChange:
        """SCIM switched on; the account made with a fresh key (or `key`) if there is none.

        A secret marked for deletion is restored first. An unusable one is refused with `SecretUnusable`, unless
        `replace`: then a new connector takes its place and the keys before it are lost.
        """
        account_name(account)
        try:
            found = self._secrets.read(account)
        except SecretUnusable as problem:
            if problem.reason == "secret-marked-for-deletion":
                with _asking("restore the secret", problem.secret_name):
                    self._client.restore_secret(SecretId=problem.secret_name)
                return self.enable(account, key=key, replace=replace)
            if not replace:
                raise
            return self._replace(self._fresh(account, key))
        if found is None:
            return self._create(self._fresh(account, key))
        return self._switch(account, True)

    def disable(self, account: str) -> AccountChange:
        """SCIM switched off: requests with the right key are answered 403. Keys and users stay."""
        return self._switch(account, False)

    def rotate_key(self, account: str, grace: timedelta = DEFAULT_GRACE) -> AccountChange:
        """A fresh current key; the one before is accepted for `grace` more (none: refused at once), 30 days at most."""

        def rotate(connector: Connector) -> tuple[Action, Connector]:
            fresh = ConnectorKey.generate(account, self._entropy)
            try:
                return "rotated", connector.rotated(fresh, grace, self._now(), self._actor())
            except InvalidGrace as error:
                raise AdministrationError(f"{error} Nothing was changed.") from error

        return self._change(account, rotate)

    def revoke_previous(self, account: str) -> AccountChange:
        """The previous key refused from now on, within the time that the functions' caches last (a minute)."""

        def revoke(connector: Connector) -> tuple[Action, Connector]:
            if connector.previous is None:
                return "unchanged", connector
            return "revoked", connector.without_previous(self._now(), self._actor())

        return self._change(account, revoke)

    def configure(self, account: str, **settings: Unpack[SomeSettings]) -> AccountChange:
        """Settings changed; those not given stay."""

        def apply(connector: Connector) -> tuple[Action, Connector]:
            wanted = replace(connector.settings, **settings)
            if wanted == connector.settings:
                return "unchanged", connector
            return "set", connector.with_settings(wanted, self._now(), self._actor())

        return self._change(account, apply)

    def delete(self, account: str) -> None:
        """The account's secret removed, with its keys, for good; its users are not touched. No such account: nothing.

        Without a recovery window, so that the old key is answered like any unknown one and the name is free again.
        """
        name = self._secrets.name(account_name(account))
        with _asking("delete the secret", name):
            self._client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)

    def _listed(self, account: str) -> ListedAccount | None:
        try:
            connector = self._secrets.read(account)
        except ConnectorUnavailable as problem:
            return ListedAccount(account, None, problem)
        return None if connector is None else ListedAccount(account, connector)

    def _fresh(self, account: str, key: ConnectorKey | None) -> Connector:
        if key is not None and key.account != account:
            raise AdministrationError(f"The Connector Key given is one of account {key.account!r}, not of {account!r}.")
        key = key or ConnectorKey.generate(account, self._entropy)
        return Connector.new(key, self._entropy(32), self._now(), self._actor())

    def _switch(self, account: str, enabled: bool) -> AccountChange:
        def switch(connector: Connector) -> tuple[Action, Connector]:
            if connector.enabled is enabled:
                return "unchanged", connector
            return "enabled" if enabled else "disabled", connector.switched(enabled, self._now(), self._actor())

        return self._change(account, switch)

    def _create(self, connector: Connector) -> AccountChange:
        name = self._secrets.name(connector.account)
        with _asking("create the secret", name):
            try:
                self._client.create_secret(
                    Name=name,
                    Description=f"Rollcall: Connector Key and settings of the account {connector.account}",
                    SecretString=connector_to_json(connector),
                    **self._key_of_the_stack(),
                )
            except self._client.exceptions.ResourceExistsException:
                # Made in this very moment by somebody else, or there without a value, as CloudFormation can leave it.
                if self._secrets.read(connector.account) is not None:
                    return self._switch(connector.account, True)
                self._client.put_secret_value(SecretId=name, SecretString=connector_to_json(connector))
        return AccountChange("created", connector)

    def _key_of_the_stack(self) -> _Encryption:
        """The KMS key of the account that the stack was made with, for the secret of every account made later."""
        try:
            described = self._client.describe_secret(SecretId=self._secrets.name("default"))
        except self._client.exceptions.ResourceNotFoundException:
            return {}
        key = described.get("KmsKeyId")
        return {"KmsKeyId": key} if key else {}

    def _replace(self, connector: Connector) -> AccountChange:
        name = self._secrets.name(connector.account)
        with _asking("describe the secret", name):
            versions = self._client.describe_secret(SecretId=name).get("VersionIdsToStages", {})
        current = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
        if not self._put(name, connector, current):
            raise _contended(connector.account)
        return AccountChange("replaced", connector)

    def _change(self, account: str, transition: Transition) -> AccountChange:
        name = self._secrets.name(account_name(account))
        for _ in range(_TRIES):
            found = self._secrets.read_version(account)
            if found is None:
                raise NoSuchAccount(account)
            connector, version = found
            action, changed = transition(connector)
            if action == "unchanged" or self._put(name, changed, version):
                return AccountChange(action, changed)
        raise _contended(account)

    def _put(self, name: str, connector: Connector, instead_of: str) -> bool:
        """Make `connector` the current version in the place of that one; False when that one is no longer current."""
        version = str(uuid4())
        with _asking("change the secret", name):
            self._client.put_secret_value(
                SecretId=name,
                ClientRequestToken=version,
                SecretString=connector_to_json(connector),
                VersionStages=[_PENDING],
            )
            try:
                self._client.update_secret_version_stage(
                    SecretId=name,
                    VersionStage="AWSCURRENT",
                    RemoveFromVersionId=instead_of,
                    MoveToVersionId=version,
                )
            except self._client.exceptions.InvalidParameterException:
                # Also the answer to botocore's own retry, when the answer to a first, successful try was lost.
                versions = self._client.describe_secret(SecretId=name).get("VersionIdsToStages", {})
                return "AWSCURRENT" in versions.get(version, ())
        return True


def _contended(account: str) -> AdministrationError:
    return AdministrationError(
        f"Somebody else kept changing the account {account!r} at the same time. Look at it "
        f"({remedies.show_account(account)}) and try again."
    )


@contextmanager
def _asking(action: str, name: str) -> Iterator[None]:
    """Turns what Secrets Manager refuses into one line; its own message is kept, it holds no secret value."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown error")
        hint = " Your AWS credentials lack the permission." if code.startswith("AccessDenied") else ""
        raise AdministrationError(f"Secrets Manager refused to {action} {name} ({code}).{hint}") from error
    except BotoCoreError as error:
        raise AdministrationError(f"Secrets Manager could not be asked to {action} {name}: {error}") from error
