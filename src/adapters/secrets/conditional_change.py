"""Change the secret of an account so that of two changes at the same time neither is lost.

Secrets Manager has no conditional write, but moving a staging label away from a version that does not have it fails.
So a change is written as a separate version under `ROLLCALLPENDING`, and takes effect by moving AWSCURRENT from the
version that was read. Of two changes at the same time one fails, reads again and is applied on top of the other.
Manual edits (console, `aws secretsmanager put-secret-value`) have no such protection and may overwrite a change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from adapters.secrets.connector_secrets import ConnectorSecrets
from domain import remedies
from domain.accounts.account import Connector
from domain.accounts.connector_document import connector_to_json
from domain.accounts.connector_key import account_name

_PENDING: Final = "ROLLCALLPENDING"
_TRIES: Final = 5


class AdministrationError(Exception):
    """The change was not made; the message is one line for the operator, with what to do."""


class NoSuchAccount(AdministrationError):
    """The account does not exist."""

    def __init__(self, account: str) -> None:
        super().__init__(f"The account {account!r} does not exist. To create it: {remedies.enable_account(account)}")


def changed(secrets: ConnectorSecrets, account: str, transition: Callable[[Connector], Connector | None]) -> Connector:
    """Apply a transition to the account's connector and return the one that is stored then.

    `transition` gives the connector to store, or None for no change; it is asked again when another client was faster,
    and what it raises ends the change. Raises `NoSuchAccount`, `AdministrationError` and `ConnectorUnavailable`.
    """
    name = secrets.name(account_name(account))
    for _ in range(_TRIES):
        found = secrets.read_version(account)
        if found is None:
            raise NoSuchAccount(account)
        connector, version = found
        wanted = transition(connector)
        if wanted is None:
            return connector
        if put_instead(secrets, name, wanted, version):
            return wanted
    raise contended(account)


def put_instead(secrets: ConnectorSecrets, name: str, connector: Connector, instead_of: str) -> bool:
    """Replace the version `instead_of` with `connector`; False when that version is no longer current."""
    client, version = secrets.client, str(uuid4())
    with errors_reported("change the secret", name):
        client.put_secret_value(
            SecretId=name,
            ClientRequestToken=version,
            SecretString=connector_to_json(connector),
            VersionStages=[_PENDING],
        )
        try:
            client.update_secret_version_stage(
                SecretId=name,
                VersionStage="AWSCURRENT",
                RemoveFromVersionId=instead_of,
                MoveToVersionId=version,
            )
        except client.exceptions.InvalidParameterException:
            # Also the answer to a retry by botocore after the answer to a successful call was lost.
            versions = client.describe_secret(SecretId=name).get("VersionIdsToStages", {})
            return "AWSCURRENT" in versions.get(version, ())
    return True


def contended(account: str) -> AdministrationError:
    """The error when others were faster every time."""
    return AdministrationError(
        f"Others kept changing the account {account!r} at the same time. Check it ({remedies.show_account(account)}) "
        "and try again."
    )


@contextmanager
def errors_reported(action: str, name: str) -> Iterator[None]:
    """Report errors of Secrets Manager as `AdministrationError`."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown error")
        hint = " Your AWS credentials lack the permission." if code.startswith("AccessDenied") else ""
        raise AdministrationError(f"Secrets Manager refused to {action} {name} ({code}).{hint}") from error
    except BotoCoreError as error:
        raise AdministrationError(f"Secrets Manager could not be called to {action} {name}: {error}") from error
