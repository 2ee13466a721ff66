"""The secrets of the accounts in Secrets Manager, one for each; its name is the prefix and the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from domain import remedies
from domain.accounts.account import Connector
from domain.accounts.connector_document import InvalidConnector, connector_from_json
from domain.errors import ServiceUnavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_DETAIL: Final = "The service cannot check the Connector Key at the moment, so nothing was done. Try again later."


class ConnectorUnavailable(ServiceUnavailable):
    """The account's secret cannot be read or used. `secret_name` is for the log, not for the answer."""

    secret_name: str

    def __init__(self, secret_name: str, reason: str, remedy: str) -> None:
        super().__init__(_DETAIL, reason=reason, remedy=remedy)
        self.secret_name = secret_name

    def without_traceback(self) -> Self:
        """A copy of this failure, to be raised later without the traceback of the first time."""
        return type(self)(self.secret_name, self.reason, self.remedy)


class SecretsManagerDown(ConnectorUnavailable):
    """Secrets Manager does not answer, throttles or refuses; an earlier answer remains valid."""

    def of_some_account(self, prefix: str) -> Self:
        """A copy without the account's name, which for an unknown account is any text of a client."""
        some = f"{prefix}*"
        return type(self)(some, self.reason, self.remedy.replace(self.secret_name, some))


class SecretUnusable(ConnectorUnavailable):
    """The secret was read, but is marked for deletion or contains no connector of its account.

    A request is answered as if there were no such account (`adapters.secrets.authentication`).
    """


class ConnectorSecrets:
    """Reads the secrets of the accounts below one prefix, such as `rollcall/connectors/`."""

    def __init__(self, client: SecretsManagerClient, prefix: str) -> None:
        self.client = client
        self.prefix = prefix

    def name(self, account: str) -> str:
        """The name of an account's secret."""
        return self.prefix + account

    def read(self, account: str) -> Connector | None:
        """Return the account's connector, None when there is no such account; raises `ConnectorUnavailable`."""
        found = self.read_version(account)
        return None if found is None else found[0]

    def read_version(self, account: str) -> tuple[Connector, str] | None:
        """Return the account's connector and the version id of its secret."""
        name = self.name(account)
        try:
            answer = self.client.get_secret_value(SecretId=name, VersionStage="AWSCURRENT")
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code == "ResourceNotFoundException":
                return None
            if code == "InvalidRequestException":
                raise SecretUnusable(
                    name,
                    "secret-marked-for-deletion",
                    f"The secret {name} is marked for deletion. To restore it with its keys: "
                    f"{remedies.enable_account(account)}",
                ) from error
            raise _down(name, code) from error
        except BotoCoreError as error:
            raise _down(name, type(error).__name__) from error
        try:
            return connector_from_json(answer.get("SecretString", ""), account), answer["VersionId"]
        except InvalidConnector as error:
            raise SecretUnusable(
                name,
                "secret-malformed",
                f"The secret {name} was edited and is now unusable: {error}. Correct it, or create a new key: "
                f"{remedies.enable_account(account, replace=True)}",
            ) from error


def _down(name: str, cause: str) -> SecretsManagerDown:
    return SecretsManagerDown(
        name,
        "secrets-manager-unavailable",
        f"Secrets Manager did not return the secret {name} ({cause}). Check the health of Secrets Manager, the "
        "function's permission secretsmanager:GetSecretValue and the key that encrypts the secret.",
    )
